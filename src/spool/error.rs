//! Why a spool fails.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::error::{Exit, Failure, describe};

/// What is beyond the memory limit could not be kept on disk.
#[derive(Debug)]
pub struct SpoolError {
    /// create, write or read.
    doing: &'static str,
    directory: PathBuf,
    error: io::Error,
}

impl SpoolError {
    /// The error of `doing` something with a temporary file in `directory`.
    pub fn new(doing: &'static str, directory: PathBuf, error: io::Error) -> SpoolError {
        SpoolError { doing, directory, error }
    }

    /// What was tried and where, and what the system said.
    pub fn into_parts(self) -> (String, io::Error) {
        (self.what(), self.error)
    }

    fn what(&self) -> String {
        let SpoolError { doing, directory, .. } = self;
        format!("temporary file in {}, for what memory has no room for: cannot {doing} it", directory.display())
    }
}

impl fmt::Display for SpoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: TMPDIR names another directory", self.what(), describe(&self.error))
    }
}

impl std::error::Error for SpoolError {}

impl Failure for SpoolError {
    fn exit(&self) -> Exit {
        Exit::World
    }
}
