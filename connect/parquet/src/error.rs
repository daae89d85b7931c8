//! What can go wrong beside the disk.

use std::fmt;
use std::path::PathBuf;

use sstream::connect::{Exit, Failure, OutletError};

/// Why the sink ends its stage.
#[derive(Debug)]
pub enum SinkError {
    /// The records and the options do not go together.
    Options(String),
    /// What was written in the name of a checkpoint is not as the checkpoint has it.
    Gone {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The writer of Parquet refused.
    Parquet {
        /// The file.
        path: PathBuf,
        /// What it said.
        message: String,
    },
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SinkError::Options(message) => f.write_str(message),
            SinkError::Gone { path, what } => {
                write!(f, "{}: {what}: begin again from an older moment with sstream-checkpoint reset", path.display())
            }
            SinkError::Parquet { path, message } => write!(f, "{}: {message}", path.display()),
        }
    }
}

impl std::error::Error for SinkError {}

impl Failure for SinkError {
    fn exit(&self) -> Exit {
        match self {
            SinkError::Options(_) => Exit::Usage,
            SinkError::Gone { .. } => Exit::Checkpoint,
            SinkError::Parquet { .. } => Exit::World,
        }
    }
}

impl From<SinkError> for OutletError {
    fn from(error: SinkError) -> OutletError {
        OutletError::kind(error)
    }
}
