use std::cell::RefCell;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::kinds::{print::Print, text::Lines};
use super::*;
use crate::flow::{LineForm, Outlet};
use crate::frame::{Close, End, Head, Reason};
use crate::interval::Interval;

/// What happened, in order, to a sink and to the stream behind it.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn add(&self, what: String) -> Result<(), OutletError> {
        self.0.borrow_mut().push(what);
        Ok(())
    }
}

struct Taking {
    log: Log,
    fails: bool,
}

impl Sink for Taking {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.log.add(format!("sink {} records", block.records))
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        if self.fails {
            return Err(OutletError::Command { message: "no".into(), exit: crate::error::Exit::Usage });
        }
        self.log.add(format!("sink end {time}"))
    }
}

impl Outlet for Log {
    fn head(&mut self, _: &Head) -> Result<(), OutletError> {
        self.add("head".into())
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.add(format!("{} records", block.records))
    }

    fn end(&mut self, end: &End) -> Result<(), OutletError> {
        self.add(format!("end {}", end.time))
    }

    fn close(&mut self, close: &Close) -> Result<(), OutletError> {
        self.add(format!("close {:?}", close.reason))
    }

    fn flush(&mut self) -> Result<(), OutletError> {
        Ok(())
    }
}

fn run(fails: bool) -> (Result<(), OutletError>, Vec<String>) {
    let log = Log::default();
    let mut outlet =
        SinkOutlet::passing(Box::new(Taking { log: log.clone(), fails }), Box::new(log.clone()), "sstream-sink-x");
    let time = BatchTime(5);
    let result = outlet
        .head(&Head::new(5))
        .and_then(|()| outlet.block(Block { time, records: 2, bytes: b"1\n2\n" }))
        .and_then(|()| outlet.finish_batch(time, 2))
        .and_then(|()| outlet.end(&End::new(time, 2)))
        .and_then(|()| outlet.close(&Close::new(Reason::Eof)));
    let log = log.0.borrow().clone();
    (result, log)
}

#[test]
fn an_end_passes_when_the_sink_is_done() {
    let (result, log) = run(false);
    result.unwrap();
    assert_eq!(log, ["head", "sink 2 records", "2 records", "sink end 5", "end 5", "close Eof"]);
}

#[test]
fn the_stage_behind_is_told_of_a_sink_that_fails() {
    let (result, log) = run(true);
    assert!(result.is_err());
    let told = "close Error { exit: Usage, message: \"sstream-sink-x: no\" }";
    assert_eq!(log, ["head", "sink 2 records", "2 records", told]);
}

fn noting(log: Log) -> Box<dyn Sink> {
    Box::new(Noting(log))
}

/// A sink under a checkpoint on disk, whose file comes after the commit.
struct Noting(Log);

impl Sink for Noting {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.0.add(format!("sink {} records", block.records))
    }

    fn end(&mut self, _: BatchTime, _: u64) -> Result<(), OutletError> {
        panic!("end is for streams without a checkpoint")
    }

    fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
        self.0.add(format!("begin {} after {} with {} notes", under.stage, under.resume, under.notes.len()))?;
        Ok(None)
    }

    fn prepare(&mut self, time: BatchTime, records: u64, note: &mut Vec<u8>) -> Result<(), OutletError> {
        if records > 0 {
            note.push(7);
        }
        self.0.add(format!("prepare {time}"))
    }

    fn persist(&mut self) -> Result<(), OutletError> {
        self.0.add("persist".into())
    }

    fn publish(&mut self) -> Result<(), OutletError> {
        self.0.add("publish".into())
    }
}

/// Sends batches of one record each, all there at once, through the sink that `sink` makes.
fn run_under(
    directory: &Path,
    batches: std::ops::RangeInclusive<u64>,
    sink: impl FnOnce(Log) -> Box<dyn Sink>,
) -> Vec<String> {
    use crate::checkpoint::job::Retain;
    use crate::checkpoint::participant::{Participant, StageOptions, Stream};
    use crate::checkpoint::source::{SourceCheckpoint, SourceOptions};
    use crate::checkpoint::{Times, storage::Disk};
    use crate::flow::Committing as _;

    let options = SourceOptions {
        dir: directory,
        name: "a",
        arguments: "source",
        places: None,
        interval: Interval::Fixed(5),
        start_ms: 0,
        retain: Retain::All,
        wal: false,
    };
    let storage = std::sync::Arc::new(Disk);
    let (mut source, plan) = SourceCheckpoint::open(storage.clone(), &options, &mut |_| false).unwrap();
    let stream = Stream::of_head(&plan.head()).unwrap();
    let pipeline = serde_json::json!(["source", "sink"]);
    let part = StageOptions {
        part: "01-files",
        is_pinned: true,
        arguments: "sink",
        pipeline: &pipeline,
        interval: Interval::Fixed(5),
        new: false,
    };
    let participant = Participant::enter(storage, &stream, &part, &mut |_| false).unwrap();
    let checkpoint = participant.sink(&part, false).unwrap();
    let mut notes = Vec::new();
    checkpoint
        .notes(&mut |_, note| {
            notes.push(note.to_vec());
            Ok(())
        })
        .unwrap();

    let log = Log::default();
    let mut outlet = SinkOutlet::passing(sink(log.clone()), Box::new(log.clone()), "sstream-sink-x");
    let resume = BatchTime(stream.resume_ms());
    let under = Under { job: participant.job_id(), stage: &participant.name(), resume, notes: &notes };
    outlet.begin(checkpoint, &under).unwrap();
    for time in batches.map(|number| BatchTime(number * 5)) {
        if time.0 > plan.last_ms {
            source.record(Times::one(time.0, 5), b"x", &mut |_| {}).unwrap();
        }
        outlet.block(Block { time, records: 1, bytes: b"1\n" }).unwrap();
        outlet.finish_batch(time, 1).unwrap();
        outlet.end(&End::new(time, 1)).unwrap();
        outlet.batch_done().unwrap();
    }
    outlet.flush().unwrap();
    log.0.take()
}

#[test]
fn batches_that_come_together_share_a_commit_and_pass_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let log = run_under(directory.path(), 1..=2, noting);
    assert_eq!(log[0], "begin a.01-files after 0 with 0 notes");
    // On a slow machine each may have a commit of its own.
    let place = |what: &str| log.iter().position(|entry| entry == what).unwrap();
    assert!(place("prepare 5") < place("persist") && place("persist") < place("publish"));
    assert!(place("publish") < place("end 5") && place("end 5") < place("end 10"));
    assert_eq!(log.iter().filter(|entry| *entry == "1 records").count(), 2, "{log:?}");
    // The first two come again, are left out, and passed on.
    let log = run_under(directory.path(), 1..=3, noting);
    assert_eq!(log[..3], ["begin a.01-files after 0 with 2 notes", "1 records", "end 5"]);
    assert_eq!(
        log[3..],
        ["1 records", "end 10", "sink 1 records", "1 records", "prepare 15", "persist", "publish", "end 15"]
    );
}

/// Output that says what is done with it, and how many bytes of commits there are when it is made durable.
struct Watched {
    log: Log,
    directory: PathBuf,
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.log.0.borrow_mut().push("write".into());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl stdout::Output for Watched {
    fn sync(&mut self) -> io::Result<()> {
        let bytes = commit_bytes(&self.directory);
        self.log.0.borrow_mut().push(format!("sync before {bytes}"));
        Ok(())
    }
}

/// How many bytes of commits a checkpoint has.
fn commit_bytes(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let bytes = |path: PathBuf| match path.is_dir() {
        true => commit_bytes(&path),
        false if path.to_string_lossy().contains("commits") => path.metadata().unwrap().len(),
        false => 0,
    };
    entries.map(bytes).sum()
}

/// After a power loss a batch that is committed does not come again.
#[test]
fn text_is_written_and_durable_before_its_commit_is() {
    let sinks: [fn(Watched) -> Box<dyn Sink>; 2] = [
        |output| Box::new(Print::new(output, "stdout", 10)),
        |output| Box::new(Lines::new(output, "stdout", LineForm::Text)),
    ];
    for sink in sinks {
        let directory = tempfile::tempdir().unwrap();
        let mut before = None;
        for batch in 1..=2 {
            let log = run_under(directory.path(), batch..=batch, |log| {
                before.get_or_insert_with(|| commit_bytes(directory.path()));
                sink(Watched { log, directory: directory.path().to_owned() })
            });
            let committed = before.replace(commit_bytes(directory.path())).unwrap();
            let place = |what: &str| log.iter().position(|entry| entry == what);
            let (written, synced) = (place("write"), place(&format!("sync before {committed}")));
            assert!(written.is_some() && written < synced, "{committed} {log:?}");
            assert!(before > Some(committed), "{before:?} {committed}");
        }
    }
}
