//! How many records a source may take: `--max-rate`, and `--backpressure`,
//! which finds the rate that the pipeline keeps up with.

use std::time::Duration;

/// Spark's `PIDRateEstimator` (Spark 3.5): from how fast a batch was processed
/// and how long it had to wait, the rate for the next one.
#[derive(Clone, Debug)]
pub struct PidRateEstimator {
    interval_ms: f64,
    gains: Gains,
    latest: Option<Latest>,
}

/// The estimator's weights, and the least rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gains {
    /// Of the error: the rate set less the rate reached.
    pub proportional: f64,
    /// Of the errors before, which are in the batches that wait.
    pub integral: f64,
    /// Of the error's change.
    pub derivative: f64,
    /// Records a second.
    pub min_rate: f64,
}

impl Default for Gains {
    /// Spark's defaults.
    fn default() -> Gains {
        Gains { proportional: 1.0, integral: 0.2, derivative: 0.0, min_rate: 100.0 }
    }
}

#[derive(Clone, Copy, Debug)]
struct Latest {
    time_ms: u64,
    rate: f64,
    error: f64,
}

/// A batch, as the estimator sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processed {
    /// When it was done.
    pub time_ms: u64,
    /// Its records.
    pub elements: u64,
    /// How long it took.
    pub processing_delay_ms: u64,
    /// How long it waited before.
    pub scheduling_delay_ms: u64,
}

impl PidRateEstimator {
    /// For batches of this interval.
    pub fn new(interval_ms: u64, gains: Gains) -> PidRateEstimator {
        PidRateEstimator { interval_ms: interval_ms as f64, gains, latest: None }
    }

    /// The new rate in records a second; none while there is nothing to tell it
    /// by: the first batch, one without records, one that took no time.
    pub fn compute(&mut self, batch: Processed) -> Option<f64> {
        let latest_ms = self.latest.map_or(0, |latest| latest.time_ms);
        if batch.time_ms <= latest_ms || batch.elements == 0 || batch.processing_delay_ms == 0 {
            return None;
        }
        let processing_rate = batch.elements as f64 / batch.processing_delay_ms as f64 * 1000.0;
        let Some(latest) = self.latest else {
            self.latest = Some(Latest { time_ms: batch.time_ms, rate: processing_rate, error: 0.0 });
            return None;
        };
        let Gains { proportional, integral, derivative, min_rate } = self.gains;
        let since_update_s = (batch.time_ms - latest.time_ms) as f64 / 1000.0;
        let error = latest.rate - processing_rate;
        let historical_error = batch.scheduling_delay_ms as f64 * processing_rate / self.interval_ms;
        let change = (error - latest.error) / since_update_s;
        let rate =
            (latest.rate - proportional * error - integral * historical_error - derivative * change).max(min_rate);
        self.latest = Some(Latest { time_ms: batch.time_ms, rate, error });
        Some(rate)
    }
}

/// Lets so many records a second through, and after a pause at most a tenth of
/// a second's worth at once.
///
/// ```
/// use std::time::Duration;
/// use sstream::connect::RateLimiter;
///
/// let mut limiter = RateLimiter::new(10.0, Duration::ZERO);
/// let allowed = limiter.allowed(Duration::from_secs(60));
/// assert_eq!(allowed, 1);
/// limiter.take(allowed);
/// assert_eq!(limiter.allowed(Duration::from_millis(60_050)), 0);
/// ```
#[derive(Clone, Debug)]
pub struct RateLimiter {
    rate: f64,
    allowed: f64,
    last: Duration,
}

impl RateLimiter {
    /// At `rate` records a second, from `now` on (monotonic).
    pub fn new(rate: f64, now: Duration) -> RateLimiter {
        RateLimiter { rate, allowed: 1.0, last: now }
    }

    /// Changes the rate.
    pub fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    /// How many records may be taken now.
    pub fn allowed(&mut self, now: Duration) -> u64 {
        let since = now.saturating_sub(self.last).as_secs_f64();
        self.last = now;
        self.allowed = (self.allowed + since * self.rate).min((self.rate / 10.0).max(1.0));
        self.allowed as u64
    }

    /// So many were taken.
    pub fn take(&mut self, records: u64) {
        self.allowed -= records as f64;
    }

    /// How long until one more may be taken.
    pub fn wait(&self) -> Duration {
        let missing = (1.0 - self.allowed).max(0.0);
        Duration::from_secs_f64((missing / self.rate).min(3600.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// What Spark 3.5.8 answered, call by call.
    #[test]
    fn rates_are_those_of_spark() {
        for text in [
            include_str!("../../../tests/conformance/rate/pid_default.json"),
            include_str!("../../../tests/conformance/rate/pid_derivative.json"),
            include_str!("../../../tests/conformance/rate/pid_minrate.json"),
        ] {
            let case: Value = serde_json::from_str(text).unwrap();
            let gain = |name: &str| case["params"][name].as_f64().unwrap();
            let gains = Gains {
                proportional: gain("proportional"),
                integral: gain("integral"),
                derivative: gain("derivative"),
                min_rate: gain("minRate"),
            };
            let mut estimator = PidRateEstimator::new(case["batch_interval_ms"].as_u64().unwrap(), gains);
            let calls = case["calls"].as_array().unwrap();
            let expected = case["expected"].as_array().unwrap();
            assert_eq!(calls.len(), expected.len());
            for (call, expected) in calls.iter().zip(expected) {
                let number = |name: &str| call[name].as_u64().unwrap();
                let rate = estimator.compute(Processed {
                    time_ms: number("time_ms"),
                    elements: number("elements"),
                    processing_delay_ms: number("processing_delay_ms"),
                    scheduling_delay_ms: number("scheduling_delay_ms"),
                });
                match (rate, expected.as_f64()) {
                    (None, None) => {}
                    (Some(rate), Some(expected)) => assert!((rate - expected).abs() <= expected * 1e-12, "{call}"),
                    (rate, expected) => panic!("{call}: {rate:?} {expected:?}"),
                }
            }
        }
    }

    #[test]
    fn the_limiter_lets_the_rate_through() {
        let mut limiter = RateLimiter::new(1000.0, Duration::ZERO);
        let mut taken = 0;
        for ms in 0..2000 {
            let allowed = limiter.allowed(Duration::from_millis(ms));
            limiter.take(allowed);
            taken += allowed;
        }
        assert!((1999..=2001).contains(&taken), "{taken}");
        // After a long pause, no flood.
        assert_eq!(limiter.allowed(Duration::from_secs(100)), 100);
        let mut slow = RateLimiter::new(0.5, Duration::ZERO);
        assert_eq!(slow.allowed(Duration::ZERO), 1);
        slow.take(1);
        assert_eq!(slow.wait(), Duration::from_secs(2));
    }
}
