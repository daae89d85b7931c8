//! A connection to a server, and what its errors mean.

use std::io::{self, BufReader, Write as _};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use sstream::connect::{Secret, describe};
use sstream_tables::Fault;
use sstream_tls::stream::Stream;

use crate::protocol::{Reply, push_command, read_reply};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(60);

/// Where a server is, and how one is let in.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The number of the database.
    pub database: u32,
    /// The user, if it is not the default one.
    pub user: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// How TLS is spoken; not at all without.
    pub tls: Option<Arc<ClientConfig>>,
}

/// A connection.
pub struct Connection {
    stream: BufReader<Box<dyn Stream>>,
}

impl Connection {
    /// Connects, logs in and chooses the database.
    ///
    /// # Errors
    /// As [`of_reply`] and [`of_io`] say.
    pub fn open(place: &Place) -> Result<Connection, Fault> {
        let Place { host, port, tls, .. } = place;
        let stream = sstream_tls::stream::open(host, *port, tls.as_ref(), CONNECT, ANSWER).map_err(of_io)?;
        let mut connection = Connection { stream: BufReader::new(stream) };
        if let Some(password) = &place.password {
            let user = place.user.as_deref().unwrap_or("default");
            connection.ask(&["auth", user, password.reveal()])?;
        }
        if place.database > 0 {
            connection.ask(&["select", &place.database.to_string()])?;
        }
        Ok(connection)
    }

    /// Writes commands, of which the replies are read later.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn send(&mut self, commands: &[u8]) -> Result<(), Fault> {
        self.stream.get_mut().write_all(commands).map_err(of_io)
    }

    /// Reads a reply.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn reply(&mut self) -> Result<Reply, Fault> {
        self.stream.get_mut().flush().map_err(of_io)?;
        read_reply(&mut self.stream).map_err(of_io)
    }

    /// Runs a command.
    ///
    /// # Errors
    /// The connection is lost, or the server refuses it.
    pub fn ask(&mut self, words: &[&str]) -> Result<Reply, Fault> {
        let mut command = Vec::new();
        push_command(words, &mut command);
        self.send(&command)?;
        match self.reply()? {
            Reply::Error(error) => Err(of_reply(error)),
            reply => Ok(reply),
        }
    }
}

/// What an error of the connection means.
fn of_io(error: io::Error) -> Fault {
    match error.kind() {
        // A certificate that is not believed, and what is no Redis.
        io::ErrorKind::InvalidData => Fault::Hopeless(error.to_string()),
        io::ErrorKind::UnexpectedEof => Fault::Away("the connection was closed".to_owned()),
        io::ErrorKind::WouldBlock => Fault::Away(format!("no answer for {} s", ANSWER.as_secs())),
        _ => Fault::Away(describe(&error)),
    }
}

/// What the server's refusal means, by its first word.
pub fn of_reply(error: String) -> Fault {
    match error.split(' ').next().unwrap_or_default() {
        "LOADING" | "BUSY" | "OOM" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" | "READONLY" | "NOREPLICAS"
        | "MISCONF" => Fault::Away(error),
        "MOVED" | "ASK" | "CROSSSLOT" => Fault::Hopeless(format!(
            "{error}: a batch is one transaction, on one server: clusters are not for this sink"
        )),
        "NOAUTH" | "WRONGPASS" | "NOPERM" => {
            Fault::Hopeless(format!("{error}: see --password-file, and the user of the address"))
        }
        "EXECABORT" => Fault::Again(error),
        _ => Fault::Refused(error),
    }
}
