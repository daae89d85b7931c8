//! What a command can do wrong.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use crate::error::{Exit, Failure};

/// The most characters of a command or of its output that a message shows.
const SHOWN_MAX: usize = 80;

/// Text for a message: lossy, and its beginning only.
pub(super) fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    match text.char_indices().nth(SHOWN_MAX) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.into_owned(),
    }
}

/// Why a command that stands for a program cannot go on. `command` is the
/// command as it was given.
#[derive(Debug)]
pub enum ExecError {
    /// It could not be started.
    Start {
        /// The command.
        command: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// A pipe to or from it failed.
    Pipe {
        /// The command.
        command: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// It did not answer in time.
    Silent {
        /// The command.
        command: String,
        /// How long was waited.
        timeout: Duration,
        /// The line it was given, counted from 1.
        line: u64,
    },
    /// It wrote a line that nobody had asked for.
    TooMuch {
        /// The command.
        command: String,
        /// The beginning of that line.
        line: String,
    },
    /// It answered something that is not JSON.
    NotJson {
        /// The command.
        command: String,
        /// The beginning of the answer.
        line: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Its answer has no end.
    TooLong {
        /// The command.
        command: String,
        /// The line it was given, counted from 1.
        line: u64,
    },
    /// It ended, or closed its output, while an answer was due.
    Ended {
        /// The command.
        command: String,
        /// How it ended; `None` if it runs on.
        status: Option<ExitStatus>,
        /// How many lines it had answered.
        answered: u64,
    },
    /// It answered everything and then failed.
    Failed {
        /// The command.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// It did not end when its input had.
    StillRuns {
        /// The command.
        command: String,
        /// How long was waited.
        timeout: Duration,
    },
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExecError::Start { command, error } => {
                write!(f, "--exec `{command}` cannot be started: {error}")
            }
            ExecError::Pipe { command, error } => {
                write!(f, "the pipe to or from --exec `{command}` failed: {error}")
            }
            ExecError::Silent { command, timeout, line } => write!(
                f,
                "--exec `{command}` did not answer line {line} within {}: most likely it buffers its output, so \
                 have it flush after each line (stdbuf -oL, python3 -u or flush=True, fflush() in awk, jq \
                 --unbuffered); if it is slow, allow it more with --exec-timeout",
                humantime::format_duration(*timeout)
            ),
            ExecError::TooMuch { command, line } => write!(
                f,
                "--exec `{command}` wrote a line that was not asked for: `{line}`: it has to answer each line with \
                 exactly one; messages belong on stderr"
            ),
            ExecError::NotJson { command, line, reason } => {
                write!(f, "--exec `{command}` answered `{line}`, which is not a JSON line: {reason}")
            }
            ExecError::TooLong { command, line } => write!(
                f,
                "--exec `{command}` answers line {line} with more than 256 MiB and no newline: an answer is one line"
            ),
            ExecError::Ended { command, status, answered } => {
                write!(f, "--exec `{command}` ")?;
                match status {
                    Some(status) => write!(f, "{}", how_it_ended(*status))?,
                    None => write!(f, "closed its output")?,
                }
                let lines = if *answered == 1 { "line" } else { "lines" };
                write!(
                    f,
                    " after it had answered {answered} {lines}: it has to answer each line with one, until its input \
                     ends"
                )
            }
            ExecError::Failed { command, status } => write!(
                f,
                "--exec `{command}` {} when its input had ended: it has to end with exit code 0",
                how_it_ended(*status)
            ),
            ExecError::StillRuns { command, timeout } => write!(
                f,
                "--exec `{command}` did not end within {} after its input had, and was killed: it has to end when \
                 there is nothing more to read",
                humantime::format_duration(*timeout)
            ),
        }
    }
}

fn how_it_ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(127), _) => "ended with exit code 127 (command not found)".to_string(),
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => "ended".to_string(),
    }
}

impl std::error::Error for ExecError {}

impl Failure for ExecError {
    /// Whatever it was, the command is of the world outside.
    fn exit(&self) -> Exit {
        Exit::World
    }
}
