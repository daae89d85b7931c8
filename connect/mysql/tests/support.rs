//! A server for a test.

use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::{free_port, has_all};
use sstream_testkit::shell::{Folder, Ran};
use sstream_testkit::{certificates, wait_until};

/// Whether there is what these tests need.
pub fn is_possible() -> bool {
    has_all("MYSQL_TESTS", &["/usr/sbin/mariadbd", "mariadb-install-db", "mariadb", "openssl"])
}

/// A server that is started again when it ends.
pub struct Server {
    /// Where it runs.
    pub folder: Folder,
    /// Where it listens.
    pub port: u16,
    /// What keeps it.
    pub keeper: Keeper,
}

impl Server {
    /// Starts it, with an empty database; `ssl` or nothing.
    pub fn start(ssl: &str) -> Server {
        let (folder, port) = (Folder::new(), free_port());
        folder.file("pw", "hunter2\n");
        if !ssl.is_empty() {
            certificates(&folder);
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server");
        let keeper = Keeper::start(&folder, "server", &format!("exec {script} data {port} {ssl}"));
        let server = Server { folder, port, keeper };
        wait_until("the server answers", Duration::from_secs(60), || server.try_ask("select 1").code() == Some(0));
        server
    }

    /// What the client of the server's makers says to this.
    pub fn try_ask(&self, sql: &str) -> Ran {
        let Server { folder, port, .. } = self;
        folder.file("ask.sql", sql);
        let ssl = if folder.path("ca.pem").exists() { "--ssl-ca=ca.pem" } else { "" };
        folder.run(&format!(
            "MYSQL_PWD=hunter2 mariadb --no-defaults -N -B -r --connect-timeout=5 -h 127.0.0.1 -P {port} -u app {ssl} \
             --default-character-set=utf8mb4 app <ask.sql | tr '\\t' '|'; exit ${{PIPESTATUS[0]}}"
        ))
    }

    /// What it prints for this.
    pub fn ask(&self, sql: &str) -> String {
        self.try_ask(sql).exits(0).stdout
    }

    /// A sink of it, with these options behind the address.
    pub fn sink(&self, options: &str) -> String {
        format!("sstream-sink mysql mysql://app@localhost:{}/app --password-file pw {options}", self.port)
    }

    /// Writes batches, as a queue's file has them.
    pub fn write(&self, batches: &str, options: &str) -> Ran {
        self.folder.file("batches", batches);
        self.folder.run(&format!("sstream-source queue batches --batch 1s | {}", self.sink(options)))
    }
}
