//! Keys with what is open of each, for windows that are kept by key.
//!
//! In a checkpoint a key is an entry: `k` key, with its number in the order in which keys came, and how it
//! was written, if that is not its normal form.

use super::Common;
use crate::keyed_state::PairOut;
use crate::op::OpError;
use crate::op::grouping::Item;
use crate::op::key_table::{KeyHasher, KeyTable};
use crate::op::window::damaged;

/// Keys, and the state of each.
pub(super) struct Keyed<S> {
    pub keys: KeyTable,
    /// By the key's index.
    pub states: Vec<S>,
    /// Their numbers in the order in which they came, by the key's index.
    sequences: Vec<u64>,
    pub journal: Option<Journal>,
}

/// What a checkpoint has not seen yet. Keys are by index, which stay as they are while there is
/// anything.
#[derive(Default)]
pub(super) struct Journal {
    keys: Vec<u32>,
    /// Keys whose state has changed.
    pub states: Vec<u32>,
    /// Entries that are gone.
    pub dropped: Vec<Vec<u8>>,
    /// The number of the key with which the next slice begins.
    slice_at: u64,
}

impl Journal {
    fn has_changes(&self) -> bool {
        !(self.keys.is_empty() && self.states.is_empty() && self.dropped.is_empty())
    }
}

/// See [`Keyed::order`].
pub(super) enum KeyOrder<'k> {
    Normal(&'k [u8]),
    Came([u8; 8]),
}

impl KeyOrder<'_> {
    pub fn bytes(&self) -> &[u8] {
        match self {
            KeyOrder::Normal(normal) => normal,
            KeyOrder::Came(number) => number,
        }
    }
}

/// A key that is loaded, of which the entry has not come yet.
const NO_SEQUENCE: u64 = u64::MAX;

impl<S: Default> Keyed<S> {
    /// No keys.
    pub fn new() -> Keyed<S> {
        Keyed { keys: KeyTable::new(), states: Vec::new(), sequences: Vec::new(), journal: None }
    }

    /// Before the first key: items come with the hashes of their keys, by this.
    pub fn hash_by(&mut self, hasher: &KeyHasher) {
        self.keys = KeyTable::hashed_by(hasher.clone());
    }

    /// By what a key is ordered among those of which the first records are of the same time, as
    /// [`Common::as_keys_came`] does.
    pub fn order(&self, index: usize, common: &Common) -> KeyOrder<'_> {
        match common.has_times {
            true => KeyOrder::Normal(self.keys.normal(index)),
            false => KeyOrder::Came(self.sequences[index].to_be_bytes()),
        }
    }

    /// The index of an item's key, and whether it is new.
    pub fn key(&mut self, item: &Item<'_>, common: &mut Common) -> (usize, bool) {
        let (index, is_new) = item.insert_into(&mut self.keys);
        if is_new {
            self.push(index, common.sequence);
            common.sequence += 1;
            if let Some(journal) = &mut self.journal {
                journal.keys.push(index as u32);
            }
        }
        (index, is_new)
    }

    fn push(&mut self, index: usize, sequence: u64) {
        // Behind gaps that were left at the end.
        self.states.truncate(index);
        self.sequences.truncate(index);
        self.states.push(S::default());
        self.sequences.push(sequence);
    }

    /// Takes a key away, and what it has.
    pub fn remove(&mut self, index: usize) {
        if let Some(journal) = &mut self.journal {
            journal.dropped.push([b"k", self.keys.normal(index)].concat());
        }
        self.keys.remove(index);
        self.states[index] = S::default();
        self.states.truncate(self.keys.end());
        self.sequences.truncate(self.keys.end());
    }

    /// Closes the gaps that keys have left, once they are many. True if keys have other indexes now.
    pub fn compact(&mut self) -> bool {
        if !self.keys.is_sparse() || self.journal.as_ref().is_some_and(Journal::has_changes) {
            return false;
        }
        let order = self.keys.compact();
        self.reorder(&order);
        true
    }

    fn reorder(&mut self, order: &[u32]) {
        let take = |from: &u32| self.states.get_mut(*from as usize).map(std::mem::take).unwrap_or_default();
        self.states = order.iter().map(take).collect();
        self.sequences = order.iter().map(|from| self.sequences[*from as usize]).collect();
    }

    /// About how many bytes the keys and the fixed size of their states take.
    pub fn bytes(&self) -> u64 {
        (self.keys.bytes() + self.states.len() * (size_of::<S>() + size_of::<u64>())) as u64
    }

    /// About how many bytes the keys' entries are.
    pub fn entry_bytes(&self) -> u64 {
        (self.keys.key_bytes() + self.keys.len() * 16) as u64
    }

    /// Gives what is gone and what is new among the keys, and takes those whose state has changed.
    pub fn changes(&mut self, out: &mut PairOut<'_>) -> Vec<u32> {
        let Some(Journal { keys, states, dropped, .. }) = &mut self.journal else { return Vec::new() };
        // A key that has gone and come again is new, so what has gone goes first.
        dropped.drain(..).for_each(|key| out(&key, None));
        let (keys, states) = (std::mem::take(keys), std::mem::take(states));
        for index in keys.into_iter().map(|index| index as usize).filter(|index| self.keys.contains(*index)) {
            self.give_key(index, out);
        }
        states
    }

    /// Gives a key's entry; how many bytes it has.
    fn give_key(&self, index: usize, out: &mut PairOut<'_>) -> usize {
        let (normal, written) = (self.keys.normal(index), self.keys.written(index));
        let written = if written == normal { &[][..] } else { written };
        let value = [&self.sequences[index].to_le_bytes()[..], written].concat();
        out(&[b"k", normal].concat(), Some(&value));
        normal.len() + value.len()
    }

    /// As [`KeyedState::slice`](crate::keyed_state::KeyedState::slice); `give` gives what a key has, and says
    /// how many bytes that is.
    pub fn slice(
        &mut self,
        (from_start, bytes): (bool, usize),
        out: &mut PairOut<'_>,
        mut give: impl FnMut(&[u8], &mut S, &mut PairOut<'_>) -> usize,
    ) -> bool {
        let slice_at = self.journal.as_ref().filter(|_| !from_start).map_or(0, |journal| journal.slice_at);
        let mut given = 0;
        // Numbers rise with the index, but for gaps, which keep theirs.
        let mut index = self.sequences.partition_point(|sequence| *sequence < slice_at);
        while index < self.states.len() && given < bytes {
            if self.keys.contains(index) {
                given += self.give_key(index, out);
                given += give(self.keys.normal(index), &mut self.states[index], out);
            }
            index += 1;
        }
        let next = self.sequences.get(index).copied().unwrap_or(NO_SEQUENCE);
        if let Some(journal) = &mut self.journal {
            journal.slice_at = next;
        }
        index >= self.states.len()
    }

    /// The index of a key that is loaded, which may be a new one.
    pub fn loaded(&mut self, normal: &[u8]) -> usize {
        let (index, is_new) = self.keys.insert(normal);
        if is_new {
            self.push(index, NO_SEQUENCE);
        }
        index
    }

    /// Takes a key's entry.
    pub fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Option<()> {
        match entry {
            Some(value) => {
                let (sequence, written) = value.split_first_chunk()?;
                let index = self.loaded(key);
                self.keys.rewrite(index, if written.is_empty() { key } else { written });
                self.sequences[index] = u64::from_le_bytes(*sequence);
            }
            None => {
                if let Some(index) = self.keys.find_normal(key) {
                    self.remove(index);
                }
            }
        }
        Some(())
    }

    /// Lets go of all keys.
    pub fn forget(&mut self) {
        (self.keys, self.states, self.sequences) = (KeyTable::new(), Vec::new(), Vec::new());
        self.journal = self.journal.take().map(|_| Journal::default());
    }

    /// All was loaded: keys are in their order again.
    pub fn finish_load(&mut self) -> Result<(), OpError> {
        let mut order: Vec<u32> = self.keys.indexes().map(|index| index as u32).collect();
        if order.iter().any(|index| self.sequences[*index as usize] == NO_SEQUENCE) {
            return Err(damaged("what is open of a key is there, and the key is missing"));
        }
        order.sort_unstable_by_key(|index| self.sequences[*index as usize]);
        self.keys.reorder(&order);
        self.reorder(&order);
        self.journal = Some(Journal::default());
        Ok(())
    }
}
