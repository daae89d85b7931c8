//! Panes as bytes, for checkpoints.
//!
//! A chunk, some entries of a pane:
//!
//! ```text
//! kind     0: each entry has its own partial result; 1: that of its key from
//!          there to the newest of the older panes
//! entries  the key as it is written (bytes), the partial result (see
//!          Aggregator::save), until the end
//! ```
//!
//! Bytes are those of [`saved`](crate::agg::saved). What else there is of a
//! window follows: it is made again in the same order and with the same
//! grouping, so that nothing shows that the process is another one.

use super::{Entry, Fold, KeyState, NOWHERE, Place, Strategy};
use crate::agg::saved::{push_bytes, take_byte, take_bytes};
use crate::agg::{Accumulator, AggError};
use crate::error::{Exit, Failure as _};
use crate::op::OpError;
use crate::op::grouping::aggregation_failed;
use crate::op::window::damaged;

const OWN: u8 = 0;
const COMBINED: u8 = 1;

/// A chunk gets no further entry when it has this many bytes.
const CHUNK_BYTES: usize = if cfg!(test) { 16 } else { 64 << 10 };

const WHAT: &str = "the partial results of a window";

impl Fold {
    /// Gives the entries of a pane in chunks.
    pub(super) fn save_pane(&self, pane: usize, chunk: &mut dyn FnMut(&[u8])) {
        let mut chunks = Chunks::of(self.kind_of(pane));
        for entry in 0..self.panes[pane].len() {
            self.save_entry(pane, entry, chunks.buffer());
            chunks.finish_entry(chunk);
        }
        chunks.finish(chunk);
    }

    /// The kind of a pane's chunks.
    pub(super) fn kind_of(&self, pane: usize) -> u8 {
        if pane < self.older() { COMBINED } else { OWN }
    }

    /// Appends an entry of a pane.
    pub(super) fn save_entry(&self, pane: usize, entry: usize, saved: &mut Vec<u8>) {
        let number = self.first_pane.wrapping_add(pane as u32);
        let Entry { key, part, .. } = &self.panes[pane][entry];
        push_bytes(self.written_at(*key as usize, Place { pane: number, entry: entry as u32 }), saved);
        self.aggregator.save(part, saved);
    }

    /// How a key is written at one of its places.
    fn written_at(&self, index: usize, place: Place) -> &[u8] {
        if self.states[index].first == place {
            return self.keys.written(index);
        }
        match self.written.get(&place) {
            Some(written) => written,
            None => self.keys.normal(index),
        }
    }

    /// Makes the window of the chunks that were loaded, of which the first
    /// `older` are panes of the older ones.
    pub(super) fn load_panes(&mut self, older: usize) -> Result<(), OpError> {
        if older > 0 && self.strategy != Strategy::TwoStacks {
            return Err(damaged(WHAT));
        }
        let mut kinds = Vec::new();
        for _ in 0..older {
            let pane = self.next_pane();
            let (kind, entries) = self.load_pane(|fold, key, part, entries| {
                fold.append_older(key, part, Place { pane, entry: entries.len() as u32 }, entries)
            })?;
            kinds.push(kind);
            self.append(entries);
        }
        for index in (0..older).rev().filter(|&index| kinds[index] == OWN) {
            // A record that failed was set aside when this was done first.
            match self.combine(index) {
                Err(failed) if failed.error.exit() != Exit::BadRecord => return Err(aggregation_failed(failed.error)),
                _ => {}
            }
        }
        self.newer_from = self.next_pane();
        while !self.loading.is_empty() {
            let pane = self.next_pane();
            let (kind, entries) = self.load_pane(|fold, key, part, entries| fold.push(key, part, pane, entries))?;
            if kind != OWN {
                return Err(damaged(WHAT));
            }
            self.append(entries);
        }
        Ok(())
    }

    /// Reads the oldest pane that is to be loaded, and lets `append` have each key
    /// with its partial result. All chunks of a pane are of one kind.
    fn load_pane(
        &mut self,
        mut append: impl FnMut(&mut Fold, &[u8], Accumulator, &mut Vec<Entry>) -> Result<(), AggError>,
    ) -> Result<(u8, Vec<Entry>), OpError> {
        let chunks = self.loading.pop_front().unwrap_or_default();
        let mut entries = Vec::new();
        let mut kind = None;
        for chunk in chunks {
            let mut input = &*chunk;
            let own = take_byte(&mut input).map_err(unreadable)?;
            if own > COMBINED || *kind.get_or_insert(own) != own {
                return Err(damaged(WHAT));
            }
            while !input.is_empty() {
                let key = take_bytes(&mut input).map_err(unreadable)?;
                let part = self.aggregator.load(&mut input).map_err(unreadable)?;
                append(self, key, part, &mut entries).map_err(unreadable)?;
            }
        }
        Ok((kind.unwrap_or(OWN), entries))
    }

    /// Appends an entry to a pane of the older ones, whose partial results are in
    /// no sum.
    fn append_older(
        &mut self,
        key: &[u8],
        part: Accumulator,
        place: Place,
        entries: &mut Vec<Entry>,
    ) -> Result<(), AggError> {
        let (index, is_new) = self.keys.insert(key);
        match is_new {
            true => self.states.push(KeyState { first: place, last: place, sum: self.aggregator.accumulator() }),
            false => self.link(index, key, place)?,
        }
        entries.push(Entry { key: index as u32, next: NOWHERE, part });
        Ok(())
    }
}

/// Makes chunks of entries.
pub(super) struct Chunks(Vec<u8>);

impl Chunks {
    /// Of this kind.
    pub fn of(kind: u8) -> Chunks {
        Chunks(vec![kind])
    }

    /// Where the next entry goes.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// An entry is there; `chunk` is given them when they are enough for one.
    pub fn finish_entry(&mut self, chunk: &mut dyn FnMut(&[u8])) {
        if self.0.len() >= CHUNK_BYTES {
            self.finish(chunk);
        }
    }

    /// Gives the entries that are left, if any are.
    pub fn finish(&mut self, chunk: &mut dyn FnMut(&[u8])) {
        if self.0.len() > 1 {
            chunk(&self.0);
            self.0.truncate(1);
        }
    }
}

/// What was merged before can be merged again: if it cannot, it is not what was saved.
pub(super) fn unreadable(error: AggError) -> OpError {
    match error.exit() {
        Exit::BadRecord | Exit::Checkpoint => damaged(WHAT),
        _ => aggregation_failed(error),
    }
}
