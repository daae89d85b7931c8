//! What must hold when all is over: every line in exactly one batch, and every file that
//! was committed as an undisturbed run would have written it.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use sstream::checkpoint::inspect::Inspected;
use sstream::checkpoint::log::{LogKind, Reader, View};
use sstream::checkpoint::storage::Disk;

use crate::input::Written;
use crate::pipeline::run;

/// The files of one sink by their times.
pub type Files = BTreeMap<u64, String>;

/// The files that are called PREFIX-TIME.
pub fn files(dir: &Path, prefix: &str) -> Files {
    let mut found = Files::new();
    for entry in fs::read_dir(dir).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(time) = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-')?.parse().ok()) {
            found.insert(time, fs::read_to_string(dir.join(name)).unwrap());
        }
    }
    found
}

/// Source and number of a line.
fn number(line: &str) -> (&str, u64) {
    let mut words = line.split(' ');
    (words.next().unwrap(), words.next().unwrap().parse().unwrap())
}

/// Every line of tail once and in order; every line of dir once; of tcp none twice, and all that are in
/// the WAL; each batch's tcp lines are those that its offsets name.
pub fn every_line_in_one_batch(dir: &Path, all: &Files, written: &[(&str, u64)]) {
    let mut came: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for line in all.values().flat_map(|content| content.lines()) {
        let (source, number) = number(line);
        came.entry(source).or_default().push(number);
    }
    for (source, count) in written.iter().filter(|(source, _)| *source != "tcp") {
        let mut came = came.get(source).cloned().unwrap_or_default();
        if *source == "dir" {
            // Files come in any order.
            came.sort_unstable();
        }
        let wrong = came.iter().zip(1..).find(|(came, expected)| **came != *expected);
        assert!(
            wrong.is_none() && came.len() as u64 == *count,
            "{source}: {count} lines were written, {} came, the first that is out of place: {wrong:?}",
            came.len()
        );
    }
    let tcp = came.get("tcp").cloned().unwrap_or_default();
    let distinct: HashSet<u64> = tcp.iter().copied().collect();
    assert_eq!(distinct.len(), tcp.len(), "a line of tcp came twice");
    assert!(tcp.is_sorted(), "lines of tcp are out of order");
    assert_eq!(wal(dir), tcp, "what reached the WAL is what came");
    let inspected = Inspected::open(Arc::new(Disk), &dir.join("ckpt")).unwrap();
    for time_ms in inspected.times() {
        let mut kept = String::new();
        for batch in inspected.batch(time_ms).unwrap().iter().filter(|batch| batch.name == "tcp") {
            inspected.records(batch, &mut |block| kept += std::str::from_utf8(block).unwrap()).unwrap();
        }
        let kept: Vec<String> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let committed = all.get(&time_ms).map_or("", String::as_str);
        let committed: Vec<&str> = committed.lines().filter(|line| line.starts_with("tcp ")).collect();
        assert_eq!(kept, committed, "batch {time_ms}");
    }
}

/// The numbers of all lines in the WAL of tcp.
fn wal(dir: &Path) -> Vec<u64> {
    let wal = dir.join("ckpt/sources/tcp/wal");
    let mut reader = Reader::open(Arc::new(Disk), &wal, LogKind::Wal, View::Visible).unwrap().unwrap();
    let mut numbers = Vec::new();
    while let Some(entry) = reader.next_entry().unwrap() {
        for line in std::str::from_utf8(&entry.payload[4..]).unwrap().lines() {
            let line: String = serde_json::from_str(line).unwrap();
            numbers.push(number(&line).1);
        }
    }
    numbers
}

/// The stream behind the union as an undisturbed run would have had it: batches of
/// lines, at the times of the offsets.
pub fn framed(all: &Files, (first_ms, last_ms): (u64, u64), interval_ms: u64) -> String {
    let mut stream = format!("{{\"sstream\":1,\"interval\":{interval_ms},\"stages\":[\"union\"]}}\n");
    for time_ms in (first_ms..=last_ms).step_by(interval_ms as usize) {
        let mut block = String::new();
        let mut records = 0;
        for line in all.get(&time_ms).into_iter().flat_map(|content| content.lines()) {
            writeln!(block, "{}", Value::from(line)).unwrap();
            records += 1;
        }
        if records > 0 {
            writeln!(stream, "{{\"batch\":{time_ms},\"records\":{records},\"bytes\":{}}}", block.len()).unwrap();
            stream += &block;
        }
        writeln!(stream, "{{\"end\":{time_ms},\"records\":{records}}}").unwrap();
    }
    stream + "{\"close\":\"stop\"}\n"
}

/// Both are the same, to the byte, up to `last_ms`.
#[track_caller]
pub fn same(what: &str, got: &Files, expected: &Files, last_ms: u64) {
    let times: HashSet<u64> =
        got.keys().chain(expected.keys()).copied().filter(|time_ms| *time_ms <= last_ms).collect();
    let mut times: Vec<u64> = times.into_iter().collect();
    times.sort_unstable();
    assert!(!times.is_empty(), "{what}: there are none");
    let wrong: Vec<u64> = times.iter().copied().filter(|time_ms| got.get(time_ms) != expected.get(time_ms)).collect();
    if let Some(first) = wrong.first() {
        panic!(
            "{what}: {} of {} files differ, first that of {first}:\ngot:\n{:?}\nexpected:\n{:?}",
            wrong.len(),
            times.len(),
            got.get(first),
            expected.get(first)
        );
    }
    let newer = got.keys().find(|time_ms| **time_ms > last_ms);
    assert!(newer.is_none(), "{what}: there is one newer than all batches: {newer:?}");
}

/// Lines counted as the pipeline counts them, by nobody's code but this: those with "keep"
/// by key over windows, and the sum of those counts over all windows so far.
pub fn model(all: &Files, (first_ms, last_ms): (u64, u64), interval_ms: u64, window: (u64, u64)) -> Files {
    let (length_ms, slide_ms) = window;
    let mut result = Files::new();
    let mut order: Vec<String> = Vec::new();
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for time_ms in (first_ms..=last_ms).step_by(interval_ms as usize).filter(|time_ms| time_ms % slide_ms == 0) {
        let from = (time_ms + 1).saturating_sub(length_ms);
        for line in all.range(from..=time_ms).flat_map(|(_, content)| content.lines()) {
            if line.contains("keep") {
                let key = line.split(' ').nth(2).unwrap().to_owned();
                if !sums.contains_key(&key) {
                    order.push(key.clone());
                }
                *sums.entry(key).or_default() += 1;
            }
        }
        let content: String = order.iter().map(|key| format!("[\"{key}\",{}]\n", sums[key])).collect();
        if !content.is_empty() {
            result.insert(time_ms, content);
        }
    }
    result
}

/// No file of the checkpoint is damaged.
#[track_caller]
pub fn verify(dir: &Path, checkpoint: &str) {
    let (status, found, said) = run(dir, &format!("sstream-checkpoint verify {checkpoint}"));
    assert!(status.success(), "{found}{said}");
}

/// How far the writers have come, by source.
pub fn counts(written: &Written) -> Vec<(&'static str, u64)> {
    use std::sync::atomic::Ordering::SeqCst;
    vec![("tail", written.tail.load(SeqCst)), ("dir", written.dir.load(SeqCst)), ("tcp", written.tcp.load(SeqCst))]
}
