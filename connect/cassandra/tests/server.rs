//! Servers for tests: a real one for all of them, ones of their own, and the stand-in.

use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use clap::Parser;
use sstream_cassandra::SinkArgs;
use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::{free_port, has_all, lacks};
use sstream_testkit::shell::{Folder, Ran};
use sstream_testkit::{certificates, wait_until};

/// The script that runs Cassandra.
const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cassandra/server");

/// The script that has the Python driver.
pub const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer");

const VARIABLE: &str = "CASSANDRA_TESTS";

/// The sink's words, as a test gives them that has no process.
#[derive(Parser)]
pub struct Line {
    /// Its options.
    #[command(flatten)]
    pub args: SinkArgs,
}

fn can(script: &str) -> bool {
    Command::new(script).arg("available").stdout(Stdio::null()).status().unwrap().success()
}

/// Whether there is a Cassandra, and its driver.
pub fn is_possible() -> bool {
    static IS_THERE: OnceLock<bool> = OnceLock::new();
    has_all(VARIABLE, &["java", "python3", "flock", "openssl", "jq"])
        && (*IS_THERE.get_or_init(|| can(SERVER) && can(PEER))
            || lacks(VARIABLE, "Cassandra or its Python driver, nor can they be fetched"))
}

/// Whether there is what tests with the stand-in need.
pub fn is_hostile_possible() -> bool {
    has_all(VARIABLE, &["python3", "openssl", "jq"])
}

/// A server, asked by the Python driver in a folder of the test's own, in which `password` is that of the user
/// cassandra.
pub struct Server {
    /// Where the test runs.
    pub folder: Folder,
    /// Where the server listens.
    pub port: u16,
    /// The test's keyspace.
    pub keyspace: String,
}

impl Server {
    /// The real one that all tests share: each has a keyspace of its own, of this name. It speaks TLS too, with `ca.pem` in the test's
    /// folder, ends with this process, and removes what it has written.
    pub fn shared(keyspace: &str) -> Server {
        static RUNS: OnceLock<(u16, String)> = OnceLock::new();
        static CHILD: Mutex<Option<Child>> = Mutex::new(None);
        let (port, ca) = RUNS.get_or_init(|| {
            let (port, process, made) = (free_port(), std::process::id(), Folder::new());
            certificates(&made);
            let pack = "openssl pkcs12 -export -in cert.pem -inkey key.pem -passout pass:cassandra -out keystore.p12";
            made.run(pack).exits(0);
            let line = format!(
                "directory=$(mktemp -d); cp {0}/keystore.p12 $directory; touch {0}/copied; \
                 {SERVER} run {port} $directory >$directory/log 2>&1 & \
                 while kill -0 {process} 2>/dev/null; do sleep 0.5; done; kill -9 $!; wait; rm -rf $directory",
                made.path("").display()
            );
            let line = line.replace(" & while", " &\nwhile");
            let mut shell = Command::new("bash");
            shell.args(["-c", &line]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            *CHILD.lock().unwrap() = Some(shell.spawn().unwrap());
            wait_until("the server has its key", Duration::from_secs(30), || made.path("copied").exists());
            (port, made.read("ca.pem"))
        });
        let server = Server::at(*port, Folder::new(), keyspace);
        server.folder.file("ca.pem", ca);
        server
    }

    /// One that starts, or has started; its keyspace is made.
    fn at(port: u16, folder: Folder, keyspace: &str) -> Server {
        folder.file("password", "cassandra\n");
        let server = Server { folder, port, keyspace: keyspace.to_owned() };
        let line = format!(
            "{PEER} ask {port} \"CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = \
             {{'class': 'SimpleStrategy', 'replication_factor': 1}}\""
        );
        wait_until("the server answers", Duration::from_secs(180), || server.folder.run(&line).code() == Some(0));
        server
    }

    /// Where it is and who logs in, as words of the sink.
    pub fn words(&self) -> String {
        format!("127.0.0.1:{} --user cassandra --password-file password", self.port)
    }

    /// What the driver prints of a statement's rows, or of an expression of each of them. `KS` is the test's keyspace.
    pub fn ask(&self, statement: &str, shown: &str) -> String {
        self.folder.file("statement", statement.replace("KS", &self.keyspace));
        self.folder.run(&format!("{PEER} ask {} \"$(cat statement)\" '{shown}'", self.port)).exits(0).stdout
    }

    /// How many rows a statement has; 0 while the server is away.
    pub fn count(&self, statement: &str) -> u64 {
        self.folder.file("count", statement.replace("KS", &self.keyspace));
        let line = format!("{PEER} ask {} \"$(cat count)\" 'r[0]'", self.port);
        self.folder.run(&line).stdout.trim().parse().unwrap_or(0)
    }

    /// Writes batches, as a queue's file has them. `KS` in the options is the test's keyspace.
    pub fn write(&self, batches: &str, options: &str) -> Ran {
        self.write_to(&self.words(), batches, options)
    }

    /// The same with other words for where it is and who logs in.
    pub fn write_to(&self, words: &str, batches: &str, options: &str) -> Ran {
        self.folder.file("batches", batches);
        let options = options.replace("KS", &self.keyspace);
        self.folder.run(&format!("sstream-source queue batches --batch 1s | sstream-sink cassandra {words} {options}"))
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
        let (port, folder) = (free_port(), Folder::new());
        let keeper = Keeper::start(&folder, "server", &format!("exec {SERVER} run {port} data >>server.log 2>&1"));
        Kept { server: Server::at(port, folder, "ks"), keeper }
    }

    /// The stand-in, with these options.
    pub fn hostile(options: &str) -> Kept {
        Kept::hostile_in(&Folder::new(), options)
    }

    /// The same in a folder that is there.
    pub fn hostile_in(folder: &Folder, options: &str) -> Kept {
        let port = free_port();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hostile.py");
        let keeper = Keeper::start(folder, "server", &format!("exec python3 {script} {port} {options}"));
        let server = Server { folder: folder.clone(), port, keyspace: "ks".to_owned() };
        wait_until("the server listens", Duration::from_secs(60), || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Kept { server, keeper }
    }

    /// Writes batches into the stand-in's table.
    pub fn write(&self, batches: &str, options: &str) -> Ran {
        let place = format!("localhost:{}", self.server.port);
        self.server.write_to(&place, batches, &format!("--table ks.t {options}"))
    }

    /// What jq makes of each row of the stand-in, `{k, n, v, at, writes}`, in the order of their keys.
    pub fn rows(&self, program: &str) -> String {
        self.server.folder.run(&format!("[ ! -e rows ] || jq -cr '{program}' rows")).exits(0).stdout
    }

    /// What jq makes of each request that the stand-in has had.
    pub fn requests(&self, program: &str) -> String {
        self.server.folder.run(&format!("jq -cr '{program}' requests")).exits(0).stdout
    }
}
