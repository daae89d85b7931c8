//! Which shard has which key.

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;

use crate::op::grouping::Item;
use crate::record::key::normal_key_in;

/// Deals keys over shards. It is another one in each process, so that nobody can choose keys that are
/// all of one shard.
#[derive(Clone)]
pub(super) struct Deal {
    random: RandomState,
    shards: u64,
}

impl Deal {
    /// Over so many.
    pub fn over(shards: usize) -> Deal {
        Deal { random: RandomState::default(), shards: shards as u64 }
    }

    /// The shard of an item's key; `buffer` is for its normal form.
    #[inline]
    pub fn of(&self, item: &Item<'_>, buffer: &mut Vec<u8>) -> usize {
        self.of_normal(if item.is_normal { item.key } else { normal_key_in(item.key, buffer) })
    }

    /// The shard of a key in normal form.
    #[inline]
    pub fn of_normal(&self, key: &[u8]) -> usize {
        (((self.random.hash_one(key) >> 32) * self.shards) >> 32) as usize
    }
}
