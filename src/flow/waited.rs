//! Time that a stage does not work.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Time that a stage spent waiting on pipes, shared by its input and output.
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
