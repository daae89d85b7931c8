//! Cuts the records that a source brings into batches by the wall clock.
//!
//! A record arrives when it is read; batch T holds what arrived in
//! [T - interval, T). What waits behind a full pipe belongs to the batch that is
//! open when reading goes on. The open block leaves when it is full, at its
//! batch's end, or a block interval after its first record came, so that later
//! stages work while a batch fills. By count it ends when it is full, whenever that is ([`Count`]).

mod batches;
mod count;

use std::time::Duration;

pub use count::Count;
use count::Counted;

use crate::clock::{BatchClock, Clock, Reading};
use crate::flow::BadRecords;
use crate::frame::{BatchTime, Close, End, Head, Reason};
use crate::interval::Interval;
use crate::op::BLOCK_BYTES;
use crate::source::SourceError;
use crate::source::engine::batches::Step;
use crate::source::engine::limits::{LimitOptions, Limits};
use crate::source::engine::records::{Came, RecordSource};
use crate::source::engine::stop::StopRules;

/// More missed batches than this are an error.
pub const MOST_MISSED: u64 = 1_000_000;

/// What a user can choose about cutting.
#[derive(Clone, Debug)]
pub struct CutOptions {
    /// How far apart batches are.
    pub interval: Interval,
    /// When a batch is full, in the place of ending by the clock.
    pub count: Option<Count>,
    /// How long a record may wait in an open block.
    pub block_interval: Duration,
    /// Whether ends carry a trace.
    pub trace: bool,
    /// Send more than a million missed batches too.
    pub skip_missed: bool,
    /// How much is taken at most.
    pub limits: LimitOptions,
}

/// The parts that a cutter works with.
pub struct CutterParts<'a> {
    /// Where records come from.
    pub source: Box<dyn RecordSource + 'a>,
    /// Something has come already, when it was found out what kind of input this is.
    pub has_begun: bool,
    /// When to stop.
    pub stop: StopRules,
    /// The time.
    pub clock: &'a dyn Clock,
    /// What becomes of bad records.
    pub bad_records: &'a BadRecords,
}

/// Where a cutter is.
enum State {
    /// The head is still to come.
    Start,
    /// Batches are being cut.
    Running(BatchClock),
    /// The input is over: what is left of the last batch, then the close.
    Ending(BatchClock, Reason),
}

/// What has come of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrival {
    /// Nothing: at the input's end there is no batch to end.
    Nothing,
    /// Something, or a batch was cut: the open batch gets an end.
    Batch,
    /// Something whose batch is not known yet.
    Fresh,
}

/// Cuts batches.
pub struct Cutter<'a> {
    parts: CutterParts<'a>,
    options: CutOptions,
    state: State,
    block: Vec<u8>,
    block_records: u64,
    batch_records: u64,
    /// The block was given, and is to be emptied before it is filled again.
    has_given_block: bool,
    arrival: Arrival,
    /// The moment up to which batches are being cut.
    caught_up_to: Option<Reading>,
    /// Why there is no more to wait for; what the input still holds is read.
    over: Option<Reason>,
    last_came: Duration,
    block_opened: Duration,
    limits: Limits,
    /// The open batch, where it ends by count.
    counted: Option<Counted>,
    /// So many empty batches were announced as missed, and come next.
    promised: u64,
}

impl<'a> Cutter<'a> {
    /// A cutter; batches begin with the first event that is asked for.
    pub fn new(parts: CutterParts<'a>, options: CutOptions) -> Cutter<'a> {
        let now = parts.clock.read().monotonic;
        Cutter {
            state: State::Start,
            arrival: if parts.has_begun { Arrival::Fresh } else { Arrival::Nothing },
            block: Vec::new(),
            block_records: 0,
            batch_records: 0,
            has_given_block: false,
            caught_up_to: None,
            over: None,
            last_came: now,
            block_opened: now,
            limits: Limits::new(options.limits, now),
            counted: options.count.map(Counted::new),
            promised: 0,
            options,
            parts,
        }
    }

    fn advance(&mut self) -> Result<Step, SourceError> {
        if std::mem::take(&mut self.has_given_block) {
            self.block.clear();
            self.block_records = 0;
        }
        loop {
            match &mut self.state {
                State::Start => {
                    let (interval, now) = (self.options.interval, self.parts.clock.read());
                    let mut head = Head::new(interval);
                    let clock = if self.counted.is_some() {
                        head.set_virtual_clock();
                        BatchClock::after(interval, BatchTime(0), now)
                    } else {
                        BatchClock::start(interval, now)
                    };
                    self.state = State::Running(clock);
                    return Ok(Step::Head(head));
                }
                State::Ending(clock, reason) => {
                    if self.block_records > 0 {
                        let time = clock.open();
                        return Ok(self.give_block(time));
                    }
                    if std::mem::replace(&mut self.arrival, Arrival::Nothing) == Arrival::Nothing {
                        self.parts.source.close()?;
                        return Ok(Step::Close(Close::new(reason.clone())));
                    }
                    // The open batch ends at once, with its nominal time.
                    let now = self.parts.clock.read();
                    let time = clock.cut(now);
                    return Ok(self.end(time));
                }
                State::Running(clock) => {
                    let clock = clock.clone();
                    if let Some(step) = self.turn(&clock)? {
                        return Ok(step);
                    }
                }
            }
        }
    }

    /// One turn while batches are being cut: a step, or something was read or waited for.
    fn turn(&mut self, clock: &BatchClock) -> Result<Option<Step>, SourceError> {
        let open = clock.open();
        if self.block.len() >= BLOCK_BYTES {
            return Ok(Some(self.give_block(open)));
        }
        if self.arrival != Arrival::Fresh && self.take(open)? {
            return Ok(None);
        }
        // Batches are caught up to one moment, then it is read
        // again: behind stages that take longer than the interval
        // there would be no end to catching up.
        let now = *self.caught_up_to.get_or_insert_with(|| self.parts.clock.read());
        let due = self.due(clock, now);
        if due > MOST_MISSED && !self.options.skip_missed {
            return Err(SourceError::Missed { batches: due, interval: self.options.interval });
        }
        if due > 0 && self.block_records > 0 {
            return Ok(Some(self.give_block(open)));
        }
        if due > 1 && self.promised == 0 && self.may_end_now(now) {
            // Far behind, an end does not wait for the present.
            self.over.get_or_insert(Reason::Stop);
            if !self.take_fresh() {
                self.read_rest(open)?;
            }
            return Ok(None);
        }
        if due > 0 {
            self.begin_batch();
            self.promised = self.promised.saturating_sub(1);
            return Ok(self.cut(now));
        }
        self.caught_up_to = None;
        if self.take_fresh() {
            return Ok(None);
        }
        if self.is_all_in() {
            self.read_rest(open)?;
            return Ok(None);
        }
        if self.block_records > 0 && now.monotonic >= self.block_opened + self.options.block_interval {
            return Ok(Some(self.give_block(open)));
        }
        let now = self.parts.clock.read();
        let batch_wait = match &self.counted {
            Some(counted) => counted.wait(now.monotonic),
            None => clock.wait(now),
        };
        self.read(now, batch_wait)?;
        Ok(None)
    }

    /// How many batches are over.
    fn due(&self, clock: &BatchClock, now: Reading) -> u64 {
        match &self.counted {
            Some(counted) => counted.is_full(now.monotonic).into(),
            None => clock.due(now),
        }
    }

    fn cut(&mut self, now: Reading) -> Option<Step> {
        let (State::Running(clock) | State::Ending(clock, _)) = &mut self.state else { return None };
        let time = clock.cut(now);
        Some(self.end(time))
    }

    /// Whether there is nothing to wait for any more: at the input's end, what is
    /// held back by a limit still waits for its turn.
    fn is_all_in(&self) -> bool {
        match self.over {
            Some(Reason::Eof) => !self.parts.source.has_records(),
            Some(_) => true,
            None => false,
        }
    }

    fn may_end_now(&self, now: Reading) -> bool {
        self.is_all_in() || (self.over.is_none() && self.parts.stop.is_due(now.monotonic, self.last_came))
    }

    /// Waits for records, a deadline or the end.
    fn read(&mut self, now: Reading, batch_wait: Duration) -> Result<(), SourceError> {
        let has_records = self.parts.source.has_records();
        if has_records {
            // What waits for its turn has come, however long ago.
            self.last_came = now.monotonic;
        }
        if self.parts.stop.is_due(now.monotonic, self.last_came) {
            self.over = Some(Reason::Stop);
            return Ok(());
        }
        let mut wait = batch_wait.min(self.parts.stop.wait(now.monotonic, self.last_came));
        if self.block_records > 0 {
            let leaves = self.block_opened + self.options.block_interval;
            wait = wait.min(leaves.saturating_sub(now.monotonic));
        }
        if has_records {
            // There may be room for them: they came just now, when nobody looked, from a thread of the source's.
            if self.limits.room(now.monotonic).is_some() {
                self.came();
                return Ok(());
            }
            return self.parts.stop.pause(self.parts.clock, wait.min(self.limits.wait()));
        }
        match self.parts.source.wait(wait)? {
            Came::Something => self.came(),
            Came::Timeout => {}
            Came::Stop => self.over = Some(Reason::Stop),
            Came::End => self.over = Some(Reason::Eof),
        }
        Ok(())
    }

    fn came(&mut self) {
        let now = self.parts.clock.read();
        self.last_came = now.monotonic;
        self.caught_up_to = Some(now);
        self.arrival = Arrival::Fresh;
    }

    /// Whether something had come whose batch was not known: it is the open one's now.
    fn take_fresh(&mut self) -> bool {
        let is_fresh = self.arrival == Arrival::Fresh;
        if is_fresh {
            self.arrival = Arrival::Batch;
        }
        is_fresh
    }

    /// The open batch gets an end, whatever comes.
    fn begin_batch(&mut self) {
        if self.arrival == Arrival::Nothing {
            self.arrival = Arrival::Batch;
        }
    }

    /// When there is no more to wait for: reads what the input holds at a stop,
    /// piece by piece, then ends.
    fn read_rest(&mut self, open: BatchTime) -> Result<(), SourceError> {
        if self.over == Some(Reason::Stop) {
            self.limits.lift();
            if self.parts.source.has_records() || self.parts.source.held()? {
                self.came();
                return Ok(());
            }
        }
        self.finish(open)
    }

    /// All that came whole is taken; ends the stream.
    fn finish(&mut self, open: BatchTime) -> Result<(), SourceError> {
        let reason = self.over.clone().unwrap_or(Reason::Eof);
        let bad = self.parts.bad_records;
        let mut bad = |record: &[u8], reason: &str| Ok(bad.take(open, record, reason)?);
        self.block_records += self.parts.source.finish(&reason, &mut self.block, &mut bad)?;
        let state = std::mem::replace(&mut self.state, State::Start);
        if let State::Running(clock) | State::Ending(clock, _) = state {
            self.state = State::Ending(clock, reason);
        }
        Ok(())
    }

    /// Takes records that have come, about a block of them; false if there are
    /// none, or a limit keeps them.
    fn take(&mut self, open: BatchTime) -> Result<bool, SourceError> {
        if !self.parts.source.has_records() {
            return Ok(false);
        }
        let now = self.parts.clock.read().monotonic;
        let Some(mut room) = self.limits.room(now) else { return Ok(false) };
        if let Some(counted) = &self.counted {
            if counted.is_full(now) {
                return Ok(false);
            }
            room.records = room.records.min(counted.room());
        }
        if self.block_records == 0 {
            self.block_opened = self.last_came;
        }
        let bad = self.parts.bad_records;
        let mut bad = |record: &[u8], reason: &str| Ok(bad.take(open, record, reason)?);
        let before = self.block.len();
        let records = self.parts.source.take(room, &mut self.block, &mut bad)?;
        self.limits.took(records, self.block.len() - before);
        if let Some(counted) = &mut self.counted {
            counted.took(records, now);
            self.begin_batch();
        }
        self.block_records += records;
        Ok(true)
    }

    fn give_block(&mut self, time: BatchTime) -> Step {
        self.has_given_block = true;
        self.batch_records += self.block_records;
        Step::Block { time, records: self.block_records }
    }

    fn end(&mut self, time: BatchTime) -> Step {
        self.limits.end_batch();
        if let Some(counted) = &mut self.counted {
            counted.end_batch();
            // Of what comes next nothing is there.
            self.arrival = Arrival::Nothing;
        }
        let mut end = End::new(time, std::mem::take(&mut self.batch_records));
        end.trace = self.options.trace.then(Vec::new);
        Step::End(end)
    }
}

#[cfg(test)]
mod tests;
