//! The writer of framed streams.

use std::io::{self, IoSlice, Write};

use super::{BatchTime, Block, Close, End, Head, MAGIC, MAX_BLOCK};

/// Payloads from this size on are written from where they are, together with
/// what is pending; smaller ones are copied behind it.
const COPY_BELOW: usize = 16 << 10;

/// How much may be pending before it is written without a flush.
const PENDING: usize = 64 << 10;

/// Writes a framed stream. Nothing is sure to be out before [`FrameWriter::flush`].
pub struct FrameWriter<W> {
    output: W,
    pending: Vec<u8>,
    /// Whether the reader has the stream's first bytes already.
    is_announced: bool,
    has_head: bool,
}

impl<W: Write> FrameWriter<W> {
    /// A writer at the beginning of a stream.
    pub fn new(output: W) -> FrameWriter<W> {
        FrameWriter { output, pending: Vec::with_capacity(PENDING), is_announced: false, has_head: false }
    }

    /// Writes what every stream begins with, at once, long before there is a head. A
    /// reader that gets no more then knows that a stream was cut off, and does not
    /// take it for an empty input.
    pub fn announce(&mut self) -> io::Result<()> {
        self.output.write_all(MAGIC)?;
        self.is_announced = true;
        self.output.flush()
    }

    /// Writes the head.
    pub fn head(&mut self, head: &Head) -> io::Result<()> {
        head.write(&mut self.pending);
        self.begin();
        self.relieve()
    }

    /// The first line is pending: what the reader has of it goes.
    fn begin(&mut self) {
        self.has_head = true;
        if self.is_announced {
            self.pending.drain(..MAGIC.len());
        }
    }

    /// Writes records of the open batch, as one block or, beyond
    /// [`MAX_BLOCK`], as several.
    pub fn block(&mut self, block: Block<'_>) -> io::Result<()> {
        if block.bytes.len() <= MAX_BLOCK || block.records <= 1 {
            return self.one_block(block.time, block.records, block.bytes);
        }
        let mut rest = block.bytes;
        while !rest.is_empty() {
            let limit = rest.len().min(MAX_BLOCK);
            let end = match memchr::memrchr(b'\n', &rest[..limit]) {
                Some(newline) => newline + 1,
                None => memchr::memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1),
            };
            let (piece, after) = rest.split_at(end);
            self.one_block(block.time, memchr::memchr_iter(b'\n', piece).count() as u64, piece)?;
            rest = after;
        }
        Ok(())
    }

    fn one_block(&mut self, time: BatchTime, records: u64, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() >= COPY_BELOW {
            return self.block_by(time, records, bytes.len(), |output, head| {
                write_all(&mut [IoSlice::new(head), IoSlice::new(bytes)], |slices| output.write_vectored(slices))
            });
        }
        self.begin_block(time, records, bytes.len())?;
        self.pending.extend_from_slice(bytes);
        self.relieve()
    }

    /// Writes records of the open batch as one block of so many bytes: `write` writes them, behind what it is given, to the
    /// output.
    pub fn block_by(
        &mut self,
        time: BatchTime,
        records: u64,
        length: usize,
        write: impl FnOnce(&mut W, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        self.begin_block(time, records, length)?;
        write(&mut self.output, &self.pending)?;
        self.pending.clear();
        Ok(())
    }

    fn begin_block(&mut self, time: BatchTime, records: u64, length: usize) -> io::Result<()> {
        writeln!(self.pending, "{{\"batch\":{time},\"records\":{records},\"bytes\":{length}}}")
    }

    /// Writes the end of the open batch.
    pub fn end(&mut self, end: &End) -> io::Result<()> {
        end.write(&mut self.pending);
        self.relieve()
    }

    /// Writes the close and flushes. Before the head it is the lone error line
    /// that stands for a whole stream.
    pub fn close(&mut self, close: &Close) -> io::Result<()> {
        close.write(&mut self.pending, !self.has_head);
        if !self.has_head {
            self.begin();
        }
        self.output.write_all(&self.pending)?;
        self.pending.clear();
        match self.output.flush() {
            // Whoever has read the close needs nothing more, and may have gone.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }

    /// Hands everything to the reader.
    pub fn flush(&mut self) -> io::Result<()> {
        if !self.pending.is_empty() {
            self.output.write_all(&self.pending)?;
            self.pending.clear();
        }
        self.output.flush()
    }

    fn relieve(&mut self) -> io::Result<()> {
        if self.pending.len() < PENDING { Ok(()) } else { self.flush() }
    }
}

/// Writes all by `write`, until the standard library's `write_all_vectored` is stable.
pub fn write_all(
    mut slices: &mut [IoSlice<'_>],
    mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
) -> io::Result<()> {
    // Those with no bytes.
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        match write(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut slices, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Event, FrameReader, Reason};

    #[test]
    fn what_is_written_is_read() {
        let mut out = Vec::new();
        let mut writer = FrameWriter::new(&mut out);
        let head = Head::new(10);
        let big = "\"x\"\n".repeat(5_000_000);
        let bytes = big.as_bytes();
        writer.head(&head).unwrap();
        writer.block(Block { time: BatchTime(10), records: 1, bytes: b"1\n" }).unwrap();
        writer.block(Block { time: BatchTime(10), records: 5_000_000, bytes }).unwrap();
        writer.end(&End::new(BatchTime(10), 5_000_001)).unwrap();
        writer.close(&Close::new(Reason::Eof)).unwrap();

        let mut reader = FrameReader::new(&out[..]);
        let mut records = 0;
        loop {
            match reader.next().unwrap() {
                Event::Block(block) => {
                    assert!(block.bytes.len() <= MAX_BLOCK);
                    records += block.records;
                }
                Event::Close(_) => break,
                Event::Head(got) => assert_eq!(got, head),
                Event::End(end) => assert_eq!(end.records, 5_000_001),
            }
        }
        assert_eq!(records, 5_000_001);
    }

    #[test]
    fn a_failure_before_the_head_is_one_line() {
        let mut out = Vec::new();
        FrameWriter::new(&mut out).close(&Close::error(crate::error::Exit::Usage, "no")).unwrap();
        assert_eq!(out, b"{\"sstream\":1,\"close\":\"error\",\"exit\":2,\"message\":\"no\"}\n");
    }

    #[test]
    fn what_is_announced_makes_no_difference_in_the_end() {
        let written = |write: &dyn Fn(&mut FrameWriter<&mut Vec<u8>>)| {
            let mut out = Vec::new();
            write(&mut FrameWriter::new(&mut out));
            out
        };
        assert_eq!(written(&|writer| writer.announce().unwrap()), MAGIC);
        let head = |writer: &mut FrameWriter<&mut Vec<u8>>| {
            writer.head(&Head::new(10)).unwrap();
            writer.close(&Close::new(Reason::Eof)).unwrap();
        };
        let failure = |writer: &mut FrameWriter<&mut Vec<u8>>| {
            writer.close(&Close::error(crate::error::Exit::Usage, "no")).unwrap();
        };
        for rest in [&head as &dyn Fn(&mut FrameWriter<&mut Vec<u8>>), &failure] {
            let announced = written(&|writer| {
                writer.announce().unwrap();
                rest(writer);
            });
            assert_eq!(String::from_utf8(announced), String::from_utf8(written(rest)));
        }
    }
}
