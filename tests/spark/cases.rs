//! The cases of `tests/conformance`, as lines on a cluster.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sstream_testkit::bash::tools;

use super::cluster::Cluster;
use super::{end, values};

/// The folders, and how many cases there are in each.
const FOLDERS: [(&str, usize); 4] = [("cases", 96), ("events", 118), ("match", 89), ("learn", 40)];

struct Case {
    name: String,
    content: Value,
    plan: PathBuf,
}

/// A batch's records by the batch's time in ms.
type Batches = BTreeMap<u64, Vec<Value>>;

/// All cases whose batches have one interval are one application.
pub fn all_give_the_same(cluster: &Cluster) {
    let folder = tempfile::tempdir().unwrap();
    let mut cases: BTreeMap<u64, Vec<Case>> = BTreeMap::new();
    for (of, count) in FOLDERS {
        let paths = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance").join(of)).unwrap();
        let mut paths: Vec<PathBuf> = paths.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        assert_eq!(paths.len(), count, "{of}");
        for path in paths {
            let content: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            let name = format!("{of}-{}", content["name"].as_str().unwrap());
            let place = folder.path().join(&name);
            let line = line(&content, &place);
            let output = Command::new(tools().join("sstream-submit")).arg("--plan").arg(&line).output().unwrap();
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            let plan = place.join("plan.json");
            fs::write(&plan, &output.stdout).unwrap();
            let interval_ms = content["batch_interval_ms"].as_u64().unwrap_or(1000);
            cases.entry(interval_ms).or_default().push(Case { name, content, plan });
        }
    }
    let mut wrong = String::new();
    for (interval_ms, cases) in &cases {
        let plans: Vec<PathBuf> = cases.iter().map(|case| case.plan.clone()).collect();
        let output = cluster.driver(&plans).output().unwrap();
        assert!(output.status.success(), "{}\n{}", output.status, end(&output.stderr));
        for case in cases {
            if let Err(reason) = compare(case, *interval_ms) {
                wrong.push_str(&format!("{}\n  {}\n  {reason}\n", case.name, case.content["pipeline"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The line of a case with files in `place`, where what it gives is written too.
fn line(content: &Value, place: &Path) -> String {
    fs::create_dir(place).unwrap();
    // A file of late records is one machine's; what comes out is the same.
    let mut line = content["pipeline"].as_str().unwrap().replace("--late $OUT/late", "--late drop");
    for (name, batches) in [
        ("IN", &content["input"]),
        ("LEFT", &content["inputs"]["left"]),
        ("RIGHT", &content["inputs"]["right"]),
        ("IN", &content["steps"]),
        ("LEFT", &content["steps_left"]),
        ("RIGHT", &content["steps_right"]),
        ("INITIAL", &content["initial"]),
    ] {
        if let Some(batches) = batches.as_array() {
            let lines: String = batches.iter().map(|batch| format!("{batch}\n")).collect();
            fs::write(place.join(name), lines).unwrap();
            line = line.replace(&format!("${name}"), &place.join(name).display().to_string());
        }
    }
    match content["expected_stdout"].is_null() {
        true => format!("{line} | sstream-sink files --json --empty {}", place.join("out").display()),
        false => line,
    }
}

/// Batches after the last one of the input are not compared, as in a shell, unless it is the whole that counts.
fn compare(case: &Case, interval_ms: u64) -> Result<(), String> {
    if let Some(expected) = case.content["expected_stdout"].as_array() {
        let expected: String = expected.iter().map(|text| text.as_str().unwrap()).collect();
        let printed = fs::read_to_string(case.plan.with_extension("json.out")).unwrap();
        return match printed.starts_with(&expected) {
            true => Ok(()),
            false => Err(format!("printed {printed:?}\n  Spark   {expected:?}")),
        };
    }
    let is_ordered = case.content["ordered"].as_bool().unwrap_or(false);
    let comparable = |records: &mut dyn Iterator<Item = &Value>| {
        let mut records: Vec<String> = records.map(values::comparable).collect();
        if !is_ordered {
            records.sort();
        }
        records
    };
    let got = written(case.plan.parent().unwrap());
    let expected = case.content["expected"].as_array().unwrap();
    if case.content["whole"] == true {
        let (want, got) = (comparable(&mut expected.iter()), comparable(&mut got.values().flatten()));
        return if want == got { Ok(()) } else { Err(format!("expected {want:?}\n  here     {got:?}")) };
    }
    // Of event time: Spark ran nothing for a step without records.
    let is_of_events = case.content["input"].is_null() && case.content["inputs"].is_null();
    for (time, want) in (1..).map(|number| number * interval_ms).zip(expected) {
        let got = got.get(&time);
        let is_equal = match (want.as_array(), got) {
            (None, got) => got.is_none() || is_of_events,
            (Some(_), None) => false,
            (Some(want), Some(got)) => match case.content["tolerance"].as_f64() {
                Some(tolerance) => values::is_near(&want.clone().into(), &got.clone().into(), tolerance),
                None => comparable(&mut want.iter()) == comparable(&mut got.iter()),
            },
        };
        if !is_equal {
            return Err(format!("at {time} ms: Spark {want}, here {got:?}"));
        }
    }
    Ok(())
}

/// What is in the files of a case.
fn written(place: &Path) -> Batches {
    let mut batches = Batches::new();
    for entry in fs::read_dir(place).unwrap() {
        let path = entry.unwrap().path();
        let Some(time) = path.file_name().and_then(|name| name.to_str()?.strip_prefix("out-")) else { continue };
        let lines = fs::read_to_string(&path).unwrap();
        let records = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        batches.insert(time.parse().unwrap(), records);
    }
    batches
}
