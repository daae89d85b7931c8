//! Lines of bytes as records: a [`ByteSource`], a [`LineBuffer`] and a
//! [`Format`] as one [`RecordSource`].

use std::time::Duration;

use crate::console::Console;
use crate::frame::Reason;
use crate::op::BLOCK_BYTES;
use crate::record::forms::{self, Bad, Format};
use crate::source::engine::lines::LineBuffer;
use crate::source::engine::records::{Came, RecordSource, Room};
use crate::source::{ByteSource, Got, SourceError, Torn};

/// The most that is read at a time, in bytes.
const READ: usize = 256 << 10;

/// Records of the lines that come from a byte source.
pub struct LineSource<'a> {
    source: Box<dyn ByteSource + 'a>,
    format: Box<dyn Format>,
    lines: LineBuffer,
    max_line: usize,
    console: Console,
    /// A connection is over behind the lines that are held, and left this undone.
    over: Option<Option<Torn>>,
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
        let lines = LineBuffer::new(read);
        LineSource { source, format, lines, max_line, console, over: None, told_invalid: false }
    }

    fn add(&mut self, count: usize) {
        self.lines.add(count);
        // A line that is too long is not collected any further.
        self.lines.skip_beyond(self.max_line);
    }

    fn took(&mut self, got: Got) -> Came {
        match got {
            Got::Bytes(count) => self.add(count),
            Got::Over => self.over = Some(self.source.torn()),
            Got::Timeout => return Came::Timeout,
            Got::Stop => return Came::Stop,
            Got::End => return Came::End,
        }
        Came::Something
    }
}

impl RecordSource for LineSource<'_> {
    fn wait(&mut self, timeout: Duration) -> Result<Came, SourceError> {
        let got = self.source.read(self.lines.space(READ), timeout)?;
        Ok(self.took(got))
    }

    fn held(&mut self) -> Result<bool, SourceError> {
        let got = self.source.read_held(self.lines.space(READ))?;
        Ok(self.took(got) == Came::Something)
    }

    fn has_records(&self) -> bool {
        self.lines.has_line() || self.over.is_some()
    }

    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        if let Some(start) = self.lines.take_overlong() {
            bad(&start, &forms::too_long(self.max_line))?;
            return Ok(0);
        }
        if !self.lines.has_line()
            && let Some(torn) = self.over.take()
        {
            let records = self.format.finish(block, bad)?;
            if let Some(Torn { line, reason }) = torn {
                bad(&line, &reason)?;
            }
            return Ok(records);
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
