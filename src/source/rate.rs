//! A load generator: N records a second, evenly.
//!
//! Record n is `{"n":n,"time":t}`, where t is the moment it is due, in ms since
//! the epoch: n/N seconds after the first batch's interval began. A batch holds
//! exactly the records that are due in its interval, however late it is sent, so
//! the counts of batches do not depend on how busy the machine is; only the
//! batch in which the source is stopped is a part. At a slow pipeline batches
//! come late, and none is left out.

use std::io::Write as _;
use std::time::Duration;

use super::SourceError;
use super::stop::StopRules;
use crate::clock::{BatchClock, Clock, Reading};
use crate::frame::{BatchTime, Block, Close, End, Event, Head, Reason};
use crate::op::BLOCK_BYTES;
use crate::stage::{Input, InputError};

/// About how long a record is.
const RECORD_BYTES: u64 = 40;

/// What a user can choose.
#[derive(Clone, Copy, Debug)]
pub struct RateOptions {
    /// Records a second, at least one.
    pub per_second: u64,
    /// Milliseconds between batches.
    pub interval_ms: u64,
    /// How long a record may wait before its block leaves.
    pub block_interval: Duration,
    /// Whether ends carry a trace.
    pub trace: bool,
}

/// An [`Input`] that makes its records.
pub struct Rate<'a> {
    options: RateOptions,
    clock: &'a dyn Clock,
    stop: StopRules,
    running: Option<Running>,
    block: Vec<u8>,
    is_stopped: bool,
}

struct Running {
    clock: BatchClock,
    /// When the first batch's interval began, in ms since the epoch.
    start_ms: u64,
    /// The number of the next record.
    next: u64,
    batch_records: u64,
    /// When the last block left, by the monotonic clock.
    left: Duration,
}

impl<'a> Rate<'a> {
    /// Records from now on.
    pub fn new(options: RateOptions, clock: &'a dyn Clock, stop: StopRules) -> Rate<'a> {
        Rate { options, clock, stop, running: None, block: Vec::new(), is_stopped: false }
    }

    fn advance(&mut self) -> Result<Event<'_>, SourceError> {
        let RateOptions { per_second, interval_ms, trace, .. } = self.options;
        let pause = self.options.pause();
        loop {
            let now = self.clock.read();
            let Some(running) = &mut self.running else {
                let clock = BatchClock::start(interval_ms, now);
                let start_ms = clock.open().0 - interval_ms;
                self.running = Some(Running { clock, start_ms, next: 0, batch_records: 0, left: now.monotonic });
                return Ok(Event::Head(Head::new(interval_ms)));
            };
            if self.is_stopped {
                return Ok(Event::Close(Close::new(Reason::Stop)));
            }
            let open = running.clock.open();
            let is_over = running.clock.due(now) > 0;
            let is_asked = self.stop.is_due(now.monotonic, now.monotonic);
            if is_over || is_asked || now.monotonic >= running.left + pause {
                let until_ms = if is_over { open.0 } else { running.passed_ms(now) };
                let due = running.due_before(until_ms, per_second);
                if due > 0 {
                    let records = fill(&mut self.block, running.start_ms, per_second, running.next, due);
                    running.next += records;
                    running.batch_records += records;
                    return Ok(Event::Block(Block { time: open, records, bytes: &self.block }));
                }
                running.left = now.monotonic;
            }
            if is_over || is_asked {
                // A batch that is over is whole; the stop comes after it.
                self.is_stopped = !is_over;
                let time = running.clock.cut(now);
                return Ok(running.end(time, trace));
            }
            let wait = running.clock.wait(now).min((running.left + pause).saturating_sub(now.monotonic));
            self.stop.pause(self.clock, wait)?;
        }
    }
}

impl RateOptions {
    /// How long records are collected: until a block is full, or the block
    /// interval.
    fn pause(&self) -> Duration {
        let records = BLOCK_BYTES as u64 / RECORD_BYTES;
        self.block_interval.min(Duration::from_micros(records.saturating_mul(1_000_000) / self.per_second))
    }
}

impl Running {
    /// How far the open batch has come, in ms since the epoch.
    fn passed_ms(&self, now: Reading) -> u64 {
        let left_ms = self.clock.until_cut(now).as_micros().div_ceil(1000) as u64;
        self.clock.open().0.saturating_sub(left_ms)
    }

    /// How many records are still to be sent of those due before `until_ms`.
    fn due_before(&self, until_ms: u64, per_second: u64) -> u64 {
        let span = u128::from(until_ms.saturating_sub(self.start_ms)) * u128::from(per_second);
        // Record n is due at n/N s, so those below this number are.
        (span.div_ceil(1000) as u64).saturating_sub(self.next)
    }

    fn end(&mut self, time: BatchTime, trace: bool) -> Event<'static> {
        let mut end = End::new(time, std::mem::take(&mut self.batch_records));
        end.trace = trace.then(Vec::new);
        Event::End(end)
    }
}

/// Writes at most `due` records from number `next` on, about a block of them.
fn fill(block: &mut Vec<u8>, start_ms: u64, per_second: u64, next: u64, due: u64) -> u64 {
    block.clear();
    let mut records = 0;
    while records < due && block.len() < BLOCK_BYTES {
        let n = next + records;
        let time_ms = start_ms + n / per_second * 1000 + n % per_second * 1000 / per_second;
        // Writing to a Vec cannot fail.
        let _ = writeln!(block, "{{\"n\":{n},\"time\":{time_ms}}}");
        records += 1;
    }
    records
}

impl Input for Rate<'_> {
    fn next(&mut self) -> Result<Event<'_>, InputError> {
        Ok(self.advance()?)
    }

    fn begins_trace(&self) -> bool {
        self.options.trace
    }

    fn is_ready(&self) -> bool {
        // It may wait for time to pass; what is done should be seen until then.
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::testing::ManualClock;
    use crate::signal::StopSignal;

    /// What every batch holds until a stop `after`.
    fn batches(per_second: u64, interval_ms: u64, start_ms: u64, after: Duration) -> Vec<(u64, u64)> {
        let clock = ManualClock::at(start_ms);
        let (signal, _stopper) = StopSignal::manual().unwrap();
        let stop = StopRules { after: Some(after), ..StopRules::signals(signal) };
        let options = RateOptions { per_second, interval_ms, block_interval: Duration::from_millis(200), trace: false };
        let mut rate = Rate::new(options, &clock, stop);
        let (mut ends, mut next, mut here) = (Vec::new(), 0, 0);
        loop {
            match rate.next().unwrap() {
                Event::Head(_) => {}
                Event::Block(block) => {
                    for record in block.iter() {
                        let value: serde_json::Value = serde_json::from_slice(record).unwrap();
                        let time = value["time"].as_u64().unwrap();
                        assert_eq!(value["n"], next);
                        assert!(time < block.time.0 && time >= block.time.0 - interval_ms);
                        // Never before it is due.
                        assert!(time <= clock.read().wall_ms());
                        next += 1;
                    }
                    here += block.records;
                }
                Event::End(end) => {
                    assert_eq!(std::mem::take(&mut here), end.records);
                    ends.push((end.time.0, end.records));
                }
                Event::Close(close) => {
                    assert_eq!(close.reason, Reason::Stop);
                    return ends;
                }
            }
        }
    }

    #[test]
    fn every_batch_has_its_records() {
        let ends = batches(1000, 1000, 5_300, Duration::from_millis(3_000));
        assert_eq!(ends, [(6000, 1000), (7000, 1000), (8000, 1000), (9000, 300)]);
        // Three a second over batches of 250 ms: at 0, 333, 666, 1000 …
        let ends = batches(3, 250, 10_000, Duration::from_millis(1_250));
        assert_eq!(ends, [(10_250, 1), (10_500, 1), (10_750, 1), (11_000, 0), (11_250, 1), (11_500, 0)]);
        let ends = batches(2_000_000, 10, 10_000, Duration::from_millis(30));
        assert_eq!(ends, [(10_010, 20_000), (10_020, 20_000), (10_030, 20_000), (10_040, 0)]);
    }
}
