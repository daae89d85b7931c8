//! The same for clients of HTTP that are ureq's.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sstream::connect::ToolError;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// A client of HTTP that believes servers whose certificates those in the file have signed (PEM); without
/// a file, whom the system believes. It follows no redirects, takes every status for an answer, and keeps
/// `idle` connections open.
///
/// # Errors
/// Wrong usage: the file cannot be read, or has no certificate.
pub fn agent(ca: Option<&Path>, timeout: Duration, idle: usize) -> Result<Agent, ToolError> {
    let roots = match ca {
        None => RootCerts::PlatformVerifier,
        Some(path) => {
            let certificates = crate::read(path)?;
            let certificates: Vec<_> = certificates.iter().map(|one| Certificate::from_der(one).to_owned()).collect();
            RootCerts::new_with_certs(&certificates)
        }
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
