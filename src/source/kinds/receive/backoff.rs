//! How long to wait before trying again.

use std::time::{Duration, Instant};

use crate::duration;
use crate::source::kinds::receive::Outbox;

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// Doubles the wait from one failure to the next, up to 10 s. What has gone well
/// for those 10 s begins anew.
#[derive(Debug)]
pub struct Backoff {
    next: Duration,
    told_longest: bool,
}

impl Backoff {
    /// Before the first failure.
    pub fn new() -> Backoff {
        Backoff { next: SHORTEST, told_longest: false }
    }

    /// When something that began at `since` has ended.
    pub fn ended(&mut self, since: Instant) {
        if since.elapsed() >= LONGEST {
            *self = Backoff::new();
        }
    }

    /// Tells `what` failed and when it is tried again, and waits. False when the
    /// source is to stop instead.
    pub async fn wait(&mut self, what: &str, outbox: &Outbox) -> bool {
        let delay = self.next;
        self.next = (delay * 2).min(LONGEST);
        let shown = duration::show_ms(delay.as_millis() as u64);
        if delay < LONGEST {
            outbox.console.warn(&format!("{what}: trying again in {shown}"));
        } else if !std::mem::replace(&mut self.told_longest, true) {
            outbox.console.warn(&format!("{what}: trying again every {shown} from now on"));
        }
        outbox.pause(delay).await
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff::new()
    }
}
