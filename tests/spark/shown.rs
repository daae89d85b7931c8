//! An application as `sstream ps` and the page show it, beside what Spark's own page says of it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use sstream_testkit::bash::tools;

/// Runs `sstream` where `runtime` is the directory that stages publish into.
pub fn sstream(runtime: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(tools().join("sstream"));
    command.args(words).env("XDG_RUNTIME_DIR", runtime).stdin(Stdio::null()).output().unwrap()
}

/// What `sstream ps` prints.
pub fn list(runtime: &Path) -> String {
    String::from_utf8(sstream(runtime, &["ps"]).stdout).unwrap()
}

/// One application is shown, with Spark's page, which says the same of each batch; so many lines have come to its source.
pub fn with_the_figures_of_sparks_own_page(runtime: &Path, lines: u64) {
    let listed = list(runtime);
    let rows: Vec<&str> = listed.lines().collect();
    assert!(rows.len() == 2 && rows[1].contains(" | filter ERROR | window 3s 1s count | sink text"), "{listed}");
    let (_, place) = rows[1].split_once("app-").unwrap();
    let (application, page) = place.split_once(" (").unwrap();
    let (page, _) = page.split_once(')').unwrap();
    let batches = get(page, &format!("/api/v1/applications/app-{application}/streaming/batches"));
    let ends = published(&runtime.join("sstream"));
    let brought: u64 = ends.iter().map(|end| end["trace"][0][1].as_u64().unwrap()).sum();
    assert_eq!(brought, lines, "{ends:?}");
    let mut same = 0;
    for end in &ends {
        let is_of = |batch: &&Value| batch["batchId"] == end["end"] && batch["status"] == "COMPLETED";
        if let Some(batch) = batches.as_array().unwrap().iter().find(is_of) {
            assert_eq!(end["trace"][1][4], batch["processingTime"], "{end} {batch}");
            assert_eq!(end["records"], 1, "{end}");
            same += 1;
        }
    }
    assert!(same > 2, "{ends:?} {batches}");
}

/// The ends in the one file that is published.
fn published(directory: &Path) -> Vec<Value> {
    let files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = &files[..] else { panic!("{files:?}") };
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line.get("end").is_some()).collect()
}

/// What Spark's REST says.
fn get(page: &str, path: &str) -> Value {
    let mut stream = TcpStream::connect(page.trim_start_matches("http://")).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{head}\n{body}"))
}
