//! Keys by meaning, each with an index: what every keyed operator looks keys
//! up in.
//!
//! Keys are hashed and compared as bytes in normal form (see
//! [`record::key`](crate::record::key)), and kept one behind another in an
//! arena. A key takes its bytes and about 24 more:
//!
//! - the arena grows by pieces of 1 MiB and is never copied to grow;
//! - the hash table holds 4 bytes of index and 4 of hash a key, so that it
//!   grows without a look at the keys;
//! - the first keys lie in a column of numbers too, as long as all of them are short: what
//!   is looked up again and again in a table of few keys is found in one place less, and in one of
//!   some thousand keys in one place at all;
//! - a key's form as it was written is only kept where it is not the normal
//!   form.
//!
//! Indexes count up from 0 in the order in which keys came, so whoever has a
//! column of something a key has it in order of first appearance. A key that is
//! [removed](KeyTable::remove) leaves a gap; once gaps outnumber keys,
//! [`KeyTable::compact`] closes them and says which key is where.

mod arena;
mod few;
mod hash;
mod short;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};

use crate::record::key::normal_key_in;
use arena::{Arena, NO_PLACE};
use few::{FEW, Few};
pub use hash::{Hash, KeyHasher};
use short::Short;

/// Below this many keys, gaps and spare room do not matter.
const FEW_KEYS: usize = 1024;

/// How many keys are fetched into the caches at once, at most.
pub const AT_ONCE: usize = 32;

/// From this many keys on a table does not fit the caches.
pub const LARGE: usize = 1 << 15;

/// The table.
#[derive(Default)]
pub struct KeyTable {
    table: HashTable<Slot>,
    hasher: KeyHasher,
    arena: Arena,
    /// Where the key with this index lies in the arena; no place for a gap.
    places: Vec<u64>,
    /// The first keys as numbers, up to the first long one or [`LARGE`].
    first: Vec<u128>,
    /// Short keys of a table that has few.
    few: Few,
    /// Keys that were written otherwise than in normal form.
    written: HashMap<u32, Box<[u8]>, RandomState>,
    buffer: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Slot {
    hash: Hash,
    index: u32,
}

impl KeyTable {
    /// A table with no keys.
    pub fn new() -> KeyTable {
        KeyTable::default()
    }

    /// A table with no keys, which may be given [hashes](KeyHasher::hash).
    pub fn hashed_by(hasher: KeyHasher) -> KeyTable {
        KeyTable { hasher, ..KeyTable::default() }
    }

    /// One more than the greatest index: the keys there are and the gaps.
    #[inline]
    pub fn end(&self) -> usize {
        self.places.len()
    }

    /// How many keys there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// About how many bytes of memory the table takes.
    pub fn bytes(&self) -> usize {
        let columns = size_of_val(&self.places[..]) + size_of_val(&self.first[..]);
        self.arena.bytes() + self.few.bytes() + columns + self.table.capacity() * size_of::<Slot>()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is a key with this index, and not a gap.
    #[inline]
    pub fn contains(&self, index: usize) -> bool {
        self.places.get(index).is_some_and(|&place| place != NO_PLACE)
    }

    /// The indexes of the keys there are, in the order in which keys came.
    pub fn indexes(&self) -> impl Iterator<Item = usize> + Clone {
        self.places.iter().enumerate().filter(|(_, place)| **place != NO_PLACE).map(|(index, _)| index)
    }

    /// The key with this index, in normal form; no bytes for a gap.
    #[inline]
    pub fn normal(&self, index: usize) -> &[u8] {
        self.arena.get(self.places.get(index).copied().unwrap_or(NO_PLACE))
    }

    /// The key with this index as it was written when it came first.
    #[inline]
    pub fn written(&self, index: usize) -> &[u8] {
        if self.written.is_empty() {
            return self.normal(index);
        }
        match self.written.get(&(index as u32)) {
            Some(written) => written,
            None => self.normal(index),
        }
    }

    /// The index of a key, in any form.
    pub fn find(&mut self, key: &[u8]) -> Option<usize> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let found = self.find_normal(normal_key_in(key, &mut buffer));
        self.buffer = buffer;
        found
    }

    /// The index of a key in normal form.
    #[inline]
    pub fn find_normal(&self, normal: &[u8]) -> Option<usize> {
        let short = Short::of(normal, normal);
        let hash = self.hash(normal, short);
        self.find_few(short, hash).or_else(|| self.find_hashed(normal, short, hash))
    }

    #[inline]
    fn find_few(&self, short: Option<Short>, hash: Hash) -> Option<usize> {
        self.few.find(short?.number(), hash)
    }

    fn find_hashed(&self, normal: &[u8], short: Option<Short>, hash: Hash) -> Option<usize> {
        let place = |slot: &Slot| self.places[slot.index as usize];
        // One closure for each case, so that both are inlined.
        let slot = match short {
            Some(short) => self.table.find(hash.spread(), |slot| match self.first.get(slot.index as usize) {
                Some(first) => *first == short.number(),
                None if slot.hash != hash => false,
                None => match self.arena.read(place(slot)) {
                    Some(stored) => short.is_at(stored),
                    None => self.arena.get(place(slot)) == normal,
                },
            }),
            None => self.table.find(hash.spread(), |slot| slot.hash == hash && self.arena.get(place(slot)) == normal),
        };
        slot.map(|slot| slot.index as usize)
    }

    /// The index of a key, in any form, and whether the key is new: then its
    /// index is what [`KeyTable::end`] was.
    #[inline]
    pub fn insert(&mut self, key: &[u8]) -> (usize, bool) {
        let mut buffer = std::mem::take(&mut self.buffer);
        let normal = normal_key_in(key, &mut buffer);
        let (index, is_new) = self.insert_normal(normal);
        if is_new && normal != key {
            self.written.insert(index as u32, key.into());
        }
        self.buffer = buffer;
        (index, is_new)
    }

    /// As [`KeyTable::insert`], of a key that is known to be in normal form.
    #[inline]
    pub fn insert_normal(&mut self, normal: &[u8]) -> (usize, bool) {
        self.insert_within(normal, normal, None)
    }

    /// As [`KeyTable::insert_normal`], of a key that is part of `outer`: what is
    /// behind it there means nothing, but that it can be read saves time. So does its hash, if it is known.
    #[inline(always)] // a call costs a fifth of what is done here
    pub fn insert_within(&mut self, normal: &[u8], outer: &[u8], hash: Option<Hash>) -> (usize, bool) {
        let short = Short::of(normal, outer);
        let hash = hash.unwrap_or_else(|| self.hash(normal, short));
        match self.find_few(short, hash) {
            Some(index) => (index, false),
            None => self.insert_hashed(normal, short, hash),
        }
    }

    #[inline(never)]
    fn insert_hashed(&mut self, normal: &[u8], short: Option<Short>, hash: Hash) -> (usize, bool) {
        match self.find_hashed(normal, short, hash) {
            Some(index) => (index, false),
            None => (self.push(normal, short, hash), true),
        }
    }

    /// Appends a key that is not there.
    #[inline(never)]
    fn push(&mut self, normal: &[u8], short: Option<Short>, hash: Hash) -> usize {
        let index = self.places.len();
        self.places.push(self.arena.push(normal));
        if let Some(short) = short.filter(|_| self.first.len() == index && index < LARGE) {
            self.first.push(short.number());
        }
        self.table.insert_unique(hash.spread(), Slot { hash, index: index as u32 }, |slot| slot.hash.spread());
        if index == FEW {
            self.few = Few::default();
        } else if let Some(short) = short
            && index < FEW
        {
            let hash_of = |index| hash_at(&self.hasher, self.arena.get(self.places[index]));
            self.few.insert(short.number(), hash, index, hash_of);
        }
        index
    }

    /// Whether looking a key up mostly waits for memory.
    pub fn is_large(&self) -> bool {
        self.end() >= LARGE
    }

    /// Fetches what is known of keys (in normal form, each with what it is part of, and its hash if that is known) into
    /// the caches, for all of them at once: the processor waits for many loads together if none depends
    /// on another, so looking up is several times as fast afterwards. `fetch` is
    /// called for each index that may be asked for next, to read what the caller
    /// has there; what it returns means nothing. Nothing is changed.
    pub fn fetch<'k>(
        &self,
        keys: impl Iterator<Item = (&'k [u8], &'k [u8], Option<Hash>)>,
        fetch: impl FnMut(usize) -> u64,
    ) {
        let mut candidates = [u32::MAX; AT_ONCE];
        for (candidate, (key, outer, hash)) in candidates.iter_mut().zip(keys) {
            let hash = hash.unwrap_or_else(|| self.hash(key, Short::of(key, outer)));
            if let Some(slot) = self.table.find(hash.spread(), |slot| slot.hash == hash) {
                *candidate = slot.index;
            }
        }
        self.fetch_at(candidates.into_iter().filter(|&index| index != u32::MAX), fetch);
    }

    /// As [`KeyTable::fetch`], of the keys at these indexes, which have to be there.
    pub fn fetch_at(&self, indexes: impl Iterator<Item = u32> + Clone, mut fetch: impl FnMut(usize) -> u64) {
        let mut read = 0;
        for index in indexes.clone() {
            read ^= self.places[index as usize] ^ fetch(index as usize);
        }
        for index in indexes {
            read ^= self.normal(index as usize).len() as u64;
        }
        // Otherwise the compiler would see that nothing needs to be read.
        std::hint::black_box(read);
    }

    /// Changes the form in which a key is written: `key` has to mean the same.
    pub fn rewrite(&mut self, index: usize, key: &[u8]) {
        if self.normal(index) == key {
            self.written.remove(&(index as u32));
        } else {
            self.written.insert(index as u32, key.into());
        }
    }

    /// Removes the key with this index, if there is one. The key that came last
    /// leaves no gap.
    pub fn remove(&mut self, index: usize) {
        if !self.contains(index) {
            return;
        }
        let hash = self.hash_of(index);
        if let Ok(slot) = self.table.find_entry(hash.spread(), |slot| slot.index as usize == index) {
            slot.remove();
        }
        if let Some(short) = Short::of(self.normal(index), self.normal(index)) {
            self.few.remove(short.number(), hash);
        }
        self.written.remove(&(index as u32));
        let place = std::mem::replace(&mut self.places[index], NO_PLACE);
        if index + 1 == self.places.len() {
            self.places.pop();
            self.first.truncate(index);
            self.arena.undo(place);
        }
    }

    /// Whether there are so many gaps that [`KeyTable::compact`] is worth while:
    /// then its cost is less than that of the removals.
    pub fn is_sparse(&self) -> bool {
        self.end() > FEW_KEYS && self.len() * 2 < self.end()
    }

    /// Closes the gaps. The result is the old index of each key.
    pub fn compact(&mut self) -> Vec<u32> {
        let order: Vec<u32> = self.indexes().map(|index| index as u32).collect();
        self.rebuild(&order);
        order
    }

    /// Gives the key with the index `order[i]` the index `i`. What is not in
    /// `order` is removed.
    pub fn reorder(&mut self, order: &[u32]) {
        if order.len() == self.len() { self.renumber(order) } else { self.rebuild(order) }
    }

    /// As [`KeyTable::reorder`], of all keys: no key is hashed again.
    fn renumber(&mut self, order: &[u32]) {
        let mut new_index = vec![0; self.end()];
        let old = std::mem::take(&mut self.arena);
        let mut places = Vec::with_capacity(order.len());
        let mut is_first = true;
        self.first.clear();
        self.few.clear();
        for (index, &from) in order.iter().enumerate() {
            new_index[from as usize] = index as u32;
            let key = old.get(self.places[from as usize]);
            // Keys that follow one another lie so too.
            places.push(self.arena.push(key));
            match Short::of(key, key) {
                Some(short) if is_first && index < LARGE => self.first.push(short.number()),
                _ => is_first = false,
            }
        }
        self.places = places;
        self.table.iter_mut().for_each(|slot| slot.index = new_index[slot.index as usize]);
        let written = std::mem::take(&mut self.written);
        self.written = written.into_iter().map(|(from, key)| (new_index[from as usize], key)).collect();
    }

    /// As [`KeyTable::reorder`], in a new table.
    fn rebuild(&mut self, order: &[u32]) {
        let old = std::mem::take(self);
        self.hasher = old.hasher.clone();
        self.table.reserve(order.len(), |slot| slot.hash.spread());
        self.places.reserve(order.len());
        for (index, &from) in order.iter().enumerate() {
            let normal = old.normal(from as usize);
            self.push(normal, Short::of(normal, normal), old.hash_of(from as usize));
            if let Some(written) = old.written.get(&from) {
                self.written.insert(index as u32, written.clone());
            }
        }
    }

    /// Removes all keys and keeps the room they took, unless far less was
    /// needed this time.
    pub fn clear(&mut self) {
        let needed = self.end().max(FEW_KEYS);
        if self.table.capacity() / 16 > needed {
            self.table = HashTable::with_capacity(needed);
            self.places = Vec::with_capacity(needed);
            self.arena = Arena::default();
        }
        self.table.clear();
        self.places.clear();
        self.first.clear();
        self.few.clear();
        self.written.clear();
        self.arena.clear();
    }

    /// How many bytes the keys take, gaps included.
    pub fn key_bytes(&self) -> usize {
        self.arena.bytes()
    }

    #[inline]
    fn hash(&self, normal: &[u8], short: Option<Short>) -> Hash {
        Hash((self.hasher.whole(normal, short) >> 32) as u32)
    }

    /// The hash of the key at `index`.
    fn hash_of(&self, index: usize) -> Hash {
        hash_at(&self.hasher, self.normal(index))
    }
}

/// The hash of a key that is kept.
fn hash_at(hasher: &KeyHasher, normal: &[u8]) -> Hash {
    Hash((hasher.whole(normal, Short::of(normal, normal)) >> 32) as u32)
}

#[cfg(test)]
mod tests;
