//! What a checkpoint has of a key under its letters, as [`saved`](super::saved) says; and what a store has of it: all that
//! is open, under the key itself, which begins with none of these letters:
//!
//! ```text
//! end      8 bytes, big-endian: when something comes out first, or before that
//! count    number: how many keys it counts for
//! pairs    of each the bytes of its key that are before the key itself, and its value, both as bytes
//! ```

use super::EventWindow;
use crate::agg::saved::{push_bytes, push_number, take_bytes, take_number};
use crate::event::{EventTime, LAST};
use crate::store::{self, Order};

pub(super) const HEADER: &[u8] = b"h";

/// The key, in normal form, that an entry is of; none for the header.
pub(super) fn key_of(entry: &[u8]) -> Option<&[u8]> {
    match entry.split_first() {
        Some((b'k' | b's', key)) => Some(key),
        // Behind the number of a window or a pane.
        Some((b'w' | b'p', rest)) => rest.get(size_of::<i64>()..),
        _ if entry == HEADER => None,
        _ => Some(entry),
    }
}

/// An entry of a store.
pub(super) struct Entry<'e> {
    /// When something comes out first, or before that.
    pub end: EventTime,
    pub count: u64,
    pairs: &'e [u8],
}

/// Takes a pair; none if it is no such pair.
type Give<'g> = dyn FnMut(&[u8], &[u8]) -> Option<()> + 'g;

impl<'e> Entry<'e> {
    /// None if it is none.
    pub fn of(bytes: &'e [u8]) -> Option<Entry<'e>> {
        let (end, mut pairs) = bytes.split_first_chunk()?;
        let count = take_number(&mut pairs).ok()?;
        Some(Entry { end: EventTime::from_be_bytes(*end), count, pairs })
    }

    /// Gives the pairs, of this key.
    pub fn each_pair(&self, key: &[u8], give: &mut Give<'_>) -> Option<()> {
        let mut pairs = self.pairs;
        let mut pair = Vec::new();
        while !pairs.is_empty() {
            pair.clear();
            pair.extend_from_slice(take_bytes(&mut pairs).ok()?);
            pair.extend_from_slice(key);
            give(&pair, take_bytes(&mut pairs).ok()?)?;
        }
        Some(())
    }
}

/// Entries of keys, in a store's order.
pub(super) struct Entries {
    /// Of each pair: the key, what is before it in the pair's, and the value, all as bytes.
    bytes: Vec<u8>,
    /// The key's number, and where the pair begins. There are as many as pairs, so that they are small.
    pairs: Vec<(u64, usize)>,
}

/// The key, what is before it in the pair's, and the value.
fn parts(mut bytes: &[u8]) -> [&[u8]; 3] {
    [(); 3].map(|()| take_bytes(&mut bytes).unwrap_or_default())
}

/// All that is open.
pub(super) fn all_of(window: &mut EventWindow, order: Order) -> Entries {
    let mut entries = Entries { bytes: Vec::new(), pairs: Vec::new() };
    let EventWindow { open, common, .. } = window;
    open.slice(true, usize::MAX, common, &mut |pair, value| {
        let (Some(key), Some(value)) = (key_of(pair), value) else { return };
        entries.pairs.push((order.of(key), entries.bytes.len()));
        [key, &pair[..pair.len() - key.len()], value].iter().for_each(|part| push_bytes(part, &mut entries.bytes));
    });
    let key = |start: usize| parts(&entries.bytes[start..])[0];
    // What is of one key stays as it came: a key before what it has.
    entries.pairs.sort_unstable_by(|one, two| {
        one.0.cmp(&two.0).then_with(|| key(one.1).cmp(key(two.1))).then_with(|| one.1.cmp(&two.1))
    });
    entries
}

/// Takes an entry: the key's number, the key, the entry, and its end.
type Each<'e> = dyn FnMut(u64, &[u8], &[u8], EventTime) -> store::Result<()> + 'e;

impl Entries {
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Gives them, of windows as they were, of which nothing comes out before `least`.
    pub fn each(&self, window: &EventWindow, least: EventTime, give: &mut Each<'_>) -> store::Result<()> {
        let parts = |pair: &(u64, usize)| parts(&self.bytes[pair.1..]);
        let (mut entry, mut pairs_of) = (Vec::new(), Vec::new());
        for pairs in self.pairs.chunk_by(|one, two| one.0 == two.0 && parts(one)[0] == parts(two)[0]) {
            let ([key, first, _], mut end) = (parts(&pairs[0]), LAST);
            pairs_of.clear();
            for pair in pairs {
                let [_, prefix, value] = parts(pair);
                end = window.open.end_of(prefix, value, &window.common).map_or(end, |of_pair| of_pair.min(end));
                push_bytes(prefix, &mut pairs_of);
                push_bytes(value, &mut pairs_of);
            }
            let end = end.max(least);
            // A window that has a table of its keys counts them.
            let is_table = first.first() == Some(&b'w');
            entry.clear();
            entry.extend_from_slice(&end.to_be_bytes());
            push_number(if is_table { pairs.len() as u64 } else { 1 }, &mut entry);
            entry.extend_from_slice(&pairs_of);
            give(pairs[0].0, key, &entry, end)?;
        }
        Ok(())
    }
}
