//! `--backpressure`: the rate that the pipeline behind a source keeps up with, by
//! Spark's [`PidRateEstimator`].
//!
//! Under a checkpoint a batch is processed when it is committed; without one, when
//! the pipe has taken it. A pipeline that keeps up is not slowed down, however
//! unevenly records come: a rate is set only when batches take longer than their
//! interval, and it is lifted when it holds nothing back any more.

use std::collections::VecDeque;

use crate::checkpoint::survey::Commit;
use crate::source::engine::rate_limit::{Gains, PidRateEstimator, Processed};

/// So many batches without a commit are remembered.
const REMEMBERED: usize = 10_000;

/// Finds the rate.
#[derive(Clone, Debug)]
pub struct Backpressure {
    estimator: PidRateEstimator,
    interval_ms: u64,
    is_set: bool,
}

impl Backpressure {
    /// For batches of this interval, with Spark's gains.
    pub fn new(interval_ms: u64) -> Backpressure {
        let estimator = PidRateEstimator::new(interval_ms, Gains::default());
        Backpressure { estimator, interval_ms, is_set: false }
    }

    /// Records were processed; `was_held_back` says whether the rate that is set kept
    /// some away since the last time. Returns the new rate (none: no limit) if it changes.
    pub fn processed(&mut self, processed: Processed, was_held_back: bool) -> Option<Option<f64>> {
        let rate = self.estimator.compute(processed);
        let is_behind = processed.processing_delay_ms + processed.scheduling_delay_ms > self.interval_ms;
        match rate {
            Some(rate) if is_behind || (self.is_set && was_held_back) => {
                self.is_set = true;
                Some(Some(rate))
            }
            _ if self.is_set && !is_behind && !was_held_back => {
                self.is_set = false;
                Some(None)
            }
            _ => None,
        }
    }
}

/// Batches that have left the source and are not committed yet.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Time, records, and when the end left, in ms since the epoch.
    batches: VecDeque<(u64, u64, u64)>,
    committed_at_ms: u64,
}

impl Ledger {
    /// The end of a batch leaves at `now_ms`, since the epoch.
    pub fn left(&mut self, time_ms: u64, records: u64, now_ms: u64) {
        if records > 0 {
            self.batches.push_back((time_ms, records, now_ms));
            if self.batches.len() > REMEMBERED {
                self.batches.pop_front();
            }
        }
    }

    /// What `commit` says, if there were records in it: they were processed from the
    /// later of the commit before and their end's leaving, to this commit.
    pub fn committed(&mut self, commit: Commit) -> Option<Processed> {
        let count = self.batches.partition_point(|(time_ms, ..)| *time_ms <= commit.time_ms);
        let (mut elements, mut left_ms) = (0, 0);
        for (_, records, at_ms) in self.batches.drain(..count) {
            elements += records;
            left_ms = at_ms;
        }
        let before_ms = std::mem::replace(&mut self.committed_at_ms, commit.at_ms);
        let begun_ms = before_ms.max(left_ms);
        (elements > 0).then(|| Processed {
            time_ms: commit.at_ms,
            elements,
            processing_delay_ms: commit.at_ms.saturating_sub(begun_ms),
            scheduling_delay_ms: begun_ms - left_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sink that takes `per_second` records, and batches of 1 s that bring up to
    /// `wanted`: what each batch held.
    fn run(per_second: u64, wanted: &[u64]) -> Vec<u64> {
        let mut backpressure = Backpressure::new(1000);
        let mut ledger = Ledger::default();
        let (mut rate, mut held, mut free_ms) = (None::<f64>, false, 0_u64);
        let mut commits: VecDeque<Commit> = VecDeque::new();
        let mut taken = Vec::new();
        for (index, wanted) in wanted.iter().enumerate() {
            let end_ms = (index as u64 + 1) * 1000;
            while let Some(commit) = commits.pop_front_if(|commit| commit.at_ms <= end_ms) {
                if let Some(processed) = ledger.committed(commit)
                    && let Some(change) = backpressure.processed(processed, std::mem::take(&mut held))
                {
                    rate = change;
                }
            }
            let most = rate.map_or(u64::MAX, |rate| rate as u64);
            held |= *wanted > most;
            let records = most.min(*wanted);
            taken.push(records);
            ledger.left(end_ms, records, end_ms);
            free_ms = free_ms.max(end_ms) + records * 1000 / per_second;
            commits.push_back(Commit { time_ms: end_ms, at_ms: free_ms });
        }
        taken
    }

    #[test]
    fn a_pipeline_that_keeps_up_is_left_alone() {
        let bursts: Vec<u64> = (0..200).map(|n| [10, 0, 0, 9_000, 500, 0, 10_000, 1][n % 8]).collect();
        assert_eq!(run(20_000, &bursts), bursts);
        let steady = vec![5_000; 50];
        assert_eq!(run(20_000, &steady), steady);
    }

    #[test]
    fn a_slow_sink_gets_what_it_can_take() {
        let taken = run(1_000, &[5_000; 300]);
        assert_eq!(taken[0], 5_000);
        let late = &taken[150..];
        let mean = late.iter().sum::<u64>() / late.len() as u64;
        assert!((700..=1_100).contains(&mean), "{taken:?}");
    }

    #[test]
    fn the_rate_is_lifted_when_the_flood_is_over() {
        let mut wanted = vec![5_000; 100];
        wanted.extend([10; 100]);
        // The pipeline has caught up: a burst that it can take goes through.
        wanted.extend([900; 5]);
        let taken = run(1_000, &wanted);
        assert_eq!(taken[200..], [900; 5], "{taken:?}");
    }

    #[test]
    fn without_a_commit_little_is_remembered() {
        let mut ledger = Ledger::default();
        (1..=20_000).for_each(|time| ledger.left(time, 1, time));
        assert_eq!(ledger.batches.len(), REMEMBERED);
        assert_eq!(ledger.committed(Commit { time_ms: 5, at_ms: 6 }), None);
    }
}
