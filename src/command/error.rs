//! What can happen to a command.

use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use crate::error::{Exit, Failure, describe};
use crate::flow::OutletError;
use crate::frame::BatchTime;
use crate::op::OpError;
use crate::spool::SpoolError;

/// Why a batch could not be run through a command.
#[derive(Debug)]
pub enum CommandError {
    /// The command failed.
    Failed {
        /// The command, as a user would write it, shortened.
        command: String,
        /// What happened.
        problem: Problem,
    },
    /// The batch could not be kept for it.
    Batch(SpoolError),
}

/// What can happen to a command.
#[derive(Debug)]
pub enum Problem {
    /// There is no such program.
    NotFound,
    /// It could not be started.
    Start(io::Error),
    /// Its output could not be read.
    Read(io::Error),
    /// How it ended could not be found out.
    Wait(io::Error),
    /// It said that it failed, or was killed.
    Status {
        /// How it ended.
        status: ExitStatus,
        /// On which batch; at the end of the stream on none.
        time: Option<BatchTime>,
        /// What `--accept` takes as success, where there is that option.
        accept: Option<Vec<u8>>,
    },
    /// It could not be written to.
    Write(io::Error),
    /// It was kept for more, and reads or writes no more.
    Ended {
        /// How it ended; `None` if it runs on.
        status: Option<ExitStatus>,
        /// Which batch it has not acknowledged.
        time: BatchTime,
    },
    /// It wrote a line that acknowledges nothing.
    Answer {
        /// The line, shortened.
        line: String,
        /// Which batch it had; none if it was asked for nothing.
        time: Option<BatchTime>,
    },
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CommandError::Failed { command, problem } => write!(f, "{command}: {problem}"),
            CommandError::Batch(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::NotFound => f.write_str("command not found: is it installed, in PATH, and executable?"),
            Problem::Start(error) => write!(f, "cannot be started: {}", describe(error)),
            Problem::Read(error) => write!(f, "its output cannot be read: {}", describe(error)),
            Problem::Write(error) => write!(f, "the batch cannot be written to it: {}", describe(error)),
            Problem::Wait(error) => write!(f, "cannot be waited for: {}", describe(error)),
            Problem::Status { status, time, accept } => {
                describe_end(*status, f)?;
                match time {
                    Some(time) => write!(f, ", batch {time}")?,
                    None => f.write_str(" at the end of the stream")?,
                }
                let (Some(code), Some(accept)) = (status.code(), accept) else { return Ok(()) };
                write!(f, ": if that is no failure: --accept ")?;
                accept.iter().try_for_each(|accepted| write!(f, "{accepted},"))?;
                write!(f, "{code}")
            }
            Problem::Ended { status, time } => {
                match status {
                    Some(status) => describe_end(*status, f)?,
                    None => f.write_str("closed its input or output")?,
                }
                write!(f, " before it had acknowledged batch {time}: it has to answer each batch, until its input ends")
            }
            Problem::Answer { line, time: Some(time) } => {
                write!(f, "answered `{line}` to batch {time}, where only {{\"end\":{time}}} is an answer")
            }
            Problem::Answer { line, time: None } => write!(
                f,
                "wrote `{line}`, where nothing was asked: its stdout is for the ends of batches, messages belong on \
                 stderr"
            ),
        }
    }
}

fn describe_end(status: ExitStatus, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(code) = status.code() {
        return write!(f, "exit {code}");
    }
    let signal = status.signal().unwrap_or_default();
    write!(f, "killed by signal {signal}")?;
    match signal_hook::low_level::signal_name(signal) {
        Some(name) => write!(f, " ({name})"),
        None => Ok(()),
    }
}

impl CommandError {
    /// Whether the command may do better another time.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            CommandError::Failed { problem, .. } => !matches!(problem, Problem::NotFound),
            CommandError::Batch(_) => false,
        }
    }
}

impl std::error::Error for CommandError {}

impl Failure for CommandError {
    fn exit(&self) -> Exit {
        match self {
            CommandError::Failed { problem: Problem::NotFound, .. } => Exit::Usage,
            CommandError::Failed { .. } => Exit::World,
            CommandError::Batch(error) => error.exit(),
        }
    }
}

impl From<SpoolError> for CommandError {
    fn from(error: SpoolError) -> CommandError {
        CommandError::Batch(error)
    }
}

impl From<CommandError> for OpError {
    fn from(error: CommandError) -> OpError {
        match error {
            CommandError::Batch(error) => error.into(),
            failed => OpError::Command { message: failed.to_string(), exit: failed.exit() },
        }
    }
}

impl From<CommandError> for OutletError {
    fn from(error: CommandError) -> OutletError {
        match error {
            CommandError::Batch(error) => error.into(),
            failed => OutletError::Command { message: failed.to_string(), exit: failed.exit() },
        }
    }
}
