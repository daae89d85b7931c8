//! Bytes of a segment: headers, checks, and where its valid entries end.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crc32fast::Hasher;

use super::super::storage::{Storage, StoredFile, names};
use super::super::{Error, Result};

/// Bytes of a segment's header.
pub const HEADER: usize = 40;
/// Bytes of an entry's header.
pub const ENTRY_HEADER: usize = 24;

const MAGIC: &[u8; 8] = b"sstrmlog";
const ENTRY_MAGIC: [u8; 4] = [0xF5, b'e', b'n', b't'];
const FORMAT: u32 = 1;

/// Which of the logs a segment belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum LogKind {
    /// `sources/NAME/offsets`
    Offsets = 1,
    /// `sources/NAME/wal`
    Wal = 2,
    /// `stages/NAME`
    State = 3,
    /// `commits/NAME`
    Commits = 4,
}

/// What follows the entries of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// The segment was made and never used.
    NoHeader,
    /// It has entries, and perhaps a torn end.
    Ends {
        /// Where valid entries end.
        valid: u64,
        /// How many bytes are known to be durable.
        synced: u64,
        /// Bytes of the file.
        len: u64,
    },
}

/// The path of a segment.
pub fn path_of(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:08}.log"))
}

/// The segments of a log: the newest and those before it without a gap. What is
/// older is left over from a purge that a crash undid in part.
pub fn numbers(storage: &dyn Storage, dir: &Path) -> Result<Range<u64>> {
    let mut found: Vec<u64> = names(storage, dir)?
        .iter()
        .filter_map(|name| name.strip_suffix(".log").filter(|stem| stem.len() >= 8)?.parse().ok())
        .collect();
    found.sort_unstable();
    let Some(newest) = found.pop() else { return Ok(1..1) };
    let mut first = newest;
    while found.pop() == Some(first.wrapping_sub(1)) {
        first -= 1;
    }
    Ok(first..newest + 1)
}

/// The oldest segment of a log; `None` if there is none.
pub fn first_segment(storage: &dyn Storage, dir: &Path) -> Result<Option<u64>> {
    let numbers = numbers(storage, dir)?;
    Ok((!numbers.is_empty()).then_some(numbers.start))
}

/// The header of a segment that follows one of `len_before` bytes.
pub fn segment_header(kind: LogKind, number: u64, len_before: u64) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(MAGIC);
    header[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    header[12..16].copy_from_slice(&(kind as u32).to_le_bytes());
    header[16..24].copy_from_slice(&number.to_le_bytes());
    header[24..32].copy_from_slice(&len_before.to_le_bytes());
    let crc = crc32fast::hash(&header[..HEADER - 4]);
    header[HEADER - 4..].copy_from_slice(&crc.to_le_bytes());
    header
}

/// Checks the header of a segment that must have a valid one, and gives the
/// length that the segment before it has.
pub fn check_header(header: &[u8], path: &Path, kind: LogKind, number: u64) -> Result<u64> {
    let len_before = if header.len() == HEADER { u64_at(header, 24) } else { 0 };
    if header == segment_header(kind, number, len_before) {
        return Ok(len_before);
    }
    // A valid header of another version is told from damage.
    if header.len() == HEADER
        && header.starts_with(MAGIC)
        && crc32fast::hash(&header[..HEADER - 4]) == u32_at(header, HEADER - 4)
    {
        let version = u32_at(header, 8);
        if version != FORMAT {
            return Err(Error::Version { path: path.to_owned(), version: version.into() });
        }
        return Err(Error::damaged(path, 0, "this is a segment of another log"));
    }
    Err(Error::damaged(path, 0, "the header is not that of a log"))
}

/// The header of an entry.
pub fn entry_header(number: u64, synced: u64, parts: &[&[u8]]) -> [u8; ENTRY_HEADER] {
    let mut crc = Hasher::new();
    let mut len = 0;
    for part in parts {
        crc.update(part);
        len += part.len();
    }
    let mut header = [0; ENTRY_HEADER];
    header[..4].copy_from_slice(&ENTRY_MAGIC);
    header[4..8].copy_from_slice(&(len as u32).to_le_bytes());
    header[8..16].copy_from_slice(&synced.to_le_bytes());
    header[16..20].copy_from_slice(&crc.finalize().to_le_bytes());
    let own = header_crc(&header[..20], number);
    header[20..].copy_from_slice(&own.to_le_bytes());
    header
}

/// What a valid header of an entry says.
#[derive(Clone, Copy, Debug)]
pub struct EntryHeader {
    /// Bytes of the payload.
    pub len: u32,
    /// Bytes of the segment that were synced before.
    pub synced: u64,
    crc: u32,
}

impl EntryHeader {
    /// Reads a header; `None` if it is not a valid one.
    pub fn parse(bytes: &[u8], number: u64) -> Option<EntryHeader> {
        let bytes = bytes.get(..ENTRY_HEADER)?;
        if bytes[..4] != ENTRY_MAGIC || header_crc(&bytes[..20], number) != u32_at(bytes, 20) {
            return None;
        }
        Some(EntryHeader { len: u32_at(bytes, 4), synced: u64_at(bytes, 8), crc: u32_at(bytes, 16) })
    }

    /// Whether that is the payload.
    pub fn fits(&self, payload: &[u8]) -> bool {
        payload.len() == self.len as usize && crc32fast::hash(payload) == self.crc
    }
}

fn header_crc(bytes: &[u8], number: u64) -> u32 {
    let mut crc = Hasher::new();
    crc.update(bytes);
    crc.update(&number.to_le_bytes());
    crc.finalize()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}

/// A part of a file that is kept in memory, so that small entries cost no call.
pub struct Window {
    bytes: Vec<u8>,
    at: u64,
}

const WINDOW_BYTES: usize = 64 << 10;

impl Window {
    /// An empty one.
    pub fn new() -> Window {
        Window { bytes: Vec::new(), at: 0 }
    }

    /// The `len` bytes at `offset`, or fewer at the end of the file.
    pub fn get(&mut self, file: &dyn StoredFile, path: &Path, offset: u64, len: usize) -> Result<&[u8]> {
        let end = self.at + self.bytes.len() as u64;
        if offset < self.at || offset + len as u64 > end {
            self.bytes.resize(len.max(WINDOW_BYTES), 0);
            let read = file.read_at(offset, &mut self.bytes).map_err(|error| Error::io("cannot read", path, error))?;
            self.bytes.truncate(read);
            self.at = offset;
        }
        let from = (offset - self.at) as usize;
        Ok(&self.bytes[from..self.bytes.len().min(from + len)])
    }
}

/// Finds where the newest segment's valid entries end. Payloads that were
/// synced are not read.
pub fn scan(file: &dyn StoredFile, path: &Path, kind: LogKind, number: u64) -> Result<Tail> {
    let len = file.size().map_err(|error| Error::io("cannot read", path, error))?;
    let mut window = Window::new();
    let header = window.get(file, path, 0, HEADER)?;
    if let Err(error) = check_header(header, path, kind, number) {
        // The header was durable before anything followed it.
        return match header.len() < HEADER || entry_after(file, path, number, 0, 0)?.is_none() {
            true => Ok(Tail::NoHeader),
            false => Err(error),
        };
    }
    // The chain of headers says how much was synced.
    let mut at = HEADER as u64;
    let mut synced = at;
    let mut unsynced = Vec::new();
    while at < len {
        let Some(entry) = EntryHeader::parse(window.get(file, path, at, ENTRY_HEADER)?, number) else { break };
        let end = at + ENTRY_HEADER as u64 + u64::from(entry.len);
        if end > len {
            break;
        }
        if entry.synced > synced {
            synced = entry.synced;
            unsynced.retain(|(at, _)| *at >= synced);
        }
        unsynced.push((at, entry));
        at = end;
    }
    let mut valid = at;
    for (at, entry) in unsynced {
        let payload = window.get(file, path, at + ENTRY_HEADER as u64, entry.len as usize)?;
        if !entry.fits(payload) {
            valid = at;
            break;
        }
    }
    if valid < synced || (valid < len && entry_after(file, path, number, valid, valid)?.is_some()) {
        return Err(Error::damaged(path, valid, "an entry is not what was written"));
    }
    Ok(Tail::Ends { valid, synced, len })
}

/// The first valid entry after `from` that says more than `synced` was synced.
fn entry_after(file: &dyn StoredFile, path: &Path, number: u64, from: u64, synced: u64) -> Result<Option<u64>> {
    let len = file.size().map_err(|error| Error::io("cannot read", path, error))?;
    let finder = memchr::memmem::Finder::new(&ENTRY_MAGIC);
    let mut at = from;
    let mut bytes = vec![0; 1 << 20];
    while at < len {
        let read = file.read_at(at, &mut bytes).map_err(|error| Error::io("cannot read", path, error))?;
        for found in finder.find_iter(&bytes[..read]) {
            let offset = at + found as u64;
            let mut header = [0; ENTRY_HEADER];
            let got = file.read_at(offset, &mut header).map_err(|error| Error::io("cannot read", path, error))?;
            // A valid header is proof enough: only this segment could have it.
            if let Some(entry) = EntryHeader::parse(&header[..got], number)
                && entry.synced > synced
            {
                return Ok(Some(offset));
            }
        }
        if read < bytes.len() {
            break;
        }
        at += (read - ENTRY_MAGIC.len() + 1) as u64;
    }
    Ok(None)
}
