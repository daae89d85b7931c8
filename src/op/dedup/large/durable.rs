//! What a checkpoint needs of keys beyond memory: which are new, as of any batch, and which files the store has. Behind the
//! store's list of files stands how many keys it has.

use std::io;
use std::sync::Arc;

use super::super::{DROPPED, WATERMARK};
use super::{Known, LargeDedup, SHARE_OF_ENDS, time_in};
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::OpError;
use crate::op::durable::Durable;
use crate::op::large::Ends;
use crate::store::Files;

impl KeyedState for LargeDedup {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        self.dedup.changes(&mut self.kept.counted(out))?;
        // By event time the watermarks say which keys of the store are over; after the last of them nothing more is to be said.
        let is_by_batch = self.dedup.memory.timing.is_none() && self.dedup.memory.within_ms.is_some();
        let is_due = std::mem::replace(&mut self.has_stored, self.stored > 0) || self.has_stored;
        if let Some(passed) = self.dedup.passed.filter(|_| is_by_batch && is_due) {
            out(WATERMARK, Some(&passed.to_le_bytes()));
        }
        Ok(())
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        self.dedup.slice(from_start, bytes, out)
    }

    fn live_bytes(&self) -> u64 {
        self.dedup.live_bytes() + self.kept.store.bytes()
    }

    fn has_files(&self) -> bool {
        !self.kept.store.is_empty()
    }

    fn files(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.kept.store.is_empty() || !self.kept.is_due() {
            return Ok(None);
        }
        self.flush().map_err(io::Error::other)?;
        // What was said before does not count any more.
        self.has_stored = true;
        self.kept.tell(&[self.stored]).map(Some)
    }
}

impl LargeDedup {
    /// Counts the keys of the store, which is all there is, and when they are over.
    fn count_all(&mut self) -> Result<(), OpError> {
        self.flush()?;
        let LargeDedup { dedup, kept, memory, .. } = self;
        let (mut stored, mut ends) = (0, Ends::new(*memory / SHARE_OF_ENDS));
        kept.store.each(&mut |_, entry| {
            let time = time_in(entry);
            if dedup.is_over(time) {
                return Ok(());
            }
            stored += 1;
            dedup.memory.within_ms.map_or(Ok(()), |within_ms| ends.add(time.saturating_add(within_ms)))
        })?;
        (self.stored, self.ends) = (stored, ends);
        Ok(())
    }
}

impl Durable for LargeDedup {
    fn track(&mut self, is_restored: bool) {
        self.dedup.track(is_restored);
    }

    fn keep_in(&mut self, files: Arc<dyn Files>) {
        self.kept.keep_in(files);
    }

    fn load_files(&mut self, bytes: &[u8]) -> Result<bool, OpError> {
        [self.stored] = self.kept.load(bytes)?;
        self.has_stored = true;
        Ok(true)
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        match entry {
            // The store may have it.
            None if !self.kept.store.is_empty() => self.dedup.load(key, Some(&DROPPED.to_le_bytes()))?,
            entry => self.dedup.load(key, entry)?,
        }
        self.loaded += 1;
        if self.loaded.is_multiple_of(LOOK_EVERY) && self.is_full() {
            self.flush()?;
            self.is_uncounted = true;
        }
        Ok(())
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        self.known = Known::default();
        let is_timed = self.dedup.memory.within_ms.is_some() && !self.kept.store.is_empty();
        // Before what is over goes from memory: the store may have to be told of it.
        if self.is_uncounted || is_timed {
            self.count_all()?;
        }
        self.dedup.finish_load()
    }
}

/// How often it is looked whether memory is full, in keys that are loaded.
const LOOK_EVERY: usize = if cfg!(test) { 2 } else { 1024 };
