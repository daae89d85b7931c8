//! What can go wrong with taps and targets.

use std::fmt;
use std::io;

use sstream::connect::{Exit, Failure, OutletError, SourceError, ToolError, describe};

/// Why the source or the sink ended its stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SingerError {
    /// The program cannot be started.
    Start {
        /// The program.
        program: String,
        /// What the system said.
        message: String,
    },
    /// It has failed.
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        how: String,
    },
    /// A tap gives files in the place of records.
    Batch {
        /// The tap.
        program: String,
    },
    /// A target has not given back the STATE of a batch.
    NotGivenBack {
        /// The target.
        program: String,
        /// What it gave back in its place.
        instead: String,
    },
    /// The system has no thread, no pipe or no file left.
    System {
        /// What it said.
        message: String,
    },
}

impl SingerError {
    /// The system said this.
    pub fn system(error: &io::Error) -> SingerError {
        SingerError::System { message: describe(error) }
    }
}

impl fmt::Display for SingerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SingerError::Start { program, message } => {
                write!(f, "{program}: {message}: install it, or name it with its path")
            }
            SingerError::Failed { program, how } => write!(f, "{program} {how}: what it said is above"),
            SingerError::Batch { program } => write!(
                f,
                "{program} gives BATCH messages, which are files of its own: switch them off, as by leaving batch_config out of \
                 its configuration"
            ),
            SingerError::NotGivenBack { program, instead } => write!(
                f,
                "{program} ended well and gave back {instead}, not the STATE of the batch: whether it has the batch is not \
                 known; see --without-state for a target that gives back none"
            ),
            SingerError::System { message } => write!(f, "singer: {message}"),
        }
    }
}

impl std::error::Error for SingerError {}

impl Failure for SingerError {
    fn exit(&self) -> Exit {
        Exit::World
    }
}

impl From<SingerError> for SourceError {
    fn from(error: SingerError) -> Self {
        SourceError::kind(error)
    }
}

impl From<SingerError> for OutletError {
    fn from(error: SingerError) -> Self {
        OutletError::kind(error)
    }
}

impl From<SingerError> for ToolError {
    fn from(error: SingerError) -> Self {
        ToolError::Kind(Box::new(error))
    }
}
