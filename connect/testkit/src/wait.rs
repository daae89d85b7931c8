//! Waiting in tests: for a state, never for a time.

use std::time::{Duration, Instant};

/// Waits until something is so; a test that has waited longer than `limit` fails, and says
/// for what.
#[track_caller]
pub fn wait_until(what: &str, limit: Duration, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < limit, "{what}: not within {limit:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
