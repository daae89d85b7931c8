//! Windows of time: a pane is a batch.

use std::collections::VecDeque;

use super::Panes;
use crate::frame::{BatchTime, Block, Close, Head, Reason};
use crate::op::{OpError, Operator, Out};
use crate::window::Span;

/// Slides a window of some length over the batches.
pub struct TimeWindow {
    panes: Box<dyn Panes>,
    length_ms: u64,
    /// The input's interval if left out.
    slide_ms: Option<u64>,
    span: Span,
    /// The batches that `panes` holds.
    batches: VecDeque<BatchTime>,
    last: Option<BatchTime>,
    /// A batch has come that no window held yet.
    has_unseen: bool,
    has_checkpoint: bool,
}

impl TimeWindow {
    /// A window of `length_ms` that comes out every `slide_ms`, by default at
    /// every batch.
    pub fn new(length_ms: u64, slide_ms: Option<u64>, panes: Box<dyn Panes>) -> TimeWindow {
        TimeWindow {
            panes,
            length_ms,
            slide_ms,
            span: Span { length_ms, slide_ms: slide_ms.unwrap_or(length_ms) },
            batches: VecDeque::new(),
            last: None,
            has_unseen: false,
            has_checkpoint: false,
        }
    }

    /// Whether a window that is still to come holds this batch. Where slides
    /// leave gaps, some batches are in none.
    fn is_wanted(&self, time: BatchTime) -> bool {
        self.span.holds(self.span.next_due(time), time)
    }

    fn give(&mut self, due: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.evict(due, out)?;
        out.set_time(due);
        self.panes.give(out)?;
        out.end(due);
        self.has_unseen = false;
        Ok(())
    }

    /// Lets go of what the window at `due` does not hold.
    fn evict(&mut self, due: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        while self.batches.front().is_some_and(|batch| !self.span.holds(due, *batch)) {
            self.batches.pop_front();
            self.panes.evict(out)?;
        }
        Ok(())
    }
}

impl Operator for TimeWindow {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.span = Span::new(self.length_ms, self.slide_ms, head.interval_ms).map_err(OpError::Usage)?;
        self.has_checkpoint = head.other.contains_key("checkpoint");
        head.interval_ms = self.span.slide_ms;
        Ok(())
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.is_wanted(block.time) { self.panes.block(block, out) } else { Ok(()) }
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.last = Some(time);
        if self.is_wanted(time) {
            self.has_unseen = true;
            self.panes.end_pane(out)?;
            self.batches.push_back(time);
        }
        if self.span.is_due(time) {
            self.give(time, out)?;
        }
        self.evict(self.span.next_due(BatchTime(time.0 + 1)), out)
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        // After a stop a checkpoint goes on, with this window still filling.
        let is_final = !self.has_checkpoint || close.reason == Reason::Eof;
        match self.last {
            Some(last) if self.has_unseen && is_final => self.give(self.span.next_due(last), out)?,
            _ => {}
        }
        self.panes.close()
    }
}
