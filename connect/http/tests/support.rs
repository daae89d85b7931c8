//! An intake or a server that runs for a test.

use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::{free_port, has_all};
use sstream_testkit::shell::{Folder, Ran};
use sstream_testkit::{pipeline::Pipeline, wait_until};

/// Whether there is what all these tests need.
pub fn is_possible() -> bool {
    has_all("HTTP_TESTS", &["curl", "python3", "openssl", "zstd", "gzip"])
}

/// A pipeline that begins with an intake.
pub struct Intake {
    /// Where it runs: `out` is what it writes, `err` what it says.
    pub folder: Folder,
    /// Its address, without an end.
    pub url: String,
    /// Its port.
    pub port: u16,
    pipeline: Pipeline,
}

impl Intake {
    /// `sstream-source http PORT OPTIONS >out`.
    pub fn start(folder: &Folder, options: &str) -> Intake {
        Intake::start_line(folder, &format!("sstream-source http $PORT {options} >out"))
    }

    /// A line with `$PORT` in it.
    pub fn start_line(folder: &Folder, line: &str) -> Intake {
        let port = free_port();
        let line = format!("PORT={port}; {line}");
        let pipeline = Pipeline::start(&folder.path(""), &line, &folder.path("err"));
        let intake = Intake { folder: folder.clone(), url: format!("http://127.0.0.1:{port}"), port, pipeline };
        wait_until("it listens", Duration::from_secs(30), || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        intake
    }

    /// curl with these arguments; stdout is the answer, then the status in a line.
    pub fn curl(&self, arguments: &str) -> Ran {
        let url = &self.url;
        self.folder.run(&format!("U={url}; curl -sS --max-time 30 -w '%{{http_code}}' {arguments}"))
    }

    /// Asks it to stop, and waits for that: its records, a line each, and what it said.
    pub fn stop(mut self) -> (Vec<String>, String) {
        self.pipeline.signal_sources(rustix::process::Signal::TERM);
        assert!(self.pipeline.wait(Duration::from_secs(30)).is_some(), "it does not end");
        (records(&self.folder.read("out")), self.pipeline.said())
    }

    /// What its processes are.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }
}

/// The records of a framed stream.
pub fn records(stream: &str) -> Vec<String> {
    let is_control = |line: &&str| {
        ["{\"sstream\":", "{\"batch\":", "{\"end\":", "{\"close\":"].iter().any(|start| line.starts_with(start))
    };
    stream.lines().filter(|line| !is_control(line)).map(str::to_owned).collect()
}

/// A server that keeps what it gets.
pub struct Server {
    /// Its address, without an end.
    pub url: String,
    /// Keeps it running.
    pub keeper: Keeper,
}

impl Server {
    /// Starts it; `options` are those of `server.py`.
    pub fn start(folder: &Folder, options: &str) -> Server {
        let port = free_port();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server.py");
        let keeper = Keeper::start(folder, "server", &format!("exec python3 {script} {port} {options}"));
        let scheme = if options.contains("--cert") { "https" } else { "http" };
        let server = Server { url: format!("{scheme}://localhost:{port}"), keeper };
        wait_until("the server listens", Duration::from_secs(30), || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        server
    }
}
