//! Servers that run for a test.

use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::{free_port, has_all, lacks};
use sstream_testkit::pipeline::Pipeline;
use sstream_testkit::shell::{Folder, Ran};
use sstream_testkit::wait_until;

pub const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server");

fn can(kind: &str) -> bool {
    let can = |what: &str| Command::new(SCRIPT).args([what, kind]).status().unwrap().success();
    can("available") && can("fetch")
}

/// Whether there is what tests of S3 need.
pub fn has_s3() -> bool {
    static POSSIBLE: OnceLock<bool> = OnceLock::new();
    *POSSIBLE.get_or_init(|| {
        has_all("OBJECTS_TESTS", &["python3", "openssl"])
            && (can("s3") || lacks("OBJECTS_TESTS", "an S3 server (go, boto3)"))
    })
}

/// Whether there is what stands in for another cloud.
pub fn has(kind: &str) -> bool {
    has_all("OBJECTS_TESTS", &["python3", "curl", "jq"])
        && (can(kind) || lacks("OBJECTS_TESTS", "servers of other clouds (pip, npm)"))
}

/// Whether there is what tests of HDFS need.
pub fn has_hdfs() -> bool {
    sstream_testkit::hdfs::is_possible("OBJECTS_TESTS")
}

fn wait_for(port: u16) {
    wait_until("the server listens", Duration::from_secs(120), || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
}

/// An S3 server with a bucket `bkt`, which is started again when it is killed, and a proxy before it.
pub struct S3 {
    /// Where it, and all that a test runs, is.
    pub folder: Folder,
    /// Its port.
    pub port: u16,
    /// The proxy's port.
    pub proxy: u16,
    /// Keeps it running.
    pub keeper: Keeper,
    _proxy: Keeper,
    has_tls: bool,
}

impl S3 {
    /// One without TLS.
    pub fn start() -> S3 {
        S3::start_with(false)
    }

    /// One that may have TLS.
    pub fn start_with(has_tls: bool) -> S3 {
        let (folder, port, proxy) = (Folder::new(), free_port(), free_port());
        folder.run("mkdir data out").exits(0);
        if has_tls {
            sstream_testkit::certificates(&folder);
        }
        let tls = if has_tls { "cert.pem key.pem" } else { "" };
        let keys = "AWS_ACCESS_KEY_ID=AKTEST AWS_SECRET_ACCESS_KEY=secret-of-tests";
        let keeper = Keeper::start(&folder, "s3", &format!("exec env {keys} {SCRIPT} s3 {port} data {tls}"));
        let keeps_proxy = Keeper::start(&folder, "proxy", &format!("exec {SCRIPT} proxy {proxy} {port}"));
        let server = S3 { folder, port, proxy, keeper, _proxy: keeps_proxy, has_tls };
        server.wait();
        wait_for(proxy);
        server.run("client make bkt").exits(0);
        server
    }

    /// Waits until it takes clients.
    pub fn wait(&self) {
        wait_for(self.port);
    }

    /// What goes wrong from now on, as `proxy.py` has it.
    pub fn faults(&self, faults: &str) {
        self.folder.file("faults.new", faults);
        std::fs::rename(self.folder.path("faults.new"), self.folder.path("faults")).unwrap();
    }

    /// A line with what it needs: `$E` says where the server is, `$P` where the proxy is, `client` is boto3.
    pub fn line(&self, line: &str) -> String {
        let S3 { port, proxy, .. } = self;
        let (scheme, ca, host) =
            if self.has_tls { ("https", "CA=ca.pem ", "localhost") } else { ("http", "", "127.0.0.1") };
        format!(
            "export {ca}ENDPOINT={scheme}://{host}:{port}; E=\"--endpoint $ENDPOINT\"; P='--endpoint http://127.0.0.1:{proxy}'; \
             export AWS_ACCESS_KEY_ID=AKTEST AWS_SECRET_ACCESS_KEY=secret-of-tests AWS_EC2_METADATA_DISABLED=true; \
             client() {{ '{SCRIPT}' client \"$@\"; }}; {line}"
        )
    }

    /// Runs a line.
    pub fn run(&self, line: &str) -> Ran {
        self.folder.run(&self.line(line))
    }

    /// Runs a line beside the test; what it says goes to the file `err`.
    pub fn begin(&self, line: &str) -> Pipeline {
        Pipeline::start(&self.folder.path(""), &self.line(line), &self.folder.path("err"))
    }

    /// So many requests the proxy has had that begin so.
    pub fn requests(&self, begin: &str) -> usize {
        self.folder.read("requests").lines().filter(|line| line.starts_with(begin)).count()
    }
}

/// How often each line is there.
pub fn counts(lines: &str) -> std::collections::BTreeMap<u64, usize> {
    let mut counts = std::collections::BTreeMap::new();
    lines.lines().for_each(|line| *counts.entry(line.parse().unwrap()).or_default() += 1);
    counts
}
