//! Checks every checksum of every file, and that the parts fit together.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::inspect::settled;
use super::job::{Job, Layout, SourceFile, StageFile};
use super::log::{Entry, LogKind, Reader, Tail, View, first_segment, numbers, path_of};
use super::state::files::StageFiles;
use super::storage::{Storage, names, read_if_there};
use super::survey::Survey;
use super::wal::{Blocks, Range};
use super::{Error, Result, commits, offsets, state, wal};
use crate::store::{self, StoreError};

/// What was found of a file, or of the whole.
#[derive(Debug)]
pub struct Finding {
    /// The file; the checkpoint's directory for what is about all of it.
    pub path: PathBuf,
    /// What is to be said of it.
    pub what: What,
}

/// What can be said of a file.
#[derive(Debug)]
pub enum What {
    /// It is as it was written: so many entries, so many bytes.
    Fine {
        /// Entries of a log; 1 for a file that is written whole.
        entries: u64,
        /// Bytes of the file.
        bytes: u64,
    },
    /// It is, but for an end that a crash tore and nobody has used: the next start cuts it off.
    Torn {
        /// Entries before that end.
        entries: u64,
        /// Bytes of the torn end.
        bytes: u64,
    },
    /// A segment that a crash left empty: the next start removes it.
    Unused,
    /// What a crash left of a purge, or of writing a file whole: nobody reads it.
    LeftOver,
    /// All fits together, and a restart would resume at this time.
    Resumes(u64),
    /// It is not what was written, or cannot be read.
    Wrong(Error),
}

impl What {
    /// Whether that is damage.
    pub fn is_wrong(&self) -> bool {
        matches!(self, What::Wrong(_))
    }
}

/// Takes findings as they come.
pub type Report<'r> = dyn FnMut(Finding) + 'r;

/// Checks all files of a checkpoint.
pub fn verify(storage: &Arc<dyn Storage>, layout: &Layout, report: &mut Report<'_>) -> Result<()> {
    let mut verifier = Verifier { storage, layout, report };
    let job = layout.dir().join("job.json");
    if read_if_there(&**storage, &job)?.is_none() && names(&**storage, &layout.sources())?.is_empty() {
        return Err(Error::NoCheckpoint { dir: layout.dir().to_owned() });
    }
    verifier.json(&job, Job::read(&**storage, layout).map(|job| job.is_some()));
    for name in names(&**storage, &layout.sources())? {
        verifier.source(&layout.source(&name));
    }
    for name in names(&**storage, &layout.stages())? {
        let dir = layout.stages().join(name);
        verifier.json(&dir.join("stage.json"), StageFile::read_stage(&**storage, &dir).map(|file| file.is_some()));
        let mut noted = Vec::new();
        verifier.log(&dir, LogKind::State, &mut |entry| {
            noted.extend(state::check(entry)?);
            Ok(())
        });
        verifier.files(&dir, &noted)?;
    }
    for name in names(&**storage, &layout.commits())? {
        let dir = layout.commits().join(name);
        verifier.json(&dir.join("sink.json"), StageFile::read_sink(&**storage, &dir).map(|file| file.is_some()));
        verifier.log(&dir, LogKind::Commits, &mut |entry| commits::check(entry));
    }
    verifier.whole();
    Ok(())
}

struct Verifier<'v, 'r> {
    storage: &'v Arc<dyn Storage>,
    layout: &'v Layout,
    report: &'v mut Report<'r>,
}

impl Verifier<'_, '_> {
    fn say(&mut self, path: &Path, what: What) {
        (self.report)(Finding { path: path.to_owned(), what });
    }

    /// A file that is written whole; `read` is what reading its fields gave.
    fn json(&mut self, path: &Path, read: Result<bool>) {
        let bytes = |storage: &dyn Storage| Ok(read_if_there(storage, path)?.map_or(0, |bytes| bytes.len() as u64));
        let what = match read.and_then(|is_there| Ok((is_there, bytes(&**self.storage)?))) {
            Ok((true, bytes)) => What::Fine { entries: 1, bytes },
            // A folder without it is one that a crash kept from being finished.
            Ok((false, _)) => return,
            Err(error) => What::Wrong(error),
        };
        self.say(path, what);
    }

    fn source(&mut self, folder: &Path) {
        let file = SourceFile::read(&**self.storage, folder);
        let has_wal = file.as_ref().is_ok_and(|file| file.as_ref().is_some_and(|file| file.wal));
        self.json(&folder.join("source.json"), file.map(|file| file.is_some()));
        let mut ranges = Vec::new();
        self.log(&folder.join("offsets"), LogKind::Offsets, &mut |entry| {
            if let Some((_, bytes)) = offsets::check(entry)?
                && has_wal
                && !bytes.is_empty()
            {
                ranges.push(Range::from_bytes(bytes, entry.path)?);
            }
            Ok(())
        });
        if has_wal {
            let dir = folder.join("wal");
            self.log(&dir, LogKind::Wal, &mut |entry| wal::check(entry).map(drop));
            if let Err(error) = settled(&**self.storage, self.layout, || self.ranges(&dir, &ranges)) {
                self.say(&dir, What::Wrong(error));
            }
        }
    }

    /// Whether all that offsets name, and that was not purged, is in the WAL.
    fn ranges(&self, dir: &Path, ranges: &[Range]) -> Result<()> {
        let Some(first) = first_segment(&**self.storage, dir)? else {
            return Err(Error::Lost { path: dir.to_owned(), what: "the log is gone".to_owned() });
        };
        for range in ranges.iter().filter(|range| range.from.segment >= first) {
            let mut blocks = Blocks::look(self.storage.clone(), dir, *range)?;
            while blocks.next_block()?.is_some() {}
        }
        Ok(())
    }

    fn log(&mut self, dir: &Path, kind: LogKind, check: &mut dyn FnMut(&Entry<'_>) -> Result<()>) {
        let numbers = match numbers(&**self.storage, dir) {
            Ok(numbers) => numbers,
            Err(error) => return self.say(dir, What::Wrong(error)),
        };
        for name in names(&**self.storage, dir).unwrap_or_default() {
            let path = dir.join(&name);
            let is_segment = numbers.clone().any(|number| path == path_of(dir, number));
            if !is_segment && (name.ends_with(".log") || name.ends_with(".tmp")) {
                self.say(&path, What::LeftOver);
            }
        }
        for number in numbers {
            let path = path_of(dir, number);
            match settled(&**self.storage, self.layout, || self.segment(dir, kind, number, check)) {
                // Purged while this looked.
                Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
                Err(error) => self.say(&path, What::Wrong(error)),
                Ok(what) => self.say(&path, what),
            }
        }
    }

    /// The files of a state that is larger than memory.
    fn files(&mut self, dir: &Path, noted: &[u64]) -> Result<()> {
        let files = StageFiles::of(self.storage.clone(), dir)?;
        for (id, path) in files.paths()? {
            let bytes = match self.storage.open(&path, false).and_then(|file| file.size()) {
                Ok(bytes) => bytes,
                // Purged while this looked.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(Error::io("cannot read", &path, error)),
            };
            let what = match store::check(&files, id, bytes) {
                Ok(entries) => What::Fine { entries, bytes },
                // A crash left it unfinished, or it is just being written: nobody reads it.
                Err(_) if !noted.contains(&id) => What::LeftOver,
                Err(StoreError::Io { error, .. }) => What::Wrong(Error::io("cannot read", &path, error)),
                Err(StoreError::Damaged { what }) => What::Wrong(Error::Lost { path: path.clone(), what }),
            };
            self.say(&path, what);
        }
        Ok(())
    }

    fn segment(
        &self,
        dir: &Path,
        kind: LogKind,
        number: u64,
        check: &mut dyn FnMut(&Entry<'_>) -> Result<()>,
    ) -> Result<What> {
        let (mut reader, tail) = Reader::of_segment(self.storage.clone(), dir, kind, number)?;
        let Tail::Ends { valid, len, .. } = tail else { return Ok(What::Unused) };
        let mut entries = 0;
        while let Some(entry) = reader.next_entry()? {
            check(&entry)?;
            entries += 1;
        }
        Ok(match valid < len {
            true => What::Torn { entries, bytes: len - valid },
            false => What::Fine { entries, bytes: len },
        })
    }

    /// Whether the parts fit together.
    fn whole(&mut self) {
        let layout = self.layout;
        let taken = || {
            let job = Job::read(&**self.storage, layout)?;
            let job =
                job.ok_or_else(|| Error::Lost { path: layout.dir().to_owned(), what: "job.json is gone".to_owned() })?;
            Survey::take(self.storage, layout, job, View::Visible)?.resume()
        };
        let what = match settled(&**self.storage, layout, taken) {
            Ok(resume) => What::Resumes(resume.resume_ms),
            Err(error) => What::Wrong(error),
        };
        self.say(self.layout.dir(), what);
    }
}
