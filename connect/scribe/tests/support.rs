//! A source or a server that runs for a test.

use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::{free_port, has_all, lacks};
use sstream_testkit::pipeline::Pipeline;
use sstream_testkit::shell::{Folder, Ran};
use sstream_testkit::wait_until;

/// The client and server in Python.
pub const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer");

/// Whether there is what all these tests need.
pub fn is_possible() -> bool {
    static HAS_PEER: OnceLock<bool> = OnceLock::new();
    has_all("SCRIBE_TESTS", &["python3", "flock", "openssl"])
        && (*HAS_PEER.get_or_init(|| Command::new(PEER).arg("available").status().unwrap().success())
            || lacks("SCRIBE_TESTS", "thriftpy2, nor can it be fetched"))
}

/// A pipeline that begins with a source of Scribe.
pub struct Source {
    /// Where it runs: `out` is what it writes, `err` what it says.
    pub folder: Folder,
    /// Its port.
    pub port: u16,
    pipeline: Pipeline,
}

impl Source {
    /// `sstream-source scribe PORT OPTIONS >out`.
    pub fn start(folder: &Folder, options: &str) -> Source {
        Source::start_line(folder, &format!("sstream-source scribe $PORT {options} >out"))
    }

    /// A line with `$PORT` in it.
    pub fn start_line(folder: &Folder, line: &str) -> Source {
        let port = free_port();
        let line = format!("PORT={port}; {line}");
        let pipeline = Pipeline::start(&folder.path(""), &line, &folder.path("err"));
        listens(port);
        Source { folder: folder.clone(), port, pipeline }
    }

    /// A line, in which `send` sends the lines of stdin.
    pub fn run(&self, line: &str) -> Ran {
        let port = self.port;
        self.folder
            .run(&format!("send() {{ {PEER} send {port} \"$@\"; }}; ask() {{ {PEER} ask {port} \"$@\"; }}; {line}"))
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

/// Waits until somebody listens there.
pub fn listens(port: u16) {
    wait_until("it listens", Duration::from_secs(60), || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
}

/// A server that keeps what it gets.
pub struct Server {
    /// Its port.
    pub port: u16,
    /// Keeps it running.
    pub keeper: Keeper,
}

impl Server {
    /// Starts it, in the folder.
    pub fn start(folder: &Folder) -> Server {
        Server::start_with(folder, "")
    }

    /// The same, with these options.
    pub fn start_with(folder: &Folder, options: &str) -> Server {
        let port = free_port();
        let keeper = Keeper::start(folder, "server", &format!("exec {PEER} serve {port} {options}"));
        listens(port);
        Server { port, keeper }
    }
}
