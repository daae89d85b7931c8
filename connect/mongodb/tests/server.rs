//! Servers for tests: a FerretDB for all of them, ones of their own, and the stand-in.

use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use clap::Parser;
use sstream_mongodb::SinkArgs;
use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::{free_port, has_all, lacks};
use sstream_testkit::shell::{Folder, Ran};
use sstream_testkit::wait_until;

/// The script that has pymongo and FerretDB.
pub const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer");

const VARIABLE: &str = "MONGODB_TESTS";

/// The sink's words, as a test gives them that has no process.
#[derive(Parser)]
pub struct Line {
    /// Its options.
    #[command(flatten)]
    pub args: SinkArgs,
}

fn peer_can(what: &str) -> bool {
    Command::new(PEER).arg(what).stdout(Stdio::null()).status().unwrap().success()
}

/// Whether there is what tests with the stand-in need.
pub fn is_hostile_possible() -> bool {
    static IS_THERE: OnceLock<bool> = OnceLock::new();
    has_all(VARIABLE, &["python3", "flock", "openssl", "jq"])
        && (*IS_THERE.get_or_init(|| peer_can("available")) || lacks(VARIABLE, "pymongo, nor can it be fetched"))
}

/// Whether there is a FerretDB too.
pub fn is_possible() -> bool {
    static IS_THERE: OnceLock<bool> = OnceLock::new();
    is_hostile_possible()
        && (*IS_THERE.get_or_init(|| peer_can("can-serve")) || lacks(VARIABLE, "FerretDB, nor can Go build it"))
}

/// A server, asked by pymongo in a folder of the test's own.
pub struct Server {
    /// Where the test runs.
    pub folder: Folder,
    /// The address, with a database.
    pub url: String,
}

impl Server {
    /// The one that all tests share: each has a database of its own, of this name. It ends with this process, and its data
    /// are removed.
    pub fn shared(database: &str) -> Server {
        static PORT: OnceLock<u16> = OnceLock::new();
        static CHILD: Mutex<Option<Child>> = Mutex::new(None);
        let port = *PORT.get_or_init(|| {
            let port = free_port();
            let process = std::process::id();
            let line = format!(
                "directory=$(mktemp -d); {PEER} serve {port} $directory/data 2>$directory/log & \
                 while kill -0 {process} 2>/dev/null; do sleep 0.5; done; kill $!; wait; rm -rf $directory"
            );
            let mut shell = Command::new("bash");
            shell.args(["-c", &line]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            *CHILD.lock().unwrap() = Some(shell.spawn().unwrap());
            port
        });
        let server = Server { folder: Folder::new(), url: format!("mongodb://127.0.0.1:{port}/{database}") };
        server.answers();
        server
    }

    /// Waits until it does.
    pub fn answers(&self) {
        let line = format!("{PEER} {} 'db.command(\"ping\")'", self.url);
        wait_until("the server answers", Duration::from_secs(60), || self.folder.run(&line).code() == Some(0));
    }

    /// What pymongo prints of an expression, or of each of its elements `d`.
    pub fn ask(&self, expression: &str, shown: &str) -> String {
        let line = format!("{PEER} {} '{expression}' '{shown}'", self.url);
        self.folder.run(&line).exits(0).stdout
    }

    /// The documents of a collection, by the value of a field.
    pub fn documents(&self, collection: &str, sort: &str, shown: &str) -> String {
        self.ask(&format!("db[\"{collection}\"].find().sort(\"{sort}\")"), shown)
    }

    /// How many documents a collection has; 0 while the server is away.
    pub fn count(&self, collection: &str) -> u64 {
        let line = format!("{PEER} {} 'db[\"{collection}\"].count_documents({{}})'", self.url);
        self.folder.run(&line).stdout.trim().parse().unwrap_or(0)
    }

    /// Writes batches, as a queue's file has them.
    pub fn write(&self, batches: &str, options: &str) -> Ran {
        self.write_to(&self.url, batches, options)
    }

    /// The same by another address.
    pub fn write_to(&self, url: &str, batches: &str, options: &str) -> Ran {
        self.folder.file("batches", batches);
        self.folder.run(&format!("sstream-source queue batches --batch 1s | sstream-sink mongodb '{url}' {options}"))
    }
}

/// A server of a test's own, which is started again when it is killed.
pub struct Kept {
    /// How it is spoken with.
    pub server: Server,
    /// Keeps it running.
    pub keeper: Keeper,
    /// Its ports.
    pub ports: Vec<u16>,
}

impl Kept {
    /// A FerretDB.
    pub fn real() -> Kept {
        let port = free_port();
        let kept = Kept::start(&Folder::new(), vec![port], &format!("exec {PEER} serve {port} data 2>>server.log"));
        kept.server.answers();
        kept
    }

    /// The stand-in, with these options.
    pub fn hostile(options: &str) -> Kept {
        Kept::hostile_in(&Folder::new(), 1, options)
    }

    /// The same in a folder that is there, as so many members of a set.
    pub fn hostile_in(folder: &Folder, members: usize, options: &str) -> Kept {
        let ports: Vec<u16> = (0..members).map(|_| free_port()).collect();
        let words: Vec<String> = ports.iter().map(u16::to_string).collect();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hostile.py");
        let kept = Kept::start(folder, ports, &format!("exec {PEER} python {script} {} {options}", words.join(" ")));
        wait_until("the server listens", Duration::from_secs(60), || {
            kept.ports.iter().all(|port| std::net::TcpStream::connect(("127.0.0.1", *port)).is_ok())
        });
        kept
    }

    fn start(folder: &Folder, ports: Vec<u16>, line: &str) -> Kept {
        let keeper = Keeper::start(folder, "server", line);
        let url = format!("mongodb://localhost:{}/test", ports[0]);
        Kept { server: Server { folder: folder.clone(), url }, keeper, ports }
    }

    /// What jq makes of each document of the stand-in, `[collection, operations, document]`.
    pub fn documents(&self, program: &str) -> String {
        self.server.folder.run(&format!("[ ! -e documents ] || jq -S -cr '{program}' documents")).exits(0).stdout
    }

    /// What jq makes of each command that the stand-in has had.
    pub fn requests(&self, program: &str) -> String {
        self.server.folder.run(&format!("jq -cr '{program}' requests")).exits(0).stdout
    }
}
