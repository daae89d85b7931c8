//! `reduce` on several threads.

use std::collections::VecDeque;

use super::{Numbered, Shard, Shards};
use crate::agg::{AggError, Aggregator};
use crate::frame::{BatchTime, Block, Close};
use crate::op::grouping::{Grouping, aggregation_failed};
use crate::op::groups::Groups;
use crate::op::key_table::{KeyHasher, LARGE};
#[cfg(test)]
use crate::op::parallel::Start;
use crate::op::{Held, OpError, Operator, Out};

/// So many keys are few.
const FEW: usize = if cfg!(test) { 4 } else { LARGE };

/// Reduces each batch on several threads.
///
/// Counts and sums are the same in whatever order they are made. So as long as there are few keys, each thread groups the pieces
/// that it gets by all of them, as one thread alone does it; at the batch's end their groups are dealt. Where there are many, that
/// would be more work than to deal the items.
pub struct ShardedReduce {
    shards: Shards<Part>,
    /// Counts and sums are made.
    has_no_order: bool,
    /// The batch began with few keys.
    is_whole: bool,
}

/// The groups of some of the keys.
struct Part {
    aggregator: Aggregator,
    groups: Groups,
    /// The number of the item with which each key came first.
    firsts: Vec<u64>,
    /// Pieces may be taken whole.
    is_whole: bool,
    whole: Whole,
    /// How many keys there were in the last answer.
    answered: usize,
}

/// The groups, by all keys, of the pieces that a thread has taken whole.
struct Whole {
    groups: Groups,
    /// For each piece that has no number, how many keys there were behind it.
    ends: VecDeque<usize>,
    /// Of each key that came in a piece with a number, one that is as the numbers of the items that keys came with first: it
    /// lies in that piece, and rises there from key to key.
    firsts: Vec<u64>,
}

impl ShardedReduce {
    /// By a thread for each of `aggregators`, which must be the same; `grouping` has to make keys.
    pub fn new(grouping: Grouping, aggregators: Vec<Aggregator>) -> ShardedReduce {
        let has_no_order = aggregators.iter().all(Aggregator::is_subtractable);
        let part = |aggregator| Part::new(aggregator, has_no_order);
        let shards = Shards::new(aggregators.into_iter().map(part).collect(), grouping);
        ShardedReduce { shards, has_no_order, is_whole: has_no_order }
    }

    /// Deals what threads took whole.
    fn deal_whole(&mut self) -> Result<(), OpError> {
        let mut of_threads = Vec::new();
        self.shards.each(|part| {
            let Part { whole, aggregator, .. } = part;
            if !whole.firsts.is_empty() {
                of_threads.push(std::mem::replace(whole, Whole::new(aggregator)));
            }
        });
        for Whole { groups, firsts, .. } in of_threads {
            for (index, first) in firsts.into_iter().enumerate() {
                let mut part = self.shards.of_key(groups.keys.normal(index));
                part.merge(&groups, index, first).map_err(aggregation_failed)?;
            }
        }
        Ok(())
    }

    /// The same in pieces of so many bytes.
    #[cfg(test)]
    pub(super) fn in_pieces_of(self, piece_bytes: usize) -> ShardedReduce {
        ShardedReduce { shards: self.shards.in_pieces_of(piece_bytes), ..self }
    }

    /// The same whose threads are started so.
    #[cfg(test)]
    pub(super) fn started_by(self, start: Start) -> ShardedReduce {
        ShardedReduce { shards: Shards { start, ..self.shards }, ..self }
    }

    /// Whether there are threads.
    #[cfg(test)]
    pub(super) fn has_threads(&self) -> bool {
        self.shards.threads.is_some()
    }
}

impl Whole {
    fn new(aggregator: &Aggregator) -> Whole {
        Whole { groups: Groups::new(aggregator), ends: VecDeque::new(), firsts: Vec::new() }
    }
}

impl Part {
    fn new(aggregator: Aggregator, is_whole: bool) -> Part {
        let (groups, whole) = (Groups::new(&aggregator), Whole::new(&aggregator));
        Part { aggregator, groups, firsts: Vec::new(), is_whole, whole, answered: 0 }
    }

    /// Merges a group in, whose key came first with this number, or one that is as good.
    fn merge(&mut self, of: &Groups, index: usize, first: u64) -> Result<(), AggError> {
        let Part { aggregator, groups, firsts, .. } = self;
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

impl Shard for Part {
    /// For the results of the batch.
    type Ask = ();

    fn hash_by(&mut self, hasher: &KeyHasher) {
        self.groups = Groups::hashed_by(hasher.clone(), &self.aggregator);
    }

    fn add(&mut self, items: &[Numbered<'_>], _: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.groups.add_numbered(items, &mut self.firsts, &mut self.aggregator, out)
    }

    fn take_whole(
        &mut self,
        grouping: &mut Grouping,
        block: Block<'_>,
        out: &mut Out<'_>,
    ) -> Option<Result<u64, OpError>> {
        let Part { whole: Whole { groups, ends, .. }, aggregator, .. } = self;
        if !self.is_whole || groups.keys.end() >= FEW {
            return None;
        }
        let before = groups.keys.end();
        let added = groups.add(block, grouping, aggregator, out);
        ends.push_back(groups.keys.end());
        Some(added.map(|()| (groups.keys.end() - before) as u64))
    }

    fn number_whole(&mut self, first: u64) {
        let Whole { ends, firsts, .. } = &mut self.whole;
        if let Some(end) = ends.pop_front() {
            let new = end - firsts.len();
            firsts.extend((first..).take(new));
        }
    }

    fn answer(&mut self, (): &(), out: &mut Out<'_>) -> Result<(), OpError> {
        let mut indexes: Vec<usize> = self.groups.keys.indexes().collect();
        if !self.firsts.is_sorted() {
            indexes.sort_unstable_by_key(|index| self.firsts[*index]);
        }
        self.answered = indexes.len();
        for index in indexes {
            out.set_place(self.firsts[index]);
            self.groups.write(index, &self.aggregator, out);
        }
        self.groups.clear();
        self.firsts.clear();
        Ok(())
    }

    fn is_much(&self, (): &()) -> bool {
        self.groups.keys.is_large()
    }

    fn held(&self) -> Held {
        let (dealt, whole) = (self.groups.held(), self.whole.groups.held());
        let keys = dealt.keys.zip(whole.keys).map(|(dealt, whole)| dealt + whole);
        Held { keys, bytes: dealt.bytes + whole.bytes, ..dealt }
    }
}

impl Operator for ShardedReduce {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.shards.block(block, out)
    }

    fn held(&self) -> Option<Held> {
        Some(self.shards.held())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.is_whole {
            self.shards.finish(out)?;
            self.deal_whole()?;
        }
        self.shards.ask(&(), out)?;
        if self.has_no_order {
            let mut keys = 0;
            self.shards.each(|part| keys += part.answered);
            self.is_whole = keys < FEW;
            self.shards.each(|part| part.is_whole = keys < FEW);
        }
        out.end(time);
        Ok(())
    }

    fn close(&mut self, _: &Close, _: &mut Out<'_>) -> Result<(), OpError> {
        let mut closed = Ok(());
        self.shards.each(|part| closed = std::mem::replace(&mut closed, Ok(())).and(part.aggregator.close()));
        closed.map_err(aggregation_failed)
    }

    fn idle(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.shards.give_ready(out)
    }
}
