//! HDFS, which Maven fetches: `hdfs/server` beside `src` says how. The foreign client is curl, by WebHDFS.

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use crate::keeper::Keeper;
use crate::needs::{free_port, has_all, lacks};
use crate::shell::{Folder, Ran};
use crate::wait_until;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/hdfs/server");

/// Whether there is an HDFS; what it needs may be required, as [`has_all`] has it.
///
/// # Panics
/// There is none, and it is required.
pub fn is_possible(variable: &str) -> bool {
    static IS_THERE: OnceLock<bool> = OnceLock::new();
    let can = |what: &str| Command::new(SCRIPT).arg(what).status().unwrap().success();
    has_all(variable, &["java", "curl", "jq"])
        && (*IS_THERE.get_or_init(|| can("available") && can("fetch"))
            || lacks(variable, "HDFS, nor can it be fetched (java, maven)"))
}

/// A NameNode and a DataNode, which are started again when they are killed.
pub struct Hdfs {
    /// Where all that a test runs is.
    pub folder: Folder,
    /// The NameNode's port.
    pub port: u16,
    http: u16,
    /// Keeps it running.
    pub keeper: Keeper,
}

impl Hdfs {
    /// Starts one, with folders `/in` and `/out`.
    pub fn start() -> Hdfs {
        let (folder, port, http) = (Folder::new(), free_port(), free_port());
        folder.run("mkdir out").exits(0);
        let keeper = Keeper::start(&folder, "hdfs", &format!("exec {SCRIPT} run {port} {http} data"));
        let server = Hdfs { folder, port, http, keeper };
        server.wait();
        server.run("curl -sf -X PUT \"$W/in?op=MKDIRS\"; curl -sf -X PUT \"$W/out?op=MKDIRS\"").exits(0);
        server
    }

    /// Waits until it takes clients, and has its blocks.
    ///
    /// # Panics
    /// It does not within two minutes.
    pub fn wait(&self) {
        let limit = Duration::from_secs(120);
        wait_until("the NameNode listens", limit, || TcpStream::connect(("127.0.0.1", self.port)).is_ok());
        wait_until("it has left safe mode", limit, || {
            let probe = "curl -sf -X PUT -d x -L \"$W/probe?op=CREATE&overwrite=true\"";
            Path::new(&self.folder.path("data")).exists() && self.run(probe).code() == Some(0)
        });
    }

    /// Runs a line, in which `$H` is how its URLs begin, `$W` where WebHDFS is, `put NAME` writes a file of `/in` from stdin, and
    /// `get` gives all in a folder, of which `names` gives the names.
    pub fn run(&self, line: &str) -> Ran {
        self.folder.run(&self.line(line))
    }

    /// A line with what it needs.
    pub fn line(&self, line: &str) -> String {
        let Hdfs { port, http, .. } = self;
        format!(
            "export HADOOP_USER_NAME=tests; H=hdfs://127.0.0.1:{port}; W=http://127.0.0.1:{http}/webhdfs/v1; \
             put() {{ cat >sent && curl -sf -X PUT -T sent -L \"$W/in/.$1?op=CREATE&overwrite=true\" && \
             curl -sf -X PUT \"$W/in/.$1?op=RENAME&destination=/in/$1\" >/dev/null; }}; \
             names() {{ curl -sf \"$W/$1?op=LISTSTATUS\" | jq -r .FileStatuses.FileStatus[].pathSuffix; }}; \
             get() {{ names $1 | sed \"s|.*|$W/$1/&?op=OPEN|\" | xargs -r curl -sfL; }}; {line}"
        )
    }
}
