//! Letting all begin again at an older time: also when it is cut off at any call,
//! and done again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::super::commits::CommitLog;
use super::super::inspect::{Has, Inspected};
use super::super::job::Retain;
use super::super::memory::{Image, Memory};
use super::super::offsets::Closed;
use super::super::participant::{Participant, StageOptions, Stream};
use super::super::reset::{What, plan, reset};
use super::super::source::{SourceCheckpoint, SourceOptions};
use super::super::state::{KeyedState, PairOut};
use super::super::storage::Storage;
use super::super::{Error, Times};
use crate::error::{Exit, Failure as _};
use crate::interval::Interval;

/// The key is new in each batch, and one counts.
struct Batches(u64);

impl KeyedState for Batches {
    fn changes(&mut self, out: &mut PairOut<'_>) -> std::io::Result<()> {
        out(b"count", Some(self.0.to_string().as_bytes()));
        out(self.0.to_string().as_bytes(), Some(b"seen"));
        Ok(())
    }

    fn slice(&mut self, _: bool, _: usize, _: &mut PairOut<'_>) -> bool {
        true
    }

    fn live_bytes(&self) -> u64 {
        1 << 20
    }
}

fn source_options() -> SourceOptions<'static> {
    SourceOptions {
        dir: Path::new("/d/c"),
        name: "a",
        arguments: "source x",
        places: None,
        interval: Interval::Fixed(10),
        start_ms: 0,
        retain: Retain::All,
        wal: true,
    }
}

/// Six batches, 10 to 60: a state, a sink that is done with all of them, one that lacks
/// the last; then a stop, or a kill.
fn made(stop: bool) -> Memory {
    let memory = Memory::new("/d");
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    let (mut source, start) = SourceCheckpoint::open(storage.clone(), &source_options(), &mut |_| false).unwrap();
    let stream = Stream::of_head(&start.head()).unwrap();
    let pipeline = json!(["source x", "state count", "sink files o", "sink print"]);
    let of = |part: &'static str| StageOptions {
        part,
        is_pinned: true,
        arguments: part,
        pipeline: &pipeline,
        interval: Interval::Fixed(10),
        new: false,
    };
    let enter = |part| Participant::enter(storage.clone(), &stream, &of(part), &mut |_| false).unwrap();
    let (state, files, end) = (enter("01-state"), enter("02-files"), enter("03-print"));
    let mut log = state.stage(&of("01-state"), 0, &mut |_, _| {}).unwrap();
    let (mut files, mut print) =
        (files.sink(&of("02-files"), false).unwrap(), end.sink(&of("03-print"), true).unwrap());
    for time_ms in [10, 20, 30, 40, 50, 60] {
        source.append(1, format!("{time_ms}\n").as_bytes()).unwrap();
        source.record_wal(time_ms).unwrap();
        source.sync().unwrap();
        log.save(time_ms, &mut Batches(time_ms)).unwrap();
        files.commit(time_ms, format!("file of {time_ms}").as_bytes()).unwrap();
        if stop || time_ms < 60 {
            print.commit(time_ms, b"").unwrap();
        }
    }
    log.sync().unwrap();
    files.sync().unwrap();
    print.sync().unwrap();
    if stop {
        source.close(Closed::Stop).unwrap();
        log.close(60, &mut Batches(60)).unwrap();
        files.close().unwrap();
        print.close().unwrap();
    }
    drop((source, log, files, print));
    memory.after_crash(Image::Everything)
}

fn inspect(memory: &Memory) -> Inspected {
    Inspected::open(Arc::new(memory.clone()), Path::new("/d/c")).unwrap()
}

/// Everything begins after `time_ms`, and all that is needed is there.
fn check(memory: &Memory, time_ms: u64, what: &str) {
    let inspected = inspect(memory);
    let resume = inspected.survey.resume().unwrap();
    assert_eq!((resume.resume_ms, resume.finish), (time_ms, false), "{what}");
    let mut keys = BTreeMap::new();
    inspected
        .state("a.01-state", time_ms, &mut |key, value| {
            keys.insert(key.to_vec(), value.map(<[u8]>::to_vec));
        })
        .unwrap();
    assert_eq!(keys[&b"count"[..]].as_deref(), Some(time_ms.to_string().as_bytes()), "{what}");
    assert_eq!(keys.len() as u64, time_ms / 10 + 1, "{what}");
    let committed = |time_ms| match &inspected.folders(time_ms).unwrap()[1] {
        (name, Has::Committed(note)) if name == "commits/a.02-files" => Some(String::from_utf8(note.clone()).unwrap()),
        _ => None,
    };
    assert_eq!(committed(time_ms), Some(format!("file of {time_ms}")), "{what}");
    assert_eq!(committed(time_ms + 10), None, "{what}");
    // The sources have lost nothing.
    assert_eq!(inspected.newest_ms(), Some(60), "{what}");
    assert!(inspected.survey.job.resets > 0);
}

#[test]
fn all_begin_again_where_they_are_told() {
    for stop in [false, true] {
        for to_ms in [10, 30, 50] {
            let memory = made(stop);
            let changes = plan(&inspect(&memory), to_ms).unwrap();
            assert_eq!(changes[0].what, What::SendAgain(6 - to_ms / 10));
            assert_eq!(changes[1].what, What::CutOff(Some(60)));
            let what = What::TakeBack { batches: 6 - to_ms / 10, span: Some((to_ms + 10, 60)) };
            assert_eq!(changes[2].what, what);
            assert_eq!(reset(&inspect(&memory), to_ms).unwrap(), changes);
            check(&memory, to_ms, &format!("to {to_ms}"));
            // And on from there: the batches come again, and are committed again.
            let storage: Arc<dyn Storage> = Arc::new(memory.clone());
            let (mut source, plan) =
                SourceCheckpoint::open(storage.clone(), &source_options(), &mut |_| false).unwrap();
            assert_eq!(source.next_again().unwrap().unwrap().0, Times::one(to_ms + 10, 10));
            let stream = Stream::of_head(&plan.head()).unwrap();
            let pipeline = json!([]);
            let of = StageOptions {
                part: "02-files",
                is_pinned: true,
                arguments: "02-files",
                pipeline: &pipeline,
                interval: Interval::Fixed(10),
                new: false,
            };
            let files = Participant::enter(storage, &stream, &of, &mut |_| false).unwrap();
            let mut commits = files.sink(&of, false).unwrap();
            assert!(commits.is_committed(to_ms) && !commits.is_committed(to_ms + 10));
            let mut notes = Vec::new();
            commits
                .notes(&mut |time_ms, _| {
                    notes.push(time_ms);
                    Ok(())
                })
                .unwrap();
            assert_eq!(notes.last(), Some(&to_ms), "what was taken back is not finished");
            commits.commit(to_ms + 10, b"again").unwrap();
            commits.sync().unwrap();
            drop((commits, files, source));
            let memory = memory.after_crash(Image::Synced);
            assert_eq!(inspect(&memory).survey.sinks[0].2.last_ms, Some(to_ms + 10));
        }
    }
}

#[test]
fn what_was_cut_off_is_done_again() {
    for stop in [false, true] {
        for call in 1.. {
            let memory = made(stop);
            let inspected = inspect(&memory);
            memory.die_at(call);
            let result = reset(&inspected, 20);
            let memory = memory.after_crash(Image::Some(call));
            // What is there works, and doing it again does the rest.
            let between = inspect(&memory).survey.resume().unwrap().resume_ms;
            assert!([20, 50, 60].contains(&between), "at call {call}: {between}");
            reset(&inspect(&memory), 20).unwrap();
            check(&memory, 20, &format!("cut off at call {call}"));
            if result.is_ok() {
                assert!(call > 20);
                break;
            }
        }
    }
}

#[test]
fn a_time_that_is_not_covered_is_refused_and_so_is_a_running_pipeline() {
    let memory = made(false);
    for to_ms in [15, 60, 70] {
        let error = plan(&inspect(&memory), to_ms).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        assert!(error.to_string().contains("from 0 to 59"), "{error}");
    }
    let lock = memory.lock(Path::new("/d/c/locks/a.02-files")).unwrap().unwrap();
    let error = reset(&inspect(&memory), 20).unwrap_err();
    assert!(matches!(&error, Error::InUse { name, .. } if name == "a.02-files"), "{error}");
    assert_eq!(error.exit(), Exit::World);
    drop(lock);
    assert!(reset(&inspect(&memory), 20).is_ok());
}

/// A window gives one more batch at the end of its input, at a time that no source has.
#[test]
fn times_given_at_a_close_are_empty_batches_of_what_is_sent_again() {
    let memory = made(true);
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    let mut commits =
        CommitLog::open(storage.clone(), Path::new("/d/c/commits/a.03-print"), Interval::Fixed(10), 60).unwrap();
    commits.commit(70, b"").unwrap();
    commits.close().unwrap();
    drop(commits);
    let open = || SourceCheckpoint::open(storage.clone(), &source_options(), &mut |_| false).unwrap();
    let (mut source, plan) = open();
    assert_eq!(plan.after_ms, 70);
    source.record_wal_empty(Times { first_ms: 80, last_ms: 100, step_ms: 10 });
    source.sync().unwrap();
    drop(source);
    reset(&inspect(&memory), 40).unwrap();
    let (mut source, _) = open();
    let mut times = Vec::new();
    while let Some((run, recorded)) = source.next_again().unwrap() {
        times.extend(run.iter().map(|time_ms| (time_ms, recorded.is_empty())));
    }
    assert_eq!(times, [(50, false), (60, false), (70, true), (80, true), (90, true), (100, true)]);
}
