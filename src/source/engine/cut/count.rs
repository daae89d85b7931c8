//! Batches by count: one ends when it has so many records.
//!
//! Its time is its number, in intervals since the epoch: no moment, so that the clock is a virtual one. There
//! is no empty batch, and nothing that is missed.

use std::time::Duration;

/// When a batch is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// With so many records.
    pub records: u64,
    /// Or so long after the first of them came.
    pub at_most: Option<Duration>,
}

/// The open batch of so many.
#[derive(Debug)]
pub(super) struct Counted {
    count: Count,
    records: u64,
    /// When the first of them came (monotonic).
    opened: Duration,
}

impl Counted {
    pub fn new(count: Count) -> Counted {
        Counted { count, records: 0, opened: Duration::ZERO }
    }

    /// How many records it still takes.
    pub fn room(&self) -> u64 {
        self.count.records.saturating_sub(self.records)
    }

    /// So many have come.
    pub fn took(&mut self, records: u64, now: Duration) {
        if self.records == 0 {
            self.opened = now;
        }
        self.records += records;
    }

    /// Whether it is full.
    pub fn is_full(&self, now: Duration) -> bool {
        self.room() == 0 || self.records > 0 && self.wait(now).is_zero()
    }

    /// How long until it is, if nothing more comes.
    pub fn wait(&self, now: Duration) -> Duration {
        match self.count.at_most {
            Some(at_most) if self.records > 0 => (self.opened + at_most).saturating_sub(now),
            _ => Duration::MAX,
        }
    }

    /// The next one is open.
    pub fn end_batch(&mut self) {
        self.records = 0;
    }
}
