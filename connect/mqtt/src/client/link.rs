//! A connection with a broker.

use std::io;
use std::time::Duration;

use rustls::pki_types::ServerName;
use sstream::connect::describe;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::args::Settings;
use super::error::{MqttError, may_pass, remedy, words};
use super::packet::{Connect, LONGEST, Packet, Version};

/// How a connection came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It may be tried again; what happened.
    Passing(String),
    /// Trying again is of no use.
    Final(MqttError),
}

impl Broken {
    fn of(error: &io::Error) -> Broken {
        Broken::Passing(describe(error))
    }

    /// The broker has ended the connection, for this reason.
    fn ended(broker: &str, code: u8) -> Broken {
        match remedy(code) {
            Some(advice) => Broken::Final(MqttError::Refused { broker: broker.to_owned(), what: words(code), advice }),
            None => Broken::Passing(words(code)),
        }
    }
}

/// Bytes to and from a broker.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A connection, on which packets go to and fro.
pub struct Link {
    stream: Box<dyn Stream>,
    /// For messages.
    broker: String,
    version: Version,
    /// What was read and is no whole packet yet; what was read of before `read` is done with.
    buffer: Vec<u8>,
    read: usize,
    /// What is to be written.
    out: Vec<u8>,
    /// The broker had the session still.
    pub session: bool,
    /// So many messages of QoS 1 and 2 may be unacknowledged.
    pub receive_maximum: u16,
    /// The longest packet that the broker takes, in bytes.
    pub longest: usize,
}

impl Link {
    /// Connects, and waits until the broker has let us in.
    ///
    /// # Errors
    /// How that came to nothing.
    pub async fn open(settings: &Settings, connect: &Connect<'_>) -> Result<Link, Broken> {
        match tokio::time::timeout(settings.timeout, Link::open_now(settings, connect)).await {
            Ok(opened) => opened,
            Err(_) => Err(Broken::Passing("no answer".to_owned())),
        }
    }

    async fn open_now(settings: &Settings, connect: &Connect<'_>) -> Result<Link, Broken> {
        let address = &settings.broker.address;
        let stream =
            TcpStream::connect((address.host.as_str(), address.port)).await.map_err(|error| Broken::of(&error))?;
        // A message's acknowledgement is small, and waited for.
        let _ = stream.set_nodelay(true);
        let stream: Box<dyn Stream> = match &settings.tls {
            None => Box::new(stream),
            Some(config) => {
                let broker = settings.broker.to_string();
                let name = ServerName::try_from(address.host.clone()).map_err(|error| {
                    Broken::Final(MqttError::Certificate { broker: broker.clone(), message: error.to_string() })
                })?;
                let connected = TlsConnector::from(config.clone()).connect(name, stream).await;
                Box::new(connected.map_err(|error| match error.kind() {
                    io::ErrorKind::InvalidData => {
                        Broken::Final(MqttError::Certificate { broker, message: error.to_string() })
                    }
                    _ => Broken::of(&error),
                })?)
            }
        };
        let mut link = Link {
            stream,
            broker: settings.broker.to_string(),
            version: settings.version,
            buffer: Vec::new(),
            read: 0,
            out: Vec::new(),
            session: false,
            receive_maximum: u16::MAX,
            longest: LONGEST,
        };
        settings.version.push_connect(connect, &mut link.out);
        link.flush().await?;
        match link.next().await? {
            Packet::Connected { code: 0, session, receive_maximum, longest } => {
                Ok(Link { session, receive_maximum: receive_maximum.max(1), longest, ..link })
            }
            Packet::Connected { code, .. } if may_pass(code) => Err(Broken::Passing(words(code))),
            Packet::Connected { code, .. } => Err(Broken::Final(MqttError::Refused {
                broker: settings.broker.to_string(),
                what: words(code),
                advice: "see --user-file, --client-id and --mqtt-version",
            })),
            _ => Err(Broken::Passing("it does not begin as a broker does".to_owned())),
        }
    }

    /// What is to be written: push packets here, then [`Link::flush`].
    pub fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// Writes what is to be written.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn flush(&mut self) -> Result<(), Broken> {
        self.stream.write_all(&self.out).await.map_err(|error| Broken::of(&error))?;
        self.out.clear();
        self.stream.flush().await.map_err(|error| Broken::of(&error))
    }

    /// The packet that is there already, if there is one.
    ///
    /// # Errors
    /// What came is none, or the broker ends the connection.
    pub fn at_hand(&mut self) -> Result<Option<Packet>, Broken> {
        let read = self.version.read(&self.buffer[self.read..]);
        match read.map_err(|malformed| Broken::Passing(malformed.to_string()))? {
            Some((Packet::Disconnect(code), _)) => Err(Broken::ended(&self.broker, code)),
            Some((packet, length)) => {
                self.read += length;
                Ok(Some(packet))
            }
            None => {
                self.buffer.drain(..self.read);
                self.read = 0;
                Ok(None)
            }
        }
    }

    /// Reads what comes next; [`Link::at_hand`] may have a packet then. Nothing is lost when this is given up.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn read_more(&mut self) -> Result<(), Broken> {
        self.buffer.reserve(64 << 10);
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) => Err(Broken::Passing("the broker has ended the connection".to_owned())),
            Ok(_) => Ok(()),
            Err(error) => Err(Broken::of(&error)),
        }
    }

    /// The next packet.
    ///
    /// # Errors
    /// The connection is lost, or the broker ends it.
    pub async fn next(&mut self) -> Result<Packet, Broken> {
        loop {
            if let Some(packet) = self.at_hand()? {
                return Ok(packet);
            }
            self.read_more().await?;
        }
    }

    /// The next packet, waited for so long.
    ///
    /// # Errors
    /// As [`Link::next`], or none came.
    pub async fn next_within(&mut self, limit: Duration) -> Result<Packet, Broken> {
        tokio::time::timeout(limit, self.next()).await.unwrap_or_else(|_| Err(Broken::Passing("no answer".to_owned())))
    }
}
