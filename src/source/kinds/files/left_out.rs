//! What a run that takes what is there could not take.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Exit, Failure, describe};

/// Files and directories that could not be read, each with the reason. What is not
/// there is none of them.
#[derive(Clone, Debug, Default)]
pub struct LeftOut {
    paths: Vec<(PathBuf, String)>,
}

impl LeftOut {
    /// One more.
    pub fn add(&mut self, path: &Path, error: &io::Error) {
        let is_known = self.paths.iter().any(|(other, _)| other == path);
        if error.kind() != io::ErrorKind::NotFound && !is_known {
            self.paths.push((path.to_owned(), describe(error)));
        }
    }

    /// Whether all was taken.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(((path, reason), others)) = self.paths.split_first() else { return Ok(()) };
        write!(f, "{}: {reason}: left out", path.display())?;
        match others.len() {
            0 => {}
            1 => write!(f, ", and one other")?,
            more => write!(f, ", and {more} others")?,
        }
        write!(f, "; all else was taken: mend that and run this again")
    }
}

impl std::error::Error for LeftOut {}

impl Failure for LeftOut {
    fn exit(&self) -> Exit {
        Exit::World
    }
}
