//! What a checkpoint keeps of a source of files: which files it knows, how far it has
//! come in each, and which ranges a batch was made of.
//!
//! ```text
//! 1, 2 or 3           version: 2 or 3 where a flag is set that those before do not know
//! files               how many; then of each
//!   number            of the file, given by the source as it finds them
//!   flags             1 done: nothing of it is read any more; 2 records call it by another name than its path;
//!                     4 (version 3) of its two streams one was read further
//!   inode, born, modified, size
//!   length, crc       of its first bytes
//!   offset            up to where it was read
//!   shared, rest      its path: so many bytes as in the one before, then others
//!   name              if records call it by another one
//!   ahead             if one stream was read further: which, 0 standard output or 1 standard error, and how many bytes
//! ranges              how many; then of each
//!   file              which of the files above, from 0
//!   from, length      bytes
//!   flags             from version 2 on: 1 its first lines go on with the event at the end of the range before;
//!                     2 of its two streams one begins later, 4 one ends later
//!   ahead             if so: which, and how many bytes; of the beginning, then of the end
//! ```
//!
//! All numbers are as [`varint`] writes them, times are ns since the epoch, a name and the path's rest are
//! their length and their bytes. A batch's entry names all that is needed to read it again; a base has
//! files only.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::identity::{Fingerprint, Stamp};
use crate::record::forms::events::{Ahead, Stream};
use crate::varint;

const VERSION: u64 = 1;
const WITH_FLAGS: u64 = 2;
const WITH_STREAMS: u64 = 3;
const GOES_ON: u64 = 1;
const BEGINS_AHEAD: u64 = 2;
const ENDS_AHEAD: u64 = 4;
const DONE: u64 = 1;
const NAMED: u64 = 2;
const AHEAD: u64 = 4;

/// Up to where a file became records: a place from which it can be read on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Boundary {
    /// The byte.
    pub offset: u64,
    /// Of two streams the one that was taken further.
    pub ahead: Option<Ahead>,
}

impl Boundary {
    /// Up to this byte, and nothing behind it.
    pub fn at(offset: u64) -> Boundary {
        Boundary { offset, ahead: None }
    }

    /// The byte behind the last line that is taken.
    pub fn end(self) -> u64 {
        self.ahead.map_or(self.offset, |ahead| ahead.until.max(self.offset))
    }

    /// Appends the bytes, of a position that is not this module's.
    pub fn push(self, out: &mut Vec<u8>) {
        varint::push(self.offset, out);
        varint::push(self.ahead.is_some().into(), out);
        self.write_ahead(out);
    }

    /// Reads them back, and takes them off; `None` if they are none of ours.
    pub fn take(bytes: &mut &[u8]) -> Option<Boundary> {
        let mut boundary = Boundary::at(varint::take(bytes)?);
        match varint::take(bytes)? {
            0 => {}
            1 => boundary.read_ahead(bytes)?,
            _ => return None,
        }
        Some(boundary)
    }

    fn write_ahead(self, out: &mut Vec<u8>) {
        if let Some(Ahead { stream, until }) = self.ahead {
            varint::push(stream as u64, out);
            varint::push(until.saturating_sub(self.offset), out);
        }
    }

    fn read_ahead(&mut self, bytes: &mut &[u8]) -> Option<()> {
        let stream = match varint::take(bytes)? {
            0 => Stream::Out,
            1 => Stream::Err,
            _ => return None,
        };
        self.ahead = Some(Ahead { stream, until: self.offset.checked_add(varint::take(bytes)?)? });
        Some(())
    }
}

/// A file, as far as a source has come in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileEntry {
    /// The source's number for it. A file that was truncated is another file.
    pub number: u64,
    /// Where it is, or was.
    pub path: PathBuf,
    /// What records call it: where it was when it was found, under no name of a rotation. Nothing is its path.
    pub name: PathBuf,
    /// What the system says of it.
    pub stamp: Stamp,
    /// Its first bytes.
    pub print: Fingerprint,
    /// Up to where it was read.
    pub offset: u64,
    /// Of its two streams the one that was read further.
    pub ahead: Option<Ahead>,
    /// Nothing of it is read any more.
    pub is_done: bool,
}

/// Bytes of a file that became records of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Which of the batch's files.
    pub file: usize,
    /// The first byte.
    pub from: Boundary,
    /// The byte after the last one.
    pub to: Boundary,
    /// Its first lines may belong to the event that the range before ends with.
    pub goes_on: bool,
}

/// What is kept of a batch, or of all batches so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The files.
    pub files: Vec<FileEntry>,
    /// In the order in which they were read.
    pub ranges: Vec<Range>,
}

impl FileEntry {
    /// What records call it.
    pub fn name(&self) -> &Path {
        if self.name.as_os_str().is_empty() { &self.path } else { &self.name }
    }

    /// Up to where it was read.
    pub fn boundary(&self) -> Boundary {
        Boundary { offset: self.offset, ahead: self.ahead }
    }

    /// It was read up to there.
    pub fn go_to(&mut self, boundary: Boundary) {
        (self.offset, self.ahead) = (boundary.offset, boundary.ahead);
    }

    fn has_other_name(&self) -> bool {
        self.name() != self.path
    }
}

impl Record {
    /// Appends the bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        let has_flags =
            self.files.iter().any(FileEntry::has_other_name) || self.ranges.iter().any(|range| range.goes_on);
        let has_streams = self.files.iter().any(|file| file.ahead.is_some())
            || self.ranges.iter().any(|range| range.from.ahead.or(range.to.ahead).is_some());
        let version = if has_streams { WITH_STREAMS } else { VERSION.max(u64::from(has_flags) * WITH_FLAGS) };
        varint::push(version, out);
        varint::push(self.files.len() as u64, out);
        let mut before: &[u8] = &[];
        for file in &self.files {
            let Stamp { inode, born_ns, modified_ns, size } = file.stamp;
            let Fingerprint { length, crc } = file.print;
            let is_named = file.has_other_name();
            let flags = [(file.is_done, DONE), (is_named, NAMED), (file.ahead.is_some(), AHEAD)];
            let flags = flags.iter().map(|(is_set, flag)| u64::from(*is_set) * flag).sum();
            for number in
                [file.number, flags, inode, born_ns, modified_ns, size, length.into(), crc.into(), file.offset]
            {
                varint::push(number, out);
            }
            let path = file.path.as_os_str().as_bytes();
            let shared = before.iter().zip(path).take_while(|(a, b)| a == b).count();
            varint::push(shared as u64, out);
            varint::push((path.len() - shared) as u64, out);
            out.extend_from_slice(&path[shared..]);
            before = path;
            if is_named {
                let name = file.name.as_os_str().as_bytes();
                varint::push(name.len() as u64, out);
                out.extend_from_slice(name);
            }
            file.boundary().write_ahead(out);
        }
        varint::push(self.ranges.len() as u64, out);
        for range in &self.ranges {
            varint::push(range.file as u64, out);
            let Range { from, to, goes_on, .. } = *range;
            varint::push(from.offset, out);
            varint::push(to.offset - from.offset, out);
            if version > VERSION {
                let flags =
                    [(goes_on, GOES_ON), (from.ahead.is_some(), BEGINS_AHEAD), (to.ahead.is_some(), ENDS_AHEAD)];
                varint::push(flags.iter().map(|(is_set, flag)| u64::from(*is_set) * flag).sum(), out);
                from.write_ahead(out);
                to.write_ahead(out);
            }
        }
    }

    /// Reads the bytes; nothing is an empty record. `None` if they are none of ours.
    pub fn read(mut bytes: &[u8]) -> Option<Record> {
        let mut record = Record::default();
        if bytes.is_empty() {
            return Some(record);
        }
        let bytes = &mut bytes;
        let version = varint::take(bytes)?;
        if !matches!(version, VERSION | WITH_FLAGS | WITH_STREAMS) {
            return None;
        }
        let mut path: Vec<u8> = Vec::new();
        for _ in 0..varint::take(bytes)? {
            let (number, flags) = (varint::take(bytes)?, varint::take(bytes)?);
            let stamp = Stamp {
                inode: varint::take(bytes)?,
                born_ns: varint::take(bytes)?,
                modified_ns: varint::take(bytes)?,
                size: varint::take(bytes)?,
            };
            let print = Fingerprint {
                length: varint::take(bytes)?.try_into().ok()?,
                crc: varint::take(bytes)?.try_into().ok()?,
            };
            let offset = varint::take(bytes)?;
            let shared = usize::try_from(varint::take(bytes)?).ok()?;
            let rest = usize::try_from(varint::take(bytes)?).ok()?;
            path.truncate(shared);
            path.extend_from_slice(bytes.split_off(..rest)?);
            let is_done = flags & DONE != 0;
            let path = PathBuf::from(OsString::from_vec(path.clone()));
            let mut name = path.clone();
            if flags & NAMED != 0 {
                let length = usize::try_from(varint::take(bytes)?).ok()?;
                name = PathBuf::from(OsString::from_vec(bytes.split_off(..length)?.to_vec()));
            }
            let mut read = Boundary::at(offset);
            if flags & AHEAD != 0 {
                read.read_ahead(bytes)?;
            }
            record.files.push(FileEntry { number, path, name, stamp, print, offset, ahead: read.ahead, is_done });
        }
        for _ in 0..varint::take(bytes)? {
            let file = usize::try_from(varint::take(bytes)?).ok()?;
            let mut from = Boundary::at(varint::take(bytes)?);
            let mut to = Boundary::at(from.offset.checked_add(varint::take(bytes)?)?);
            let flags = if version > VERSION { varint::take(bytes)? } else { 0 };
            if flags & BEGINS_AHEAD != 0 {
                from.read_ahead(bytes)?;
            }
            if flags & ENDS_AHEAD != 0 {
                to.read_ahead(bytes)?;
            }
            record.files.get(file)?;
            record.ranges.push(Range { file, from, to, goes_on: flags & GOES_ON != 0 });
        }
        bytes.is_empty().then_some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ahead(offset: u64, random: u64) -> Option<Ahead> {
        let stream = if random.is_multiple_of(2) { Stream::Out } else { Stream::Err };
        random.is_multiple_of(3).then_some(Ahead { stream, until: offset + random % 1000 })
    }

    fn entry() -> impl Strategy<Value = FileEntry> {
        let path = prop::sample::select(vec!["spool/a", "spool/ab", "spool", "", "x/\u{fc}"]);
        (any::<[u64; 6]>(), any::<(u32, u32, bool)>(), path).prop_map(|(n, (length, crc, is_done), path)| FileEntry {
            number: n[0],
            path: path.into(),
            name: if n[0] % 3 == 0 { "/log/name".into() } else { path.into() },
            stamp: Stamp { inode: n[1], born_ns: n[2], modified_ns: n[3], size: n[4] },
            print: Fingerprint { length, crc },
            offset: n[5] / 2,
            ahead: ahead(n[5] / 2, n[1]),
            is_done,
        })
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            files in prop::collection::vec(entry(), 0..5),
            ranges in prop::collection::vec((any::<usize>(), 0u64..1 << 40, 0u64..1 << 40), 0..5),
            cut in any::<usize>(),
        ) {
            let ranges = ranges.into_iter().filter(|_| !files.is_empty());
            let boundary = |offset| Boundary { offset, ahead: ahead(offset, offset / 5) };
            let ranges = ranges.map(|(file, from, length)| Range {
                file: file % files.len(),
                from: boundary(from),
                to: boundary(from + length),
                goes_on: from % 2 == 0,
            });
            let record = Record { ranges: ranges.collect(), files: files.clone() };
            let mut bytes = Vec::new();
            record.write(&mut bytes);
            prop_assert_eq!(Record::read(&bytes), Some(record));
            let cut = 1 + cut % bytes.len();
            if cut < bytes.len() {
                prop_assert_eq!(Record::read(&bytes[..cut]), None);
            }
        }
    }

    #[test]
    fn paths_share_what_they_have_in_common() {
        let files =
            (0..1000).map(|n| FileEntry { path: format!("/var/spool/in/{n:08}.log").into(), ..Default::default() });
        let mut bytes = Vec::new();
        Record { files: files.collect(), ranges: Vec::new() }.write(&mut bytes);
        assert!(bytes.len() < 20_000, "{}", bytes.len());
    }
}
