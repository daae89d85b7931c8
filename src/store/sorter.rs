//! Sorts what memory may have no room for, by a number and then by bytes.

use std::sync::Arc;

use super::error::{Result, StoreError};
use super::files::Files;
use super::order::Order;
use super::{Merge, Store, cursors, merged};

/// So many runs are read at once at most.
const MOST_RUNS: usize = if cfg!(test) { 3 } else { 64 };

const NUMBER_BYTES: usize = size_of::<u64>();

/// Entries that come in any order: a number, bytes that are sorted by, and bytes that belong to them. Of two with the
/// same number and bytes the later one counts.
pub struct Sorter {
    store: Store,
    bytes: Vec<u8>,
    /// Where entries that are in memory begin and end, and how long the sorted part is.
    entries: Vec<(u64, usize, usize, usize)>,
    memory: usize,
    /// What was taken away: all below this number, and of this number what is not greater than `after`.
    from: u64,
    after: Vec<u8>,
    /// While there are more below a number: that, and where each run is.
    places: (u64, Vec<(u64, usize, usize)>),
}

/// Takes an entry in its turn.
pub type Each<'e, E> = dyn FnMut(u64, &[u8], &[u8]) -> std::result::Result<(), E> + 'e;

impl Sorter {
    /// Of nothing, with about so many bytes in memory.
    pub fn new(files: Arc<dyn Files>, memory: usize) -> Sorter {
        Sorter {
            store: Store::new(files, Order::Number),
            bytes: Vec::new(),
            entries: Vec::new(),
            memory,
            from: 0,
            after: Vec::new(),
            places: (0, Vec::new()),
        }
    }

    /// Takes an entry.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn push(&mut self, number: u64, sorted: &[u8], rest: &[u8]) -> Result<()> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&number.to_be_bytes());
        self.bytes.extend_from_slice(sorted);
        let middle = self.bytes.len();
        self.bytes.extend_from_slice(rest);
        self.entries.push((number, start, middle, self.bytes.len()));
        if self.bytes.len() + self.entries.len() * size_of::<(u64, usize, usize, usize)>() > self.memory {
            self.write()?;
        }
        Ok(())
    }

    fn sort(&mut self) {
        let Sorter { bytes, entries, .. } = self;
        let key = |entry: &(u64, usize, usize, usize)| &bytes[entry.1..entry.2];
        entries.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| key(a).cmp(key(b))));
        // The later one stays.
        entries.reverse();
        entries.dedup_by(|a, b| a.0 == b.0 && key(a) == key(b));
        entries.reverse();
    }

    /// Writes what is in memory to disk.
    fn write(&mut self) -> Result<()> {
        self.sort();
        let mut run = self.store.begin()?;
        for (number, start, middle, end) in std::mem::take(&mut self.entries) {
            run.push_ordered(number, &self.bytes[start..middle], Some(&self.bytes[middle..end]))?;
        }
        self.store.add(run)?;
        self.bytes.clear();
        if self.store.fresh.len() > MOST_RUNS { self.fold() } else { Ok(()) }
    }

    /// Makes one run of all.
    fn fold(&mut self) -> Result<()> {
        let mut run = self.store.begin()?;
        let mut keys = merged(self.store.fresh.iter(), self.from, None)?;
        while keys.advance()? {
            run.push_ordered(keys.order(), keys.key(), keys.value())?;
        }
        drop(keys);
        self.store.fresh.clear();
        self.store.add(run)
    }

    /// Gives all entries in order.
    ///
    /// # Errors
    /// Those of `each`; a file cannot be read or written.
    pub fn drain<E: From<StoreError>>(mut self, each: &mut Each<'_, E>) -> std::result::Result<(), E> {
        if self.store.is_empty() {
            self.sort();
            for &(number, start, middle, end) in &self.entries {
                each(number, &self.bytes[start + NUMBER_BYTES..middle], &self.bytes[middle..end])?;
            }
            return Ok(());
        }
        self.write()?;
        self.bytes = Vec::new();
        let mut keys = merged(self.store.fresh.iter(), self.from, None)?;
        while keys.advance()? {
            each(keys.order(), &keys.key()[NUMBER_BYTES..], keys.value().unwrap_or_default())?;
        }
        Ok(())
    }

    /// Takes away the first entries whose numbers are below `to`, so many of them at most: gives their numbers and
    /// what they are sorted by. Whether there are more.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn pop(&mut self, to: u64, most: usize, each: &mut dyn FnMut(u64, &[u8])) -> Result<bool> {
        if self.entries.iter().any(|entry| entry.0 < to) {
            self.write()?;
        }
        // Of one number there may be many: what was given is not gone through again.
        let (before, mut places) = std::mem::take(&mut self.places);
        if before != to {
            places.clear();
        }
        let cursors = cursors(self.store.fresh.iter(), self.from, Some(to))?;
        let mut keys = Merge::resumed(cursors, self.from, &places)?;
        let mut given = 0;
        while keys.advance()? {
            if keys.key() <= &self.after[..] {
                continue;
            }
            each(keys.order(), &keys.key()[NUMBER_BYTES..]);
            given += 1;
            if given >= most {
                self.from = keys.order();
                self.after = keys.key().to_vec();
                self.places = (to, keys.places());
                return Ok(true);
            }
        }
        drop(keys);
        (self.from, self.after) = (self.from.max(to), Vec::new());
        self.store.fresh.retain(|run| run.last >= to);
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::Temporary;
    use super::*;
    use proptest::prelude::*;

    fn sorter(memory: usize) -> Sorter {
        Sorter::new(Arc::new(Temporary::new()), memory)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn entries_come_in_order_whatever_memory_has_room_for(
            entries in prop::collection::vec((0..60u64, 0..9u8, any::<u8>()), 0..200),
            memory in 1..6000usize,
        ) {
            let mut model = BTreeMap::new();
            let mut sorter = sorter(memory);
            for (number, sorted, rest) in entries {
                model.insert((number, vec![sorted]), vec![rest]);
                sorter.push(number, &[sorted], &[rest]).unwrap();
            }
            let mut given = Vec::new();
            sorter.drain(&mut |number, sorted, rest| {
                given.push(((number, sorted.to_vec()), rest.to_vec()));
                Ok::<_, StoreError>(())
            }).unwrap();
            prop_assert_eq!(given, model.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn the_first_ones_are_taken_away_and_others_come(
            rounds in prop::collection::vec(prop::collection::vec((0..40u64, 0..9u8), 0..30), 0..12),
            memory in 1..3000usize,
            most in 1..20usize,
        ) {
            let (mut model, mut sorter) = (BTreeMap::new(), sorter(memory));
            for (round, entries) in rounds.into_iter().enumerate() {
                // None is below what was asked for before.
                let to = round as u64 * 7;
                for (number, sorted) in entries {
                    model.insert((to + number, vec![sorted]), ());
                    sorter.push(to + number, &[sorted], &[]).unwrap();
                }
                let to = to + 7;
                let mut given = Vec::new();
                while sorter.pop(to, most, &mut |number, sorted| given.push((number, sorted.to_vec()))).unwrap() {}
                let later = model.split_off(&(to, Vec::new()));
                prop_assert_eq!(given, std::mem::replace(&mut model, later).into_keys().collect::<Vec<_>>());
            }
        }
    }
}
