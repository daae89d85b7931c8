//! `sstream-source-fixed FILE SIZE`: a file of records that have all the same size, as it
//! grows.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use sstream::connect::record::push_string;
use sstream::connect::{
    BLOCK_BYTES, Bad, Came, OnLoss, Opened, Position, ReadAgain, Reason, RecordSource, Room, SourceError,
    SourceGuarantee, SourceKind, SourceParts, ToolError,
};

fn main() -> ExitCode {
    sstream::connect::source_main::<Fixed>()
}

/// The options of this kind.
#[derive(clap::Args, Debug)]
struct Fixed {
    /// The file, which others append to
    file: PathBuf,

    /// Bytes of a record; spaces at its end are left out
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    size: u64,
}

impl SourceKind for Fixed {
    const TOOL: &'static str = "sstream-source-fixed";
    const ABOUT: &'static str = "Records of one size from a file, as it grows";
    const EXAMPLES: &'static str = "  sstream-source fixed spool 80 --checkpoint ck | sstream-sink files out/cards\n";

    fn identity(&self) -> String {
        format!("{} {}", self.file.display(), self.size)
    }

    fn guarantee(&self) -> SourceGuarantee {
        SourceGuarantee::ReadAgain("from the file, which must stay there until then")
    }

    fn show_position(_: &Position, recorded: &[u8]) -> Option<String> {
        places(recorded).map(|places| format!("records {} to {}", places.start, places.end))
    }

    fn open(&self, parts: SourceParts) -> Result<Opened, ToolError> {
        let what = self.file.display().to_string();
        let file = File::open(&self.file).map_err(|error| ToolError::Open { what: what.clone(), error })?;
        Ok(Opened::Records(Box::new(Reader::new(file, what, self.size, parts))))
    }
}

/// Reads them. Places are numbers of records, from 0.
struct Reader {
    file: File,
    what: String,
    size: u64,
    parts: SourceParts,
    /// The record to be taken next, and the one behind those that have come.
    next: u64,
    come: u64,
    /// Where the open batch begins.
    batch: u64,
    /// What is still to be given of a batch that is read again.
    again: Range<u64>,
}

impl Reader {
    fn new(file: File, what: String, size: u64, parts: SourceParts) -> Reader {
        Reader { file, what, size, parts, next: 0, come: 0, batch: 0, again: 0..0 }
    }

    /// How many records the file has.
    fn end(&self) -> Result<u64, SourceError> {
        let metadata = self.file.metadata().map_err(|error| SourceError::read(&self.what, error))?;
        Ok(metadata.len() / self.size)
    }

    /// The file is shorter than what was read of it: somebody has written it anew.
    fn gone(&self, end: u64) -> SourceError {
        let reason = format!("it has {end} records, and {} were read: it was written anew", self.next);
        SourceError::Gone { what: self.what.clone(), reason }
    }

    /// Reads records of `places`: as many as there is room for, at least one. Gives how many
    /// places it read, and how many records they were.
    fn read(
        &self,
        places: &Range<u64>,
        room: Room,
        block: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<(u64, u64), SourceError> {
        let fit = (room.bytes as u64 / self.size).clamp(1, BLOCK_BYTES as u64 / self.size + 1);
        let count = (places.end - places.start).min(room.records).min(fit);
        let mut bytes = vec![0; (count * self.size) as usize];
        let read = self.file.read_exact_at(&mut bytes, places.start * self.size);
        read.map_err(|error| SourceError::read(&self.what, error))?;
        let mut records = 0;
        for record in bytes.chunks(self.size as usize) {
            match std::str::from_utf8(record) {
                Ok(text) => {
                    push_string(text.trim_end().as_bytes(), block);
                    block.push(b'\n');
                    records += 1;
                }
                Err(error) => bad(record, &error.to_string())?,
            }
        }
        Ok((count, records))
    }
}

impl RecordSource for Reader {
    fn wait(&mut self, timeout: Duration) -> Result<Came, SourceError> {
        let end = self.end()?;
        if end < self.next {
            match self.parts.on_loss {
                OnLoss::Fail => return Err(self.gone(end)),
                OnLoss::Skip => self.parts.console.warn(&format!("{}: begun anew", self.gone(end))),
            }
            (self.next, self.batch) = (0, 0);
        }
        self.come = end;
        if self.has_records() {
            return Ok(Came::Something);
        }
        // Nobody tells when a file grows: it is looked at ten times a second.
        Ok(self.parts.pause(timeout.min(Duration::from_millis(100))))
    }

    /// What is in the file at a stop comes at the next start.
    fn held(&mut self) -> Result<bool, SourceError> {
        Ok(false)
    }

    fn has_records(&self) -> bool {
        self.come > self.next
    }

    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        let (count, records) = self.read(&(self.next..self.come), room, block, bad)?;
        self.next += count;
        Ok(records)
    }

    fn finish(&mut self, _: &Reason, _: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
        Ok(0)
    }

    fn replay(&mut self) -> Option<&mut dyn ReadAgain> {
        Some(self)
    }
}

/// What a batch needs to be read again: its first record, and the one behind its last.
impl ReadAgain for Reader {
    fn restore(&mut self, position: &Position) -> Result<(), SourceError> {
        // On a first start there is none.
        let newest = position.since.iter().rev().chain([&position.base]).find(|bytes| !bytes.is_empty());
        if let Some(bytes) = newest {
            self.next = places(bytes).ok_or(UNREADABLE)?.end;
        }
        (self.come, self.batch) = (self.next, self.next);
        Ok(())
    }

    fn position(&mut self, delta: &mut Vec<u8>) {
        if self.next > self.batch {
            delta.extend([self.batch.to_le_bytes(), self.next.to_le_bytes()].concat());
            self.batch = self.next;
        }
    }

    fn base(&mut self, base: &mut Vec<u8>) {
        base.extend([self.batch.to_le_bytes(), self.batch.to_le_bytes()].concat());
    }

    fn begin_again(&mut self, delta: &[u8]) -> Result<(), SourceError> {
        let places = places(delta).ok_or(UNREADABLE)?;
        let end = self.end()?;
        if end < places.end {
            return Err(self.gone(end));
        }
        self.again = places;
        Ok(())
    }

    fn next_again(&mut self, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<Option<u64>, SourceError> {
        while !self.again.is_empty() {
            let room = Room { records: u64::MAX, bytes: BLOCK_BYTES };
            let (count, records) = self.read(&self.again, room, block, bad)?;
            self.again.start += count;
            if records > 0 {
                return Ok(Some(records));
            }
        }
        Ok(None)
    }
}

/// The error of a position that this program has not written, or that is damaged.
const UNREADABLE: SourceError = SourceError::Position { what: "in the file" };

fn places(bytes: &[u8]) -> Option<Range<u64>> {
    let (begin, end) = bytes.split_first_chunk::<8>()?;
    Some(u64::from_le_bytes(*begin)..u64::from_le_bytes(*end.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sstream::connect::testing;

    #[test]
    fn the_kind_is_sound() {
        testing::check_source_kind::<Fixed>();
    }

    #[test]
    fn batches_are_the_same_again() {
        let path = std::env::temp_dir().join(format!("sstream-fixed-{}", std::process::id()));
        let text: String = (0..1000).map(|n| format!("{n:<10}")).collect();
        std::fs::write(&path, text).unwrap();
        let open = || Reader::new(File::open(&path).unwrap(), "spool".to_owned(), 10, testing::source_parts());
        assert_eq!(testing::check_replay(open, 1000), 1000);
        std::fs::remove_file(path).unwrap();
    }
}
