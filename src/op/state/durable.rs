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
use super::entries::Entries;
use super::journal::{Journal, MAX_SEQUENCE, in_order};
use crate::agg::AggError;
use crate::agg::saved::{push_bytes, push_number, take_byte, take_bytes, take_number};
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::OpError;
use crate::op::durable::Durable;
use crate::op::key_table::AT_ONCE;

/// The version of entries.
const VERSION: u8 = 1;

/// What an entry is taken to have while none has been written.
const TYPICAL_ENTRY_BYTES: u64 = 16;

impl Entries {
    /// Gives the entry of a key to `out`; the number of bytes that is. Without
    /// a journal, or a key, there is none.
    pub(super) fn give_entry(&mut self, index: usize, out: &mut PairOut<'_>) -> usize {
        let Entries { keys, values, timeouts, numbers, journal, .. } = self;
        let (Some(numbers), Some(journal), true) = (numbers, journal, keys.contains(index)) else { return 0 };
        let Journal { buffer, written, .. } = journal;
        buffer.clear();
        buffer.push(VERSION);
        push_number(numbers.of(index), buffer);
        push_number(timeouts.as_ref().map_or(0, |timeouts| timeouts.last_ms(index)), buffer);
        let (key, as_written) = (keys.normal(index), keys.written(index));
        push_bytes(if as_written == key { &[] } else { as_written }, buffer);
        values.save(index, buffer);
        out(key, Some(buffer));
        let bytes = key.len() + buffer.len();
        *written = (written.0 + 1, written.1 + bytes as u64);
        bytes
    }

    /// Fetches what the entries of these keys are made of into the caches: they lie anywhere.
    fn fetch_all(&self, indexes: &[u32]) {
        if self.keys.is_large() {
            let there = indexes.iter().copied().filter(|&index| self.keys.contains(index as usize));
            self.keys.fetch_at(there, |index| self.fetch(index) ^ self.place(index));
        }
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), AggError> {
        let Some(entry) = entry else {
            if let Some(index) = self.keys.find_normal(key) {
                self.drop(index);
            }
            return Ok(());
        };
        let saved = Saved::parse(entry)?;
        let known = self.journal.as_ref().and_then(|journal| journal.loading.get(saved.sequence));
        let index = known.unwrap_or_else(|| self.insert_loaded(key, saved.written, saved.sequence));
        self.fill(index, &saved)
    }

    /// Takes an entry, of a key in normal form; no number is given. Its number, and whether the key was not there.
    pub(super) fn put(&mut self, key: &[u8], entry: &[u8]) -> Result<(u64, bool), AggError> {
        let saved = Saved::parse(entry)?;
        let next = self.numbers.as_ref().map_or(0, |numbers| numbers.next);
        let (index, is_new) = self.keys.insert_normal(key);
        self.inserted(index, is_new);
        if !saved.written.is_empty() || !is_new {
            self.keys.rewrite(index, if saved.written.is_empty() { key } else { saved.written });
        }
        if let Some(numbers) = &mut self.numbers {
            numbers.all[index] = saved.sequence;
            numbers.next = next;
        }
        self.fill(index, &saved)?;
        Ok((saved.sequence, is_new))
    }

    /// Lets the key with this index have what an entry says.
    fn fill(&mut self, index: usize, saved: &Saved<'_>) -> Result<(), AggError> {
        let mut state = saved.state;
        self.values.load(index, &mut state)?;
        if let Some(timeouts) = &mut self.timeouts {
            timeouts.touch(index, saved.last_ms);
        }
        if state.is_empty() { Ok(()) } else { Err(AggError::Damaged) }
    }

    /// The index of a key that was not loaded before with this number.
    #[inline(never)]
    fn insert_loaded(&mut self, key: &[u8], written: &[u8], sequence: u64) -> usize {
        let (index, is_new) = self.insert_key(key);
        if !written.is_empty() || !is_new {
            self.keys.rewrite(index, if written.is_empty() { key } else { written });
        }
        if let (Some(numbers), Some(journal)) = (&mut self.numbers, &mut self.journal) {
            numbers.all[index] = sequence;
            journal.loading.set(sequence, index, numbers.all.len());
        }
        index
    }
}

/// What an entry says.
pub(super) struct Saved<'e> {
    pub sequence: u64,
    pub last_ms: u64,
    pub written: &'e [u8],
    state: &'e [u8],
}

impl<'e> Saved<'e> {
    pub fn parse(mut entry: &'e [u8]) -> Result<Saved<'e>, AggError> {
        let input = &mut entry;
        if take_byte(input)? != VERSION {
            return Err(AggError::Damaged);
        }
        let (sequence, last_ms) = (take_number(input)?, take_number(input)?);
        if sequence >= MAX_SEQUENCE {
            return Err(AggError::Damaged);
        }
        Ok(Saved { sequence, last_ms, written: take_bytes(input)?, state: input })
    }
}

pub(super) fn damaged(error: &AggError) -> OpError {
    OpError::Damaged { what: error.to_string() }
}

/// The key of what belongs to none: JSON does not begin so.
pub(super) const WATERMARK: &[u8] = b"\0watermark";

impl State {
    fn give_watermark(&self, out: &mut PairOut<'_>) {
        if let Some(timing) = &self.timing {
            let mut saved = Vec::new();
            timing.watermarks.save(&mut saved);
            out(WATERMARK, Some(&saved));
        }
    }

    /// As [`KeyedState::changes`].
    pub(super) fn give_changes(&mut self, out: &mut PairOut<'_>) {
        let Some(journal) = &mut self.entries.journal else { return };
        // A key that was dropped and came again is new, so drops go first.
        let mut dropped = journal.dropped.as_slice();
        while let Ok(key) = take_bytes(&mut dropped) {
            out(key, None);
        }
        journal.dropped.clear();
        let mut changed = journal.changed.take();
        self.entries.sort(&mut changed);
        for some in changed.chunks(AT_ONCE) {
            self.entries.fetch_all(some);
            for &index in some {
                self.entries.give_entry(index as usize, out);
            }
        }
        if let Some(journal) = &mut self.entries.journal {
            journal.changed.reuse(changed);
        }
        self.give_watermark(out);
    }
}

/// Keys are in normal form, entries are bytes with a version of their own;
/// together they are the whole state, with its order. By event time the watermark is an entry too.
impl KeyedState for State {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        self.give_changes(out);
        Ok(())
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        let Some(journal) = &mut self.entries.journal else { return true };
        if from_start {
            journal.slice_at = 0;
        }
        let (slice_at, numbers) = (journal.slice_at, self.entries.numbers.as_ref());
        let mut index = numbers.map_or(0, |numbers| numbers.all.partition_point(|&sequence| sequence < slice_at));
        let mut given = 0;
        while index < self.entries.keys.end() && given < bytes {
            given += self.entries.give_entry(index, out);
            index += 1;
        }
        self.give_watermark(out);
        let (Some(journal), Some(numbers)) = (&mut self.entries.journal, &self.entries.numbers) else { return true };
        journal.slice_at = numbers.all.get(index).copied().unwrap_or(numbers.next);
        index >= numbers.all.len()
    }

    fn live_bytes(&self) -> u64 {
        let keys = self.entries.keys.len() as u64;
        match &self.entries.journal {
            Some(Journal { written: (entries @ 1.., bytes), .. }) => {
                let bytes = u128::from(keys) * u128::from(*bytes) / u128::from(*entries);
                u64::try_from(bytes).unwrap_or(u64::MAX)
            }
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
        let numbers = self.entries.numbers.get_or_insert_default();
        for index in 0..self.entries.keys.end() {
            if index == numbers.all.len() {
                numbers.add(index);
            }
            journal.changed(index);
        }
        self.entries.journal = Some(journal);
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        if key == WATERMARK {
            let is_loaded = match (&mut self.timing, entry) {
                (Some(timing), Some(saved)) => timing.watermarks.load(saved),
                _ => false,
            };
            return if is_loaded { Ok(()) } else { Err(damaged(&AggError::Damaged)) };
        }
        self.entries.load(key, entry).map_err(|error| damaged(&error))
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        let (Some(journal), Some(numbers)) = (&mut self.entries.journal, &mut self.entries.numbers) else {
            return Ok(());
        };
        numbers.next = std::mem::take(&mut journal.loading).end;
        let order = in_order(&numbers.all, self.entries.keys.indexes());
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
