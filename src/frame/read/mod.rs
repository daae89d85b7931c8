//! The strict reader of framed streams.

mod error;
#[cfg(test)]
mod tests;

use std::io::{self, Read};
use std::ops::Range;

pub use error::FrameError;

use super::control::{BatchTime, Close, Control, End, Head, Watermark};
use super::{Block, MAX_BLOCK};
use crate::interval::Interval;

/// How much is read at a time, and the room that the buffer begins with. Large
/// enough that a full block usually comes in one read, small enough to stay in
/// the second-level cache. Tiny for tests and the fuzzer, which would spend their time on
/// clearing buffers and never see one that is full.
const READ: usize = if cfg!(any(test, fuzzing)) { 64 } else { 512 << 10 };

/// A control line longer than this is none.
const MAX_CONTROL: usize = 1 << 20;

/// So many bytes are a large block; and so few are soon moved.
const LARGE: usize = READ / 4;
const LITTLE: usize = if cfg!(any(test, fuzzing)) { 16 } else { 4 << 10 };

/// What a stream consists of, in order: a head, then blocks and ends, then a
/// close.
#[derive(Debug)]
pub enum Event<'a> {
    /// The head, always first unless the stream is a lone error close.
    Head(Head),
    /// Records of the open batch.
    Block(Block<'a>),
    /// The open batch is complete.
    End(End),
    /// Nothing follows.
    Close(Close),
}

/// Reads a framed stream, checking all that the format promises: the order of
/// control lines, batch times without gaps, exact block lengths and counts.
///
/// Payload is not looked at, but for counting its newlines.
pub struct FrameReader<R> {
    input: R,
    buffer: Vec<u8>,
    /// The unread part of the buffer.
    start: usize,
    end: usize,
    /// Stream offset of `start`.
    offset: u64,
    interval: Option<Interval>,
    last: Option<BatchTime>,
    open: Option<(BatchTime, u64)>,
    watermark: Option<Watermark>,
    /// Where the payload of the newest block is in the buffer.
    payload: Range<usize>,
}

/// A parsed event whose payload, if any, is still to be borrowed.
enum Found {
    Control(Control),
    Eof,
}

impl<R: Read> FrameReader<R> {
    /// A reader at the beginning of a stream.
    pub fn new(input: R) -> FrameReader<R> {
        FrameReader::resume(input, Vec::new())
    }

    /// A reader of a stream of which `read` was read already, to find out what
    /// kind of input it is.
    pub fn resume(input: R, read: Vec<u8>) -> FrameReader<R> {
        let end = read.len();
        // The system's own zeros: what nothing is read into takes no memory.
        let mut buffer = vec![0; READ.max(end)];
        buffer[..end].copy_from_slice(&read);
        FrameReader {
            input,
            buffer,
            start: 0,
            end,
            offset: 0,
            interval: None,
            last: None,
            open: None,
            watermark: None,
            payload: 0..0,
        }
    }

    /// Whether the next event is here already, so that [`FrameReader::next`]
    /// will not read and cannot block.
    pub fn is_buffered(&self) -> bool {
        let unread = &self.buffer[self.start..self.end];
        match memchr::memchr(b'\n', unread) {
            None => false,
            Some(newline) => match Control::parse(&unread[..newline]) {
                Ok(Control::Block { bytes, .. }) => unread.len() - newline > bytes,
                _ => true,
            },
        }
    }

    /// What is read from.
    pub fn into_input(self) -> R {
        self.input
    }

    /// The records of a block that [`FrameReader::next`] has just given.
    pub fn payload(&self) -> &[u8] {
        &self.buffer[self.payload.clone()]
    }

    /// How many bytes of the stream have been read as events.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The batch that is open: its time and its records so far.
    pub fn open_batch(&self) -> Option<BatchTime> {
        self.open.map(|(time, _)| time)
    }

    /// The next event; after a close there is none to ask for.
    #[allow(clippy::should_implement_trait)] // an event borrows from the reader
    pub fn next(&mut self) -> Result<Event<'_>, FrameError> {
        let line_offset = self.offset;
        let control = match self.control()? {
            Found::Control(control) => control,
            Found::Eof => return Err(FrameError::CutOff { offset: self.offset, batch: self.open_batch() }),
        };
        match control {
            Control::Head(_) if self.interval.is_some() => {
                Err(self.malformed(line_offset, "no second head: are two streams joined? use sstream-union", ""))
            }
            Control::Head(head) => {
                self.interval = Some(head.interval);
                Ok(Event::Head(head))
            }
            Control::Block { time, records, bytes } => self.block(line_offset, time, records, bytes),
            Control::End(end) => {
                self.check_time(line_offset, end.time)?;
                let here = self.open.take().map_or(0, |(_, records)| records);
                if here != end.records {
                    let expected = format!("an end with \"records\":{here}, as many as came");
                    return Err(self.malformed(line_offset, &expected, &end.records.to_string()));
                }
                if end.watermark < self.watermark {
                    return Err(self.watermark_behind(line_offset, end.watermark));
                }
                self.watermark = end.watermark;
                self.last = Some(end.time);
                Ok(Event::End(end))
            }
            Control::Close(close) => {
                let is_error = matches!(close.reason, super::Reason::Error { .. });
                if self.interval.is_none() && !is_error {
                    return Err(self.malformed(line_offset, "a head first", "a close"));
                }
                if let (Some((time, _)), false) = (self.open, is_error) {
                    return Err(self.malformed(line_offset, &format!("the end of batch {time}"), "a close"));
                }
                if self.start < self.end {
                    let found = show(&self.buffer[self.start..self.end]);
                    return Err(self.malformed(self.offset, "nothing after the close", &found));
                }
                Ok(Event::Close(close))
            }
        }
    }

    /// Reads one control line.
    fn control(&mut self) -> Result<Found, FrameError> {
        let mut searched = 0;
        let newline = loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(at) = memchr::memchr(b'\n', &unread[searched..]) {
                break searched + at;
            }
            searched = unread.len();
            if searched > MAX_CONTROL {
                let found = show(unread);
                return Err(self.malformed(self.offset, "a control line", &found));
            }
            if self.fill(searched + 1, usize::MAX)? == 0 {
                if searched == 0 {
                    return Ok(Found::Eof);
                }
                return Err(FrameError::CutOff { offset: self.offset + searched as u64, batch: self.open_batch() });
            }
        };
        let line = &self.buffer[self.start..self.start + newline];
        if newline > MAX_CONTROL {
            let found = show(line);
            return Err(self.malformed(self.offset, "a control line", &found));
        }
        match Control::parse(line) {
            Ok(control) => {
                if self.interval.is_none() && !matches!(control, Control::Head(_) | Control::Close(_)) {
                    let found = show(line);
                    return Err(self.malformed(self.offset, "a head first", &found));
                }
                self.consume(newline + 1);
                Ok(Found::Control(control))
            }
            Err(expected) => {
                let found = show(line);
                Err(self.malformed(self.offset, expected, &found))
            }
        }
    }

    fn block(
        &mut self,
        line_offset: u64,
        time: BatchTime,
        records: u64,
        bytes: usize,
    ) -> Result<Event<'_>, FrameError> {
        self.check_time(line_offset, time)?;
        if records == 0 || bytes < 2 {
            return Err(self.malformed(line_offset, "a block of at least one record", "none"));
        }
        if bytes > MAX_BLOCK && records > 1 {
            let expected = format!("at most {MAX_BLOCK} bytes in a block of several records");
            return Err(self.malformed(line_offset, &expected, &bytes.to_string()));
        }
        while self.end - self.start < bytes {
            // Behind a large block only the next control line is wanted: more would have to be moved for the next block.
            let most = if bytes < LARGE { usize::MAX } else { bytes.saturating_add(LITTLE) };
            if self.fill(bytes, most)? == 0 {
                let offset = self.offset + (self.end - self.start) as u64;
                return Err(FrameError::CutOff { offset, batch: Some(time) });
            }
        }
        let payload = &self.buffer[self.start..self.start + bytes];
        let lines = memchr::memchr_iter(b'\n', payload).count() as u64;
        if payload[bytes - 1] != b'\n' || lines != records {
            let found = format!("{lines} lines in these {bytes} bytes, which end in {}", show(&payload[bytes - 1..]));
            let expected = format!("{records} records, whole lines");
            return Err(self.malformed(self.offset, &expected, &found));
        }
        let so_far = self.open.map_or(0, |(_, records)| records);
        self.open = Some((time, so_far + records));
        self.payload = self.start..self.start + bytes;
        self.consume(bytes);
        Ok(Event::Block(Block { time, records, bytes: self.payload() }))
    }

    /// Batch times are multiples of the interval, without gaps or repeats, and
    /// blocks of two batches do not interleave.
    fn check_time(&self, offset: u64, time: BatchTime) -> Result<(), FrameError> {
        let interval = self.interval.unwrap_or(Interval::Fixed(1));
        let expected = match (self.open, self.last) {
            (Some((open, _)), _) if open != time => format!("the end of batch {open}"),
            (Some(_), _) => return Ok(()),
            (None, Some(last)) if last.after(interval) != time => {
                format!("batch {}, one interval after the last", last.after(interval))
            }
            (None, None) if !interval.is_border(time.0) => match interval {
                Interval::Fixed(ms) => format!("a batch time that is a multiple of the interval, {ms} ms"),
                Interval::Calendar(calendar) => format!("a batch time at which batches of {calendar} end"),
            },
            _ => return Ok(()),
        };
        Err(self.malformed(offset, &expected, &format!("batch {time}")))
    }

    fn watermark_behind(&self, offset: u64, found: Option<Watermark>) -> FrameError {
        let before = self.watermark.map_or_else(String::new, |before| before.to_string());
        let found = found.map_or("none".to_owned(), |found| found.to_string());
        self.malformed(offset, &format!("a \"watermark\" that is not before {before}"), &found)
    }

    fn malformed(&self, offset: u64, expected: &str, found: &str) -> FrameError {
        let found = if found.is_empty() { "one" } else { found };
        FrameError::Malformed { offset, expected: expected.to_owned(), found: found.to_owned() }
    }

    fn consume(&mut self, bytes: usize) {
        self.start += bytes;
        self.offset += bytes as u64;
    }

    /// Reads some more, with room for at least `want` unread bytes, but no more than makes `most` of them; the number of
    /// bytes read, 0 at the end of the input.
    fn fill(&mut self, want: usize, most: usize) -> Result<usize, FrameError> {
        let unread = self.end - self.start;
        // Little is soon moved, and what is read lies then where the last block lay, in the caches still.
        if unread <= LITTLE || want > self.buffer.len() - self.start || self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, unread);
            if self.end == self.buffer.len() {
                // Doubling, and not to `want` at once: a header that lies
                // about its length must not be able to claim all memory.
                let length = self.buffer.len() * 2;
                self.buffer.resize(length, 0);
            }
        }
        let limit = self.buffer.len().min(self.start.saturating_add(most));
        loop {
            match self.input.read(&mut self.buffer[self.end..limit]) {
                Ok(read) => {
                    self.end += read;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(FrameError::Read(error)),
            }
        }
    }
}

/// The beginning of some bytes, for a message.
fn show(bytes: &[u8]) -> String {
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or(bytes);
    let short = &line[..line.len().min(60)];
    let dots = if short.len() < line.len() { "…" } else { "" };
    format!("'{}{dots}'", String::from_utf8_lossy(short).escape_debug())
}
