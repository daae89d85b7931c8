//! How a stage ends otherwise than well: because of its input, its output, its
//! operator or its checkpoint.

use std::fmt;
use std::io;

use serde_json::{Map, Value};

use super::merge::MergeError;
use crate::checkpoint;
use crate::error::{Exit, Failure, describe};
use crate::frame::FrameError;
use crate::kafka::KafkaError;
use crate::op::OpError;
use crate::source::SourceError;

/// Why the input ended otherwise than by a close.
#[derive(Debug)]
pub enum InputError {
    /// A framed stream that is cut off, malformed or unreadable.
    Frame(FrameError),
    /// The same, of one of several streams.
    Side {
        /// Which.
        name: String,
        /// What it lacks.
        error: FrameError,
    },
    /// A source failed.
    Source(SourceError),
    /// Nobody reads what the stage writes, which was found out while it waited.
    ReaderGone,
}

impl InputError {
    /// Whether the stream just stopped, with no close.
    pub(super) fn is_cut_off(&self) -> bool {
        matches!(self, InputError::Frame(error) | InputError::Side { error, .. }
            if matches!(error, FrameError::CutOff { .. }))
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InputError::Frame(error) => error.fmt(f),
            // The message speaks of the input; here there are several.
            InputError::Side { name, error } => write!(f, "{name}{}", error.to_string().trim_start_matches("input")),
            InputError::Source(error) => error.fmt(f),
            InputError::ReaderGone => OutletError::ReaderGone.fmt(f),
        }
    }
}

impl From<FrameError> for InputError {
    fn from(error: FrameError) -> Self {
        InputError::Frame(error)
    }
}

impl From<SourceError> for InputError {
    fn from(error: SourceError) -> Self {
        InputError::Source(error)
    }
}

/// Why an outlet ended its stage.
#[derive(Debug)]
pub enum OutletError {
    /// The reader has gone, which is no error to speak of.
    ReaderGone,
    /// Writing failed.
    Write {
        /// Where to.
        what: String,
        /// What the system said.
        error: io::Error,
    },
    /// A command that a sink runs failed.
    Command {
        /// The command and what it did.
        message: String,
        /// How to exit.
        exit: Exit,
    },
    /// A commit failed.
    Checkpoint(checkpoint::Error),
    /// A sink met a bad record, and bad records are not to be skipped.
    Record(OpError),
    /// Kafka did not take it.
    Kafka(KafkaError),
}

impl From<OpError> for OutletError {
    fn from(error: OpError) -> Self {
        OutletError::Record(error)
    }
}

impl From<KafkaError> for OutletError {
    fn from(error: KafkaError) -> Self {
        OutletError::Kafka(error)
    }
}

impl OutletError {
    /// The error of a write to `what`; a broken pipe means that the reader has
    /// gone.
    pub fn write(what: impl Into<String>, error: io::Error) -> OutletError {
        match error.kind() {
            io::ErrorKind::BrokenPipe => OutletError::ReaderGone,
            _ => OutletError::Write { what: what.into(), error },
        }
    }
}

impl std::error::Error for OutletError {}

impl Failure for OutletError {
    fn exit(&self) -> Exit {
        match self {
            OutletError::Command { exit, .. } => *exit,
            OutletError::Checkpoint(error) => error.exit(),
            OutletError::ReaderGone | OutletError::Write { .. } => Exit::World,
            OutletError::Record(error) => error.exit(),
            OutletError::Kafka(error) => error.exit(),
        }
    }
}

impl fmt::Display for OutletError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OutletError::ReaderGone => f.write_str("the reader has gone"),
            OutletError::Write { what, error } => write!(f, "{what}: cannot write: {}", describe(error)),
            OutletError::Command { message, .. } => f.write_str(message),
            OutletError::Record(error) => error.fmt(f),
            OutletError::Kafka(error) => error.fmt(f),
            OutletError::Checkpoint(error) => error.fmt(f),
        }
    }
}

impl From<checkpoint::Error> for OutletError {
    fn from(error: checkpoint::Error) -> Self {
        OutletError::Checkpoint(error)
    }
}

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
            StageError::Checkpoint(error) => error.fmt(f),
            StageError::Upstream { exit, message, .. } => write!(f, "a stage before failed (exit {exit}): {message}"),
        }
    }
}

impl std::error::Error for StageError {}

impl Failure for StageError {
    fn exit(&self) -> Exit {
        match self {
            StageError::Input(InputError::Frame(error) | InputError::Side { error, .. }) => error.exit(),
            StageError::Input(InputError::Source(error)) => error.exit(),
            StageError::Input(InputError::ReaderGone) => Exit::World,
            StageError::Merge(error) => error.exit(),
            StageError::Op(error) => error.exit(),
            StageError::Outlet(error) => error.exit(),
            // Whoever asked it to stop finds nothing done.
            StageError::Checkpoint(checkpoint::Error::Interrupted) => Exit::World,
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
