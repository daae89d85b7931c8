//! What is said of a service that takes nothing.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sstream::connect::{Console, duration};

/// It is told again this often.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Tells that the service is away, each minute, and that it is back; several threads may say so.
#[derive(Debug)]
pub struct Patience {
    name: String,
    console: Console,
    /// Since when it is away, and when that was said last.
    away: Mutex<Option<(Instant, Instant)>>,
}

impl Patience {
    /// Of the service by this name.
    pub fn new(name: String, console: Console) -> Patience {
        Patience { name, console, away: Mutex::new(None) }
    }

    /// It did nothing, for this reason; since when that is so.
    pub fn note_away(&self, message: &str) -> Duration {
        let now = Instant::now();
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, told) = *away.get_or_insert((now, now));
        let (so_long, is_long) = (now.duration_since(since), now.duration_since(told) >= TELL_EVERY);
        if since == now || is_long {
            let so_far = match is_long {
                true => format!(", for {} now", duration::show_ms(so_long.as_secs() * 1000)),
                false => String::new(),
            };
            self.console.warn(&format!("{}: {message}: trying again{so_far}", self.name));
            *away = Some((since, now));
        }
        so_long
    }

    /// It answers.
    pub fn note_back(&self) {
        if let Some((since, _)) = self.away.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let away = duration::show_ms(since.elapsed().as_millis() as u64);
            self.console.warn(&format!("{}: goes on, after {away}", self.name));
        }
    }
}
