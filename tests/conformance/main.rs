//! What Spark 3.5.8 answered, case by case, through the built tools: its DStreams in `cases/`, its
//! Structured Streaming in `events/`, its streaming MLlib in `learn/`; and in `match/` what Flink 2.3 answered.
//!
//! A case is a JSON file: `input` (or `inputs.left` and
//! `inputs.right`) holds the batches, `pipeline` is the bash pipeline to run, in
//! which `$IN`, `$LEFT`, `$RIGHT`, `$INITIAL` and `$STATIC` are files made from
//! the case. `expected` holds what Spark gave at each batch, null where it gave
//! no batch at all; unless `ordered`, the order within a batch is free. The last
//! tool writes frames, which two readers take strictly: ours, and one that was
//! written for this test alone. Print cases have `expected_stdout`, to the byte. Cases of event time
//! have `steps` in the place of `input`, a batch each, of which null says that Spark ran nothing in it;
//! with `whole` the records of all batches are compared together, those of the close among them. With
//! `tolerance` numbers may differ by such a share of their size, and the order counts. Where
//! a case is a `deviation`, `expected` is what the tools give on purpose, and why.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

mod independent;
mod values;

use sstream_testkit::bash;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bash::{FOR_MINUTES, bash};
use serde_json::Value;
use sstream::frame::{Event, FrameReader};

/// A stream's batches by their time in ms.
type Batches = BTreeMap<u64, Vec<Value>>;

struct Case {
    name: String,
    content: Value,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

fn cases(of: &str) -> Vec<Case> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder().join(of)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let parse = |path: &PathBuf| {
        let content: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        Case { name: content["name"].as_str().unwrap().to_owned(), content }
    };
    paths.iter().map(parse).collect()
}

#[test]
fn the_answers_of_spark() {
    run_all("cases", 96);
}

#[test]
fn the_answers_of_structured_streaming() {
    run_all("events", 118);
}

#[test]
fn the_answers_of_flink() {
    run_all("match", 89);
}

#[test]
fn the_answers_of_streaming_mllib() {
    run_all("learn", 40);
}

/// Runs the cases of a folder, of which there are so many.
fn run_all(of: &str, count: usize) {
    let cases = cases(of);
    assert_eq!(cases.len(), count);
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(BTreeMap::new());
    // A case waits for its processes most of the time.
    let threads = 2 * std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(reason) = run(case) {
                        wrong.lock().unwrap().insert(case.name.clone(), reason);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    let text: String = cases
        .iter()
        .filter_map(|case| wrong.get(&case.name).map(|reason| (case, reason)))
        .map(|(Case { name, content }, reason)| {
            format!("{name}\n  {}\n  {}\n  {reason}\n", content["spark_call"], content["pipeline"])
        })
        .collect();
    assert!(text.is_empty(), "{} of {} passed\n{text}", cases.len() - wrong.len(), cases.len());
}

/// Runs a case and compares; the error is what differs.
fn run(case: &Case) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let content = &case.content;
    let mut command = bash(FOR_MINUTES, content["pipeline"].as_str().unwrap(), folder.path());
    for (name, batches) in [
        ("IN", &content["input"]),
        ("LEFT", &content["inputs"]["left"]),
        ("RIGHT", &content["inputs"]["right"]),
        ("IN", &content["steps"]),
        ("LEFT", &content["steps_left"]),
        ("RIGHT", &content["steps_right"]),
        ("INITIAL", &content["initial"]),
        ("STATIC", &content["static"]),
    ] {
        if let Some(batches) = batches.as_array() {
            let lines: String = batches.iter().map(|batch| format!("{batch}\n")).collect();
            fs::write(folder.path().join(name), lines).unwrap();
            command.env(name, folder.path().join(name));
        }
    }
    command.env("OUT", folder.path());
    let output = command.output().unwrap();
    if !output.status.success() {
        return Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()));
    }
    if let Some(expected) = content["expected_stdout"].as_array() {
        let expected: String = expected.iter().map(|text| text.as_str().unwrap()).collect();
        let printed = String::from_utf8_lossy(&output.stdout);
        return if printed.starts_with(&expected) {
            Ok(())
        } else {
            Err(format!("printed {printed:?}\n  Spark   {expected:?}"))
        };
    }
    let got = independent::decode(&output.stdout).map_err(|reason| format!("stream format: {reason}"))?;
    assert_eq!(decode(&output.stdout)?, got, "{}: two readers of one stream differ", case.name);
    compare(content, &got)
}

/// Our own reader.
fn decode(stream: &[u8]) -> Result<Batches, String> {
    let mut reader = FrameReader::new(stream);
    let mut batches = Batches::new();
    loop {
        match reader.next().map_err(|error| error.to_string())? {
            Event::Head(_) => {}
            Event::Block(block) => {
                let records = block.iter().map(|record| serde_json::from_slice(record).unwrap());
                batches.entry(block.time.0).or_default().extend(records);
            }
            Event::End(end) => {
                batches.entry(end.time.0).or_default();
            }
            Event::Close(_) => return Ok(batches),
        }
    }
}

/// Batches after the last one of the input (what a window still held at the
/// close) are not compared: Spark's streams do not end.
fn compare(case: &Value, got: &Batches) -> Result<(), String> {
    if case["whole"] == true {
        return compare_whole(case["expected"].as_array().unwrap(), got);
    }
    let interval_ms = case["batch_interval_ms"].as_u64().unwrap_or(1000);
    let expected = case["expected"].as_array().unwrap();
    if let Some(tolerance) = case["tolerance"].as_f64() {
        for (time, want) in (1..).map(|number| number * interval_ms).zip(expected) {
            let got = got.get(&time).cloned().map(Value::from);
            if got.as_ref().is_none_or(|got| !values::is_near(want, got, tolerance)) {
                return Err(format!("at {time} ms: Spark {want}, here {got:?}"));
            }
        }
        return Ok(());
    }
    let ordered = case["ordered"].as_bool().unwrap_or(false);
    let comparable = |batch: &[Value]| {
        let mut records: Vec<String> = batch.iter().map(values::comparable).collect();
        if !ordered {
            records.sort();
        }
        records
    };
    let show = |batch: &[Value]| Value::from(batch.to_vec()).to_string();
    for (time, want) in (1..).map(|number| number * interval_ms).zip(expected) {
        match (want.as_array(), got.get(&time)) {
            (None, None) => {}
            // Of event time: Spark ran nothing for a step without records.
            (None, Some(_)) if case["input"].is_null() && case["inputs"].is_null() => {}
            (Some(want), None) => return Err(format!("no batch at {time} ms; Spark gave {}", show(want))),
            (None, Some(got)) => return Err(format!("a batch at {time} ms where Spark gave none: {}", show(got))),
            (Some(want), Some(got)) if comparable(want) != comparable(got) => {
                return Err(format!("at {time} ms: Spark {}, here {}", show(want), show(got)));
            }
            _ => {}
        }
    }
    let horizon = expected.len() as u64 * interval_ms;
    match got.keys().find(|time| **time <= horizon && *time % interval_ms != 0) {
        Some(time) => Err(format!("a batch at {time} ms, between those of Spark")),
        None => Ok(()),
    }
}

/// All records, whatever their batches.
fn compare_whole(want: &[Value], got: &Batches) -> Result<(), String> {
    let comparable = |records: &mut dyn Iterator<Item = &Value>| {
        let mut records: Vec<String> = records.map(values::comparable).collect();
        records.sort();
        records
    };
    let (want, got) = (comparable(&mut want.iter()), comparable(&mut got.values().flatten()));
    if want == got { Ok(()) } else { Err(format!("expected {want:?}\n  here     {got:?}")) }
}
