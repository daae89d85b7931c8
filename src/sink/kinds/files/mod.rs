//! A file a batch, whole or not there; with `--layout spark` a directory a batch, as Spark's
//! `saveAsTextFiles` has it: a part, and `_SUCCESS`. What is in the file is [`Content`], which knows of none.
//!
//! A batch is written to `.NAME-TIME[.SUFFIX].tmp` beside the place where it
//! belongs, synced, and given its name: whoever lists the directory finds
//! whole batches only, whenever this process dies. What is there already
//! is replaced, because the same batch is written again after a restart. Readers of
//! Hadoop and Spark pass over names that begin with a dot, as they do over Spark's own `_temporary`.
//!
//! Under a checkpoint nothing is written again once its commit is durable. That
//! comes between the sync and the rename, and its note names the temporary and
//! the final name: what still has its temporary name at the next start is renamed then.
//! Whoever has taken a batch away by then does not get it twice. The temporary
//! names have the checkpoint's id in them.
//!
//! What else a crash left under a temporary name is removed at the next start. The
//! writer holds a lock on its temporary file, so another pipeline's is let be.

mod content;
mod directory;
mod names;
mod note;
mod temporary;

use std::io;
use std::path::{Path, PathBuf};

pub use content::Content;
use directory::{PART, seal};
pub use directory::{SUCCESS, remove, replace};
pub use names::{FileNames, Layout};
use note::{finish_rename, push_note};
use temporary::{Temporary, remove_leftovers};

use crate::flow::{OutletError, Under};
use crate::frame::{BatchTime, Block};
use crate::os;
use crate::sink::Sink;

/// Writes a file a batch.
///
/// ```
/// use sstream::connect::{BatchTime, Block, FileArgs, FileNames, Files, Layout, LineForm, Sink as _};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let words = folder.path().join("words");
/// // Options that a kind flattens into its own.
/// let options = FileArgs { prefix: words, suffix: Some("txt".to_owned()), empty: false, layout: Layout::Files };
/// let time = BatchTime(1000);
/// let mut files: Files<LineForm> = options.open(LineForm::Text).unwrap();
/// files.block(Block { time, records: 1, bytes: b"\"a\"\n" }).unwrap();
/// files.end(time, 1).unwrap();
///
/// let names: FileNames = options.names().unwrap();
/// assert!(names.path(time).ends_with("words-1000.txt"));
/// assert_eq!(std::fs::read_to_string(names.path(time)).unwrap(), "a\n");
/// ```
pub struct Files<C> {
    names: FileNames,
    content: C,
    /// Whether an empty batch gets a file too.
    keeps_empty: bool,
    open: Option<Temporary>,
    /// Whole batches that do not have their names yet, and those names.
    prepared: Vec<(Temporary, PathBuf)>,
    /// Whether there are names that may not be durable.
    has_new_names: bool,
    bytes: Vec<u8>,
}

impl<C: Content> Files<C> {
    /// Looks whether files can be made in the directory, which is not made: one
    /// that is missing is a mount that is missing more often than not. Removes
    /// what a crash left there.
    ///
    /// # Errors
    /// The directory is not there, or not writable.
    pub fn open(names: FileNames, content: C, keeps_empty: bool) -> io::Result<Files<C>> {
        use rustix::fs::Access;
        remove_leftovers(&names)?;
        rustix::fs::access(names.directory(), Access::WRITE_OK | Access::EXEC_OK)?;
        // Spark writes empty batches too.
        let keeps_empty = keeps_empty || names.layout() == Layout::Spark;
        Ok(Files {
            names,
            content,
            keeps_empty,
            open: None,
            prepared: Vec::new(),
            has_new_names: false,
            bytes: Vec::new(),
        })
    }

    /// The open batch's file, begun if it is not there; what it begins with is in `bytes` then.
    fn begin_file(&mut self, time: BatchTime) -> Result<&mut Temporary, OutletError> {
        match &mut self.open {
            Some(temporary) => Ok(temporary),
            none => {
                let temporary = Temporary::create(self.names.temporary(time), self.names.layout())?;
                self.content.begin(&mut self.bytes);
                Ok(none.insert(temporary))
            }
        }
    }

    /// Moves the open batch's file to those that are whole; the names that it has
    /// and will have, none if the batch gets no file.
    fn finish(&mut self, time: BatchTime) -> Result<Option<(&Path, &Path)>, OutletError> {
        if self.open.is_none() && !self.keeps_empty {
            return Ok(None);
        }
        self.bytes.clear();
        self.begin_file(time)?;
        self.content.end(&mut self.bytes);
        let path = self.names.path(time);
        if let Some(mut temporary) = self.open.take() {
            temporary.write(&self.bytes)?;
            self.prepared.push((temporary, path));
        }
        Ok(self.prepared.last().map(|(temporary, path)| (temporary.path(), path.as_path())))
    }

    /// Makes the content of whole batches durable.
    fn sync_files(&mut self) -> Result<(), OutletError> {
        self.prepared.iter_mut().try_for_each(|(temporary, _)| temporary.sync())
    }

    /// Gives whole batches their names.
    fn rename(&mut self) -> Result<(), OutletError> {
        for (temporary, path) in self.prepared.drain(..) {
            replace(temporary.path(), &path).map_err(|error| failed(&path, error))?;
            temporary.keep();
            self.has_new_names = true;
        }
        Ok(())
    }

    /// Makes the names of files durable.
    fn sync_names(&mut self) -> Result<(), OutletError> {
        if std::mem::take(&mut self.has_new_names) { sync_directory(self.names.directory()) } else { Ok(()) }
    }
}

impl<C: Content> Sink for Files<C> {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.bytes.clear();
        self.begin_file(block.time)?;
        self.content.block(block, &mut self.bytes)?;
        match &mut self.open {
            Some(temporary) => temporary.write(&self.bytes),
            None => Ok(()),
        }
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
        // From now on a commit may name them.
        self.prepared.iter_mut().for_each(|(temporary, _)| temporary.stay());
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

/// Makes the names in a directory durable.
fn sync_directory(directory: &Path) -> Result<(), OutletError> {
    os::sync_directory(directory).map_err(|error| failed(directory, error))
}

fn failed(path: &Path, error: io::Error) -> OutletError {
    OutletError::Write { what: path.display().to_string(), error }
}

#[cfg(test)]
mod tests;
