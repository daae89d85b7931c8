//! The servers of a replica set, and which of them takes writes.

use sstream::connect::record::{elements, field, text};
use sstream_tables::Fault;
use sstream_tls::stream::Host;

use crate::address::PORT;
use crate::connection::{Connection, Door};

/// Finds the primary, by asking each server that is known until one says that it is; a server that stands alone, and a
/// router of a cluster, say so too.
pub struct Members {
    /// Those of the address, which are asked always.
    seeds: Vec<Host>,
    /// Those that were told since, the most promising first.
    told: Vec<Host>,
    /// The name that the set is to have.
    set: Option<String>,
    /// Whether others than the seeds are left alone.
    is_direct: bool,
    door: Door,
    primary: Option<(Host, Connection)>,
}

/// What a server says of itself.
struct Role {
    is_primary: bool,
    /// The set that it belongs to.
    set: Option<String>,
    /// Who it takes for the primary.
    primary: Option<Host>,
    hosts: Vec<Host>,
}

impl Role {
    fn of(hello: &[u8]) -> Role {
        let string = |value: &[u8]| String::from_utf8_lossy(&text(value)).into_owned();
        let host = |value: &[u8]| Host::parse(&string(value), PORT);
        let is = |name: &[u8]| field(hello, name) == Some(b"true");
        Role {
            is_primary: is(b"isWritablePrimary") || is(b"ismaster"),
            set: field(hello, b"setName").map(string),
            primary: field(hello, b"primary").and_then(host),
            hosts: field(hello, b"hosts").map(elements).into_iter().flatten().filter_map(host).collect(),
        }
    }
}

impl Members {
    /// Speaks to nobody yet.
    pub fn new(seeds: Vec<Host>, set: Option<String>, is_direct: bool, door: Door) -> Members {
        Members { seeds, told: Vec::new(), set, is_direct, door, primary: None }
    }

    /// The connection to the primary, which is looked for if there is none.
    ///
    /// # Errors
    /// There is none now, or we do not get in.
    pub fn primary(&mut self) -> Result<&mut Connection, Fault> {
        let found = match self.primary.take() {
            Some(found) => found,
            None => self.find()?,
        };
        Ok(&mut self.primary.insert(found).1)
    }

    /// Where the primary is, for messages.
    pub fn place(&self) -> String {
        self.primary.as_ref().map(|(host, _)| host.to_string()).unwrap_or_default()
    }

    /// Lets go of the connection: the next one may be to another server.
    pub fn lose(&mut self) {
        if let Some((host, _)) = self.primary.take() {
            // It is asked last: one that is cut off from the others may still take itself for the primary.
            self.told.retain(|told| *told != host);
            self.told.push(host);
        }
    }

    fn find(&mut self) -> Result<(Host, Connection), Fault> {
        let mut waiting: Vec<Host> = self.told.iter().chain(&self.seeds).cloned().collect();
        // The next one is the last.
        waiting.reverse();
        let (mut asked, mut said) = (Vec::new(), Vec::new());
        while let Some(host) = waiting.pop() {
            if asked.contains(&host) {
                continue;
            }
            asked.push(host.clone());
            match self.visit(&host) {
                Ok((role, connection)) if role.is_primary => return self.enter(host, connection, &role),
                Ok((role, _)) => {
                    self.learn(&role);
                    said.push(format!("{host}: not the primary"));
                    if !self.is_direct {
                        waiting.splice(0..0, role.hosts);
                        waiting.extend(role.primary);
                    }
                }
                Err(Fault::Away(message)) => said.push(format!("{host}: {message}")),
                Err(fault) => return Err(named(&host, fault)),
            }
        }
        Err(Fault::Away(said.join("; ")))
    }

    fn visit(&self, host: &Host) -> Result<(Role, Connection), Fault> {
        let mut connection = Connection::open(host, &self.door)?;
        let role = Role::of(&connection.hello()?);
        match (&self.set, &role.set) {
            (Some(wanted), Some(found)) if wanted != found => {
                Err(Fault::Hopeless(format!("it belongs to the replica set {found}, and {wanted} is wanted")))
            }
            // It may not have read its settings yet.
            (Some(wanted), None) => Err(Fault::Away(format!("it does not belong to the replica set {wanted}"))),
            _ => Ok((role, connection)),
        }
    }

    fn enter(&mut self, host: Host, mut connection: Connection, role: &Role) -> Result<(Host, Connection), Fault> {
        self.learn(role);
        if let Some(login) = &self.door.login {
            connection.log_in(login).map_err(|fault| named(&host, fault))?;
        }
        Ok((host, connection))
    }

    fn learn(&mut self, role: &Role) {
        if !self.is_direct && !role.hosts.is_empty() {
            // In the order in which they were asked last.
            self.told.retain(|host| role.hosts.contains(host));
            let others = role.hosts.iter().filter(|host| !self.told.contains(host)).cloned().collect::<Vec<_>>();
            self.told.splice(0..0, others);
        }
    }
}

fn named(host: &Host, fault: Fault) -> Fault {
    match fault {
        Fault::Away(message) => Fault::Away(format!("{host}: {message}")),
        Fault::Hopeless(message) => Fault::Hopeless(format!("{host}: {message}")),
        other => other,
    }
}
