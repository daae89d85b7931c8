//! Connections of clients that read and write by themselves, with TLS or without.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

/// A connection, which blocks.
pub trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

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
