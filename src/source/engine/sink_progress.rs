//! What a source knows of the sinks behind it: that there are some, and how far
//! they have come.

use std::time::Duration;

use crate::checkpoint::source::SourceCheckpoint;
use crate::checkpoint::survey::Commit;
use crate::console::Console;

/// A source that has given so many batches should have been committed for.
const UNCOMMITTED: u64 = 100;

/// A sink may take so long to come up.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often commits are looked at where a rate goes by them.
const OFTEN: Duration = Duration::from_millis(250);

/// Looks at commits.
pub struct SinkProgress {
    console: Console,
    began: Duration,
    looked: Option<Duration>,
    known: Option<Commit>,
    ends: u64,
    is_told: bool,
}

impl SinkProgress {
    /// Of a source that begins now (monotonic).
    pub fn new(now: Duration, console: Console) -> SinkProgress {
        SinkProgress { console, began: now, looked: None, known: None, ends: 0, is_told: false }
    }

    /// An end has left the source.
    pub fn end(&mut self) {
        self.ends += 1;
    }

    /// What all sinks have committed, if that is news. Looked at a few times a second
    /// if `often`; else only until there is anything, or nothing after many batches, which
    /// is told.
    pub fn news(&mut self, checkpoint: &SourceCheckpoint, now: Duration, often: bool) -> Option<Commit> {
        let every = if often { OFTEN } else { PATIENCE };
        let is_settled = !often && (self.known.is_some() || self.is_told);
        if is_settled || now < self.looked.unwrap_or(self.began) + every {
            return None;
        }
        self.looked = Some(now);
        // Others write while this looks: another time.
        let found = checkpoint.commit(self.known).ok()?;
        if found.is_none() && !self.is_told && self.ends >= UNCOMMITTED && now >= self.began + PATIENCE {
            self.is_told = true;
            self.console.warn(
                "checkpoint: no sink commits what this source sends: a restart sends everything again, until the \
                 pipeline ends in a sink",
            );
        }
        let is_news = found != self.known;
        self.known = found;
        found.filter(|_| is_news)
    }
}
