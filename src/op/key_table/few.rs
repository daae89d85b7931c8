//! The short keys of a small table, each found in one place: a word count of a few thousand words looks up nothing else,
//! and in the table of all keys it would wait for three loads of which each needs the one before.

use super::hash::Hash;

/// A table with more keys has none of this: it would take more of the caches than it saves.
pub(super) const FEW: usize = 4096;

/// No key: the lowest byte of a key's number is its length.
const FREE: u128 = u128::MAX;

/// Where a key was.
const REMOVED: u128 = u128::MAX - 1;

/// Numbers of keys, each with the key's index, in the place of its hash or behind it. At most half of the places are taken.
/// What is here is right; what is not may be in the table all the same.
#[derive(Default)]
pub(super) struct Few {
    places: Vec<Place>,
    taken: usize,
}

#[derive(Clone, Copy)]
struct Place {
    number: u128,
    index: u32,
}

impl Few {
    /// The index of a key, if it is here.
    #[inline]
    pub fn find(&self, number: u128, hash: Hash) -> Option<usize> {
        let at = self.probe(number, hash)?.ok()?;
        Some(self.places[at].index as usize)
    }

    /// Where a key is, or else the free place that it would have; none if there are no places.
    #[inline]
    fn probe(&self, number: u128, hash: Hash) -> Option<Result<usize, usize>> {
        let mask = self.places.len().checked_sub(1)?;
        let mut at = hash.0 as usize & mask;
        loop {
            let there = self.places.get(at)?.number;
            if there == number {
                return Some(Ok(at));
            }
            if there == FREE {
                return Some(Err(at));
            }
            at = (at + 1) & mask;
        }
    }

    /// Puts a key in that is not here.
    pub fn insert(&mut self, number: u128, hash: Hash, index: usize, hash_of: impl Fn(usize) -> Hash) {
        if (self.taken + 1) * 2 > self.places.len() {
            self.grow(hash_of);
        }
        self.put(Place { number, index: index as u32 }, hash);
    }

    fn put(&mut self, place: Place, hash: Hash) {
        if let Some(Err(at)) = self.probe(place.number, hash) {
            self.places[at] = place;
            self.taken += 1;
        }
    }

    fn grow(&mut self, hash_of: impl Fn(usize) -> Hash) {
        let free = Place { number: FREE, index: 0 };
        let mut left = std::mem::take(&mut self.places);
        left.retain(|place| place.number < REMOVED);
        self.places = vec![free; ((left.len() + 1) * 3).next_power_of_two().max(64)];
        self.taken = 0;
        for place in left {
            self.put(place, hash_of(place.index as usize));
        }
    }

    /// Forgets a key, if it is here.
    pub fn remove(&mut self, number: u128, hash: Hash) {
        if let Some(Ok(at)) = self.probe(number, hash) {
            self.places[at].number = REMOVED;
        }
    }

    /// Forgets all keys, and keeps the room they took.
    pub fn clear(&mut self) {
        if self.taken > 0 {
            self.places.fill(Place { number: FREE, index: 0 });
            self.taken = 0;
        }
    }

    /// About how many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.places[..])
    }
}
