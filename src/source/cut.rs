//! Cuts what a byte source brings into batches by the wall clock.
//!
//! A record arrives when it is read; batch T holds what arrived in
//! [T - interval, T). What waits behind a full pipe belongs to the batch that is
//! open when reading goes on. The open block leaves when it is full, at its
//! batch's end, or a block interval after its first record came, so that later
//! stages work while a batch fills.

use std::time::Duration;

use super::format::{self, Format};
use super::lines::LineBuffer;
use super::stop::StopRules;
use super::{ByteSource, Got, SourceError};
use crate::clock::{BatchClock, Clock, Reading};
use crate::console::Console;
use crate::frame::{BatchTime, Block, Close, End, Event, Head, Reason};
use crate::op::BLOCK_BYTES;
use crate::stage::{BadRecords, Input, InputError};

/// The most that is read at a time, in bytes.
const READ: usize = 256 << 10;

/// More missed batches than this are an error.
const MOST_MISSED: u64 = 1_000_000;

/// What a user can choose about cutting.
#[derive(Clone, Debug)]
pub struct CutOptions {
    /// Milliseconds between batches.
    pub interval_ms: u64,
    /// How long a record may wait in an open block.
    pub block_interval: Duration,
    /// The longest line, in bytes without its end.
    pub max_line: usize,
    /// Whether ends carry a trace.
    pub trace: bool,
    /// Send more than a million missed batches too.
    pub skip_missed: bool,
}

/// The parts that a cutter works with.
pub struct CutterParts<'a> {
    /// Where bytes come from.
    pub source: Box<dyn ByteSource + 'a>,
    /// What makes records of lines.
    pub format: Box<dyn Format>,
    /// What was read already, to find out what kind of input it is.
    pub read: Vec<u8>,
    /// When to stop.
    pub stop: StopRules,
    /// The time.
    pub clock: &'a dyn Clock,
    /// What becomes of bad lines.
    pub bad_records: &'a BadRecords,
    /// For what a careful person wants to know.
    pub console: Console,
}

/// Where a cutter is.
enum State {
    /// The head is still to come.
    Start,
    /// Batches are being cut.
    Running(BatchClock),
    /// The input is over: what is left of the last batch, then the close.
    Ending(BatchClock, Reason),
}

/// An [`Input`] that reads bytes and cuts batches.
pub struct Cutter<'a> {
    parts: CutterParts<'a>,
    options: CutOptions,
    state: State,
    lines: LineBuffer,
    block: Vec<u8>,
    block_records: u64,
    batch_records: u64,
    /// The block was given and is to be emptied before it is filled again.
    given: bool,
    /// Bytes were read whose batch is not known yet.
    fresh: bool,
    /// Something has come, or a batch was cut: the open batch gets an end.
    began: bool,
    /// The moment up to which batches are being cut.
    caught_up_to: Option<Reading>,
    /// Why there is no more to wait for; what the input still holds is read.
    over: Option<Reason>,
    last_bytes: Duration,
    block_opened: Duration,
    /// Lines with invalid UTF-8 were told of.
    told_invalid: bool,
}

impl<'a> Cutter<'a> {
    /// A cutter; batches begin with the first event that is asked for.
    pub fn new(mut parts: CutterParts<'a>, options: CutOptions) -> Cutter<'a> {
        let read = std::mem::take(&mut parts.read);
        let now = parts.clock.read().monotonic;
        Cutter {
            options,
            state: State::Start,
            fresh: !read.is_empty(),
            began: !read.is_empty(),
            lines: LineBuffer::new(read),
            block: Vec::new(),
            block_records: 0,
            batch_records: 0,
            given: false,
            caught_up_to: None,
            over: None,
            last_bytes: now,
            block_opened: now,
            told_invalid: false,
            parts,
        }
    }

    fn advance(&mut self) -> Result<Event<'_>, SourceError> {
        if std::mem::take(&mut self.given) {
            self.block.clear();
            self.block_records = 0;
        }
        loop {
            match &mut self.state {
                State::Start => {
                    let now = self.parts.clock.read();
                    self.state = State::Running(BatchClock::start(self.options.interval_ms, now));
                    return Ok(Event::Head(Head::new(self.options.interval_ms)));
                }
                State::Ending(clock, reason) => {
                    if self.block_records > 0 {
                        let time = clock.open();
                        return Ok(self.give_block(time));
                    }
                    if !std::mem::take(&mut self.began) {
                        return Ok(Event::Close(Close::new(reason.clone())));
                    }
                    // The open batch ends at once, with its nominal time.
                    let now = self.parts.clock.read();
                    let time = clock.cut(now);
                    return Ok(self.end(time));
                }
                State::Running(clock) => {
                    let open = clock.open();
                    if self.block.len() >= BLOCK_BYTES {
                        return Ok(self.give_block(open));
                    }
                    if !self.fresh && self.lines.has_line() {
                        self.encode(open)?;
                        continue;
                    }
                    // Batches are caught up to one moment, then it is read
                    // again: behind stages that take longer than the interval
                    // there would be no end to catching up.
                    let now = *self.caught_up_to.get_or_insert_with(|| self.parts.clock.read());
                    let due = clock.due(now);
                    if due > MOST_MISSED && !self.options.skip_missed {
                        return Err(SourceError::Missed { batches: due, interval_ms: self.options.interval_ms });
                    }
                    if due > 0 && self.block_records > 0 {
                        return Ok(self.give_block(open));
                    }
                    let is_ending = self.over.is_some() || self.parts.stop.is_due(now.monotonic, self.last_bytes);
                    if due > 1 && is_ending {
                        // Far behind, an end does not wait for the present.
                        self.over.get_or_insert(Reason::Stop);
                        if !std::mem::take(&mut self.fresh) {
                            self.read_rest(open)?;
                        }
                        continue;
                    }
                    if due > 0 {
                        self.began = true;
                        let time = clock.cut(now);
                        return Ok(self.end(time));
                    }
                    self.caught_up_to = None;
                    if std::mem::take(&mut self.fresh) {
                        continue;
                    }
                    if self.over.is_some() {
                        self.read_rest(open)?;
                        continue;
                    }
                    if self.block_records > 0 && now.monotonic >= self.block_opened + self.options.block_interval {
                        return Ok(self.give_block(open));
                    }
                    let now = self.parts.clock.read();
                    let wait = clock.wait(now);
                    self.read(now, wait)?;
                }
            }
        }
    }

    /// Waits for bytes, a deadline or the end.
    fn read(&mut self, now: Reading, batch_wait: Duration) -> Result<(), SourceError> {
        if self.parts.stop.is_due(now.monotonic, self.last_bytes) {
            self.over = Some(Reason::Stop);
            return Ok(());
        }
        let mut wait = batch_wait.min(self.parts.stop.wait(now.monotonic, self.last_bytes));
        if self.block_records > 0 {
            let leaves = self.block_opened + self.options.block_interval;
            wait = wait.min(leaves.saturating_sub(now.monotonic));
        }
        match self.parts.source.read(self.lines.space(READ), wait)? {
            Got::Bytes(count) => self.add(count),
            Got::Timeout => {}
            Got::Stop => self.over = Some(Reason::Stop),
            Got::End => self.over = Some(Reason::Eof),
        }
        Ok(())
    }

    /// When there is no more to wait for: reads what the input holds at a stop,
    /// piece by piece, then ends.
    fn read_rest(&mut self, open: BatchTime) -> Result<(), SourceError> {
        if self.over == Some(Reason::Stop) {
            let count = self.parts.source.read_held(self.lines.space(READ))?;
            if count > 0 {
                self.add(count);
                return Ok(());
            }
        }
        self.finish(open)
    }

    fn add(&mut self, count: usize) {
        self.lines.add(count);
        // A line that is too long is not collected any further.
        self.lines.skip_beyond(self.options.max_line);
        let now = self.parts.clock.read();
        self.last_bytes = now.monotonic;
        self.caught_up_to = Some(now);
        (self.fresh, self.began) = (true, true);
    }

    /// All that came in whole lines is records; ends the stream.
    fn finish(&mut self, open: BatchTime) -> Result<(), SourceError> {
        let reason = self.over.clone().unwrap_or(Reason::Eof);
        if reason == Reason::Eof {
            // A last line with no newline is a record at the input's end.
            self.lines.finish();
            while self.lines.has_line() {
                self.encode(open)?;
            }
            let bad = self.parts.bad_records;
            self.block_records +=
                self.parts.format.finish(&mut self.block, &mut |line, reason| bad.take(open, line, reason))?;
        } else {
            let bytes = self.lines.unfinished() + self.parts.format.unfinished();
            if bytes > 0 {
                self.parts.console.warn(&format!("input: left an unfinished line of {bytes} bytes at the stop"));
            }
        }
        let invalid = self.parts.format.invalid_lines();
        if invalid > 0 {
            self.parts.console.warn(&format!("input: {invalid} lines in all had invalid UTF-8"));
        }
        let state = std::mem::replace(&mut self.state, State::Start);
        if let State::Running(clock) | State::Ending(clock, _) = state {
            self.state = State::Ending(clock, reason);
        }
        Ok(())
    }

    /// Makes records of the whole lines that were read, about a block of them.
    fn encode(&mut self, open: BatchTime) -> Result<(), SourceError> {
        if self.block_records == 0 {
            self.block_opened = self.last_bytes;
        }
        let bad = self.parts.bad_records;
        let max_line = self.options.max_line;
        if let Some(start) = self.lines.take_overlong() {
            bad.take(open, &start, &format::too_long(max_line))?;
            return Ok(());
        }
        let lines = self.lines.lines(BLOCK_BYTES);
        let mut bad = |line: &[u8], reason: &str| bad.take(open, line, reason);
        self.block_records += self.parts.format.records(lines, max_line, &mut self.block, &mut bad)?;
        let length = lines.len();
        self.lines.consume(length);
        if !self.told_invalid && self.parts.format.invalid_lines() > 0 {
            self.told_invalid = true;
            let message = "input: a line has invalid UTF-8, which became U+FFFD: is it in another encoding?";
            self.parts.console.warn(message);
        }
        Ok(())
    }

    fn give_block(&mut self, time: BatchTime) -> Event<'_> {
        self.given = true;
        self.batch_records += self.block_records;
        Event::Block(Block { time, records: self.block_records, bytes: &self.block })
    }

    fn end(&mut self, time: BatchTime) -> Event<'static> {
        let mut end = End::new(time, std::mem::take(&mut self.batch_records));
        end.trace = self.options.trace.then(Vec::new);
        Event::End(end)
    }
}

impl Input for Cutter<'_> {
    fn next(&mut self) -> Result<Event<'_>, InputError> {
        Ok(self.advance()?)
    }

    fn begins_trace(&self) -> bool {
        self.options.trace
    }

    fn is_ready(&self) -> bool {
        match self.state {
            State::Running(_) => !self.fresh && self.lines.has_line(),
            State::Start | State::Ending(..) => true,
        }
    }
}

#[cfg(test)]
#[path = "cut_tests.rs"]
mod tests;
