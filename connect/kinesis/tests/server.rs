//! A kinesalite that runs for a test, and a proxy before it that has bad days.

use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::{free_port, has_all};
use sstream_testkit::pipeline::Pipeline;
use sstream_testkit::shell::{Folder, Ran};
use sstream_testkit::wait_until;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server");

/// Whether there is what all these tests need.
pub fn is_possible() -> bool {
    static POSSIBLE: OnceLock<bool> = OnceLock::new();
    *POSSIBLE.get_or_init(|| {
        if !has_all("KINESIS_TESTS", &["node", "openssl"]) {
            return false;
        }
        let can = |what: &str| Command::new(SCRIPT).arg(what).status().unwrap().success();
        let is_there = can("available") && can("fetch");
        let required = std::env::var("KINESIS_TESTS").is_ok_and(|value| value == "required");
        assert!(
            is_there || !required,
            "KINESIS_TESTS=required, and there is no npm or boto3, or nothing to be fetched"
        );
        if !is_there {
            // Not by a macro, whose output a test that passes keeps to itself.
            let skipped = b"SKIPPED: there is no npm or boto3, or kinesalite cannot be fetched\n";
            std::io::Write::write_all(&mut std::io::stderr(), skipped).unwrap();
        }
        is_there
    })
}

/// A service, which is started again when it is killed.
pub struct Server {
    /// Where it, and all that a test runs, is.
    pub folder: Folder,
    /// Its port.
    pub port: u16,
    /// The proxy's port.
    pub proxy: u16,
    /// Keeps it running.
    pub keeper: Keeper,
    _proxy: Keeper,
}

impl Server {
    /// One in memory, with a stream `s` of so many shards.
    pub fn start(shards: u32) -> Server {
        Server::start_in("", "", shards)
    }

    /// One that has what it had when it is started again.
    pub fn start_kept(shards: u32) -> Server {
        Server::start_in("data", "", shards)
    }

    /// With its data there, and a proxy that is called with these words too.
    pub fn start_in(data: &str, words: &str, shards: u32) -> Server {
        let (folder, port, proxy) = (Folder::new(), free_port(), free_port());
        folder.run("mkdir out").exits(0);
        if !words.is_empty() {
            sstream_testkit::certificates(&folder);
        }
        let keeper = Keeper::start(&folder, "service", &format!("exec {SCRIPT} run {port} {data}"));
        let keeps_proxy = Keeper::start(&folder, "proxy", &format!("exec {SCRIPT} proxy {proxy} {port} {words}"));
        let server = Server { folder, port, proxy, keeper, _proxy: keeps_proxy };
        server.wait();
        wait_until("the proxy listens", Duration::from_secs(120), || {
            std::net::TcpStream::connect(("127.0.0.1", proxy)).is_ok()
        });
        server.run(&format!("client create s {shards}")).exits(0);
        server
    }

    /// Waits until it takes clients.
    pub fn wait(&self) {
        wait_until("the service listens", Duration::from_secs(60), || {
            std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
    }

    /// What goes wrong from now on, as `proxy.py` has it.
    pub fn faults(&self, faults: &str) {
        self.folder.file("faults.new", faults);
        std::fs::rename(self.folder.path("faults.new"), self.folder.path("faults")).unwrap();
    }

    /// Runs a line, in which `$E` is how our tools are told where the service is, `$P` the same of the proxy, and
    /// `client` a client of boto3's.
    pub fn run(&self, line: &str) -> Ran {
        self.folder.run(&self.line(line))
    }

    /// A line with what it needs.
    pub fn line(&self, line: &str) -> String {
        let Server { port, proxy, .. } = self;
        format!(
            "export ENDPOINT=http://127.0.0.1:{port}; E=\"--endpoint $ENDPOINT\"; P='--endpoint http://127.0.0.1:{proxy}'; \
             export AWS_ACCESS_KEY_ID=AKTEST AWS_SECRET_ACCESS_KEY=secret-of-tests AWS_EC2_METADATA_DISABLED=true AWS_REGION=us-east-1; \
             client() {{ '{SCRIPT}' client \"$@\"; }}; {line}"
        )
    }

    /// Runs a line beside the test; what it says goes to the file `err`.
    pub fn begin(&self, line: &str) -> Pipeline {
        Pipeline::start(&self.folder.path(""), &self.line(line), &self.folder.path("err"))
    }

    /// So often the proxy was asked for this, and gave this status.
    pub fn requests(&self, action: &str, status: &str) -> usize {
        let requests = self.folder.read("requests");
        let is_one = |line: &&str| line.split(' ').collect::<Vec<_>>()[1..3] == [action, status];
        requests.lines().filter(|line| line.split(' ').count() >= 4).filter(is_one).count()
    }
}

/// Ends a pipeline with a stop.
pub fn stop(mut pipeline: Pipeline) {
    pipeline.signal_sources(rustix::process::Signal::TERM);
    assert!(pipeline.wait(Duration::from_secs(30)).is_some(), "it does not end");
}

/// Waits until a file has so many lines.
pub fn wait_for_lines(server: &Server, pattern: &str, count: usize) {
    wait_until("all came", Duration::from_secs(60), || {
        server.folder.run(&format!("cat {pattern} 2>/dev/null")).stdout.lines().count() >= count
    });
}
