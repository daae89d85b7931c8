//! Reading a log from a place on, entry by entry.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::storage::{Storage, StoredFile};
use super::super::{Error, Result};
use super::segment::{ENTRY_HEADER, EntryHeader, HEADER, LogKind, Tail, Window, check_header, numbers, path_of, scan};
use super::{Place, first_place};

/// How much of a log that another process may be writing is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// What is known to survive a power cut.
    Durable,
    /// All that is there.
    Visible,
}

/// One entry.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'r> {
    /// Where it begins.
    pub place: Place,
    /// Where the next one begins.
    pub end: Place,
    /// What was appended; from [`Reader::peek`] only the beginning of it.
    pub payload: &'r [u8],
    /// The segment's file, for messages.
    pub path: &'r Path,
}

/// Reads entries in order, across segments.
pub struct Reader {
    storage: Arc<dyn Storage>,
    dir: PathBuf,
    kind: LogKind,
    at: Place,
    end: Place,
    open: Option<(u64, PathBuf, Box<dyn StoredFile>)>,
    window: Window,
    len_before: u64,
}

impl Reader {
    /// Reads a log from its oldest entry on, without changing anything; `None`
    /// if there is no log.
    pub fn open(storage: Arc<dyn Storage>, dir: &Path, kind: LogKind, view: View) -> Result<Option<Reader>> {
        let mut numbers = numbers(&*storage, dir)?;
        while !numbers.is_empty() {
            let newest = numbers.end - 1;
            let path = path_of(dir, newest);
            let file = storage.open(&path, false).map_err(|error| Error::io("cannot open", &path, error))?;
            match scan(&*file, &path, kind, newest)? {
                Tail::NoHeader => numbers.end = newest,
                Tail::Ends { valid, synced, .. } => {
                    let offset = if view == View::Durable { synced } else { valid };
                    let end = Place { segment: newest, offset };
                    return Reader::of_segments(storage, dir, kind, first_place(numbers.start), end).map(Some);
                }
            }
        }
        Ok(None)
    }

    /// Reads the entries of one segment, and gives how its file ends. Of the
    /// newest segment the valid entries; of an older one all there must be,
    /// and the one after it, which says how long this one is.
    pub fn of_segment(storage: Arc<dyn Storage>, dir: &Path, kind: LogKind, number: u64) -> Result<(Reader, Tail)> {
        let path = path_of(dir, number);
        let file = storage.open(&path, false).map_err(|error| Error::io("cannot open", &path, error))?;
        let is_newest = numbers(&*storage, dir)?.end == number + 1;
        let (end, tail) = match is_newest {
            true => match scan(&*file, &path, kind, number)? {
                Tail::NoHeader => (first_place(number), Tail::NoHeader),
                tail @ Tail::Ends { valid, .. } => (Place { segment: number, offset: valid }, tail),
            },
            false => {
                let len = file.size().map_err(|error| Error::io("cannot read", &path, error))?;
                (first_place(number + 1), Tail::Ends { valid: len, synced: len, len })
            }
        };
        Ok((Reader::of_segments(storage, dir, kind, first_place(number), end)?, tail))
    }

    /// Reads the entries from `from` to `end`.
    pub fn of_segments(
        storage: Arc<dyn Storage>,
        dir: &Path,
        kind: LogKind,
        from: Place,
        end: Place,
    ) -> Result<Reader> {
        Ok(Reader {
            storage,
            dir: dir.to_owned(),
            kind,
            at: from,
            end,
            open: None,
            window: Window::new(),
            len_before: 0,
        })
    }

    /// The next entry, checked; `None` at the end.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_>>> {
        self.step(usize::MAX)
    }

    /// The next entry with at least `bytes` of its payload (or all of it),
    /// which are not checked: for entries whose place says that they are whole.
    pub fn peek(&mut self, bytes: usize) -> Result<Option<Entry<'_>>> {
        self.step(bytes)
    }

    /// Goes on at `place`.
    pub fn seek(&mut self, place: Place) {
        self.at = place;
    }

    /// Where the next entry begins.
    pub fn place(&self) -> Place {
        self.at
    }

    /// Where reading ends.
    pub fn end(&self) -> Place {
        self.end
    }

    /// Does not read on after `end`.
    pub fn stop_at(&mut self, end: Place) {
        self.end = end;
    }

    fn step(&mut self, most: usize) -> Result<Option<Entry<'_>>> {
        let Some(header) = self.header()? else { return Ok(None) };
        let place = self.at;
        let Some((_, path, file)) = &self.open else { return Ok(None) };
        let damaged = |what| Error::damaged(path, place.offset, what);
        let offset = place.offset + ENTRY_HEADER as u64;
        let end = Place { segment: place.segment, offset: offset + u64::from(header.len) };
        if place.segment == self.end.segment && end > self.end {
            return Err(damaged("an entry reaches past the end of the log"));
        }
        let want = most.min(header.len as usize);
        let payload = self.window.get(&**file, path, offset, want)?;
        if payload.len() < want {
            return Err(damaged("the file was cut off"));
        }
        if want == header.len as usize && !header.fits(payload) {
            return Err(damaged("the checksum is not that of the content"));
        }
        self.at = end;
        Ok(Some(Entry { place, end, payload, path }))
    }

    /// Goes to the next entry, over the end of a segment, and reads its header.
    fn header(&mut self) -> Result<Option<EntryHeader>> {
        while self.at < self.end {
            self.ready()?;
            let Some((number, path, file)) = &self.open else { break };
            let header = self.window.get(&**file, path, self.at.offset, ENTRY_HEADER)?;
            if header.is_empty() && self.at.segment < self.end.segment {
                let (path, len) = (path.clone(), self.at.offset);
                self.at = first_place(number + 1);
                if self.ready()? != len {
                    return Err(Error::damaged(&path, len, "the file was cut off"));
                }
                continue;
            }
            return match EntryHeader::parse(header, *number) {
                Some(header) => Ok(Some(header)),
                None => Err(Error::damaged(path, self.at.offset, "the header of an entry is not what was written")),
            };
        }
        Ok(None)
    }

    /// Has the segment of the next entry open; gives the length of the one before.
    fn ready(&mut self) -> Result<u64> {
        if self.open.as_ref().is_some_and(|(number, ..)| *number == self.at.segment) {
            return Ok(self.len_before);
        }
        let number = self.at.segment;
        let path = path_of(&self.dir, number);
        let file = self.storage.open(&path, false).map_err(|error| Error::io("cannot open", &path, error))?;
        self.window = Window::new();
        self.len_before = check_header(self.window.get(&*file, &path, 0, HEADER)?, &path, self.kind, number)?;
        self.open = Some((number, path, file));
        Ok(self.len_before)
    }
}
