//! Servers for tests: a real one for all of them, ones of their own, and the stand-in.

use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use clap::Parser;
use sstream_elasticsearch::SinkArgs;
use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::{free_port, has_all, lacks};
use sstream_testkit::shell::{Folder, Ran};
use sstream_testkit::wait_until;

/// The script that runs OpenSearch.
const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/opensearch/server");

/// The sink's words, as a test gives them that has no process.
#[derive(Parser)]
pub struct Line {
    /// Its options.
    #[command(flatten)]
    pub args: SinkArgs,
}

/// Whether there is an OpenSearch.
pub fn is_possible() -> bool {
    static IS_THERE: OnceLock<bool> = OnceLock::new();
    let variable = "ELASTICSEARCH_TESTS";
    has_all(variable, &["java", "flock", "curl", "jq"])
        && (*IS_THERE.get_or_init(|| Command::new(SERVER).arg("available").status().unwrap().success())
            || lacks(variable, "OpenSearch, nor can it be fetched"))
}

/// Whether there is what tests with the stand-in need.
pub fn is_hostile_possible() -> bool {
    has_all("ELASTICSEARCH_TESTS", &["python3", "openssl", "curl", "jq"])
}

/// A server, asked by curl in a folder of the test's own.
pub struct Server {
    /// Where the test runs.
    pub folder: Folder,
    /// The address, without an end.
    pub url: String,
}

impl Server {
    /// The real one that all tests share: each has an index of its own. It takes no request of more than 64 KiB. It ends
    /// with this process, and removes what it has written.
    pub fn shared() -> Server {
        static PORT: OnceLock<u16> = OnceLock::new();
        static CHILD: Mutex<Option<Child>> = Mutex::new(None);
        let port = *PORT.get_or_init(|| {
            let port = free_port();
            let line = format!(
                "directory=$(mktemp -d); {SERVER} run {port} $directory/data {} http.max_content_length=64kb \
                 2>$directory/log; rm -rf $directory",
                std::process::id()
            );
            let shell = Command::new("bash").args(["-c", &line]).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
            *CHILD.lock().unwrap() = Some(shell.unwrap());
            port
        });
        let server = Server { folder: Folder::new(), url: format!("http://127.0.0.1:{port}") };
        server.answers();
        server
    }

    /// Waits until it does.
    pub fn answers(&self) {
        let line = format!("curl -sf --max-time 5 {}/_cluster/health?wait_for_status=yellow", self.url);
        wait_until("the server answers", Duration::from_secs(180), || self.folder.run(&line).code() == Some(0));
    }

    /// What curl prints for a method and a path, and words behind them.
    pub fn curl(&self, method: &str, path: &str, words: &str) -> String {
        let line = format!(
            "curl -sS --max-time 50 -X {method} -H 'content-type: application/json' '{}/{path}' {words}",
            self.url
        );
        self.folder.run(&line).exits(0).stdout
    }

    /// The documents of an index, as far as jq's program lets them through, in the order of `sort`.
    pub fn documents(&self, index: &str, sort: &str, program: &str) -> String {
        self.curl("POST", &format!("{index}/_refresh"), "");
        let found = self.curl(
            "GET",
            &format!("{index}/_search?size=10000&seq_no_primary_term=true&version=true&sort={sort}"),
            "",
        );
        self.folder.file("found", found);
        self.folder.run(&format!("jq -S -cr '.hits.hits[] | {program}' found")).exits(0).stdout
    }

    /// How many documents an index has; 0 where there is none.
    pub fn count(&self, index: &str) -> u64 {
        let line = format!(
            "curl -sf --max-time 50 -X POST {0}/{index}/_refresh >/dev/null; curl -sf --max-time 50 {0}/{index}/_count | jq .count",
            self.url
        );
        self.folder.run(&line).stdout.trim().parse().unwrap_or(0)
    }

    /// Writes batches, as a queue's file has them.
    pub fn write(&self, batches: &str, options: &str) -> Ran {
        self.folder.file("batches", batches);
        let url = &self.url;
        self.folder
            .run(&format!("sstream-source queue batches --batch 1s | sstream-sink elasticsearch {url} {options}"))
    }
}

/// A server of a test's own, which is started again when it is killed.
pub struct Kept {
    /// How it is spoken with.
    pub server: Server,
    /// Keeps it running.
    pub keeper: Keeper,
}

impl Kept {
    /// A real one.
    pub fn real() -> Kept {
        let port = free_port();
        let line = format!("exec {SERVER} run {port} data {} 2>>server.log", std::process::id());
        let kept = Kept::start(&Folder::new(), port, &line, "http://127.0.0.1");
        kept.server.answers();
        kept
    }

    /// The stand-in, with these options.
    pub fn hostile(options: &str) -> Kept {
        Kept::hostile_in(&Folder::new(), options)
    }

    /// The same in a folder that is there.
    pub fn hostile_in(folder: &Folder, options: &str) -> Kept {
        let port = free_port();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hostile.py");
        let scheme = if options.contains("--cert") { "https://localhost" } else { "http://127.0.0.1" };
        let kept = Kept::start(folder, port, &format!("exec python3 {script} {port} {options}"), scheme);
        let is_there = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        wait_until("the server listens", Duration::from_secs(60), is_there);
        kept
    }

    fn start(folder: &Folder, port: u16, line: &str, host: &str) -> Kept {
        let keeper = Keeper::start(folder, "server", line);
        Kept { server: Server { folder: folder.clone(), url: format!("{host}:{port}") }, keeper }
    }

    /// What jq makes of each document of the stand-in, `[id, operations, document]`, in the order of their ids.
    pub fn hostile_documents(&self, program: &str) -> String {
        let Server { folder, url } = &self.server;
        folder.run(&format!("curl -sS {url}/docs | jq -S -cr 'sort[] | {program}'")).exits(0).stdout
    }

    /// What jq makes of each request that the stand-in has had.
    pub fn requests(&self, program: &str) -> String {
        self.server.folder.run(&format!("jq -cr '{program}' requests")).exits(0).stdout
    }
}
