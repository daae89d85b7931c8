//! What there is of one file on the desk.

use std::fs::File;
use std::io;

use crate::source::kinds::files::identity::{Fingerprint, Stamp};
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
    /// The file in which the event at its end may go on. Until that is complete, this file was not read
    /// beyond where the event begins.
    pub(super) carried_to: Option<u64>,
    /// The other way round.
    pub(super) carried_from: Option<u64>,
}

impl Taken {
    /// Up to where the file was read.
    pub fn read_at(&self) -> u64 {
        self.reader.as_ref().map_or(self.entry.offset, |reader| reader.read_at())
    }

    /// The file, if it is open.
    pub fn file(&self) -> Option<&File> {
        self.reader.as_ref().map(FileReader::file)
    }

    /// Whether it is packed, and so will not grow.
    pub(super) fn is_packed(&self) -> bool {
        self.reader.as_ref().is_some_and(FileReader::is_packed)
    }

    /// How many bytes it has that were not read; 0 if it is gone, or packed, when nobody knows.
    pub(super) fn unread(&self) -> u64 {
        if self.is_packed() {
            return 0;
        }
        let metadata = match &self.reader {
            Some(reader) => reader.file().metadata(),
            None => self.entry.path.metadata(),
        };
        metadata.map_or(0, |metadata| metadata.len()).saturating_sub(self.read_at())
    }

    /// Whether it still holds what was read of it: false if it was truncated, or written anew.
    pub(super) fn is_as_before(&self) -> io::Result<bool> {
        match self.file() {
            Some(_) if self.is_packed() => Ok(true),
            Some(file) => {
                let stamp = Stamp::of_file(file)?;
                // What an empty file began with is not known.
                let is_known = self.entry.print.length > 0 || self.entry.stamp.modified_ns == stamp.modified_ns;
                Ok(is_known && stamp.size >= self.read_at() && self.entry.print.matches(file)?)
            }
            None => Ok(true),
        }
    }

    /// Whether all that it held was read.
    pub fn is_at_end(&self) -> bool {
        !self.in_turn
    }

    /// A small file's fingerprint grows with it. That of one of which nothing was read stays:
    /// an empty one must be known for that.
    pub(super) fn refresh_print(&mut self) {
        if self.read_at() > 0
            && !self.is_packed()
            && let Some(reader) = &self.reader
            && self.entry.print.length < Fingerprint::MOST as u32
            && let Ok(Some(print)) = self.entry.print.grown(reader.file())
        {
            self.entry.print = print;
        }
    }
}
