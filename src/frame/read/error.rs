//! Why a framed stream could not be read on.

use std::fmt;
use std::io;

use crate::error::{Exit, Failure, describe};
use crate::frame::BatchTime;

/// Why a framed stream could not be read on.
#[derive(Debug)]
pub enum FrameError {
    /// Reading failed.
    Read(io::Error),
    /// The bytes at `offset` are not what the format wants there.
    Malformed {
        /// Byte offset from the stream's start.
        offset: u64,
        /// What the format wants there.
        expected: String,
        /// The beginning of what stands there.
        found: String,
    },
    /// The stream stopped without a close.
    CutOff {
        /// Its length in bytes.
        offset: u64,
        /// The batch that was open, which is dropped.
        batch: Option<BatchTime>,
    },
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameError::Read(error) => write!(f, "input: cannot read: {}", describe(error)),
            FrameError::Malformed { offset, expected, found } => write!(
                f,
                "input, byte {offset}: expected {expected}, found {found}: if a line tool such as grep or sed stands \
                 between two stages, run it with sstream-transform -- CMD"
            ),
            FrameError::CutOff { offset, batch } => {
                write!(f, "input, byte {offset}: cut off, there is no close")?;
                match batch {
                    Some(time) => write!(f, "; dropped the unfinished batch {time}")?,
                    None => write!(f, "; no batch was open")?,
                }
                write!(f, ": the stage before was killed or the connection was lost")
            }
        }
    }
}

impl std::error::Error for FrameError {}

impl Failure for FrameError {
    fn exit(&self) -> Exit {
        match self {
            FrameError::Read(_) => Exit::World,
            FrameError::Malformed { .. } | FrameError::CutOff { .. } => Exit::Input,
        }
    }
}
