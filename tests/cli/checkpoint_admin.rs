//! `sstream-checkpoint`: on a checkpoint as the library writes it, with the states
//! that sstream-state has.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use sstream::agg::{Aggregation, Aggregator};
use sstream::checkpoint::job::Retain;
use sstream::checkpoint::participant::{Participant, StageOptions, Stream};
use sstream::checkpoint::source::{SourceCheckpoint, SourceOptions};
use sstream::checkpoint::storage::{Disk, Storage};
use sstream::frame::{BatchTime, Block, Watermark};
use sstream::op::durable::Durable as _;
use sstream::op::grouping::{By, Grouping};
use sstream::op::state::{Emit, State, Update};
use sstream::op::{Downstream, OpError, Operator as _, Out};

use super::support::Folder;

/// What a state gives is of no interest here.
struct Nobody;

impl Downstream for Nobody {
    fn block(&mut self, _: Block<'_>) {}
    fn end(&mut self, _: BatchTime, _: u64, _: Option<Watermark>) {}
    fn bad_record(&mut self, _: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        Err(OpError::bad_record(record, reason))
    }
}

const T: u64 = 1_469_283_110_000;

/// What came, batch by batch.
const BATCHES: [&str; 4] = ["[\"b\",1]\n[\"a\",2]\n", "[\"b\",0.1]\n", "", "[1.0,5]\n[\"a\",-2]\n"];

/// Who has the checkpoint open.
struct Running {
    _source: SourceCheckpoint,
    _stages: Vec<Participant>,
}

/// A source with a WAL, a state, a sink; the sink lacks the last of four batches.
fn make(dir: &Path) -> Running {
    let storage: Arc<dyn Storage> = Arc::new(Disk);
    let options = SourceOptions {
        dir,
        name: "tcp",
        arguments: "source tcp localhost:9999",
        places: None,
        interval: 1000.into(),
        start_ms: T - 1000,
        retain: Retain::default(),
        wal: true,
    };
    let (mut source, plan) = SourceCheckpoint::open(storage.clone(), &options, &mut |_| false).unwrap();
    let stream = Stream::of_head(&plan.head()).unwrap();
    let pipeline = json!(["source tcp localhost:9999", "state sum --emit changed", "sink files out/part"]);
    let of = |part, arguments| StageOptions {
        part,
        is_pinned: true,
        arguments,
        pipeline: &pipeline,
        interval: 1000.into(),
        new: false,
    };
    let (state_of, sink_of) = (of("01-state", "state sum --emit changed"), of("02-sink", "sink files out/part"));
    let enter = |of| Participant::enter(storage.clone(), &stream, of, &mut |_| false).unwrap();
    let stages = vec![enter(&state_of), enter(&sink_of)];
    let mut log = stages[0].stage(&state_of, 0, &mut |_, _| {}).unwrap();
    let mut commits = stages[1].sink(&sink_of, true).unwrap();
    let update = Update::Aggregation(Aggregator::new(Aggregation::Sum));
    let mut state = State::new(Grouping::new(By::Pair, None), update, Emit::Changed, None);
    state.track(false);
    for (index, records) in BATCHES.iter().enumerate() {
        let time_ms = T + index as u64 * 1000;
        let count = records.lines().count() as u64;
        let mut nobody = Nobody;
        let mut out = Out::new(&mut nobody);
        out.set_time(BatchTime(time_ms));
        if count > 0 {
            source.append(count as u32, records.as_bytes()).unwrap();
            let block = Block { time: BatchTime(time_ms), records: count, bytes: records.as_bytes() };
            state.block(block, &mut out).unwrap();
        }
        state.end(BatchTime(time_ms), &mut out).unwrap();
        source.record_wal(time_ms).unwrap();
        source.sync().unwrap();
        log.save(time_ms, &mut state).unwrap();
        if index < 3 {
            commits.commit(time_ms, format!("out/part-{time_ms}").as_bytes()).unwrap();
        }
    }
    log.sync().unwrap();
    commits.sync().unwrap();
    Running { _source: source, _stages: stages }
}

/// A folder with a checkpoint `c` that nobody has open.
fn folder() -> Folder {
    let folder = Folder::new();
    drop(make(&folder.path("c")));
    folder
}

fn json(folder: &Folder, line: &str) -> Value {
    serde_json::from_str(&folder.run(line).exits(0).says_nothing().stdout).unwrap()
}

#[test]
fn ls_says_what_is_there_and_what_holds_a_restart_back() {
    let folder = Folder::new();
    let running = make(&folder.path("c"));
    let ran = folder.run("sstream-checkpoint ls c").exits(0).says_nothing();
    for part in [
        "pipeline    source tcp localhost:9999 | state sum --emit changed | sink files out/part\n",
        "resume      after 1469283112000 (2016-07-23 14:11:52Z)\n",
        "a restart sends 1 batch of tcp again\n",
        "held back by commits/tcp.02-sink\n",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{ran}");
    }
    let pid = std::process::id();
    let held = format!("process {pid}");
    assert_eq!(ran.stdout.matches(&held).count(), 3, "{ran}");
    let listed = json(&folder, "sstream-checkpoint ls c --json");
    assert_eq!(
        (&listed["resume"], &listed["held_back_by"], &listed["again"]),
        (&json!(T + 2000), &json!("commits/tcp.02-sink"), &json!({"tcp": 1}))
    );
    assert_eq!(listed["stages"][0]["held"]["pid"], json!(pid));
    assert_eq!(listed["sinks"][0]["covers"], json!([[T - 1000, T + 3000]]));
    assert!(listed["sources"][0]["bytes"].as_u64().unwrap() > 100);
    drop(running);
    let listed = json(&folder, "sstream-checkpoint ls c --json");
    assert_eq!(listed["stages"][0]["held"], Value::Null);
}

#[test]
fn show_says_where_a_batch_came_from_and_who_has_it() {
    let folder = folder();
    let ran = folder.run("sstream-checkpoint show c -2").exits(0).says_nothing();
    assert!(ran.stdout.contains("sources/tcp: empty\n"), "{ran}");
    assert!(ran.stdout.contains("commits/tcp.02-sink: committed: out/part-1469283112000\n"), "{ran}");
    for time in ["", "-1", "1469283113000", "2016-07-23T14:11:53Z", "'2016-07-23 14:11:53'"] {
        let ran = folder.run(&format!("sstream-checkpoint show c {time} --records")).exits(0).says_nothing();
        for part in [
            "batch 1469283113000 (2016-07-23 14:11:53Z)\n",
            "sources/tcp: 2 records, 17 B, in wal/ from segment 1 byte 122 to segment 1 byte 167\n[1.0,5]\n[\"a\",-2]\n",
            "stages/tcp.01-state: the state after it can be restored\n",
            "commits/tcp.02-sink: not committed\n",
        ] {
            assert!(ran.stdout.contains(part), "{part}\n{ran}");
        }
    }
    let shown = json(&folder, "sstream-checkpoint show c 1469283110000 --records --json");
    assert_eq!(shown["sources"]["tcp"]["content"], json!([["b", 1], ["a", 2]]));
    assert_eq!(shown["folders"]["commits/tcp.02-sink"], json!({"committed": "out/part-1469283110000"}));
    folder.run("sstream-checkpoint show c 7").exits(2).says("no batch 7 (1970-01-01 00:00:00.007Z): the oldest is");
    folder.run("sstream-checkpoint show c -9").exits(2).says("-9: ");
    folder.run("sstream-checkpoint show c today").exits(2).says("'today': give a batch's time in milliseconds");
}

#[test]
fn a_state_reads_as_its_tool_gives_it_and_two_are_compared() {
    let folder = folder();
    folder
        .run("sstream-checkpoint state c tcp.01-state")
        .exits(0)
        .says_nothing()
        .prints("[\"b\",1.1]\n[\"a\",0]\n[1.0,5]\n");
    folder.run("sstream-checkpoint state c tcp.01-state 1469283110000").exits(0).prints("[\"b\",1]\n[\"a\",2]\n");
    folder.run("sstream-checkpoint state c tcp.01-state 1469283109000").exits(0).prints("");
    folder
        .run("sstream-checkpoint diff c tcp.01-state 1469283110000 -1")
        .exits(0)
        .says_nothing()
        .prints("~ \"b\"\t1 -> 1.1\n~ \"a\"\t2 -> 0\n+ 1.0\t5\n");
    let back = folder.run("sstream-checkpoint diff c -1 -4 --json").exits(0).stdout;
    assert_eq!(
        back,
        "{\"change\":\"gone\",\"key\":1.0,\"was\":5}\n{\"change\":\"changed\",\"key\":\"b\",\"was\":1.1,\"is\":1}\n\
         {\"change\":\"changed\",\"key\":\"a\",\"was\":0,\"is\":2}\n"
    );
    folder.run("sstream-checkpoint state c tcp.09-state").exits(2).says("has no such stage: it has tcp.01-state");
    let ran = folder.run("sstream-checkpoint state c tcp.01-state 5").exits(2);
    assert!(ran.stderr.contains("from 1469283109000 to 1469283113999"), "{ran}");
}

#[test]
fn verify_tells_a_torn_end_from_damage() {
    let folder = folder();
    let ran = folder.run("sstream-checkpoint verify c").exits(0).says_nothing();
    assert!(ran.stdout.contains("ok       all fits together: resumes after 1469283112000"), "{ran}");
    assert_eq!(ran.stdout.lines().count(), 9, "{ran}");

    let log = folder.path("c/stages/tcp.01-state/00000001.log");
    let whole = fs::read(&log).unwrap();
    fs::write(&log, [&whole[..], b"torn"].concat()).unwrap();
    let ran = folder.run("sstream-checkpoint verify c").exits(0).says_nothing();
    assert!(ran.stdout.contains("torn     stages/tcp.01-state/00000001.log"), "{ran}");
    assert!(ran.stdout.contains("then 4 bytes that a crash left"), "{ran}");
    fs::write(&log, &whole).unwrap();

    // Any byte of any file; a flip in what was not synced is a torn end, and says so.
    for name in [
        "job.json",
        "sources/tcp/source.json",
        "sources/tcp/offsets/00000001.log",
        "sources/tcp/wal/00000001.log",
        "stages/tcp.01-state/stage.json",
        "stages/tcp.01-state/00000001.log",
        "commits/tcp.02-sink/sink.json",
        "commits/tcp.02-sink/00000001.log",
    ] {
        let path = folder.path(&format!("c/{name}"));
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[60] ^= 1;
        fs::write(&path, &flipped).unwrap();
        let ran = folder.run("sstream-checkpoint verify c");
        assert!(
            ran.stdout.contains(&format!("DAMAGED  {name}")) || ran.stdout.contains(&format!("torn     {name}")),
            "{name}\n{ran}"
        );
        if ran.stdout.contains("DAMAGED") {
            // That not all fits together then is no damage more.
            assert!(!ran.stdout.contains("DAMAGED  .: "), "{ran}");
            ran.exits(5).says("damaged: see above");
        }
        fs::write(&path, &whole).unwrap();
    }
    let log = folder.path("c/sources/tcp/wal/00000001.log");
    let whole = fs::read(&log).unwrap();
    fs::write(&log, &whole[..100]).unwrap();
    let ran = folder.run("sstream-checkpoint verify c").exits(5);
    assert!(ran.stdout.contains("DAMAGED  sources/tcp/wal: "), "{ran}");
}

#[test]
fn reset_is_tried_first_and_refused_while_something_runs() {
    let folder = Folder::new();
    let running = make(&folder.path("c"));
    let before = folder.run("sstream-checkpoint ls c --json").stdout;
    let ran =
        folder.run("sstream-checkpoint reset c --to 1469283110000").exits(0).says("nothing was done: --yes does it");
    for part in [
        "all would begin again after 1469283110000 (2016-07-23 14:11:50Z)\n",
        "sources/tcp: sends 3 batches again, as recorded\n",
        "stages/tcp.01-state: its state goes back, from 1469283113000 (2016-07-23 14:11:53Z)\n",
        "commits/tcp.02-sink: 2 batches committed, from 1469283111000 ",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{ran}");
    }
    let held = format!("is held by process {}: the pipeline runs: stop it, then try again", std::process::id());
    folder.run("sstream-checkpoint reset c --to -4 --yes").exits(1).says(&held);
    folder.run("sstream-checkpoint forget c tcp.02-sink --yes").exits(1).says(&held);
    assert_eq!(folder.run("sstream-checkpoint ls c --json").stdout, before, "nothing has changed");
    drop(running);
    let ran = folder.run("sstream-checkpoint reset c --to 5 --yes").exits(2);
    assert!(ran.stderr.contains("not everything can begin again at 5"), "{ran}");
    folder.run("sstream-checkpoint reset c --to -4 --yes").exits(0).says_nothing();
    folder.run("sstream-checkpoint verify c").exits(0);
    folder.run("sstream-checkpoint state c tcp.01-state").exits(0).prints("[\"b\",1]\n[\"a\",2]\n");
    let listed = json(&folder, "sstream-checkpoint ls c --json");
    assert_eq!((&listed["resume"], &listed["resets"], &listed["again"]["tcp"]), (&json!(T), &json!(1), &json!(3)));
}

#[test]
fn a_stage_is_forgotten_when_it_is_meant() {
    let folder = folder();
    folder.run("sstream-checkpoint forget c tcp.02-sink").exits(0).says("nothing was done");
    assert!(folder.path("c/commits/tcp.02-sink").exists());
    folder.run("sstream-checkpoint forget c tcp.03-sink --yes").exits(2).says("it has tcp.01-state, tcp.02-sink");
    folder
        .run("sstream-checkpoint forget c tcp.02-sink --yes")
        .exits(0)
        .says_nothing()
        .prints("tcp.02-sink is forgotten: all resume after 1469283113000 (2016-07-23 14:11:53Z)\n");
    assert!(!folder.path("c/commits/tcp.02-sink").exists());
}

/// With everything real: states are read, and after a reset the same files are written again.
#[test]
fn a_pipeline_begins_again_where_it_is_told() {
    let folder = Folder::new();
    folder.file("q", (1..=10).map(|number| format!("[{number}]\n")).collect::<String>());
    let line = "sstream-source queue q --checkpoint c --name q | sstream-map '[\"k\",.]' \
                | sstream-window 2s 1s --by-key sum | sstream-state sum | sstream-sink files out/s";
    folder.run(&format!("mkdir out; {line} && cp -r out before")).exits(0).says_nothing();
    folder.run("sstream-checkpoint verify c").exits(0).says_nothing();
    // A window keeps what the next ones need.
    folder.run("sstream-checkpoint state c q.02-window 5000").exits(0).says_nothing().prints("[[5000,\"k\"],5]\n");
    folder.run("sstream-checkpoint state c q.03-state 3000").exits(0).prints("[\"k\",9]\n");
    folder.run("sstream-checkpoint diff c q.03-state 3000 4000").exits(0).prints("~ \"k\"\t9 -> 16\n");
    folder.run("sstream-checkpoint diff c 3000 4000").exits(2).says("which stage? one of q.02-window, q.03-state");
    let shown = json(&folder, "sstream-checkpoint show c 5000 --json");
    assert_eq!(shown["folders"]["stages/q.02-window"], json!("state"), "{shown}");
    folder.run("sstream-checkpoint reset c --to 5000 --yes").exits(0).says_nothing();
    folder.run("sstream-checkpoint state c q.03-state").exits(0).prints("[\"k\",25]\n");
    assert_eq!(json(&folder, "sstream-checkpoint ls c --json")["again"]["q"], json!(5));
    folder.run("rm out/s-6000 out/s-9000 && echo changed > out/s-7000 && touch out/s-5000").exits(0);
    folder.run(line).exits(0);
    folder.run("diff -r out before").exits(0).says_nothing().prints("");
    folder.run("sstream-checkpoint verify c").exits(0).says_nothing();
}

/// A window that is given at the end of the input has a time that no source has.
#[test]
fn after_the_end_the_next_start_goes_on() {
    let folder = Folder::new();
    folder.file("q", "[1]\n[2]\n[3]\n");
    let line = "sstream-source queue q --checkpoint c --name q | sstream-map '[\"k\",.]' \
                | sstream-window 2s 2s --by-key sum | sstream-state sum | sstream-sink files out/s";
    folder.run(&format!("mkdir out; {line}")).exits(0).says_nothing();
    assert_eq!(folder.read("out/s-4000"), "[\"k\",6]\n");
    let listed = json(&folder, "sstream-checkpoint ls c --json");
    assert_eq!((&listed["resume"], &listed["finish"]), (&json!(4000), &json!(false)));
    folder.run("printf '[4]\\n[5]\\n' >> q").exits(0);
    folder.run(line).exits(0);
    assert_eq!(folder.read("out/s-6000"), "[\"k\",15]\n");
}

#[test]
fn a_batch_of_files_says_which_bytes_it_was_made_of() {
    let folder = Folder::new();
    folder.file("log", "one\ntwo\n");
    folder.run("sstream-source tail log --available-now --batch 1d --checkpoint c | sstream-sink files out").exits(0);
    let ran = folder.run("sstream-checkpoint show c").exits(0).says_nothing();
    assert!(ran.stdout.contains("log from byte 0 to 8\n"), "{ran}");
    let shown = json(&folder, "sstream-checkpoint show c --json");
    assert_eq!(
        (&shown["sources"]["tail"]["files"][0]["from"], &shown["sources"]["tail"]["files"][0]["to"]),
        (&json!(0), &json!(8))
    );
}

/// Looking needs no permission to write, and changes nothing.
#[test]
fn a_checkpoint_is_read_where_it_cannot_be_written() {
    let folder = folder();
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/checkpoint-v1");
    folder.run("find c -type f | sort | xargs sha256sum > before; chmod -R a-w c");
    for line in ["ls c", "show c --records", "state c tcp.01-state", "diff c -1 -2", "verify c", "reset c --to -3"] {
        folder.run(&format!("sstream-checkpoint {line}")).exits(0);
    }
    folder.run("find c -type f | sort | xargs sha256sum | cmp - before; chmod -R u+w c").exits(0).says_nothing();
    folder.run(&format!("sstream-checkpoint verify {fixture}")).exits(0).says_nothing();
    folder.run(&format!("sstream-checkpoint state {fixture} a+b.02-state")).exits(2).says("cannot show its state");
}

#[test]
fn what_is_no_checkpoint_is_told() {
    let folder = Folder::new();
    for line in ["ls .", "show .", "verify .", "state . x", "diff . -1 -2", "reset . --to 5", "forget . x"] {
        folder.run(&format!("sstream-checkpoint {line}")).exits(2).says("no checkpoint is there: name the directory");
    }
    folder.run("sstream-checkpoint ls /nowhere").exits(2).says("/nowhere: no checkpoint is there");
}
