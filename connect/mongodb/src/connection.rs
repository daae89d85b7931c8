//! A connection to a server: commands and their answers.

use std::io::{self, BufReader, Write as _};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::ClientConfig;
use sstream::connect::record::{field, text};
use sstream::connect::{Secret, describe};
use sstream_tables::Fault;
use sstream_tls::stream::{Host, Stream};

use crate::answer::Refusal;
use crate::bson::{Document, read};
use crate::message::{self, Documents};
use crate::scram::Scram;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// How one gets in.
#[derive(Clone, Debug)]
pub struct Door {
    /// Who logs in; nobody where servers ask no one.
    pub login: Option<Login>,
    /// How TLS is spoken; not at all without.
    pub tls: Option<Arc<ClientConfig>>,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// A user.
#[derive(Clone, Debug)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: Secret,
    /// The database that knows the user.
    pub source: String,
}

/// A connection.
pub struct Connection {
    stream: BufReader<Box<dyn Stream>>,
    /// The id of the last message.
    id: i32,
    timeout: Duration,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// As [`Connection::run`].
    pub fn open(host: &Host, door: &Door) -> Result<Connection, Fault> {
        let Door { tls, timeout, .. } = door;
        let stream = sstream_tls::stream::open(&host.name, host.port, tls.as_ref(), CONNECT, *timeout);
        let stream = stream.map_err(|error| of_io(&error, *timeout))?;
        Ok(Connection { stream: BufReader::new(stream), id: 0, timeout: *timeout })
    }

    /// Runs a command; the answer as JSON, also one that refuses it.
    ///
    /// # Errors
    /// The connection is lost, or the other end speaks something else.
    pub fn run(&mut self, command: &[u8], documents: Option<Documents<'_>>) -> Result<Vec<u8>, Fault> {
        let answer = self.exchange(command, documents).map_err(|error| of_io(&error, self.timeout))?;
        read::json(&answer).ok_or_else(|| Fault::Hopeless("this is no answer of MongoDB".to_owned()))
    }

    /// The same, where the command is not refused.
    ///
    /// # Errors
    /// It is.
    pub fn ask(&mut self, command: &[u8]) -> Result<Vec<u8>, Fault> {
        let answer = self.run(command, None)?;
        match Refusal::of(&answer) {
            Some(refusal) => Err(refusal.fault()),
            None => Ok(answer),
        }
    }

    fn exchange(&mut self, command: &[u8], documents: Option<Documents<'_>>) -> io::Result<Vec<u8>> {
        self.id = self.id.wrapping_add(1);
        let stream = self.stream.get_mut();
        stream.write_all(&message::head(self.id, command, documents))?;
        if let Some(documents) = documents {
            stream.write_all(documents.bytes)?;
        }
        stream.flush()?;
        message::read(self.id, &mut self.stream)
    }

    /// Tells who we are, and asks what the server is.
    ///
    /// # Errors
    /// As [`Connection::ask`].
    pub fn hello(&mut self) -> Result<Vec<u8>, Fault> {
        let name = Document::new().text("name", "sstream").text("version", env!("CARGO_PKG_VERSION"));
        let client =
            Document::new().document("driver", name).document("os", Document::new().text("type", std::env::consts::OS));
        self.ask(&Document::new().int("hello", 1).document("client", client).text("$db", "admin").bytes())
    }

    /// Logs in.
    ///
    /// # Errors
    /// As [`Connection::ask`]; the server does not let us in, or does not know the password itself.
    pub fn log_in(&mut self, login: &Login) -> Result<(), Fault> {
        let wrong = |reason: &str| Fault::Hopeless(format!("{reason}: {LOGIN}"));
        let mut scram = Scram::new(&login.user, &login.password).map_err(|reason| wrong(&reason))?;
        let begin = Document::new()
            .int("saslStart", 1)
            .text("mechanism", "SCRAM-SHA-256")
            .binary("payload", scram.first().as_bytes())
            .document("options", Document::new().boolean("skipEmptyExchange", true))
            .text("$db", &login.source);
        let mut answer = self.ask(&begin.bytes())?;
        let proof = scram.proof(&payload(&answer)).map_err(|reason| wrong(&reason))?;
        answer = self.ask(&proceed(&answer, &proof, login))?;
        if !scram.is_server(&payload(&answer)) {
            return Err(wrong("the server does not know the password"));
        }
        // One that does not skip the empty exchange wants it.
        if field(&answer, b"done") != Some(b"true") {
            self.ask(&proceed(&answer, "", login))?;
        }
        Ok(())
    }
}

/// What to do about a login.
pub const LOGIN: &str = "see the user of the address, its authSource, and --password-file";

fn payload(answer: &[u8]) -> String {
    let encoded = text(field(answer, b"payload").unwrap_or_default());
    String::from_utf8_lossy(&STANDARD.decode(encoded).unwrap_or_default()).into_owned()
}

fn proceed(answer: &[u8], payload: &str, login: &Login) -> Vec<u8> {
    let conversation = field(answer, b"conversationId").and_then(|id| std::str::from_utf8(id).ok()?.parse().ok());
    Document::new()
        .int("saslContinue", 1)
        .int("conversationId", conversation.unwrap_or(1))
        .binary("payload", payload.as_bytes())
        .text("$db", &login.source)
        .bytes()
}

/// What an error of the connection means.
fn of_io(error: &io::Error, timeout: Duration) -> Fault {
    match error.kind() {
        // A certificate that is not believed, and what is no MongoDB.
        io::ErrorKind::InvalidData => Fault::Hopeless(error.to_string()),
        io::ErrorKind::UnexpectedEof => Fault::Away("the connection was closed".to_owned()),
        io::ErrorKind::WouldBlock => Fault::Away(format!("no answer for {} s", timeout.as_secs())),
        _ => Fault::Away(describe(error)),
    }
}
