//! Connections of clients that read and write by themselves, with TLS or without.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

/// A connection, which blocks.
pub trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

/// Where a server is.
///
/// ```
/// use sstream_tls::stream::Host;
///
/// let shown = |text| Host::parse(text, 9042).map(|host| host.to_string());
/// assert_eq!(shown("db1").as_deref(), Some("db1:9042"));
/// assert_eq!(shown("[::1]:9043").as_deref(), Some("[::1]:9043"));
/// assert_eq!((shown(":9042"), shown("db1:port"), shown("::1")), (None, None, None));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its name or address.
    pub name: String,
    /// Its port.
    pub port: u16,
}

impl Host {
    /// Reads `name`, `name:port`, `[address]:port`; the port is this one unless told.
    pub fn parse(text: &str, port: u16) -> Option<Host> {
        // The address of an IPv6 host is in brackets.
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => (name, port.parse().ok()?),
            _ => (text, port),
        };
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let is_whole = !bare.is_empty() && bare.contains(':') == name.starts_with('[') && !bare.contains('/');
        is_whole.then(|| Host { name: bare.to_owned(), port })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Host { name, port } = self;
        if name.contains(':') { write!(f, "[{name}]:{port}") } else { write!(f, "{name}:{port}") }
    }
}

/// Connects to a server, to each of its name's addresses in turn, which may take `connect` each; with TLS under that
/// name, if there is a client for it. To read and to write may take `answer`.
///
/// # Errors
/// The system's; [`io::ErrorKind::InvalidData`] where TLS comes to nothing, as with a certificate that is not believed;
/// [`io::ErrorKind::WouldBlock`] where something takes longer than it may.
pub fn open(
    host: &str,
    port: u16,
    tls: Option<&Arc<ClientConfig>>,
    connect: Duration,
    answer: Duration,
) -> io::Result<Box<dyn Stream>> {
    let mut stream = dial(host, port, connect)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(answer))?;
    stream.set_write_timeout(Some(answer))?;
    let Some(config) = tls else { return Ok(Box::new(stream)) };
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("{host} is no name of a server")))?;
    let mut client = ClientConnection::new(config.clone(), name)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    // At once, so that it is told as what it is when the certificate is not believed.
    while client.is_handshaking() {
        client.complete_io(&mut stream)?;
    }
    Ok(Box::new(StreamOwned::new(client, stream)))
}

fn dial(host: &str, port: u16, connect: Duration) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, connect) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}
