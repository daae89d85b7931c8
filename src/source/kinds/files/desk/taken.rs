//! What there is of one file on the desk.

use std::fs::File;

use crate::source::kinds::files::identity::Fingerprint;
use crate::source::kinds::files::position::FileEntry;
use crate::source::kinds::files::reader::FileReader;

/// A file on the desk.
pub struct Taken {
    /// What there is to know of it.
    pub entry: FileEntry,
    pub(super) reader: Option<FileReader>,
    /// Not read beyond this byte.
    pub(super) limit: u64,
    /// The file whose place it has taken, which is read before.
    pub(super) after: Option<u64>,
    pub(super) in_turn: bool,
}

impl Taken {
    /// Up to where the file was read.
    pub fn read_at(&self) -> u64 {
        self.reader.as_ref().map_or(self.entry.offset, FileReader::read_at)
    }

    /// The file, if it is open.
    pub fn file(&self) -> Option<&File> {
        self.reader.as_ref().map(FileReader::file)
    }

    /// How many bytes it has that were not read; 0 if it is gone.
    pub(super) fn unread(&self) -> u64 {
        let metadata = match &self.reader {
            Some(reader) => reader.file().metadata(),
            None => self.entry.path.metadata(),
        };
        metadata.map_or(0, |metadata| metadata.len()).saturating_sub(self.read_at())
    }

    /// Whether all that it held was read.
    pub fn is_at_end(&self) -> bool {
        !self.in_turn
    }

    /// A small file's fingerprint grows with it.
    pub(super) fn refresh_print(&mut self) {
        if let Some(reader) = &self.reader
            && self.entry.print.length < Fingerprint::MOST as u32
            && let Ok(Some(print)) = self.entry.print.grown(reader.file())
        {
            self.entry.print = print;
        }
    }
}
