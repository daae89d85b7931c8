//! Pieces that threads take whole.
//!
//! Counts and sums are the same in whatever order they are made. So as long as there are few keys, each thread groups the
//! pieces that it gets by all of them, as one thread alone does it; before anything is given, the groups of all are dealt.
//! Where there are many keys that would be more work than to deal the items.

use std::collections::VecDeque;

use super::threads::Threads;
use super::{Shard, Shards};
use crate::agg::{Accumulators, AggError, Aggregator};
use crate::frame::{BatchTime, Block};
use crate::op::grouping::{Grouping, aggregation_failed};
use crate::op::groups::Groups;
use crate::op::key_table::LARGE;
use crate::op::{Held, OpError, Out};

/// So many keys are many, or as many as take so many bytes.
const MANY: usize = if cfg!(test) { 4 } else { LARGE };
const MUCH: u64 = 8 << 20;

/// Of keys with so many records each it pays to put together what threads have of them.
const RECORDS_EACH: u64 = if cfg!(test) { 1 } else { 4 };

/// The groups, by all keys, of the pieces that a thread has taken whole.
pub struct Whole {
    groups: Groups,
    /// For each piece that has no number, how many keys there were behind it.
    ends: VecDeque<usize>,
    /// Of each key that came first in a piece with a number: the number of that piece's first item, counted on by one from key to
    /// key. This is in the order of the items with which keys came first, whose numbers nobody has counted.
    firsts: Vec<u64>,
}

impl Whole {
    /// Of no piece; none where the order of values says something.
    pub fn new(aggregator: &Aggregator) -> Option<Whole> {
        let whole = || Whole { groups: Groups::new(aggregator), ends: VecDeque::new(), firsts: Vec::new() };
        aggregator.is_subtractable().then(whole)
    }

    /// As [`Shard::take_whole`].
    pub fn take(
        &mut self,
        grouping: &mut Grouping,
        block: Block<'_>,
        aggregator: &mut Aggregator,
        out: &mut Out<'_>,
    ) -> Option<Result<u64, OpError>> {
        let before = self.groups.keys.end();
        if before >= MANY || self.groups.held().bytes >= MUCH {
            return None;
        }
        let added = self.groups.add(block, grouping, aggregator, out);
        let behind = self.groups.keys.end();
        self.ends.push_back(behind);
        Some(added.map(|()| (behind - before) as u64))
    }

    /// As [`Shard::number_whole`].
    pub fn number(&mut self, first: u64) {
        if let Some(end) = self.ends.pop_front() {
            let new = end - self.firsts.len();
            self.firsts.extend((first..).take(new));
        }
    }

    fn clear(&mut self) {
        self.groups.clear();
        self.firsts.clear();
    }
}

/// Groups of some of the keys.
pub struct Dealt<'p> {
    /// The groups.
    pub groups: &'p mut Groups,
    /// By the key's index, the number of the item with which it came first, or what `Whole` has in the place of that.
    pub firsts: &'p mut Vec<u64>,
    /// What they are made by.
    pub aggregator: &'p mut Aggregator,
}

impl Dealt<'_> {
    /// As [`TakesWhole::merge`].
    pub fn merge(self, of: &Groups, index: usize, first: u64) -> Result<(), AggError> {
        let Dealt { groups, firsts, aggregator } = self;
        let (at, is_new) = groups.keys.insert_normal(of.keys.normal(index));
        if is_new {
            groups.accumulators.push(aggregator);
            firsts.push(u64::MAX);
        }
        if first < firsts[at] {
            // A key is written as it came first.
            firsts[at] = first;
            groups.keys.rewrite(at, of.keys.written(index));
        }
        merge_values(&mut groups.accumulators, at, of, index, aggregator)
    }
}

/// Puts what is at an index of `of` together with what is at one of these.
pub fn merge_values(
    accumulators: &mut Accumulators,
    at: usize,
    of: &Groups,
    index: usize,
    aggregator: &mut Aggregator,
) -> Result<(), AggError> {
    accumulators.update(at, |into| aggregator.merge(into, &of.accumulators.get(index)))
}

/// The indexes of keys in the order of their first items.
pub fn in_order(firsts: &[u64]) -> impl Iterator<Item = usize> + use<> {
    let sorted = (!firsts.is_sorted()).then(|| {
        let mut indexes: Vec<_> = (0..firsts.len()).collect();
        indexes.sort_unstable_by_key(|index| firsts[*index]);
        indexes
    });
    (0..firsts.len()).map(move |at| sorted.as_ref().map_or(at, |sorted| sorted[at]))
}

/// A shard that may take pieces whole.
pub trait TakesWhole: Shard {
    /// What it has taken; none if it is to take nothing.
    fn whole(&mut self) -> &mut Option<Whole>;

    /// For what it will take, if it may take anything.
    fn new_whole(&self) -> Option<Whole>;

    /// Adds what is at an index of groups of all keys to what it has of that key, which came first with this number, as
    /// [`Whole`] has it.
    ///
    /// # Errors
    /// Two results cannot be put together.
    fn merge(&mut self, of: &Groups, index: usize, first: u64, time: BatchTime) -> Result<(), AggError>;

    /// How many keys there were in what was answered last.
    fn answered(&self) -> usize;
}

impl<S: TakesWhole> Shards<S> {
    /// The same, that take pieces whole at first, if they may.
    #[must_use]
    pub fn taking_whole(mut self) -> Shards<S> {
        self.set_whole(true);
        self
    }

    /// An answer was given: pieces are taken whole from now on if there were few keys in it, and many records of each. If
    /// nothing came, nothing changes.
    pub fn choose_whole(&mut self) {
        let mut keys = 0;
        self.each(|shard| keys += shard.answered());
        let records = std::mem::take(&mut self.records);
        if records > 0 {
            self.set_whole(keys < MANY && records >= RECORDS_EACH * keys as u64);
        }
    }

    fn set_whole(&mut self, is_wanted: bool) {
        self.each(|shard| {
            let whole = shard.whole().take();
            *shard.whole() = if is_wanted { whole.or_else(|| shard.new_whole()) } else { None };
        });
    }

    /// As [`Shards::held`], and what was taken whole: of keys, these are the same ones, mostly.
    pub fn held_with_whole(&self) -> Held {
        let mut held = self.held();
        let mut most = 0;
        for mut shard in (0..self.shards.len()).filter_map(|number| self.get(number)) {
            let whole = shard.whole().as_ref().filter(|whole| !whole.groups.keys.is_empty());
            let whole = whole.map_or(Held::default(), |whole| whole.groups.held());
            held.bytes += whole.bytes;
            most = most.max(whole.keys.unwrap_or(0));
        }
        Held { keys: held.keys.map(|keys| keys.max(most)), ..held }
    }

    /// Deals what threads have taken whole of the batch, in the order of first items: to be done before shards are asked
    /// for their groups.
    ///
    /// # Errors
    /// As [`Shards::finish`]; or two results cannot be put together.
    pub fn deal_whole(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if !self.get(0).is_some_and(|mut shard| shard.whole().is_some()) {
            return Ok(());
        }
        // Without threads nothing is taken whole.
        let Some(have_work) = self.threads.as_ref().map(Threads::have_work) else { return Ok(()) };
        if have_work {
            self.finish(out)?;
        }
        // What is left otherwise is done without threads, and comes behind what they have taken.
        self.deal_taken()
    }

    fn deal_taken(&mut self) -> Result<(), OpError> {
        let mut wholes = Vec::new();
        self.each(|shard| wholes.extend(shard.whole().take()));
        let mut keys = Vec::new();
        for (number, whole) in wholes.iter().enumerate() {
            keys.extend(whole.firsts.iter().enumerate().map(|(index, first)| (*first, number, index)));
        }
        // Those of each are in order already.
        keys.sort();
        for (first, number, index) in keys {
            let of = &wholes[number].groups;
            let mut shard = self.of_key(of.keys.normal(index));
            shard.merge(of, index, first, self.time).map_err(aggregation_failed)?;
        }
        wholes.iter_mut().for_each(Whole::clear);
        // They are all alike now.
        self.each(|shard| *shard.whole() = wholes.pop());
        Ok(())
    }
}
