//! What a checkpoint needs of a state beyond memory: what changed, as of any state, and which files the store has.
//!
//! Behind the store's list of files stand the number of the next key, and how many keys the store has.

use std::io;
use std::sync::Arc;

use super::LargeState;
use crate::agg::AggError;
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::OpError;
use crate::op::durable::Durable;
use crate::op::large::temporary;
use crate::op::state::durable::{Saved, WATERMARK, damaged};
use crate::store::sorter::Sorter;
use crate::store::{Files, Wanted};

impl KeyedState for LargeState {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        self.note_dropped();
        self.state.give_changes(&mut self.kept.counted(out));
        self.noted = 0;
        Ok(())
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        self.state.slice(from_start, bytes, out)
    }

    fn live_bytes(&self) -> u64 {
        self.state.live_bytes() + self.kept.store.bytes()
    }

    fn has_files(&self) -> bool {
        !self.kept.store.is_empty()
    }

    fn files(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.kept.store.is_empty() || !self.kept.is_due() {
            return Ok(None);
        }
        self.flush(true).map_err(io::Error::other)?;
        self.kept.tell(&[self.mark, self.stored]).map(Some)
    }
}

impl LargeState {
    /// What the store has counts, and is all there is.
    fn count(&mut self) -> Result<(), OpError> {
        self.flush(true)?;
        let LargeState { state, kept, due, memory, .. } = self;
        *due = Sorter::new(temporary(), *memory / 16);
        let has_timeouts = state.entries.timeouts.is_some();
        let (mut keys, mut next, mut wrong) = (0, self.mark, false);
        kept.store.each(&mut |key, entry| {
            let Ok(saved) = Saved::parse(entry) else {
                wrong = true;
                return Ok(());
            };
            keys += 1;
            next = next.max(saved.sequence + 1);
            if has_timeouts { due.push(saved.last_ms, key, &[]) } else { Ok(()) }
        })?;
        self.stored = keys;
        self.count_from(next);
        if wrong { Err(damaged(&AggError::Damaged)) } else { Ok(()) }
    }

    /// The next key gets this number, and those before it are in the store.
    fn count_from(&mut self, next: u64) {
        if let Some(numbers) = &mut self.state.entries.numbers {
            numbers.next = next;
        }
        self.mark = next;
    }

    /// The keys that were loaded are all in memory, but for those of the store that they were loaded behind.
    fn settle(&mut self) -> Result<(), OpError> {
        let entries = &mut self.state.entries;
        if self.kept.store.is_empty() {
            let mut order: Vec<u32> = entries.keys.indexes().map(|index| index as u32).collect();
            entries.is_loose = true;
            entries.sort(&mut order);
            entries.is_loose = false;
            if order.windows(2).any(|pair| entries.place(pair[0] as usize) == entries.place(pair[1] as usize)) {
                return Err(damaged(&AggError::Damaged));
            }
            entries.reorder(&order);
            return Ok(());
        }
        self.read = entries.keys.indexes().filter(|&index| entries.place(index) < self.mark).count() as u64;
        // Of those that were dropped the store may have had some.
        let mut wanted = Wanted::default();
        self.gone.indexes().for_each(|index| wanted.push(self.gone.normal(index)));
        let mut lost = 0;
        self.kept.store.look(&mut wanted, &mut |_, _| {
            lost += 1;
            Ok(())
        })?;
        self.stored = self.stored.saturating_sub(lost);
        Ok(())
    }
}

impl Durable for LargeState {
    fn track(&mut self, is_restored: bool) {
        self.state.track(is_restored);
        self.noted = 0;
    }

    fn keep_in(&mut self, files: Arc<dyn Files>) {
        self.kept.keep_in(files);
    }

    fn load_files(&mut self, bytes: &[u8]) -> Result<bool, OpError> {
        let [next, stored] = self.kept.load(bytes)?;
        self.count_from(next);
        (self.stored, self.state.entries.is_loose) = (stored, true);
        Ok(true)
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        if key == WATERMARK {
            return self.state.load(key, entry);
        }
        let entries = &mut self.state.entries;
        match entry {
            None => {
                if let Some(index) = entries.keys.find_normal(key) {
                    entries.drop(index);
                }
                self.gone.insert_normal(key);
            }
            Some(entry) => {
                let (number, _) = entries.put(key, entry).map_err(|error| damaged(&error))?;
                if let Some(numbers) = &mut entries.numbers {
                    numbers.next = numbers.next.max(number + 1);
                }
            }
        }
        self.loaded += 1;
        if self.loaded.is_multiple_of(LOOK_EVERY) && self.is_full() {
            self.flush(true)?;
            self.is_uncounted = true;
        }
        Ok(())
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        let is_timed = self.state.entries.timeouts.is_some() && !self.kept.store.is_empty();
        match self.is_uncounted || is_timed {
            true => self.count()?,
            false => self.settle()?,
        }
        if let Some(journal) = &mut self.state.entries.journal {
            journal.changed.clear();
            journal.dropped.clear();
        }
        self.noted = 0;
        Ok(())
    }
}

/// How often it is looked whether memory is full, in keys that are loaded.
const LOOK_EVERY: usize = if cfg!(test) { 2 } else { 1024 };
