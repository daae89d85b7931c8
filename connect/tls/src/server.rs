//! Servers that speak TLS, if they have a certificate.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sstream::connect::ToolError;
pub use tokio_rustls::TlsAcceptor;

/// Options of servers that may speak TLS.
#[derive(Args, Clone, Debug, Default)]
pub struct ServerArgs {
    /// Speak TLS, with this certificate and those behind it (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

impl ServerArgs {
    /// Whether there is to be TLS.
    pub fn is_asked(&self) -> bool {
        self.tls_cert.is_some()
    }

    /// How TLS is spoken; not at all without a certificate.
    ///
    /// # Errors
    /// Wrong usage: a file cannot be read, or they are no pair.
    pub fn acceptor(&self) -> Result<Option<TlsAcceptor>, ToolError> {
        let (Some(chain), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        let wrong = |option: &str, path: &Path, error: &dyn std::fmt::Display| {
            ToolError::Usage(format!("{option}: {}: {error}", path.display()))
        };
        let certificates = CertificateDer::pem_file_iter(chain)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| wrong("--tls-cert", chain, &error))?;
        if certificates.is_empty() {
            return Err(wrong("--tls-cert", chain, &"there is no certificate in it: it is to be PEM"));
        }
        let own_key = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong("--tls-key", key, &error))?;
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, own_key))
            .map_err(|error| wrong("--tls-key", key, &error))?;
        Ok(Some(TlsAcceptor::from(Arc::new(config))))
    }
}
