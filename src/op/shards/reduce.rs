//! `reduce` on several threads.

use super::whole::{Dealt, TakesWhole, Whole, in_order};
use super::{Numbered, Shard, Shards};
use crate::agg::{AggError, Aggregator};
use crate::frame::{BatchTime, Block, Close};
use crate::op::grouping::{Grouping, aggregation_failed};
use crate::op::groups::Groups;
use crate::op::key_table::KeyHasher;
#[cfg(test)]
use crate::op::parallel::Start;
use crate::op::{Held, OpError, Operator, Out};

/// Reduces each batch on several threads.
pub struct ShardedReduce {
    shards: Shards<Part>,
}

/// The groups of some of the keys.
struct Part {
    aggregator: Aggregator,
    groups: Groups,
    /// What keys are in the order of, as [`Dealt`] has it.
    firsts: Vec<u64>,
    whole: Option<Whole>,
    /// How many keys there were in the last answer.
    answered: usize,
}

impl ShardedReduce {
    /// By a thread for each of `aggregators`, which must be the same; `grouping` has to make keys.
    pub fn new(grouping: Grouping, aggregators: Vec<Aggregator>) -> ShardedReduce {
        let part = |aggregator| {
            let groups = Groups::new(&aggregator);
            Part { aggregator, groups, firsts: Vec::new(), whole: None, answered: 0 }
        };
        let parts = aggregators.into_iter().map(part).collect();
        ShardedReduce { shards: Shards::new(parts, grouping).taking_whole() }
    }

    /// The same in pieces of so many bytes.
    #[cfg(test)]
    pub(super) fn in_pieces_of(self, piece_bytes: usize) -> ShardedReduce {
        ShardedReduce { shards: self.shards.in_pieces_of(piece_bytes) }
    }

    /// The same whose threads are started so.
    #[cfg(test)]
    pub(super) fn started_by(self, start: Start) -> ShardedReduce {
        ShardedReduce { shards: Shards { start, ..self.shards } }
    }

    /// Whether there are threads.
    #[cfg(test)]
    pub(super) fn has_threads(&self) -> bool {
        self.shards.threads.is_some()
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

    fn take_whole(&mut self, of: &mut Grouping, block: Block<'_>, out: &mut Out<'_>) -> Option<Result<u64, OpError>> {
        self.whole.as_mut()?.take(of, block, &mut self.aggregator, out)
    }

    fn number_whole(&mut self, first: u64) {
        if let Some(whole) = &mut self.whole {
            whole.number(first);
        }
    }

    fn answer(&mut self, (): &(), out: &mut Out<'_>) -> Result<(), OpError> {
        self.answered = self.firsts.len();
        for index in in_order(&self.firsts) {
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
        self.groups.held()
    }
}

impl TakesWhole for Part {
    fn whole(&mut self) -> &mut Option<Whole> {
        &mut self.whole
    }

    fn new_whole(&self) -> Option<Whole> {
        Whole::new(&self.aggregator)
    }

    fn merge(&mut self, of: &Groups, index: usize, first: u64, _: BatchTime) -> Result<(), AggError> {
        let Part { aggregator, groups, firsts, .. } = self;
        Dealt { groups, firsts, aggregator }.merge(of, index, first)
    }

    fn answered(&self) -> usize {
        self.answered
    }
}

impl Operator for ShardedReduce {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.shards.block(block, out)
    }

    fn held(&self) -> Option<Held> {
        Some(self.shards.held_with_whole())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.shards.deal_whole(out)?;
        self.shards.ask(&(), out)?;
        self.shards.choose_whole();
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
