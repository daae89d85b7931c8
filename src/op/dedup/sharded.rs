//! `dedup` on several threads: what is known of the keys of each.
//!
//! A checkpoint has the same entries, so that another number of threads, or one, goes on with it.

use std::io;

use super::{Dedup, WATERMARK};
use crate::frame::{BatchTime, Block, Head, Watermark};
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::durable::Durable;
use crate::op::grouping::Grouping;
use crate::op::groups::fetch;
use crate::op::key_table::{KeyHasher, KeyTable};
use crate::op::shards::{Numbered, Shard, Shards};
use crate::op::{Held, OpError, Operator, Out};

/// The operator on several threads.
pub struct ShardedDedup {
    shards: Shards<Dedup>,
}

/// The end of a batch, with the input's watermark.
#[derive(Clone, Copy)]
pub struct End(BatchTime, Option<Watermark>);

impl ShardedDedup {
    /// By a thread for each of `dedups`, which must be the same and know no keys.
    pub fn new(grouping: Grouping, dedups: Vec<Dedup>) -> ShardedDedup {
        ShardedDedup { shards: Shards::new(dedups, grouping) }
    }

    /// The same in pieces of so many bytes.
    #[cfg(test)]
    pub(super) fn in_pieces_of(self, piece_bytes: usize) -> ShardedDedup {
        ShardedDedup { shards: self.shards.in_pieces_of(piece_bytes) }
    }
}

impl Shard for Dedup {
    type Ask = End;

    /// A record of several keys that are new.
    const GIVES_ONCE: bool = true;

    fn hash_by(&mut self, hasher: &KeyHasher) {
        self.keys = KeyTable::hashed_by(hasher.clone());
    }

    fn add(&mut self, items: &[Numbered<'_>], _: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.keys.is_large() {
            fetch(items.iter().map(|(_, item)| item), &self.keys, |_| 0);
        }
        items.iter().try_for_each(|(number, item)| {
            out.set_place(number - u64::from(item.nth));
            self.take(item, out)
        })
    }

    fn answer(&mut self, End(time, watermark): &End, out: &mut Out<'_>) -> Result<(), OpError> {
        out.set_watermark(*watermark);
        self.end_batch(*time, out);
        Ok(())
    }

    fn is_much(&self, _: &End) -> bool {
        self.memory.within_ms.is_some() && self.keys.is_large()
    }

    fn held(&self) -> Held {
        Dedup::held(self)
    }
}

impl Operator for ShardedDedup {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        let input = head.clone();
        self.shards.try_each(|dedup| {
            // Each makes the same of it.
            *head = input.clone();
            dedup.head(head)
        })
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.shards.block(block, out)
    }

    fn held(&self) -> Option<Held> {
        Some(self.shards.held())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.shards.share_watermark(|dedup| dedup.memory.timing.as_mut(), out)?;
        self.shards.ask(&End(time, out.watermark()), out)?;
        if let Some(timing) = self.shards.get(0).as_ref().and_then(|dedup| dedup.memory.timing.as_ref()) {
            out.set_watermark(timing.watermarks.current());
        }
        out.holds(self.shards.held());
        out.end(time);
        Ok(())
    }

    fn idle(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        // What comes of each record is waited for.
        self.shards.finish(out)
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}

impl KeyedState for ShardedDedup {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        self.shards.changes(WATERMARK, out)
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        self.shards.slice(from_start, bytes, out)
    }

    fn live_bytes(&self) -> u64 {
        self.shards.live_bytes()
    }
}

impl Durable for ShardedDedup {
    fn track(&mut self, is_restored: bool) {
        self.shards.each(|dedup| dedup.track(is_restored));
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        match key == WATERMARK {
            true => self.shards.try_each(|dedup| dedup.load(key, entry)),
            false => self.shards.of_key(key).load(key, entry),
        }
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        self.shards.try_each(Dedup::finish_load)
    }
}
