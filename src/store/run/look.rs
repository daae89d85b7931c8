//! Many keys looked up at once: in their order, so that a file is gone through once.

use super::{Run, Tail, take_pair};
use crate::store::error::Result;
use crate::store::filter;
use crate::store::order::Order;

/// Blocks that lie so close to each other are read together, with what is between them.
const GAP: usize = 2;

/// Keys to look up.
#[derive(Default)]
pub struct Wanted {
    bytes: Vec<u8>,
    keys: Vec<Key>,
}

#[derive(Clone, Copy)]
struct Key {
    order: u64,
    start: usize,
    len: usize,
}

impl Wanted {
    /// Adds a key.
    pub fn push(&mut self, key: &[u8]) {
        self.keys.push(Key { order: 0, start: self.bytes.len(), len: key.len() });
        self.bytes.extend_from_slice(key);
    }

    /// Puts keys in order, each once.
    pub(in crate::store) fn sort(&mut self, order: Order) {
        let Wanted { bytes, keys } = self;
        let key_of = |key: &Key| &bytes[key.start..][..key.len];
        for key in keys.iter_mut() {
            key.order = order.of(key_of(key));
        }
        keys.sort_unstable_by(|a, b| a.order.cmp(&b.order).then_with(|| key_of(a).cmp(key_of(b))));
        keys.dedup_by(|a, b| a.order == b.order && key_of(a) == key_of(b));
    }

    pub(in crate::store) fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many keys, from the start, have a number below `order`.
    pub(in crate::store) fn before(&self, order: u64) -> usize {
        self.keys.partition_point(|key| key.order < order)
    }

    fn key(&self, index: u32) -> (u64, &[u8]) {
        let Key { order, start, len } = self.keys[index as usize];
        (order, &self.bytes[start..][..len])
    }
}

/// Room for looking up.
#[derive(Default)]
pub struct Looking {
    tail: Tail,
    data: Vec<u8>,
    /// Keys that may be in the section, with their blocks.
    candidates: Vec<(usize, u32)>,
    found: Vec<u32>,
}

/// Takes a key that was found, with its value, or that it is dropped.
pub type Found<'f> = dyn FnMut(&[u8], Option<&[u8]>) -> Result<()> + 'f;

impl Run {
    /// Looks for the keys with these indexes, which rise; those that are there are given and taken out.
    pub(in crate::store) fn look(
        &self,
        wanted: &Wanted,
        left: &mut Vec<u32>,
        looking: &mut Looking,
        found: &mut Found<'_>,
    ) -> Result<()> {
        looking.found.clear();
        let mut rest = left.as_slice();
        while let Some(&first) = rest.first() {
            let Some(section) = self.section_of(wanted.key(first).0) else {
                rest = &rest[1..];
                continue;
            };
            let end = match self.sections.get(section + 1) {
                Some(next) => rest.partition_point(|&index| wanted.key(index).0 < next.first),
                None => rest.len(),
            };
            self.look_in(section, wanted, &rest[..end], looking, found)?;
            rest = &rest[end..];
        }
        if !looking.found.is_empty() {
            let mut gone = looking.found.iter().peekable();
            left.retain(|index| gone.next_if(|gone| *gone == index).is_none());
        }
        Ok(())
    }

    fn look_in(
        &self,
        section: usize,
        wanted: &Wanted,
        keys: &[u32],
        looking: &mut Looking,
        found: &mut Found<'_>,
    ) -> Result<()> {
        let Looking { tail, data, candidates, found: gone } = looking;
        self.read_tail(section, tail)?;
        candidates.clear();
        for &index in keys {
            let order = wanted.key(index).0;
            if filter::may_have(tail.filter(), order) {
                let block = tail.places.partition_point(|place| place.first <= order).saturating_sub(1);
                candidates.push((block, index));
            }
        }
        let mut rest = candidates.as_slice();
        while let Some(&(first, _)) = rest.first() {
            // As many as lie close together.
            let close = rest.windows(2).take_while(|pair| pair[1].0 - pair[0].0 <= GAP).count() + 1;
            let (together, behind) = rest.split_at(close);
            rest = behind;
            self.read_blocks(section, tail, first..together[close - 1].0 + 1, data)?;
            let start = tail.start(first);
            for keys in together.chunk_by(|a, b| a.0 == b.0) {
                let block = self.block(tail, keys[0].0, start, data)?;
                for &(_, index) in keys {
                    if let Some((key, value)) = find(block, wanted.key(index).1) {
                        found(key, value)?;
                        gone.push(index);
                    }
                }
            }
        }
        Ok(())
    }
}

/// The pair with this key in a block.
fn find<'b>(mut block: &'b [u8], wanted: &[u8]) -> Option<(&'b [u8], Option<&'b [u8]>)> {
    while let Some((key, value)) = take_pair(&mut block) {
        if key == wanted {
            return Some((key, value));
        }
    }
    None
}
