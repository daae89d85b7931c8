//! Where the runs of a store are: files that are written once, in order, and then read.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

/// Where runs are made and found again, each by its number.
pub trait Files: Send + Sync {
    /// Makes a file, which is not there.
    ///
    /// # Errors
    /// The system's.
    fn create(&self, id: u64) -> io::Result<Box<dyn RunFile>>;

    /// Opens one that is there.
    ///
    /// # Errors
    /// The system's.
    fn open(&self, id: u64) -> io::Result<Box<dyn RunFile>>;

    /// The number of the first file that is made.
    fn next(&self) -> u64 {
        1
    }

    /// The names of all that was made are durable.
    ///
    /// # Errors
    /// The system's.
    fn sync(&self) -> io::Result<()>;

    /// What a file is called, for messages.
    fn name(&self, id: u64) -> String;
}

/// A file with a run.
pub trait RunFile: Send {
    /// Adds bytes at the end.
    ///
    /// # Errors
    /// The system's.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Reads what is at `offset`, all that is asked for.
    ///
    /// # Errors
    /// The system's; the file is shorter.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()>;

    /// Makes the bytes durable.
    ///
    /// # Errors
    /// The system's.
    fn sync(&mut self) -> io::Result<()>;
}

/// Files without names, in `$TMPDIR`: however the process ends, nothing is left.
#[derive(Clone, Debug)]
pub struct Temporary {
    directory: PathBuf,
}

impl Temporary {
    /// Those of this process.
    pub fn new() -> Temporary {
        Temporary { directory: std::env::temp_dir() }
    }
}

impl Files for Temporary {
    fn create(&self, _: u64) -> io::Result<Box<dyn RunFile>> {
        Ok(Box::new(Unnamed { file: tempfile::tempfile_in(&self.directory)?, end: 0 }))
    }

    fn open(&self, _: u64) -> io::Result<Box<dyn RunFile>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn name(&self, _: u64) -> String {
        format!("temporary file in {}, for what memory has no room for", self.directory.display())
    }
}

struct Unnamed {
    file: File,
    end: u64,
}

impl RunFile for Unnamed {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, self.end)?;
        self.end += bytes.len() as u64;
        Ok(())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(into, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}
