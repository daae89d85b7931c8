//! How a database that is away is waited for.

use std::time::{Duration, Instant};

use sstream::connect::{Backoff, Console, StopSignal, Waited, duration, wait_readable};

use crate::fault::TableError;

/// A database that is away is told again this often.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Asked to stop, a database that is away is waited for so long.
const AT_A_STOP: Duration = Duration::from_secs(10);

/// Waits, and tells: the first time, each minute, and when it is over.
#[derive(Debug)]
pub struct Patience {
    /// The database, for messages.
    name: String,
    console: Console,
    stop: StopSignal,
    waited: Waited,
    /// Give up after so long; never, if it is none.
    retry_for: Option<Duration>,
    backoff: Backoff,
    /// Since when it is away, and when that was said last.
    away: Option<(Instant, Instant)>,
}

impl Patience {
    /// For a database of this name.
    pub fn new(
        name: String,
        console: Console,
        stop: StopSignal,
        waited: Waited,
        retry_for: Option<Duration>,
    ) -> Patience {
        Patience { name, console, stop, waited, retry_for, backoff: Backoff::default(), away: None }
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Counts the time as one that the world is waited for.
    pub fn waited(&self) -> Waited {
        self.waited.clone()
    }

    /// Waits before the database is tried again, which said this.
    ///
    /// # Errors
    /// It was tried for long enough.
    pub fn pause(&mut self, message: String) -> Result<(), TableError> {
        let now = Instant::now();
        let (since, told) = *self.away.get_or_insert((now, now));
        let is_long = now.duration_since(told) >= TELL_EVERY;
        let tried = now.duration_since(since);
        if since == now || is_long {
            let so_far = match is_long {
                true => format!(", for {} now", duration::show_ms(tried.as_secs() * 1000)),
                false => String::new(),
            };
            self.console.warn(&format!("{}: {message}: trying again{so_far}", self.name));
            self.away = Some((since, now));
        }
        let is_over =
            self.retry_for.is_some_and(|limit| tried >= limit) || (self.stop.is_asked() && tried >= AT_A_STOP);
        if is_over {
            return Err(TableError::GaveUp { name: self.name.clone(), message, tried });
        }
        self.wait();
        Ok(())
    }

    /// Waits, longer from one time to the next.
    pub fn wait(&mut self) {
        let delay = self.backoff.next();
        self.waited.during(|| match self.stop.is_asked() {
            true => std::thread::sleep(delay.min(Duration::from_secs(1))),
            // A stop is no reason to try at once, but to look at the time again.
            false => drop(wait_readable(self.stop.wake(), None, Some(delay))),
        });
    }

    /// It has gone well.
    pub fn is_back(&mut self) {
        self.backoff.reset();
        if let Some((since, _)) = self.away.take() {
            let away = duration::show_ms(since.elapsed().as_millis() as u64);
            self.console.warn(&format!("{}: goes on, after {away}", self.name));
        }
    }
}
