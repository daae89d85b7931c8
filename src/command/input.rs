//! The stdin of a command: a whole batch as a file without a name.
//!
//! Up to the memory limit the file is in memory (memfd, where the system has
//! it), beyond it in `$TMPDIR`. A command that opens `/dev/stdin` or seeks finds
//! what it would find in `CMD < FILE`.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::PathBuf;

use crate::os;
use crate::spool::SpoolError;

/// Small blocks are collected up to so many bytes before they are written.
const BUFFER_BYTES: usize = 256 << 10;

/// Collects a batch.
#[derive(Debug)]
pub struct BatchFile {
    memory_limit: usize,
    buffer: Vec<u8>,
    file: Option<File>,
    is_on_disk: bool,
    length: usize,
}

impl BatchFile {
    /// An empty batch; up to `memory_limit` bytes of it are held in memory.
    pub fn new(memory_limit: usize) -> BatchFile {
        BatchFile { memory_limit, buffer: Vec::new(), file: None, is_on_disk: false, length: 0 }
    }

    /// Appends lines.
    pub fn write(&mut self, lines: &[u8]) -> Result<(), SpoolError> {
        if self.buffer.len() + lines.len() > BUFFER_BYTES {
            self.write_buffer()?;
        }
        if lines.len() > BUFFER_BYTES {
            return self.write_through(lines);
        }
        self.buffer.extend_from_slice(lines);
        Ok(())
    }

    /// The whole batch, to be read from its start; none if it is empty. After
    /// that a new batch begins.
    pub fn take(&mut self) -> Result<Option<File>, SpoolError> {
        self.write_buffer()?;
        self.length = 0;
        self.is_on_disk = false;
        match self.file.take() {
            Some(mut file) => file.rewind().map(|()| Some(file)).map_err(|error| failed("read", error)),
            None => Ok(None),
        }
    }

    fn write_buffer(&mut self) -> Result<(), SpoolError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = self.write_through(&buffer);
        buffer.clear();
        self.buffer = buffer;
        result
    }

    fn write_through(&mut self, bytes: &[u8]) -> Result<(), SpoolError> {
        self.length += bytes.len();
        if self.length > self.memory_limit && !self.is_on_disk {
            self.move_to_disk()?;
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(match os::memory_file() {
                Some(file) => file,
                None => {
                    self.is_on_disk = true;
                    create()?
                }
            }),
        };
        file.write_all(bytes).map_err(|error| failed("write", error))
    }

    fn move_to_disk(&mut self) -> Result<(), SpoolError> {
        let mut disk = create()?;
        if let Some(mut memory) = self.file.take() {
            memory.rewind().and_then(|()| io::copy(&mut memory, &mut disk)).map_err(|error| failed("write", error))?;
        }
        self.file = Some(disk);
        self.is_on_disk = true;
        Ok(())
    }
}

fn directory() -> PathBuf {
    std::env::temp_dir()
}

/// A file on disk that has no name.
pub(super) fn create() -> Result<File, SpoolError> {
    tempfile::tempfile_in(directory()).map_err(|error| failed("create", error))
}

fn failed(doing: &'static str, error: io::Error) -> SpoolError {
    SpoolError::new(doing, directory(), error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn a_batch_is_whole_wherever_it_is_held() {
        let small = b"0123456789\n".repeat(100);
        let large = b"x\n".repeat(BUFFER_BYTES);
        for (memory_limit, on_disk) in [(0, true), (BUFFER_BYTES, true), (100 << 20, cfg!(not(target_os = "linux")))] {
            let mut batch = BatchFile::new(memory_limit);
            assert!(batch.take().unwrap().is_none());
            // Twice: nothing of a batch is left for the next.
            for _ in 0..2 {
                let mut want = Vec::new();
                for piece in [&small, &large, &small] {
                    batch.write(piece).unwrap();
                    want.extend_from_slice(piece);
                }
                assert_eq!(batch.is_on_disk, on_disk);
                let mut got = Vec::new();
                batch.take().unwrap().unwrap().read_to_end(&mut got).unwrap();
                assert!(got == want);
            }
        }
    }
}
