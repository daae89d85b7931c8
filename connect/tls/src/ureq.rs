//! The same for clients of HTTP that are ureq's.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sstream::connect::{ToolError, describe};
use ureq::Agent;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// A client of HTTP that believes servers whose certificates those in the file have signed (PEM); without
/// a file, whom the system believes. It follows no redirects, takes every status for an answer, and keeps
/// `idle` connections open.
///
/// # Errors
/// Wrong usage: the file cannot be read, or has no certificate.
pub fn agent(ca: Option<&Path>, timeout: Duration, idle: usize) -> Result<Agent, ToolError> {
    let roots = match ca {
        None => RootCerts::PlatformVerifier,
        Some(path) => roots(path)?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder().root_certs(roots).unversioned_rustls_crypto_provider(provider).build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_idle_connections(idle)
        .max_idle_connections_per_host(idle)
        .timeout_global(Some(timeout))
        .user_agent(concat!("sstream/", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(config.new_agent())
}

fn roots(path: &Path) -> Result<RootCerts, ToolError> {
    let wrong = |why: &dyn std::fmt::Display| ToolError::Usage(format!("--ca: {}: {why}", path.display()));
    let pem = std::fs::read(path).map_err(|error| wrong(&describe(&error)))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| wrong(&error))? {
            certificates.push(certificate);
        }
    }
    match certificates.is_empty() {
        true => Err(wrong(&"there is no certificate in it: it is to be PEM")),
        false => Ok(RootCerts::new_with_certs(&certificates)),
    }
}

/// Whether the same request may succeed later, as far as the network is concerned.
pub fn may_pass(error: &ureq::Error) -> bool {
    use ureq::Error::{ConnectionFailed, HostNotFound, Io, Protocol, Timeout};
    match error {
        // A certificate that is not believed comes as such an error.
        Io(error) => error.kind() != std::io::ErrorKind::InvalidData,
        ConnectionFailed | HostNotFound | Timeout(_) | Protocol(_) => true,
        _ => false,
    }
}
