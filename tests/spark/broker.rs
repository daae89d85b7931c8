//! A Kafka beside the cluster, by the script that the connector's own tests have.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use sstream_testkit::bash::{bash, tools};
use sstream_testkit::needs::lacks;

/// A broker, with its data in a directory that goes with it.
pub struct Broker {
    directory: PathBuf,
    address: String,
}

fn script() -> Command {
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/connect/kafka/tests/broker"));
    command.stdin(Stdio::null());
    command
}

impl Broker {
    /// Starts one; none where there can be none, which is told.
    pub fn start() -> Option<Broker> {
        let can = |what: &str| script().arg(what).stdout(Stdio::null()).status().unwrap().success();
        if !tools().join("sstream-sink-kafka").is_file() || !can("available") || !can("fetch") {
            lacks("SPARK_TESTS", "connector of Kafka, or no Kafka");
            return None;
        }
        let directory = std::env::temp_dir().join(format!("sstream-spark-kafka-{}", std::process::id()));
        let output = script()
            .args(["start", directory.to_str().unwrap(), "1"])
            .env("KAFKA_OWNER", std::process::id().to_string())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let address = text.lines().find_map(|line| line.strip_prefix("BROKERS=")).unwrap().to_owned();
        Some(Broker { directory, address })
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Sends numbers to a topic.
    pub fn send(&self, topic: &str, (from, to): (u64, u64)) {
        let line = format!(
            "seq {from} {to} | sstream-source stdin | sstream-sink kafka --brokers {} --topic {topic}",
            self.address
        );
        self.run(&line);
    }

    /// The messages of a topic so far.
    pub fn messages(&self, topic: &str) -> Vec<String> {
        let line =
            format!("sstream-source kafka --brokers {} --topic {topic} --available-now --output text", self.address);
        self.run(&line).lines().map(str::to_owned).collect()
    }

    fn run(&self, line: &str) -> String {
        let output = bash(&[], line, &self.directory).output().unwrap();
        assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = script().arg("stop").arg(&self.directory).stdout(Stdio::null()).status();
    }
}
