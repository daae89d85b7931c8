//! A load generator: N records a second, evenly.
//!
//! Record n is `{"n":n,"time":t}`, where t is the moment it is due, in ms since
//! the epoch: n/N seconds after the first batch's interval began. A batch holds
//! exactly the records that are due in its interval, however late it is sent, so
//! the counts of batches do not depend on how busy the machine is; only the
//! batch in which the source is stopped is a part. At a slow pipeline batches
//! come late, and none is left out.
//!
//! Under a checkpoint the numbers go on after a restart; nothing was due while
//! nobody ran.

use std::io::Write as _;
use std::time::Duration;

use crate::checkpoint::offsets::Position;
use crate::clock::{BatchClock, Clock, Reading};
use crate::frame::{BatchTime, Close, End, Head, Reason};
use crate::interval::Interval;
use crate::op::BLOCK_BYTES;
use crate::record::forms::Bad;
use crate::source::SourceError;
use crate::source::engine::batches::{Batches, Step};
use crate::source::engine::records::ReadAgain;
use crate::source::engine::stop::StopRules;

/// About how long a record is.
const RECORD_BYTES: u64 = 40;

/// What a user can choose.
#[derive(Clone, Copy, Debug)]
pub struct RateOptions {
    /// Records a second, at least one.
    pub per_second: u64,
    /// How far apart batches are.
    pub interval: Interval,
    /// How long a record may wait before its block leaves.
    pub block_interval: Duration,
    /// Whether ends carry a trace.
    pub trace: bool,
}

/// [`Batches`] of records that it makes.
pub struct Rate<'a> {
    options: RateOptions,
    clock: &'a dyn Clock,
    stop: StopRules,
    running: Option<Running>,
    block: Vec<u8>,
    is_stopped: bool,
    /// The first record's number, if a run before made some.
    first: u64,
    /// The records of a batch that is made again, and are still to be made.
    again: Option<Made>,
}

/// Records that were made: how, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Made {
    /// When the first batch's interval began, in ms since the epoch.
    start_ms: u64,
    /// The number of the record that was due then.
    first: u64,
    /// Records a second.
    per_second: u64,
    /// The number of the next record, counted from `first`.
    next: u64,
    /// The number after the last one, counted from `first`.
    end: u64,
}

impl Made {
    const BYTES: usize = 40;

    fn write(self, out: &mut Vec<u8>) {
        let Made { start_ms, first, per_second, next, end } = self;
        out.extend([start_ms, first, per_second, next, end].map(u64::to_le_bytes).concat());
    }

    fn read(bytes: &[u8]) -> Option<Made> {
        let bytes: &[u8; Made::BYTES] = bytes.try_into().ok()?;
        let mut numbers = bytes.chunks_exact(8).map(|number| number.try_into().map_or(0, u64::from_le_bytes));
        let mut number = || numbers.next();
        let (start_ms, first, per_second) = (number()?, number()?, number()?);
        (per_second > 0).then_some(Made { start_ms, first, per_second, next: number()?, end: number()? })
    }
}

struct Running {
    clock: BatchClock,
    made: Made,
    /// The number after the last one in the offsets, counted as in `made`.
    recorded: u64,
    batch_records: u64,
    /// When the last block left, by the monotonic clock.
    left: Duration,
}

impl<'a> Rate<'a> {
    /// Records from now on.
    pub fn new(options: RateOptions, clock: &'a dyn Clock, stop: StopRules) -> Rate<'a> {
        Rate { options, clock, stop, running: None, block: Vec::new(), is_stopped: false, first: 0, again: None }
    }

    fn begin(&mut self, clock: BatchClock, now: Reading) {
        let start_ms = clock.begin().0;
        let made = Made { start_ms, first: self.first, per_second: self.options.per_second, next: 0, end: 0 };
        self.running = Some(Running { clock, made, recorded: 0, batch_records: 0, left: now.monotonic });
    }

    fn advance(&mut self) -> Result<Step, SourceError> {
        let RateOptions { interval, trace, .. } = self.options;
        let pause = self.options.pause();
        loop {
            let now = self.clock.read();
            let Some(running) = &mut self.running else {
                self.begin(BatchClock::start(interval, now), now);
                return Ok(Step::Head(Head::new(interval)));
            };
            if self.is_stopped {
                return Ok(Step::Close(Close::new(Reason::Stop)));
            }
            let open = running.clock.open();
            let is_over = running.clock.due(now) > 0;
            let is_asked = self.stop.is_due(now.monotonic, now.monotonic);
            if is_over || is_asked || now.monotonic >= running.left + pause {
                let until_ms = if is_over { open.0 } else { running.passed_ms(now) };
                running.made.end = running.made.due_before(until_ms);
                if running.made.next < running.made.end {
                    self.block.clear();
                    let records = running.made.fill(&mut self.block);
                    running.batch_records += records;
                    return Ok(Step::Block { time: open, records });
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

    fn end(&mut self, time: BatchTime, trace: bool) -> Step {
        let mut end = End::new(time, std::mem::take(&mut self.batch_records));
        end.trace = trace.then(Vec::new);
        Step::End(end)
    }
}

impl Made {
    /// The number after the last record that is due before `until_ms`.
    fn due_before(&self, until_ms: u64) -> u64 {
        let span = u128::from(until_ms.saturating_sub(self.start_ms)) * u128::from(self.per_second);
        // Record n is due at n/N s, so those below this number are.
        (span.div_ceil(1000) as u64).max(self.next)
    }

    /// Appends the next records, about a block of them.
    fn fill(&mut self, block: &mut Vec<u8>) -> u64 {
        let before = self.next;
        while self.next < self.end && block.len() < BLOCK_BYTES {
            let (n, per_second) = (self.next, self.per_second);
            let time_ms = self.start_ms + n / per_second * 1000 + n % per_second * 1000 / per_second;
            // Writing to a Vec cannot fail.
            let _ = writeln!(block, "{{\"n\":{},\"time\":{time_ms}}}", self.first + n);
            self.next += 1;
        }
        self.next - before
    }
}

impl Batches for Rate<'_> {
    fn step(&mut self) -> Result<Step, SourceError> {
        self.advance()
    }

    fn block(&self) -> &[u8] {
        &self.block
    }

    fn begins_trace(&self) -> bool {
        self.options.trace
    }

    fn is_ready(&self) -> bool {
        // It may wait for time to pass; what is done should be seen until then.
        false
    }

    fn start_after(&mut self, time: BatchTime, _carried: u64) {
        let now = self.clock.read();
        self.begin(BatchClock::after(self.options.interval, time, now), now);
    }

    fn replay(&mut self) -> Option<&mut dyn ReadAgain> {
        Some(self)
    }
}

impl ReadAgain for Rate<'_> {
    fn restore(&mut self, position: &Position) -> Result<(), SourceError> {
        let newest = position.since.iter().rev().chain([&position.base]).find(|bytes| !bytes.is_empty());
        self.first = newest.map_or(Ok(0), |bytes| made(bytes).map(|made| made.first + made.end))?;
        Ok(())
    }

    fn position(&mut self, delta: &mut Vec<u8>) {
        if let Some(Running { made, recorded, .. }) = &mut self.running
            && made.next > *recorded
        {
            Made { next: *recorded, end: made.next, ..*made }.write(delta);
            *recorded = made.next;
        }
    }

    fn base(&mut self, base: &mut Vec<u8>) {
        if let Some(Running { made, .. }) = &self.running {
            Made { end: made.next, ..*made }.write(base);
        }
    }

    fn begin_again(&mut self, delta: &[u8]) -> Result<(), SourceError> {
        self.again = Some(made(delta)?);
        Ok(())
    }

    fn next_again(&mut self, block: &mut Vec<u8>, _bad: &mut Bad<'_>) -> Result<Option<u64>, SourceError> {
        let records = self.again.as_mut().map_or(0, |again| again.fill(block));
        Ok((records > 0).then_some(records))
    }
}

/// The numbers of the records of a batch, by what the source recorded of it: the first, and
/// the one behind the last.
pub fn numbers_of(recorded: &[u8]) -> Option<(u64, u64)> {
    let made = Made::read(recorded)?;
    Some((made.first + made.next, made.first + made.end))
}

fn made(position: &[u8]) -> Result<Made, SourceError> {
    Made::read(position).ok_or_else(|| SourceError::Gone {
        what: "rate".to_owned(),
        reason: "its position in the checkpoint is none of rate".to_owned(),
    })
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
        let options = RateOptions {
            per_second,
            interval: Interval::Fixed(interval_ms),
            block_interval: Duration::from_millis(200),
            trace: false,
        };
        let mut rate = Rate::new(options, &clock, stop);
        let (mut ends, mut next, mut here) = (Vec::new(), 0, 0);
        loop {
            match rate.step().unwrap() {
                Step::Head(_) => {}
                Step::Block { time: batch, records } => {
                    let block = crate::frame::Block { time: batch, records, bytes: rate.block() };
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
                Step::End(end) => {
                    assert_eq!(std::mem::take(&mut here), end.records);
                    ends.push((end.time.0, end.records));
                }
                Step::Close(close) => {
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
