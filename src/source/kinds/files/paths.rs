//! The paths of a command line.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::Pattern;
use crate::error::{Exit, Failure, describe};

/// The patterns of a command line, from the root on, so that what a checkpoint
/// says of files holds from anywhere.
pub fn patterns(paths: &[PathBuf]) -> Result<Vec<Pattern>, PathError> {
    let parse = |path: &PathBuf| {
        let absolute = std::path::absolute(path).map_err(|error| PathError::Read { path: path.clone(), error })?;
        Pattern::parse(&absolute).map_err(PathError::Glob)
    };
    paths.iter().map(parse).collect()
}

/// What is wrong with a path of a command line.
#[derive(Debug)]
pub enum PathError {
    /// A glob that is none.
    Glob(String),
    /// It cannot be looked at.
    Read {
        /// The path.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A directory that is not there.
    NoDirectory(PathBuf),
    /// A file where a directory is expected.
    IsFile(PathBuf),
    /// A directory where a file is expected.
    IsDirectory(PathBuf),
    /// What is no file on a disk, and what it is.
    IsSpecial(PathBuf, &'static str),
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PathError::Glob(message) => f.write_str(message),
            PathError::Read { path, error } => write!(f, "{}: {}", path.display(), describe(error)),
            PathError::NoDirectory(path) => {
                let path = path.display();
                write!(f, "{path}: there is no such directory: make it before (mkdir -p {path}), or is the path right?")
            }
            PathError::IsFile(path) => write!(
                f,
                "{}: a file, where dir takes a directory: name its directory, or quote a pattern ('*.log') so that the \
                 shell leaves it to dir; to follow a file use sstream-source tail",
                path.display()
            ),
            PathError::IsSpecial(path, what) => write!(
                f,
                "{}: {what}, where tail takes regular files: read it with sstream-source exec -- cat {}",
                path.display(),
                path.display()
            ),
            PathError::IsDirectory(path) => write!(
                f,
                "{}: a directory, where tail takes files: name files ('{}/*.log', quoted), or use sstream-source dir",
                path.display(),
                path.display()
            ),
        }
    }
}

impl std::error::Error for PathError {}

impl Failure for PathError {
    fn exit(&self) -> Exit {
        match self {
            PathError::Glob(_) | PathError::IsFile(_) | PathError::IsDirectory(_) | PathError::IsSpecial(..) => {
                Exit::Usage
            }
            PathError::Read { .. } | PathError::NoDirectory(_) => Exit::World,
        }
    }
}
