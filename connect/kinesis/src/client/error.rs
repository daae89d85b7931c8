//! What can go wrong with a stream.

use std::fmt;
use std::time::Duration;

use sstream::connect::{Exit, Failure, OutletError, SourceError, duration};

/// Why the stage ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KinesisError {
    /// The service answers, and does not do it.
    Refused {
        /// The stream.
        stream: String,
        /// Its words.
        message: String,
        /// What to do.
        advice: &'static str,
    },
    /// The service cannot be spoken with, and trying again will not help.
    Hopeless {
        /// Where it is.
        url: String,
        /// What the client library said.
        message: String,
    },
    /// Nobody says who we are.
    Credentials {
        /// What was looked at, and found.
        message: String,
    },
    /// It was tried for long enough.
    GaveUp {
        /// The stream.
        stream: String,
        /// What came of it the last time.
        message: String,
        /// How long it was tried.
        tried: Duration,
        /// What to do.
        advice: &'static str,
    },
    /// What the service says is not what it should be.
    Strange {
        /// The stream.
        stream: String,
        /// What is strange.
        message: String,
    },
    /// The system has no thread left.
    System {
        /// What it said.
        message: String,
    },
}

impl fmt::Display for KinesisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KinesisError::Refused { stream, message, advice } => write!(f, "kinesis {stream}: {message}: {advice}"),
            KinesisError::Hopeless { url, message } => write!(f, "kinesis {url}: {message}"),
            KinesisError::Credentials { message } => write!(f, "kinesis: {message}"),
            KinesisError::GaveUp { stream, message, tried, advice } => {
                let tried = duration::show_ms(tried.as_secs() * 1000);
                write!(f, "kinesis {stream}: {message}: given up after {tried}: {advice}")
            }
            KinesisError::Strange { stream, message } => write!(f, "kinesis {stream}: {message}"),
            KinesisError::System { message } => write!(f, "kinesis: {message}"),
        }
    }
}

impl std::error::Error for KinesisError {}

impl Failure for KinesisError {
    fn exit(&self) -> Exit {
        Exit::World
    }
}

impl From<KinesisError> for SourceError {
    fn from(error: KinesisError) -> Self {
        SourceError::kind(error)
    }
}

impl From<KinesisError> for OutletError {
    fn from(error: KinesisError) -> Self {
        OutletError::kind(error)
    }
}
