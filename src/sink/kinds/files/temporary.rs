//! Batches that are being written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::names::{FileNames, Layout, Leftover};
use super::{PART, failed, remove, seal};
use crate::flow::OutletError;

/// How much is written at a time, in bytes.
const WRITE_BYTES: usize = 256 << 10;

/// A batch under a temporary name: a file, or a directory with one. Dropped, it is removed, unless it is to be kept.
pub(super) struct Temporary {
    path: PathBuf,
    layout: Layout,
    file: BufWriter<File>,
    is_kept: bool,
}

impl Temporary {
    /// Makes a new one.
    pub fn create(path: PathBuf, layout: Layout) -> Result<Temporary, OutletError> {
        let file = match create(&path, layout) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let what = format!("{}, which another sstream-sink with this PREFIX writes", path.display());
                return Err(OutletError::Write { what, error });
            }
            Err(error) => return Err(failed(&path, error)),
        };
        // Where there are no locks, two pipelines must not share a PREFIX.
        let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
        Ok(Temporary { path, layout, file: BufWriter::with_capacity(WRITE_BYTES, file), is_kept: false })
    }

    /// What is to be renamed.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends to the file.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), OutletError> {
        self.file.write_all(bytes).map_err(|error| failed(&self.path, error))
    }

    /// The batch is whole: makes it durable, but for its own name.
    pub fn sync(&mut self) -> Result<(), OutletError> {
        let synced = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        let sealed = synced.and_then(|()| match self.layout {
            Layout::Files => Ok(()),
            Layout::Spark => seal(&self.path),
        });
        sealed.map_err(|error| failed(&self.path, error))
    }

    /// It has to stay when this process dies or fails.
    pub fn stay(&mut self) {
        self.is_kept = true;
    }

    /// It has its name.
    pub fn keep(mut self) {
        self.stay();
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.is_kept {
            // If it cannot be removed now, the next start does it.
            let _ = remove(&self.path);
        }
    }
}

fn create(path: &Path, layout: Layout) -> io::Result<File> {
    if layout == Layout::Spark {
        fs::create_dir(path)?;
    }
    OpenOptions::new().write(true).create_new(true).open(file_of(path, layout))
}

/// Where the records are.
fn file_of(path: &Path, layout: Layout) -> PathBuf {
    match layout {
        Layout::Files => path.to_owned(),
        Layout::Spark => path.join(PART),
    }
}

/// Removes what has a temporary name, in either layout, and is written by nobody any more. A directory that was moved
/// aside for one that did not get its name gets its own back.
pub(super) fn remove_leftovers(names: &FileNames) -> io::Result<()> {
    for entry in fs::read_dir(names.directory())? {
        let name = entry?.file_name();
        let path = names.directory().join(&name);
        match names.leftover(&name) {
            Some(Leftover::Aside(time)) if !names.path(time).exists() => fs::rename(&path, names.path(time))?,
            Some(Leftover::Aside(_)) => remove(&path)?,
            Some(Leftover::Temporary) if !is_locked(&path) => remove(&path)?,
            _ => {}
        }
    }
    Ok(())
}

fn is_locked(path: &Path) -> bool {
    let layout = if path.is_dir() { Layout::Spark } else { Layout::Files };
    File::open(file_of(path, layout))
        .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(rustix::io::Errno::WOULDBLOCK))
}
