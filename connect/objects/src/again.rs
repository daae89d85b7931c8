//! Reads the ranges of a batch once more.

use sstream::connect::files::Lines;
use sstream::connect::{Bad, Room, SourceError, SourceParts};

use crate::fetch::Reading;
use crate::position::Record;
use crate::source::{Open, hopeless, tell_lost};
use crate::trouble::Trouble;

/// A batch that is being read again.
pub struct Again {
    record: Record,
    /// The next range to be opened.
    next: usize,
    /// The range that is being read, and the byte behind it.
    open: Option<(Open, u64)>,
}

impl Again {
    /// A batch, from its record.
    pub fn new(record: Record) -> Again {
        Again { record, next: 0, open: None }
    }

    /// The next block of the batch, of about so many bytes: the number of records, `None` when that was all.
    ///
    /// # Errors
    /// What a range names is gone, or cannot be read.
    pub fn next_block(
        &mut self,
        reading: &Reading,
        lines: &Lines,
        parts: &SourceParts,
        bytes: usize,
        block: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<Option<u64>, SourceError> {
        let mut records = 0;
        while block.len() < bytes {
            let Some((open, end)) = &mut self.open else {
                if !self.open_next(reading, lines, parts)? {
                    return Ok((records > 0).then_some(records));
                }
                continue;
            };
            if open.lines.has_line() {
                records += open.lines.take(Room { records: u64::MAX, bytes }, block, bad)?;
                continue;
            }
            match open.lines.read(*end) {
                // Ranges end where a record does, but at the end of an object.
                Ok(0) => {
                    records += open.lines.finish(block, bad)?;
                    self.open = None;
                }
                Ok(_) => {}
                Err(error) => {
                    let trouble = open.trouble(error)?;
                    self.open = None;
                    self.lost(&trouble, parts)?;
                }
            }
        }
        Ok(Some(records))
    }

    /// Opens the next range whose object is there; false if there is none.
    fn open_next(&mut self, reading: &Reading, lines: &Lines, parts: &SourceParts) -> Result<bool, SourceError> {
        while let Some(range) = self.record.ranges.get(self.next).copied() {
            self.next += 1;
            let object = self.record.entries[range.object].object.clone();
            match Open::new(reading, object, range.from, lines) {
                Ok(mut open) => {
                    open.lines.stop_at(range.to);
                    self.open = Some((open, range.to.end()));
                    return Ok(true);
                }
                Err((_, trouble)) => self.lost(&trouble, parts)?,
            }
        }
        Ok(false)
    }

    /// The range that was opened last cannot be read.
    fn lost(&self, trouble: &Trouble, parts: &SourceParts) -> Result<(), SourceError> {
        let range = self.record.ranges[self.next - 1];
        let url = &self.record.entries[range.object].object.url;
        match trouble {
            Trouble::Gone | Trouble::Changed => {
                tell_lost(parts, format!("{url}, bytes {} to {}", range.from.offset, range.to.end()), trouble)
            }
            _ => Err(hopeless(url, trouble)),
        }
    }
}
