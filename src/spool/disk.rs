//! The part of a spool that is on disk: one file without a name.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use super::SpoolError;
use crate::os;

/// The part of a spool that is on disk.
#[derive(Debug)]
pub(super) struct Disk {
    pub(super) file: File,
    directory: PathBuf,
    pub(super) end: u64,
    /// How much of the file is still needed.
    used: u64,
}

impl Disk {
    pub(super) fn create() -> Result<Disk, SpoolError> {
        let directory = std::env::temp_dir();
        match tempfile::tempfile_in(&directory) {
            Ok(file) => Ok(Disk { file, directory, end: 0, used: 0 }),
            Err(error) => Err(SpoolError::new("create", directory, error)),
        }
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<u64, SpoolError> {
        let offset = self.end;
        self.file.write_all_at(bytes, offset).map_err(|error| self.failed("write", error))?;
        self.end += bytes.len() as u64;
        self.used += bytes.len() as u64;
        Ok(offset)
    }

    pub(super) fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SpoolError> {
        self.file.read_exact_at(buffer, offset).map_err(|error| self.failed("read", error))
    }

    pub(super) fn discard(&mut self, offset: u64, length: u64) {
        self.used -= length;
        // Where neither works, the space is given back with the file.
        if self.used > 0 {
            os::punch_hole(&self.file, offset, length);
        } else if self.file.set_len(0).is_ok() {
            self.end = 0;
        }
    }

    fn failed(&self, doing: &'static str, error: io::Error) -> SpoolError {
        SpoolError::new(doing, self.directory.clone(), error)
    }
}
