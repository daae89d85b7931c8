//! `state`: keys with a state that goes from batch to batch.
//!
//! The state of a key is the partial result of an aggregation over all its
//! values so far, or what a function of `$key`, `$values` and `$state` makes of
//! them. In Spark these are `updateStateByKey` and `mapWithState`; which of them
//! it resembles is up to [`Emit`].
//!
//! At the end of a batch keys time out, then the function makes new states, then
//! results come out, in order of first appearance in the state. A key that was
//! dropped and comes again is a new one.

mod change_set;
mod computation;
mod durable;
mod entries;
mod initial;
mod journal;
mod large;
mod sharded;
mod timeouts;
mod values;

pub use computation::VARIABLES;
pub use initial::InitialError;
pub use large::LargeState;
pub use sharded::ShardedState;

use super::durable::Durable;
use super::grouping::{By, Grouping, Item, aggregation_failed, bad_or_fatal};
use super::groups::fetch;
use super::shards::whole::Whole;
use super::timed::timely;
use super::{Held, OpError, Operator, Out};
use crate::agg::Aggregator;
use crate::event::{Timing, ordered};
use crate::expr::Function;
use crate::frame::{BatchTime, Block, Close, Head, Reason, Watermark};
use crate::interval::Interval;
use change_set::ChangeSet;
use computation::Computation;
use entries::Entries;
use values::Values;

/// Which states come out when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Emit {
    /// All, with each batch; a function makes all of them anew each time.
    #[default]
    All,
    /// With each batch, those of the keys that have values in it.
    Changed,
    /// One for each value, with the value applied; a function sees one value at
    /// a time.
    Each,
    /// With each batch, the last ones of the keys that time out.
    Timeout,
}

/// How a state comes of values.
pub enum Update {
    /// As the result of an aggregation of all of them.
    Aggregation(Aggregator),
    /// By a function that was made with [`VARIABLES`], of the values of one
    /// batch and the state before: `null`, or no result, drops the key.
    Function(Box<dyn Function + Send>),
}

/// The operator.
pub struct State {
    grouping: Grouping,
    emit: Emit,
    entries: Entries,
    /// Keys that have values in the open batch, where an aggregation emits those.
    changed: ChangeSet,
    /// How many of these there were in the last batch.
    emitted: usize,
    /// What one of several threads has taken whole.
    whole: Option<Whole>,
    /// Keys that came of `whole` do not stand in the order of their numbers.
    is_unordered: bool,
    computation: Option<Computation>,
    /// Whether the keys there are have not been in a batch yet.
    is_initial: bool,
    /// The time of a record, where keys time out by event time.
    timing: Option<Timing>,
    interval: Interval,
    newest: BatchTime,
    has_checkpoint: bool,
}

impl State {
    /// The empty state. With a timeout a key is dropped at the first batch whose
    /// time is more than that after the time of the last batch with a value of
    /// the key.
    pub fn new(grouping: Grouping, update: Update, emit: Emit, timeout_ms: Option<u64>) -> State {
        let (values, computation) = match update {
            Update::Aggregation(aggregator) => (Values::aggregated(aggregator), None),
            Update::Function(function) => (Values::Computed(Vec::new()), Some(Computation::new(function))),
        };
        State {
            grouping,
            emit,
            entries: Entries::new(values, timeout_ms),
            changed: ChangeSet::new(),
            emitted: 0,
            whole: None,
            is_unordered: false,
            computation,
            is_initial: true,
            timing: None,
            interval: Interval::Fixed(1),
            newest: BatchTime::default(),
            has_checkpoint: false,
        }
    }

    /// The same, but a key times out when the watermark is more than the timeout after the greatest
    /// time of its records. A record that is not after the watermark from before its batch is late.
    #[must_use]
    pub fn with_timing(mut self, timing: Timing) -> State {
        self.timing = Some(timing);
        self
    }

    /// Gives all there is, as `[key, state]`, outside of any batch: for those who
    /// look into a checkpoint.
    pub fn show(&self, out: &mut Out<'_>) {
        for index in self.entries.keys.indexes() {
            self.entries.give(index, out);
        }
        out.finish_block();
    }

    /// Lets the keys that were there from the start belong to the first batch.
    fn begin(&mut self, time: BatchTime) {
        if self.timing.is_none() && std::mem::take(&mut self.is_initial) {
            for index in 0..self.entries.keys.end() {
                self.entries.note_value(index, time.0);
            }
        }
    }

    /// Drops the keys that time out, and emits them if they are what is wanted.
    fn time_out(&mut self, now: u64, out: &mut Out<'_>) {
        for index in self.entries.expired(now) {
            if self.emit == Emit::Timeout {
                self.entries.give_in_place(index as usize, out);
            }
            self.entries.drop(index as usize);
        }
    }

    /// The batch is over for the function.
    fn compute(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        let Some(computation) = &mut self.computation else { return Ok(()) };
        let indexes = match self.emit {
            Emit::All => self.entries.keys.indexes().map(|index| index as u32).collect(),
            Emit::Changed | Emit::Timeout => {
                let mut indexes = computation.keys_with_values().to_vec();
                self.entries.sort(&mut indexes);
                indexes
            }
            Emit::Each => return Ok(()),
        };
        computation.run(&mut self.entries, &indexes, None, self.emit != Emit::Timeout, out)?;
        computation.clear();
        Ok(())
    }

    /// The batch is over for the aggregation.
    fn emit(&mut self, out: &mut Out<'_>) {
        match self.emit {
            Emit::All => {
                for index in (0..self.entries.keys.end()).filter(|&index| self.entries.keys.contains(index)) {
                    self.entries.give_in_place(index, out);
                }
            }
            Emit::Changed => {
                let mut changed = self.changed.take();
                self.emitted = changed.len();
                self.entries.sort(&mut changed);
                for &index in &changed {
                    self.entries.give_in_place(index as usize, out);
                }
                self.changed.reuse(changed);
            }
            Emit::Each | Emit::Timeout => {}
        }
    }
}

impl State {
    /// Takes an item of the batch `batch`.
    #[inline]
    fn take(&mut self, item: &Item<'_>, batch: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let time = match &mut self.timing {
            None => batch.0,
            Some(timing) => match timely(timing, item.record, out)? {
                Some(time) => ordered(time),
                None => return Ok(()),
            },
        };
        let State { emit, entries, changed, computation, .. } = self;
        let Some(computation) = computation else {
            return aggregate(*item, time, entries, *emit, changed, out);
        };
        let (index, _) = entries.insert(item);
        entries.note_value(index, time);
        computation.add(index, item.value);
        if *emit == Emit::Each {
            computation.run(entries, &[index as u32], Some(item.record), true, out)?;
            computation.clear();
        }
        Ok(())
    }

    /// Whether looking keys up mostly waits for memory, so that it is worth to [fetch](State::fetch) several.
    fn is_large(&self) -> bool {
        self.computation.is_none() && self.timing.is_none() && self.entries.keys.is_large()
    }

    /// Fetches what is known of the keys of items that come next.
    fn fetch<'i>(&self, items: impl Iterator<Item = &'i Item<'i>>) {
        let State { entries, changed, .. } = self;
        fetch(items, &entries.keys, |index| entries.fetch(index) ^ changed.fetch(index));
    }

    /// The batch is over: keys time out, states are made and given.
    fn end_batch(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.newest = time;
        if self.timing.is_some() {
            self.timed_end(time, out)?;
        } else {
            self.begin(time);
            self.time_out(time.0, out);
            self.give(out)?;
        }
        self.entries.compact();
        Ok(())
    }

    /// What works for the state is ended.
    fn close_function(&mut self) -> Result<(), OpError> {
        match (&mut self.computation, &mut self.entries.values) {
            (Some(computation), _) => computation.close(),
            (None, Values::Aggregated { aggregator, .. }) => aggregator.close().map_err(aggregation_failed),
            (None, Values::Computed(_)) => Ok(()),
        }
    }

    /// As [`Operator::end`]: a key that has a record in the batch gets it before it can time out.
    fn timed_end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let Some(timing) = &mut self.timing else { return Ok(()) };
        let watermark = timing.watermarks.end(time, out.watermark());
        out.set_watermark(watermark);
        if self.emit != Emit::All {
            self.give(out)?;
        }
        if let Some(Watermark(watermark)) = watermark {
            self.time_out(ordered(watermark), out);
        }
        if self.emit == Emit::All {
            self.give(out)?;
        }
        Ok(())
    }

    /// The batch is over for what makes states: gives those that are wanted.
    fn give(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.computation.is_some() {
            return self.compute(out);
        }
        self.emit(out);
        Ok(())
    }
}

impl Operator for State {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.interval = head.interval;
        self.has_checkpoint = head.checkpoint().is_some();
        match &mut self.timing {
            Some(timing) => timing.head(head).map_err(OpError::Usage),
            None => Ok(()),
        }
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.begin(block.time);
        let mut grouping = std::mem::replace(&mut self.grouping, Grouping::new(By::Nothing, None));
        let taken = if self.is_large() {
            grouping.chunks(block, out, |items, out| {
                self.fetch(items.iter());
                items.iter().try_for_each(|item| self.take(item, block.time, out))
            })
        } else {
            grouping.items(block, out, |item, out| self.take(&item, block.time, out))
        };
        self.grouping = grouping;
        taken
    }

    fn held(&self) -> Option<Held> {
        Some(self.entries.held())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.end_batch(time, out)?;
        out.holds(self.entries.held());
        out.end(time);
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        // At the end of event time what is left times out.
        let is_final = !self.has_checkpoint || close.reason == Reason::Eof;
        if self.timing.is_some() && self.emit == Emit::Timeout && is_final && !self.entries.keys.is_empty() {
            let time = self.newest.after(self.interval);
            out.set_time(time);
            self.time_out(u64::MAX, out);
            self.newest = time;
            out.holds(self.entries.held());
            out.end(time);
        }
        self.close_function()
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}

/// Adds an item's value to the state of its key.
#[inline]
fn aggregate(
    item: Item<'_>,
    time: u64,
    entries: &mut Entries,
    emit: Emit,
    changed: &mut ChangeSet,
    out: &mut Out<'_>,
) -> Result<(), OpError> {
    let (index, is_new) = entries.insert(&item);
    if let Values::Aggregated { aggregator, accumulators } = &mut entries.values
        && let Err(error) = accumulators.add_by(aggregator, index, item.value, item.ranked)
    {
        if is_new {
            entries.drop(index);
        }
        return bad_or_fatal(item.record, &error, out);
    }
    note_change(index, time, entries, emit, changed);
    if emit == Emit::Each {
        entries.give(index, out);
    }
    Ok(())
}

/// The key has values in the open batch, and its state is another by them.
#[inline]
fn note_change(index: usize, time: u64, entries: &mut Entries, emit: Emit, changed: &mut ChangeSet) {
    entries.note_value(index, time);
    entries.changed(index);
    if emit == Emit::Changed {
        changed.insert(index);
    }
}

#[cfg(test)]
mod sharded_tests;
#[cfg(test)]
mod tests;
