//! Why a store fails.

use std::fmt;
use std::io;

use crate::error::{Exit, Failure, describe};

/// Why a store fails.
#[derive(Debug)]
pub enum StoreError {
    /// A file could not be made, written or read.
    Io {
        /// What was tried, and with which file.
        what: String,
        /// What the system said.
        error: io::Error,
    },
    /// A file is not as it was written.
    Damaged {
        /// Which one, and what is wrong with it.
        what: String,
    },
}

impl StoreError {
    /// A file is not as it was written.
    pub fn damaged(name: &str, what: &str) -> StoreError {
        StoreError::Damaged { what: format!("{name}: {what}") }
    }

    /// The error of `doing` something with a file.
    pub fn io(doing: &str, name: &str, error: io::Error) -> StoreError {
        StoreError::Io { what: format!("{name}: cannot {doing} it"), error }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Io { what, error } => write!(f, "{what}: {}", describe(error)),
            StoreError::Damaged { what } => f.write_str(what),
        }
    }
}

impl std::error::Error for StoreError {}

impl Failure for StoreError {
    fn exit(&self) -> Exit {
        match self {
            StoreError::Io { .. } => Exit::World,
            StoreError::Damaged { .. } => Exit::Checkpoint,
        }
    }
}

/// For who can only tell of an [`io::Error`].
impl From<StoreError> for io::Error {
    fn from(error: StoreError) -> io::Error {
        match error {
            StoreError::Io { what, error } => io::Error::new(error.kind(), format!("{what}: {}", describe(&error))),
            StoreError::Damaged { what } => io::Error::new(io::ErrorKind::InvalidData, what),
        }
    }
}

/// What a store's calls give.
pub type Result<T> = std::result::Result<T, StoreError>;
