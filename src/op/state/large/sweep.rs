//! What comes out at the end of a batch, of keys of which some are on disk.

use super::LargeState;
use crate::agg::AggError;
use crate::agg::saved::{push_bytes, take_bytes};
use crate::op::large::temporary;
use crate::op::state::durable::{Saved, damaged};
use crate::op::state::{Emit, State};
use crate::op::{OpError, Out};
use crate::store::sorter::Sorter;
use crate::store::{StoreError, Wanted};

/// Of a key, its entry is sorted before the values that it has in the batch.
const ENTRY: u8 = 0;
const VALUES: u8 = 1;

/// How often it is looked whether memory is full, in keys.
const LOOK_EVERY: usize = if cfg!(test) { 2 } else { 256 };

impl LargeState {
    /// Keeps in mind, of keys that go to disk while the batch is open, what is to come out of them at its end.
    pub(super) fn set_aside(&mut self) -> Result<(), OpError> {
        let LargeState { state, pending, memory, mark_of_pending, .. } = self;
        let (entries, emit) = (&state.entries, state.emit);
        let indexes = match &state.computation {
            Some(computation) if emit != Emit::Each => computation.keys_with_values(),
            None if emit == Emit::Changed => state.changed.indexes(),
            _ => return Ok(()),
        };
        let mut rest = Vec::new();
        for (position, &index) in indexes.iter().enumerate() {
            let index = index as usize;
            if !entries.keys.contains(index) {
                continue;
            }
            rest.clear();
            push_bytes(entries.keys.normal(index), &mut rest);
            if let Some(computation) = &state.computation {
                rest.extend_from_slice(computation.values_at(position));
            }
            let pending = pending.get_or_insert_with(|| Sorter::new(temporary(), *memory / 16));
            let mut sorted = vec![VALUES];
            sorted.extend_from_slice(&mark_of_pending.to_be_bytes());
            pending.push(entries.place(index), &sorted, &rest)?;
        }
        *mark_of_pending += 1;
        Ok(())
    }

    /// Gives what is to come out at the end of a batch.
    pub(super) fn give(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        let is_all = self.state.emit == Emit::All;
        if self.kept.store.is_empty() || !is_all && self.pending.is_none() {
            return self.state.give(out);
        }
        self.flush(true)?;
        let pending = self.pending.take();
        if is_all { self.give_all(pending, out) } else { self.give_pending(pending, out) }
    }

    /// Gives what comes of the keys that were set aside.
    fn give_pending(&mut self, pending: Option<Sorter>, out: &mut Out<'_>) -> Result<(), OpError> {
        let Some(pending) = pending else { return Ok(()) };
        let (mut chunk, mut last) = (Vec::new(), None);
        pending.drain(&mut |number, _, rest| {
            // What belongs to one key stays together.
            if chunk.len() > self.memory / 16 && last != Some(number) {
                self.give_chunk(&mut chunk, out)?;
            }
            last = Some(number);
            push_bytes(rest, &mut chunk);
            Ok::<_, OpError>(())
        })?;
        self.give_chunk(&mut chunk, out)
    }

    /// Reads some keys in their order, and gives what comes of them. Memory is empty before and after.
    fn give_chunk(&mut self, chunk: &mut Vec<u8>, out: &mut Out<'_>) -> Result<(), OpError> {
        let each = |give: &mut dyn FnMut(&[u8], &[u8])| {
            let mut rest = chunk.as_slice();
            while let Ok(mut item) = take_bytes(&mut rest) {
                if let Ok(key) = take_bytes(&mut item) {
                    give(key, item);
                }
            }
        };
        let mut wanted = Wanted::default();
        each(&mut |key, _| wanted.push(key));
        let mut bytes = Vec::new();
        let mut found: Vec<(u64, usize, usize)> = Vec::new();
        self.kept.store.look(&mut wanted, &mut |key, entry| {
            let start = bytes.len();
            bytes.extend_from_slice(key);
            bytes.extend_from_slice(entry);
            // What is damaged is told when it is put.
            let number = Saved::parse(entry).map_or(0, |saved| saved.sequence);
            found.push((number, start, start + key.len()));
            Ok(())
        })?;
        let mut ends: Vec<usize> = found.iter().map(|found| found.1).skip(1).collect();
        ends.push(bytes.len());
        let mut found: Vec<_> = found.into_iter().zip(ends).collect();
        found.sort_unstable();
        for ((_, start, middle), end) in found {
            self.put(&bytes[start..middle], &bytes[middle..end])?;
        }
        let state = &mut self.state;
        each(&mut |key, values| {
            let Some(index) = state.entries.keys.find_normal(key) else { return };
            match &mut state.computation {
                Some(computation) => computation.add_all(index, values),
                None => drop(state.changed.insert(index)),
            }
        });
        chunk.clear();
        self.state.give(out)?;
        self.flush(false)
    }

    /// Gives what comes of all keys; of those that were set aside their values are there.
    fn give_all(&mut self, pending: Option<Sorter>, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut all = Sorter::new(temporary(), self.memory / 4);
        let mut rest = Vec::new();
        self.kept.store.each(&mut |key, entry| {
            let Ok(saved) = Saved::parse(entry) else {
                return Err(StoreError::Damaged { what: AggError::Damaged.to_string() });
            };
            rest.clear();
            push_bytes(key, &mut rest);
            rest.extend_from_slice(entry);
            all.push(saved.sequence, &[ENTRY], &rest)
        })?;
        if let Some(pending) = pending {
            pending.drain(&mut |number, sorted, mut rest| {
                let _ = take_bytes(&mut rest);
                all.push(number, sorted, rest)
            })?;
        }
        let mut count: usize = 0;
        all.drain(&mut |number, sorted, mut rest| {
            if sorted[0] == VALUES {
                // Of the key that came just before, unless it has timed out in this batch.
                let State { entries, computation, .. } = &mut self.state;
                let index = entries.keys.end().checked_sub(1).filter(|&index| entries.place(index) == number);
                if let (Some(computation), Some(index)) = (computation, index) {
                    computation.add_all(index, rest);
                }
                return Ok::<_, OpError>(());
            }
            count += 1;
            if count.is_multiple_of(LOOK_EVERY) && self.is_full() {
                self.state.give(out)?;
                self.flush(false)?;
            }
            let key = take_bytes(&mut rest).map_err(|error| damaged(&error))?;
            self.put(key, rest)
        })?;
        self.state.give(out)?;
        self.flush(false)
    }

    /// Puts a key of the store into memory.
    fn put(&mut self, key: &[u8], entry: &[u8]) -> Result<(), OpError> {
        self.state.entries.put(key, entry).map_err(|error| damaged(&error))?;
        self.read += 1;
        Ok(())
    }
}
