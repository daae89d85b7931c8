//! Lines on a real Spark cluster: what Spark 3.5.8 answered, case by case, through `sstream-submit` and
//! its driver; and a line as a user submits it. Maven fetches the Spark that is started here. Without
//! Java or Maven the tests say that they are skipped, unless SPARK_TESTS is `required`.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

mod broker;
mod cluster;
mod kills;
#[path = "../conformance/values.rs"]
#[allow(dead_code)] // numbers that are near each other are of other cases
mod values;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use cluster::Cluster;
use serde_json::Value;
use sstream_testkit::bash::tools;
use sstream_testkit::needs::has_all;
use sstream_testkit::wait_until;

/// Cases whose line a cluster does not run yet.
const NOT_YET: &[&str] = &[
    "mapwithstate_initial",
    "mapwithstate_initial_snapshots",
    "mapwithstate_running_sum_pw3",
    "updatestatebykey_initial_pw",
];

#[test]
fn lines_on_a_cluster_give_the_same() {
    if !has_all("SPARK_TESTS", &["java", "mvn"]) {
        return;
    }
    let cluster = Cluster::start();
    the_answers_of_spark(&cluster);
    a_line_as_users_submit_it(&cluster);
    a_bad_record_is_told_by_message_and_exit_code(&cluster);
    files_that_come_into_a_directory(&cluster);
    kills::nothing_is_lost_and_nothing_comes_twice(&cluster);
}

struct Case {
    name: String,
    content: Value,
    plan: PathBuf,
}

/// All cases whose batches have one interval are one application.
fn the_answers_of_spark(cluster: &Cluster) {
    let folder = tempfile::tempdir().unwrap();
    let mut cases: BTreeMap<u64, Vec<Case>> = BTreeMap::new();
    let mut refused = Vec::new();
    let mut paths: Vec<PathBuf> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let content: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let name = content["name"].as_str().unwrap().to_owned();
        let (line, place) = (line(&content, &folder.path().join(&name)), folder.path().join(&name));
        let output = Command::new(tools().join("sstream-submit")).arg("--plan").arg(&line).output().unwrap();
        if !output.status.success() {
            let message = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.code() == Some(2) && message.contains("not on a cluster yet"), "{name}: {message}");
            refused.push(name);
            continue;
        }
        let plan = place.join("plan.json");
        fs::write(&plan, &output.stdout).unwrap();
        let interval_ms = content["batch_interval_ms"].as_u64().unwrap_or(1000);
        cases.entry(interval_ms).or_default().push(Case { name, content, plan });
    }
    assert_eq!(refused, NOT_YET);
    let count: usize = cases.values().map(Vec::len).sum();
    assert_eq!(count + refused.len(), 96);
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
    assert!(wrong.is_empty(), "of {count} cases:\n{wrong}");
}

/// The line of a case with files in `place`, where what it gives is written too.
fn line(content: &Value, place: &Path) -> String {
    fs::create_dir(place).unwrap();
    let mut line = content["pipeline"].as_str().unwrap().to_owned();
    for (name, batches) in [
        ("IN", &content["input"]),
        ("LEFT", &content["inputs"]["left"]),
        ("RIGHT", &content["inputs"]["right"]),
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

/// Batches after the last one of the input are not compared, as in a shell.
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
    let comparable = |records: &[Value]| {
        let mut records: Vec<String> = records.iter().map(values::comparable).collect();
        if !is_ordered {
            records.sort();
        }
        records
    };
    let times = (1..).map(|number| number * interval_ms);
    for (time, want) in times.zip(case.content["expected"].as_array().unwrap()) {
        let file = fs::read_to_string(case.plan.with_file_name(format!("out-{time}"))).ok();
        let got: Option<Vec<Value>> =
            file.map(|lines| lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect());
        if got.as_deref().map(comparable) != want.as_array().map(|want| comparable(want)) {
            return Err(format!("at {time} ms: Spark {want}, here {got:?}"));
        }
    }
    Ok(())
}

/// Lines by TCP, windows counted, a signal: no line is lost, and the exit code is 0. Our tools are sent
/// to the executors.
fn a_line_as_users_submit_it(cluster: &Cluster) {
    const LINES: u64 = 1000;
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let mut client = listener.accept().unwrap().0;
        for number in 0..LINES {
            writeln!(client, "{} {number}", if number % 2 == 0 { "ERROR" } else { "INFO" }).unwrap();
        }
        client
    });
    let line = format!(
        "sstream-source tcp 127.0.0.1:{port} --batch 1s | sstream-filter ERROR | sstream-window 3s 1s count | sstream-sink text"
    );
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    let mut command = cluster.submit(&line, &["--parts", "2"]);
    command.stdout(fs::File::create(&out).unwrap()).stderr(fs::File::create(&err).unwrap());
    let mut submitted = command.spawn().unwrap();
    // Each line is in three windows.
    let counted = || {
        let lines = fs::read_to_string(&out).unwrap();
        lines.lines().filter_map(|line| line.parse::<u64>().ok()).sum::<u64>()
    };
    wait_until("all lines are counted", Duration::from_secs(240), || {
        assert!(submitted.try_wait().unwrap().is_none(), "{}", end(&fs::read(&err).unwrap()));
        counted() == 3 * LINES / 2
    });
    Command::new("kill").arg(submitted.id().to_string()).stdout(Stdio::null()).status().unwrap();
    let status = submitted.wait().unwrap();
    assert!(status.success(), "{status}\n{}", end(&fs::read(&err).unwrap()));
    assert_eq!(counted(), 3 * LINES / 2);
    drop(server.join().unwrap());
}

fn a_bad_record_is_told_by_message_and_exit_code(cluster: &Cluster) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("in");
    fs::write(&file, "[\"x\"]\n").unwrap();
    let line = format!("sstream-source queue {} | sstream-map .a.b", file.display());
    let home = tools().display().to_string();
    let output = cluster.submit(&line, &["--sstream-home", &home]).output().unwrap();
    let said = end(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("sstream-submit: sstream-map .a.b: sstream-map: bad record"), "{said}");
}

/// Packed files are renamed into a directory; each is read once, with its own header, and what was there before is not.
/// The line stops when nothing has come for a while.
fn files_that_come_into_a_directory(cluster: &Cluster) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display();
    fs::create_dir(folder.path().join("in")).unwrap();
    fs::write(folder.path().join("in/old"), "a\n0\n").unwrap();
    let line = format!(
        "sstream-source dir {place}/in --new-only --input csv --batch 1s --idle-timeout 5s | sstream-map '.a | tonumber' | \
         sstream-sink files {place}/out"
    );
    let mut submitted = cluster.submit(&line, &[]).stderr(Stdio::piped()).spawn().unwrap();
    let read = || {
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let files = names.filter(|path| path.is_file() && !path.ends_with(".f"));
        let texts = files.map(|file| fs::read_to_string(file).unwrap());
        let mut numbers: Vec<u64> =
            texts.flat_map(|text| text.lines().map(|line| line.parse().unwrap()).collect::<Vec<_>>()).collect();
        numbers.sort_unstable();
        numbers
    };
    let mut sent = 0;
    wait_until("two files are read", Duration::from_secs(240), || {
        assert!(submitted.try_wait().unwrap().is_none(), "it has ended");
        // Again and again, since nobody says when the line has begun to look.
        sent += 1;
        let packed = format!("printf 'a\\n{sent}\\n' | gzip >.f && mv .f in/{sent}.gz && sleep 1");
        let moved = Command::new("sh").args(["-c", &packed]).current_dir(folder.path()).status().unwrap();
        assert!(moved.success());
        read().len() >= 2
    });
    let output = submitted.wait_with_output().unwrap();
    assert!(output.status.success(), "{}\n{}", output.status, end(&output.stderr));
    let numbers = read();
    assert_eq!(numbers, (numbers[0]..=sent).collect::<Vec<_>>());
    assert!(numbers[0] > 0, "what was there before");
}

/// The end of what a process said.
fn end(said: &[u8]) -> String {
    String::from_utf8_lossy(&said[said.len().saturating_sub(8000)..]).into_owned()
}
