//! The window's records themselves.
//!
//! A saved chunk is a number of records (see [`saved`](crate::agg::saved)), then
//! the records, each with a newline.

use std::io;

use super::{Panes, damaged};
use crate::agg::saved::{push_number, take_number};
use crate::frame::{BatchTime, Block};
use crate::op::{Held, OpError, Out};
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

    fn held(&self) -> Held {
        Held { keys: None, records: Some(self.held.records()), bytes: self.held.bytes() }
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

    fn save(&mut self, pane: usize, chunk: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let batch = self.held.batch(BatchTime(self.oldest + pane as u64));
        let (mut saved, mut from_disk) = (Vec::new(), Vec::new());
        for index in 0..batch.blocks() {
            let block = batch.block(index, &mut from_disk).map_err(io::Error::other)?;
            saved.clear();
            push_number(block.records, &mut saved);
            saved.extend_from_slice(block.bytes);
            chunk(&saved);
        }
        Ok(())
    }

    fn load(&mut self, is_first: bool, mut chunk: &[u8]) -> Result<(), OpError> {
        let records = take_number(&mut chunk).unwrap_or(0);
        if records == 0 || chunk.last() != Some(&b'\n') || memchr::memchr_iter(b'\n', chunk).count() as u64 != records {
            return Err(damaged("the records of a window"));
        }
        self.open += u64::from(is_first);
        Ok(self.held.append(Block { time: BatchTime(self.open - 1), records, bytes: chunk })?)
    }

    fn unload(&mut self) {
        self.held.discard_through(BatchTime(self.oldest));
        self.oldest += 1;
    }

    fn finish_load(&mut self, combined: usize) -> Result<(), OpError> {
        if combined == 0 { Ok(()) } else { Err(damaged("records of a window are combined")) }
    }
}
