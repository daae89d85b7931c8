//! Sums over all batches of a pipeline.

use super::{Batch, Facts};
use crate::monitor::delays::Delays;
use crate::monitor::shape::Entry;

/// Upper bounds of delays for counting batches, in ms.
pub const DELAY_BOUNDS_MS: [f64; 14] =
    [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1e3, 2.5e3, 5e3, 1e4, 6e4];

/// Batches by the first bound that they are within; the last count is of those
/// beyond all bounds.
pub type DelayCounts = [u64; DELAY_BOUNDS_MS.len() + 1];

/// Sums since the first end.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Ends.
    pub batches: u64,
    /// Records that the first stages took in.
    pub input: u64,
    /// Delays of all batches, in ms.
    pub delays: Delays,
    /// Batches by scheduling delay.
    pub scheduling: DelayCounts,
    /// Batches by processing time.
    pub processing: DelayCounts,
    /// Batches by total delay.
    pub total: DelayCounts,
    /// Batches whose total delay was longer than the interval.
    pub late: u64,
    /// Each stage's parts, summed; `finished_ms` is the latest.
    pub stages: Vec<Entry>,
}

impl Totals {
    /// Adds a batch; whether it was late is not known here.
    pub(super) fn add(&mut self, batch: &Batch, facts: &Facts) {
        self.batches += 1;
        self.input += batch.input(facts);
        self.delays.scheduling_ms += batch.delays.scheduling_ms;
        self.delays.processing_ms += batch.delays.processing_ms;
        for (counts, delay_ms) in [
            (&mut self.scheduling, batch.delays.scheduling_ms),
            (&mut self.processing, batch.delays.processing_ms),
            (&mut self.total, batch.delays.total_ms()),
        ] {
            counts[DELAY_BOUNDS_MS.partition_point(|bound| *bound < delay_ms)] += 1;
        }
        self.stages.resize(self.stages.len().max(batch.entries.len()), Entry::default());
        for (sum, entry) in self.stages.iter_mut().zip(&batch.entries) {
            sum.records_in += entry.records_in;
            sum.records_out += entry.records_out;
            sum.aside += entry.aside;
            sum.busy_ms += entry.busy_ms;
            sum.finished_ms = sum.finished_ms.max(entry.finished_ms);
        }
    }
}
