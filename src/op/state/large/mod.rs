//! `state` beyond memory: `--memory`.
//!
//! What is in memory is a [`State`] of some of the keys: those that came, or came again, since all of it was last
//! [written](LargeState::flush) to a [store](crate::store). Once there is a store, records are
//! [gathered](Gathered) first, then the store is asked for all their keys at once, and what it has of them goes into memory:
//! from there on everything is as if all keys were there, with the same bytes in the same order. Keys have numbers, in
//! the order in which they came first, which is the order of what comes out. What is to come out of keys
//! that have gone to disk meanwhile is sorted by it ([`sweep`]).

mod durable;
mod sweep;
#[cfg(test)]
mod tests;
mod timeouts;

use super::durable::damaged;
use super::journal::Journal;
use super::{Emit, InitialError, State};
use crate::agg::saved::take_bytes;
use crate::frame::{BatchTime, Block, Close, Head, Reason};
use crate::op::durable::Durable;
use crate::op::key_table::KeyTable;
use crate::op::large::{Gathered, Kept, is_full, temporary};
use crate::op::{Held, OpError, Operator, Out};
use crate::store::Wanted;
use crate::store::sorter::Sorter;

/// The operator.
pub struct LargeState {
    /// What is in memory.
    state: State,
    memory: usize,
    kept: Kept,
    gathered: Gathered,
    /// Keys that were dropped since the store was last written, and how far they are noted.
    gone: KeyTable,
    noted: usize,
    /// When keys of the store may time out.
    due: Sorter,
    /// Of the open batch: keys that have gone to disk and that something is to come out of.
    pending: Option<Sorter>,
    /// How often keys were set aside.
    mark_of_pending: u32,
    /// Keys with a smaller number are in the store or dropped.
    mark: u64,
    /// How many keys the store had when it was last written, and how many of them were read since.
    stored: u64,
    read: u64,
    /// How many entries were loaded, and whether memory had no room for them.
    loaded: usize,
    is_uncounted: bool,
}

impl LargeState {
    /// A state, which is empty, of which about `memory` bytes are held in memory.
    pub fn new(mut state: State, memory: usize) -> LargeState {
        Durable::track(&mut state, false);
        LargeState {
            state,
            memory,
            kept: Kept::new(memory),
            gathered: Gathered::default(),
            gone: KeyTable::new(),
            noted: 0,
            due: Sorter::new(temporary(), memory / 16),
            pending: None,
            mark_of_pending: 0,
            mark: 0,
            stored: 0,
            read: 0,
            loaded: 0,
            is_uncounted: false,
        }
    }

    /// As [`State::begin_with`].
    ///
    /// # Errors
    /// As there.
    pub fn begin_with(&mut self, key: &[u8], value: &[u8]) -> Result<(), InitialError> {
        self.state.begin_with(key, value)
    }

    /// How many keys there are.
    fn keys(&self) -> u64 {
        self.stored + self.state.entries.keys.len() as u64 - self.read
    }

    fn holds(&self) -> Held {
        let held = self.state.entries.held();
        Held { keys: Some(self.keys()), bytes: held.bytes + self.kept.store.bytes(), ..held }
    }

    /// Notes keys that were dropped: what the store has of them counts no more.
    fn note_dropped(&mut self) {
        let Some(Journal { dropped, .. }) = &self.state.entries.journal else { return };
        let mut rest = &dropped[self.noted.min(dropped.len())..];
        self.noted = dropped.len();
        if !self.kept.store.is_empty() {
            while let Ok(key) = take_bytes(&mut rest) {
                self.gone.insert_normal(key);
            }
        }
    }

    /// Does what was gathered.
    fn process(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let gathered = std::mem::take(&mut self.gathered);
        self.fetch(&gathered)?;
        self.state.begin(gathered.time);
        let state = &mut self.state;
        gathered.chunks(out, |items, out| {
            if state.is_large() {
                state.fetch(items.iter());
            }
            items.iter().try_for_each(|item| state.take(item, gathered.time, out))
        })?;
        drop(gathered);
        self.make_room()
    }

    /// Reads what the store has of the keys that were gathered and are not in memory.
    fn fetch(&mut self, gathered: &Gathered) -> Result<(), OpError> {
        self.note_dropped();
        let mut wanted = Wanted::default();
        gathered.each_key(|key| self.want(key, &mut wanted));
        self.read(&mut wanted)
    }

    /// Asks for a key in normal form, if the store may have something that counts.
    fn want(&self, key: &[u8], wanted: &mut Wanted) {
        let is_known = self.state.entries.keys.find_normal(key).is_some() || self.gone.find_normal(key).is_some();
        if !is_known {
            wanted.push(key);
        }
    }

    /// Reads keys, which are not in memory.
    fn read(&mut self, wanted: &mut Wanted) -> Result<(), OpError> {
        let LargeState { state, kept, read, .. } = self;
        let mut wrong = None;
        kept.store.look(wanted, &mut |key, entry| {
            match state.entries.put(key, entry) {
                Ok(_) => *read += 1,
                Err(error) => wrong = Some(error),
            }
            Ok(())
        })?;
        wrong.map_or(Ok(()), |error| Err(damaged(&error)))
    }

    /// Writes all to the store if memory holds too much.
    fn make_room(&mut self) -> Result<(), OpError> {
        if self.is_full() { self.flush(true) } else { Ok(()) }
    }

    /// Whether memory holds too much: by what is known of it, or by what the process takes of the system.
    fn is_full(&self) -> bool {
        let entries = &self.state.entries;
        let keys = entries.keys.len();
        // What is held beyond the fixed size of a value, and of lists, is about what an entry of it has.
        let beyond = if keys == 0 { 0 } else { entries.sampled_bytes() };
        let columns = keys * 3 * size_of::<u64>();
        is_full(entries.held().bytes as usize + beyond + columns + self.gone.bytes(), self.memory)
    }

    /// Writes what is in memory to the store, and empties it: all, or only what a checkpoint has not seen,
    /// where all else is there already.
    fn flush(&mut self, all: bool) -> Result<(), OpError> {
        self.note_dropped();
        self.set_aside()?;
        let total = self.keys();
        let order = self.kept.store.order();
        let LargeState { state, gone, kept, .. } = self;
        let entries = &mut state.entries;
        let mut indexes: Vec<u32> = match &entries.journal {
            Some(journal) if !all => journal.changed.indexes().to_vec(),
            _ => entries.keys.indexes().map(|index| index as u32).collect(),
        };
        indexes.retain(|&index| entries.keys.contains(index as usize));
        // With its number each, a key that is there or one that is gone.
        let there = indexes.iter().map(|&index| (order.of(entries.keys.normal(index as usize)), index, true));
        let lost = gone.indexes().filter(|&index| entries.keys.find_normal(gone.normal(index)).is_none());
        let lost = lost.map(|index| (order.of(gone.normal(index)), index as u32, false));
        let mut rows: Vec<(u64, u32, bool)> = there.chain(lost).collect();
        drop(indexes);
        let key = |&(_, index, is_there): &(u64, u32, bool)| match is_there {
            true => entries.keys.normal(index as usize),
            false => gone.normal(index as usize),
        };
        rows.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| key(a).cmp(key(b))));
        if !rows.is_empty() {
            let mut run = kept.store.begin()?;
            for (_, index, is_there) in rows {
                match is_there {
                    false => run.push(gone.normal(index as usize), None)?,
                    true => {
                        let mut pushed = Ok(());
                        entries.give_entry(index as usize, &mut |key, entry| pushed = run.push(key, entry));
                        pushed?;
                    }
                }
            }
            kept.add(run, &mut |_| true)?;
        }
        self.note_due()?;
        self.forget(total);
        Ok(())
    }

    /// Nothing is in memory any more; `total` keys are in the store.
    fn forget(&mut self, total: u64) {
        self.state.entries.forget();
        self.state.changed.clear();
        if let Some(computation) = &mut self.state.computation {
            computation.clear();
        }
        self.gone = KeyTable::new();
        self.noted = 0;
        (self.stored, self.read) = (total, 0);
        self.mark = self.state.entries.numbers.as_ref().map_or(0, |numbers| numbers.next);
        self.state.entries.is_loose = !self.kept.store.is_empty();
    }
}

impl Operator for LargeState {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.state.head(head)
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.kept.store.is_empty() {
            self.state.block(block, out)?;
            return self.make_room();
        }
        self.gathered.add(block, &mut self.state.grouping)?;
        if self.gathered.is_full(self.kept.share(8)) { self.process(out) } else { Ok(()) }
    }

    fn held(&self) -> Option<Held> {
        Some(self.holds())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.process(out)?;
        self.state.newest = time;
        if self.state.timing.is_some() {
            self.timed_end(time, out)?;
        } else {
            self.state.begin(time);
            self.time_out(time.0, out)?;
            self.give(out)?;
        }
        self.note_dropped();
        if self.kept.store.is_empty() {
            self.state.entries.compact();
        }
        self.make_room()?;
        out.holds(self.holds());
        out.end(time);
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        self.process(out)?;
        let is_final = !self.state.has_checkpoint || close.reason == Reason::Eof;
        if self.state.timing.is_some() && self.state.emit == Emit::Timeout && is_final && self.keys() > 0 {
            let time = self.state.newest.after(self.state.interval);
            out.set_time(time);
            self.time_out(u64::MAX, out)?;
            self.state.newest = time;
            out.holds(self.holds());
            out.end(time);
        }
        self.state.close_function()
    }

    fn idle(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        // What comes of each record is waited for.
        if self.state.emit == Emit::Each { self.process(out) } else { Ok(()) }
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}
