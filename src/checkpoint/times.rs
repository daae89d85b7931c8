//! Runs of batch times, and which times a batch time stands for.

use super::{Error, Result};
use std::path::Path;

/// A run of batches: `first_ms`, `first_ms + step_ms`, … `last_ms`. One batch is
/// a run with `first_ms == last_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The first batch's time.
    pub first_ms: u64,
    /// The last batch's time.
    pub last_ms: u64,
    /// The interval of the stream that the batches are of.
    pub step_ms: u64,
}

/// The bytes of a run in a log entry.
pub const TIMES_BYTES: usize = 24;

impl Times {
    /// The run of one batch, in a stream of interval `step_ms`.
    pub fn one(time_ms: u64, step_ms: u64) -> Times {
        Times { first_ms: time_ms, last_ms: time_ms, step_ms }
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

/// The smallest multiple of `interval_ms` after `time_ms`: when the batch after
/// the one of `time_ms` comes, in a stream of that interval.
pub fn next_multiple(time_ms: u64, interval_ms: u64) -> u64 {
    (time_ms / interval_ms + 1).saturating_mul(interval_ms)
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
    fn the_next_batch_is_the_next_multiple() {
        for (time, interval, next) in [(0, 10, 10), (9, 10, 10), (10, 10, 20), (19, 10, 20), (5, 1, 6)] {
            assert_eq!(next_multiple(time, interval), next);
        }
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
