//! Executors and the driver are killed while a line reads Kafka, keeps a state, and writes files and Kafka:
//! each number once in the files, at least once in Kafka, and the state is of each once.
//!
//! SPARK_KILLS is how many executors are killed, and half as many drivers, and nothing else is run; without it one of each.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sstream_testkit::wait_until;

use crate::broker::Broker;
use crate::cluster::{Cluster, Driver};
use crate::end;

/// How long what was sent may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// How many numbers a round sends.
const NUMBERS: u64 = 500;

/// A line that runs, and what it has made.
struct Line<'a> {
    cluster: &'a Cluster,
    text: String,
    folder: &'a Path,
    driver: Driver,
}

impl<'a> Line<'a> {
    fn start(cluster: &'a Cluster, text: String, folder: &'a Path) -> Line<'a> {
        let driver = cluster.begin(&text, folder);
        Line { cluster, text, folder, driver }
    }

    fn restart(&mut self) {
        self.driver.kill().unwrap();
        self.driver.wait().unwrap();
        self.driver = self.cluster.begin(&self.text, self.folder);
    }

    /// The numbers in the files, in order.
    fn numbers(&self) -> Vec<u64> {
        let lines = files(self.folder, "all-").into_iter().flat_map(|file| {
            let text = fs::read_to_string(file).unwrap_or_default();
            text.lines().map(|line| line.parse().unwrap()).collect::<Vec<u64>>()
        });
        let mut numbers: Vec<u64> = lines.collect();
        numbers.sort_unstable();
        numbers
    }

    /// Until so many numbers are there.
    fn wait_for(&mut self, count: u64) {
        wait_until("all numbers are in the files", PATIENCE, || {
            assert!(self.driver.try_wait().unwrap().is_none(), "{}", self.said());
            let mut numbers = self.numbers();
            numbers.dedup();
            numbers.len() as u64 == count
        });
    }

    /// What the line and its tools have said, and the end of what Spark has.
    fn said(&self) -> String {
        let all = fs::read(self.folder.join("err")).unwrap();
        let ours: Vec<String> = String::from_utf8_lossy(&all)
            .lines()
            .filter(|line| line.starts_with("sstream") || line.contains("ERROR"))
            .map(str::to_owned)
            .collect();
        format!("{}\n{}", ours.join("\n"), end(&all))
    }
}

/// Files whose names begin like this, in the order of their batches.
fn files(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        names.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(prefix)).collect();
    files.sort();
    files
}

pub fn nothing_is_lost_and_nothing_comes_twice(cluster: &Cluster) {
    let Some(broker) = Broker::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let executors: u64 = std::env::var("SPARK_KILLS").map_or(1, |kills| kills.parse().unwrap());
    let (place, brokers) = (folder.path().display(), broker.address());
    let line = format!(
        "sstream-source kafka --brokers {brokers} --topic odd,even --from beginning --group told --value json --batch 2s \
         --checkpoint {place}/ck --stop-file {place}/stop | sstream-sink --pass files {place}/all | \
         sstream-sink --pass kafka --brokers {brokers} --topic out | sstream-map '[\"sum\", .]' | sstream-state sum | \
         sstream-sink files {place}/sum"
    );
    let mut sent = 0;
    let mut send = || {
        broker.send("odd", (sent + 1, sent + NUMBERS / 2));
        broker.send("even", (sent + NUMBERS / 2 + 1, sent + NUMBERS));
        sent += NUMBERS;
        sent
    };
    send();
    let mut line = Line::start(cluster, line, folder.path());
    line.wait_for(NUMBERS);
    for round in 0..executors {
        let sent = send();
        cluster.kill_an_executor();
        line.wait_for(sent);
        if round % 2 == 0 {
            let sent = send();
            line.restart();
            line.wait_for(sent);
        }
    }
    fs::write(folder.path().join("stop"), "").unwrap();
    let status = line.driver.wait().unwrap();
    assert!(status.success(), "{status}\n{}", line.said());

    let all: Vec<u64> = (1..=sent).collect();
    assert_eq!(line.numbers(), all, "each once");
    let mut copies: Vec<u64> = broker.messages("out").iter().map(|text| text.parse().unwrap()).collect();
    copies.sort_unstable();
    copies.dedup();
    assert_eq!(copies, all, "each at least once");
    let last = files(folder.path(), "sum-").pop().unwrap();
    assert_eq!(fs::read_to_string(last).unwrap(), format!("[\"sum\",{}]\n", sent * (sent + 1) / 2));
    another_line_is_refused(cluster, &line.text.replace("sstream-state sum", "sstream-state count"));
}

fn another_line_is_refused(cluster: &Cluster, line: &str) {
    let output = cluster.submit(line, &[]).output().unwrap();
    let said = end(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("is of another line: "), "{said}");
}
