//! The watermark of several streams: the least of the sides'. A side that has none yet holds it
//! back; one whose input has ended does not any more, once its last batch was given.

use crate::frame::{End, Watermark};

/// What the sides' watermarks are, as far as their batches were given.
pub(super) struct Watermarks {
    sides: Vec<Side>,
}

#[derive(Clone, Default)]
struct Side {
    newest: Option<Watermark>,
    /// Its input has ended, though batches of it may still be to give.
    has_ended: bool,
    /// It had no batch of the newest time.
    is_absent: bool,
}

impl Watermarks {
    /// Of so many sides, none of which has given a batch.
    pub(super) fn new(sides: usize) -> Watermarks {
        Watermarks { sides: vec![Side::default(); sides] }
    }

    /// The side was closed with "eof". After a "stop" it would go on, and holds the watermark back.
    pub(super) fn finish(&mut self, side: usize) {
        self.sides[side].has_ended = true;
    }

    /// The batches of a time are given; a side that lacks it has none.
    pub(super) fn take(&mut self, ends: &[Option<End>]) {
        for (side, end) in self.sides.iter_mut().zip(ends) {
            side.is_absent = end.is_none();
            side.newest = end.as_ref().map_or(side.newest, |end| end.watermark);
        }
    }

    /// The least, if every side has one that is to have one.
    pub(super) fn least(&self) -> Option<Watermark> {
        let is_open = |side: &&Side| !(side.has_ended && side.is_absent);
        self.sides.iter().filter(is_open).map(|side| side.newest).min().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::BatchTime;

    fn end(watermark: Option<i64>) -> Option<End> {
        Some(End { watermark: watermark.map(Watermark), ..End::new(BatchTime(1000), 0) })
    }

    #[test]
    fn the_least_counts_and_a_side_without_one_holds_it_back() {
        let mut both = Watermarks::new(2);
        both.take(&[end(Some(5)), end(None)]);
        assert_eq!(both.least(), None);
        both.take(&[end(Some(9)), end(Some(-3))]);
        assert_eq!(both.least(), Some(Watermark(-3)));
        both.take(&[None, end(Some(20))]);
        assert_eq!(both.least(), Some(Watermark(9)), "a side that begins again, or is late");
    }

    #[test]
    fn a_side_that_is_over_counts_until_its_last_batch_is_given() {
        let mut both = Watermarks::new(2);
        both.finish(0);
        both.take(&[end(Some(5)), end(Some(7))]);
        assert_eq!(both.least(), Some(Watermark(5)));
        both.take(&[None, end(Some(8))]);
        assert_eq!(both.least(), Some(Watermark(8)));
    }
}
