//! What can go wrong with sockets.

use std::fmt;
use std::io;

use sstream::connect::{Exit, Failure, OutletError, SourceError, ToolError, describe};

/// Why the source or the sink ended its stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZeromqError {
    /// A peer that we connect to is none that we can speak with.
    Refused {
        /// Where.
        endpoint: String,
        /// What it is.
        what: String,
        /// What to do.
        advice: &'static str,
    },
    /// An endpoint cannot be bound to.
    Bind {
        /// Which.
        endpoint: String,
        /// What the system said.
        message: String,
    },
    /// It was tried for long enough.
    GaveUp {
        /// What was waited for.
        message: String,
    },
    /// The system has no thread, no pipe or no random number left.
    System {
        /// What it said.
        message: String,
    },
}

impl ZeromqError {
    /// The system said this.
    pub fn system(error: &io::Error) -> ZeromqError {
        ZeromqError::System { message: describe(error) }
    }
}

impl fmt::Display for ZeromqError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ZeromqError::Refused { endpoint, what, advice } => write!(f, "{endpoint}: {what}: {advice}"),
            ZeromqError::Bind { endpoint, message } => {
                write!(f, "{endpoint}: {message}: name another one by --bind, or end who has it")
            }
            ZeromqError::GaveUp { message } => write!(
                f,
                "{message}: given up; not all of a batch was taken: with --checkpoint a restart sends it again"
            ),
            ZeromqError::System { message } => write!(f, "zeromq: {message}"),
        }
    }
}

impl std::error::Error for ZeromqError {}

impl Failure for ZeromqError {
    fn exit(&self) -> Exit {
        Exit::World
    }
}

impl From<ZeromqError> for SourceError {
    fn from(error: ZeromqError) -> Self {
        SourceError::kind(error)
    }
}

impl From<ZeromqError> for OutletError {
    fn from(error: ZeromqError) -> Self {
        OutletError::kind(error)
    }
}

impl From<ZeromqError> for ToolError {
    fn from(error: ZeromqError) -> Self {
        ToolError::Kind(Box::new(error))
    }
}

/// How a connection came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The other end has ended it.
    Ended,
    /// It may be tried again; what happened.
    Passing(String),
    /// The other end is none that we can speak with.
    Refused(String),
    /// A part or a message of so many bytes, more than is taken.
    TooLong(u64),
}

impl Broken {
    /// What happened.
    pub fn passing(message: &str) -> Broken {
        Broken::Passing(message.to_owned())
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Broken::Passing(describe(&error))
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Ended => f.write_str("the other end has gone"),
            Broken::Passing(message) | Broken::Refused(message) => f.write_str(message),
            Broken::TooLong(bytes) => write!(f, "a message of {bytes} bytes, more than --max-message"),
        }
    }
}
