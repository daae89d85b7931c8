//! `match`: sequences of a key's records, as SQL's MATCH_RECOGNIZE and Flink's CEP find them.
//!
//! A pattern's text is read ([`pattern`]) and made into an automaton ([`automaton`]); what its names
//! mean is in [`define`]. The [`matcher`] takes a key's records in order and knows all ways that are
//! open; what they have taken is in one [`buffer`]. A record costs what it is to find its key and the
//! ways of that key that are open, whatever their length.
//!
//! With a time, records wait until the watermark has passed them and come in order then, those of one
//! time in order of arrival. Rules: Flink 2.3 as measured; in patterns of spaces alone a greedy loop
//! gives back, as SQL:2016 has it.

mod automaton;
mod buffer;
mod define;
mod durable;
mod entry;
mod fits;
mod keys;
mod large;
mod matcher;
mod order;
mod pattern;
mod result;
mod saved;
#[cfg(test)]
mod tests;

pub use automaton::Automaton;
pub use define::Definition;
pub use large::LargeSequences;
pub use matcher::{Rules, Skip};
pub use pattern::{Pattern, PatternError};
pub use result::{Answer, VARIABLES, select_variables};

use super::durable::Durable;
use super::grouping::{Grouping, Item};
use super::timed::place_of;
use super::waiting::{Place, Waiter, Waiting};
use super::{Held, OpError, Operator, Out};
use crate::event::{EventTime, Timing};
use crate::frame::{BatchTime, Block, Close, Head, Reason, Watermark};
use crate::interval::Interval;
use durable::Changes;
use keys::Keys;
use matcher::{Arrival, Found, Matcher, Runs};
use order::{Order, Turn};

/// Which of what is found comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emit {
    /// Matches.
    pub matches: bool,
    /// What was begun and not finished within the time.
    pub timeouts: bool,
}

/// What `match` is told.
pub struct Options {
    /// What is matched.
    pub rules: Rules,
    /// The names of the pattern, for results.
    pub names: Vec<String>,
    /// The key of a record.
    pub grouping: Grouping,
    /// The time of a record; without it they come in order of arrival, by the times of batches.
    pub timing: Option<Timing>,
    /// Which of what is found comes out.
    pub emit: Emit,
    /// What comes out of it.
    pub answer: Answer,
    /// So many ways of a key may be open.
    pub most_partial: usize,
}

/// Finds sequences of records.
pub struct Sequences {
    options_emit: Emit,
    names: Vec<String>,
    grouping: Grouping,
    timing: Option<Timing>,
    answer: Answer,
    most_partial: usize,
    matcher: Matcher,
    keys: Keys,
    /// Records that the watermark has not passed.
    waiting: Waiting,
    /// How many records have come, but for those that were late.
    arrived: u64,
    /// How many had when all came out at the end of the stream.
    gone: u64,
    interval: Interval,
    newest: BatchTime,
    has_checkpoint: bool,
    changes: Option<Changes>,
    found: Vec<Found>,
    order: Order,
}

impl Sequences {
    /// As it is told.
    pub fn new(options: Options) -> Sequences {
        let Options { rules, names, grouping, timing, emit, answer, most_partial } = options;
        Sequences {
            options_emit: emit,
            names,
            grouping,
            timing,
            answer,
            most_partial,
            keys: Keys::new(rules.within_ms),
            matcher: Matcher::new(rules),
            waiting: Waiting::default(),
            arrived: 0,
            gone: 0,
            interval: Interval::Fixed(1),
            newest: BatchTime::default(),
            has_checkpoint: false,
            changes: None,
            found: Vec::new(),
            order: Order::default(),
        }
    }

    /// Takes a record that came: at once, or when the watermark has passed it.
    fn arrive(&mut self, item: &Item<'_>, batch: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let Some(timing) = &mut self.timing else {
            self.arrived += 1;
            let batch_ms = i64::try_from(batch.0).unwrap_or(i64::MAX);
            return self.take(item.key, item.record, (batch_ms, self.arrived), out);
        };
        let Some(place) = place_of(timing, &mut self.arrived, item.record, out)? else { return Ok(()) };
        self.wait(Waiter { place, key: item.key, record: item.record });
        Ok(())
    }

    /// Lets a record wait for its turn.
    fn wait(&mut self, waiter: Waiter<'_>) {
        self.waiting.add(waiter);
        self.note_waiting(waiter.place);
    }

    /// A record begins to wait, or does so no longer.
    fn note_waiting(&mut self, place: Place) {
        if let Some(changes) = &mut self.changes {
            changes.waiting(place);
        }
    }

    /// Takes the next record of a key.
    fn take(&mut self, key: &[u8], record: &[u8], place: Place, out: &mut Out<'_>) -> Result<(), OpError> {
        self.order.set(Turn::Record, place);
        let index = self.keys.insert(key);
        let runs = self.keys.runs_mut(index);
        let arrival = Arrival { place, bytes: record };
        let failed = self.matcher.record(runs, arrival, &mut self.found).err();
        let partial: usize = runs.iter().map(|run| run.ways.len()).sum();
        if runs.back().is_some_and(|run| run.place() == place) {
            self.keys.has_begun(index);
        }
        self.give(index, out)?;
        if let Some(reason) = failed {
            self.order.bad_record(record, &reason, out)?;
        }
        if partial > self.most_partial {
            return Err(OpError::Usage(format!(
                "key {}: more than {} partial matches are open: a shorter --within or a pattern that fits less often \
                 keeps less open, and --max-partial allows more",
                String::from_utf8_lossy(if key.is_empty() { b"(none)" } else { key }),
                self.most_partial
            )));
        }
        Ok(())
    }

    /// Gives what was found for a key.
    fn give(&mut self, index: usize, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut result = Ok(());
        for found in self.found.drain(..) {
            let is_wanted = if found.is_timeout { self.options_emit.timeouts } else { self.options_emit.matches };
            if is_wanted && result.is_ok() {
                let key = self.keys.written(index);
                let has_time = self.timing.is_some();
                let matched = result::Matched { found, key, names: &self.names, has_time };
                result = self.answer.give(&matched, &self.matcher, &mut self.order, out);
            }
            self.matcher.buffer.release(found.last);
        }
        if let Some(changes) = &mut self.changes {
            changes.key(self.keys.normal(index));
        }
        self.keys.measure(index);
        if self.keys.runs(index).is_empty() {
            self.keys.note_idle(index);
        }
        result
    }

    /// Takes the records that the time has passed, in order.
    fn take_waiting(&mut self, before: Option<EventTime>, out: &mut Out<'_>) -> Result<(), OpError> {
        while let Some(slot) = self.waiting.take(before) {
            for Waiter { place, key, record } in slot.iter() {
                self.note_waiting(place);
                self.take(key, record, place, out)?;
            }
        }
        Ok(())
    }

    /// The time has come so far: beginnings that are over are dealt with, whatever their key.
    fn advance(&mut self, time: EventTime, out: &mut Out<'_>) -> Result<(), OpError> {
        for (deadline, place, index) in self.keys.over(time) {
            let index = index as usize;
            if self.keys.is_open(index, place) {
                self.order.set(Turn::Over, (deadline, place.1));
                self.matcher.advance(self.keys.runs_mut(index), deadline, &mut self.found);
                self.give(index, out)?;
            }
        }
        Ok(())
    }

    /// A batch is complete: the time that has come with it, if one has.
    fn pass_batch(&mut self, time: BatchTime, out: &mut Out<'_>) -> Option<EventTime> {
        self.newest = time;
        let Some(timing) = &mut self.timing else { return i64::try_from(time.0).ok() };
        let watermark = timing.watermarks.end(time, out.watermark());
        out.set_watermark(watermark);
        watermark.map(|Watermark(ms)| ms)
    }

    /// The time has come so far.
    fn come_to(&mut self, now: EventTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.take_waiting(Some(now), out)?;
        self.advance(now, out)
    }

    /// Whether all comes out at the end: after a stop a checkpoint goes on, with what is open.
    fn gives_rest(&self, close: &Close) -> bool {
        !self.has_checkpoint || close.reason == Reason::Eof
    }

    /// All has come out, in a batch of its own.
    fn end_rest(&mut self, time: BatchTime) {
        self.forget();
        (self.newest, self.gone) = (time, self.arrived);
    }

    /// No more records will come.
    fn finish(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.take_waiting(None, out)?;
        self.finish_open(out)
    }

    /// The same of what is open.
    fn finish_open(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.advance(EventTime::MAX, out)?;
        for (place, index) in self.in_order() {
            self.order.set(Turn::Finish, place);
            self.matcher.finish(self.keys.runs_mut(index), &mut self.found);
            self.give(index, out)?;
        }
        Ok(())
    }

    /// The keys that something is open of, by their first beginnings.
    fn in_order(&self) -> Vec<(Place, usize)> {
        let begun = |(index, runs): (usize, &Runs)| Some((runs.front()?.place(), index));
        let mut open: Vec<(Place, usize)> = self.keys.open().filter_map(begun).collect();
        open.sort_unstable();
        open
    }

    /// A batch is complete: what nothing is open of is let go.
    fn forget(&mut self) {
        if self.keys.remove_idle()
            && let Some(changes) = &mut self.changes
        {
            changes.keys_moved();
        }
    }

    /// Gives every way that is open, as what it has taken so far, outside of any batch: for those who
    /// look into a checkpoint.
    pub fn show(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut answer = Answer::Plain;
        for (_, index) in self.in_order() {
            let runs = self.keys.runs(index);
            for (run, way) in runs.iter().flat_map(|run| run.ways.iter().map(move |way| (run, way))) {
                let last = self.matcher.buffer.link(way.last);
                let end = self.matcher.buffer.record(last.record).time;
                let found = Found { last: way.last, start: run.start, end, is_timeout: false };
                let has_time = self.timing.is_some();
                let matched = result::Matched { found, key: self.keys.written(index), names: &self.names, has_time };
                answer.give(&matched, &self.matcher, &mut Order::default(), out)?;
            }
        }
        out.finish_block();
        Ok(())
    }

    fn held(&self) -> Held {
        Held {
            keys: Some(self.keys.len() as u64),
            records: Some((self.waiting.len() + self.matcher.buffer.records()) as u64),
            bytes: self.matcher.buffer.bytes() + (self.waiting.bytes() + self.keys.bytes()) as u64,
        }
    }
}

impl Operator for Sequences {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.interval = head.interval;
        self.has_checkpoint = head.checkpoint().is_some();
        if let Some(timing) = &mut self.timing {
            timing.head(head).map_err(OpError::Usage)?;
            if !timing.has_watermark(head) {
                return Err(OpError::Usage(
                    "records are put in order as a watermark passes them, and nobody makes one: add --watermark \
                     DURATION, how late a record may come"
                        .to_owned(),
                ));
            }
            if self.answer.is_plain() {
                head.set_time(".end");
            }
        }
        Ok(())
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut grouping = std::mem::replace(&mut self.grouping, Grouping::new(super::grouping::By::Nothing, None));
        let result = grouping.items(block, out, |item, out| self.arrive(&item, block.time, out));
        self.grouping = grouping;
        result
    }

    fn held(&self) -> Option<Held> {
        Some(self.held())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        if let Some(now) = self.pass_batch(time, out) {
            self.come_to(now, out)?;
        }
        self.forget();
        out.holds(self.held());
        out.end(time);
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        if !self.gives_rest(close) || self.waiting.is_empty() && self.keys.len() == 0 {
            return Ok(());
        }
        let time = self.newest.after(self.interval);
        out.set_time(time);
        self.finish(out)?;
        self.end_rest(time);
        out.holds(self.held());
        out.end(time);
        Ok(())
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}
