//! Lines of bytes as records: a [`ByteSource`], a [`LineBuffer`] and a
//! [`Format`] as one [`RecordSource`].

use std::time::Duration;

use crate::console::Console;
use crate::frame::Reason;
use crate::op::BLOCK_BYTES;
use crate::record::forms::{self, Bad, Format};
use crate::source::engine::lines::LineBuffer;
use crate::source::engine::records::{Came, RecordSource, Room};
use crate::source::{ByteSource, Got, SourceError};

/// The most that is read at a time, in bytes.
const READ: usize = 256 << 10;

/// Records of the lines that come from a byte source.
pub struct LineSource<'a> {
    source: Box<dyn ByteSource + 'a>,
    format: Box<dyn Format>,
    lines: LineBuffer,
    max_line: usize,
    console: Console,
    /// Lines with invalid UTF-8 were told of.
    told_invalid: bool,
}

impl<'a> LineSource<'a> {
    /// Of `source`, from which `read` was read before; a line of more than
    /// `max_line` bytes is bad.
    pub fn new(
        source: Box<dyn ByteSource + 'a>,
        format: Box<dyn Format>,
        read: Vec<u8>,
        max_line: usize,
        console: Console,
    ) -> LineSource<'a> {
        LineSource { source, format, lines: LineBuffer::new(read), max_line, console, told_invalid: false }
    }

    fn add(&mut self, count: usize) {
        self.lines.add(count);
        // A line that is too long is not collected any further.
        self.lines.skip_beyond(self.max_line);
    }
}

impl RecordSource for LineSource<'_> {
    fn wait(&mut self, timeout: Duration) -> Result<Came, SourceError> {
        Ok(match self.source.read(self.lines.space(READ), timeout)? {
            Got::Bytes(count) => {
                self.add(count);
                Came::Something
            }
            Got::Timeout => Came::Timeout,
            Got::Stop => Came::Stop,
            Got::End => Came::End,
        })
    }

    fn held(&mut self) -> Result<bool, SourceError> {
        let count = self.source.read_held(self.lines.space(READ))?;
        if count > 0 {
            self.add(count);
        }
        Ok(count > 0)
    }

    fn has_records(&self) -> bool {
        self.lines.has_line()
    }

    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        if let Some(start) = self.lines.take_overlong() {
            bad(&start, &forms::too_long(self.max_line))?;
            return Ok(0);
        }
        // A line is one record at most.
        let lines = self.lines.lines(room.bytes.min(BLOCK_BYTES), room.records);
        let records = self.format.records(lines, self.max_line, block, bad)?;
        let length = lines.len();
        self.lines.consume(length);
        if !self.told_invalid && self.format.invalid_lines() > 0 {
            self.told_invalid = true;
            let message = "input: a line has invalid UTF-8, which became U+FFFD: is it in another encoding?";
            self.console.warn(message);
        }
        Ok(records)
    }

    fn finish(&mut self, reason: &Reason, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        let mut records = 0;
        if *reason == Reason::Eof {
            // A last line with no newline is a record at the input's end.
            self.lines.finish();
            while self.lines.has_line() {
                records += self.take(Room { records: u64::MAX, bytes: BLOCK_BYTES }, block, bad)?;
            }
            records += self.format.finish(block, bad)?;
        } else {
            let bytes = self.lines.unfinished() + self.format.unfinished();
            if bytes > 0 {
                self.console.warn(&format!("input: left an unfinished line of {bytes} bytes at the stop"));
            }
        }
        let invalid = self.format.invalid_lines();
        if invalid > 0 {
            self.console.warn(&format!("input: {invalid} lines in all had invalid UTF-8"));
        }
        Ok(records)
    }
}
