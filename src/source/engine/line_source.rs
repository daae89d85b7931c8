//! Lines of bytes as records: a [`ByteSource`], a [`LineBuffer`] and what makes records of
//! lines, [`Parties`], as one [`RecordSource`].

use std::time::Duration;

use crate::clock::Clock;
use crate::console::Console;
use crate::frame::Reason;
use crate::op::BLOCK_BYTES;
use crate::record::forms::{self, Bad, Recipe};
use crate::source::engine::lines::LineBuffer;
use crate::source::engine::parties::Parties;
use crate::source::engine::records::{Came, RecordSource, Room};
use crate::source::{ByteSource, Got, SourceError, Torn};

/// The most that is read at a time, in bytes.
const READ: usize = 256 << 10;

/// Records of the lines that come from a byte source.
pub struct LineSource<'a> {
    source: Box<dyn ByteSource + 'a>,
    parties: Parties,
    lines: LineBuffer,
    max_line: usize,
    clock: &'a dyn Clock,
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
        recipe: Recipe,
        read: Vec<u8>,
        max_line: usize,
        clock: &'a dyn Clock,
        console: Console,
    ) -> LineSource<'a> {
        let (lines, parties) = (LineBuffer::new(read, recipe.coding), Parties::new(recipe));
        LineSource { source, parties, lines, max_line, clock, console, over: None, told_invalid: false }
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
            // What came before was taken: nothing is read while something is held.
            Got::Turn => self.source.client().into_iter().for_each(|client| self.parties.turn_to(client)),
            Got::Timeout if self.parties.has_complete() => {}
            Got::Timeout => return Came::Timeout,
            Got::Stop => return Came::Stop,
            Got::End => return Came::End,
        }
        Came::Something
    }
}

impl LineSource<'_> {
    /// Takes events to which nothing more is waited for.
    fn take_complete(&mut self, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        let mut records = 0;
        self.parties.take_complete(|format| {
            records += format.complete(block, bad)?;
            Ok::<(), SourceError>(())
        })?;
        Ok(records)
    }
}

impl RecordSource for LineSource<'_> {
    fn wait(&mut self, timeout: Duration) -> Result<Came, SourceError> {
        let wait = self.parties.until_complete().map_or(timeout, |until| until.min(timeout));
        let before = self.clock.read().monotonic;
        let got = self.source.read(self.lines.space(READ), wait)?;
        self.parties.wait(self.clock.read().monotonic.saturating_sub(before));
        Ok(self.took(got))
    }

    fn held(&mut self) -> Result<bool, SourceError> {
        let got = self.source.read_held(self.lines.space(READ))?;
        Ok(self.took(got) == Came::Something)
    }

    fn has_records(&self) -> bool {
        self.lines.has_line() || self.over.is_some() || self.parties.has_complete()
    }

    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        if let Some(start) = self.lines.take_overlong() {
            // It ends the event before it.
            let records = self.parties.current().complete(block, bad)?;
            bad(&start, &forms::too_long(self.max_line))?;
            return Ok(records);
        }
        if !self.lines.has_line()
            && let Some(torn) = self.over.take()
        {
            let records = self.parties.current().finish(block, bad)?;
            if let Some(Torn { line, reason }) = torn {
                bad(&line, &reason)?;
            }
            return Ok(records);
        }
        if self.parties.has_complete() && !self.lines.has_line() {
            return self.take_complete(block, bad);
        }
        // A line is one record at most.
        let lines = self.lines.lines(room.bytes.min(BLOCK_BYTES), room.records);
        let records = self.parties.current().records(lines, self.max_line, block, bad)?;
        let length = lines.bytes.len();
        self.lines.consume(length);
        if !self.told_invalid && self.parties.invalid_lines() > 0 {
            self.told_invalid = true;
            let name = self.lines.coding().encoding_name();
            self.console.warn(&format!(
                "input: a line has invalid {name}, which became U+FFFD: is it in another encoding (--encoding)?"
            ));
        }
        Ok(records)
    }

    fn waiting(&self) -> Option<u64> {
        self.source.waiting()
    }

    fn finish(&mut self, reason: &Reason, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        let mut records = 0;
        if *reason == Reason::Eof {
            // A last line with no newline is a record at the input's end.
            self.lines.finish();
            while self.lines.has_line() {
                records += self.take(Room { records: u64::MAX, bytes: BLOCK_BYTES }, block, bad)?;
            }
            self.parties.complete_all();
            records += self.take_complete(block, bad)?;
            records += self.parties.current().finish(block, bad)?;
        } else {
            // What was read cannot be read again.
            self.parties.complete_all();
            records += self.take_complete(block, bad)?;
            let bytes = self.lines.unfinished() as u64 + self.parties.unfinished();
            if bytes > 0 {
                self.console.warn(&format!("input: left an unfinished line of {bytes} bytes at the stop"));
            }
        }
        let invalid = self.parties.invalid_lines();
        if invalid > 0 {
            let name = self.lines.coding().encoding_name();
            self.console.warn(&format!("input: {invalid} lines in all had invalid {name}"));
        }
        Ok(records)
    }

    fn close(&mut self) -> Result<(), SourceError> {
        self.source.close()
    }
}
