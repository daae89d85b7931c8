//! `match` beyond memory: `--memory`.
//!
//! What is in memory are [`Sequences`] of the keys that came since all that was open was last [written](LargeSequences::flush)
//! to a [store](crate::store), and the records that came and wait for the watermark since those were written. In the store a
//! key has one [entry](super::entry). Records have their turns some at a time: what the store has of their keys goes into memory
//! first.
//!
//! Records that wait and are written do so in a sorter, by their places. For the checkpoint, if there is one, the store has them
//! too, each until the watermark has passed it. Keys of the store wait in a sorter by when their first beginning is over. When
//! that has come they go into memory, some at a time, and what comes out is put in the order in which [all
//! together](super::order) would give it.

mod durable;
#[cfg(test)]
mod tests;
mod waiting;

use memchr::{memchr, memchr_iter};

use super::Sequences;
use super::entry::{self, Stored, Summary};
use super::saved::damaged;
use crate::event::{EventTime, ordered};
use crate::frame::{BatchTime, Block, Close, Head};
use crate::op::durable::Durable;
use crate::op::large::{Asked, Gathered, InOrder, Kept, is_full, temporary};
use crate::op::waiting::{Waiter, place_key};
use crate::op::{Held, OpError, Operator, Out};
use crate::record::normal_key;
use crate::store::sorter::Sorter;
use crate::store::{Wanted, Writer};
use waiting::Sorted;

/// So much of memory is for each thing that is sorted.
const SHARE: usize = 16;

/// So many records that waited have their turns before it is looked whether memory is full.
const BETWEEN_LOOKS: usize = 256;

/// The operator.
pub struct LargeSequences {
    /// What is open of keys in memory, and what waits there.
    sequences: Sequences,
    memory: usize,
    kept: Kept,
    gathered: Gathered,
    asked: Asked,
    /// Keys of the store by when their first beginning is over.
    due: Sorter,
    /// All keys that are over before this number have been taken from there.
    passed: u64,
    /// Records that wait and are not in memory.
    waiting: Sorted,
    stored: Counts,
}

/// How much the store has that is not in memory: keys that something is open of, and the records of that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    keys: u64,
    taken: u64,
}

impl Counts {
    fn add(&mut self, entry: Summary) {
        self.keys += 1;
        self.taken += entry.taken;
    }

    fn remove(&mut self, entry: Summary) {
        self.keys -= 1;
        self.taken -= entry.taken;
    }
}

impl LargeSequences {
    /// Of such sequences, of which nothing is open, with about `memory` bytes in memory.
    pub fn new(sequences: Sequences, memory: usize) -> LargeSequences {
        LargeSequences {
            sequences,
            memory,
            kept: Kept::new(memory),
            gathered: Gathered::default(),
            asked: Asked::default(),
            due: Sorter::new(temporary(), memory / SHARE),
            passed: 0,
            waiting: Sorted::new(memory / SHARE),
            stored: Counts::default(),
        }
    }

    fn holds(&self) -> Held {
        let LargeSequences { sequences, kept, waiting, stored, .. } = self;
        let held = sequences.held();
        Held {
            keys: held.keys.map(|keys| keys + stored.keys),
            records: held.records.map(|records| records + stored.taken + waiting.records),
            bytes: held.bytes + kept.store.bytes() + waiting.bytes,
        }
    }

    /// Does what was gathered.
    fn process(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let gathered = std::mem::take(&mut self.gathered);
        let mut wanted = Wanted::default();
        gathered.each_key(|key| self.asked.want(key, &mut wanted));
        self.read(wanted)?;
        let sequences = &mut self.sequences;
        gathered
            .chunks(out, |items, out| items.iter().try_for_each(|item| sequences.arrive(item, gathered.time, out)))?;
        drop(gathered);
        self.make_room()
    }

    /// Reads what the store has of keys.
    fn read(&mut self, mut wanted: Wanted) -> Result<(), OpError> {
        let LargeSequences { sequences, kept, asked, stored, .. } = self;
        let mut is_whole = true;
        kept.store.look(&mut wanted, &mut |key, entry| {
            asked.found(key);
            match sequences.put_entry(key, entry) {
                Some(summary) => stored.remove(summary),
                None => is_whole = false,
            }
            Ok(())
        })?;
        if is_whole { Ok(()) } else { Err(damaged()) }
    }

    /// Writes what is in memory if that is too much: what waits, which is not read again before its turn, and all that is
    /// open if it is too much still.
    fn make_room(&mut self) -> Result<(), OpError> {
        if !self.is_full() {
            return Ok(());
        }
        self.flush_waiting()?;
        // One key alone would be read again with its next record.
        if self.is_full() && self.sequences.keys.len() > 1 { self.flush() } else { Ok(()) }
    }

    fn is_full(&self) -> bool {
        let held = self.sequences.held().bytes as usize + self.sequences.bytes_changed() + self.asked.bytes();
        is_full(held, self.memory)
    }

    /// Writes what waits, and has none of it in memory.
    fn flush_waiting(&mut self) -> Result<(), OpError> {
        let mut waiting = std::mem::take(&mut self.sequences.waiting);
        if waiting.is_empty() {
            return Ok(());
        }
        let mut waiters: Vec<Waiter<'_>> = waiting.since((EventTime::MIN, 0)).collect();
        waiters.iter().try_for_each(|waiter| self.waiting.add(waiter.place, &waiter.save()))?;
        let Some(changes) = &mut self.sequences.changes else { return Ok(()) };
        changes.none_waits();
        let order = self.kept.store.order();
        let key = |waiter: &Waiter<'_>| place_key(entry::WAITING, waiter.place);
        waiters.sort_by_cached_key(|waiter| (order.of(&key(waiter)), key(waiter)));
        let mut run = self.kept.store.begin()?;
        waiters.iter().try_for_each(|waiter| run.push(&key(waiter), Some(&entry::waiting_entry(*waiter))))?;
        drop(waiters);
        drop(waiting);
        self.add(run)
    }

    /// Adds a run to the store.
    fn add(&mut self, run: Writer) -> Result<(), OpError> {
        let LargeSequences { kept, sequences, .. } = self;
        Ok(kept.add(run, &mut |entry| match Stored::of(entry) {
            Some(Stored::Waits(time, _)) => !sequences.has_passed((time, u64::MAX)),
            _ => true,
        })?)
    }

    /// Writes what is open to the store, and has none of it in memory.
    fn flush(&mut self) -> Result<(), OpError> {
        self.sequences.forget();
        let LargeSequences { sequences, kept, asked, due, passed, stored, .. } = self;
        let key = |index: usize| sequences.keys.normal(index);
        let open = sequences.keys.open().map(|(index, _)| index);
        let written = asked.write(&mut kept.store, open, key, |index, entry| {
            let summary = sequences.write_entry(index, entry);
            stored.add(summary);
            due.push(summary.due.max(*passed), key(index), &[])
        })?;
        self.asked = Asked::default();
        // Without a run nothing is open, and a checkpoint is told of that as always.
        let Some(run) = written else { return Ok(()) };
        // Before runs are merged there is room for that.
        self.sequences.let_go();
        self.add(run)
    }

    fn is_all_in_memory(&self) -> bool {
        self.waiting.records == 0 && !self.kept.has_spilled()
    }

    /// Records that the time has passed, all without it, have their turns.
    fn take_waiting(&mut self, now: Option<EventTime>, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut taken = 0;
        while let Some(slot) = self.sequences.waiting.take(now) {
            for waiter in slot.iter() {
                self.sequences.note_waiting(waiter.place);
                if self.is_all_in_memory() {
                    self.sequences.take(waiter.key, waiter.record, waiter.place, out)?;
                } else {
                    self.waiting.add(waiter.place, &waiter.save())?;
                }
                taken += 1;
                if taken % BETWEEN_LOOKS == 0 {
                    self.make_room()?;
                }
            }
        }
        let to = now.map_or(u64::MAX, ordered);
        let mut has_more = self.waiting.records > 0;
        while has_more {
            let (turns, more) = self.waiting.take(to, self.kept.at_once(), self.memory / 8)?;
            has_more = more;
            let mut wanted = Wanted::default();
            for waiter in turns.iter() {
                self.asked.want(&normal_key(waiter?.key), &mut wanted);
            }
            self.read(wanted)?;
            for waiter in turns.iter() {
                let Waiter { place, key, record } = waiter?;
                self.sequences.take(key, record, place, out)?;
            }
            self.make_room()?;
        }
        Ok(())
    }

    /// The time has come so far, or all is over: what comes of that is given.
    fn come_to(&mut self, now: Option<EventTime>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.take_waiting(now, out)?;
        let advance = |sequences: &mut Sequences, out: &mut Out<'_>| match now {
            Some(now) => sequences.advance(now, out),
            None => sequences.finish_open(out),
        };
        if !self.kept.has_spilled() {
            return advance(&mut self.sequences, out);
        }
        let mut given = InOrder::new(self.memory / SHARE);
        let to = now.map_or(u64::MAX, |now| ordered(now).saturating_add(1));
        loop {
            let (mut wanted, at_once) = (Wanted::default(), self.kept.at_once());
            let has_more = self.due.pop(to, at_once, &mut |_, key| self.asked.want(key, &mut wanted))?;
            self.read(wanted)?;
            self.sequences.order.is_wanted = true;
            let come = given.take(|out| advance(&mut self.sequences, out));
            self.sequences.order.is_wanted = false;
            come?;
            if !has_more {
                break;
            }
            self.make_room()?;
        }
        self.passed = to.min(u64::MAX - 1);
        given.give(out)
    }
}

impl Operator for LargeSequences {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.sequences.head(head)
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        // Of keys of records that wait for their turn nothing is needed.
        if self.sequences.timing.is_some() {
            self.sequences.block(block, out)?;
            return self.make_room();
        }
        // What begins with a record takes many times the record.
        let mut rest = block.bytes;
        while !rest.is_empty() {
            let least = (self.memory / 256).min(rest.len() - 1);
            let end = memchr(b'\n', &rest[least..]).map_or(rest.len(), |newline| least + newline + 1);
            let (bytes, behind) = rest.split_at(end);
            rest = behind;
            let records = memchr_iter(b'\n', bytes).count() as u64;
            self.gathered.add(Block { time: block.time, records, bytes }, &mut self.sequences.grouping)?;
            if self.gathered.is_full(self.kept.share(32)) {
                self.process(out)?;
            }
        }
        Ok(())
    }

    fn held(&self) -> Option<Held> {
        Some(self.holds())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.process(out)?;
        if let Some(now) = self.sequences.pass_batch(time, out) {
            self.come_to(Some(now), out)?;
        }
        self.sequences.forget();
        self.make_room()?;
        out.holds(self.holds());
        out.end(time);
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        let held = self.holds();
        if !self.sequences.gives_rest(close) || held.keys == Some(0) && held.records == Some(0) {
            return Ok(());
        }
        let time = self.sequences.newest.after(self.sequences.interval);
        out.set_time(time);
        self.come_to(None, out)?;
        self.sequences.end_rest(time);
        out.holds(self.holds());
        out.end(time);
        Ok(())
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}
