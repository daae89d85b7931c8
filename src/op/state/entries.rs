//! Keys and what is known of each: the state that goes from batch to batch.

use super::journal::{Journal, Numbers};
use super::timeouts::Timeouts;
use super::values::Values;
use crate::op::grouping::Item;
use crate::op::key_table::KeyTable;
use crate::op::{Held, Out};

/// The keys in order of first appearance. All columns go by the key's index.
pub(super) struct Entries {
    pub keys: KeyTable,
    pub values: Values,
    pub timeouts: Option<Timeouts>,
    /// Where a checkpoint or other threads need them.
    pub numbers: Option<Numbers>,
    pub journal: Option<Journal>,
    /// Keys do not stand in the order in which they came, but of their numbers: some were away.
    pub is_loose: bool,
}

impl Entries {
    pub fn new(values: Values, timeout_ms: Option<u64>) -> Entries {
        Entries {
            keys: KeyTable::new(),
            values,
            timeouts: timeout_ms.map(Timeouts::new),
            numbers: None,
            journal: None,
            is_loose: false,
        }
    }

    /// The index of an item's key, and whether it is new.
    #[inline]
    pub fn insert(&mut self, item: &Item<'_>) -> (usize, bool) {
        let (index, is_new) = item.insert_into(&mut self.keys);
        self.inserted(index, is_new)
    }

    /// The index of a key in any form, and whether it is new.
    pub fn insert_key(&mut self, key: &[u8]) -> (usize, bool) {
        let (index, is_new) = self.keys.insert(key);
        self.inserted(index, is_new)
    }

    #[inline]
    pub(super) fn inserted(&mut self, index: usize, is_new: bool) -> (usize, bool) {
        if is_new {
            self.values.push();
            if let Some(numbers) = &mut self.numbers {
                numbers.add(index);
            }
        }
        (index, is_new)
    }

    /// Reads something of all that is known of a key, so that it is in the
    /// caches. What is returned means nothing.
    #[inline]
    pub fn fetch(&self, index: usize) -> u64 {
        let value = match &self.values {
            Values::Aggregated { accumulators, .. } => accumulators.fetch(index),
            Values::Computed(_) => 0,
        };
        value
            ^ self.timeouts.as_ref().map_or(0, |timeouts| timeouts.last_ms(index))
            ^ self.journal.as_ref().map_or(0, |journal| journal.fetch(index))
    }

    /// The key has a value in the batch `time_ms`.
    #[inline]
    pub fn note_value(&mut self, index: usize, time_ms: u64) {
        if let Some(timeouts) = &mut self.timeouts {
            timeouts.touch(index, time_ms);
            // The time is part of what a checkpoint keeps.
            self.changed(index);
        }
    }

    /// The state of the key is another now.
    #[inline]
    pub fn changed(&mut self, index: usize) {
        if let Some(journal) = &mut self.journal {
            journal.changed(index);
        }
    }

    /// Takes a key out.
    pub fn drop(&mut self, index: usize) {
        if let Some(journal) = &mut self.journal {
            let number = self.numbers.as_ref().map_or(0, |numbers| numbers.of(index));
            journal.dropped(number, self.keys.normal(index));
        }
        self.keys.remove(index);
        let end = self.keys.end();
        if index < end {
            self.values.reset(index);
            return;
        }
        self.values.truncate(end);
        if let Some(timeouts) = &mut self.timeouts {
            timeouts.truncate(end);
        }
        if let Some(numbers) = &mut self.numbers {
            numbers.truncate(end);
        }
    }

    /// The keys that time out at the batch `now_ms`, oldest key first.
    pub fn expired(&mut self, now_ms: u64) -> Vec<u32> {
        let Entries { keys, timeouts, .. } = self;
        timeouts.as_mut().map(|timeouts| timeouts.expired(now_ms, |index| keys.contains(index))).unwrap_or_default()
    }

    /// Nothing is here any more; numbers go on.
    pub fn forget(&mut self) {
        self.keys = KeyTable::new();
        self.values.truncate(0);
        if let Some(timeouts) = &mut self.timeouts {
            *timeouts = Timeouts::new(timeouts.after_ms());
        }
        if let Some(numbers) = &mut self.numbers {
            numbers.truncate(0);
        }
        if let Some(journal) = &mut self.journal {
            journal.changed.clear();
            journal.dropped.clear();
        }
    }

    /// About how many bytes all values take as they are saved, by a look at some of them.
    pub fn sampled_bytes(&self) -> usize {
        const SAMPLES: usize = 32;
        let (end, mut buffer, mut seen) = (self.keys.end(), Vec::new(), 0);
        for index in (0..end).step_by(end.div_ceil(SAMPLES).max(1)).filter(|&index| self.keys.contains(index)) {
            self.values.save(index, &mut buffer);
            seen += 1;
        }
        buffer.len() * self.keys.len() / seen.max(1)
    }

    /// Puts keys in the order in which they came; those that are gone stand anywhere.
    pub fn sort(&self, indexes: &mut [u32]) {
        match (&self.numbers, self.is_loose) {
            (Some(numbers), true) => indexes.sort_unstable_by_key(|&index| numbers.all.get(index as usize)),
            _ => sort_distinct(indexes),
        }
    }

    /// How much that is.
    pub fn held(&self) -> Held {
        Held {
            keys: Some(self.keys.len() as u64),
            records: None,
            bytes: (self.keys.bytes() + self.values.bytes()) as u64,
        }
    }

    /// Gives `[key, state]`, in the place of what it comes of.
    #[inline]
    pub fn give(&self, index: usize, out: &mut Out<'_>) {
        self.values.give(self.keys.written(index), index, out);
    }

    /// The key's place in the order in which keys came, where several threads have some.
    #[inline]
    pub fn place(&self, index: usize) -> u64 {
        self.numbers.as_ref().map_or(0, |numbers| numbers.of(index))
    }

    /// Gives `[key, state]`, in the key's place.
    #[inline]
    pub fn give_in_place(&self, index: usize, out: &mut Out<'_>) {
        out.set_place(self.place(index));
        self.give(index, out);
    }

    /// Closes the gaps that dropped keys left, once they are many.
    pub fn compact(&mut self) {
        if self.keys.is_sparse() {
            let order = self.keys.compact();
            self.reorder_columns(&order);
        }
    }

    /// The key with the index `order[i]` gets the index `i`; the others go.
    pub fn reorder(&mut self, order: &[u32]) {
        self.keys.reorder(order);
        self.reorder_columns(order);
    }

    fn reorder_columns(&mut self, order: &[u32]) {
        self.values.reorder(order);
        if let Some(timeouts) = &mut self.timeouts {
            timeouts.reorder(order);
        }
        if let Some(numbers) = &mut self.numbers {
            numbers.reorder(order);
        }
        if let Some(journal) = &mut self.journal {
            journal.changed.reorder(order);
        }
    }
}

/// Sorts indexes of which each is there once. Many of all are marked by bits, and the bits are read in order.
fn sort_distinct(indexes: &mut [u32]) {
    const BITS: u32 = u64::BITS;
    let words = indexes.iter().max().map_or(0, |greatest| greatest / BITS + 1) as usize;
    if indexes.len() < words {
        return indexes.sort_unstable();
    }
    let mut marks = vec![0_u64; words];
    for index in &*indexes {
        marks[(index / BITS) as usize] |= 1 << (index % BITS);
    }
    let mut sorted = indexes.iter_mut();
    for (first, mut word) in (0..).step_by(BITS as usize).zip(marks) {
        while word != 0
            && let Some(index) = sorted.next()
        {
            *index = first + word.trailing_zeros();
            word &= word - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn indexes_are_sorted_however_many_there_are(of in 1_u32..2000, every in 1_u32..200, by in 1_u32..2000) {
            // In an order of its own: steps by what has no divisor in common with a prime.
            let mut indexes: Vec<u32> = (0..2003).map(|n| n * by % 2003).filter(|n| *n < of && n % every == 0).collect();
            let mut sorted = indexes.clone();
            sorted.sort_unstable();
            sort_distinct(&mut indexes);
            prop_assert_eq!(indexes, sorted);
        }
    }
}
