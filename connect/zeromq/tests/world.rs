//! Peers that run for a test.

use std::time::Duration;

use sstream_testkit::needs::{free_port, has_all};
use sstream_testkit::pipeline::Pipeline;
use sstream_testkit::shell::{Folder, Ran};
use sstream_testkit::wait_until;

/// Whether there is what all these tests need.
pub fn is_possible() -> bool {
    if !has_all("ZEROMQ_TESTS", &["python3"]) {
        return false;
    }
    let has_pyzmq = std::process::Command::new("/usr/bin/python3").args(["-c", "import zmq"]).output();
    let is_there = has_pyzmq.unwrap().status.success();
    let required = std::env::var("ZEROMQ_TESTS").is_ok_and(|value| value == "required");
    assert!(is_there || !required, "ZEROMQ_TESTS=required, and /usr/bin/python3 has no zmq");
    if !is_there {
        // Not by a macro, whose output a test that passes keeps to itself.
        std::io::Write::write_all(&mut std::io::stderr(), b"SKIPPED: there is no python3-zmq\n").unwrap();
    }
    is_there
}

/// Where a test runs.
pub struct World {
    /// Where it, and all that a test runs, is.
    pub folder: Folder,
    /// A port that is free.
    pub port: u16,
}

impl World {
    /// An empty one.
    pub fn new() -> World {
        let (folder, port) = (Folder::new(), free_port());
        folder.run("mkdir out").exits(0);
        World { folder, port }
    }

    /// What a line sees: `$E`, an endpoint; `$peer`, a peer of another make.
    pub fn variables(&self) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer.py");
        format!("E=tcp://127.0.0.1:{}; peer='/usr/bin/python3 {script}'; ", self.port)
    }

    /// Runs a line.
    pub fn run(&self, line: &str) -> Ran {
        self.folder.run(&format!("{}{line}", self.variables()))
    }

    /// Runs a line beside the test; what it says goes to the file `err`.
    pub fn begin(&self, line: &str) -> Pipeline {
        Pipeline::start(&self.folder.path(""), &format!("{}{line}", self.variables()), &self.folder.path("err"))
    }

    /// Waits until a file has so many lines.
    #[track_caller]
    pub fn wait_for(&self, file: &str, lines: usize) {
        wait_until(file, Duration::from_secs(60), || self.folder.read(file).lines().count() >= lines);
    }

    /// Waits until somebody listens at the port.
    #[track_caller]
    pub fn wait_for_port(&self) {
        wait_until("somebody listens", Duration::from_secs(120), || {
            std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
    }
}

/// Ends a pipeline with a stop.
pub fn stop(mut pipeline: Pipeline) {
    pipeline.signal_sources(rustix::process::Signal::TERM);
    assert!(pipeline.wait(Duration::from_secs(30)).is_some(), "it does not end");
}

/// Numbers, a line each.
pub fn numbers(range: std::ops::RangeInclusive<u64>) -> String {
    range.map(|number| format!("{number}\n")).collect()
}
