//! A file a batch, whole or not there: Spark's `saveAsTextFiles`, but one file
//! and no directory of parts.
//!
//! A batch is written to `.NAME-TIME[.SUFFIX].tmp` beside the place where it
//! belongs, synced, and given its name: whoever lists the directory finds
//! whole batches only, whenever this process dies. A file that is there already
//! is replaced, because the same batch is written again after a restart.
//!
//! Under a checkpoint nothing is written again once its commit is durable. That
//! comes between the sync and the rename, and its note names the temporary and
//! the final file: what still has its temporary name at the next start is renamed then.
//! Whoever has taken a file away by then does not get it twice. The temporary
//! names have the checkpoint's id in them.
//!
//! What else a crash left under a temporary name is removed at the next start. The
//! writer holds a lock on its temporary file, so another pipeline's is let be.

mod names;

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

pub use names::FileNames;

use crate::checkpoint;
use crate::flow::{LineForm, OutletError, Under, push_lines};
use crate::frame::{BatchTime, Block};
use crate::os;
use crate::sink::Sink;

/// How much is written at a time, in bytes.
const WRITE_BYTES: usize = 256 << 10;

/// Writes a file a batch.
pub struct Files {
    names: FileNames,
    form: LineForm,
    /// Whether an empty batch gets an empty file.
    keeps_empty: bool,
    open: Option<Temporary>,
    /// Whole batches that do not have their names yet, and those names.
    prepared: Vec<(Temporary, PathBuf)>,
    /// Whether there are names that may not be durable.
    has_new_names: bool,
    lines: Vec<u8>,
}

/// A file under a temporary name. Dropped, it is removed, unless it is to be kept.
struct Temporary {
    path: PathBuf,
    file: BufWriter<File>,
    is_kept: bool,
}

impl Files {
    /// Looks whether files can be made in the directory, which is not made: one
    /// that is missing is a mount that is missing more often than not. Removes
    /// what a crash left there.
    pub fn open(names: FileNames, form: LineForm, keeps_empty: bool) -> io::Result<Files> {
        use rustix::fs::Access;
        remove_leftovers(&names)?;
        rustix::fs::access(names.directory(), Access::WRITE_OK | Access::EXEC_OK)?;
        Ok(Files {
            names,
            form,
            keeps_empty,
            open: None,
            prepared: Vec::new(),
            has_new_names: false,
            lines: Vec::new(),
        })
    }

    /// The open batch's file.
    fn temporary(&mut self, time: BatchTime) -> Result<&mut Temporary, OutletError> {
        match &mut self.open {
            Some(temporary) => Ok(temporary),
            none => Ok(none.insert(Temporary::create(self.names.temporary(time))?)),
        }
    }

    /// Moves the open batch's file to those that are whole; the names that it has
    /// and will have, none if the batch gets no file.
    fn finish(&mut self, time: BatchTime) -> Result<Option<(&Path, &Path)>, OutletError> {
        if self.open.is_none() && !self.keeps_empty {
            return Ok(None);
        }
        self.temporary(time)?;
        let path = self.names.path(time);
        self.prepared.extend(self.open.take().map(|temporary| (temporary, path)));
        Ok(self.prepared.last().map(|(temporary, path)| (temporary.path.as_path(), path.as_path())))
    }

    /// Makes the content of whole batches durable.
    fn sync_files(&mut self) -> Result<(), OutletError> {
        for (Temporary { path, file, .. }, _) in &mut self.prepared {
            file.flush().and_then(|()| file.get_ref().sync_all()).map_err(|error| failed(path, error))?;
        }
        Ok(())
    }

    /// Gives whole batches their names.
    fn rename(&mut self) -> Result<(), OutletError> {
        for (mut temporary, path) in self.prepared.drain(..) {
            fs::rename(&temporary.path, &path).map_err(|error| failed(&path, error))?;
            temporary.is_kept = true;
            self.has_new_names = true;
        }
        Ok(())
    }

    /// Makes the names of files durable.
    fn sync_names(&mut self) -> Result<(), OutletError> {
        if std::mem::take(&mut self.has_new_names) { sync_directory(self.names.directory()) } else { Ok(()) }
    }
}

impl Sink for Files {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        push_lines(block, self.form, &mut lines);
        let Temporary { path, file, .. } = self.temporary(block.time)?;
        file.write_all(&lines).map_err(|error| failed(path, error))?;
        self.lines = lines;
        Ok(())
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        if self.finish(time)?.is_none() {
            return Ok(());
        }
        self.sync_files()?;
        self.rename()?;
        self.sync_names()
    }

    fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
        let directory = self.names.directory();
        under.notes.iter().try_for_each(|note| finish_rename(note, directory))?;
        self.names = self.names.clone().marked(under.job);
        remove_leftovers(&self.names).map_err(|error| failed(self.names.directory(), error))?;
        Ok(None)
    }

    fn prepare(&mut self, time: BatchTime, _: u64, note: &mut Vec<u8>) -> Result<(), OutletError> {
        let Some((temporary, path)) = self.finish(time)? else { return Ok(()) };
        push_note(temporary, path, note).map_err(|error| failed(path, error))
    }

    fn persist(&mut self) -> Result<(), OutletError> {
        if self.prepared.is_empty() {
            return Ok(());
        }
        self.sync_files()?;
        sync_directory(self.names.directory())?;
        self.has_new_names = false;
        for (temporary, _) in &mut self.prepared {
            // From now on a commit may name it.
            temporary.is_kept = true;
        }
        Ok(())
    }

    fn publish(&mut self) -> Result<(), OutletError> {
        // These names become durable with the next batches; what a crash takes back
        // until then is renamed again at the next start.
        self.rename()
    }

    fn close(&mut self, _: bool) -> Result<(), OutletError> {
        self.sync_names()
    }
}

/// The note of a batch: its file's temporary and its final name, absolute, and a zero between.
fn push_note(temporary: &Path, path: &Path, note: &mut Vec<u8>) -> io::Result<()> {
    note.extend_from_slice(std::path::absolute(temporary)?.as_os_str().as_bytes());
    note.push(0);
    note.extend_from_slice(std::path::absolute(path)?.as_os_str().as_bytes());
    Ok(())
}

/// Does what a note says, if a crash came before that.
fn finish_rename(note: &[u8], directory: &Path) -> Result<(), OutletError> {
    let Some(zero) = note.iter().position(|&byte| byte == 0) else { return Ok(()) };
    let [from, to] = [&note[..zero], &note[zero + 1..]].map(|name| Path::new(OsStr::from_bytes(name)));
    // It has its name, and may have been taken away since.
    if from.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(());
    }
    // A note comes from a checkpoint, and says no more than how a file of this directory is called.
    let own = directory.canonicalize().map_err(|error| failed(directory, error))?;
    let is_own = |name: &Path| name.parent().and_then(|parent| parent.canonicalize().ok()).as_ref() == Some(&own);
    if !is_own(from) || !is_own(to) || !is_temporary_of(from, to) {
        let (name, directory) = (to.to_owned(), directory.to_owned());
        return Err(OutletError::Checkpoint(checkpoint::Error::ForeignFile { name, directory }));
    }
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(to, error)),
        Ok(()) => to.parent().map_or(Ok(()), sync_directory),
    }
}

/// Whether a file is called as `to` is until it is whole, under any checkpoint.
fn is_temporary_of(from: &Path, to: &Path) -> bool {
    let bytes = |path: &Path| path.file_name().map(|name| name.as_bytes().to_vec()).unwrap_or_default();
    let (from, to) = (bytes(from), [b".", &bytes(to)[..], b"."].concat());
    from.starts_with(&to) && from.ends_with(names::TEMPORARY.as_bytes())
}

/// Makes the names in a directory durable.
fn sync_directory(directory: &Path) -> Result<(), OutletError> {
    os::sync_directory(directory).map_err(|error| failed(directory, error))
}

impl Temporary {
    fn create(path: PathBuf) -> Result<Temporary, OutletError> {
        let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let what = format!("{}, which another sstream-sink with this PREFIX writes", path.display());
                return Err(OutletError::Write { what, error });
            }
            Err(error) => return Err(failed(&path, error)),
        };
        // Where there are no locks, two pipelines must not share a PREFIX.
        let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
        Ok(Temporary { path, file: BufWriter::with_capacity(WRITE_BYTES, file), is_kept: false })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.is_kept {
            // If it cannot be removed now, the next start does it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn failed(path: &Path, error: io::Error) -> OutletError {
    OutletError::Write { what: path.display().to_string(), error }
}

/// Removes temporary files that nobody writes any more.
fn remove_leftovers(names: &FileNames) -> io::Result<()> {
    for entry in fs::read_dir(names.directory())? {
        let name = entry?.file_name();
        if names.temporary_time(&name).is_none() {
            continue;
        }
        let path = names.directory().join(name);
        let is_locked = File::open(&path).is_ok_and(|file| {
            flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(rustix::io::Errno::WOULDBLOCK)
        });
        if !is_locked {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
