//! What a checkpoint needs of windows beyond memory: what changed, as of any batch, and which files the store has. Behind the
//! store's list of files stands how many keys it has.

use std::io;
use std::sync::Arc;

use super::super::entry::{Entry, HEADER, key_of};
use super::LargeEventWindow;
use crate::agg::saved::{push_bytes, push_number, take_bytes};
use crate::event::ordered;
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::OpError;
use crate::op::durable::Durable;
use crate::op::large::{Asked, temporary};
use crate::op::window::damaged;
use crate::store::sorter::Sorter;
use crate::store::{Files, StoreError, Wanted};

impl KeyedState for LargeEventWindow {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        self.window.changes(&mut self.kept.counted(out))
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        self.window.slice(from_start, bytes, out)
    }

    fn live_bytes(&self) -> u64 {
        self.window.live_bytes() + self.kept.store.bytes()
    }

    fn has_files(&self) -> bool {
        !self.kept.store.is_empty()
    }

    fn files(&mut self) -> io::Result<Option<Vec<u8>>> {
        if !self.kept.has_spilled() || !self.kept.is_due() {
            return Ok(None);
        }
        self.flush().map_err(io::Error::other)?;
        self.kept.tell(&[self.stored]).map(Some)
    }
}

impl LargeEventWindow {
    /// Takes up the entries that wait, with what the store has of their keys.
    fn take_up(&mut self) -> Result<(), OpError> {
        let loading = std::mem::take(&mut self.loading);
        let mut wanted = Wanted::default();
        each(&loading, &mut |pair, _| {
            if let Some(key) = key_of(pair) {
                self.asked.want(key, &mut wanted);
            }
            Ok(())
        })?;
        self.read(wanted)?;
        each(&loading, &mut |pair, value| self.window.load(pair, value))?;
        self.make_room()
    }

    /// Counts what the store has, which is all there is, and when something comes out of it.
    fn count_all(&mut self) -> Result<(), OpError> {
        self.flush()?;
        let LargeEventWindow { kept, memory, .. } = self;
        let (mut stored, mut due) = (0, Sorter::new(temporary(), *memory / 16));
        kept.store.each(&mut |key, entry| {
            let Some(entry) = Entry::of(entry) else {
                return Err(StoreError::Damaged { what: "an entry is none of windows beyond memory".to_owned() });
            };
            stored += entry.count;
            due.push(ordered(entry.end), key, &[])
        })?;
        (self.stored, self.due) = (stored, due);
        Ok(())
    }
}

/// Takes an entry and its key, or one that is dropped.
type Give<'g> = dyn FnMut(&[u8], Option<&[u8]>) -> Result<(), OpError> + 'g;

/// Gives pairs that were put together.
fn each(mut pairs: &[u8], give: &mut Give<'_>) -> Result<(), OpError> {
    while !pairs.is_empty() {
        let mut take = || take_bytes(&mut pairs).map_err(|error| OpError::Damaged { what: error.to_string() });
        let (key, value) = (take()?, take()?);
        give(key, value.split_first().map(|(_, value)| value))?;
    }
    Ok(())
}

impl Durable for LargeEventWindow {
    fn track(&mut self, is_restored: bool) {
        self.window.track(is_restored);
    }

    fn keep_in(&mut self, files: Arc<dyn Files>) {
        self.kept.keep_in(files);
    }

    fn load_files(&mut self, bytes: &[u8]) -> Result<bool, OpError> {
        [self.stored] = self.kept.load(bytes)?;
        self.asked = Asked::default();
        Ok(true)
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        if key == HEADER {
            return self.window.load(key, entry);
        }
        if key_of(key).is_none() {
            return Err(damaged("an entry is none of windows of event time"));
        }
        push_bytes(key, &mut self.loading);
        // Behind one byte more, so that one that is dropped has none at all.
        push_number(entry.map_or(0, |entry| entry.len() as u64 + 1), &mut self.loading);
        if let Some(entry) = entry {
            self.loading.push(0);
            self.loading.extend_from_slice(entry);
        }
        if self.loading.len() > self.memory / 8 { self.take_up() } else { Ok(()) }
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        self.take_up()?;
        self.window.finish_load()?;
        if self.kept.has_spilled() { self.count_all() } else { Ok(()) }
    }
}
