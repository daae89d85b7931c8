//! Exit codes, and the one thing every layer's error has in common: it knows
//! which of them it ends the process with.

use std::fmt;
use std::io;

/// How a tool ends. The numbers are part of the command line contract: systemd
/// units use `RestartPreventExitStatus=2 4 5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Everything was done.
    Done = 0,
    /// The world failed (network, disk, a held lock): a retry may help.
    World = 1,
    /// Wrong usage: the same command will fail again.
    Usage = 2,
    /// The input was cut off or is malformed.
    Input = 3,
    /// A bad record, under `--on-error fail`.
    BadRecord = 4,
    /// The checkpoint is damaged or belongs to another pipeline.
    Checkpoint = 5,
}

impl Exit {
    /// What the numbers mean, for help.
    pub const SUMMARY: &str = "0 done, 1 the world failed (a retry may help), 2 wrong usage, \
        3 input cut off or malformed, 4 a bad record, 5 checkpoint damaged or another pipeline's";

    /// The process exit code.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The exit that `code` stands for; an unknown code, as a stage from
    /// elsewhere may send in its close, counts as [`Exit::World`].
    pub fn from_code(code: u64) -> Exit {
        match code {
            0 => Exit::Done,
            2 => Exit::Usage,
            3 => Exit::Input,
            4 => Exit::BadRecord,
            5 => Exit::Checkpoint,
            _ => Exit::World,
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code())
    }
}

/// An error that ends a tool: what happened and where and what to do is its
/// `Display`, and the exit code follows from its kind.
pub trait Failure: std::error::Error {
    /// The exit code that a tool ends with when it meets this error.
    fn exit(&self) -> Exit;
}

/// What the system said, without Rust's `(os error 28)`.
pub fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}
