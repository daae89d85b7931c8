//! Time that a stage does not work.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Time that a stage spent waiting on pipes, shared by its input and output.
///
/// ```
/// use std::time::Duration;
/// use sstream::connect::Waited;
///
/// let waited = Waited::default();
/// let answer = waited.during(|| {
///     std::thread::sleep(Duration::from_millis(2)); // until a server has answered
///     "OK"
/// });
/// assert_eq!(answer, "OK");
/// assert!(waited.total() >= Duration::from_millis(2));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Waited(Rc<Cell<Duration>>);

impl Waited {
    /// Runs something that waits, and counts the time.
    pub fn during<T>(&self, wait: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = wait();
        self.0.set(self.0.get() + started.elapsed());
        result
    }

    /// All the time so far.
    pub fn total(&self) -> Duration {
        self.0.get()
    }
}
