//! Reads the ranges of a batch once more.

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;

use super::find::Finder;
use super::position::Record;
use super::reader::{FileReader, Lines};
use crate::op::BLOCK_BYTES;
use crate::record::forms::Bad;
use crate::source::SourceError;
use crate::source::engine::records::Room;

/// A batch that is being read again.
pub struct Again {
    record: Record,
    /// The next range to be opened.
    next: usize,
    /// The range that is being read, and the byte behind its last line.
    reader: Option<(FileReader, u64)>,
    /// What was read before it, whose last event goes on in it.
    before: Option<FileReader>,
    /// The batch's files that were found, or not, by their place in the record.
    found: HashMap<usize, Option<(PathBuf, File)>>,
}

impl Again {
    /// A batch, from its record.
    pub fn new(record: Record) -> Again {
        Again { record, next: 0, reader: None, before: None, found: HashMap::new() }
    }

    /// The next block of the batch: the number of records, `None` when that was all.
    pub fn next_block(
        &mut self,
        lines: &Lines,
        finder: &Finder,
        block: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<Option<u64>, SourceError> {
        let mut records = 0;
        while block.len() < BLOCK_BYTES {
            let Some((reader, end)) = &mut self.reader else {
                if !self.open_next(lines, finder)? {
                    return Ok((records > 0).then_some(records));
                }
                continue;
            };
            if reader.has_line() {
                records += reader.take(Room { records: u64::MAX, bytes: BLOCK_BYTES }, block, bad)?;
            } else if reader.read(*end)? == 0 {
                if self.record.ranges.get(self.next).is_some_and(|range| range.goes_on) {
                    self.before = self.reader.take().map(|(reader, _)| reader);
                    continue;
                }
                // Ranges end where a record does, but at the end of a file.
                records += reader.finish(block, bad)?;
                self.reader = None;
            }
        }
        Ok(Some(records))
    }

    /// Opens the next range whose file is there; false if there is none.
    fn open_next(&mut self, lines: &Lines, finder: &Finder) -> Result<bool, SourceError> {
        while let Some(range) = self.record.ranges.get(self.next) {
            self.next += 1;
            let entry = &self.record.files[range.file];
            let ranges = &self.record.ranges;
            let file = self.found.entry(range.file).or_insert_with(|| {
                let ends = ranges.iter().filter(|other| other.file == range.file).map(|other| other.to.end());
                finder.find(entry, ends.max().unwrap_or(range.to.end()))
            });
            match file {
                Some((path, file)) => {
                    let file =
                        file.try_clone().map_err(|error| SourceError::read(entry.path.display().to_string(), error))?;
                    let mut reader = FileReader::open(path, entry.name(), file, range.from, lines)?;
                    if let Some(mut before) = self.before.take() {
                        reader.go_on_from(&mut before);
                    }
                    reader.stop_at(range.to);
                    self.reader = Some((reader, range.to.end()));
                    return Ok(true);
                }
                None => finder.lost(entry, &format!("bytes {} to {}", range.from.offset, range.to.end()))?,
            }
        }
        Ok(false)
    }
}
