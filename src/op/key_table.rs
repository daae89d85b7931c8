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
//! - a key's form as it was written is only kept where it is not the normal
//!   form.
//!
//! Indexes count up from 0 in the order in which keys came, so whoever has a
//! column of something a key has it in order of first appearance. A key that is
//! [removed](KeyTable::remove) leaves a gap; once gaps outnumber keys,
//! [`KeyTable::compact`] closes them and says which key is where.

use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::fast::RandomState;
use hashbrown::hash_table::Entry;
use hashbrown::{HashMap, HashTable};

use crate::record::key::normal_key_in;

/// The size of a piece of the arena, and the power of two that it is.
const PIECE_BITS: u32 = 20;
const PIECE_BYTES: usize = 1 << PIECE_BITS;

/// A place in the arena that is none: the key was removed.
const NO_PLACE: u64 = u64::MAX;

/// Below this many keys, gaps and spare room do not matter.
const FEW_KEYS: usize = 1024;

/// From this many keys on a table does not fit the caches.
const LARGE: usize = 1 << 15;

/// The table.
#[derive(Default)]
pub struct KeyTable {
    table: HashTable<Slot>,
    random: RandomState,
    arena: Arena,
    /// Where the key with this index lies in the arena.
    places: Vec<u64>,
    /// Keys that were written otherwise than in normal form.
    written: HashMap<u32, Box<[u8]>, RandomState>,
    buffer: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Slot {
    hash: Hash,
    index: u32,
}

/// Half a hash. The table takes its place in memory from the low bits and a tag
/// from the high bits of a whole one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Hash(u32);

impl Hash {
    #[inline]
    fn spread(self) -> u64 {
        u64::from(self.0) << 32 | u64::from(self.0)
    }
}

impl KeyTable {
    /// A table with no keys.
    pub fn new() -> KeyTable {
        KeyTable::default()
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
    pub fn indexes(&self) -> impl Iterator<Item = usize> {
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
        let hash = self.hash(normal);
        let is_it = |slot: &Slot| slot.hash == hash && self.normal(slot.index as usize) == normal;
        self.table.find(hash.spread(), is_it).map(|slot| slot.index as usize)
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
        let hash = self.hash(normal);
        let KeyTable { table, arena, places, .. } = self;
        let is_it = |slot: &Slot| slot.hash == hash && is_equal(arena.get(places[slot.index as usize]), normal);
        match table.entry(hash.spread(), is_it, |slot| slot.hash.spread()) {
            Entry::Occupied(slot) => (slot.get().index as usize, false),
            Entry::Vacant(slot) => {
                let index = places.len();
                slot.insert(Slot { hash, index: index as u32 });
                places.push(arena.push(normal));
                (index, true)
            }
        }
    }

    /// Whether looking a key up mostly waits for memory.
    pub fn is_large(&self) -> bool {
        self.end() >= LARGE
    }

    /// Fetches what is known of keys, in normal form, into the caches, for all of
    /// them at once: the processor waits for many loads together if none depends
    /// on another, so looking up is several times as fast afterwards. `fetch` is
    /// called for each index that may be asked for next, to read what the caller
    /// has there; what it returns means nothing. Nothing is changed.
    pub fn fetch<'k>(&self, keys: impl Iterator<Item = &'k [u8]>, mut fetch: impl FnMut(usize) -> u64) {
        const AT_ONCE: usize = 32;
        let mut candidates = [u32::MAX; AT_ONCE];
        for (candidate, key) in candidates.iter_mut().zip(keys) {
            let hash = self.hash(key);
            if let Some(slot) = self.table.find(hash.spread(), |slot| slot.hash == hash) {
                *candidate = slot.index;
            }
        }
        let mut read = 0;
        for index in candidates.into_iter().filter(|&index| index != u32::MAX) {
            read ^= self.places[index as usize] ^ fetch(index as usize);
        }
        for index in candidates.into_iter().filter(|&index| index != u32::MAX) {
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
        let hash = self.hash(self.normal(index));
        if let Ok(slot) = self.table.find_entry(hash.spread(), |slot| slot.index as usize == index) {
            slot.remove();
        }
        self.written.remove(&(index as u32));
        let place = std::mem::replace(&mut self.places[index], NO_PLACE);
        if index + 1 == self.places.len() {
            self.places.pop();
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
        self.reorder(&order);
        order
    }

    /// Gives the key with the index `order[i]` the index `i`. What is not in
    /// `order` is removed.
    pub fn reorder(&mut self, order: &[u32]) {
        let old = std::mem::take(self);
        self.random = old.random.clone();
        self.table.reserve(order.len(), |slot| slot.hash.spread());
        self.places.reserve(order.len());
        for (index, &from) in order.iter().enumerate() {
            let normal = old.normal(from as usize);
            let hash = self.hash(normal);
            self.places.push(self.arena.push(normal));
            self.table.insert_unique(hash.spread(), Slot { hash, index: index as u32 }, |slot| slot.hash.spread());
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
        self.written.clear();
        self.arena.clear();
    }

    /// How many bytes the keys take, gaps included.
    pub fn key_bytes(&self) -> usize {
        self.arena.bytes()
    }

    #[inline]
    fn hash(&self, normal: &[u8]) -> Hash {
        let mut hasher = self.random.build_hasher();
        hasher.write(normal);
        Hash((hasher.finish() >> 32) as u32)
    }
}

/// Whether two keys are the same bytes. Most are short, and then two words are
/// compared with no call to memcmp.
#[inline]
fn is_equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let first = |bytes: &[u8]| bytes.first_chunk().map(|word| u64::from_ne_bytes(*word));
    let last = |bytes: &[u8]| bytes.last_chunk().map(|word| u64::from_ne_bytes(*word));
    match a.len() {
        8..=16 => first(a) == first(b) && last(a) == last(b),
        4..8 => {
            let first = |bytes: &[u8]| bytes.first_chunk().map(|word| u32::from_ne_bytes(*word));
            let last = |bytes: &[u8]| bytes.last_chunk().map(|word| u32::from_ne_bytes(*word));
            first(a) == first(b) && last(a) == last(b)
        }
        _ => a == b,
    }
}

/// Byte strings one behind another, each with its length before it, in pieces
/// that are never moved. Only a string longer than a piece has a longer one, for
/// itself.
#[derive(Default)]
struct Arena {
    pieces: Vec<Vec<u8>>,
    /// The piece that is being filled; those behind are empty.
    open: usize,
}

impl Arena {
    /// Appends a string and says where: number of the piece and offset in it.
    #[inline]
    fn push(&mut self, bytes: &[u8]) -> u64 {
        let needed = length_bytes(bytes.len()) + bytes.len();
        if self.pieces.get(self.open).is_none_or(|piece| piece.len() + needed > PIECE_BYTES) {
            self.open_piece(needed);
        }
        let piece = &mut self.pieces[self.open];
        let place = (self.open as u64) << PIECE_BITS | piece.len() as u64;
        push_length(bytes.len(), piece);
        piece.extend_from_slice(bytes);
        place
    }

    /// Makes `pieces[open]` one with room.
    #[cold]
    fn open_piece(&mut self, needed: usize) {
        if self.pieces.get(self.open).is_some_and(|piece| !piece.is_empty()) {
            self.open += 1;
        }
        if self.open == self.pieces.len() {
            // The first grows by itself: most tables are small.
            self.pieces.push(Vec::with_capacity(if self.open == 0 { 0 } else { needed.max(PIECE_BYTES) }));
        }
    }

    #[inline]
    fn get(&self, place: u64) -> &[u8] {
        let piece = self.pieces.get((place >> PIECE_BITS) as usize);
        let Some(rest) = piece.and_then(|piece| piece.get(place as usize & (PIECE_BYTES - 1)..)) else {
            return &[];
        };
        let (length, start) = match rest {
            [length @ 0..0x80, ..] => (usize::from(*length), 1),
            _ => take_length(rest),
        };
        rest.get(start..start + length).unwrap_or_default()
    }

    /// Takes back the string that was appended last, which is at `place`.
    fn undo(&mut self, place: u64) {
        if let Some(piece) = self.pieces.get_mut((place >> PIECE_BITS) as usize) {
            piece.truncate(place as usize & (PIECE_BYTES - 1));
        }
    }

    fn bytes(&self) -> usize {
        self.pieces.iter().map(Vec::len).sum()
    }

    fn clear(&mut self) {
        self.open = 0;
        self.pieces.iter_mut().for_each(Vec::clear);
    }
}

/// How many bytes [`push_length`] appends.
fn length_bytes(length: usize) -> usize {
    (usize::BITS - (length | 1).leading_zeros()).div_ceil(7) as usize
}

/// Appends a length: seven bits a byte, the lowest first.
#[inline]
fn push_length(mut length: usize, out: &mut Vec<u8>) {
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

/// Reads a length, and how many bytes it took.
fn take_length(bytes: &[u8]) -> (usize, usize) {
    let mut length = 0;
    for (count, &byte) in bytes.iter().enumerate().take(9) {
        length |= usize::from(byte & 0x7f) << (7 * count);
        if byte < 0x80 {
            return (length, count + 1);
        }
    }
    (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::normal_key;
    use proptest::prelude::*;

    fn key(number: usize) -> String {
        format!("\"key {number}\"")
    }

    #[test]
    fn keys_are_found_by_meaning_and_written_as_they_came_first() {
        let mut keys = KeyTable::new();
        assert_eq!(keys.insert(b"1.0"), (0, true));
        assert_eq!(keys.insert(b"\"a\""), (1, true));
        assert_eq!(keys.insert(b"1"), (0, false));
        assert_eq!(keys.insert(br#"{"b":1,"a":2}"#), (2, true));
        assert_eq!(keys.insert(br#"{"a":2.0,"b":1}"#), (2, false));
        assert_eq!((keys.written(0), keys.normal(0)), (b"1.0".as_slice(), b"1".as_slice()));
        assert_eq!(keys.written(2), br#"{"b":1,"a":2}"#);
        assert_eq!((keys.find(b"10e-1"), keys.find(b"\"b\"")), (Some(0), None));
        keys.rewrite(0, b"1.00");
        assert_eq!(keys.written(0), b"1.00");
        keys.rewrite(0, b"1");
        assert_eq!(keys.written(0), b"1");
        keys.clear();
        assert_eq!((keys.len(), keys.end(), keys.find(b"1")), (0, 0, None));
        assert_eq!(keys.insert(b"1"), (0, true));
        assert_eq!(keys.written(0), b"1");
    }

    #[test]
    fn gaps_are_left_and_closed() {
        let mut keys = KeyTable::new();
        for number in 0..3000 {
            keys.insert(key(number).as_bytes());
        }
        keys.insert(b"1.0");
        for number in (0..3000).filter(|number| number % 3 != 0) {
            keys.remove(number);
        }
        assert!(keys.is_sparse());
        assert_eq!((keys.len(), keys.end(), keys.find(key(1).as_bytes())), (1001, 3001, None));
        assert_eq!(keys.normal(1), b"");
        let old = keys.compact();
        assert_eq!((keys.end(), old.len(), old[2], old[1000]), (1001, 1001, 6, 3000));
        assert_eq!(keys.find(key(6).as_bytes()), Some(2));
        assert_eq!(keys.written(1000), b"1.0");
        keys.remove(1000);
        assert_eq!((keys.end(), keys.insert(b"1")), (1000, (1000, true)));
        assert_eq!(keys.written(1000), b"1");
    }

    #[test]
    fn long_keys_and_many_pieces() {
        let mut keys = KeyTable::new();
        let long = |letter: &str, length| format!("\"{}\"", letter.repeat(length));
        let lengths = [0, 1, 125, 126, 127, 16_382, 16_383, 700_000, 700_000, PIECE_BYTES, 3 * PIECE_BYTES, 5];
        for (index, length) in lengths.into_iter().enumerate() {
            let letter = char::from(b'a' + index as u8).to_string();
            assert_eq!(keys.insert(long(&letter, length).as_bytes()), (index, true));
        }
        for round in 0..2 {
            for (index, length) in lengths.into_iter().enumerate() {
                let letter = char::from(b'a' + index as u8).to_string();
                assert_eq!(keys.normal(index), long(&letter, length).as_bytes(), "{round}");
            }
            keys.compact();
        }
        keys.clear();
        for number in 0..200_000 {
            assert_eq!(keys.insert(key(number).as_bytes()), (number, true));
        }
        assert_eq!(keys.find(key(123_456).as_bytes()), Some(123_456));
        keys.clear();
        keys.insert(b"1");
        keys.clear();
        assert!(keys.table.capacity() < 10_000);
        assert_eq!(keys.insert(b"1"), (0, true));
    }

    proptest! {
        #[test]
        fn as_a_list_would_do(steps in prop::collection::vec((0..4u8, 0..40usize), 0..200)) {
            let mut keys = KeyTable::new();
            // Index: normal form and written form, or a gap.
            let mut model: Vec<Option<(String, String)>> = Vec::new();
            for (step, number) in steps {
                let written = if number % 2 == 0 { format!("{number}.0") } else { key(number) };
                let normal = String::from_utf8(normal_key(written.as_bytes()).into_owned()).unwrap();
                match step {
                    0 | 1 => {
                        let written = if step == 0 { written } else { normal.clone() };
                        let found = model.iter().position(|entry| entry.as_ref().is_some_and(|(n, _)| *n == normal));
                        let expected = found.unwrap_or(model.len());
                        prop_assert_eq!(keys.insert(written.as_bytes()), (expected, found.is_none()));
                        if found.is_none() {
                            model.push(Some((normal, written)));
                        }
                    }
                    2 => {
                        keys.remove(number);
                        if number + 1 == model.len() && model[number].is_some() {
                            model.pop();
                        } else if let Some(entry) = model.get_mut(number) {
                            *entry = None;
                        }
                    }
                    _ => {
                        let old = keys.compact();
                        model.retain(Option::is_some);
                        prop_assert_eq!(old.len(), model.len());
                    }
                }
                prop_assert_eq!(keys.end(), model.len());
                prop_assert_eq!(keys.len(), model.iter().flatten().count());
                for (index, entry) in model.iter().enumerate() {
                    prop_assert_eq!(keys.contains(index), entry.is_some());
                    if let Some((normal, written)) = entry {
                        prop_assert_eq!(keys.normal(index), normal.as_bytes());
                        prop_assert_eq!(keys.written(index), written.as_bytes());
                        prop_assert_eq!(keys.find(written.as_bytes()), Some(index));
                    }
                }
            }
        }
    }
}
