//! The window's records themselves.

use super::Panes;
use crate::frame::{BatchTime, Block};
use crate::op::{OpError, Out};
use crate::spool::Spool;

/// Keeps the records of the panes.
pub struct Plain {
    /// In place of a batch's time each record has its pane's number: a batch
    /// may have several panes.
    held: Spool,
    /// The numbers of the oldest pane and of the open one.
    oldest: u64,
    open: u64,
}

impl Plain {
    /// Keeps at most about `memory` bytes of records in memory, the rest on
    /// disk.
    pub fn new(memory: usize) -> Plain {
        Plain { held: Spool::new(memory), oldest: 0, open: 0 }
    }
}

impl Panes for Plain {
    fn block(&mut self, block: Block<'_>, _out: &mut Out<'_>) -> Result<(), OpError> {
        Ok(self.held.append(Block { time: BatchTime(self.open), ..block })?)
    }

    fn end_pane(&mut self, _out: &mut Out<'_>) -> Result<(), OpError> {
        self.open += 1;
        Ok(())
    }

    fn evict(&mut self, _out: &mut Out<'_>) -> Result<(), OpError> {
        self.held.discard_through(BatchTime(self.oldest));
        self.oldest += 1;
        Ok(())
    }

    fn give(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut blocks = self.held.blocks();
        while let Some(block) = blocks.next()? {
            out.records(block.records, block.bytes);
        }
        Ok(())
    }

    fn give_one(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        let array = out.buffer();
        let start = array.len();
        array.push(b'[');
        let mut blocks = self.held.blocks();
        while let Some(block) = blocks.next()? {
            // Newlines stand between records and nowhere else.
            array.extend(block.bytes.iter().map(|byte| if *byte == b'\n' { b',' } else { *byte }));
        }
        if array.len() > start + 1 {
            array.pop();
        }
        array.push(b']');
        out.finish_record();
        Ok(())
    }
}
