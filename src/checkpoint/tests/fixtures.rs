//! A checkpoint on the real file system, and old ones that must stay readable.
//!
//! `cargo test --lib checkpoint::tests::fixtures -- --ignored` writes
//! `tests/fixtures/checkpoint-v1` anew. It is kept as the first release wrote it: a change
//! of a format gets a directory of its own, and this one goes on being read.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::super::Times;
use super::super::job::{Job, Layout, Retain};
use super::super::log::View;
use super::super::offsets::Closed;
use super::super::participant::{Participant, StageOptions, Stream};
use super::super::source::{Plan, SourceCheckpoint, SourceOptions};
use super::super::state::{KeyedState, PairOut};
use super::super::storage::{Disk, Storage};
use super::super::survey::Survey;
use crate::interval::Interval;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/checkpoint-v1")
}

fn disk() -> Arc<dyn Storage> {
    Arc::new(Disk)
}

fn open(dir: &Path, name: &str, wal: bool) -> (SourceCheckpoint, Plan) {
    let options = SourceOptions {
        dir,
        name,
        arguments: "source of a fixture",
        places: None,
        interval: Interval::Fixed(1000),
        start_ms: 1_469_283_109_000,
        retain: Retain::default(),
        wal,
    };
    SourceCheckpoint::open(disk(), &options, &mut |_| false).unwrap()
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

const T: u64 = 1_469_283_110_000;

/// One key that counts, one that comes and goes.
struct TwoKeys(u32, bool);

impl KeyedState for TwoKeys {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        out(b"\"count\"", Some(self.0.to_string().as_bytes()));
        out(b"\"odd\"", self.1.then_some(b"true"));
        Ok(())
    }

    fn slice(&mut self, _: bool, _: usize, _: &mut PairOut<'_>) -> bool {
        true
    }

    fn live_bytes(&self) -> u64 {
        1 << 20
    }
}

/// Sources a (positions) and b (WAL), a state, a sink with `--pass`, a sink at the end:
/// four batches, the last one not committed by all, then killed.
fn write(dir: &Path) {
    let (mut a, plan_a) = open(dir, "a", false);
    let (mut b, plan_b) = open(dir, "b", true);
    let both = joined(&plan_a, &plan_b);
    let pipeline = json!([["source a"], ["source b"], "join", "state count", "sink --pass files x", "sink print"]);
    let options = |part: &'static str| StageOptions {
        part,
        is_pinned: true,
        arguments: part,
        pipeline: &pipeline,
        interval: Interval::Fixed(1000),
        new: false,
    };
    let enter = |part| Participant::enter(disk(), &both, &options(part), &mut |_| false).unwrap();
    let stage = enter("02-state");
    let mut state = stage.stage(&options("02-state"), 0, &mut |_, _| {}).unwrap();
    let (files, print) = (enter("03-files"), enter("pinned"));
    let mut files_commits = files.sink(&options("03-files"), false).unwrap();
    let mut print_commits = print.sink(&options("pinned"), true).unwrap();
    for index in 0..4_u64 {
        let time_ms = T + index * 1000;
        let position = format!("{{\"to\":{index}}}").into_bytes();
        a.record(Times::one(time_ms, 1000), &position, &mut |base| base.extend(&position)).unwrap();
        a.sync().unwrap();
        b.append(2, format!("\"first of {index}\"\n\"second of {index}\"\n").as_bytes()).unwrap();
        b.record_wal(time_ms).unwrap();
        b.sync().unwrap();
        state.save(time_ms, &mut TwoKeys(index as u32 + 1, index % 2 == 1)).unwrap();
        files_commits.commit(time_ms, format!("x-{time_ms}").as_bytes()).unwrap();
        if index < 3 {
            print_commits.commit(time_ms, b"").unwrap();
        }
    }
    state.sync().unwrap();
    files_commits.sync().unwrap();
    print_commits.sync().unwrap();
    b.append(1, b"\"came after the last batch\"\n").unwrap();
    a.close(Closed::Stop).unwrap();
}

/// Reads what [`write`] wrote.
fn read(dir: &Path) {
    let layout = Layout::new(dir);
    let job = Job::read(&Disk, &layout).unwrap().unwrap();
    assert_eq!((job.start_ms, job.id.len()), (T - 1000, 32));
    let survey = Survey::take(&disk(), &layout, job, View::Visible).unwrap();
    let names: Vec<String> = survey.inputs().folders.into_iter().map(|folder| folder.name).collect();
    assert_eq!(names, ["stages/a+b.02-state", "commits/a+b.03-files", "commits/a+b.pinned"]);
    let decided = survey.resume().unwrap();
    assert_eq!(decided.resume_ms, T + 2000);
    assert_eq!(decided.held_back_by.as_deref(), Some("commits/a+b.pinned"));

    let (mut a, plan_a) = open(dir, "a", false);
    assert_eq!((plan_a.resume_ms, plan_a.last_ms, plan_a.after_ms), (T + 2000, T + 3000, T + 3000));
    // Segments are short in tests: the last batch is known from a base.
    assert_eq!((plan_a.position.base.as_slice(), plan_a.position.since.len()), (&b"{\"to\":3}"[..], 0));
    assert_eq!(a.next_again().unwrap(), Some((Times::one(T + 3000, 1000), b"{\"to\":3}".to_vec())));
    assert_eq!(a.next_again().unwrap(), None);

    let (mut b, plan_b) = open(dir, "b", true);
    let (_, recorded) = b.next_again().unwrap().unwrap();
    let mut blocks = Vec::new();
    for mut found in [b.read_again(&recorded).unwrap().unwrap(), b.leftover().unwrap().unwrap()] {
        while let Some((records, block)) = found.next_block().unwrap() {
            blocks.push((records, String::from_utf8(block.to_vec()).unwrap()));
        }
    }
    let expected = [(2, "\"first of 3\"\n\"second of 3\"\n"), (1, "\"came after the last batch\"\n")];
    assert_eq!(blocks, expected.map(|(records, block)| (records, block.to_owned())));

    let both = joined(&plan_a, &plan_b);
    let pipeline = json!([]);
    let options = |part: &'static str| StageOptions {
        part,
        is_pinned: true,
        arguments: part,
        pipeline: &pipeline,
        interval: Interval::Fixed(1000),
        new: false,
    };
    let enter = |part| Participant::enter(disk(), &both, &options(part), &mut |_| false).unwrap();
    let mut keys = BTreeMap::new();
    let stage = enter("02-state");
    stage
        .stage(&options("02-state"), 0, &mut |key, value| {
            match value {
                Some(value) => keys.insert(key.to_vec(), value.to_vec()),
                None => keys.remove(key),
            };
        })
        .unwrap();
    assert_eq!(keys, BTreeMap::from([(b"\"count\"".to_vec(), b"3".to_vec())]));
    let files = enter("03-files").sink(&options("03-files"), false).unwrap();
    let mut notes = Vec::new();
    files
        .notes(&mut |time_ms, note| {
            notes.push((time_ms, String::from_utf8(note.to_vec()).unwrap()));
            Ok(())
        })
        .unwrap();
    assert_eq!(notes.last().unwrap(), &(T + 3000, format!("x-{}", T + 3000)));
    assert!(files.is_committed(T + 3000) && !files.is_committed(T + 4000));
    assert!(!enter("pinned").sink(&options("pinned"), true).unwrap().is_committed(T + 3000));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

#[test]
fn what_is_written_is_read_on_the_real_file_system() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join("checkpoint");
    write(&dir);
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    read(&dir);
}

#[test]
fn the_first_format_is_read() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join("checkpoint");
    copy(&fixture(), &dir);
    read(&dir);
}

#[test]
fn a_checkpoint_removed_while_it_is_written_stops_the_source() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join("checkpoint");
    let (mut source, _) = open(&dir, "a", false);
    fs::remove_dir_all(&dir).unwrap();
    source.record(Times::one(T, 1000), b"", &mut |_| {}).unwrap();
    assert!(source.sync().is_err());
}

#[test]
#[ignore = "writes the fixture of the current format"]
fn write_fixture() {
    let _ = fs::remove_dir_all(fixture());
    fs::create_dir_all(fixture().parent().unwrap()).unwrap();
    write(&fixture());
    fs::remove_dir_all(fixture().join("locks")).unwrap();
}
