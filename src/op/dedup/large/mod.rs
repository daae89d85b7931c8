//! `dedup` beyond memory: `--memory`.
//!
//! What is in memory is a [`Dedup`] of the keys that are new since all were last [written](LargeDedup::flush) to a
//! [store](crate::store), and of keys of the store what they were asked for ([`Known`]), as far as there is room: those can be
//! asked for again. The store has of each key the time of its first record, which never changes. That alone says whether
//! it is over: nothing is written, and nothing read, when it is. It is left out when its part of the store is written anew.

mod durable;
#[cfg(test)]
mod tests;

use super::{Dedup, Journal};
use crate::event::EventTime;
use crate::frame::{BatchTime, Block, Head};
use crate::op::due::Due;
use crate::op::durable::Durable;
use crate::op::grouping::Item;
use crate::op::groups::fetch;
use crate::op::key_table::KeyTable;
use crate::op::large::{Ends, Gathered, Kept, is_full};
use crate::op::{Held, OpError, Operator, Out};
use crate::store::Wanted;

/// The operator.
pub struct LargeDedup {
    /// What is new.
    dedup: Dedup,
    known: Known,
    memory: usize,
    kept: Kept,
    gathered: Gathered,
    /// How many keys the store has that are not over, and when they are.
    stored: u64,
    ends: Ends,
    /// Whether it had such keys when a checkpoint was last told of it, or got some since.
    has_stored: bool,
    /// How many entries were loaded, and whether memory had no room for them.
    loaded: usize,
    is_uncounted: bool,
}

/// Keys of the store, with the times of their first records.
#[derive(Default)]
struct Known {
    keys: KeyTable,
    times: Vec<EventTime>,
}

impl Known {
    /// The time of a key's first record.
    #[inline]
    fn time(&mut self, item: &Item<'_>) -> Option<EventTime> {
        let index = if item.is_normal { self.keys.find_normal(item.key) } else { self.keys.find(item.key) };
        Some(self.times[index?])
    }

    fn bytes(&self) -> usize {
        self.keys.bytes() + self.times.capacity() * size_of::<EventTime>()
    }
}

/// The time that an entry says; of keys that are known for ever it says nothing.
fn time_in(entry: &[u8]) -> EventTime {
    entry.try_into().map_or(EventTime::MAX, EventTime::from_le_bytes)
}

/// So much of memory is for counting when keys are over.
const SHARE_OF_ENDS: usize = 16;

impl LargeDedup {
    /// Of such a one, which knows no keys, with about `memory` bytes in memory.
    pub fn new(dedup: Dedup, memory: usize) -> LargeDedup {
        LargeDedup {
            dedup,
            known: Known::default(),
            memory,
            kept: Kept::new(memory),
            gathered: Gathered::default(),
            stored: 0,
            ends: Ends::new(memory / SHARE_OF_ENDS),
            has_stored: false,
            loaded: 0,
            is_uncounted: false,
        }
    }

    /// How many keys are known.
    fn keys(&self) -> u64 {
        self.stored + self.dedup.keys.len() as u64
    }

    fn holds(&self) -> Held {
        let bytes = self.dedup.held().bytes + self.known.bytes() as u64 + self.kept.store.bytes();
        Held { keys: Some(self.keys()), records: None, bytes }
    }

    /// Does what was gathered.
    fn process(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let gathered = std::mem::take(&mut self.gathered);
        self.look_up(&gathered)?;
        let LargeDedup { dedup, known, .. } = self;
        gathered.chunks(out, |items, out| {
            if dedup.keys.is_large() {
                fetch(items.iter(), &dedup.keys, |_| 0);
            }
            for item in items {
                dedup.count(item, out);
                let Some(time) = dedup.time_of(item, out)? else { continue };
                if known.time(item).is_none_or(|first| dedup.is_over(first)) {
                    dedup.see(item, time, out);
                }
            }
            Ok(())
        })?;
        drop(gathered);
        self.make_room()
    }

    /// Asks the store for the keys that were gathered and are not in memory.
    fn look_up(&mut self, gathered: &Gathered) -> Result<(), OpError> {
        let LargeDedup { dedup, known, kept, .. } = self;
        let mut wanted = Wanted::default();
        gathered.each_key(|key| {
            if dedup.keys.find_normal(key).is_none() && known.keys.find_normal(key).is_none() {
                wanted.push(key);
            }
        });
        kept.store.look(&mut wanted, &mut |key, entry| {
            known.keys.insert_normal(key);
            known.times.push(time_in(entry));
            Ok(())
        })?;
        Ok(())
    }

    /// Whether memory holds too much.
    fn is_full(&self) -> bool {
        is_full(self.dedup.held().bytes as usize + self.known.bytes(), self.memory)
    }

    /// Makes room if memory holds too much: what can be asked for again goes first.
    fn make_room(&mut self) -> Result<(), OpError> {
        if !self.is_full() {
            return Ok(());
        }
        let is_enough = self.known.bytes() as u64 > self.dedup.held().bytes;
        self.known = Known::default();
        if is_enough { Ok(()) } else { self.flush() }
    }

    /// Writes what is new to the store, and empties memory.
    fn flush(&mut self) -> Result<(), OpError> {
        let LargeDedup { dedup, kept, ends, stored, .. } = self;
        let keys = &dedup.keys;
        let key = |index: usize| keys.normal(index);
        let rows = kept.store.order().sorted(keys.indexes(), key);
        if !rows.is_empty() {
            let mut run = kept.store.begin()?;
            for &(_, index) in &rows {
                let time = dedup.times.get(index).map(|time| time.to_le_bytes());
                run.push(key(index), Some(time.as_ref().map_or(&[][..], |time| time)))?;
            }
            kept.add(run, &mut |entry| !dedup.is_over(time_in(entry)))?;
            self.has_stored = true;
        }
        *stored += rows.len() as u64;
        if let Some(within_ms) = dedup.memory.within_ms {
            keys.indexes().try_for_each(|index| ends.add(dedup.times[index].saturating_add(within_ms)))?;
        }
        dedup.empty();
        self.known = Known::default();
        Ok(())
    }

    /// Counts the keys of the store that are over no more.
    fn let_go(&mut self) -> Result<(), OpError> {
        if let (Some(passed), Some(_)) = (self.dedup.passed, self.dedup.memory.within_ms) {
            self.stored -= self.ends.reach(passed)?;
        }
        Ok(())
    }
}

impl Dedup {
    /// Knows no keys any more: they are elsewhere.
    fn empty(&mut self) {
        (self.keys, self.times, self.due) = (KeyTable::new(), Vec::new(), Due::default());
        if let Some(journal) = &mut self.journal {
            *journal = Journal::default();
        }
    }
}

impl Operator for LargeDedup {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.dedup.head(head)
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.kept.store.is_empty() {
            self.dedup.block(block, out)?;
            return self.make_room();
        }
        self.gathered.add(block, &mut self.dedup.grouping)?;
        if self.gathered.is_full(self.memory / 8) { self.process(out) } else { Ok(()) }
    }

    fn held(&self) -> Option<Held> {
        Some(self.holds())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.process(out)?;
        self.dedup.end_batch(time, out);
        self.let_go()?;
        self.make_room()?;
        out.holds(self.holds());
        out.end(time);
        Ok(())
    }

    fn idle(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        // What comes of each record is waited for.
        self.process(out)
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}
