//! A source or an agent that runs for a test.

use std::time::Duration;

use sstream_testkit::flume::AGENT;
use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::{free_port, has_all};
use sstream_testkit::pipeline::Pipeline;
use sstream_testkit::shell::{Folder, Ran};
use sstream_testkit::wait_until;

/// Whether there is what tests with an agent need.
pub fn is_possible() -> bool {
    sstream_testkit::flume::is_possible("FLUME_TESTS")
}

/// The same, and for certificates.
pub fn is_secure_possible() -> bool {
    has_all("FLUME_TESTS", &["openssl", "keytool"]) && is_possible()
}

/// A pipeline that begins with a source of Flume.
pub struct Source {
    /// Where it runs: `out` is what it writes, `err` what it says.
    pub folder: Folder,
    /// Its port.
    pub port: u16,
    pipeline: Pipeline,
}

impl Source {
    /// `sstream-source flume PORT OPTIONS >out`.
    pub fn start(folder: &Folder, options: &str) -> Source {
        Source::start_line(folder, &format!("sstream-source flume $PORT {options} >out"))
    }

    /// A line with `$PORT` in it.
    pub fn start_line(folder: &Folder, line: &str) -> Source {
        let port = free_port();
        let line = format!("PORT={port}; {line}");
        let pipeline = Pipeline::start(&folder.path(""), &line, &folder.path("err"));
        listens(port);
        Source { folder: folder.clone(), port, pipeline }
    }

    /// Flume's own client sends the lines of a file, with these properties: when it has ended well, all were
    /// answered OK.
    pub fn client(&self, file: &str, properties: &str) -> Ran {
        let port = self.port;
        self.folder.file(
            "client.properties",
            format!("client.type = default\nhosts = h\nhosts.h = 127.0.0.1:{port}\nbatch-size = 100\n{properties}\n"),
        );
        self.folder.run(&format!("{AGENT} client -P client.properties -F {file}"))
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

/// An agent that runs in a folder, and is started again when it is killed.
pub struct Agent {
    /// Keeps it running.
    pub keeper: Keeper,
}

impl Agent {
    /// With these lines of configuration, in which a source `s`, a channel `c` and a sink `k` are named and bound.
    pub fn start(folder: &Folder, configuration: &str) -> Agent {
        let lines = configuration.lines().map(|line| format!("a.{}\n", line.trim())).collect::<String>();
        folder.file(
            "agent.conf",
            format!(
                "a.sources = s\na.channels = c\na.sinks = k\na.sources.s.channels = c\na.sinks.k.channel = c\n{lines}"
            ),
        );
        Agent { keeper: Keeper::start(folder, "agent", &format!("exec {AGENT} run agent.conf")) }
    }

    /// One that takes events at this port and writes them to files in `got`.
    pub fn collector(folder: &Folder, port: u16, more: &str) -> Agent {
        folder.run("mkdir got").exits(0);
        let agent = Agent::start(
            folder,
            &format!(
                "sources.s.type = avro
                sources.s.bind = 127.0.0.1
                sources.s.port = {port}
                sinks.k.type = file_roll
                sinks.k.sink.directory = got
                sinks.k.sink.rollInterval = 0
                {more}"
            ),
        );
        listens(port);
        agent
    }
}

/// A channel that a kill forgets.
pub const MEMORY: &str = "channels.c.type = memory
    channels.c.capacity = 10000
    channels.c.transactionCapacity = 10000";

/// One that keeps what it has, in the folder.
pub const FILE: &str = "channels.c.type = file
    channels.c.checkpointDir = channel/checkpoint
    channels.c.dataDirs = channel/data
    channels.c.capacity = 100000
    channels.c.transactionCapacity = 10000
    channels.c.checkpointInterval = 5000
    channels.c.maxFileSize = 20000000
    channels.c.minimumRequiredSpace = 20000000";
