//! Windows of records: after every SLIDE records of the stream the newest
//! LENGTH are a window, whose result goes into the batch of the last of them.

use std::collections::VecDeque;

use super::Panes;
use crate::frame::{BatchTime, Block, Close, Head, Reason};
use crate::op::{OpError, Operator, Out};
use crate::window::greatest_common_divisor;

/// Slides a window of some records over the stream.
pub struct RecordWindow {
    panes: Box<dyn Panes>,
    length: u64,
    slide: u64,
    /// How many records a pane has: no window cuts through one.
    pane: u64,
    /// How many records came, and where the panes that are held end.
    position: u64,
    ends: VecDeque<u64>,
    interval_ms: u64,
    last: BatchTime,
}

impl RecordWindow {
    /// A window of the newest `length` records after every `slide` records.
    pub fn new(length: u64, slide: u64, panes: Box<dyn Panes>) -> RecordWindow {
        let pane = greatest_common_divisor(length, slide);
        RecordWindow {
            panes,
            length,
            slide,
            pane,
            position: 0,
            ends: VecDeque::new(),
            interval_ms: 1,
            last: BatchTime::default(),
        }
    }

    /// The open pane is complete; lets go of those that the next window, which
    /// may be the one that ends here, does not hold.
    fn end_pane(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.ends.push_back(self.position);
        self.panes.end_pane(out)?;
        let next = self.position.div_ceil(self.slide) * self.slide;
        while self.ends.front().is_some_and(|pane| pane + self.length <= next) {
            self.ends.pop_front();
            self.panes.evict(out)?;
        }
        Ok(())
    }
}

impl Operator for RecordWindow {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.interval_ms = head.interval_ms;
        Ok(())
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut rest = block;
        while rest.records > 0 {
            let room = self.pane - self.position % self.pane;
            let (piece, after) = split(rest, room.min(rest.records));
            self.panes.block(piece, out)?;
            self.position += piece.records;
            if self.position.is_multiple_of(self.pane) {
                self.end_pane(out)?;
            }
            if self.position.is_multiple_of(self.slide) {
                self.panes.give_one(out)?;
            }
            rest = after;
        }
        Ok(())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.last = time;
        out.end(time);
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        if close.reason != Reason::Eof || self.position.is_multiple_of(self.slide) {
            return self.panes.close();
        }
        // The rest is the window that the next slide would have given, in a
        // batch of its own.
        let time = self.last.after(self.interval_ms);
        out.set_time(time);
        if !self.position.is_multiple_of(self.pane) {
            self.end_pane(out)?;
        }
        self.panes.give_one(out)?;
        out.end(time);
        self.panes.close()
    }
}

/// The first records of a block, at most as many as it has, and the rest.
fn split(block: Block<'_>, records: u64) -> (Block<'_>, Block<'_>) {
    let end = if records == block.records {
        block.bytes.len()
    } else {
        let newline = memchr::memchr_iter(b'\n', block.bytes).nth(records.saturating_sub(1) as usize);
        newline.map_or(block.bytes.len(), |at| at + 1)
    };
    let (bytes, rest) = block.bytes.split_at(end);
    (Block { records, bytes, ..block }, Block { records: block.records - records, bytes: rest, ..block })
}
