//! The promises of source and sink, with a store in memory: from any point at which a checkpoint may have it.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use sstream::connect::files::FileNames;
use sstream::connect::{
    Came, LineForm, OnLoss, Position, ReadAgain as _, RecordSource as _, Room, SinkGuarantee, SourceError, SourceParts,
    Wake, testing,
};
use sstream_objects::content::Batch;
use sstream_objects::fetch::Reading;
use sstream_objects::lister::{Lister, Wanted};
use sstream_objects::place::Place;
use sstream_objects::sink::ObjectSink;
use sstream_objects::source::{ObjectSource, Options};
use sstream_objects::store::Store;
use sstream_objects::{SinkArgs, SourceArgs};
use sstream_tables::patience::Patience;

use crate::memory::Memory;

const LONG: std::time::Duration = std::time::Duration::from_secs(60);

fn open(store: &Arc<Memory>) -> ObjectSource {
    open_with(store, OnLoss::Fail, None)
}

fn open_with(store: &Arc<Memory>, on_loss: OnLoss, scan: Option<std::time::Duration>) -> ObjectSource {
    let store: Arc<dyn Store> = store.clone();
    let (parts, wake) = (SourceParts { on_loss, ..testing::source_parts() }, Wake::new().unwrap());
    let reading = Reading { store, bell: wake.bell(), console: parts.console.clone(), retry_for: None };
    let wanted = vec![Wanted::new(Place::parse("s3://b/in").unwrap()).unwrap()];
    let lister = Lister::start(reading.clone(), wanted, scan);
    let options = Options { new_only: false, available_now: scan.is_none() };
    ObjectSource::new(reading, lister, options, parts, wake)
}

fn filled() -> Arc<Memory> {
    let store = Arc::new(Memory::default());
    for object in 0..5 {
        let lines: String = (0..20).map(|line| format!("{object} {line}\n")).collect();
        // The last line of some has no end.
        store.insert(
            &format!("s3://b/in/{object}"),
            9 - object,
            lines.trim_end_matches('\n').to_owned() + ["", "\n"][object as usize % 2],
        );
    }
    store.insert("s3://b/in/empty", 3, "");
    store
}

#[test]
fn what_a_kind_says_goes_with_what_all_tools_have() {
    testing::check_source_kind::<SourceArgs>();
    testing::check_sink_kind::<SinkArgs>();
}

#[test]
fn every_batch_is_read_again_as_it_was() {
    let store = filled();
    assert_eq!(testing::check_replay(|| open(&store), 100), 100);
}

#[test]
fn a_batch_is_there_once_wherever_the_sink_dies() {
    let opened = |store: &Arc<Memory>| {
        let parts = testing::sink_parts();
        ObjectSink {
            store: store.clone(),
            place: Place::parse("s3://b/out").unwrap(),
            names: FileNames::new(Path::new("out"), Some("jsonl")).unwrap(),
            batch: Batch::new(LineForm::Json, 20),
            keeps_empty: false,
            patience: Patience::new(
                "x".to_owned(),
                parts.console.clone(),
                parts.stop.clone(),
                parts.waited.clone(),
                None,
            ),
            console: parts.console,
        }
    };
    let places = Cell::new(0);
    testing::check_sink(
        &SinkGuarantee::ExactlyOnce(""),
        || {
            places.set(places.get() + 1);
            Arc::new(Memory::default())
        },
        |store| Box::new(opened(store)),
        |store| {
            let mut all = store.all();
            all.sort_by_key(|(path, _)| path[4..path.len() - 6].parse::<u64>().unwrap());
            all.into_iter().flat_map(|(_, content)| content.to_vec()).collect()
        },
    );
    assert!(places.get() > 10);
}

/// Takes one record; the position behind it.
fn one(source: &mut ObjectSource) -> Vec<u8> {
    assert_eq!(source.wait(LONG).unwrap(), Came::Something);
    let mut block = Vec::new();
    source.take(Room { records: 1, bytes: 1 << 20 }, &mut block, &mut |_, _| Ok(())).unwrap();
    let mut position = Vec::new();
    source.position(&mut position);
    position
}

#[test]
fn an_object_that_goes_or_changes_before_its_batch_is_done_is_told() {
    for (name, reason) in [("changed", "another object has taken its name"), ("gone", "the object was removed")] {
        let store = Arc::new(Memory::default());
        store.insert("s3://b/in/x", 1, "1\n2\n3\n");
        let mut source = open(&store);
        source.restore(&Position::default()).unwrap();
        let position = one(&mut source);
        let store = Arc::new(Memory::default());
        if name == "changed" {
            store.insert("s3://b/in/x", 2, "1\n2\n3\n");
        }
        let mut next = open(&store);
        next.restore(&Position { base: Vec::new(), since: vec![position.clone()] }).unwrap();
        next.begin_again(&position).unwrap();
        let error = next.next_again(&mut Vec::new(), &mut |_, _| Ok(())).unwrap_err();
        assert!(
            matches!(&error, SourceError::Gone { what, reason: told } if what == "s3://b/in/x, bytes 0 to 2" && told == reason),
            "{error}"
        );
        // What was to be read on is gone too.
        let error = next.wait(LONG).unwrap_err();
        assert!(matches!(&error, SourceError::Gone { what, .. } if what == "s3://b/in/x, from byte 2 on"), "{error}");
    }
}

#[test]
fn what_was_not_begun_and_is_replaced_is_taken_as_it_is_then() {
    let store = filled();
    let mut source = open(&store);
    source.restore(&Position::default()).unwrap();
    drop(one(&mut source));
    store.insert("s3://b/in/0", 50, "new\n");
    let (mut block, mut came) = (Vec::new(), Came::Something);
    while came == Came::Something {
        let room = Room { records: 100, bytes: 1 << 20 };
        source.take(room, &mut block, &mut |_, _| Ok(())).unwrap();
        came = source.wait(LONG).unwrap();
    }
    assert_eq!(came, Came::Stop);
    let text = String::from_utf8(block).unwrap();
    assert!(!text.contains("\"0 0\""), "{text}");
    assert_eq!(text.lines().count(), 80, "{text}");
}

/// A start that goes on in an object which is another one by then: what is left of the first is told, the other one is
/// taken once.
#[test]
fn another_object_under_a_name_that_was_begun_is_taken_once() {
    let store = Arc::new(Memory::default());
    store.insert("s3://b/in/x", 1, "1\n2\n3\n");
    let mut source = open(&store);
    source.restore(&Position::default()).unwrap();
    let position = one(&mut source);
    store.insert("s3://b/in/x", 2, "4\n5\n");
    let mut next = open_with(&store, OnLoss::Skip, Some(std::time::Duration::from_millis(1)));
    next.restore(&Position { base: Vec::new(), since: vec![position] }).unwrap();
    let mut block = Vec::new();
    let mut is_whole = false;
    // Two records, however long they take, and nothing behind them.
    while next.wait(if is_whole { std::time::Duration::from_millis(300) } else { LONG }).unwrap() == Came::Something {
        let room = Room { records: 1, bytes: 1 << 20 };
        next.take(room, &mut block, &mut |_, _| Ok(())).unwrap();
        is_whole = block.iter().filter(|byte| **byte == b'\n').count() == 2;
    }
    assert_eq!(String::from_utf8(block).unwrap(), "\"4\"\n\"5\"\n");
}
