//! A server that runs for a test.

use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::{free_port, has_all};
use sstream_testkit::pipeline::Pipeline;
use sstream_testkit::shell::Folder;
use sstream_testkit::wait_until;

/// Whether there is what all these tests need.
pub fn is_possible() -> bool {
    let has_aiohttp = || {
        std::process::Command::new("/usr/bin/python3").args(["-c", "import aiohttp"]).output().unwrap().status.success()
    };
    if !has_all("FEED_TESTS", &["python3", "openssl"]) {
        return false;
    }
    let is_there = has_aiohttp();
    let required = std::env::var("FEED_TESTS").is_ok_and(|value| value == "required");
    assert!(is_there || !required, "FEED_TESTS=required, and /usr/bin/python3 has no aiohttp");
    if !is_there {
        // Not by a macro, whose output a test that passes keeps to itself.
        std::io::Write::write_all(&mut std::io::stderr(), b"SKIPPED: there is no python3-aiohttp\n").unwrap();
    }
    is_there
}

/// A server, which is started again when it is killed.
pub struct Server {
    /// Where it, and all that a test runs, is.
    pub folder: Folder,
    /// Its port.
    pub port: u16,
    /// Keeps it running.
    pub keeper: Keeper,
}

impl Server {
    /// Starts it.
    pub fn start() -> Server {
        Server::start_in(&Folder::new(), "")
    }

    /// Starts it in a folder; `options` are those of `server.py`.
    pub fn start_in(folder: &Folder, options: &str) -> Server {
        let port = free_port();
        folder.run("mkdir -p out").exits(0);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server.py");
        let keeper = Keeper::start(folder, "server", &format!("exec /usr/bin/python3 {script} {port} {options}"));
        let server = Server { folder: folder.clone(), port, keeper };
        wait_until("the server listens", Duration::from_secs(30), || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        server
    }

    /// Runs a line beside the test, in which `$A` is the server's host and port; what it says goes to the
    /// file `err`.
    pub fn begin(&self, line: &str) -> Pipeline {
        let line = format!("A=127.0.0.1:{}; {line}", self.port);
        Pipeline::start(&self.folder.path(""), &line, &self.folder.path("err"))
    }

    /// Waits until a file has so many lines.
    #[track_caller]
    pub fn wait_for(&self, file: &str, lines: usize) {
        wait_until(file, Duration::from_secs(60), || self.folder.read(file).lines().count() >= lines);
    }
}

/// Ends a pipeline with a stop.
pub fn stop(mut pipeline: Pipeline) {
    pipeline.signal_sources(rustix::process::Signal::TERM);
    assert!(pipeline.wait(Duration::from_secs(30)).is_some(), "it does not end");
}
