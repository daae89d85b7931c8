//! The servers of a cluster, each of which takes rows for all of them.

use sstream_tables::Fault;
use sstream_tls::stream::Host;

use crate::connection::{Connection, Door};

/// Keeps a connection to one of several servers.
pub struct Hosts {
    hosts: Vec<Host>,
    /// The one that is asked first.
    first: usize,
    door: Door,
}

impl Hosts {
    /// Speaks to nobody yet.
    pub fn new(hosts: Vec<Host>, door: Door) -> Hosts {
        Hosts { hosts, first: 0, door }
    }

    /// Connects to one of them: where it is, too.
    ///
    /// # Errors
    /// All are away, or one does not let us in.
    pub fn connect(&mut self) -> Result<(String, Connection), Fault> {
        let mut said = Vec::new();
        for _ in 0..self.hosts.len() {
            let host = &self.hosts[self.first];
            match Connection::open(host, &self.door) {
                Ok(connection) => return Ok((host.to_string(), connection)),
                Err(Fault::Away(message)) => said.push(format!("{host}: {message}")),
                Err(fault) => return Err(named(&host.to_string(), fault)),
            }
            self.pass_over();
        }
        Err(Fault::Away(said.join("; ")))
    }

    /// Has another one asked first the next time.
    pub fn pass_over(&mut self) {
        self.first = (self.first + 1) % self.hosts.len();
    }
}

/// A fault that says where it was met.
pub fn named(place: &str, fault: Fault) -> Fault {
    match fault {
        Fault::Away(message) => Fault::Away(format!("{place}: {message}")),
        Fault::Hopeless(message) => Fault::Hopeless(format!("{place}: {message}")),
        other => other,
    }
}
