//! A connection to a server, with several requests under way.

use std::io::{self, BufReader, Write as _};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use sstream::connect::{Secret, describe};
use sstream_tables::Fault;
use sstream_tls::stream::{Host, Stream};

use crate::answer::{LOGIN, Refusal};
use crate::frame::{self, Answer, NO_ANSWER, op};
use crate::message;

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
}

/// A connection.
pub struct Connection {
    stream: BufReader<Box<dyn Stream>>,
    /// Requests that were not sent yet.
    out: Vec<u8>,
    timeout: Duration,
}

impl Connection {
    /// Connects, tells who we are and logs in.
    ///
    /// # Errors
    /// The server is away, or does not let us in.
    pub fn open(host: &Host, door: &Door) -> Result<Connection, Fault> {
        let Door { login, tls, timeout } = door;
        let stream = sstream_tls::stream::open(&host.name, host.port, tls.as_ref(), CONNECT, *timeout);
        let stream = stream.map_err(|error| of_io(&error, *timeout))?;
        let mut connection = Connection { stream: BufReader::new(stream), out: Vec::new(), timeout: *timeout };
        let wants = connection.ask(op::STARTUP, &message::startup())?;
        match (wants.op, login) {
            (op::READY, _) => Ok(connection),
            (op::AUTHENTICATE, Some(login)) => connection.log_in(login),
            (op::AUTHENTICATE, None) => Err(Fault::Hopeless(format!("it lets nobody in without a login: {LOGIN}"))),
            _ => Err(Fault::Hopeless(NO_ANSWER.to_owned())),
        }
    }

    fn log_in(mut self, login: &Login) -> Result<Connection, Fault> {
        let answer = self.ask(op::AUTH_RESPONSE, &message::login(&login.user, &login.password))?;
        match answer.op {
            op::AUTH_SUCCESS => Ok(self),
            _ => Err(Fault::Hopeless("it wants another login than user and password".to_owned())),
        }
    }

    /// Asks something while nothing else is under way, and waits for the answer.
    ///
    /// # Errors
    /// The connection is lost, it is refused, or the other end speaks something else.
    pub fn ask(&mut self, op: u8, body: &[u8]) -> Result<Answer, Fault> {
        self.send(0, op, body);
        let answer = self.receive()?;
        match answer.op {
            op::ERROR => Err(Refusal::read(&answer.body).fault()),
            _ => Ok(answer),
        }
    }

    /// Adds a request to those that are sent before the next answer is waited for.
    pub fn send(&mut self, stream: i16, op: u8, body: &[u8]) {
        frame::push(stream, op, body, &mut self.out);
    }

    /// The next answer, whichever request it is of.
    ///
    /// # Errors
    /// The connection is lost, or the other end speaks something else.
    pub fn receive(&mut self) -> Result<Answer, Fault> {
        self.exchange().map_err(|error| of_io(&error, self.timeout))
    }

    fn exchange(&mut self) -> io::Result<Answer> {
        // What has come already is taken first: requests go out together.
        if self.stream.buffer().is_empty() && !self.out.is_empty() {
            let stream = self.stream.get_mut();
            stream.write_all(&self.out)?;
            stream.flush()?;
            self.out.clear();
        }
        frame::read(&mut self.stream)
    }
}

/// What an error of the connection means.
fn of_io(error: &io::Error, timeout: Duration) -> Fault {
    match error.kind() {
        // A certificate that is not believed, and what is no Cassandra.
        io::ErrorKind::InvalidData => Fault::Hopeless(error.to_string()),
        io::ErrorKind::UnexpectedEof => Fault::Away("the connection was closed".to_owned()),
        io::ErrorKind::WouldBlock => Fault::Away(format!("no answer for {} s", timeout.as_secs())),
        _ => Fault::Away(describe(error)),
    }
}
