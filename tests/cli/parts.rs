//! A stage in parts, each with its share of the keys and a process a batch, as on a cluster, gives what one process
//! gives of the whole stream.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::bash::{FOR_MINUTES, bash};
use sstream::frame::{Event, FrameReader};

const PARTS: usize = 2;

/// Records of a batch, sorted, by its time in ms.
type Batches = BTreeMap<u64, Vec<String>>;

/// Batches whose records come out of order, late ones and batches without any among them.
const INPUT: [&[&str]; 7] = [
    &[r#"{"k":"a","t":1000,"n":1}"#, r#"{"k":"b","t":3000,"n":2}"#, r#"{"k":"c","t":500,"n":3}"#],
    &[],
    &[r#"{"k":"b","t":3100,"n":4}"#, r#"{"k":"a","t":9000,"n":5}"#],
    &[r#"{"k":"a","t":1500,"n":6}"#, r#"{"k":"c","t":8000,"n":7}"#, r#"{"k":"c","t":2,"n":8}"#],
    &[],
    &[r#"{"k":"d","t":30000,"n":9}"#],
    &[r#"{"k":"a","t":31000,"n":10}"#, r#"{"k":"b","t":29000,"n":11}"#],
];

struct Whole {
    head: serde_json::Value,
    batches: Batches,
    watermark: Option<i64>,
}

/// Runs a command on a stream of its own.
fn run(folder: &Path, command: &str, stream: &[u8]) -> Whole {
    fs::write(folder.join("stream"), stream).unwrap();
    let output = bash(FOR_MINUTES, &format!("<stream {command}"), folder).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    let mut reader = FrameReader::new(&output.stdout[..]);
    let mut whole = Whole { head: serde_json::Value::Null, batches: Batches::new(), watermark: None };
    loop {
        match reader.next().unwrap() {
            Event::Head(head) => {
                whole.head = serde_json::json!({"time": head.time(), "watermark": head.has_watermark()})
            }
            Event::Block(block) => {
                let records = block.iter().map(|record| String::from_utf8(record.to_vec()).unwrap());
                whole.batches.entry(block.time.0).or_default().extend(records);
            }
            Event::End(end) => {
                whole.batches.entry(end.time.0).or_default();
                whole.watermark = end.watermark.map(|watermark| watermark.0);
            }
            Event::Close(_) => return whole,
        }
    }
}

/// A batch as a stream, with what is said of the whole.
fn stream(time: u64, records: &[String], said: &Whole, close: &str) -> Vec<u8> {
    let mut head = serde_json::json!({"sstream": 1, "interval": 1000, "stages": ["test"]});
    let mut end = serde_json::json!({"end": time, "records": records.len()});
    if said.head["watermark"] == true {
        head["watermark"] = true.into();
    }
    if let Some(watermark) = said.watermark {
        end["watermark"] = watermark.into();
    }
    let block: String = records.iter().map(|record| format!("{record}\n")).collect();
    let header = serde_json::json!({"batch": time, "records": records.len(), "bytes": block.len()});
    let header = if records.is_empty() { String::new() } else { format!("{header}\n{block}") };
    // Behind the end of the input there is no batch without records.
    let end = if close == "eof" && records.is_empty() { String::new() } else { format!("{end}\n") };
    format!("{head}\n{header}{end}{{\"close\":\"{close}\"}}\n").into_bytes()
}

fn in_parts(folder: &Path, stage: &str) -> Batches {
    let nothing = Whole { head: serde_json::Value::Null, batches: Batches::new(), watermark: None };
    let mut results = Batches::new();
    for (number, records) in (1..).zip(INPUT.iter().chain([&&[][..]])) {
        let (time, close) = (number * 1000, if number as usize > INPUT.len() { "eof" } else { "stop" });
        // Two who deal, with some of the batch each.
        let records: Vec<String> = records.iter().map(|record| (*record).to_owned()).collect();
        let (some, others) = records.split_at(records.len() / 2);
        let dealt =
            [some, others].map(|some| run(folder, &format!("{stage} --deal"), &stream(time, some, &nothing, "eof")));
        let [first, second] = dealt;
        let mut said = Whole { watermark: first.watermark.max(second.watermark), ..first };
        let dealt: Vec<String> =
            std::mem::take(&mut said.batches).into_values().chain(second.batches.into_values()).flatten().collect();
        for part in 0..PARTS {
            let is_here = |record: &&String| usize::from(record.as_bytes()[2]) % PARTS == part;
            let share: Vec<String> = dealt.iter().filter(is_here).cloned().collect();
            let command = format!("{stage} --dealt --carry state{part}");
            let got = run(folder, &command, &stream(time, &share, &said, close));
            results.entry(time).or_default().extend(got.batches.into_values().flatten());
        }
    }
    for part in 0..PARTS {
        fs::remove_file(folder.join(format!("state{part}"))).unwrap();
    }
    results
}

/// Batches that have records, which are sorted.
fn sorted(batches: Batches) -> Batches {
    let sort = |(time, mut records): (u64, Vec<String>)| {
        records.sort();
        (time, records)
    };
    batches.into_iter().filter(|(_, records)| !records.is_empty()).map(sort).collect()
}

#[test]
fn parts_that_carry_their_state_on_give_what_the_whole_gives() {
    let folder = tempfile::tempdir().unwrap();
    let lines: String = INPUT.iter().map(|records| format!("[{}]\n", records.join(","))).collect();
    fs::write(folder.path().join("in"), lines).unwrap();
    for stage in [
        "sstream-dedup --by .k --time .t --watermark 5s",
        "sstream-dedup --by .k --within 2s",
        "sstream-window 5s --by .k --of .n sum --time .t --watermark 1s",
        "sstream-window 4s 2s --by .k count --time .t --watermark 1s --idle 2s --emit changed",
        "sstream-window 5s --by .k 'top:1' --of .n --time .t --watermark 1s",
        "sstream-window --session 3s --by .k collect --time .t --watermark 2s",
        "sstream-window --session 2s --by .k count",
        "sstream-state --by .k --of .n sum --emit each",
        "sstream-state --by .k count --emit timeout --timeout 2s",
        "sstream-state --by .k count --emit changed --timeout 4s --time .t --watermark 1s",
        "sstream-state --by .k --of .n --expr '($state // 0) + ($values | add)'",
        "sstream-match 'x y' --by .k --within 10s --time .t --watermark 2s --define 'x=.n<5' --define 'y=.n>4'",
        "sstream-alert --when '.n > 4' --for 1s --by .k",
        "sstream-alert --absent 2s --by .k --forget 4s",
    ] {
        let whole = run(folder.path(), &format!("sstream-source queue --batch 1s in | {stage}"), b"").batches;
        let (whole, parts) = (sorted(whole), sorted(in_parts(folder.path(), stage)));
        assert!(!whole.is_empty(), "{stage}: nothing to compare");
        assert_eq!(parts, whole, "{stage}");
    }
}
