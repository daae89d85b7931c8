//! What a checkpoint needs of the state: what changed, the whole in slices, and
//! the way back.
//!
//! An entry, the bytes that belong to a key (which is in normal form):
//!
//! ```text
//! version    1
//! sequence   number: keys are ordered by it, oldest first
//! last       number: the time of the key's last batch in ms, 0 without --timeout
//! written    bytes: the key as it is written, empty if that is the normal form
//! state      see Values::save
//! ```
//!
//! Numbers and bytes are those of [`saved`](crate::agg::saved).

use std::io;

use super::State;
use super::change_set::ChangeSet;
use super::entries::Entries;
use crate::agg::AggError;
use crate::agg::saved::{push_bytes, push_number, take_byte, take_bytes, take_number};
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::OpError;
use crate::op::durable::Durable;

/// The version of entries.
const VERSION: u8 = 1;

/// No stream has so many keys.
const MAX_SEQUENCE: u64 = 1 << 62;

/// What an entry is taken to have while none has been written.
const TYPICAL_ENTRY_BYTES: u64 = 16;

/// Keeps track of what a checkpoint has not seen yet.
pub(super) struct Journal {
    /// By the key's index; rises with it.
    sequences: Vec<u64>,
    next_sequence: u64,
    changed: ChangeSet,
    /// Keys dropped, each as bytes.
    dropped: Vec<u8>,
    /// The sequence number with which the next slice begins.
    slice_at: u64,
    /// How many entries were written, and their bytes.
    written: (u64, u64),
    /// While entries are loaded.
    loading: Loading,
    buffer: Vec<u8>,
}

impl Journal {
    fn new() -> Journal {
        Journal {
            sequences: Vec::new(),
            next_sequence: 0,
            changed: ChangeSet::new(),
            dropped: Vec::new(),
            slice_at: 0,
            written: (0, 0),
            loading: Loading::default(),
            buffer: Vec::new(),
        }
    }

    /// The key at this index was loaded with that sequence number.
    fn loaded(&mut self, index: usize, sequence: u64) {
        self.sequences[index] = sequence;
        self.loading.set(sequence, index, self.sequences.len());
    }

    /// The key with this index, the greatest, has just come.
    pub fn is_new(&mut self, index: usize) {
        self.sequences.resize(index, 0);
        self.sequences.push(self.next_sequence);
        self.next_sequence += 1;
    }

    /// The state at this index is another now.
    #[inline]
    pub fn changed(&mut self, index: usize) {
        self.changed.insert(index);
    }

    /// As [`ChangeSet::fetch`].
    pub fn fetch(&self, index: usize) -> u64 {
        self.changed.fetch(index)
    }

    /// A key, in normal form, goes.
    pub fn dropped(&mut self, index: usize, key: &[u8]) {
        push_bytes(key, &mut self.dropped);
        self.loading.forget(self.sequences[index]);
    }

    /// There is nothing from this index on.
    pub fn truncate(&mut self, end: usize) {
        self.sequences.truncate(end);
    }

    /// The key with the index `order[i]` gets the index `i`; the others go.
    pub fn reorder(&mut self, order: &[u32]) {
        self.sequences = order.iter().map(|&from| self.sequences[from as usize]).collect();
        if self.changed.indexes().is_empty() {
            return;
        }
        let end = order.iter().max().map_or(0, |&greatest| greatest as usize + 1);
        let mut new_index = vec![None; end];
        for (index, &from) in order.iter().enumerate() {
            new_index[from as usize] = Some(index as u32);
        }
        self.changed.renumber(|index| new_index.get(index as usize).copied().flatten());
    }
}

/// Which key has which sequence number, while entries are loaded. Of a key that
/// was loaded before, its number says where it is: that is a look into one small
/// array, in place of the table of keys, which is large. Most entries of a log
/// are further ones of a key.
#[derive(Default)]
struct Loading {
    /// Indexes by sequence number, or [`NO_INDEX`]. A key need not be there.
    indexes: Vec<u32>,
    /// One more than the greatest number.
    end: u64,
}

const NO_INDEX: u32 = u32::MAX;

/// Below this, sequence numbers have a place in an array in any case.
const FEW_NUMBERS: usize = if cfg!(test) { 4 } else { 1 << 24 };

/// Whether an array by sequence number is worth its memory: where keys come and
/// go, few of the numbers that were given belong to a key.
fn has_place(sequence: u64, keys: usize) -> bool {
    sequence < keys.saturating_mul(16).max(FEW_NUMBERS) as u64
}

impl Loading {
    fn get(&self, sequence: u64) -> Option<usize> {
        let index = *self.indexes.get(usize::try_from(sequence).ok()?)?;
        (index != NO_INDEX).then_some(index as usize)
    }

    /// Notes a key, one of `keys`.
    fn set(&mut self, sequence: u64, index: usize, keys: usize) {
        self.end = self.end.max(sequence.saturating_add(1));
        if has_place(sequence, keys) {
            let sequence = sequence as usize;
            if sequence >= self.indexes.len() {
                self.indexes.resize(sequence + 1, NO_INDEX);
            }
            self.indexes[sequence] = index as u32;
        }
    }

    fn forget(&mut self, sequence: u64) {
        if let Some(index) = usize::try_from(sequence).ok().and_then(|sequence| self.indexes.get_mut(sequence)) {
            *index = NO_INDEX;
        }
    }
}

/// The keys in the order of their sequence numbers; fewer if some have the same.
fn in_order(sequences: &[u64], keys: impl Iterator<Item = usize> + Clone) -> Vec<u32> {
    let end = keys.clone().map(|index| sequences[index] + 1).max().unwrap_or(0);
    if has_place(end, sequences.len()) {
        let mut indexes = vec![NO_INDEX; end as usize];
        keys.for_each(|index| indexes[sequences[index] as usize] = index as u32);
        indexes.retain(|&index| index != NO_INDEX);
        return indexes;
    }
    let mut order: Vec<u32> = keys.map(|index| index as u32).collect();
    order.sort_unstable_by_key(|&index| sequences[index as usize]);
    order.dedup_by_key(|index| sequences[*index as usize]);
    order
}

impl Entries {
    /// Gives the entry of a key to `out`; the number of bytes that is. Without
    /// a journal, or a key, there is none.
    fn give_entry(&mut self, index: usize, out: &mut PairOut<'_>) -> usize {
        let Entries { keys, values, timeouts, journal } = self;
        let Some(journal) = journal.as_mut().filter(|_| keys.contains(index)) else { return 0 };
        let Journal { sequences, buffer, written, .. } = journal;
        buffer.clear();
        buffer.push(VERSION);
        push_number(sequences[index], buffer);
        push_number(timeouts.as_ref().map_or(0, |timeouts| timeouts.last_ms(index)), buffer);
        let (key, as_written) = (keys.normal(index), keys.written(index));
        push_bytes(if as_written == key { &[] } else { as_written }, buffer);
        values.save(index, buffer);
        out(key, Some(buffer));
        let bytes = key.len() + buffer.len();
        *written = (written.0 + 1, written.1 + bytes as u64);
        bytes
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), AggError> {
        let Some(mut entry) = entry else {
            if let Some(index) = self.keys.find_normal(key) {
                self.drop(index);
            }
            return Ok(());
        };
        let input = &mut entry;
        if take_byte(input)? != VERSION {
            return Err(AggError::Damaged);
        }
        let (sequence, last_ms) = (take_number(input)?, take_number(input)?);
        if sequence >= MAX_SEQUENCE {
            return Err(AggError::Damaged);
        }
        let written = take_bytes(input)?;
        let known = self.journal.as_ref().and_then(|journal| journal.loading.get(sequence));
        let index = known.unwrap_or_else(|| self.insert_loaded(key, written, sequence));
        self.values.load(index, input)?;
        if let Some(timeouts) = &mut self.timeouts {
            timeouts.touch(index, last_ms);
        }
        if input.is_empty() { Ok(()) } else { Err(AggError::Damaged) }
    }
}

impl Entries {
    /// The index of a key that was not loaded before with this number.
    #[inline(never)]
    fn insert_loaded(&mut self, key: &[u8], written: &[u8], sequence: u64) -> usize {
        let (index, is_new) = self.insert_key(key);
        if !written.is_empty() || !is_new {
            self.keys.rewrite(index, if written.is_empty() { key } else { written });
        }
        if let Some(journal) = &mut self.journal {
            journal.loaded(index, sequence);
        }
        index
    }
}

fn damaged(error: &AggError) -> OpError {
    OpError::Damaged { what: error.to_string() }
}

/// Keys are in normal form, entries are bytes with a version of their own;
/// together they are the whole state, with its order.
impl KeyedState for State {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        let Some(journal) = &mut self.entries.journal else { return Ok(()) };
        // A key that was dropped and came again is new, so drops go first.
        let mut dropped = journal.dropped.as_slice();
        while let Ok(key) = take_bytes(&mut dropped) {
            out(key, None);
        }
        journal.dropped.clear();
        let changed = journal.changed.take_sorted();
        for &index in &changed {
            self.entries.give_entry(index as usize, out);
        }
        if let Some(journal) = &mut self.entries.journal {
            journal.changed.reuse(changed);
        }
        Ok(())
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        let Some(journal) = &mut self.entries.journal else { return true };
        if from_start {
            journal.slice_at = 0;
        }
        let slice_at = journal.slice_at;
        let mut index = journal.sequences.partition_point(|&sequence| sequence < slice_at);
        let mut given = 0;
        while index < self.entries.keys.end() && given < bytes {
            given += self.entries.give_entry(index, out);
            index += 1;
        }
        let Some(journal) = &mut self.entries.journal else { return true };
        journal.slice_at = journal.sequences.get(index).copied().unwrap_or(journal.next_sequence);
        index >= journal.sequences.len()
    }

    fn live_bytes(&self) -> u64 {
        let keys = self.entries.keys.len() as u64;
        match &self.entries.journal {
            Some(Journal { written: (entries @ 1.., bytes), .. }) => keys * bytes / entries,
            _ => keys * TYPICAL_ENTRY_BYTES,
        }
    }
}

impl Durable for State {
    fn track(&mut self, is_restored: bool) {
        if is_restored {
            self.is_initial = false;
            let indexes: Vec<usize> = self.entries.keys.indexes().collect();
            indexes.into_iter().for_each(|index| self.entries.drop(index));
            self.entries.reorder(&[]);
        }
        let mut journal = Journal::new();
        for index in 0..self.entries.keys.end() {
            journal.is_new(index);
            journal.changed(index);
        }
        self.entries.journal = Some(journal);
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        self.entries.load(key, entry).map_err(|error| damaged(&error))
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        let Some(journal) = &mut self.entries.journal else { return Ok(()) };
        journal.next_sequence = std::mem::take(&mut journal.loading).end;
        let order = in_order(&journal.sequences, self.entries.keys.indexes());
        if order.len() < self.entries.keys.len() {
            return Err(damaged(&AggError::Damaged));
        }
        // What was loaded is what the checkpoint has.
        journal.changed.clear();
        journal.dropped.clear();
        self.entries.reorder(&order);
        Ok(())
    }
}
