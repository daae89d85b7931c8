//! Why a tool ends otherwise than well.

use std::fmt;
use std::io;

use rustix::io::Errno;

use crate::error::{Exit, Failure, describe};
use crate::run::RunError;
use crate::source::SourceError;
use crate::stage::StageError;

/// Why a tool ends otherwise than well.
#[derive(Debug)]
pub enum ToolError {
    /// The options do not fit together, or do not fit the input.
    Usage(String),
    /// There is nothing to read but what a person might type.
    Terminal {
        /// The tool's name.
        tool: &'static str,
    },
    /// Nothing came by a pipe, and the stage may be one behind another that was killed before its head.
    NoHead,
    /// Something that is to be read or written cannot be opened.
    Open {
        /// What.
        what: String,
        /// What the system said.
        error: io::Error,
    },
    /// The source cannot be opened, or the input not told to be framed or raw.
    Input(SourceError),
    /// A command that works for the tool cannot be started.
    Command {
        /// The command and what it did.
        message: String,
        /// How to exit.
        exit: Exit,
    },
    /// A kind of source or sink is not to be had with these options, in its own words.
    Kind(Box<dyn Failure>),
    /// The checkpoint cannot be looked into or changed.
    Checkpoint(crate::checkpoint::Error),
    /// The stage failed while it ran.
    Stage(StageError),
    /// All that the run before had begun to close is closed; the tool is to be started again.
    Restart,
    /// The pipeline failed that the tool runs.
    Pipeline(RunError),
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ToolError::Usage(message) | ToolError::Command { message, .. } => f.write_str(message),
            ToolError::Terminal { tool } => write!(
                f,
                "stdin is a terminal: pipe a stream or lines in, or type lines with --input text: see {tool} --help"
            ),
            ToolError::NoHead => f.write_str(
                "the input ended before anything came: if a stage before this one was killed, start the pipeline again; \
                 if this is the first stage, which SSTREAM_CHECKPOINT does not tell, say so with --input text",
            ),
            ToolError::Open { what, error } if is_closed(error) => {
                write!(f, "{what}: it is closed, or not open for this: {}", describe(error))
            }
            ToolError::Open { what, error } => write!(f, "{what}: {}", describe(error)),
            ToolError::Input(error) => error.fmt(f),
            ToolError::Kind(error) => error.fmt(f),
            ToolError::Checkpoint(error) => error.fmt(f),
            ToolError::Stage(error) => error.fmt(f),
            ToolError::Restart => f.write_str(
                "checkpoint: what a run before had begun, and had not brought to its end, is done now, and nothing new was \
                 taken: start again to go on",
            ),
            ToolError::Pipeline(error) => error.fmt(f),
        }
    }
}

impl ToolError {
    /// What only this kind of source or sink can meet.
    pub fn kind(error: impl Failure) -> ToolError {
        ToolError::Kind(Box::new(error))
    }
}

/// Whether it is of stdin, stdout or stderr, as `>&-` leaves them.
fn is_closed(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::BADF.raw_os_error())
}

impl std::error::Error for ToolError {}

impl Failure for ToolError {
    fn exit(&self) -> Exit {
        match self {
            ToolError::Usage(_) | ToolError::Terminal { .. } => Exit::Usage,
            // The same command would be started in the same way again.
            ToolError::Open { error, .. } if is_closed(error) => Exit::Usage,
            ToolError::NoHead => Exit::Input,
            ToolError::Open { .. } | ToolError::Restart => Exit::World,
            ToolError::Input(error) => error.exit(),
            ToolError::Kind(error) => error.exit(),
            ToolError::Checkpoint(error) => error.exit(),
            ToolError::Command { exit, .. } => *exit,
            ToolError::Stage(error) => error.exit(),
            ToolError::Pipeline(error) => Exit::from_code(error.code().into()),
        }
    }
}

impl From<SourceError> for ToolError {
    fn from(error: SourceError) -> Self {
        ToolError::Input(error)
    }
}

impl From<crate::checkpoint::Error> for ToolError {
    fn from(error: crate::checkpoint::Error) -> Self {
        ToolError::Checkpoint(error)
    }
}

impl From<RunError> for ToolError {
    fn from(error: RunError) -> Self {
        ToolError::Pipeline(error)
    }
}

impl From<StageError> for ToolError {
    fn from(error: StageError) -> Self {
        ToolError::Stage(error)
    }
}
