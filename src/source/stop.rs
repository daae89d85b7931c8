//! When a source stops of itself: a signal, a stop file, an idle input, a span
//! of time.

use std::path::PathBuf;
use std::time::Duration;

use crate::signal::StopSignal;

/// How often a stop file is looked for.
const LOOK: Duration = Duration::from_millis(200);

/// What stops a source, beside the end of its input. All of these are a close
/// `"stop"` with exit code 0.
#[derive(Clone, Debug)]
pub struct StopRules {
    /// SIGINT, SIGTERM and SIGHUP.
    pub signal: StopSignal,
    /// Stops when this file is there.
    pub file: Option<PathBuf>,
    /// Stops when nothing has come for so long.
    pub idle: Option<Duration>,
    /// Stops so long after the start.
    pub after: Option<Duration>,
}

impl StopRules {
    /// No rule but signals.
    pub fn signals(signal: StopSignal) -> StopRules {
        StopRules { signal, file: None, idle: None, after: None }
    }

    /// Whether to stop, so long after the start and the last bytes.
    pub fn is_due(&self, since_start: Duration, since_bytes: Duration) -> bool {
        self.signal.is_asked()
            || self.after.is_some_and(|after| since_start >= after)
            || self.idle.is_some_and(|idle| since_bytes >= idle)
            || self.file.as_ref().is_some_and(|file| file.exists())
    }

    /// How long one may wait before asking again.
    pub fn wait(&self, since_start: Duration, since_bytes: Duration) -> Duration {
        let mut wait = Duration::MAX;
        if self.file.is_some() {
            wait = LOOK;
        }
        for (limit, since) in [(self.after, since_start), (self.idle, since_bytes)] {
            if let Some(limit) = limit {
                wait = wait.min(limit.saturating_sub(since));
            }
        }
        wait
    }
}
