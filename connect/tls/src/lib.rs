//! Whom the clients of connectors believe: one `--ca` for all of them.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

#[cfg(feature = "ureq")]
pub mod ureq;

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
    let wrong = |why: &dyn std::fmt::Display| ToolError::Usage(format!("--ca: {}: {why}", path.display()));
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| wrong(&error))?;
        roots.add(certificate).map_err(|error| wrong(&error))?;
    }
    if roots.is_empty() {
        return Err(wrong(&"there is no certificate in it: it is to be PEM"));
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
