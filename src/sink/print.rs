//! What Spark's `print` prints, byte for byte: `DStream.print` of Spark 3.5.

use std::io::Write;

use super::{Sink, form};
use crate::frame::{BatchTime, Block};
use crate::stage::OutletError;

/// Shows the first records of each batch.
pub struct Print<W> {
    output: W,
    /// How many records of a batch are shown.
    limit: u64,
    /// Where it goes, for messages.
    what: &'static str,
    shown: Vec<u8>,
    seen: u64,
}

impl<W: Write> Print<W> {
    /// Shows at most `limit` records a batch, 10 in Spark.
    pub fn new(output: W, what: &'static str, limit: u64) -> Print<W> {
        Print { output, limit, what, shown: Vec::new(), seen: 0 }
    }
}

impl<W: Write> Sink for Print<W> {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        let left = self.limit.saturating_sub(self.seen);
        for record in block.iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            form::push_shown(record, &mut self.shown);
            self.shown.push(b'\n');
        }
        self.seen += block.records;
        Ok(())
    }

    fn end(&mut self, time: BatchTime, _records: u64) -> Result<(), OutletError> {
        const RULE: &str = "-------------------------------------------";
        let mut text = format!("{RULE}\nTime: {time} ms\n{RULE}\n").into_bytes();
        text.append(&mut self.shown);
        if self.seen > self.limit {
            text.extend_from_slice(b"...\n");
        }
        text.push(b'\n');
        self.seen = 0;
        self.output.write_all(&text).map_err(|error| OutletError::write(self.what, error))
    }
}
