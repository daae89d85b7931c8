//! What can go wrong with a feed.

use std::fmt;

use sstream::connect::{Exit, Failure, SourceError};

/// Why the source ended its stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedError {
    /// The server answers, and will not give it.
    Refused {
        /// The address, without its query.
        url: String,
        /// The status.
        status: String,
        /// What to do.
        advice: &'static str,
    },
    /// Its certificate is not believed.
    Certificate {
        /// The address, without its query.
        url: String,
        /// What is wrong with it.
        message: String,
    },
    /// The system has no thread, or no pipe, left.
    System {
        /// What it said.
        message: String,
    },
}

impl fmt::Display for FeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FeedError::Refused { url, status, advice } => write!(f, "{url}: {status}: {advice}"),
            FeedError::Certificate { url, message } => {
                write!(f, "{url}: {message}: name who signs its certificate by --ca")
            }
            FeedError::System { message } => write!(f, "feed: {message}"),
        }
    }
}

impl std::error::Error for FeedError {}

impl Failure for FeedError {
    fn exit(&self) -> Exit {
        Exit::World
    }
}

impl From<FeedError> for SourceError {
    fn from(error: FeedError) -> Self {
        SourceError::kind(error)
    }
}
