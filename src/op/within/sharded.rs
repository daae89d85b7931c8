//! A join by time on several threads: what waits of the keys of each.
//!
//! A checkpoint has the same entries, so that another number of threads, or one, goes on with it: the number
//! of a record is that of the item that it came as, which rises as the numbers of one thread do.

use std::io;

use super::saved::{HEADER, key_of};
use super::{IntervalJoin, LEFT, RIGHT};
use crate::frame::{BatchTime, Close, Head, Watermark};
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::durable::Durable;
use crate::op::grouping::Grouping;
use crate::op::groups::fetch;
use crate::op::key_table::{KeyHasher, KeyTable};
use crate::op::shards::{Numbered, Shard, Shards};
use crate::op::sides::{Merge, Whole};
use crate::op::{Held, OpError, Out};
use crate::record::normal_key;

/// The join on several threads.
pub struct ShardedIntervalJoin {
    shards: Shards<IntervalJoin>,
}

/// What a join of some of the keys is asked.
#[derive(Clone, Copy)]
pub enum Ask {
    /// For what is past its partners at the end of a batch, with the input's watermark.
    End(BatchTime, Option<Watermark>),
    /// For all that waits, at the end of the streams.
    Rest,
}

impl ShardedIntervalJoin {
    /// By a thread for each of `joins`, which must be the same and have no records; the sides' `groupings` are
    /// those that these have.
    pub fn new(groupings: [Grouping; 2], mut joins: Vec<IntervalJoin>) -> ShardedIntervalJoin {
        joins.iter_mut().for_each(|join| join.is_shard = true);
        ShardedIntervalJoin { shards: Shards::of_sides(joins, groupings.into()) }
    }

    /// The same in pieces of so many bytes.
    #[cfg(test)]
    pub(super) fn in_pieces_of(self, piece_bytes: usize) -> ShardedIntervalJoin {
        ShardedIntervalJoin { shards: self.shards.in_pieces_of(piece_bytes) }
    }

    fn take(&mut self, side: usize, batch: &dyn Whole, out: &mut Out<'_>) -> Result<(), OpError> {
        self.shards.turn_to(side, out)?;
        self.shards.each(|join| join.side = side);
        let mut fetched = Vec::new();
        for index in 0..batch.blocks() {
            if out.is_closed() {
                break;
            }
            self.shards.block(batch.block(index, &mut fetched)?, out)?;
        }
        Ok(())
    }
}

impl Shard for IntervalJoin {
    type Ask = Ask;

    fn hash_by(&mut self, hasher: &KeyHasher) {
        self.keys = KeyTable::hashed_by(hasher.clone());
    }

    fn add(&mut self, items: &[Numbered<'_>], _: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.keys.is_large() {
            fetch(items.iter().map(|(_, item)| item), &self.keys, |key| self.fetch(key));
        }
        items.iter().try_for_each(|(number, item)| {
            out.set_place(*number);
            self.arrivals = *number;
            self.take_record(self.side, item, out)
        })
    }

    fn answer(&mut self, ask: &Ask, out: &mut Out<'_>) -> Result<(), OpError> {
        match *ask {
            Ask::End(time, watermark) => {
                out.set_watermark(watermark);
                self.end_batch(time, out)
            }
            Ask::Rest => self.give_rest(out),
        }
    }

    fn is_much(&self, _: &Ask) -> bool {
        self.keys.is_large()
    }

    fn held(&self) -> Held {
        IntervalJoin::held(self)
    }
}

impl Merge for ShardedIntervalJoin {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        let input = head.clone();
        self.shards.try_each(|join| {
            // Each makes the same of it.
            *head = input.clone();
            join.head(head)
        })
    }

    fn batch(&mut self, time: BatchTime, sides: &[&dyn Whole], out: &mut Out<'_>) -> Result<(), OpError> {
        let &[left, right] = sides else {
            return Err(OpError::Usage("a join takes two streams".to_owned()));
        };
        self.take(LEFT, left, out)?;
        self.take(RIGHT, right, out)?;
        for side in [LEFT, RIGHT] {
            self.shards.share_watermark(|join| Some(&mut join.timings[side]), out)?;
        }
        self.shards.ask_in_order(&Ask::End(time, out.watermark()), out)?;
        let watermark = self.shards.get(0).and_then(|join| join.watermark_behind());
        out.set_watermark(watermark);
        out.holds(self.shards.held());
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut rest = None;
        self.shards.each(|join| rest = rest.or(join.time_of_rest(close)));
        let Some(time) = rest else { return Ok(()) };
        out.set_time(time);
        self.shards.ask_in_order(&Ask::Rest, out)?;
        out.holds(self.shards.held());
        out.end(time);
        Ok(())
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}

impl KeyedState for ShardedIntervalJoin {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        let arrivals = self.shards.next_number();
        self.shards.each(|join| join.arrivals = arrivals);
        self.shards.changes(HEADER, out)
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        self.shards.slice(from_start, bytes, out)
    }

    fn live_bytes(&self) -> u64 {
        self.shards.live_bytes()
    }
}

impl Durable for ShardedIntervalJoin {
    fn track(&mut self, is_restored: bool) {
        self.shards.each(|join| join.track(is_restored));
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        match key_of(key, entry) {
            Some(of) => self.shards.of_key(&normal_key(of)).load(key, entry),
            // For all; or a record that has gone, of which the key is not said.
            None => self.shards.try_each(|join| join.load(key, entry)),
        }
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        let mut arrivals = 0;
        self.shards.try_each(|join| {
            arrivals = arrivals.max(join.arrivals);
            join.finish_load()
        })?;
        self.shards.count_from(arrivals);
        Ok(())
    }
}
