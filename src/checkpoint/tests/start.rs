//! Starting: locks, runs, generations, names, and pipelines that do not match.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::forget::forget;
use super::super::job::{Layout, Retain};
use super::super::lock::Waiting;
use super::super::memory::{Image, Memory};
use super::super::name::numbered;
use super::super::offsets::Closed;
use super::super::participant::{Participant, StageOptions, Stream};
use super::super::source::{Plan, SourceCheckpoint, SourceOptions};
use super::super::state::{KeyedState, PairOut};
use super::super::storage::Storage;
use super::super::{Error, Result, Times};
use crate::error::{Exit, Failure as _};
use crate::interval::Interval;

/// A state of one key.
struct One;

impl KeyedState for One {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        out(b"k", Some(b"v"));
        Ok(())
    }

    fn slice(&mut self, _: bool, _: usize, _: &mut PairOut<'_>) -> bool {
        true
    }

    fn live_bytes(&self) -> u64 {
        1 << 20
    }
}

fn memory() -> Memory {
    Memory::new("/d")
}

fn options(name: &str) -> SourceOptions<'_> {
    SourceOptions {
        dir: Path::new("/d/c"),
        name,
        arguments: "source x",
        places: None,
        interval: Interval::Fixed(10),
        start_ms: 100,
        retain: Retain::default(),
        wal: false,
    }
}

fn open_with(
    memory: &Memory,
    options: &SourceOptions<'_>,
    wait: &mut dyn FnMut(&Waiting) -> bool,
) -> Result<(SourceCheckpoint, Plan)> {
    SourceCheckpoint::open(Arc::new(memory.clone()), options, wait)
}

fn open(memory: &Memory, name: &str) -> (SourceCheckpoint, Plan) {
    open_with(memory, &options(name), &mut |_| false).unwrap()
}

fn stream(plan: &Plan) -> Stream {
    Stream::of_head(&plan.head()).unwrap()
}

/// The stream behind a join of two.
fn joined(a: &Plan, b: &Plan) -> Stream {
    let mut head = a.head();
    for key in ["name", "run"] {
        head.insert(
            key.into(),
            format!("{}+{}", a.head()[key].as_str().unwrap(), b.head()[key].as_str().unwrap()).into(),
        );
    }
    Stream::of_head(&head).unwrap()
}

fn stage_options<'o>(part: &'o str, arguments: &'o str, pipeline: &'o Value) -> StageOptions<'o> {
    StageOptions { part, is_pinned: true, arguments, pipeline, interval: Interval::Fixed(10), new: false }
}

fn enter(memory: &Memory, stream: &Stream, part: &str) -> Result<Participant> {
    let pipeline = json!(["source x", part]);
    Participant::enter(Arc::new(memory.clone()), stream, &stage_options(part, part, &pipeline), &mut |_| true)
}

fn sink(memory: &Memory, stream: &Stream, part: &str) -> Result<Participant> {
    let participant = enter(memory, stream, part)?;
    let pipeline = json!(["source x", part]);
    participant.sink(&stage_options(part, part, &pipeline), true)?;
    Ok(participant)
}

fn record(source: &mut SourceCheckpoint, time_ms: u64) {
    source.record(Times::one(time_ms, 10), b"p", &mut |_| {}).unwrap();
    source.sync().unwrap();
}

#[test]
fn the_same_source_runs_once() {
    let memory = memory();
    let first = open(&memory, "a");
    let error = open_with(&memory, &options("a"), &mut |_| true).map(drop).unwrap_err();
    assert!(matches!(&error, Error::Running { pid: Some(_), .. }), "{error}");
    assert_eq!(error.exit(), Exit::World);
    drop(first);
    open(&memory, "a");
}

#[test]
fn a_source_waits_for_what_the_run_before_left() {
    let memory = memory();
    let (source, plan) = open(&memory, "a");
    let stage = RefCell::new(Some(sink(&memory, &stream(&plan), "01-files").unwrap()));
    drop(source);
    let mut seen = Vec::new();
    let (_source, plan) = open_with(&memory, &options("a"), &mut |waiting| {
        seen.push(waiting.lock.clone());
        if seen.len() == 3 {
            drop(stage.borrow_mut().take());
        }
        true
    })
    .unwrap();
    assert_eq!(seen, ["a.01-files"; 3]);
    // And waiting can be stopped.
    let _stage = sink(&memory, &stream(&plan), "01-files").unwrap();
    drop(_source);
    assert!(matches!(open_with(&memory, &options("a"), &mut |_| false).map(drop), Err(Error::Interrupted)));
}

#[test]
fn a_stage_of_the_run_before_that_comes_late_stops() {
    let memory = memory();
    let (source, before) = open(&memory, "a");
    drop(source);
    let (_source, now) = open(&memory, "a");
    let error = enter(&memory, &stream(&before), "01-files").map(drop).unwrap_err();
    assert!(matches!(error, Error::Over { .. }), "{error}");
    assert_eq!(error.exit(), Exit::World);
    enter(&memory, &stream(&now), "01-files").unwrap();
}

#[test]
fn a_head_from_elsewhere_makes_nothing() {
    let memory = memory();
    let (_source, plan) = open(&memory, "a");
    let before = memory.all_files();
    let good = plan.head();
    for (key, value) in [
        ("run", json!("")),
        ("run", json!("0123")),
        ("run", Value::Null),
        ("checkpoint", json!("/elsewhere")),
        ("checkpoint", json!("d/c")),
        ("name", json!("b")),
        ("name", json!("../a")),
        ("name", json!("a+a")),
        ("name", Value::Null),
    ] {
        let mut head = good.clone();
        head.insert(key.into(), value.clone());
        let stream = Stream::of_head(&head).unwrap();
        assert!(enter(&memory, &stream, "01-files").is_err(), "{key} {value}");
    }
    assert_eq!(memory.all_files(), before);
    assert_eq!(memory.list(Path::new("/d/c/locks")).unwrap(), [".start", "a.source"]);
    let mut head = good;
    head.remove("checkpoint");
    assert!(Stream::of_head(&head).is_none());
}

#[test]
fn two_stages_of_one_name_are_told() {
    let memory = memory();
    let (_source, plan) = open(&memory, "a");
    let _first = enter(&memory, &stream(&plan), "01-files").unwrap();
    let error = enter(&memory, &stream(&plan), "01-files").map(drop).unwrap_err();
    assert!(matches!(error, Error::NameTaken { .. }), "{error}");
}

#[test]
fn sources_of_one_generation_resume_at_one_time() {
    let memory = memory();
    let (mut a, plan_a) = open(&memory, "a");
    let (mut b, plan_b) = open(&memory, "b");
    assert_eq!((plan_a.resume_ms, plan_b.resume_ms), (100, 100));
    let both = joined(&plan_a, &plan_b);
    let participant = sink(&memory, &both, "02-files").unwrap();
    for time_ms in [110, 120] {
        record(&mut a, time_ms);
        record(&mut b, time_ms);
    }
    let pipeline = json!([]);
    let files = stage_options("02-files", "02-files", &pipeline);
    let mut commits = participant.sink(&files, true).unwrap();
    commits.commit(110, b"").unwrap();
    commits.sync().unwrap();
    // a is killed; b and the sink go on for a while: a waits for both.
    drop(a);
    let left = RefCell::new(Some((b, commits, participant)));
    let mut seen = Vec::new();
    let (a, plan_a) = open_with(&memory, &options("a"), &mut |waiting| {
        seen.push(waiting.lock.clone());
        match seen.len() {
            1 => {
                let mut left = left.borrow_mut();
                let (_, commits, _) = left.as_mut().unwrap();
                commits.commit(120, b"").unwrap();
                commits.sync().unwrap();
            }
            _ => drop(left.borrow_mut().take()),
        }
        true
    })
    .unwrap();
    assert!(!seen.is_empty());
    assert_eq!(plan_a.resume_ms, 120, "with what was committed while it waited");
    // What a's side does now does not move b.
    let own = sink(&memory, &stream(&plan_a), "01-print");
    assert!(matches!(own.map(drop), Err(Error::NoFolder { .. })));
    let (_b, plan_b) = open(&memory, "b");
    assert_eq!(plan_b.resume_ms, 120);
    // b alone is started again: it was in the generation of a, which runs.
    drop(_b);
    assert!(matches!(open_with(&memory, &options("b"), &mut |_| false).map(drop), Err(Error::Interrupted)));
    drop(a);
    open(&memory, "b");
}

#[test]
fn a_stage_without_a_folder_needs_new() {
    let memory = memory();
    let (mut source, plan) = open(&memory, "a");
    let end = enter(&memory, &stream(&plan), "01-files").unwrap();
    let pipeline = json!(["source x", "files"]);
    let files = stage_options("01-files", "files", &pipeline);
    let mut commits = end.sink(&files, true).unwrap();
    record(&mut source, 110);
    commits.commit(110, b"").unwrap();
    commits.sync().unwrap();
    drop((source, end, commits));
    let (_source, plan) = open(&memory, "a");
    assert_eq!(plan.resume_ms, 110);
    let added = enter(&memory, &stream(&plan), "01-state").unwrap();
    let mut options = stage_options("01-state", "state count", &pipeline);
    let error = added.stage(&options, 0, &mut |_, _| {}).map(drop).unwrap_err();
    assert!(error.to_string().contains("source x | files"), "{error}");
    assert_eq!(error.exit(), Exit::Checkpoint);
    options.new = true;
    added.stage(&options, 0, &mut |_, _| {}).unwrap();
    drop((added, _source));
    let (_source, plan) = open(&memory, "a");
    assert_eq!(plan.resume_ms, 110);
    let added = enter(&memory, &stream(&plan), "01-state").unwrap();
    options.new = false;
    added.stage(&options, 0, &mut |_, _| {}).unwrap();
    // Other arguments where there is state are another pipeline.
    options.arguments = "state sum";
    let error = added.stage(&options, 0, &mut |_, _| {}).map(drop).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("state count") && text.contains("state sum"), "{text}");
    assert_eq!(error.exit(), Exit::Checkpoint);
}

#[test]
fn another_source_on_an_old_checkpoint_is_refused() {
    let memory = memory();
    drop(open(&memory, "a"));
    for options in
        [SourceOptions { arguments: "source y", ..options("a") }, SourceOptions { wal: true, ..options("a") }]
    {
        let error = open_with(&memory, &options, &mut |_| false).map(drop).unwrap_err();
        assert!(matches!(error, Error::Mismatch { .. }), "{error}");
    }
    let kept_longer = SourceOptions { retain: Retain::All, ..options("a") };
    open_with(&memory, &kept_longer, &mut |_| false).unwrap();
}

#[test]
fn a_directory_in_other_use_is_left_alone() {
    let memory = memory();
    memory.create_dir(Path::new("/d/c")).unwrap();
    memory.open(Path::new("/d/c/photo.jpg"), true).unwrap();
    let error = open_with(&memory, &options("a"), &mut |_| false).map(drop).unwrap_err();
    assert!(matches!(error, Error::NotACheckpoint { .. }), "{error}");
    assert_eq!(memory.list(Path::new("/d/c")).unwrap(), ["photo.jpg"]);
}

/// A window gives one more batch at the end of its input, one interval after the last one: once all have
/// closed, that is where the next start goes on.
#[test]
fn what_was_given_at_a_close_is_not_asked_for_again() {
    let memory = memory();
    let (mut source, plan) = open(&memory, "a");
    let pipeline = json!([]);
    let (window, files) =
        (stage_options("01-window", "window", &pipeline), stage_options("02-files", "files", &pipeline));
    let (first, end) =
        (enter(&memory, &stream(&plan), "01-window").unwrap(), enter(&memory, &stream(&plan), "02-files").unwrap());
    let mut state = first.stage(&window, 0, &mut |_, _| {}).unwrap();
    let mut commits = end.sink(&files, true).unwrap();
    record(&mut source, 110);
    state.save(110, &mut One).unwrap();
    commits.commit(110, b"").unwrap();
    source.close(Closed::Eof).unwrap();
    state.close(120, &mut One).unwrap();
    commits.sync().unwrap();
    let before = memory.after_crash(Image::Synced);
    commits.commit(120, b"").unwrap();
    commits.sync().unwrap();
    let killed = memory.after_crash(Image::Synced);
    commits.close().unwrap();
    drop((source, first, end, state, commits));
    let (_source, plan) = open(&memory.after_crash(Image::Synced), "a");
    assert_eq!((plan.resume_ms, plan.after_ms, plan.finish), (120, 120, None));
    // Whether the sink came to say that it had closed or not.
    let (_source, plan) = open(&killed, "a");
    assert_eq!((plan.resume_ms, plan.after_ms, plan.finish), (120, 120, None));
    // Where nobody has what was given, it is as if the source had not closed.
    let (_source, plan) = open(&before, "a");
    assert_eq!((plan.resume_ms, plan.after_ms, plan.finish), (110, 110, None));
}

/// Source a was killed before it had joined the others; the next a joins what is left of them; the next
/// b would wait for a, and a, behind a join, for b.
#[test]
fn a_source_that_joined_what_was_left_of_a_run_is_not_waited_for_for_ever() {
    let memory = memory();
    let (left_over, plan) = open(&memory, "b");
    let (a, joined) = open(&memory, "a");
    assert_eq!(joined.resume_ms, plan.resume_ms);
    drop(left_over);
    let mut waits = 0;
    let result = open_with(&memory, &options("b"), &mut |waiting| {
        assert_eq!(waiting.lock, "a.source");
        waits += 1;
        true
    });
    let error = result.err().unwrap();
    assert!(matches!(&error, Error::GoesOn { name, .. } if name == "a.source"), "{error}");
    assert_eq!((error.exit(), waits), (Exit::World, 199));
    drop(a);
    open(&memory, "b");
}

#[test]
fn a_folder_that_is_forgotten_holds_nothing_back() {
    let memory = memory();
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    let layout = Layout::new(Path::new("/d/c"));
    let (mut source, plan) = open(&memory, "a");
    let pipeline = json!([]);
    let enter = |part| enter(&memory, &stream(&plan), part).unwrap();
    let (state, files, print) = (enter("01-state"), enter("02-files"), enter("03-print"));
    let options = |part| stage_options(part, part, &pipeline);
    state.stage(&options("01-state"), 0, &mut |_, _| {}).unwrap();
    let mut commits = files.sink(&options("02-files"), false).unwrap();
    print.sink(&options("03-print"), true).unwrap();
    for time_ms in [110, 120] {
        record(&mut source, time_ms);
        commits.commit(time_ms, b"").unwrap();
    }
    commits.sync().unwrap();
    let held = forget(&storage, &layout, "a.03-print");
    assert!(matches!(held, Err(Error::InUse { .. })), "not while it runs");
    drop((source, state, files, print, commits));
    assert!(matches!(forget(&storage, &layout, "a.09-print"), Err(Error::NoStage { .. })));
    assert_eq!(forget(&storage, &layout, "a.01-state").unwrap(), 100, "print holds back as well");
    assert_eq!(forget(&storage, &layout, "a.03-print").unwrap(), 120);
    let (_source, plan) = open(&memory, "a");
    assert_eq!(plan.resume_ms, 120);
    // A new end begins there without being told.
    sink(&memory, &stream(&plan), "03-text").unwrap();
}

#[test]
fn after_a_stop_everything_goes_on_where_it_was() {
    let memory = memory();
    let (mut source, plan) = open(&memory, "a");
    let end = enter(&memory, &stream(&plan), "01-files").unwrap();
    let pipeline = json!([]);
    let files = stage_options("01-files", "files", &pipeline);
    let mut commits = end.sink(&files, true).unwrap();
    record(&mut source, 110);
    source.close(Closed::Stop).unwrap();
    commits.commit(110, b"").unwrap();
    commits.close().unwrap();
    drop((source, end, commits));
    let memory = memory.after_crash(Image::Synced);
    let (_source, plan) = open(&memory, "a");
    assert_eq!((plan.resume_ms, plan.last_ms, plan.after_ms, plan.finish), (110, 110, 110, None));
    assert!(plan.is_restart);
    assert_eq!(plan.position.since, [b"p".to_vec()]);
}

#[test]
fn a_sink_that_does_not_come_up_after_a_close_misses_nothing() {
    let memory = memory();
    let pipeline = json!(["source x", "01-files"]);
    let options = stage_options("01-files", "files", &pipeline);
    let (mut source, plan) = open(&memory, "a");
    let participant = enter(&memory, &stream(&plan), "01-files").unwrap();
    let mut commits = participant.sink(&options, true).unwrap();
    record(&mut source, 110);
    commits.commit(110, b"").unwrap();
    source.close(Closed::Eof).unwrap();
    commits.close().unwrap();
    drop((source, participant, commits));
    // The next two runs end before the sink has come up: one is killed, one closes.
    for (time_ms, closes) in [(120, false), (130, true)] {
        let (mut source, plan) = open(&memory, "a");
        assert_eq!(plan.resume_ms, 110);
        record(&mut source, time_ms);
        if closes {
            source.close(Closed::Stop).unwrap();
        }
    }
    let (mut source, plan) = open(&memory, "a");
    assert_eq!((plan.resume_ms, plan.held_back_by.as_deref()), (110, Some("commits/a.01-files")));
    assert_eq!(source.next_again().unwrap().map(|(times, _)| times.first_ms), Some(120));
}

/// Runs a to its end with these sinks, each but the last passing on, and one batch.
fn whole_run(memory: &Memory, sinks: &[&str], time_ms: u64) -> Plan {
    let (mut source, plan) = open(memory, "a");
    let pipeline = json!([]);
    let mut entered = Vec::new();
    for (index, part) in sinks.iter().enumerate() {
        let participant = enter(memory, &stream(&plan), part).unwrap();
        let options = StageOptions { new: true, ..stage_options(part, part, &pipeline) };
        let commits = participant.sink(&options, index + 1 == sinks.len()).unwrap();
        entered.push((participant, commits));
    }
    record(&mut source, time_ms);
    source.close(Closed::Eof).unwrap();
    for (_, commits) in &mut entered {
        for time_ms in (plan.resume_ms + 10..=time_ms).step_by(10) {
            if !commits.is_committed(time_ms) {
                commits.commit(time_ms, b"").unwrap();
            }
        }
        commits.close().unwrap();
    }
    plan
}

#[test]
fn a_sink_that_was_taken_out_after_a_close_holds_nothing_back_once_a_run_was_whole_without_it() {
    let memory = memory();
    whole_run(&memory, &["01-files", "02-print"], 110);
    assert_eq!(whole_run(&memory, &["02-print"], 120).resume_ms, 110);
    let plan = whole_run(&memory, &["02-print"], 130);
    assert_eq!((plan.resume_ms, plan.let_go), (120, vec!["commits/a.01-files".to_owned()]));
    let plan = whole_run(&memory, &["02-print"], 140);
    assert_eq!((plan.resume_ms, plan.let_go.len()), (130, 0));
    // It comes back, and holds back as any other then.
    assert_eq!(whole_run(&memory, &["01-files", "02-print"], 150).resume_ms, 140);
    let (_source, plan) = open(&memory, "a");
    assert_eq!((plan.resume_ms, plan.held_back_by), (150, None));
}

#[test]
fn a_sink_that_was_taken_out_before_it_was_done_holds_back() {
    let memory = memory();
    let pipeline = json!([]);
    let (mut source, plan) = open(&memory, "a");
    let participant = enter(&memory, &stream(&plan), "01-files").unwrap();
    let mut commits = participant.sink(&stage_options("01-files", "files", &pipeline), false).unwrap();
    record(&mut source, 110);
    commits.commit(110, b"").unwrap();
    commits.sync().unwrap();
    drop((source, participant, commits));
    for time_ms in [120, 130, 140] {
        whole_run(&memory, &["02-print"], time_ms);
    }
    let (_source, plan) = open(&memory, "a");
    assert_eq!((plan.resume_ms, plan.held_back_by.as_deref()), (110, Some("commits/a.01-files")));
}

#[test]
fn nobody_enters_a_run_twice_or_behind_its_end() {
    let memory = memory();
    let plan = whole_run(&memory, &["01-files", "02-print"], 110);
    let before = memory.all_files();
    for (part, is_known) in [("01-files", true), ("02-print", true), ("01-print", false), ("05-state", false)] {
        let error = enter(&memory, &stream(&plan), part).map(drop).unwrap_err();
        assert_eq!(matches!(error, Error::SecondTime { .. }), is_known, "{error}");
        assert_eq!(matches!(error, Error::BehindEnd { .. }), !is_known, "{error}");
        assert_eq!(error.exit(), Exit::Checkpoint);
    }
    assert_eq!(memory.all_files(), before);
    let locks = memory.list(Path::new("/d/c/locks")).unwrap();
    assert_eq!(locks, [".start", "a.01-files", "a.02-print", "a.source"]);
    // A side of a join too, whose end is behind both.
    let memory = self::memory();
    let ((_a, a), (_b, b)) = (open(&memory, "a"), open(&memory, "b"));
    let end = sink(&memory, &joined(&a, &b), "03-files").unwrap();
    for is_over in [false, true] {
        let error = enter(&memory, &stream(&b), "01-print").map(drop).unwrap_err();
        assert!(matches!(&error, Error::BehindEnd { end, .. } if end == "a+b.03-files"), "{is_over} {error}");
    }
    drop(end);
}

/// A state and a sink behind a source of this interval: they save and commit these batches.
fn go_on(memory: &Memory, interval_ms: u64, numbers: [usize; 2], batches: &[(u64, bool)]) -> Result<Plan> {
    let options = SourceOptions { interval: Interval::Fixed(interval_ms), ..options("a") };
    let (mut source, plan) = open_with(memory, &options, &mut |_| false)?;
    let line = ["source x", "map .", "state count", "sink files o"];
    let line: Vec<&str> = line.iter().copied().filter(|stage| numbers[0] == 2 || !stage.starts_with("map")).collect();
    let stage = |index: usize, tool: &str| (numbered(numbers[index], tool), json!(line[..=numbers[index]]));
    let of = |(part, pipeline): &(String, Value), then: &mut dyn FnMut(&StageOptions<'_>) -> Result<()>| {
        let arguments = pipeline.as_array().and_then(|line| line.last()?.as_str()).unwrap();
        let interval = plan.interval;
        then(&StageOptions { part, is_pinned: false, arguments, pipeline, interval, new: false })
    };
    let (mut state, mut sink) = (None, None);
    of(&stage(0, "state"), &mut |options| {
        let participant = Participant::enter(Arc::new(memory.clone()), &stream(&plan), options, &mut |_| true)?;
        state = Some((participant.stage(options, 0, &mut |_, _| {})?, participant));
        Ok(())
    })?;
    assert!(!source.is_lined_up()? || plan.resume_ms == 100);
    of(&stage(1, "files"), &mut |options| {
        let participant = Participant::enter(Arc::new(memory.clone()), &stream(&plan), options, &mut |_| true)?;
        sink = Some((participant.sink(options, true)?, participant));
        Ok(())
    })?;
    assert!(source.is_lined_up()?);
    let ((mut state, _state), (mut sink, _sink)) = (state.unwrap(), sink.unwrap());
    for &(time_ms, is_committed) in batches {
        if time_ms > plan.last_ms {
            source.record(Times::one(time_ms, plan.interval), b"p", &mut |_| {})?;
            source.sync()?;
        }
        state.save(time_ms, &mut One)?;
        state.sync()?;
        if is_committed {
            sink.commit(time_ms, b"")?;
            sink.sync()?;
        }
    }
    if let Some(finish) = plan.finish {
        source.close(finish)?;
        state.close(plan.last_ms, &mut One)?;
        sink.close()?;
    }
    Ok(plan)
}

#[test]
fn batches_of_another_interval_come_when_those_of_the_old_one_are_done() {
    let memory = memory();
    go_on(&memory, 10, [1, 2], &[(110, true), (120, false), (130, false)]).unwrap();
    // Two are under way: they are finished as they were begun, and nothing else is done.
    let plan = go_on(&memory, 20, [1, 2], &[(120, true), (130, true)]).unwrap();
    assert_eq!((plan.resume_ms, plan.interval, plan.finish), (110, Interval::Fixed(10), Some(Closed::Stop)));
    // Nothing is: they go on after the newest, and the folders know by which interval before anything comes.
    let plan = go_on(&memory, 20, [1, 2], &[]).unwrap();
    assert_eq!((plan.resume_ms, plan.interval, plan.finish), (130, Interval::Fixed(20), None));
    assert_eq!((plan.after_ms, plan.changed_from), (130, Some(Interval::Fixed(10))));
    // Killed behind a batch that nobody had: nobody says that he covers it, by whichever interval.
    go_on(&memory, 20, [1, 2], &[(140, true), (160, true)]).unwrap();
    let (mut source, plan) =
        open_with(&memory, &SourceOptions { interval: Interval::Fixed(5), ..options("a") }, &mut |_| false).unwrap();
    assert_eq!((plan.resume_ms, plan.interval), (160, Interval::Fixed(5)));
    for time_ms in [165, 170, 175] {
        source.record(Times::one(time_ms, 5), b"p", &mut |_| {}).unwrap();
    }
    source.sync().unwrap();
    drop(source);
    let plan = go_on(&memory, 5, [1, 2], &[(165, true)]).unwrap();
    assert_eq!((plan.resume_ms, plan.last_ms, plan.changed_from), (160, 175, None));
}

#[test]
fn an_interval_that_was_refused_leaves_the_old_one_as_it_was() {
    let memory = memory();
    go_on(&memory, 10, [1, 2], &[(110, true), (120, true)]).unwrap();
    // The source has come up, and nobody behind it.
    let (source, plan) =
        open_with(&memory, &SourceOptions { interval: Interval::Fixed(7), ..options("a") }, &mut |_| false).unwrap();
    assert_eq!((plan.interval, source.is_lined_up().unwrap()), (Interval::Fixed(7), false));
    drop(source);
    let plan = go_on(&memory, 10, [1, 2], &[(130, true)]).unwrap();
    assert_eq!((plan.resume_ms, plan.finish, plan.changed_from), (120, None, Some(Interval::Fixed(7))));
    assert_eq!(go_on(&memory, 10, [1, 2], &[]).unwrap().resume_ms, 130);
}

#[test]
fn another_interval_is_refused_where_nobody_would_finish_the_old_one() {
    let memory = memory();
    let (mut source, _) = open(&memory, "a");
    record(&mut source, 110);
    source.close(Closed::Stop).unwrap();
    drop(source);
    let error = go_on(&memory, 20, [1, 2], &[]).unwrap_err();
    assert!(matches!(error, Error::Interval { was: Interval::Fixed(10), now: Interval::Fixed(20), .. }), "{error}");
    assert_eq!(error.exit(), Exit::Checkpoint);
}

#[test]
fn stages_keep_their_folders_when_one_without_state_comes_or_goes_in_front() {
    let memory = memory();
    go_on(&memory, 10, [1, 2], &[(110, true)]).unwrap();
    for (numbers, time_ms) in [([2, 3], 120), ([2, 3], 130), ([1, 2], 140), ([2, 3], 150)] {
        let plan = go_on(&memory, 10, numbers, &[(time_ms, true)]).unwrap();
        assert_eq!(plan.resume_ms, time_ms - 10);
    }
    for (dir, name) in [("stages", "a.01-state"), ("commits", "a.02-files")] {
        assert_eq!(memory.list(&Path::new("/d/c").join(dir)).unwrap(), [name]);
    }
    // Killed when the stage had its new place, and the end of the line had not come up: back, and on.
    let (_, plan) = open(&memory, "a");
    let pipeline = json!(["source x", "state count"]);
    let options = StageOptions { is_pinned: false, ..stage_options("01-state", "state count", &pipeline) };
    let stage = Participant::enter(Arc::new(memory.clone()), &stream(&plan), &options, &mut |_| true).unwrap();
    stage.stage(&options, 0, &mut |_, _| {}).unwrap();
    drop(stage);
    assert_eq!(go_on(&memory, 10, [2, 3], &[(160, true)]).unwrap().resume_ms, 150);
}
