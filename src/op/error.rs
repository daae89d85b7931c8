//! Why an operator ends its stage.

use std::fmt;
use std::io;

use crate::error::{Exit, Failure, describe, printable_line};
use crate::spool::SpoolError;
use crate::store::StoreError;

/// Why an operator ends its stage.
#[derive(Debug)]
pub enum OpError {
    /// A record could not be processed, and bad records are not to be skipped.
    BadRecord {
        /// The record, shortened.
        record: String,
        /// Why.
        reason: String,
    },
    /// A record came too late, and late records are not to be dropped.
    LateRecord {
        /// The record, shortened.
        record: String,
        /// For what, and when it was closed.
        reason: String,
    },
    /// The same, as who reads the records says it.
    Record(Box<dyn Failure>),
    /// The stream is not one that this operator, with its arguments, can take.
    Usage(String),
    /// Records held beyond the memory limit could not be kept on disk, or bad
    /// records not be written to their file.
    Storage {
        /// What was tried, and where.
        what: String,
        /// What the system said.
        error: io::Error,
    },
    /// The state that a checkpoint kept is not one of this operator.
    Damaged {
        /// What is wrong with it.
        what: String,
    },
    /// A command that works for the operator failed.
    Command {
        /// The command and what it did.
        message: String,
        /// How to exit: a command that dies is the world's failure, one that
        /// breaks the protocol is wrong usage.
        exit: Exit,
    },
}

impl OpError {
    /// The error for a record that could not be processed.
    pub fn bad_record(record: &[u8], reason: &str) -> OpError {
        OpError::BadRecord { record: shorten(record), reason: printable_line(reason).into_owned() }
    }

    /// The error for a record that came too late.
    pub fn late_record(record: &[u8], reason: &str) -> OpError {
        OpError::LateRecord { record: shorten(record), reason: printable_line(reason).into_owned() }
    }
}

/// A record for a message: its first 200 characters.
fn shorten(record: &[u8]) -> String {
    let text = String::from_utf8_lossy(&record[..record.len().min(1000)]);
    match text.char_indices().nth(200) {
        Some((at, _)) => format!("{}…", printable_line(&text[..at])),
        None => printable_line(&text).into_owned(),
    }
}

impl fmt::Display for OpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpError::BadRecord { record, reason } => write!(
                f,
                "bad record {record}: {reason}: --on-error skip or --on-error FILE goes on without such records"
            ),
            OpError::LateRecord { record, reason } => write!(
                f,
                "late record {record}: {reason}: --late drop or --late FILE goes on without such records, \
                 a longer --watermark waits for them"
            ),
            OpError::Record(error) => error.fmt(f),
            OpError::Usage(message) => f.write_str(message),
            OpError::Storage { what, error } => write!(f, "{what}: {}", describe(error)),
            OpError::Damaged { what } => {
                write!(f, "the checkpoint's state cannot be loaded: {what}: restore it from a copy, or begin a new one")
            }
            OpError::Command { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for OpError {}

impl From<Box<dyn Failure>> for OpError {
    fn from(error: Box<dyn Failure>) -> OpError {
        OpError::Record(error)
    }
}

impl From<SpoolError> for OpError {
    fn from(error: SpoolError) -> OpError {
        let (what, error) = error.into_parts();
        OpError::Storage { what, error }
    }
}

impl From<StoreError> for OpError {
    fn from(error: StoreError) -> OpError {
        match error {
            StoreError::Io { what, error } => OpError::Storage { what, error },
            StoreError::Damaged { what } => OpError::Damaged { what },
        }
    }
}

impl Failure for OpError {
    fn exit(&self) -> Exit {
        match self {
            OpError::BadRecord { .. } | OpError::LateRecord { .. } => Exit::BadRecord,
            OpError::Record(error) => error.exit(),
            OpError::Usage(_) => Exit::Usage,
            OpError::Storage { .. } => Exit::World,
            OpError::Damaged { .. } => Exit::Checkpoint,
            OpError::Command { exit, .. } => *exit,
        }
    }
}
