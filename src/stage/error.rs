//! How a stage ends otherwise than well: because of its input, its output, its
//! operator or its checkpoint.

use std::fmt;

use serde_json::{Map, Value};

use super::merge::MergeError;
use crate::checkpoint;
use crate::duration::show_size;
use crate::error::{Exit, Failure};
use crate::flow::{InputError, OutletError};
use crate::memory::MemoryLimit;
use crate::op::{Held, OpError};

/// How a stage ended otherwise than well.
#[derive(Debug)]
pub enum StageError {
    /// Its input failed.
    Input(InputError),
    /// Its inputs do not go together.
    Merge(MergeError),
    /// Its operator failed.
    Op(OpError),
    /// Its output failed.
    Outlet(OutletError),
    /// It takes more memory than it may.
    Memory {
        /// How much it takes, in bytes.
        taken: u64,
        /// How much it may take.
        limit: MemoryLimit,
        /// What its operator keeps, as far as it knows.
        held: Option<Held>,
    },
    /// The checkpoint cannot be used.
    Checkpoint(checkpoint::Error),
    /// A stage before it failed and has said so.
    Upstream {
        /// How that stage ended, and this one does.
        exit: Exit,
        /// What it said.
        message: String,
        /// What else its close had.
        other: Map<String, Value>,
    },
}

impl fmt::Display for StageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StageError::Input(error) => error.fmt(f),
            StageError::Merge(error) => error.fmt(f),
            StageError::Op(error) => error.fmt(f),
            StageError::Outlet(error) => error.fmt(f),
            StageError::Memory { taken, limit, held } => write_memory(f, *taken, *limit, *held),
            StageError::Checkpoint(error) => error.fmt(f),
            StageError::Upstream { exit, message, .. } => write!(f, "a stage before failed (exit {exit}): {message}"),
        }
    }
}

fn write_memory(f: &mut fmt::Formatter<'_>, taken: u64, limit: MemoryLimit, held: Option<Held>) -> fmt::Result {
    write!(f, "memory: the stage takes {} and may take {limit}", show_size(taken))?;
    if let Some(Held { keys, records, bytes }) = held {
        let counts = [(keys, "keys"), (records, "records")];
        let counts: Vec<_> = counts.iter().filter_map(|(count, what)| Some(format!("{} {what}", (*count)?))).collect();
        write!(f, "; of that {} take at least {}", counts.join(" and "), show_size(bytes))?;
    }
    f.write_str(
        ": have it keep less (a timeout, a shorter window, --within or --watermark, fewer keys), deal the keys over \
         several pipelines, or allow more by --max-memory SIZE",
    )
}

impl std::error::Error for StageError {}

impl Failure for StageError {
    fn exit(&self) -> Exit {
        match self {
            StageError::Input(error) => error.exit(),
            StageError::Merge(error) => error.exit(),
            StageError::Op(error) => error.exit(),
            StageError::Outlet(error) => error.exit(),
            // Whoever asked it to stop finds nothing done.
            StageError::Checkpoint(checkpoint::Error::Interrupted) => Exit::World,
            StageError::Memory { .. } => Exit::World,
            StageError::Checkpoint(error) => error.exit(),
            StageError::Upstream { exit, .. } => *exit,
        }
    }
}

impl From<checkpoint::Error> for StageError {
    fn from(error: checkpoint::Error) -> Self {
        StageError::Checkpoint(error)
    }
}

impl From<InputError> for StageError {
    fn from(error: InputError) -> Self {
        match error {
            InputError::ReaderGone => StageError::Outlet(OutletError::ReaderGone),
            error => StageError::Input(error),
        }
    }
}

impl From<MergeError> for StageError {
    fn from(error: MergeError) -> Self {
        StageError::Merge(error)
    }
}

impl From<OpError> for StageError {
    fn from(error: OpError) -> Self {
        StageError::Op(error)
    }
}

impl From<OutletError> for StageError {
    fn from(error: OutletError) -> Self {
        StageError::Outlet(error)
    }
}
