//! A mosquitto that runs for a test.

use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::{free_port, has_all};
use sstream_testkit::pipeline::Pipeline;
use sstream_testkit::shell::{Folder, Ran};
use sstream_testkit::wait_until;

/// Whether there is what all these tests need.
pub fn is_possible() -> bool {
    has_all("MQTT_TESTS", &["mosquitto", "mosquitto_pub", "mosquitto_sub", "openssl"])
}

/// What the broker has is written at each change, so that a kill forgets nothing that was acknowledged.
pub const FORGETS_NOTHING: &str = "autosave_interval 1\nautosave_on_changes true";

/// A broker, which is started again when it is killed, and then has what it had.
pub struct Broker {
    /// Where it, and all that a test runs, is.
    pub folder: Folder,
    /// Its port.
    pub port: u16,
    /// Keeps it running.
    pub keeper: Keeper,
}

impl Broker {
    /// As a test needs it who does not care.
    pub fn start() -> Broker {
        Broker::start_with("", &[])
    }

    /// With these lines of configuration beside its own, and these files.
    pub fn start_with(configuration: &str, files: &[(&str, &str)]) -> Broker {
        let (folder, port) = (Folder::new(), free_port());
        for (name, content) in files {
            folder.file(name, content);
        }
        folder.run("mkdir out store").exits(0);
        let store = folder.path("store");
        let own = format!(
            "listener {port} 127.0.0.1\nuser root\npersistence true\npersistence_location {}/\n\
             max_inflight_messages 1000\nmax_queued_messages 0\nlog_type all\n",
            store.display()
        );
        folder.file("broker.conf", format!("{own}allow_anonymous true\n{configuration}\n"));
        let keeper = Keeper::start(&folder, "broker", "PATH=$PATH:/usr/sbin exec mosquitto -c broker.conf");
        let broker = Broker { folder, port, keeper };
        broker.wait();
        broker
    }

    /// Waits until it takes clients.
    pub fn wait(&self) {
        wait_until("the broker listens", Duration::from_secs(30), || {
            std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
    }

    /// Runs a line, in which `$B` is the broker's URL and `$C` how mosquitto's clients are told where it is.
    pub fn run(&self, line: &str) -> Ran {
        self.folder.run(&format!("{}{line}", self.variables()))
    }

    fn variables(&self) -> String {
        let port = self.port;
        format!("B=mqtt://127.0.0.1:{port}; C='-h 127.0.0.1 -p {port}'; ")
    }

    /// Runs a line beside the test; what it says goes to the file `err`.
    pub fn begin(&self, line: &str) -> Pipeline {
        Pipeline::start(&self.folder.path(""), &format!("{}{line}", self.variables()), &self.folder.path("err"))
    }

    /// The same, and waits until a client has subscribed once more.
    pub fn begin_subscriber(&self, line: &str) -> Pipeline {
        let before = self.subscriptions();
        let pipeline = self.begin(line);
        wait_until("it has subscribed", Duration::from_secs(30), || self.subscriptions() > before);
        pipeline
    }

    fn subscriptions(&self) -> usize {
        self.keeper.said().matches("Sending SUBACK").count()
    }
}

/// Ends a pipeline with a stop.
pub fn stop(mut pipeline: Pipeline) {
    pipeline.signal_sources(rustix::process::Signal::TERM);
    assert!(pipeline.wait(Duration::from_secs(30)).is_some(), "it does not end");
}
