//! How long to wait before trying again.

use std::time::Duration;

use crate::os;

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// Doubles the wait from one failure to the next, up to 10 s, and takes up to half of it away by
/// chance, so that many who lost the same server do not come back together.
///
/// ```
/// use std::time::Duration;
/// use sstream::connect::Backoff;
///
/// let mut backoff = Backoff::default();
/// let waits: Vec<Duration> = (0..20).map(|_| backoff.next()).collect();
/// assert!((50..=100).contains(&waits[0].as_millis()));
/// assert!((5_000..=10_000).contains(&waits[19].as_millis()));
/// assert!(backoff.is_longest());
/// backoff.reset();
/// assert!(backoff.next() <= Duration::from_millis(100));
/// ```
#[derive(Clone, Debug)]
pub struct Backoff {
    next: Duration,
}

impl Backoff {
    /// The wait after one more failure.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Duration {
        let longest = self.next;
        self.next = (longest * 2).min(LONGEST);
        longest - longest.mul_f64(random() / 2.0)
    }

    /// Whether the wait grows no more.
    pub fn is_longest(&self) -> bool {
        self.next >= LONGEST
    }

    /// It has gone well.
    pub fn reset(&mut self) {
        *self = Backoff::default();
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff { next: SHORTEST }
    }
}

/// From 0 to 1.
fn random() -> f64 {
    let mut bytes = [0; 4];
    // Without chance the wait is the longest, which is as good for one alone.
    let _ = os::random(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}
