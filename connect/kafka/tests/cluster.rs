//! Brokers for the tests: one that they share, or some of a test's own.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::{Folder, Ran};

/// Brokers that run, with their data in a directory that goes with them.
pub struct Cluster {
    directory: PathBuf,
    environment: BTreeMap<String, String>,
}

fn script() -> Command {
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/broker"));
    command.stdin(Stdio::null());
    command
}

/// The broker that all tests share; none where there can be none, which is told.
pub fn shared() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    SHARED.get_or_init(|| Cluster::start(1)).as_ref()
}

impl Cluster {
    /// So many brokers; they end with this process.
    pub fn start(brokers: u32) -> Option<Cluster> {
        let can = |what: &str| script().arg(what).stdout(Stdio::null()).status().unwrap().success();
        let has_kcat = Command::new("kcat").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
        if !has_kcat || !can("available") || !can("fetch") {
            let required = std::env::var("KAFKA_TESTS").is_ok_and(|value| value == "required");
            assert!(!required, "KAFKA_TESTS=required, and there is no Java, Maven or kcat, or nothing to be fetched");
            // Not by a macro, whose output a test that passes keeps to itself.
            let skipped =
                "SKIPPED: no test with a real Kafka: there is no Java, Maven or kcat, or nothing to be fetched\n";
            std::io::stderr().write_all(skipped.as_bytes()).unwrap();
            return None;
        }
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("sstream-kafka-{}-{number}", std::process::id()));
        let output = script()
            .args(["start", directory.to_str().unwrap(), &brokers.to_string()])
            .env("KAFKA_OWNER", std::process::id().to_string())
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(output.status.success(), "Kafka did not start");
        let text = String::from_utf8(output.stdout).unwrap();
        let environment = text.lines().filter_map(|line| line.split_once('='));
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Some(Cluster { directory, environment })
    }

    /// A folder whose lines of shell find the brokers in their environment.
    pub fn folder(&self) -> Here<'_> {
        Here { cluster: self, folder: Folder::new() }
    }

    /// Kills a broker as a power cut would.
    pub fn kill(&self, broker: u32) {
        assert!(script().arg("kill").arg(&self.directory).arg(broker.to_string()).status().unwrap().success());
    }

    /// Starts it again.
    pub fn restart(&self, broker: u32) {
        assert!(script().arg("restart").arg(&self.directory).arg(broker.to_string()).status().unwrap().success());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = script().arg("stop").arg(&self.directory).status();
    }
}

/// A name for a topic that no other test has.
pub fn topic(name: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("{name}-{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A folder beside a cluster.
pub struct Here<'c> {
    cluster: &'c Cluster,
    pub folder: Folder,
}

impl Here<'_> {
    /// A line with what it needs to find the brokers: `$BROKERS`, `$SECURE_BROKERS`, `$CA`, and
    /// `tool` for Kafka's own tools.
    pub fn line(&self, line: &str) -> String {
        let mut all = String::new();
        for (name, value) in &self.cluster.environment {
            all.push_str(&format!("{name}='{value}'; "));
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/broker");
        all.push_str(&format!("tool() {{ '{script}' tool \"$@\"; }}; {line}"));
        all
    }

    /// Runs a line.
    pub fn run(&self, line: &str) -> Ran {
        self.folder.run(&self.line(line))
    }

    /// Runs a line with something on stdin.
    pub fn run_with(&self, line: &str, stdin: &str) -> Ran {
        self.folder.shell(&self.line(line)).stdin(stdin).run()
    }

    /// Makes a topic.
    pub fn create(&self, topic: &str, partitions: u32) {
        let line =
            format!("tool kafka-topics --bootstrap-server $BROKERS --create --topic {topic} --partitions {partitions}");
        self.run(&line).exits(0);
    }

    /// What kcat reads of a topic, in the form given.
    pub fn kcat(&self, topic: &str, form: &str) -> String {
        let line = format!("kcat -C -e -q -b $BROKERS -t {topic} -X isolation.level=read_committed -f '{form}\\n'");
        self.run(&line).exits(0).stdout
    }
}

pub use sstream_testkit::wait_until;
