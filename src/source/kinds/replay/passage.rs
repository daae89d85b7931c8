//! Which part of a saved stream a batch is: what a checkpoint keeps of it.

use crate::source::SourceError;

/// A batch in a saved stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// Where it begins, in bytes from the stream's start.
    pub from: u64,
    /// Where it ends.
    pub to: u64,
    records: u64,
    crc32: u32,
}

impl Passage {
    const BYTES: usize = 28;

    /// A batch that begins there.
    pub fn at(from: u64) -> Passage {
        Passage { from, to: from, records: 0, crc32: 0 }
    }

    /// A block of it.
    pub fn add(&mut self, records: u64, block: &[u8]) {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.crc32);
        hasher.update(block);
        self.crc32 = hasher.finalize();
        self.records += records;
    }

    /// Appends it: from, to, records as 8 bytes, and the checksum of the records as
    /// 4, little-endian.
    pub fn write(self, out: &mut Vec<u8>) {
        out.extend([self.from, self.to, self.records].map(u64::to_le_bytes).concat());
        out.extend(self.crc32.to_le_bytes());
    }

    /// Reads [`Passage::write`]; `name` is for the error.
    pub fn read(bytes: &[u8], name: &str) -> Result<Passage, SourceError> {
        let seen = || {
            let bytes: &[u8; Passage::BYTES] = bytes.try_into().ok()?;
            let (numbers, crc32) = bytes.split_last_chunk::<4>()?;
            let mut numbers = numbers.chunks_exact(8).map(|number| number.try_into().map_or(0, u64::from_le_bytes));
            let (from, to, records) = (numbers.next()?, numbers.next()?, numbers.next()?);
            Some(Passage { from, to, records, crc32: u32::from_le_bytes(*crc32) })
        };
        seen().ok_or_else(|| SourceError::Gone {
            what: name.to_owned(),
            reason: "its position in the checkpoint is none of replay".to_owned(),
        })
    }

    /// The error of a stream that does not have this batch.
    pub fn gone(&self, name: &str) -> SourceError {
        SourceError::Gone {
            what: format!("{name}, bytes {} to {}", self.from, self.to),
            reason: "the batch that was there is not there now: it is another stream, or a shorter one".to_owned(),
        }
    }
}

/// The bytes of the stream that a batch was, by what a checkpoint keeps of it.
pub fn bytes_of(recorded: &[u8]) -> Option<(u64, u64)> {
    Passage::read(recorded, "").ok().map(|passage| (passage.from, passage.to))
}
