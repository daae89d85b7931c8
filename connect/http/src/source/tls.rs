//! The server's certificate and key.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sstream::connect::ToolError;
use tokio_rustls::TlsAcceptor;

/// Speaks TLS with this certificate chain and key, both PEM.
///
/// # Errors
/// Wrong usage: a file cannot be read, or they are no pair.
pub fn acceptor(chain: &Path, key: &Path) -> Result<TlsAcceptor, ToolError> {
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
    Ok(TlsAcceptor::from(Arc::new(config)))
}
