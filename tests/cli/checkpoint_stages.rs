//! Stages with state and sinks under a checkpoint: killed at any moment, started
//! again, and what comes out is what an undisturbed run gives.
//!
//! The source is played by the test, which has the batches and the source's side
//! of the checkpoint.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use sstream::checkpoint::Times;
use sstream::checkpoint::job::Retain;
use sstream::checkpoint::offsets::Closed;
use sstream::checkpoint::source::{Plan, SourceCheckpoint, SourceOptions};
use sstream::checkpoint::storage::Disk;
use sstream::error::Exit;
use sstream::frame::{BatchTime, Block, Close, End, FrameWriter, Head, Reason};

use crate::bash::bash;
use crate::support::Folder;

const INTERVAL_MS: u64 = 1000;

/// A source that has batch 1, 2, … at hand, with the same records each time.
struct Played {
    checkpoint: SourceCheckpoint,
    plan: Plan,
    name: &'static str,
}

impl Played {
    fn open(folder: &Folder, name: &'static str) -> Played {
        let options = SourceOptions {
            dir: &folder.path("checkpoint"),
            name,
            arguments: "source played",
            places: None,
            interval: INTERVAL_MS.into(),
            start_ms: 0,
            retain: Retain::All,
            wal: false,
        };
        let since = Instant::now();
        let mut wait = |_: &_| {
            std::thread::sleep(Duration::from_millis(5));
            since.elapsed() < Duration::from_secs(20)
        };
        let (checkpoint, plan) = SourceCheckpoint::open(Arc::new(Disk), &options, &mut wait).unwrap();
        Played { checkpoint, plan, name }
    }

    fn head(&self) -> Vec<u8> {
        let mut head = Head::new(INTERVAL_MS);
        head.stages.push("source played".into());
        head.other = self.plan.head();
        let mut line = Vec::new();
        head.write(&mut line);
        line
    }

    /// Makes the batches up to this one durable, from where the run before got to.
    fn record(&mut self, last: u64) {
        while self.plan.last_ms < last * INTERVAL_MS {
            self.plan.last_ms += INTERVAL_MS;
            self.checkpoint.record(Times::one(self.plan.last_ms, INTERVAL_MS), b"x", &mut |_| {}).unwrap();
        }
        self.checkpoint.sync().unwrap();
    }

    /// The number of the first batch to send.
    fn first(&self) -> u64 {
        self.plan.resume_ms / INTERVAL_MS + 1
    }

    fn batch(&self, number: u64) -> Vec<u8> {
        let time = BatchTime(number * INTERVAL_MS);
        let words: Vec<String> = (0..number * 7 % 5)
            .map(|n| format!("[\"{}{}\",{number}]\n", self.name, (number * 3 + n * n) % 11))
            .collect();
        let (text, mut bytes) = (words.concat(), Vec::new());
        let mut writer = FrameWriter::new(&mut bytes);
        if !words.is_empty() {
            writer.block(Block { time, records: words.len() as u64, bytes: text.as_bytes() }).unwrap();
        }
        writer.end(&End::new(time, words.len() as u64)).unwrap();
        writer.flush().unwrap();
        drop(writer);
        bytes
    }

    /// Closes, on disk and then in the stream.
    fn close(&mut self, closed: Closed) -> Vec<u8> {
        self.checkpoint.close(closed).unwrap();
        let mut line = Vec::new();
        Close::new(if closed == Closed::Eof { Reason::Eof } else { Reason::Stop }).write(&mut line, false);
        line
    }

    /// The rest of the stream up to this batch, and its close.
    fn whole(&mut self, last: u64, closed: Closed) -> Vec<u8> {
        self.record(last);
        let batches: Vec<u8> = (self.first()..=last).flat_map(|number| self.batch(number)).collect();
        [self.head(), batches, self.close(closed)].concat()
    }
}

/// A line of shell that reads what the test sends it.
struct Line {
    child: Child,
}

impl Line {
    fn start(folder: &Folder, line: &str) -> Line {
        let log = |name: &str| std::fs::File::options().create(true).append(true).open(folder.path(name)).unwrap();
        let mut command = bash(&[], line, &folder.path(""));
        command.stdin(Stdio::piped()).stdout(log("stdout")).stderr(log("stderr")).process_group(0);
        Line { child: command.spawn().unwrap() }
    }

    fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.child.stdin.as_mut().unwrap().write_all(bytes)
    }

    fn signal(&self, signal: Signal) {
        let _ = kill_process_group(Pid::from_raw(self.child.id().cast_signed()).unwrap(), signal);
    }

    /// The exit code, once it has ended.
    fn end(&mut self) -> Option<i32> {
        drop(self.child.stdin.take());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }
}

/// All files of a directory.
fn listing(folder: &Folder, name: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder.path(name)).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read_to_string(entry.path()).unwrap()))
        .collect()
}

fn folder(directories: &[&str]) -> Folder {
    let folder = Folder::new();
    for name in directories {
        std::fs::create_dir(folder.path(name)).unwrap();
    }
    folder
}

/// Runs a line on the batches up to `last`, undisturbed.
#[track_caller]
fn run(folder: &Folder, line: &str, last: u64, closed: Closed) {
    let mut source = Played::open(folder, "a");
    let bytes = source.whole(last, closed);
    let mut line = Line::start(folder, line);
    let _ = line.send(&bytes);
    assert_eq!(line.end(), Some(0), "{}", folder.read("stderr"));
}

/// Times to wait, of no pattern, the same in each run of the tests.
struct Moments(u64);

impl Moments {
    fn next(&mut self, from_ms: u64, to_ms: u64) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_micros(from_ms * 1000 + (self.0 >> 33) % ((to_ms - from_ms) * 1000))
    }
}

/// Runs a line on the batches up to `last`, killing all of it at random moments until it
/// gets through; how often it was killed.
fn run_killed(folder: &Folder, line: &str, last: u64, moments: &mut Moments, mut meanwhile: impl FnMut()) -> u64 {
    let mut killed = 0;
    loop {
        let mut source = Played::open(folder, "a");
        let mut line = Line::start(folder, line);
        let (started, life) = (Instant::now(), moments.next(10, 100 + 10 * killed));
        let mut sent = line.send(&source.head());
        let mut number = source.first();
        while number <= last && sent.is_ok() && started.elapsed() < life {
            if number.is_multiple_of(5) {
                std::thread::sleep(Duration::from_millis(1));
            }
            source.record(number);
            sent = line.send(&source.batch(number));
            number += 1;
            meanwhile();
        }
        if number > last && sent.is_ok() {
            let _ = line.send(&source.close(Closed::Eof));
            assert_eq!(line.end(), Some(0), "{}", folder.read("stderr"));
            meanwhile();
            return killed;
        }
        line.signal(Signal::KILL);
        line.end();
        killed += 1;
        assert!(killed < 500, "no progress: {}", folder.read("stderr"));
    }
}

const COUNTED: &str = "sstream-state count | sstream-sink --pass files one/out txt | sstream-sink files two/out";

#[test]
fn files_are_exactly_once_however_often_all_is_killed() {
    let quiet = folder(&["one", "two"]);
    run(&quiet, COUNTED, 400, Closed::Eof);
    assert!(listing(&quiet, "one").len() > 300);
    for seed in 0..1 {
        let disturbed = folder(&["one", "two"]);
        let killed = run_killed(&disturbed, COUNTED, 400, &mut Moments(seed), || ());
        assert!(killed > 0);
        for name in ["one", "two"] {
            assert!(listing(&disturbed, name) == listing(&quiet, name), "{name} after {killed} kills");
        }
    }
}

#[test]
fn a_consumer_that_takes_files_away_at_once_gets_each_once() {
    let quiet = folder(&["one", "two"]);
    run(&quiet, COUNTED, 300, Closed::Eof);
    let disturbed = folder(&["one", "two", "taken"]);
    let take = || {
        for entry in std::fs::read_dir(disturbed.path("one")).unwrap().map(|entry| entry.unwrap()) {
            let name = entry.file_name().into_string().unwrap();
            if !name.starts_with('.') {
                let to = disturbed.path("taken").join(&name);
                assert!(!to.exists(), "{name} came twice");
                std::fs::rename(entry.path(), to).unwrap();
            }
        }
    };
    let killed = run_killed(&disturbed, COUNTED, 300, &mut Moments(7), take);
    assert!(killed > 0);
    assert!(listing(&disturbed, "taken") == listing(&quiet, "one"), "after {killed} kills");
}

#[test]
fn a_stop_closes_and_the_next_run_goes_on() {
    let quiet = folder(&["out"]);
    let line = "sstream-state --emit changed sum | sstream-sink files out/b";
    run(&quiet, line, 20, Closed::Eof);
    let folder = folder(&["out"]);
    for last in [7, 8, 20] {
        run(&folder, line, last, Closed::Stop);
    }
    assert_eq!(listing(&folder, "out"), listing(&quiet, "out"));
}

#[test]
fn text_and_print_commit_and_leave_out_what_was_committed() {
    let folder = folder(&[]);
    let line = "sstream-sink --pass print | sstream-state sum --output text";
    for last in [3, 3, 5] {
        run(&folder, line, last, Closed::Stop);
    }
    let headings: Vec<String> =
        folder.read("stderr").lines().filter(|line| line.starts_with("Time")).map(str::to_owned).collect();
    let times: Vec<String> = (1..=5).map(|n| format!("Time: {n}000 ms")).collect();
    assert_eq!(headings, times);
    let whole = self::folder(&[]);
    run(&whole, line, 5, Closed::Stop);
    assert_eq!(folder.read("stdout"), whole.read("stdout"));
}

#[test]
fn the_first_states_are_not_used_again() {
    let folder = folder(&[]);
    folder.file("initial", "[\"a0\",1000]\n[\"never\",7]\n");
    let line = "sstream-state sum --initial initial --output text";
    run(&folder, line, 4, Closed::Stop);
    let before = folder.read("stdout");
    assert!(before.contains("[\"never\",7]"), "{before}");
    folder.file("stdout", "");
    run(&folder, line, 5, Closed::Stop);
    let last: Vec<&str> = before.lines().rev().take_while(|line| !line.contains("\"a0\"")).collect();
    assert!(folder.read("stdout").lines().count() > last.len());
    assert_eq!(folder.read("stdout").matches("never").count(), 1);
}

/// Runs a line on the batches up to `last`; it must end with this code and say this.
#[track_caller]
fn refused(folder: &Folder, line: &str, last: u64, code: Exit, parts: &[&str]) {
    folder.file("stderr", "");
    let mut source = Played::open(folder, "a");
    let bytes = source.whole(last, Closed::Stop);
    let mut line = Line::start(folder, line);
    let _ = line.send(&bytes);
    let (ended, stderr) = (line.end(), folder.read("stderr"));
    assert_eq!(ended, Some(i32::from(code.code())), "{stderr}");
    for part in parts {
        assert!(stderr.contains(part), "{part:?} in {stderr}");
    }
}

#[test]
fn another_pipeline_is_refused_with_both_shown() {
    let folder = folder(&["out"]);
    run(&folder, "sstream-state count | sstream-sink files out/b", 3, Closed::Stop);
    let parts = ["a.01-state", "was: state count", "now: state sum", "source played | state count | sink files out/b"];
    refused(&folder, "sstream-state sum | sstream-sink files out/b", 4, Exit::Checkpoint, &parts);
    // Options that change no result may change, and so may what a sink does.
    run(&folder, "sstream-state count --verbose | sstream-sink --output json --pass files out/c json", 4, Closed::Stop);
    assert!(folder.path("out/c-4000.json").exists());
}

#[test]
fn a_stage_that_was_never_there_needs_new() {
    let folder = folder(&["out"]);
    run(&folder, "sstream-sink files out/b", 4, Closed::Stop);
    let line = "sstream-state count | sstream-sink --stage-name 01-files files out/b";
    refused(&folder, line, 6, Exit::Checkpoint, &["a.01-state", "--new begins there", "--stage-name"]);
    let line = "sstream-state --new count | sstream-sink --stage-name 01-files files out/b";
    run(&folder, line, 8, Closed::Stop);
    // It counts from where it was put in.
    assert_eq!(folder.read("out/b-8000"), whole_count(5, 8));
    run(&folder, &line.replace("--new ", ""), 9, Closed::Stop);
    assert_eq!(folder.read("out/b-9000"), whole_count(5, 9));
}

/// What `sstream-state count` gives for these batches.
fn whole_count(first: u64, last: u64) -> String {
    let mut counts: Vec<(String, u64)> = Vec::new();
    for number in first..=last {
        for n in 0..number * 7 % 5 {
            let key = format!("a{}", (number * 3 + n * n) % 11);
            match counts.iter_mut().find(|(known, _)| *known == key) {
                Some((_, count)) => *count += 1,
                None => counts.push((key, 1)),
            }
        }
    }
    counts.iter().map(|(key, count)| format!("[\"{key}\",{count}]\n")).collect()
}

#[test]
fn a_stream_of_an_earlier_run_opens_nothing() {
    let folder = folder(&["out"]);
    run(&folder, "tee saved | sstream-sink files out/b", 3, Closed::Stop);
    run(&folder, "sstream-sink files out/b", 4, Closed::Stop);
    let before = tree(&folder.path("checkpoint"));
    folder.run("sstream-sink print < saved").exits(1).says("has begun another run since");
    assert_eq!(tree(&folder.path("checkpoint")), before);
    // Saved streams are for replay, which leaves the checkpoint out.
    folder.run("sstream-source replay saved | sstream-sink null").exits(0);
}

fn tree(directory: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap()) {
        names.push(entry.path().display().to_string());
        if entry.file_type().unwrap().is_dir() {
            names.extend(tree(&entry.path()));
        }
    }
    names.sort();
    names
}
