//! Cuts what a byte source brings into batches by the wall clock.
//!
//! A record arrives when it is read; batch T holds what arrived in
//! [T - interval, T). What waits behind a full pipe belongs to the batch that is
//! open when reading goes on. The open block leaves when it is full, at its
//! batch's end, or a block interval after its first record came, so that later
//! stages work while a batch fills.

use std::time::Duration;

use super::format::Format;
use super::stop::StopRules;
use super::{ByteSource, Got, SourceError};
use crate::clock::{BatchClock, Clock, Reading};
use crate::console::Console;
use crate::frame::{Block, Close, End, Event, Head, Reason};
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
    raw: Raw,
    block: Vec<u8>,
    block_records: u64,
    batch_records: u64,
    /// The block was given and is to be emptied before it is filled again.
    given: bool,
    /// Bytes were read whose batch is not known yet.
    fresh: bool,
    any_bytes: bool,
    started: Duration,
    last_bytes: Duration,
    block_opened: Duration,
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
            any_bytes: !read.is_empty(),
            raw: Raw::new(read),
            block: Vec::new(),
            block_records: 0,
            batch_records: 0,
            given: false,
            started: now,
            last_bytes: now,
            block_opened: now,
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
                    if std::mem::take(&mut self.any_bytes) {
                        // The open batch ends at once, with its nominal time.
                        let end = self.end(|clock, now| clock.cut(now));
                        return Ok(end);
                    }
                    return Ok(Event::Close(Close::new(reason.clone())));
                }
                State::Running(clock) => {
                    let open = clock.open();
                    if self.block.len() >= BLOCK_BYTES {
                        return Ok(self.give_block(open));
                    }
                    if !self.fresh && self.raw.has_line() {
                        self.encode()?;
                        continue;
                    }
                    let now = self.parts.clock.read();
                    let due = clock.due(now);
                    if due > 0 {
                        if due > MOST_MISSED && !self.options.skip_missed {
                            let interval_ms = self.options.interval_ms;
                            return Err(SourceError::Missed { batches: due, interval_ms });
                        }
                        if self.block_records > 0 {
                            return Ok(self.give_block(open));
                        }
                        // Behind stages that take longer than the interval
                        // there is no end to catching up.
                        if due > 1 && self.is_stop_due(now) {
                            self.stop()?;
                            continue;
                        }
                        return Ok(self.end(|clock, now| clock.cut(now)));
                    }
                    if std::mem::take(&mut self.fresh) {
                        continue;
                    }
                    if self.block_records > 0 && now.monotonic >= self.block_opened + self.options.block_interval {
                        return Ok(self.give_block(open));
                    }
                    let wait = clock.wait(now);
                    self.read(now, wait)?;
                }
            }
        }
    }

    fn is_stop_due(&self, now: Reading) -> bool {
        let since_start = now.monotonic.saturating_sub(self.started);
        let since_bytes = now.monotonic.saturating_sub(self.last_bytes);
        self.parts.stop.is_due(since_start, since_bytes)
    }

    /// Waits for bytes, a deadline or the end.
    fn read(&mut self, now: Reading, batch_wait: Duration) -> Result<(), SourceError> {
        let since_start = now.monotonic.saturating_sub(self.started);
        let since_bytes = now.monotonic.saturating_sub(self.last_bytes);
        if self.is_stop_due(now) {
            return self.stop();
        }
        let mut wait = batch_wait.min(self.parts.stop.wait(since_start, since_bytes));
        if self.block_records > 0 {
            let leaves = self.block_opened + self.options.block_interval;
            wait = wait.min(leaves.saturating_sub(now.monotonic));
        }
        let space = self.raw.space(READ);
        match self.parts.source.read(space, wait)? {
            Got::Bytes(count) => {
                self.raw.add(count);
                self.last_bytes = self.parts.clock.read().monotonic;
                (self.fresh, self.any_bytes) = (true, true);
                self.limit_line()
            }
            Got::Timeout => Ok(()),
            Got::Stop => self.stop(),
            Got::End => self.finish(Reason::Eof),
        }
    }

    /// Reads what the input holds at this moment, and ends. An unfinished line
    /// is left.
    fn stop(&mut self) -> Result<(), SourceError> {
        let mut left = self.parts.source.waiting();
        while left > 0 {
            let limit = READ.min(left as usize);
            let space = &mut self.raw.space(limit)[..limit];
            match self.parts.source.read_now(space)? {
                Got::Bytes(count) => {
                    self.raw.add(count);
                    self.any_bytes = true;
                    left -= count as u64;
                    self.encode()?;
                    self.limit_line()?;
                }
                _ => break,
            }
        }
        self.finish(Reason::Stop)
    }

    fn finish(&mut self, reason: Reason) -> Result<(), SourceError> {
        while self.raw.has_line() {
            self.encode()?;
        }
        if !self.raw.unread().is_empty() || self.raw.skipped > 0 {
            if reason == Reason::Eof {
                // A last line with no newline is a record at the input's end.
                self.raw.push_newline();
                self.encode()?;
            } else {
                let bytes = self.raw.unread().len();
                self.parts.console.warn(&format!("input: left an unfinished line of {bytes} bytes at the stop"));
            }
        }
        let bad = self.parts.bad_records;
        let time = self.open_time();
        self.block_records +=
            self.parts.format.finish(&mut self.block, &mut |line, reason| bad.take(time, line, reason))?;
        if let Some(note) = self.parts.format.note() {
            self.parts.console.warn(&note);
        }
        let state = std::mem::replace(&mut self.state, State::Start);
        if let State::Running(clock) | State::Ending(clock, _) = state {
            self.state = State::Ending(clock, reason);
        }
        Ok(())
    }

    /// Makes records of the whole lines that were read, about a block of them.
    fn encode(&mut self) -> Result<(), SourceError> {
        let time = self.open_time();
        if self.block_records == 0 {
            self.block_opened = self.last_bytes;
        }
        let bad = self.parts.bad_records;
        if let Some(start) = self.raw.take_skipped() {
            let reason = format!("the line is longer than --max-line {}", self.options.max_line);
            bad.take(time, &start, &reason)?;
            return Ok(());
        }
        let lines = self.raw.lines(BLOCK_BYTES);
        let max_line = self.options.max_line;
        self.block_records += self
            .parts
            .format
            .records(lines, max_line, &mut self.block, &mut |line, reason| bad.take(time, line, reason))?;
        let length = lines.len();
        self.raw.consume(length);
        Ok(())
    }

    /// A line that is too long is not collected any further.
    fn limit_line(&mut self) -> Result<(), SourceError> {
        if !self.raw.has_line() {
            self.raw.skip_beyond(self.options.max_line);
        }
        Ok(())
    }

    fn open_time(&self) -> crate::frame::BatchTime {
        match &self.state {
            State::Running(clock) | State::Ending(clock, _) => clock.open(),
            State::Start => crate::frame::BatchTime::default(),
        }
    }

    fn give_block(&mut self, time: crate::frame::BatchTime) -> Event<'_> {
        self.given = true;
        self.batch_records += self.block_records;
        Event::Block(Block { time, records: self.block_records, bytes: &self.block })
    }

    fn end(&mut self, cut: impl FnOnce(&mut BatchClock, Reading) -> crate::frame::BatchTime) -> Event<'static> {
        let now = self.parts.clock.read();
        let time = match &mut self.state {
            State::Running(clock) | State::Ending(clock, _) => cut(clock, now),
            State::Start => crate::frame::BatchTime::default(),
        };
        let mut end = End::new(time, std::mem::take(&mut self.batch_records));
        end.trace = self.options.trace.then(Vec::new);
        Event::End(end)
    }
}

impl Input for Cutter<'_> {
    fn next(&mut self) -> Result<Event<'_>, InputError> {
        Ok(self.advance()?)
    }

    fn is_ready(&self) -> bool {
        match self.state {
            State::Running(_) => !self.fresh && self.raw.has_line(),
            State::Start | State::Ending(..) => true,
        }
    }
}

/// Bytes that were read and are not records yet.
struct Raw {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// The end of the last whole line.
    lines_end: usize,
    /// How much of an overlong line was dropped so far, and its beginning.
    skipped: u64,
    skipped_start: Vec<u8>,
    /// An overlong line has come to its end.
    skipped_done: bool,
}

impl Raw {
    fn new(read: Vec<u8>) -> Raw {
        let end = read.len();
        let mut raw = Raw {
            bytes: read,
            start: 0,
            end,
            lines_end: 0,
            skipped: 0,
            skipped_start: Vec::new(),
            skipped_done: false,
        };
        raw.find_lines(0);
        raw
    }

    fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    fn has_line(&self) -> bool {
        self.skipped_done || self.lines_end > self.start
    }

    /// Room for at least `want` more bytes.
    fn space(&mut self, want: usize) -> &mut [u8] {
        if self.end + want > self.bytes.len() {
            self.bytes.copy_within(self.start..self.end, 0);
            self.lines_end = self.lines_end.saturating_sub(self.start);
            (self.start, self.end) = (0, self.end - self.start);
            if self.end + want > self.bytes.len() {
                self.bytes.resize(self.end + want, 0);
            }
        }
        &mut self.bytes[self.end..]
    }

    /// `count` bytes were put into [`Raw::space`].
    fn add(&mut self, count: usize) {
        let from = self.end;
        self.end += count;
        if self.skipped > 0 && !self.skipped_done {
            // Inside an overlong line: drop up to its end.
            match memchr::memchr(b'\n', &self.bytes[from..self.end]) {
                Some(newline) => {
                    self.skipped_done = true;
                    self.start = from + newline + 1;
                }
                None => {
                    self.skipped += count as u64;
                    self.start = self.end;
                }
            }
        }
        self.find_lines(from.max(self.start));
    }

    fn find_lines(&mut self, from: usize) {
        if let Some(newline) = memchr::memrchr(b'\n', &self.bytes[from..self.end]) {
            self.lines_end = from + newline + 1;
        }
    }

    /// Whole lines, about `limit` bytes of them.
    fn lines(&self, limit: usize) -> &[u8] {
        let whole = &self.bytes[self.start..self.lines_end.max(self.start)];
        if whole.len() <= limit {
            return whole;
        }
        let end = memchr::memrchr(b'\n', &whole[..limit])
            .or_else(|| memchr::memchr(b'\n', whole))
            .map_or(whole.len(), |newline| newline + 1);
        &whole[..end]
    }

    fn consume(&mut self, bytes: usize) {
        self.start += bytes;
        if self.start == self.end {
            (self.start, self.end, self.lines_end) = (0, 0, 0);
        }
    }

    fn push_newline(&mut self) {
        if self.skipped > 0 {
            self.skipped_done = true;
            return;
        }
        self.space(1)[0] = b'\n';
        self.add(1);
    }

    /// When the unfinished line is longer than `max_line`, keeps its beginning
    /// for the message and drops the rest as it comes.
    fn skip_beyond(&mut self, max_line: usize) {
        // One more for the CR of a CRLF.
        if self.skipped == 0 && self.unread().len() > max_line + 1 {
            self.skipped_start = self.unread()[..max_line.min(1 << 16)].to_vec();
            self.skipped = self.unread().len() as u64;
            self.start = self.end;
        }
    }

    /// The beginning of an overlong line that is over.
    fn take_skipped(&mut self) -> Option<Vec<u8>> {
        if !std::mem::take(&mut self.skipped_done) {
            return None;
        }
        self.skipped = 0;
        Some(std::mem::take(&mut self.skipped_start))
    }
}
