//! The input of a first stage: [`Batches`], under a checkpoint or not, and the
//! rate that backpressure sets.

use std::time::Duration;

use crate::clock::Clock;
use crate::flow::{Input, InputError};
use crate::frame::{BatchTime, Close, Event, Head, Reason};
use crate::interval::Interval;
use crate::source::SourceError;
use crate::source::engine::backpressure::{Backpressure, Ledger};
use crate::source::engine::batches::{Batches, Step};
use crate::source::engine::rate_limit::Processed;

/// An [`Input`] whose stream begins here.
pub struct FirstStage<'a> {
    batches: Box<dyn Batches + 'a>,
    pressure: Option<Pressure>,
    clock: &'a dyn Clock,
    /// What `--name` said.
    name: Option<String>,
    /// The last step was an end, which has left when the next one is asked for.
    has_ended: bool,
}

/// What backpressure goes by.
struct Pressure {
    backpressure: Backpressure,
    ledger: Ledger,
    /// When the last step was given (monotonic), and what it was.
    given: Option<(Duration, Option<(BatchTime, u64)>)>,
    /// How long steps of the open batch were away.
    busy: Duration,
}

impl<'a> FirstStage<'a> {
    /// Of these batches; `name` goes into the head.
    pub fn new(batches: Box<dyn Batches + 'a>, clock: &'a dyn Clock, name: Option<String>) -> FirstStage<'a> {
        FirstStage { batches, pressure: None, clock, name, has_ended: false }
    }

    /// With a rate that the pipeline keeps up with, for batches of `interval_ms`.
    pub fn with_backpressure(self, interval_ms: u64) -> FirstStage<'a> {
        let backpressure = Backpressure::new(interval_ms);
        let pressure = Pressure { backpressure, ledger: Ledger::default(), given: None, busy: Duration::ZERO };
        FirstStage { pressure: Some(pressure), ..self }
    }

    fn step(&mut self) -> Result<Step, SourceError> {
        self.feel();
        // Under a checkpoint not the leaving counts, but the disk.
        if std::mem::take(&mut self.has_ended) && !self.batches.is_kept() {
            self.batches.done_with()?;
        }
        let mut step = self.batches.step()?;
        self.has_ended = matches!(step, Step::End(_));
        if let Step::Head(head) = &mut step {
            if let Some(name) = &self.name {
                head.set_name(name);
            }
            // Who watches goes by the trace: a stream without one is the same in every run, to
            // the byte.
            if self.batches.begins_trace() {
                head.set_pipeline();
            }
        }
        if let Some(pressure) = &mut self.pressure {
            let now = self.clock.read();
            let end = match &step {
                Step::End(end) => Some((end.time, end.records)),
                _ => None,
            };
            if let Some((time, records)) = end
                && self.batches.is_kept()
            {
                pressure.ledger.left(time.0, records, now.wall_ms());
            }
            pressure.given = Some((now.monotonic, end));
        }
        Ok(step)
    }

    /// How the pipeline behind does.
    fn feel(&mut self) {
        let commit = self.batches.committed(self.pressure.is_some());
        let Some(pressure) = &mut self.pressure else { return };
        let processed = match self.batches.is_kept() {
            true => commit.and_then(|commit| pressure.ledger.committed(commit)),
            false => pressure.taken(self.clock),
        };
        if let Some(processed) = processed {
            let was_held_back = self.batches.was_held_back();
            if let Some(rate) = pressure.backpressure.processed(processed, was_held_back) {
                self.batches.set_rate(rate);
            }
        }
    }
}

impl Pressure {
    /// The pipe has taken the last step: if that was an end, how long it had the batch.
    fn taken(&mut self, clock: &dyn Clock) -> Option<Processed> {
        let (given, end) = self.given.take()?;
        let now = clock.read();
        self.busy += now.monotonic.saturating_sub(given);
        let (time, records) = end?;
        let busy = std::mem::take(&mut self.busy);
        let late = now.wall_ms().saturating_sub(time.0).saturating_sub(busy.as_millis() as u64);
        Some(Processed {
            time_ms: now.monotonic.as_millis() as u64,
            elements: records,
            processing_delay_ms: busy.as_millis() as u64,
            scheduling_delay_ms: late,
        })
    }
}

impl Input for FirstStage<'_> {
    fn next(&mut self) -> Result<Event<'_>, InputError> {
        let step = self.step()?;
        Ok(step.event(self.batches.block()))
    }

    fn buffer(&mut self) -> Option<&mut Vec<u8>> {
        self.batches.buffer()
    }

    fn is_ready(&self) -> bool {
        self.batches.is_ready()
    }

    fn waiting(&self) -> Option<u64> {
        self.batches.waiting()
    }

    fn must_restart(&self) -> bool {
        self.batches.must_restart()
    }
}

/// The stream of a source that was asked to stop before it began: no batch.
pub struct Stopped {
    head: Option<Head>,
}

impl Stopped {
    /// Of a source with this interval.
    pub fn new(interval: Interval) -> Stopped {
        Stopped { head: Some(Head::new(interval)) }
    }
}

impl Input for Stopped {
    fn next(&mut self) -> Result<Event<'_>, InputError> {
        Ok(match self.head.take() {
            Some(head) => Event::Head(head),
            None => Event::Close(Close::new(Reason::Stop)),
        })
    }

    fn is_ready(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::testing::ManualClock;
    use crate::frame::End;
    use std::cell::RefCell;
    use std::rc::Rc;

    /// A batch a second, of so many records each, but for the rate that is set.
    struct Script {
        wanted: Vec<u64>,
        time_ms: u64,
        rates: Rc<RefCell<Vec<Option<f64>>>>,
        was_held_back: bool,
    }

    impl Batches for Script {
        fn step(&mut self) -> Result<Step, SourceError> {
            self.time_ms += 1000;
            if self.wanted.is_empty() {
                return Ok(Step::Close(Close::new(Reason::Eof)));
            }
            let wanted = self.wanted.remove(0);
            let most = self.rates.borrow().last().copied().flatten().map_or(u64::MAX, |rate| rate as u64);
            self.was_held_back |= wanted > most;
            Ok(Step::End(End::new(BatchTime(self.time_ms), wanted.min(most))))
        }

        fn block(&self) -> &[u8] {
            b""
        }

        fn is_ready(&self) -> bool {
            false
        }

        fn begins_trace(&self) -> bool {
            false
        }

        fn start_after(&mut self, _time: BatchTime, _carried: u64) {}

        fn set_rate(&mut self, per_second: Option<f64>) {
            self.rates.borrow_mut().push(per_second);
        }

        fn was_held_back(&mut self) -> bool {
            std::mem::take(&mut self.was_held_back)
        }
    }

    /// The rates that are set when a pipe takes `per_second`.
    fn rates(wanted: &[u64], per_second: u64) -> Vec<Option<f64>> {
        let clock = ManualClock::at(1000);
        let rates = Rc::new(RefCell::new(Vec::new()));
        let script = Script { wanted: wanted.to_vec(), time_ms: 0, rates: rates.clone(), was_held_back: false };
        let mut first = FirstStage::new(Box::new(script), &clock, None).with_backpressure(1000);
        loop {
            let (time, records) = match first.next().unwrap() {
                Event::End(end) => (end.time, end.records),
                Event::Close(_) => break,
                other => panic!("{other:?}"),
            };
            clock.advance(Duration::from_millis(records * 1000 / per_second));
            // The next batch comes when its interval is over, or at once if that was long ago.
            let ahead = time.after(1000).0.saturating_sub(clock.read().wall_ms());
            // A pipe that is done waits for the source, not the source for the pipe.
            first.pressure.as_mut().unwrap().given.as_mut().unwrap().0 += Duration::from_millis(ahead);
            clock.advance(Duration::from_millis(ahead));
        }
        rates.take()
    }

    #[test]
    fn a_pipe_that_keeps_up_sets_no_rate() {
        assert_eq!(rates(&[10, 0, 0, 9_000, 500, 0, 10_000, 1].repeat(20), 20_000), []);
    }

    #[test]
    fn a_pipe_that_does_not_lets_the_rate_fall() {
        let rates = rates(&[5_000; 100], 1_000);
        let set: Vec<f64> = rates.iter().map(|rate| rate.unwrap()).collect();
        assert!(set.len() > 50 && set[0] < 5_000.0, "{set:?}");
        assert!(set[50..].iter().all(|rate| (100.0..=1_050.0).contains(rate)), "{set:?}");
    }
}
