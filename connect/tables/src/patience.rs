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
    pub fn note_back(&mut self) {
        self.backoff.reset();
        if let Some((since, _)) = self.away.take() {
            let away = duration::show_ms(since.elapsed().as_millis() as u64);
            self.console.warn(&format!("{}: goes on, after {away}", self.name));
        }
    }
}

/// Patience that counts the tries too, for `--retry`.
#[derive(Debug)]
pub struct Tries {
    patience: Patience,
    /// Give up after so many in a row that came to nothing; never, if it is none.
    most: Option<u32>,
    /// So many in a row have come to nothing.
    in_vain: u32,
}

impl Tries {
    /// None yet.
    pub fn new(patience: Patience, most: Option<u32>) -> Tries {
        Tries { patience, most, in_vain: 0 }
    }

    /// See [`Patience::waited`].
    pub fn waited(&self) -> Waited {
        self.patience.waited()
    }

    /// It has gone well.
    pub fn note_back(&mut self) {
        self.in_vain = 0;
        self.patience.note_back();
    }

    /// Waits after a try that came to nothing.
    ///
    /// # Errors
    /// It was tried often enough, or for long enough.
    pub fn pause(&mut self, message: String) -> Result<(), TableError> {
        self.in_vain += 1;
        if self.most.is_some_and(|most| self.in_vain > most) {
            return Err(TableError::Conflicts { name: self.patience.name().to_owned(), message, tries: self.in_vain });
        }
        self.patience.pause(message)
    }

    /// Waits as what a try left asks for: not at all if there is nothing to be tried again, for which a message says why,
    /// and longer and longer if nothing was done.
    ///
    /// # Errors
    /// As [`Tries::pause`].
    pub fn after(&mut self, again: Option<String>, was_in_vain: bool) -> Result<(), TableError> {
        match again {
            None => self.note_back(),
            Some(message) if was_in_vain => self.pause(message)?,
            Some(_) => {
                // It goes on, if not with all at once.
                self.note_back();
                self.patience.wait();
            }
        }
        Ok(())
    }

    /// The error of what no further try would change.
    pub fn hopeless(&self, message: String) -> TableError {
        TableError::Hopeless { name: self.patience.name().to_owned(), message }
    }
}
