//! The append-only log that all four logs of a checkpoint are.
//!
//! A log is a directory of segments `00000001.log`, `00000002.log`, … A segment
//! is synced whole before the next one is made, so that only the newest may
//! have a torn end. Old segments are removed from the oldest on.
//!
//! ```text
//! segment   40 bytes of header, then entries
//!   0   8   "sstrmlog"
//!   8   4   format version, 1
//!  12   4   which log: 1 offsets, 2 wal, 3 state, 4 commits
//!  16   8   number of the segment
//!  24   8   length of the segment before, 0 in the first
//!  32   4   0
//!  36   4   CRC-32 of bytes 0 to 36
//!
//! entry     24 bytes of header, then the payload
//!   0   4   F5 65 6E 74, by which entries are found behind damage
//!   4   4   bytes of the payload
//!   8   8   how many bytes of this segment were synced when this was written
//!  16   4   CRC-32 of the payload
//!  20   4   CRC-32 of bytes 0 to 20 and of the segment's number (8 bytes)
//! ```
//!
//! All numbers are little-endian; CRC-32 is IEEE's.
//!
//! An invalid entry in the newest segment is damage if the bytes there were
//! synced, which any valid entry after it says; otherwise it is where a crash
//! tore the log, and the log ends there.

mod reader;
mod segment;
#[cfg(test)]
mod tests;

use std::io::IoSlice;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::storage::{Storage, StoredFile};
use super::{Error, Result};

pub use reader::{Entry, Reader, View};
use segment::{HEADER, entry_header, scan, segment_header};
pub use segment::{LogKind, Tail, first_segment, numbers, path_of};

/// A place in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The segment's number.
    pub segment: u64,
    /// The byte in it.
    pub offset: u64,
}

/// A log that this process writes.
pub struct Log {
    storage: Arc<dyn Storage>,
    dir: PathBuf,
    kind: LogKind,
    first: u64,
    current: u64,
    file: Box<dyn StoredFile>,
    len: u64,
    synced: u64,
    failed: bool,
    torn: u64,
}

impl Log {
    /// Makes a log with one segment, durably but for the name of `dir`, which
    /// is there and empty.
    pub fn create(storage: Arc<dyn Storage>, dir: &Path, kind: LogKind) -> Result<Log> {
        let file = new_segment(&*storage, dir, kind, 1, 0)?;
        let len = HEADER as u64;
        Ok(Log {
            storage,
            dir: dir.to_owned(),
            kind,
            first: 1,
            current: 1,
            file,
            len,
            synced: len,
            failed: false,
            torn: 0,
        })
    }

    /// Opens a log to go on with it: cuts off a torn end, and syncs what is
    /// left, so that all that is read from it is durable.
    pub fn open(storage: Arc<dyn Storage>, dir: &Path, kind: LogKind) -> Result<Log> {
        let mut numbers = numbers(&*storage, dir)?;
        let mut torn = 0;
        loop {
            let Some(current) = numbers.end.checked_sub(1).filter(|_| !numbers.is_empty()) else {
                return Err(Error::Lost { path: dir.to_owned(), what: "the log is gone".to_owned() });
            };
            let path = path_of(dir, current);
            let mut file = storage.open(&path, false).map_err(|error| Error::io("cannot open", &path, error))?;
            match scan(&*file, &path, kind, current)? {
                // Made and never used: the crash came before its header was durable.
                Tail::NoHeader => {
                    drop(file);
                    storage.remove(&path).map_err(|error| Error::io("cannot remove", &path, error))?;
                    numbers.end = current;
                }
                Tail::Ends { valid, len, .. } => {
                    if valid < len {
                        torn += len - valid;
                        file.truncate(valid).map_err(|error| Error::io("cannot cut off", &path, error))?;
                    }
                    file.sync().map_err(|error| Error::io("cannot sync", &path, error))?;
                    storage.sync_dir(dir).map_err(|error| Error::io("cannot sync", dir, error))?;
                    return Ok(Log {
                        storage,
                        dir: dir.to_owned(),
                        kind,
                        first: numbers.start,
                        current,
                        file,
                        len: valid,
                        synced: valid,
                        failed: false,
                        torn,
                    });
                }
            }
        }
    }

    /// Adds an entry, whose payload is `parts` one after the other. It is
    /// durable after [`Log::sync`].
    pub fn append(&mut self, parts: &[&[u8]]) -> Result<Place> {
        self.guard()?;
        let header = entry_header(self.current, self.synced, parts);
        let mut slices = Vec::with_capacity(parts.len() + 1);
        slices.push(IoSlice::new(&header));
        slices.extend(parts.iter().map(|part| IoSlice::new(part)));
        let bytes: usize = slices.iter().map(|slice| slice.len()).sum();
        if let Err(error) = self.file.append(&mut slices) {
            self.failed = true;
            return Err(Error::io("cannot write", &path_of(&self.dir, self.current), error));
        }
        self.len += bytes as u64;
        Ok(self.end())
    }

    /// Makes all entries durable.
    pub fn sync(&mut self) -> Result<()> {
        self.guard()?;
        if self.synced < self.len {
            if let Err(error) = self.file.sync() {
                self.failed = true;
                return Err(Error::io("cannot sync", &path_of(&self.dir, self.current), error));
            }
            self.synced = self.len;
        }
        Ok(())
    }

    /// Goes on in a new segment. The old one is synced first.
    pub fn roll(&mut self) -> Result<()> {
        self.sync()?;
        match new_segment(&*self.storage, &self.dir, self.kind, self.current + 1, self.len) {
            Ok(file) => {
                self.file = file;
                self.current += 1;
                self.len = HEADER as u64;
                self.synced = self.len;
                Ok(())
            }
            Err(error) => {
                self.failed = true;
                Err(error)
            }
        }
    }

    /// Cuts the log off at `place`, durably.
    pub fn truncate(&mut self, place: Place) -> Result<()> {
        self.guard()?;
        if place == self.end() {
            return Ok(());
        }
        // A failure on the way leaves a log that ends somewhere between, which
        // is opened and cut off again.
        self.failed = true;
        while self.current > place.segment {
            let path = path_of(&self.dir, self.current);
            self.storage.remove(&path).map_err(|error| Error::io("cannot remove", &path, error))?;
            self.current -= 1;
        }
        self.storage.sync_dir(&self.dir).map_err(|error| Error::io("cannot sync", &self.dir, error))?;
        let path = path_of(&self.dir, self.current);
        self.file = self.storage.open(&path, false).map_err(|error| Error::io("cannot open", &path, error))?;
        self.file.truncate(place.offset).map_err(|error| Error::io("cannot cut off", &path, error))?;
        self.file.sync().map_err(|error| Error::io("cannot sync", &path, error))?;
        self.len = place.offset;
        self.synced = place.offset;
        self.failed = false;
        Ok(())
    }

    /// Removes the segments before `segment`, but never the newest. It need not
    /// be durable: what comes back is removed again.
    pub fn purge_before(&mut self, segment: u64) -> Result<()> {
        while self.first < segment.min(self.current) {
            let path = path_of(&self.dir, self.first);
            match self.storage.remove(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("cannot remove", &path, error));
                }
                _ => self.first += 1,
            }
        }
        Ok(())
    }

    /// Reads from `from` to the end as it is now.
    pub fn reader(&self, from: Place) -> Result<Reader> {
        Reader::of_segments(self.storage.clone(), &self.dir, self.kind, from, self.end())
    }

    /// Where the oldest entry is, if there is one.
    pub fn start(&self) -> Place {
        first_place(self.first)
    }

    /// Where the next entry will be.
    pub fn end(&self) -> Place {
        Place { segment: self.current, offset: self.len }
    }

    /// Where entries begin in the newest segment.
    pub fn start_of_newest(&self) -> Place {
        first_place(self.current)
    }

    /// Whether everything is durable.
    pub fn is_synced(&self) -> bool {
        self.synced == self.len
    }

    /// Bytes of a torn end that [`Log::open`] cut off.
    pub fn torn_bytes(&self) -> u64 {
        self.torn
    }

    /// The log's directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn guard(&self) -> Result<()> {
        if self.failed { Err(Error::Latched { path: self.dir.clone() }) } else { Ok(()) }
    }
}

/// Where entries begin in a segment.
fn first_place(segment: u64) -> Place {
    Place { segment, offset: HEADER as u64 }
}

fn new_segment(
    storage: &dyn Storage,
    dir: &Path,
    kind: LogKind,
    number: u64,
    len_before: u64,
) -> Result<Box<dyn StoredFile>> {
    let path = path_of(dir, number);
    let make = || {
        let mut file = storage.open(&path, true)?;
        file.append(&mut [IoSlice::new(&segment_header(kind, number, len_before))])?;
        file.sync()?;
        storage.sync_dir(dir)?;
        Ok(file)
    };
    make().map_err(|error| Error::io("cannot make", &path, error))
}
