//! `window … count` (the rest follows with the aggregations).

use std::collections::VecDeque;

use super::{OpError, Operator, Out};
use crate::frame::{BatchTime, Block, Close, Head};
use crate::window::Span;

/// Counts the records of a window.
pub struct WindowCount {
    length_ms: u64,
    slide_ms: Option<u64>,
    span: Span,
    open: u64,
    batches: VecDeque<(BatchTime, u64)>,
    sum: u64,
    unseen: bool,
    last: BatchTime,
}

impl WindowCount {
    /// Length and slide in ms; the slide is the input's interval if left out.
    pub fn new(length_ms: u64, slide_ms: Option<u64>) -> WindowCount {
        let span = Span { length_ms, slide_ms: slide_ms.unwrap_or(1) };
        WindowCount {
            length_ms,
            slide_ms,
            span,
            open: 0,
            batches: VecDeque::new(),
            sum: 0,
            unseen: false,
            last: BatchTime(0),
        }
    }

    fn emit(&mut self, time: BatchTime, out: &mut Out<'_>) {
        while self.batches.front().is_some_and(|(batch, _)| !self.span.holds(time, *batch)) {
            self.sum -= self.batches.pop_front().map_or(0, |(_, records)| records);
        }
        out.set_time(time);
        out.record(self.sum.to_string().as_bytes());
        out.end(time);
        self.unseen = false;
    }
}

impl Operator for WindowCount {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.span = Span::new(self.length_ms, self.slide_ms, head.interval_ms).map_err(OpError::Usage)?;
        head.interval_ms = self.span.slide_ms;
        Ok(())
    }

    fn block(&mut self, block: Block<'_>, _out: &mut Out<'_>) -> Result<(), OpError> {
        self.open += block.records;
        Ok(())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.sum += self.open;
        self.batches.push_back((time, std::mem::take(&mut self.open)));
        (self.unseen, self.last) = (true, time);
        if self.span.is_due(time) {
            self.emit(time, out);
        }
        Ok(())
    }

    fn close(&mut self, _close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        let due = self.span.next_due(self.last);
        if self.unseen && self.span.holds(due, self.last) {
            self.emit(due, out);
        }
        Ok(())
    }
}
