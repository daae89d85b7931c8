//! What can go wrong with a server.

use std::fmt;
use std::time::Duration;

use sstream::connect::{Exit, Failure, OutletError, duration};

/// Why the sink ended its stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpError {
    /// The server answers, and does not let us in.
    Refused {
        /// The address.
        url: String,
        /// The status, with its words.
        status: String,
        /// What to do.
        advice: &'static str,
    },
    /// The server cannot be spoken with, and trying again will not help.
    Hopeless {
        /// The address.
        url: String,
        /// What the client library said.
        message: String,
    },
    /// It was tried for long enough.
    GaveUp {
        /// The address.
        url: String,
        /// What came of it the last time.
        message: String,
        /// How long it was tried.
        tried: Duration,
        /// The key of the request.
        key: String,
    },
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HttpError::Refused { url, status, advice } => write!(f, "http {url}: {status}: {advice}"),
            HttpError::Hopeless { url, message } => write!(f, "http {url}: {message}"),
            HttpError::GaveUp { url, message, tried, key } => {
                let tried = duration::show_ms(tried.as_secs() * 1000);
                write!(
                    f,
                    "http {url}: {message}: given up after {tried}; request {key} was not taken: \
                     with --checkpoint a restart sends it again"
                )
            }
        }
    }
}

impl std::error::Error for HttpError {}

impl Failure for HttpError {
    fn exit(&self) -> Exit {
        Exit::World
    }
}

impl From<HttpError> for OutletError {
    fn from(error: HttpError) -> Self {
        OutletError::kind(error)
    }
}
