//! When a source that brings whole batches may give the next one: at once, with
//! times counted on from a start, or when its interval is over by the clock.

use crate::clock::{BatchClock, Clock};
use crate::frame::BatchTime;
use crate::interval::Interval;
use crate::source::SourceError;
use crate::source::engine::stop::StopRules;

/// Gives batch times.
pub struct Pace<'a> {
    clock: &'a dyn Clock,
    stop: StopRules,
    kind: Pacing,
}

enum Pacing {
    /// As fast as input comes; the first batch's interval starts here.
    Virtual { start_ms: u64 },
    /// By the wall clock.
    Wall(Option<BatchClock>),
}

impl<'a> Pace<'a> {
    /// As fast as input comes. The first batch's interval starts at `start_ms`,
    /// or at the border before it.
    pub fn virtual_from(start_ms: u64, clock: &'a dyn Clock, stop: StopRules) -> Pace<'a> {
        Pace { clock, stop, kind: Pacing::Virtual { start_ms } }
    }

    /// By the wall clock.
    pub fn wall(clock: &'a dyn Clock, stop: StopRules) -> Pace<'a> {
        Pace { clock, stop, kind: Pacing::Wall(None) }
    }

    /// The batch `last` has been sent, in a run before: by the wall clock, the next
    /// one is over an interval later.
    pub fn start_after(&mut self, interval: Interval, last: BatchTime) {
        if let Pacing::Wall(clock) = &mut self.kind {
            *clock = Some(BatchClock::after(interval, last, self.clock.read()));
        }
    }

    /// Whether batches keep to the wall clock.
    pub fn is_wall(&self) -> bool {
        matches!(self.kind, Pacing::Wall(_))
    }

    /// Whether the source is to stop now.
    pub fn is_asked_to_stop(&self) -> bool {
        let now = self.clock.read().monotonic;
        self.stop.is_due(now, now)
    }

    /// The time of the batch after `previous`; waits until that batch is over by
    /// the clock. None when the source is to stop instead.
    pub fn batch_time(
        &mut self,
        interval: Interval,
        previous: Option<BatchTime>,
    ) -> Result<Option<BatchTime>, SourceError> {
        let batch_clock = match &mut self.kind {
            Pacing::Virtual { start_ms } => {
                let first = BatchTime(interval.up_to(*start_ms));
                return Ok(Some(previous.unwrap_or(first).after(interval)));
            }
            Pacing::Wall(clock) => clock.get_or_insert_with(|| BatchClock::start(interval, self.clock.read())),
        };
        loop {
            let now = self.clock.read();
            if batch_clock.due(now) > 0 {
                return Ok(Some(batch_clock.cut(now)));
            }
            if self.stop.is_due(now.monotonic, now.monotonic) {
                return Ok(None);
            }
            self.stop.pause(self.clock, batch_clock.wait(now))?;
        }
    }
}
