//! How much a batch may take: `--max-rate`, the rate that backpressure sets, and
//! `--max-batch`. What is more waits where it is.

use std::time::Duration;

use crate::op::BLOCK_BYTES;
use crate::source::engine::rate_limit::RateLimiter;
use crate::source::engine::records::Room;

/// What a user can choose.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LimitOptions {
    /// Records a second, over the whole source.
    pub max_rate: Option<u64>,
    /// A batch takes no more once it has so many bytes of records.
    pub max_batch: Option<usize>,
}

/// Keeps to the limits.
#[derive(Debug)]
pub struct Limits {
    options: LimitOptions,
    limiter: Option<RateLimiter>,
    batch_bytes: usize,
    held_back: bool,
    lifted: bool,
}

impl Limits {
    /// From `now` on (monotonic).
    pub fn new(options: LimitOptions, now: Duration) -> Limits {
        let limiter = options.max_rate.map(|rate| RateLimiter::new(rate as f64, now));
        Limits { options, limiter, batch_bytes: 0, held_back: false, lifted: false }
    }

    /// How much may be taken now; `None` if nothing may.
    pub fn room(&mut self, now: Duration) -> Option<Room> {
        if self.lifted {
            return Some(Room { records: u64::MAX, bytes: BLOCK_BYTES });
        }
        let bytes = match self.options.max_batch {
            Some(most) => BLOCK_BYTES.min(most.saturating_sub(self.batch_bytes)),
            None => BLOCK_BYTES,
        };
        let records = self.limiter.as_mut().map_or(u64::MAX, |limiter| limiter.allowed(now));
        self.held_back |= records == 0;
        (records > 0 && bytes > 0).then_some(Room { records, bytes })
    }

    /// So many were taken.
    pub fn took(&mut self, records: u64, bytes: usize) {
        self.batch_bytes += bytes;
        if let Some(limiter) = &mut self.limiter {
            limiter.take(records);
        }
    }

    /// How long to wait before asking for room again, if the batch does not end before.
    pub fn wait(&self) -> Duration {
        let is_full = self.options.max_batch.is_some_and(|most| self.batch_bytes >= most);
        match &self.limiter {
            Some(limiter) if !is_full => limiter.wait(),
            _ => Duration::MAX,
        }
    }

    /// The batch has ended.
    pub fn end_batch(&mut self) {
        self.batch_bytes = 0;
    }

    /// Whether there is any limit.
    pub fn are_set(&self) -> bool {
        self.limiter.is_some() || self.options.max_batch.is_some()
    }

    /// At a stop, what is held is taken at once.
    pub fn lift(&mut self) {
        self.lifted = true;
    }

    /// A rate beside `--max-rate`, or none; the lower one counts.
    pub fn set_rate(&mut self, rate: Option<f64>, now: Duration) {
        let max_rate = self.options.max_rate.map(|rate| rate as f64);
        let rate = match (rate, max_rate) {
            (Some(rate), Some(most)) => Some(rate.min(most)),
            (rate, most) => rate.or(most),
        };
        match (rate, &mut self.limiter) {
            (Some(rate), Some(limiter)) => limiter.set_rate(rate),
            (Some(rate), limiter) => *limiter = Some(RateLimiter::new(rate, now)),
            (None, limiter) => *limiter = None,
        }
    }

    /// Whether a rate has held records back since the last call.
    pub fn was_held_back(&mut self) -> bool {
        std::mem::take(&mut self.held_back)
    }
}
