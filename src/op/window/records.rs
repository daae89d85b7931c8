//! Windows of records: after every SLIDE records of the stream the newest
//! LENGTH are a window, whose result goes into the batch of the last of them.

use super::Panes;
use super::row::Row;
use crate::frame::{BatchTime, Block, Close, Head, Reason};
use crate::op::durable::Durable;
use crate::op::{Held, OpError, Operator, Out};
use crate::window::greatest_common_divisor;

/// Slides a window of some records over the stream.
pub struct RecordWindow {
    /// Marked by how many records came until the panes' ends.
    row: Row,
    length: u64,
    slide: u64,
    /// How many records a pane has at most: no window cuts through one. It also
    /// ends with its batch, so that between batches no pane is open.
    pane: u64,
    has_open_pane: bool,
}

impl RecordWindow {
    /// A window of the newest `length` records after every `slide` records.
    pub fn new(length: u64, slide: u64, panes: Box<dyn Panes>) -> RecordWindow {
        let pane = greatest_common_divisor(length, slide);
        RecordWindow { row: Row::new(panes), length, slide, pane, has_open_pane: false }
    }

    /// Where the next window ends, which may be here.
    fn next_window(&self) -> u64 {
        self.row.progress.position.div_ceil(self.slide) * self.slide
    }

    /// The open pane is complete; lets go of those that the next window, which
    /// may be the one that ends here, does not hold.
    fn end_pane(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.has_open_pane = false;
        self.row.end_pane(self.row.progress.position, out)?;
        self.evict(out)
    }

    fn evict(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        let (length, next) = (self.length, self.next_window());
        self.row.evict(|pane| pane + length <= next, out)
    }
}

impl Operator for RecordWindow {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.row.head(head);
        Ok(())
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut rest = block;
        while rest.records > 0 {
            let room = self.pane - self.row.progress.position % self.pane;
            let (piece, after) = split(rest, room.min(rest.records));
            self.row.panes.block(piece, out)?;
            self.has_open_pane = true;
            self.row.progress.position += piece.records;
            if self.row.progress.position.is_multiple_of(self.pane) {
                self.end_pane(out)?;
            }
            if self.row.progress.position.is_multiple_of(self.slide) {
                self.row.panes.give_one(out)?;
            }
            rest = after;
        }
        Ok(())
    }

    fn held(&self) -> Option<Held> {
        Some(self.row.panes.held())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.has_open_pane {
            self.end_pane(out)?;
        }
        self.row.progress.last = time;
        self.row.progress.is_closed = false;
        out.holds(self.row.panes.held());
        out.end(time);
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        let next = self.next_window();
        if close.reason == Reason::Eof && self.row.progress.position != next {
            // The rest is the window that the next slide would have given, in a
            // batch of its own. A run that goes on begins after both, as if the
            // records had come that were missing.
            let time = self.row.progress.last.after(self.row.interval());
            out.set_time(time);
            self.row.panes.give_one(out)?;
            out.end(time);
            self.row.progress.last = time;
            self.row.progress.position = next;
        }
        self.row.progress.is_closed = true;
        self.row.panes.close()
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(&mut self.row)
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
