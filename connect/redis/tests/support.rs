//! A server for a test.

use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::{free_port, has_all};
use sstream_testkit::shell::{Folder, Ran};
use sstream_testkit::{certificates, wait_until};

/// Whether there is what these tests need.
pub fn is_possible() -> bool {
    has_all("REDIS_TESTS", &["redis-server", "redis-cli", "openssl"])
}

/// A server that keeps all that it has answered, and is started again when it ends.
pub struct Server {
    /// Where it runs.
    pub folder: Folder,
    /// Where it listens.
    pub port: u16,
    /// What keeps it.
    pub keeper: Keeper,
    /// What redis-cli needs beside the port.
    access: &'static str,
}

impl Server {
    /// Starts it, without a password.
    pub fn start() -> Server {
        Server::start_with("", "")
    }

    /// Starts it with these options; `access` are redis-cli's for it.
    pub fn start_with(options: &str, access: &'static str) -> Server {
        let (folder, port) = (Folder::new(), free_port());
        if options.contains("tls") {
            certificates(&folder);
        }
        let listen =
            if options.contains("tls") { format!("--port 0 --tls-port {port}") } else { format!("--port {port}") };
        let line = format!(
            "exec redis-server {listen} --bind 127.0.0.1 --save '' --appendonly yes --appendfsync always {options} >>server.log"
        );
        let keeper = Keeper::start(&folder, "server", &line);
        let server = Server { folder, port, keeper, access };
        wait_until("the server answers", Duration::from_secs(60), || server.ask("ping") == "PONG\n");
        server
    }

    /// What redis-cli prints for this; several lines of commands are asked one after the other.
    pub fn ask(&self, commands: &str) -> String {
        self.folder.file("ask", format!("{commands}\n"));
        let Server { folder, port, access, .. } = self;
        folder.run(&format!("redis-cli -h localhost -p {port} {access} <ask")).stdout
    }

    /// A sink of it, with these options behind the address.
    pub fn sink(&self, options: &str) -> String {
        format!("sstream-sink redis redis://127.0.0.1:{} {options}", self.port)
    }

    /// Writes batches, as a queue's file has them.
    pub fn write(&self, batches: &str, options: &str) -> Ran {
        self.folder.file("batches", batches);
        self.folder.run(&format!("sstream-source queue batches --batch 1s | {}", self.sink(options)))
    }
}
