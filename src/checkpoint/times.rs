//! Runs of batch times, and which times a batch time stands for.

use super::{Error, Result};
use crate::interval::Interval;
use std::path::Path;

/// A run of batches: `first_ms`, `first_ms + step_ms`, … `last_ms`. One batch is
/// a run with `first_ms == last_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The first batch's time.
    pub first_ms: u64,
    /// The last batch's time.
    pub last_ms: u64,
    /// How long after each of them the next batch of the stream comes; by a calendar that is
    /// not the same for all batches of a stream, but it is for those of a run.
    pub step_ms: u64,
}

/// The bytes of a run in a log entry.
pub const TIMES_BYTES: usize = 24;

impl Times {
    /// The run of one batch, in a stream of this interval.
    pub fn one(time_ms: u64, interval: impl Into<Interval>) -> Times {
        Times { first_ms: time_ms, last_ms: time_ms, step_ms: interval.into().length(time_ms) }
    }

    /// So many batches that follow each other, the first at `first_ms`: one run, or by a calendar
    /// several.
    pub fn runs(first_ms: u64, batches: u64, interval: Interval) -> impl Iterator<Item = Times> {
        let (mut first_ms, mut left) = (first_ms, batches);
        std::iter::from_fn(move || {
            let mut run = Times::one(first_ms, interval);
            match interval {
                _ if left == 0 => return None,
                Interval::Fixed(ms) => {
                    run.last_ms += (left - 1) * ms;
                    left = 0;
                }
                Interval::Calendar(_) => {
                    left -= 1;
                    while left > 0
                        && let Some(longer) = run.joined(Times::one(run.last_ms + run.step_ms, interval))
                    {
                        run = longer;
                        left -= 1;
                    }
                    first_ms = run.last_ms + run.step_ms;
                }
            }
            Some(run)
        })
    }

    /// Whether the batches are of a stream of this interval.
    pub fn are_of(&self, interval: Interval) -> bool {
        match interval {
            Interval::Fixed(ms) => self.step_ms == ms,
            Interval::Calendar(_) => {
                self.iter().all(|ms| interval.is_border(ms) && interval.length(ms) == self.step_ms)
            }
        }
    }

    /// How many batches.
    pub fn count(&self) -> u64 {
        (self.last_ms - self.first_ms) / self.step_ms + 1
    }

    /// The part of the run after `time_ms`, if there is any.
    pub fn after(&self, time_ms: u64) -> Option<Times> {
        if time_ms < self.first_ms {
            return Some(*self);
        }
        let first_ms = self.first_ms + ((time_ms - self.first_ms) / self.step_ms + 1) * self.step_ms;
        (first_ms <= self.last_ms).then_some(Times { first_ms, ..*self })
    }

    /// The part of the run up to `time_ms`, if there is any.
    pub fn up_to(&self, time_ms: u64) -> Option<Times> {
        if time_ms < self.first_ms {
            return None;
        }
        let last_ms = self.first_ms + (time_ms.min(self.last_ms) - self.first_ms) / self.step_ms * self.step_ms;
        Some(Times { last_ms, ..*self })
    }

    /// The run with one batch more, if `time_ms` is the next one.
    pub fn extended(&self, time_ms: u64) -> Option<Times> {
        (self.last_ms.checked_add(self.step_ms) == Some(time_ms)).then_some(Times { last_ms: time_ms, ..*self })
    }

    /// This run and the one right behind it, as one.
    pub fn joined(&self, next: Times) -> Option<Times> {
        (self.step_ms == next.step_ms && self.extended(next.first_ms).is_some())
            .then_some(Times { last_ms: next.last_ms, ..*self })
    }

    /// Each time of the run.
    pub fn iter(&self) -> impl Iterator<Item = u64> + use<> {
        let Times { first_ms, step_ms, .. } = *self;
        (0..self.count()).map(move |index| first_ms + index * step_ms)
    }

    /// `first`, `last`, `step`, each as 8 bytes, little-endian.
    pub fn to_bytes(self) -> [u8; TIMES_BYTES] {
        let mut bytes = [0; TIMES_BYTES];
        bytes[..8].copy_from_slice(&self.first_ms.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.last_ms.to_le_bytes());
        bytes[16..].copy_from_slice(&self.step_ms.to_le_bytes());
        bytes
    }

    /// Reads what [`Times::to_bytes`] wrote at the start of `bytes`, and refuses
    /// what is not a run. `path` and `offset` are for the error.
    pub fn from_bytes(bytes: &[u8], path: &Path, offset: u64) -> Result<Times> {
        let mut bytes = Bytes { bytes, path, offset };
        let times = Times { first_ms: bytes.u64()?, last_ms: bytes.u64()?, step_ms: bytes.u64()? };
        let whole = times.step_ms > 0
            && times.first_ms <= times.last_ms
            && (times.last_ms - times.first_ms).is_multiple_of(times.step_ms);
        if whole { Ok(times) } else { Err(Error::damaged(path, offset, "these are not batch times")) }
    }
}

/// Takes numbers off the front of a log entry.
pub struct Bytes<'b> {
    /// What is left.
    pub bytes: &'b [u8],
    /// The file, for the error.
    pub path: &'b Path,
    /// Where the entry began in it.
    pub offset: u64,
}

impl Bytes<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.bytes.split_first_chunk::<N>() {
            Some((array, rest)) => {
                self.bytes = rest;
                Ok(*array)
            }
            None => Err(Error::damaged(self.path, self.offset, "the entry is too short")),
        }
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    /// Four bytes, little-endian.
    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// Eight bytes, little-endian.
    pub fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_of_other_lengths_are_runs_of_their_own() {
        let days = Interval::parse_calendar("1d,Europe/Berlin").unwrap();
        let hour_ms = 3_600_000;
        // From the 21st of October 2026 on; the 25th has 25 hours.
        let first_ms = 1_792_533_600_000;
        let runs: Vec<Times> = Times::runs(first_ms, 8, days).collect();
        let lengths: Vec<(u64, u64)> = runs.iter().map(|run| (run.count(), run.step_ms / hour_ms)).collect();
        assert_eq!(lengths, [(4, 24), (1, 25), (3, 24)]);
        let times: Vec<u64> = runs.iter().flat_map(Times::iter).collect();
        let by_one: Vec<u64> = (0..8).map(|day| days.nth_after(first_ms, day)).collect();
        assert_eq!(times, by_one);
        assert!(runs.iter().all(|run| run.are_of(days) && run.joined(runs[1]).is_none()));
        assert!(!Times { step_ms: 12 * hour_ms, ..runs[0] }.are_of(days));
    }

    proptest! {
        #[test]
        fn a_run_is_what_its_times_are(first in 0u64..50, count in 1u64..9, step in 1u64..7, cut in 0u64..120) {
            let times = Times { first_ms: first, last_ms: first + (count - 1) * step, step_ms: step };
            let all: Vec<u64> = times.iter().collect();
            prop_assert_eq!(all.len() as u64, times.count());
            let part = |run: Option<Times>| run.map_or(Vec::new(), |run| run.iter().collect());
            prop_assert_eq!(part(times.after(cut)), all.iter().copied().filter(|t| *t > cut).collect::<Vec<_>>());
            prop_assert_eq!(part(times.up_to(cut)), all.iter().copied().filter(|t| *t <= cut).collect::<Vec<_>>());
            prop_assert_eq!(Times::from_bytes(&times.to_bytes(), Path::new("x"), 0).unwrap(), times);
        }
    }
}
