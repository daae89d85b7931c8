//! Reads a trace log as it grows, and a published file through its changes.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::log::{LogEvent, LogReader, NotALog};
use super::publish::is_locked;

/// How much is read at a time.
const READ: usize = 64 << 10;

/// What was wrong with a file.
#[derive(Debug)]
pub enum FollowError {
    /// It cannot be opened or read.
    Read(io::Error),
    /// It is no trace log.
    NotALog(NotALog),
}

impl From<io::Error> for FollowError {
    fn from(error: io::Error) -> Self {
        FollowError::Read(error)
    }
}

/// Follows one file.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    file: File,
    inode: u64,
    offset: u64,
    reader: LogReader,
}

impl Follower {
    /// Opens the file at its beginning.
    pub fn open(path: &Path) -> io::Result<Follower> {
        let file = File::open(path)?;
        let inode = file.metadata()?.ino();
        Ok(Follower { path: path.to_owned(), file, inode, offset: 0, reader: LogReader::default() })
    }

    /// Takes all that has come. A published file that was begun anew is read
    /// from its start, so ends come twice: a [`super::view::View`] knows them.
    pub fn poll(&mut self, take: &mut impl FnMut(LogEvent)) -> Result<(), FollowError> {
        // Looked up first: once there is another file, this one is complete.
        let replaced = match self.path.metadata() {
            Ok(metadata) => metadata.ino() != self.inode,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error.into()),
        };
        self.read_to_end(take)?;
        if replaced {
            match Follower::open(&self.path) {
                Ok(next) => *self = next,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(error.into()),
            }
            self.read_to_end(take)?;
        }
        Ok(())
    }

    fn read_to_end(&mut self, take: &mut impl FnMut(LogEvent)) -> Result<(), FollowError> {
        let mut buffer = vec![0; READ];
        loop {
            let count = match self.file.read_at(&mut buffer, self.offset) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            self.offset += count as u64;
            self.reader.push(&buffer[..count]);
            while let Some(event) = self.reader.next().map_err(FollowError::NotALog)? {
                take(event);
            }
        }
    }

    /// Which file it is that it reads now.
    pub fn inode(&self) -> u64 {
        self.inode
    }

    /// Whether a process still publishes this file.
    pub fn is_published(&self) -> bool {
        is_locked(&self.file)
    }
}
