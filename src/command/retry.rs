//! Commands that are run again where they failed.

use std::time::Duration;

use super::CommandError;
use crate::console::Console;

/// The wait before the first time again; it doubles from one time to the next.
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// How often a command that failed on a batch is run again on that batch.
#[derive(Clone, Debug)]
pub struct Retry {
    /// So many times, beside the first.
    pub times: u32,
    /// Where each failure is told that is not the last.
    pub console: Console,
}

impl Retry {
    /// Attempts until one goes well, or all are used up: then with the last error.
    pub(super) fn run<T>(&self, mut attempt: impl FnMut() -> Result<T, CommandError>) -> Result<T, CommandError> {
        let mut pause = SHORTEST;
        for left in (1..=self.times).rev() {
            match attempt() {
                Err(error) if error.may_pass() => {
                    self.console.warn(&format!("{error}: run again, {left} left"));
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(LONGEST);
                }
                over => return over,
            }
        }
        attempt()
    }
}
