//! How a source ends its stage otherwise than well.

use std::fmt;
use std::io;

use crate::checkpoint;
use crate::error::{Exit, Failure, describe};
use crate::flow::InputError;
use crate::frame::FrameError;
use crate::interval::Interval;
use crate::op::OpError;

/// Why a source ended its stage.
#[derive(Debug)]
pub enum SourceError {
    /// Reading failed, or what is to be read cannot be opened.
    Read {
        /// What was read.
        what: String,
        /// What the system said.
        error: io::Error,
    },
    /// A saved stream cannot be read.
    Frames {
        /// What was read.
        what: String,
        /// What is wrong with it.
        error: FrameError,
    },
    /// A program that is to be run is not there.
    NoProgram {
        /// Its name or path.
        program: String,
    },
    /// A bad record, or a file for bad records that cannot be written.
    Record(OpError),
    /// The input is not what this kind of source reads.
    Malformed {
        /// Where: a file and a line.
        place: String,
        /// What was expected and found.
        message: String,
    },
    /// The input ended inside what may have been a framed stream's beginning.
    CutOff,
    /// An option of first stages was given where batches are cut already.
    NotFirst {
        /// The option.
        option: &'static str,
        /// The interval of the stream.
        interval: Interval,
        /// The stage that set it.
        stage: String,
    },
    /// What a checkpoint's position names is not there any more, or not as it was.
    Gone {
        /// The file or topic, and which part of it.
        what: String,
        /// What became of it.
        reason: String,
    },
    /// What a checkpoint says of a source's position cannot be read.
    Position {
        /// Positions of what.
        what: &'static str,
    },
    /// The checkpoint cannot be used, or used on.
    Checkpoint(checkpoint::Error),
    /// What else a kind of source meets, in its own words.
    Kind(Box<dyn Failure>),
    /// The clock has jumped, or the machine slept, over too many intervals.
    Missed {
        /// How many.
        batches: u64,
        /// Of this length.
        interval: Interval,
    },
}

impl SourceError {
    /// The error of reading `what`.
    pub fn read(what: impl Into<String>, error: io::Error) -> SourceError {
        SourceError::Read { what: what.into(), error }
    }

    /// What only this kind of source can meet.
    pub fn kind(error: impl Failure) -> SourceError {
        SourceError::Kind(Box::new(error))
    }

    /// The error of the stream that is saved in `what`.
    pub fn frames(what: impl Into<String>, error: FrameError) -> SourceError {
        SourceError::Frames { what: what.into(), error }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceError::Read { what, error } => write!(f, "{what}: {}", describe(error)),
            SourceError::Frames { what, error } => write!(f, "{what}: {error}"),
            SourceError::NoProgram { program } if program.contains('/') => {
                write!(f, "exec: {program} is no program: is the path right, and the file executable?")
            }
            SourceError::NoProgram { program } => {
                write!(f, "exec: there is no program {program} on PATH: give its path, as ./{program}")
            }
            SourceError::Record(error) => error.fmt(f),
            SourceError::Kind(error) => error.fmt(f),
            SourceError::Malformed { place, message } => write!(f, "{place}: {message}"),
            SourceError::CutOff => f.write_str(
                "input: ended inside the head of a framed stream: the stage before was killed, or give --input text",
            ),
            SourceError::NotFirst { option, interval, stage } => write!(
                f,
                "{option}: the input is framed, its batches of {} were cut by its first stage, {stage}: give {option} \
                 there",
                interval
            ),
            SourceError::Gone { what, reason } => {
                write!(
                    f,
                    "{what}: {reason}, and the checkpoint needs it: bring it back, or leave it out by --on-loss skip"
                )
            }
            SourceError::Position { what } => write!(
                f,
                "checkpoint: positions {what} that this version cannot read: restore the checkpoint from a copy, or begin \
                 a new one"
            ),
            SourceError::Checkpoint(error) => error.fmt(f),
            SourceError::Missed { batches, interval } => write!(
                f,
                "clock: {batches} batches of {interval} were missed at once, more than a million: was the clock \
                 set? a restart begins at the present; --skip-missed sends them all as empty batches"
            ),
        }
    }
}

impl std::error::Error for SourceError {}

impl From<OpError> for SourceError {
    fn from(error: OpError) -> Self {
        SourceError::Record(error)
    }
}

impl From<checkpoint::Error> for SourceError {
    fn from(error: checkpoint::Error) -> Self {
        SourceError::Checkpoint(error)
    }
}

impl From<Box<dyn Failure>> for SourceError {
    fn from(error: Box<dyn Failure>) -> Self {
        SourceError::Kind(error)
    }
}

impl From<SourceError> for InputError {
    fn from(error: SourceError) -> Self {
        InputError::Source(Box::new(error))
    }
}

impl Failure for SourceError {
    fn exit(&self) -> Exit {
        match self {
            SourceError::Read { .. } | SourceError::Missed { .. } => Exit::World,
            SourceError::Frames { error, .. } => error.exit(),
            SourceError::Gone { .. } | SourceError::Position { .. } => Exit::Checkpoint,
            SourceError::Checkpoint(error) => error.exit(),
            SourceError::Record(error) => error.exit(),
            SourceError::Kind(error) => error.exit(),
            SourceError::Malformed { .. } | SourceError::CutOff => Exit::Input,
            SourceError::NotFirst { .. } | SourceError::NoProgram { .. } => Exit::Usage,
        }
    }
}
