//! Pieces that threads take whole.
//!
//! Counts and sums are the same in whatever order they are made. So as long as there are few keys, each thread groups the
//! pieces that it gets by all of them, as one thread alone does it; before anything is given, the groups of all are dealt.
//! Where there are many keys that would be more work than to deal the items.

use std::collections::VecDeque;

use super::{Shard, Shards};
use crate::agg::{AggError, Aggregator};
use crate::frame::Block;
use crate::op::grouping::{Grouping, aggregation_failed};
use crate::op::groups::Groups;
use crate::op::key_table::LARGE;
use crate::op::{Held, OpError, Out};

/// So many keys are many, or as many as take so many bytes.
const MANY: usize = if cfg!(test) { 4 } else { LARGE };
const MUCH: u64 = 8 << 20;

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
    /// Of no piece.
    pub fn new(aggregator: &Aggregator) -> Whole {
        Whole { groups: Groups::new(aggregator), ends: VecDeque::new(), firsts: Vec::new() }
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
    fn merge(self, of: &Groups, index: usize, first: u64) -> Result<(), AggError> {
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
        groups.accumulators.update(at, |into| aggregator.merge(into, &of.accumulators.get(index)))
    }
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

    /// Its own groups.
    fn dealt(&mut self) -> Dealt<'_>;
}

impl<S: TakesWhole> Shards<S> {
    /// There were so many keys: if they are few, and of what is made of them the order says nothing, pieces
    /// are taken whole from now on.
    pub fn take_whole_after(&mut self, keys: usize) {
        self.each(|shard| {
            let aggregator = shard.dealt().aggregator;
            let is_wanted = keys < MANY && aggregator.is_subtractable();
            let new = (is_wanted && shard.whole().is_none()).then(|| Whole::new(shard.dealt().aggregator));
            match new {
                Some(_) => *shard.whole() = new,
                None if !is_wanted => *shard.whole() = None,
                None => {}
            }
        });
    }

    /// As [`Shards::held`], and what was taken whole: each thread has the same keys there, mostly.
    pub fn held_with_whole(&self) -> Held {
        let mut held = self.held();
        let mut most = 0;
        for mut shard in (0..self.shards.len()).filter_map(|number| self.get(number)) {
            let whole = shard.whole().as_ref().map_or(Held::default(), |whole| whole.groups.held());
            held.bytes += whole.bytes;
            most = most.max(whole.keys.unwrap_or(0));
        }
        Held { keys: held.keys.map(|keys| keys + most), ..held }
    }

    /// Deals what threads have taken whole: to be done before shards are asked for their groups.
    ///
    /// # Errors
    /// As [`Shards::finish`]; or two results cannot be put together.
    pub fn deal_whole(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if !self.get(0).is_some_and(|mut shard| shard.whole().is_some()) {
            return Ok(());
        }
        self.finish(out)?;
        for number in 0..self.shards.len() {
            let taken = self.get(number).and_then(|mut shard| shard.whole().take_if(|whole| !whole.firsts.is_empty()));
            let Some(mut whole) = taken else { continue };
            for (index, first) in whole.firsts.iter().enumerate() {
                let mut shard = self.of_key(whole.groups.keys.normal(index));
                shard.dealt().merge(&whole.groups, index, *first).map_err(aggregation_failed)?;
            }
            whole.clear();
            if let Some(mut shard) = self.get(number) {
                *shard.whole() = Some(whole);
            }
        }
        Ok(())
    }
}
