//! When a source stops of itself: a signal, a stop file, an idle input, a span
//! of time.

use std::path::PathBuf;
use std::time::Duration;

use crate::clock::Clock;
use crate::flow::Waited;
use crate::signal::StopSignal;
use crate::source::SourceError;

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
    /// The start, by the monotonic clock.
    pub started: Duration,
    /// Counts the time that a source waits for its clock.
    pub waited: Waited,
}

impl StopRules {
    /// No rule but signals.
    pub fn signals(signal: StopSignal) -> StopRules {
        StopRules { signal, file: None, idle: None, after: None, started: Duration::ZERO, waited: Waited::default() }
    }

    /// Whether to stop, `now` by the monotonic clock, when the last bytes came
    /// at `last_bytes`.
    pub fn is_due(&self, now: Duration, last_bytes: Duration) -> bool {
        self.signal.is_asked()
            || self.limits(now, last_bytes).any(|left| left.is_zero())
            || self.file.as_ref().is_some_and(|file| file.exists())
    }

    /// How long one may wait before asking again.
    pub fn wait(&self, now: Duration, last_bytes: Duration) -> Duration {
        let look = if self.file.is_some() { LOOK } else { Duration::MAX };
        self.limits(now, last_bytes).fold(look, Duration::min)
    }

    /// Lets `wait` go by, but not beyond the moment when these rules are to be
    /// asked again; a signal ends it.
    pub fn pause(&self, clock: &dyn Clock, wait: Duration) -> Result<(), SourceError> {
        let now = clock.read().monotonic;
        let wait = wait.min(self.wait(now, now));
        self.waited.during(|| clock.wait(&self.signal, wait)).map_err(|error| SourceError::read("clock", error))
    }

    /// What is left of each span of time.
    fn limits(&self, now: Duration, last_bytes: Duration) -> impl Iterator<Item = Duration> {
        [(self.after, self.started), (self.idle, last_bytes)]
            .into_iter()
            .filter_map(move |(limit, since)| Some(limit?.saturating_sub(now.saturating_sub(since))))
    }
}
