//! The delays of a batch, as Spark defines them, from the moments at which the
//! stages were done with it.
//!
//! - **total delay**: from the batch's time to the moment when the last stage
//!   was done with it;
//! - **scheduling delay**: the part of it in which the batch waited: for the
//!   source to cut it, and before each stage that was still at the batch before;
//! - **processing time**: the rest.
//!
//! With one stage behind the source this is Spark's definition to the letter:
//! processing starts when the batch before is done, and the scheduling delay is
//! the time from the batch's time to that. Stages of a pipeline work on several
//! batches at once, so here a batch can wait in several places, and the waits on
//! its longest way add up.
//!
//! Under a virtual clock a batch's time says nothing about the moment, so delays
//! count from when the first stage was done with it.

use super::shape::{Entry, Stage};

/// The delays of one batch, in ms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Delays {
    /// Waiting.
    pub scheduling_ms: f64,
    /// Working.
    pub processing_ms: f64,
}

impl Delays {
    /// From the batch's time to the last stage's finish.
    pub fn total_ms(self) -> f64 {
        self.scheduling_ms + self.processing_ms
    }
}

/// Computes the delays of a batch. `before` are the entries of the batch before,
/// empty if there is none. `time_ms` is the batch's time, none under a virtual
/// clock.
pub fn delays(stages: &[Stage], entries: &[Entry], before: &[Entry], time_ms: Option<u64>) -> Delays {
    let Some(last) = entries.len().checked_sub(1) else { return Delays::default() };
    // Back from the last stage, always to the input that was done last.
    let mut delays = Delays::default();
    let mut index = last;
    loop {
        let finished = entries[index].finished_ms;
        let input = stages
            .get(index)
            .into_iter()
            .flat_map(|stage| &stage.inputs)
            .copied()
            .filter(|input| *input < index)
            .max_by_key(|input| entries[*input].finished_ms);
        let Some(input) = input else {
            // A source works while its batch fills: what is late is the cut.
            delays.scheduling_ms += time_ms.map_or(0, |time| finished.saturating_sub(time)) as f64;
            return delays;
        };
        let arrived = entries[input].finished_ms.max(time_ms.unwrap_or(0));
        let was_free = before.get(index).map_or(0, |entry| entry.finished_ms);
        let started = arrived.max(was_free).min(finished.max(arrived));
        delays.scheduling_ms += (started - arrived) as f64;
        delays.processing_ms += finished.saturating_sub(started) as f64;
        index = input;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::shape::stages;
    use serde_json::json;

    fn entry(finished_ms: u64) -> Entry {
        Entry { finished_ms, ..Entry::default() }
    }

    fn entries(finished: &[u64]) -> Vec<Entry> {
        finished.iter().copied().map(entry).collect()
    }

    fn line() -> Vec<Stage> {
        stages(json!(["source", "map", "sink"]).as_array().unwrap())
    }

    #[track_caller]
    fn check(finished: &[u64], before: &[u64], time: Option<u64>, scheduling: f64, processing: f64) {
        let delays = delays(&line(), &entries(finished), &entries(before), time);
        assert_eq!((delays.scheduling_ms, delays.processing_ms), (scheduling, processing));
    }

    #[test]
    fn a_pipeline_that_keeps_up_has_no_scheduling_delay() {
        check(&[1000, 1300, 1301], &[0, 300, 301], Some(1000), 0.0, 301.0);
    }

    #[test]
    fn a_slow_stage_makes_the_next_batch_wait() {
        // The map takes 3 s: it begins the batch 2000 when it is done with 1000.
        check(&[1000, 4000, 4001], &[], Some(1000), 0.0, 3001.0);
        check(&[2000, 7000, 7001], &[1000, 4000, 4001], Some(2000), 2000.0, 3001.0);
        check(&[3000, 10_000, 10_001], &[2000, 7000, 7001], Some(3000), 4000.0, 3001.0);
    }

    #[test]
    fn a_late_cut_is_a_scheduling_delay() {
        check(&[2500, 2600, 2600], &[1000, 1001, 1002], Some(2000), 500.0, 100.0);
    }

    #[test]
    fn a_batch_that_ended_early_has_no_negative_delay() {
        // The last batch of an input that ended is closed at once.
        check(&[1400, 1410, 1411], &[], Some(2000), 0.0, 0.0);
    }

    #[test]
    fn a_virtual_clock_counts_from_the_source() {
        check(&[5000, 5300, 5301], &[4000, 5100, 5101], None, 100.0, 201.0);
    }

    #[test]
    fn a_join_goes_by_its_later_side() {
        let stages = stages(json!([["a"], ["b"], "join"]).as_array().unwrap());
        let found = delays(&stages, &entries(&[1000, 1800, 1900]), &entries(&[0, 800, 850]), Some(1000));
        assert_eq!((found.scheduling_ms, found.processing_ms), (800.0, 100.0));
    }
}
