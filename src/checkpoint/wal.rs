//! What came from a source that cannot be read again, block by block as it came.
//!
//! ```text
//! block  number of records (4), the records: canonical JSON and a newline each
//! ```
//!
//! A batch is a range of this log, and its entry in the offsets names the
//! range: where it begins and ends, records and bytes, each as 8 bytes. The
//! next batch's range begins where the last one's ended, so that blocks of a
//! batch that a crash cut off are the first ones of the next.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::log::{Entry, Log, LogKind, Place, Reader};
use super::storage::Storage;
use super::times::Bytes;
use super::{Error, Result};

/// A new segment is begun when one is as long as this.
const SEGMENT_BYTES: u64 = if cfg!(test) { 256 } else { 64 << 20 };

/// A batch in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Where its first block begins.
    pub from: Place,
    /// Where its last block ends.
    pub to: Place,
    /// Records in all blocks.
    pub records: u64,
    /// Bytes of all records.
    pub bytes: u64,
}

impl Range {
    /// The source's bytes in the offsets.
    pub fn to_bytes(self) -> Vec<u8> {
        let Range { from, to, records, bytes } = self;
        [from.segment, from.offset, to.segment, to.offset, records, bytes].map(u64::to_le_bytes).concat()
    }

    /// Reads [`Range::to_bytes`]. `path` is for the error.
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Range> {
        let mut bytes = Bytes { bytes, path, offset: 0 };
        Ok(Range {
            from: Place { segment: bytes.u64()?, offset: bytes.u64()? },
            to: Place { segment: bytes.u64()?, offset: bytes.u64()? },
            records: bytes.u64()?,
            bytes: bytes.u64()?,
        })
    }
}

/// Reads blocks, one at a time.
pub struct Blocks {
    reader: Reader,
    dir: PathBuf,
    /// Records and bytes that there must be.
    written: Option<(u64, u64)>,
    records: u64,
    bytes: u64,
}

impl Blocks {
    /// The blocks of a batch, without changing the log in `dir`.
    pub fn look(storage: Arc<dyn Storage>, dir: &Path, range: Range) -> Result<Blocks> {
        let reader = Reader::of_segments(storage, dir, LogKind::Wal, range.from, range.to)?;
        let written = Some((range.records, range.bytes));
        Ok(Blocks { reader, dir: dir.to_owned(), written, records: 0, bytes: 0 })
    }

    /// The next block: how many records, and the records; `None` at the end.
    pub fn next_block(&mut self) -> Result<Option<(u32, &[u8])>> {
        let Some(entry) = self.reader.next_entry()? else {
            return match self.written {
                Some(written) if written != (self.records, self.bytes) => {
                    let what = format!("a batch has {} records where {} were written", self.records, written.0);
                    Err(Error::Lost { path: self.dir.clone(), what })
                }
                _ => Ok(None),
            };
        };
        let mut payload = Bytes { bytes: entry.payload, path: entry.path, offset: entry.place.offset };
        let records = payload.u32()?;
        self.records += u64::from(records);
        self.bytes += payload.bytes.len() as u64;
        Ok(Some((records, payload.bytes)))
    }
}

/// Whether an entry is a block; the number of its records.
pub fn check(entry: &Entry<'_>) -> Result<u64> {
    let mut payload = Bytes { bytes: entry.payload, path: entry.path, offset: entry.place.offset };
    let records = u64::from(payload.u32()?);
    match memchr::memchr_iter(b'\n', payload.bytes).count() as u64 == records {
        true => Ok(records),
        false => Err(Error::damaged(entry.path, entry.place.offset, "the number of records is not what was written")),
    }
}

/// The log, of a source that runs.
pub struct Wal {
    log: Log,
    from: Place,
    records: u64,
    bytes: u64,
}

impl Wal {
    /// Makes an empty one.
    pub fn create(storage: Arc<dyn Storage>, dir: &Path) -> Result<Wal> {
        let log = Log::create(storage, dir, LogKind::Wal)?;
        Ok(Wal { from: log.start(), log, records: 0, bytes: 0 })
    }

    /// Opens one to go on with it. `last` is the newest batch in the offsets.
    pub fn open(storage: Arc<dyn Storage>, dir: &Path, last: Option<Range>) -> Result<Wal> {
        let log = Log::open(storage, dir, LogKind::Wal)?;
        let from = last.map_or(log.start(), |range| range.to);
        if from > log.end() || from.segment < log.start().segment {
            let what = "records of a batch that was sent are missing".to_owned();
            return Err(Error::Lost { path: dir.to_owned(), what });
        }
        Ok(Wal { log, from, records: 0, bytes: 0 })
    }

    /// Adds a block to the open batch. Durable after [`Wal::sync`].
    pub fn append(&mut self, records: u32, block: &[u8]) -> Result<()> {
        if self.log.end().offset > SEGMENT_BYTES {
            self.log.roll()?;
        }
        self.log.append(&[&records.to_le_bytes(), block])?;
        self.records += u64::from(records);
        self.bytes += block.len() as u64;
        Ok(())
    }

    /// Ends the open batch and begins the next; `None` if it has no records. Its
    /// range may be written into the offsets only after [`Wal::sync`].
    pub fn end(&mut self) -> Result<Option<Range>> {
        if self.records == 0 {
            return Ok(None);
        }
        let to = self.log.end();
        let range = Range { from: self.from, to, records: self.records, bytes: self.bytes };
        self.from = to;
        (self.records, self.bytes) = (0, 0);
        Ok(Some(range))
    }

    /// Makes all blocks durable.
    pub fn sync(&mut self) -> Result<()> {
        self.log.sync()
    }

    /// Where the open batch begins.
    pub fn open_batch(&self) -> Place {
        self.from
    }

    /// The blocks that are in the log since the last batch, left there by a run
    /// that was cut off; `None` if there are none. Once read they are given to [`Wal::adopt`].
    pub fn leftover(&self) -> Result<Option<Blocks>> {
        match self.from < self.log.end() {
            true => Ok(Some(self.blocks(self.from, self.log.end(), None)?)),
            false => Ok(None),
        }
    }

    /// From now on `leftover`, which was read to its end, is part of the open batch.
    pub fn adopt(&mut self, leftover: &Blocks) {
        (self.records, self.bytes) = (leftover.records, leftover.bytes);
    }

    /// The blocks of a batch again.
    pub fn read(&self, range: Range) -> Result<Blocks> {
        self.blocks(range.from, range.to, Some((range.records, range.bytes)))
    }

    fn blocks(&self, from: Place, to: Place, written: Option<(u64, u64)>) -> Result<Blocks> {
        let mut reader = self.log.reader(from)?;
        reader.stop_at(to);
        Ok(Blocks { reader, dir: self.log.dir().to_owned(), written, records: 0, bytes: 0 })
    }

    /// Bytes of a torn end that were cut off.
    pub fn torn_bytes(&self) -> u64 {
        self.log.torn_bytes()
    }

    /// Number of segments: only a log of several can be purged.
    pub fn segments(&self) -> u64 {
        self.log.end().segment - self.log.start().segment + 1
    }

    /// Removes what is before `place`, in whole segments.
    pub fn purge(&mut self, place: Place) -> Result<()> {
        self.log.purge_before(place.segment)
    }
}
