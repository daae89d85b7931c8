//! What a checkpoint needs of sequences beyond memory: what changed, as of any batch, and which files the store has.

use std::io;
use std::sync::Arc;

use super::super::entry::Stored;
use super::waiting::Sorted;
use super::{Counts, LargeSequences, SHARE};
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::OpError;
use crate::op::durable::Durable;
use crate::op::large::{Asked, temporary};
use crate::op::waiting::read_place;
use crate::store::sorter::Sorter;
use crate::store::{Files, StoreError, Wanted};

impl KeyedState for LargeSequences {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        self.sequences.changes(&mut self.kept.counted(out))?;
        if self.sequences.keys.len() == 0 {
            // What is left is room for what was open once.
            self.sequences.let_go();
        }
        Ok(())
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        self.sequences.slice(from_start, bytes, out)
    }

    fn live_bytes(&self) -> u64 {
        self.sequences.live_bytes() + self.kept.store.bytes()
    }

    fn has_files(&self) -> bool {
        !self.kept.store.is_empty()
    }

    fn files(&mut self) -> io::Result<Option<Vec<u8>>> {
        if !self.kept.has_spilled() || !self.kept.is_due() {
            return Ok(None);
        }
        self.flush_waiting().and_then(|()| self.flush()).map_err(io::Error::other)?;
        self.kept.tell(&[]).map(Some)
    }
}

impl LargeSequences {
    /// Counts what the store has, which is all there is, and when something comes of it.
    fn count_all(&mut self) -> Result<(), OpError> {
        self.flush_waiting()?;
        self.flush()?;
        let memory = self.memory / SHARE;
        self.stored = Counts::default();
        (self.due, self.waiting) = (Sorter::new(temporary(), memory), Sorted::new(memory));
        let LargeSequences { kept, sequences, due, waiting, stored, .. } = self;
        let damaged = || StoreError::Damaged { what: "an entry is none of open matches".to_owned() };
        kept.store.each(&mut |key, entry| match Stored::of(entry).ok_or_else(damaged)? {
            Stored::Open(summary, _) => {
                stored.add(summary);
                due.push(summary.due, key, &[])
            }
            Stored::Waits(_, saved) => {
                let place = key.get(1..).and_then(read_place).ok_or_else(damaged)?;
                if sequences.has_passed(place) { Ok(()) } else { waiting.add(place, saved) }
            }
        })?;
        Ok(())
    }
}

impl Durable for LargeSequences {
    fn track(&mut self, is_restored: bool) {
        self.sequences.track(is_restored);
    }

    fn keep_in(&mut self, files: Arc<dyn Files>) {
        self.kept.keep_in(files);
    }

    fn load_files(&mut self, bytes: &[u8]) -> Result<bool, OpError> {
        let [] = self.kept.load(bytes)?;
        self.asked = Asked::default();
        Ok(true)
    }

    /// What is said of a key is all of it, whatever the store has: that was read before.
    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        if self.kept.has_spilled()
            && let Some((b'k', named)) = key.split_first()
        {
            self.asked.want(named, &mut Wanted::default());
            self.asked.found(named);
        }
        self.sequences.load(key, entry)
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        self.sequences.finish_load()?;
        if self.kept.has_spilled() { self.count_all() } else { self.make_room() }
    }
}
