//! Windows of time: a pane is a batch.

use super::Panes;
use super::row::Row;
use crate::frame::{BatchTime, Block, Close, Head, Reason};
use crate::interval::Extent;
use crate::op::durable::Durable;
use crate::op::{Held, OpError, Operator, Out};
use crate::window::Span;

/// Slides a window of some length over the batches.
pub struct TimeWindow {
    /// Marked by the times of the batches; those without a record have no pane.
    row: Row,
    length: Extent,
    /// The input's interval if left out.
    slide: Option<Extent>,
    span: Span,
    /// The open batch has a record that some window will hold.
    has_records: bool,
    has_checkpoint: bool,
}

impl TimeWindow {
    /// A window of `length` that comes out every `slide`, by default at
    /// every batch.
    pub fn new(length: Extent, slide: Option<Extent>, panes: Box<dyn Panes>) -> TimeWindow {
        TimeWindow {
            row: Row::new(panes),
            length,
            slide,
            span: Span::default(),
            has_records: false,
            has_checkpoint: false,
        }
    }

    /// Whether a window that is still to come holds this batch. Where slides
    /// leave gaps, some batches are in none.
    fn is_wanted(&self, time: BatchTime) -> bool {
        self.span.held_at(self.span.next_due(time)).has(time)
    }

    /// Whether a batch has come that no window held yet: if any, the newest is
    /// one.
    fn has_unseen(&self) -> bool {
        let last = self.row.progress.last;
        last > BatchTime(0) && !self.span.is_due(last) && self.is_wanted(last)
    }

    fn give(&mut self, due: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.evict(due, out)?;
        out.set_time(due);
        self.row.panes.give(out)?;
        out.holds(self.row.panes.held());
        out.end(due);
        Ok(())
    }

    /// Lets go of what the window at `due` does not hold.
    fn evict(&mut self, due: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let held = self.span.held_at(due);
        self.row.evict(|time| !held.has(BatchTime(time)), out)
    }

    /// The first window after `time` will not hold all that is here.
    fn evict_after(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.evict(self.span.next_due(BatchTime(time.0 + 1)), out)
    }
}

impl Operator for TimeWindow {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.span = Span::new(self.length, self.slide, head.interval).map_err(OpError::Usage)?;
        self.has_checkpoint = head.checkpoint().is_some();
        self.row.head(head);
        head.interval = self.span.slide();
        Ok(())
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        if !self.is_wanted(block.time) {
            return Ok(());
        }
        self.has_records = true;
        self.row.panes.block(block, out)
    }

    fn held(&self) -> Option<Held> {
        Some(self.row.panes.held())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.row.progress.last = time;
        self.row.progress.is_closed = false;
        if std::mem::take(&mut self.has_records) {
            self.row.end_pane(time.0, out)?;
        }
        if self.span.is_due(time) {
            self.give(time, out)?;
        }
        self.evict_after(time, out)
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        // After a stop a checkpoint goes on, with this window still filling.
        let is_final = !self.has_checkpoint || close.reason == Reason::Eof;
        if is_final && self.has_unseen() {
            let due = self.span.next_due(self.row.progress.last);
            self.give(due, out)?;
            // A run that goes on begins with batches after that one.
            self.row.progress.last = due;
            self.evict_after(due, out)?;
        }
        self.row.progress.is_closed = true;
        self.row.panes.close()
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(&mut self.row)
    }
}
