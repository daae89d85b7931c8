//! How the files of batches are called.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::frame::BatchTime;

pub(super) const TEMPORARY: &str = ".tmp";

/// What a directory's name ends with that makes place for another one, behind the temporary name of that one.
pub(super) const ASIDE: &str = ".old";

/// What a batch is in its directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Layout {
    /// A file
    #[default]
    Files,
    /// A directory with part-00000 and _SUCCESS
    Spark,
}

/// How the files of a stream are called: `PREFIX-TIME_IN_MS[.SUFFIX]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileNames {
    directory: PathBuf,
    /// The last part of the prefix, with its `-`.
    start: OsString,
    /// `.SUFFIX`, or nothing.
    end: String,
    /// `.ID` in temporary names, of a checkpoint.
    mark: String,
    layout: Layout,
}

/// What a name says that is no batch's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leftover {
    /// It was or is being written.
    Temporary,
    /// It made place for a newer run of this batch.
    Aside(BatchTime),
}

impl FileNames {
    /// Takes a prefix, which may name a directory, and a suffix, with or
    /// without its dot. The error says what is wrong with them.
    pub fn new(prefix: &Path, suffix: Option<&str>) -> Result<FileNames, String> {
        let shown = prefix.display();
        let name = match prefix.file_name() {
            Some(name) if !prefix.as_os_str().as_encoded_bytes().ends_with(b"/") => name,
            _ => return Err(format!("PREFIX '{shown}' ends without a name for files: as in {}", shown_in(prefix))),
        };
        let suffix = suffix.unwrap_or_default();
        let suffix = suffix.strip_prefix('.').unwrap_or(suffix);
        if suffix.contains('/') {
            return Err(format!("SUFFIX '{suffix}' must not contain a /: directories belong into PREFIX"));
        }
        let mut start = name.to_owned();
        start.push("-");
        let directory = match prefix.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let end = if suffix.is_empty() { String::new() } else { format!(".{suffix}") };
        Ok(FileNames { directory, start, end, mark: String::new(), layout: Layout::Files })
    }

    /// The same, as names of batches in this layout.
    pub fn in_layout(self, layout: Layout) -> FileNames {
        FileNames { layout, ..self }
    }

    /// What a batch is.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The same, with temporary names that are those of one checkpoint only.
    pub fn marked(mut self, job: &str) -> FileNames {
        let short = job.char_indices().nth(12).map_or(job, |(end, _)| &job[..end]);
        self.mark = format!(".{short}");
        self
    }

    /// Where the files go.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// A batch's file.
    pub fn path(&self, time: BatchTime) -> PathBuf {
        self.directory.join(self.name(time))
    }

    /// What a batch's file is called until it is whole.
    pub fn temporary(&self, time: BatchTime) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(self.name(time));
        name.push(&self.mark);
        name.push(TEMPORARY);
        self.directory.join(name)
    }

    fn name(&self, time: BatchTime) -> OsString {
        let mut name = self.start.clone();
        name.push(time.to_string());
        name.push(&self.end);
        name
    }

    /// What a temporary name is of, if it is one of these.
    pub(super) fn leftover(&self, name: &OsStr) -> Option<Leftover> {
        let name = name.as_encoded_bytes();
        match name.strip_suffix(ASIDE.as_bytes()) {
            Some(temporary) => self.temporary_time(temporary).map(Leftover::Aside),
            None => self.temporary_time(name).map(|_| Leftover::Temporary),
        }
    }

    /// The batch of a temporary name.
    fn temporary_time(&self, name: &[u8]) -> Option<BatchTime> {
        let name = name.strip_prefix(b".")?.strip_prefix(self.start.as_encoded_bytes())?;
        let name = name.strip_suffix(TEMPORARY.as_bytes())?.strip_suffix(self.mark.as_bytes())?;
        let time = name.strip_suffix(self.end.as_bytes())?;
        let is_number = !time.is_empty() && time.iter().all(u8::is_ascii_digit);
        is_number.then(|| std::str::from_utf8(time).ok()?.parse().ok().map(BatchTime))?
    }
}

/// A prefix that would do, for a message.
fn shown_in(prefix: &Path) -> String {
    prefix.join("batch").display().to_string()
}
