//! A trace log: the head, the ends and the close of a stream, a line each, as
//! they stand in the stream. `jq` reads it, and `sstream-top` and `sstream-ui`
//! open it as they do a running pipeline.
//!
//! Between a head and its ends there may be blocks with a sample of the records,
//! of which an end counts more than are there; so a trace log is no stream, and
//! a reader of streams refuses it. A log that several runs appended to has a
//! head for each.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::frame::{BatchTime, Block, Close, Control, End, Head};

/// No file is written more often than this, but for a close: at batches of a
/// millisecond a write each would cost more than the batch.
const BETWEEN_WRITES: Duration = Duration::from_millis(100);

/// This much is written at once, however soon after the last write.
const MOST_PENDING: usize = 64 << 10;

/// Writes a trace log, many lines at a time where they come fast.
#[derive(Debug)]
pub struct LogWriter<W> {
    output: W,
    pending: Vec<u8>,
    last_write: Option<Instant>,
}

impl<W: Write> LogWriter<W> {
    /// A log that is written to `output`.
    pub fn new(output: W) -> LogWriter<W> {
        LogWriter { output, pending: Vec::new(), last_write: None }
    }

    /// Appends a head, at once.
    pub fn head(&mut self, head: &Head) -> io::Result<usize> {
        head.write(&mut self.pending);
        self.write()
    }

    /// Appends a sample of a batch's records; its end follows.
    pub fn sample(&mut self, block: Block<'_>) {
        let header =
            format!("{{\"batch\":{},\"records\":{},\"bytes\":{}}}\n", block.time, block.records, block.bytes.len());
        self.pending.extend_from_slice(header.as_bytes());
        self.pending.extend_from_slice(block.bytes);
    }

    /// Appends an end. Gives the bytes that were written, often none.
    pub fn end(&mut self, end: &End) -> io::Result<usize> {
        end.write(&mut self.pending);
        self.write_if_due()
    }

    /// Appends the close, at once.
    pub fn close(&mut self, close: &Close) -> io::Result<usize> {
        close.write(&mut self.pending, false);
        self.write()
    }

    /// Writes what is pending unless the last write was a moment ago.
    pub fn write_if_due(&mut self) -> io::Result<usize> {
        let is_due = || self.last_write.is_none_or(|last| last.elapsed() >= BETWEEN_WRITES);
        if self.pending.is_empty() || (self.pending.len() < MOST_PENDING && !is_due()) {
            return Ok(0);
        }
        self.write()
    }

    fn write(&mut self) -> io::Result<usize> {
        self.output.write_all(&self.pending)?;
        self.last_write = Some(Instant::now());
        let written = self.pending.len();
        self.pending.clear();
        Ok(written)
    }

    /// What is written to.
    pub fn output(&mut self) -> &mut W {
        &mut self.output
    }
}

/// What a trace log consists of.
#[derive(Clone, Debug, PartialEq)]
pub enum LogEvent {
    /// A run begins.
    Head(Head),
    /// Records of a batch, whose end follows.
    Sample(Sample),
    /// A batch is over.
    End(End),
    /// The run is over.
    Close(Close),
}

/// Some records of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The batch.
    pub time: BatchTime,
    /// Its first records, as JSON, a newline after each.
    pub records: Vec<u8>,
}

/// Reads a trace log from pieces of any size.
#[derive(Debug, Default)]
pub struct LogReader {
    bytes: Vec<u8>,
    /// So many of them are read.
    read: usize,
    line: u64,
}

/// A line that is none of a trace log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotALog {
    /// Its number, from 1.
    pub line: u64,
    /// What was expected there.
    pub expected: &'static str,
}

impl LogReader {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..std::mem::take(&mut self.read));
        self.bytes.extend_from_slice(bytes);
    }

    /// The next event, none if the bytes so far hold no further whole one.
    #[allow(clippy::should_implement_trait)] // it fails too
    pub fn next(&mut self) -> Result<Option<LogEvent>, NotALog> {
        let unread = &self.bytes[self.read..];
        let Some(newline) = memchr::memchr(b'\n', unread) else { return Ok(None) };
        let control = Control::parse(&unread[..newline]);
        let control = control.map_err(|expected| NotALog { line: self.line + 1, expected })?;
        let mut length = newline + 1;
        let event = match control {
            Control::Head(head) => LogEvent::Head(head),
            Control::End(end) => LogEvent::End(end),
            Control::Close(close) => LogEvent::Close(close),
            Control::Block { time, records, bytes } => {
                let Some(payload) = unread.get(length..length.saturating_add(bytes)) else { return Ok(None) };
                length += bytes;
                self.line += records;
                LogEvent::Sample(Sample { time, records: payload.to_vec() })
            }
        };
        self.line += 1;
        self.read += length;
        Ok(Some(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Reason;

    #[test]
    fn what_is_written_is_read_however_it_is_cut() {
        let mut head = Head::new(1000);
        head.stages = vec!["source stdin".into()];
        let block = Block { time: BatchTime(2000), records: 2, bytes: b"\"a\"\n\"b\"\n" };
        let (end, close) = (End::new(BatchTime(2000), 700), Close::new(Reason::Eof));
        let mut writer = LogWriter::new(Vec::new());
        writer.head(&head).unwrap();
        writer.sample(block);
        writer.end(&end).unwrap();
        writer.close(&close).unwrap();
        let sample = Sample { time: BatchTime(2000), records: block.bytes.to_vec() };
        let events = [LogEvent::Head(head), LogEvent::Sample(sample), LogEvent::End(end), LogEvent::Close(close)];
        for size in [1, 7, 1000] {
            let (mut reader, mut read) = (LogReader::default(), Vec::new());
            for piece in writer.output().chunks(size) {
                reader.push(piece);
                while let Some(event) = reader.next().unwrap() {
                    read.push(event);
                }
            }
            assert_eq!(read, events);
        }
    }

    #[test]
    fn ends_that_come_fast_are_written_together() {
        let mut writer = LogWriter::new(Vec::new());
        writer.head(&Head::new(1)).unwrap();
        for time in 1..=50 {
            assert_eq!(writer.end(&End::new(BatchTime(time), 0)).unwrap(), 0);
        }
        assert!(writer.close(&Close::new(Reason::Stop)).unwrap() > 1000);
    }

    #[test]
    fn anything_else_is_told_with_its_line() {
        let mut reader = LogReader::default();
        reader.push(b"{\"sstream\":1,\"interval\":1000,\"stages\":[]}\nhello\n");
        assert!(matches!(reader.next(), Ok(Some(LogEvent::Head(_)))));
        assert_eq!(reader.next().unwrap_err().line, 2);
    }
}
