//! What who asks for batches sees of the cutter.

use super::{Arrival, Cutter, State};
use crate::clock::BatchClock;
use crate::frame::BatchTime;
use crate::source::SourceError;
use crate::source::engine::batches::{Batches, Step};
use crate::source::engine::records::ReadAgain;

impl Batches for Cutter<'_> {
    fn step(&mut self) -> Result<Step, SourceError> {
        self.advance()
    }

    fn block(&self) -> &[u8] {
        &self.block
    }

    fn buffer(&mut self) -> Option<&mut Vec<u8>> {
        Some(&mut self.block)
    }

    fn is_ready(&self) -> bool {
        match self.state {
            // A limit may make it wait.
            State::Running(_) => {
                self.arrival != Arrival::Fresh && self.parts.source.has_records() && !self.limits.are_set()
            }
            State::Start | State::Ending(..) => true,
        }
    }

    fn begins_trace(&self) -> bool {
        self.options.trace
    }

    fn start_after(&mut self, time: BatchTime, carried: u64) {
        let now = self.parts.clock.read();
        self.state = State::Running(BatchClock::after(self.options.interval, time, now));
        self.last_came = now.monotonic;
        if carried > 0 {
            self.begin_batch();
            if let Some(counted) = &mut self.counted {
                counted.took(carried, now.monotonic);
            }
        }
    }

    fn done_with(&mut self) -> Result<(), SourceError> {
        self.parts.source.batch_left()
    }

    fn is_awaited(&self) -> bool {
        self.parts.source.is_awaited()
    }

    fn waiting(&self) -> Option<u64> {
        self.parts.source.waiting()
    }

    fn missed(&mut self) -> u64 {
        // Until the clock is read again nothing more is taken.
        if let (State::Running(clock), Some(now)) = (&self.state, self.caught_up_to)
            && (self.arrival == Arrival::Fresh || !self.parts.source.has_records())
        {
            self.promised = if self.counted.is_some() { 0 } else { clock.due(now) };
        }
        self.promised
    }

    fn replay(&mut self) -> Option<&mut dyn ReadAgain> {
        self.parts.source.replay()
    }

    fn set_rate(&mut self, per_second: Option<f64>) {
        self.limits.set_rate(per_second, self.parts.clock.read().monotonic);
    }

    fn was_held_back(&mut self) -> bool {
        self.limits.was_held_back()
    }
}
