//! Connections, with and without TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use sstream::connect::describe;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::error::FeedError;
use crate::pace::Trouble;
use crate::target::Target;

/// How a connection came to nothing, or to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It may be tried again: what happened, and when the server wishes to be asked again.
    Passing(Trouble, String, Option<Duration>),
    /// Trying again is of no use.
    Final(FeedError),
    /// The server says that there is no more.
    Over,
}

impl Broken {
    /// Of the network.
    pub fn network(message: impl Into<String>) -> Broken {
        Broken::Passing(Trouble::Network, message.into(), None)
    }
}

/// Bytes to and from a server.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Connects.
///
/// # Errors
/// How that came to nothing.
pub async fn dial(target: &Target, tls: Option<&Arc<ClientConfig>>) -> Result<Box<dyn Stream>, Broken> {
    let failed = |error: &io::Error| Broken::network(describe(error));
    let stream = TcpStream::connect((target.host.as_str(), target.port)).await.map_err(|error| failed(&error))?;
    let Some(config) = tls else { return Ok(Box::new(stream)) };
    let url = target.to_string();
    let name = ServerName::try_from(target.host.clone())
        .map_err(|error| Broken::Final(FeedError::Certificate { url: url.clone(), message: error.to_string() }))?;
    let connected = TlsConnector::from(config.clone()).connect(name, stream).await;
    Ok(Box::new(connected.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => Broken::Final(FeedError::Certificate { url, message: error.to_string() }),
        _ => failed(&error),
    })?))
}
