//! The stream format: batch-tagged JSON lines. The only place that knows the wire.
//!
//! A framed stream is UTF-8 JSON Lines: every line, control or data, is one JSON
//! value, so `jq -c .` reads all of it. Control lines are JSON objects that begin
//! with exactly one of these:
//!
//! ```text
//! {"sstream":1,"interval":10000,"stages":["source tcp localhost:9999"]}   head: once, the first line
//! {"batch":1469283110000,"records":2,"bytes":68}                          block: the next 68 bytes are
//! "[ERROR] Directory index forbidden"                                       2 records, a JSON value
//! "[ERROR] Client sent malformed"                                           and \n each
//! {"end":1469283110000,"records":2}                                       end of that batch
//! {"close":"eof"}                                                         end of the stream
//! ```
//!
//! - **head**: the format's version, the interval between the batches in
//!   milliseconds, and what each stage so far was. With `calendar`, as `1d,Europe/Berlin`, batches
//!   end where the calendar of that zone has it, and the interval says only about how far they are
//!   apart. Unknown keys are passed on.
//! - **block**: whole records of one batch, at least one, at most [`MAX_BLOCK`]
//!   bytes of them or one longer record. A batch has any number of blocks, and
//!   blocks of two batches never interleave. Unknown keys are dropped.
//! - **end**: closes a batch with its total over all blocks; an empty batch has
//!   an end too, since ends are the only clock that later stages have. With
//!   `watermark`, how far the records' own time has come, in milliseconds since the
//!   epoch; it never goes back, and does not vanish again. Unknown keys are passed
//!   on to the end made from it.
//! - **close**: why the stream ended. One with `"error"` may stand inside a
//!   batch and makes that batch void. A tool that fails before its head writes
//!   `{"sstream":1,"close":"error",…}` alone.
//!
//! The first bytes, [`MAGIC`], are written as soon as a tool starts, long before it has a
//! head to write: input with no byte at all is empty, and input that ends behind these was cut off.
//!
//! Batch times are the END of the batch's interval, in milliseconds since the
//! Unix epoch, each a multiple of the interval and one interval after the one
//! before (by a calendar: each where a day, say, ends, and the next such moment after
//! the one before): no gaps, no repeats. A stream that stops without a close was cut off.

mod control;
pub mod keys;
mod read;
mod write;

pub use control::{BatchTime, Close, Control, End, Head, Reason, VERSION, Watermark};
pub use read::{Event, FrameError, FrameReader};
pub use write::FrameWriter;
pub(crate) use write::write_all;

use wide::u8x16;

/// The longest payload of one block, in bytes; a single longer record still
/// makes a block of its own.
pub const MAX_BLOCK: usize = 16 << 20;

/// What a framed stream begins with, and nothing else does.
pub const MAGIC: &[u8] = b"{\"sstream\":";

/// Records of one batch: `records` JSON values with a newline each.
///
/// ```
/// use sstream::connect::{BatchTime, Block};
///
/// let block = Block { time: BatchTime(1000), records: 2, bytes: b"\"a\"\n[1,2]\n" };
/// assert!(block.iter().eq([&b"\"a\""[..], b"[1,2]"]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// The batch that the records belong to.
    pub time: BatchTime,
    /// How many records there are, at least one.
    pub records: u64,
    /// The records, each ended by a newline.
    pub bytes: &'a [u8],
}

impl<'a> Block<'a> {
    /// The records, without their newlines.
    pub fn iter(&self) -> Records<'a> {
        Records { bytes: self.bytes, start: 0, unsearched: 0, newlines: 0 }
    }
}

/// A [`Block`] in a buffer of its own, which its taker may keep, leaving another one in its place, whose bytes say nothing.
///
/// ```
/// use sstream::connect::{BatchTime, OwnBlock};
///
/// let mut buffer = b"\"a\"\n".to_vec();
/// let own = OwnBlock { time: BatchTime(1000), records: 1, bytes: &mut buffer };
/// assert!(own.block().iter().eq([b"\"a\""]));
/// let kept = std::mem::take(own.bytes);
/// assert!(kept == b"\"a\"\n" && buffer.is_empty());
/// ```
#[derive(Debug)]
pub struct OwnBlock<'a> {
    /// As of a [`Block`].
    pub time: BatchTime,
    /// As of a [`Block`].
    pub records: u64,
    /// As of a [`Block`].
    pub bytes: &'a mut Vec<u8>,
}

impl OwnBlock<'_> {
    /// What is in it.
    pub fn block(&self) -> Block<'_> {
        Block { time: self.time, records: self.records, bytes: self.bytes }
    }
}

impl<'a> IntoIterator for Block<'a> {
    type Item = &'a [u8];
    type IntoIter = Records<'a>;

    fn into_iter(self) -> Records<'a> {
        self.iter()
    }
}

/// Iterator over the records of a block. Newlines are found 64 bytes at a time:
/// most records are so short that a search for each would cost more than what
/// is done with it.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    bytes: &'a [u8],
    /// Where the next record begins.
    start: usize,
    /// Where the bytes begin that have not been searched.
    unsearched: usize,
    /// The newlines among the 64 bytes before, the first at the lowest bit.
    newlines: u64,
}

/// The bytes that are searched at once.
const SEARCHED: usize = u64::BITS as usize;

impl<'a> Iterator for Records<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        while self.newlines == 0 {
            let Some(rest) = self.bytes.get(self.unsearched..).filter(|rest| !rest.is_empty()) else {
                return self.unended();
            };
            self.newlines = match rest.first_chunk() {
                Some(chunk) => newlines(chunk),
                None => newlines(&padded(rest)),
            };
            self.unsearched += SEARCHED;
        }
        let end = self.unsearched - SEARCHED + self.newlines.trailing_zeros() as usize;
        self.newlines &= self.newlines - 1;
        let record = &self.bytes[self.start..end];
        self.start = end + 1;
        Some(record)
    }
}

impl<'a> Records<'a> {
    /// What is left behind the last newline.
    #[cold]
    fn unended(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.start..).filter(|rest| !rest.is_empty());
        self.start = self.bytes.len();
        rest
    }
}

/// The newlines among some bytes, the first at the lowest bit.
#[inline]
fn newlines(bytes: &[u8; SEARCHED]) -> u64 {
    const WIDTH: usize = 16;
    let newline = u8x16::splat(b'\n');
    let mut found = 0;
    for (index, bytes) in bytes.as_chunks::<WIDTH>().0.iter().enumerate() {
        found |= u64::from(u8x16::new(*bytes).simd_eq(newline).to_bitmask()) << (index * WIDTH);
    }
    found
}

/// Fewer bytes, with zeros behind.
#[cold]
fn padded(bytes: &[u8]) -> [u8; SEARCHED] {
    let mut padded = [0; SEARCHED];
    padded[..bytes.len()].copy_from_slice(bytes);
    padded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn records_are_what_stands_between_newlines(
            records in prop::collection::vec("[a-z]{0,90}", 0..20),
            is_ended: bool,
        ) {
            let mut bytes = records.join("\n");
            if is_ended && !records.is_empty() {
                bytes.push('\n');
            }
            let expected: Vec<&[u8]> = bytes.as_bytes().split_inclusive(|&byte| byte == b'\n')
                .map(|record| record.strip_suffix(b"\n").unwrap_or(record)).collect();
            let block = Block { time: BatchTime(0), records: 0, bytes: bytes.as_bytes() };
            prop_assert_eq!(block.iter().collect::<Vec<_>>(), expected);
        }
    }
}
