//! `join --within` beyond memory: `--memory`.
//!
//! What is in memory is an [`IntervalJoin`] of the keys that came since all of it was last [written](LargeIntervalJoin::flush)
//! to a [store](crate::store): all that waits of each, on both sides, which is about what a record of it meets. Once there is a
//! store, a side's records are [gathered](Gathered), and what it has of their keys goes into memory first. In the store a key
//! has one [entry](super::entry). What is over there is left out when it is read, or written anew. Only keys of
//! which something is to come out alone wait in a sorter, by when; then they are read, some at a time, and what comes out is
//! sorted, as if they were [shards](super::sharded). Records whose key is null meet none, and there may be many: each has a
//! key of its own.

mod durable;
#[cfg(test)]
mod tests;

use super::entry::last_of;
use super::{IntervalJoin, LEFT, NULL, RIGHT};
use crate::event::{EventTime, ordered};
use crate::frame::{BatchTime, Close, Head, Watermark};
use crate::op::durable::Durable;
use crate::op::key_table::KeyTable;
use crate::op::large::{Asked, Ends, Gathered, InOrder, Kept, is_full, temporary};
use crate::op::sides::{Merge, Whole};
use crate::op::{Held, OpError, Out};
use crate::store::Wanted;
use crate::store::sorter::Sorter;

/// The join.
pub struct LargeIntervalJoin {
    /// What waits of keys in memory.
    join: IntervalJoin,
    memory: usize,
    kept: Kept,
    gathered: Gathered,
    asked: Asked,
    /// Keys of the store by when something comes out of them.
    due: Sorter,
    /// Keys of which that is with the end of this batch: of a record that came when the watermark had passed all its partners.
    soon: Sorter,
    /// Up to when all is gone, of the records up to a number.
    passed: (Option<EventTime>, u64),
    /// Records that are loaded.
    loading: Sorter,
}

/// So much of memory is for each thing that is sorted or counted.
const SHARE: usize = 16;

impl LargeIntervalJoin {
    /// Of such a join, which has no records, with about `memory` bytes in memory.
    pub fn new(mut join: IntervalJoin, memory: usize) -> LargeIntervalJoin {
        join.are_nulls_apart = true;
        let sorter = || Sorter::new(temporary(), memory / SHARE);
        LargeIntervalJoin {
            join,
            memory,
            kept: Kept::new(memory),
            gathered: Gathered::default(),
            asked: Asked::default(),
            due: sorter(),
            soon: sorter(),
            passed: (None, 0),
            loading: sorter(),
        }
    }

    fn holds(&self) -> Held {
        let held = self.join.held();
        Held { bytes: held.bytes + self.kept.store.bytes(), ..held }
    }

    /// Takes a side's batch.
    fn take(&mut self, side: usize, batch: &dyn Whole, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut fetched = Vec::new();
        for index in 0..batch.blocks() {
            if out.is_closed() {
                break;
            }
            let block = batch.block(index, &mut fetched)?;
            if !self.kept.has_spilled() {
                self.join.take_block(side, block, out)?;
                self.make_room()?;
            } else if let Some(grouping) = &mut self.join.groupings[side] {
                self.gathered.add(block, grouping)?;
                if self.gathered.is_full(self.kept.share(8)) {
                    self.process(side, out)?;
                }
            }
        }
        self.process(side, out)
    }

    /// Does what was gathered of a side.
    fn process(&mut self, side: usize, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let gathered = std::mem::take(&mut self.gathered);
        let mut wanted = Wanted::default();
        gathered.each_key(|key| {
            if key != NULL {
                self.asked.want(key, &mut wanted);
            }
        });
        self.read(wanted)?;
        let join = &mut self.join;
        gathered.chunks(out, |items, out| items.iter().try_for_each(|item| join.take_record(side, item, out)))?;
        drop(gathered);
        self.make_room()
    }

    /// Reads what the store has of keys.
    fn read(&mut self, mut wanted: Wanted) -> Result<(), OpError> {
        let LargeIntervalJoin { join, kept, asked, passed: (passed, newest), .. } = self;
        let mut is_whole = true;
        kept.store.look(&mut wanted, &mut |key, entry| {
            asked.found(key);
            let put = join.put_entry(key, entry, |join, waits| {
                // One that came after that is not over yet, whatever its time.
                let passed = passed.filter(|_| waits.number <= *newest);
                join.is_gone(waits.side, waits.number, waits.time, passed)
            });
            is_whole &= put.is_some();
            Ok(())
        })?;
        if is_whole { Ok(()) } else { Err(damaged()) }
    }

    /// Writes all to the store if memory holds too much.
    fn make_room(&mut self) -> Result<(), OpError> {
        let journal = self.join.journal.as_ref().map_or(0, |journal| journal.bytes());
        let held = self.join.held().bytes as usize + self.asked.bytes() + journal;
        if is_full(held, self.memory) { self.flush() } else { Ok(()) }
    }

    /// Writes what is in memory to the store, and empties it.
    fn flush(&mut self) -> Result<(), OpError> {
        let LargeIntervalJoin { join, memory, kept, asked, due, soon, passed: (passed, _), .. } = self;
        let least = passed.unwrap_or(EventTime::MIN);
        let key = |index: usize| join.keys.normal(index);
        let there = join.keys.indexes().filter(|&index| !join.is_idle(index));
        let written =
            asked.write(&mut kept.store, there, key, |index, entry| match join.write_entry(index, least, entry) {
                Some(alone) if alone < least => soon.push(0, key(index), &[]),
                Some(alone) => due.push(ordered(alone), key(index), &[]),
                None => Ok(()),
            })?;
        if join.ends.is_none() {
            join.ends = Some(join.counted(*memory / SHARE)?);
        }
        join.let_go();
        self.asked = Asked::default();
        if let Some(run) = written {
            self.kept.add(run, &mut |entry| last_of(entry) >= least)?;
        }
        Ok(())
    }

    /// Lets go of what is past its partners, and gives it alone if that is wanted.
    fn forget(&mut self, watermark: EventTime, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.kept.has_spilled() {
            let mut given = InOrder::new(self.memory / SHARE);
            while self.forget_some(true, watermark, &mut given)? {}
            while self.forget_some(false, watermark, &mut given)? {}
            self.soon = Sorter::new(temporary(), self.memory / SHARE);
            given.give(out)?;
        } else {
            self.join.forget(watermark, out)?;
        }
        self.passed = (Some(watermark), self.join.arrivals);
        Ok(())
    }

    /// The same of what is in memory, and of some of the keys that are due with this batch, or now. Whether there are more.
    fn forget_some(&mut self, soon: bool, watermark: EventTime, given: &mut InOrder) -> Result<bool, OpError> {
        let (sorter, to) = if soon { (&mut self.soon, 1) } else { (&mut self.due, ordered(watermark)) };
        let (mut wanted, at_once) = (Wanted::default(), self.kept.at_once());
        let has_more = sorter.pop(to, at_once, &mut |_, key| self.asked.want(key, &mut wanted))?;
        self.read(wanted)?;
        self.join.is_shard = true;
        let forgotten = given.take(|out| self.join.forget(watermark, out));
        self.join.is_shard = false;
        forgotten?;
        self.make_room()?;
        Ok(has_more)
    }
}

fn damaged() -> OpError {
    OpError::Damaged { what: "an entry is none of a join beyond memory".to_owned() }
}

impl IntervalJoin {
    /// When the records that wait are past all partners.
    fn counted(&self, memory: usize) -> Result<[Ends; 2], OpError> {
        let mut ends = [Ends::new(memory), Ends::new(memory)];
        for key in self.keys.indexes() {
            for side in [LEFT, RIGHT] {
                self.sides[side].of_key(key).try_for_each(|record| ends[side].add(self.over_at(side, record.time)))?;
            }
        }
        Ok(ends)
    }

    /// Has no records any more: they are elsewhere.
    fn let_go(&mut self) {
        (self.keys, self.sides, self.idle) = (KeyTable::new(), Default::default(), 0);
        self.journal = self.journal.take().map(|_| Default::default());
    }
}

impl Merge for LargeIntervalJoin {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.join.head(head)
    }

    fn watermarks(&mut self, said: &[Option<Watermark>]) {
        self.join.watermarks(said);
    }

    fn batch(&mut self, time: BatchTime, sides: &[&dyn Whole], out: &mut Out<'_>) -> Result<(), OpError> {
        let &[left, right] = sides else {
            return Err(OpError::Usage("a join takes two streams".to_owned()));
        };
        self.take(LEFT, left, out)?;
        self.take(RIGHT, right, out)?;
        if let Some(watermark) = self.join.pass_batch(time, out) {
            self.forget(watermark, out)?;
        }
        self.make_room()?;
        out.set_watermark(self.join.watermark_behind());
        out.holds(self.holds());
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        if let Some(time) = self.join.time_of_rest(close) {
            out.set_time(time);
            self.forget(EventTime::MAX, out)?;
            self.join.end_rest();
            out.holds(self.holds());
            out.end(time);
        }
        Ok(())
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}
