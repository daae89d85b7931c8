//! Which shard has which key.

use crate::op::grouping::Item;
use crate::op::key_table::{Hash, KeyHasher};
use crate::record::key::normal_key_in;

/// Deals keys over shards, by hashes that their tables take too.
#[derive(Clone)]
pub(super) struct Deal {
    pub hasher: KeyHasher,
    shards: usize,
}

impl Deal {
    /// Over so many.
    pub fn over(shards: usize) -> Deal {
        Deal { hasher: KeyHasher::default(), shards }
    }

    /// The shard of an item's key, and its hash; `buffer` is for its normal form.
    #[inline]
    pub fn of(&self, item: &Item<'_>, buffer: &mut Vec<u8>) -> (usize, Hash) {
        match item.is_normal {
            true => self.of_normal(item.key, item.outer),
            false => {
                let normal = normal_key_in(item.key, buffer);
                self.of_normal(normal, normal)
            }
        }
    }

    /// The same of a key in normal form, which is part of `outer`.
    #[inline]
    pub fn of_normal(&self, key: &[u8], outer: &[u8]) -> (usize, Hash) {
        let (hash, other_half) = self.hasher.hash(key, outer);
        (((u64::from(other_half) * self.shards as u64) >> 32) as usize, hash)
    }
}
