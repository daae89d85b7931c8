//! TLS of connectors: whom their clients believe, one `--ca` for all of them; and their servers.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

#[cfg(feature = "server")]
pub mod server;
pub mod stream;
#[cfg(feature = "ureq")]
pub mod ureq;

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use sstream::connect::ToolError;

/// A client that believes servers whose certificates those in the file have signed (PEM); without a
/// file, whom the system believes.
///
/// # Errors
/// Wrong usage: the file cannot be read, or has no certificate.
pub fn client(ca: Option<&Path>) -> Result<ClientConfig, ToolError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| ToolError::Usage(format!("TLS: {error}")))?;
    let Some(path) = ca else {
        let builder = builder
            .with_platform_verifier()
            .map_err(|error| ToolError::Usage(format!("the system's certificates: {error}: give --ca FILE")))?;
        return Ok(builder.with_no_client_auth());
    };
    let mut roots = RootCertStore::empty();
    for certificate in read(path)? {
        roots.add(certificate).map_err(|error| wrong(path, &error))?;
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// The certificates of those who are believed, for a library that makes its own client: those of the
/// file, or the system's.
///
/// # Errors
/// As for [`client`].
pub fn roots(ca: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, ToolError> {
    match ca {
        Some(path) => read(path),
        None => Ok(rustls_native_certs::load_native_certs().certs),
    }
}

fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, ToolError> {
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| wrong(path, &error))?;
    let certificates: Vec<_> = certificates.collect::<Result<_, _>>().map_err(|error| wrong(path, &error))?;
    match certificates.is_empty() {
        true => Err(wrong(path, &"there is no certificate in it: it is to be PEM")),
        false => Ok(certificates),
    }
}

fn wrong(path: &Path, why: &dyn Display) -> ToolError {
    ToolError::Usage(format!("--ca: {}: {why}", path.display()))
}
