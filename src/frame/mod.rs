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
//!   milliseconds, and what each stage so far was. Unknown keys are passed on.
//! - **block**: whole records of one batch, at least one, at most [`MAX_BLOCK`]
//!   bytes of them or one longer record. A batch has any number of blocks, and
//!   blocks of two batches never interleave. Unknown keys are dropped.
//! - **end**: closes a batch with its total over all blocks; an empty batch has
//!   an end too, since ends are the only clock that later stages have. Unknown
//!   keys are passed on to the end made from it.
//! - **close**: why the stream ended. One with `"error"` may stand inside a
//!   batch and makes that batch void. A tool that fails before its head writes
//!   `{"sstream":1,"close":"error",…}` alone.
//!
//! Batch times are the END of the batch's interval, in milliseconds since the
//! Unix epoch, each a multiple of the interval and one interval after the one
//! before: no gaps, no repeats. A stream that stops without a close was cut off.

mod control;
mod read;
mod write;

pub use control::{BatchTime, Close, Control, End, Head, Reason, VERSION};
pub use read::{Event, FrameError, FrameReader};
pub use write::FrameWriter;

/// The longest payload of one block, in bytes; a single longer record still
/// makes a block of its own.
pub const MAX_BLOCK: usize = 16 << 20;

/// What a framed stream begins with, and nothing else does.
pub const MAGIC: &[u8] = b"{\"sstream\":";

/// Records of one batch: `records` JSON values with a newline each.
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
        Records { rest: self.bytes }
    }
}

impl<'a> IntoIterator for Block<'a> {
    type Item = &'a [u8];
    type IntoIter = Records<'a>;

    fn into_iter(self) -> Records<'a> {
        self.iter()
    }
}

/// Iterator over the records of a block.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Records<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.rest).unwrap_or(self.rest.len());
        let record = &self.rest[..end];
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        Some(record)
    }
}
