//! Connections, with and without TLS.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use sstream::connect::{ToolError, describe};
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

/// How TLS is spoken: with the system's roots, or those in this file.
///
/// # Errors
/// Wrong usage: the file cannot be read, or holds something else.
pub fn tls(ca: Option<&Path>) -> Result<Arc<ClientConfig>, ToolError> {
    let wrong = |why: &dyn std::fmt::Display| {
        let place = ca.map_or("the system's".to_owned(), |path| path.display().to_string());
        ToolError::Usage(format!("--ca: {place}: {why}"))
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?;
    let Some(path) = ca else {
        let config = builder.with_platform_verifier().map_err(|error| wrong(&error))?;
        return Ok(Arc::new(config.with_no_client_auth()));
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))? {
        roots.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
    }
    if roots.is_empty() {
        return Err(wrong(&"there is no certificate in it: it is to be PEM"));
    }
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

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
