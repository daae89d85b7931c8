//! A run: keys in order, each with its value or dropped, in a file that is never changed.
//!
//! ```text
//! sections   about 1 MiB each:
//!   blocks   about 1 KiB each: pairs, a length of the key, 0 (dropped) or 1 + a length of the value (both as
//!            `varint` writes them), the key, the value
//!   places   24 bytes a block: the number of its first key (8), where it ends in the section (8), CRC-32 (4), 0 (4)
//!   filter   of the numbers of the section's keys, where keys are looked up
//! table      40 bytes a section: the number of its first key (8), where it begins in the file (8),
//!            bytes of its blocks (8), how many they are (4), bytes of places and filter (4), their CRC-32 (4), 0 (4)
//! footer     "sstrmrun", version 1 (4), CRC-32 of the table (4), sections (8), keys (8), the number of the
//!            last key (8), CRC-32 of the footer so far (4)
//! ```
//!
//! All is little-endian. Keys of one number are in one block where keys are looked up. Little is in memory of
//! a run, the table: a look at many keys reads places, filters and blocks as it goes through the file.

mod cursor;
mod look;
mod write;

use super::error::{Result, StoreError};
use super::files::RunFile;
use super::order::Order;
use crate::varint;

pub use cursor::Cursor;
pub use look::{Looking, Wanted};
pub use write::Writer;

const MAGIC: &[u8; 8] = b"sstrmrun";
const VERSION: u32 = 1;
const FOOTER_BYTES: usize = 44;
const SECTION_ROW: usize = 40;
const PLACE_BYTES: usize = 24;
const BLOCK_BYTES: usize = if cfg!(test) { 48 } else { 1 << 10 };
const SECTION_BYTES: usize = if cfg!(test) { 192 } else { 1 << 20 };

/// A run that is there.
pub struct Run {
    pub(super) id: u64,
    name: String,
    file: Box<dyn RunFile>,
    order: Order,
    sections: Vec<Section>,
    /// How many keys it has.
    pub(super) entries: u64,
    /// The number of its last key.
    pub(super) last: u64,
    /// The length of its file.
    pub(super) bytes: u64,
}

/// A part of a run.
#[derive(Clone, Copy)]
struct Section {
    first: u64,
    at: u64,
    data: u64,
    blocks: u32,
    tail: u32,
    crc: u32,
}

/// Where a block lies in its section.
#[derive(Clone, Copy)]
struct Place {
    first: u64,
    end: u64,
    crc: u32,
}

/// Takes numbers from bytes that have them.
struct Numbers<'b>(&'b [u8]);

impl Numbers<'_> {
    fn u64(&mut self) -> u64 {
        let (number, rest) = self.0.split_first_chunk().unwrap_or((&[0; 8], &[]));
        self.0 = rest;
        u64::from_le_bytes(*number)
    }

    fn u32(&mut self) -> u32 {
        let (number, rest) = self.0.split_first_chunk().unwrap_or((&[0; 4], &[]));
        self.0 = rest;
        u32::from_le_bytes(*number)
    }
}

impl Section {
    fn push(&self, out: &mut Vec<u8>) {
        [self.first, self.at, self.data].iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
        [self.blocks, self.tail, self.crc, 0].iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
    }

    fn take(row: &[u8]) -> Section {
        let mut row = Numbers(row);
        let (first, at, data) = (row.u64(), row.u64(), row.u64());
        Section { first, at, data, blocks: row.u32(), tail: row.u32(), crc: row.u32() }
    }
}

impl Place {
    fn push(&self, out: &mut Vec<u8>) {
        [self.first, self.end].iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
        [self.crc, 0].iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
    }

    fn take(row: &[u8]) -> Place {
        let mut row = Numbers(row);
        Place { first: row.u64(), end: row.u64(), crc: row.u32() }
    }
}

/// What a section has behind its blocks.
#[derive(Default)]
struct Tail {
    places: Vec<Place>,
    bytes: Vec<u8>,
}

impl Tail {
    fn filter(&self) -> &[u8] {
        &self.bytes[self.places.len() * PLACE_BYTES..]
    }

    /// Where a block begins in its section.
    fn start(&self, block: usize) -> u64 {
        block.checked_sub(1).map_or(0, |before| self.places[before].end)
    }
}

/// Takes a pair from the beginning of a block's bytes.
#[inline]
fn take_pair<'b>(bytes: &mut &'b [u8]) -> Option<(&'b [u8], Option<&'b [u8]>)> {
    let key_len = usize::try_from(varint::take(bytes)?).ok()?;
    let value_len = usize::try_from(varint::take(bytes)?).ok()?;
    let (key, rest) = bytes.split_at_checked(key_len)?;
    let (value, rest) = rest.split_at_checked(value_len.saturating_sub(1))?;
    *bytes = rest;
    Some((key, (value_len > 0).then_some(value)))
}

impl Run {
    /// Opens a run of so many bytes.
    pub(super) fn open(file: Box<dyn RunFile>, (id, name): (u64, String), bytes: u64, order: Order) -> Result<Run> {
        let mut run = Run { id, name, file, order, sections: Vec::new(), entries: 0, last: 0, bytes };
        let mut footer = Vec::new();
        let Some(at) = bytes.checked_sub(FOOTER_BYTES as u64) else {
            return Err(run.damaged("it is too short for a run"));
        };
        run.read(at, FOOTER_BYTES, &mut footer)?;
        let mut numbers = Numbers(&footer[MAGIC.len()..]);
        let (version, table_crc) = (numbers.u32(), numbers.u32());
        let (sections, entries, last) = (numbers.u64(), numbers.u64(), numbers.u64());
        if !footer.starts_with(MAGIC) || numbers.u32() != crc32fast::hash(&footer[..FOOTER_BYTES - 4]) {
            return Err(run.damaged("it does not end as a run does"));
        }
        if version != VERSION {
            return Err(run.damaged(&format!("its version is {version}, and only {VERSION} is known")));
        }
        let table = sections.checked_mul(SECTION_ROW as u64).filter(|table| *table <= at);
        let Some(table_bytes) = table else { return Err(run.damaged("its table is longer than the file")) };
        let mut table = Vec::new();
        run.read(at - table_bytes, table_bytes as usize, &mut table)?;
        if crc32fast::hash(&table) != table_crc {
            return Err(run.damaged("the checksum of its table does not fit"));
        }
        run.sections = table.chunks_exact(SECTION_ROW).map(Section::take).collect();
        (run.entries, run.last) = (entries, last);
        Ok(run)
    }

    fn damaged(&self, what: &str) -> StoreError {
        StoreError::damaged(&self.name, what)
    }

    fn read(&self, at: u64, bytes: usize, into: &mut Vec<u8>) -> Result<()> {
        into.resize(bytes, 0);
        self.file.read_at(at, into).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => self.damaged("it is shorter than it was"),
            _ => StoreError::io("read", &self.name, error),
        })
    }

    /// The section that has keys of this number, if there are any.
    fn section_of(&self, order: u64) -> Option<usize> {
        self.sections.partition_point(|section| section.first <= order).checked_sub(1)
    }

    fn read_tail(&self, section: usize, tail: &mut Tail) -> Result<()> {
        let Section { at, data, blocks, tail: bytes, crc, .. } = self.sections[section];
        self.read(at + data, bytes as usize, &mut tail.bytes)?;
        if crc32fast::hash(&tail.bytes) != crc {
            return Err(self.damaged("the checksum of a section does not fit"));
        }
        tail.places.clear();
        tail.places.extend(tail.bytes.chunks_exact(PLACE_BYTES).take(blocks as usize).map(Place::take));
        Ok(())
    }

    /// Reads blocks of a section that follow one another.
    fn read_blocks(
        &self,
        section: usize,
        tail: &Tail,
        blocks: std::ops::Range<usize>,
        into: &mut Vec<u8>,
    ) -> Result<()> {
        let start = tail.start(blocks.start);
        let bytes = tail.start(blocks.end) - start;
        self.read(self.sections[section].at + start, bytes as usize, into)
    }

    /// A block of those that were read from `start` of the section on.
    fn block<'b>(&self, tail: &Tail, block: usize, start: u64, read: &'b [u8]) -> Result<&'b [u8]> {
        let Place { end, crc, .. } = tail.places[block];
        let bytes = &read[(tail.start(block) - start) as usize..(end - start) as usize];
        if crc32fast::hash(bytes) == crc {
            Ok(bytes)
        } else {
            Err(self.damaged("the checksum of a block does not fit"))
        }
    }
}
