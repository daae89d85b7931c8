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

use memchr::{memchr, memchr_iter};

use super::Sequences;
use super::entry::{self, Stored};
use super::saved::damaged;
use crate::event::{EventTime, ordered};
use crate::frame::{BatchTime, Block, Close, Head};
use crate::op::durable::Durable;
use crate::op::large::{Asked, Gathered, InOrder, Kept, is_full, temporary};
use crate::op::waiting::{Place, Waiter, place_key, read_place};
use crate::op::{Held, OpError, Operator, Out};
use crate::record::normal_key;
use crate::store::sorter::Sorter;
use crate::store::{Wanted, Writer};

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
    waiting: Sorter,
    stored: Counts,
}

/// How much there is beside what is in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    /// Keys that something is open of, and the records of that.
    keys: u64,
    taken: u64,
    /// Records that wait, and their bytes.
    waiting: u64,
    waiting_bytes: u64,
}

/// Records that have their turns now: in order, each with its place.
#[derive(Default)]
struct Turns {
    saved: Vec<u8>,
    rows: Vec<(Place, usize, usize)>,
}

impl Turns {
    fn iter(&self) -> impl Iterator<Item = Result<Waiter<'_>, OpError>> {
        self.rows.iter().map(|&(place, start, end)| Waiter::load(place, &self.saved[start..end]).ok_or_else(damaged))
    }
}

impl LargeSequences {
    /// Of such sequences, of which nothing is open, with about `memory` bytes in memory.
    pub fn new(sequences: Sequences, memory: usize) -> LargeSequences {
        let sorter = || Sorter::new(temporary(), memory / SHARE);
        LargeSequences {
            sequences,
            memory,
            kept: Kept::new(memory),
            gathered: Gathered::default(),
            asked: Asked::default(),
            due: sorter(),
            passed: 0,
            waiting: sorter(),
            stored: Counts::default(),
        }
    }

    fn holds(&self) -> Held {
        let (held, stored) = (self.sequences.held(), self.stored);
        Held {
            keys: held.keys.map(|keys| keys + stored.keys),
            records: held.records.map(|records| records + stored.taken + stored.waiting),
            bytes: held.bytes + self.kept.store.bytes() + stored.waiting_bytes,
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
                Some(summary) => {
                    stored.keys -= 1;
                    stored.taken -= summary.taken;
                }
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
        waiters.iter().try_for_each(|waiter| self.put_to_wait(*waiter))?;
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

    /// Lets a record wait outside of memory.
    fn put_to_wait(&mut self, waiter: Waiter<'_>) -> Result<(), OpError> {
        let (time, number) = waiter.place;
        let saved = waiter.save();
        self.stored.waiting += 1;
        self.stored.waiting_bytes += saved.len() as u64;
        Ok(self.waiting.push(ordered(time), &[&number.to_be_bytes()[..], &saved].concat(), &[])?)
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
        let order = kept.store.order();
        let normal = |index: usize| sequences.keys.normal(index);
        let mut rows: Vec<(u64, usize)> =
            sequences.keys.open().map(|(index, _)| (order.of(normal(index)), index)).collect();
        rows.sort_unstable_by(|one, two| one.0.cmp(&two.0).then_with(|| normal(one.1).cmp(normal(two.1))));
        let mut had = asked.had(order);
        let mut written = None;
        if !rows.is_empty() || !had.is_empty() {
            let mut run = kept.store.begin()?;
            let mut entry = Vec::new();
            for (order, index) in rows {
                let key = normal(index);
                had.go_on_to(order, key, &mut run)?;
                let summary = sequences.write_entry(index, &mut entry);
                run.push(key, Some(&entry))?;
                due.push(summary.due.max(*passed), key, &[])?;
                stored.keys += 1;
                stored.taken += summary.taken;
            }
            had.finish(&mut run)?;
            written = Some(run);
        }
        self.asked = Asked::default();
        // Without a run nothing is open, and a checkpoint is told of that as always.
        let Some(run) = written else { return Ok(()) };
        // Before runs are merged there is room for that.
        self.sequences.let_go();
        self.add(run)
    }

    fn is_all_in_memory(&self) -> bool {
        self.stored.waiting == 0 && !self.kept.has_spilled()
    }

    /// Records that the time has passed, all without it, have their turns.
    fn take_waiting(&mut self, now: Option<EventTime>, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut taken = 0;
        while self.is_all_in_memory() {
            let Some(slot) = self.sequences.waiting.take(now) else { return Ok(()) };
            for waiter in slot.iter() {
                if let Some(changes) = &mut self.sequences.changes {
                    changes.waiting(waiter.place);
                }
                if self.is_all_in_memory() {
                    self.sequences.take(waiter.key, waiter.record, waiter.place, out)?;
                } else {
                    self.put_to_wait(waiter)?;
                }
                taken += 1;
                if taken % BETWEEN_LOOKS == 0 {
                    self.make_room()?;
                }
            }
        }
        while let Some(slot) = self.sequences.waiting.take(now) {
            for waiter in slot.iter() {
                if let Some(changes) = &mut self.sequences.changes {
                    changes.waiting(waiter.place);
                }
                self.put_to_wait(waiter)?;
            }
        }
        let to = now.map_or(u64::MAX, ordered);
        let mut has_more = self.stored.waiting > 0;
        while has_more {
            let each = (self.stored.waiting_bytes / self.stored.waiting.max(1)) as usize + size_of::<Waiter<'_>>();
            let at_once = self.kept.at_once().min(self.memory / 8 / each).max(1);
            let (mut turns, mut wanted) = (Turns::default(), Wanted::default());
            has_more = self.waiting.pop(to, at_once, &mut |time, sorted| {
                let (number, saved) = sorted.split_at(size_of::<u64>());
                let place = read_place(&[&time.to_be_bytes(), number].concat()).unwrap_or_default();
                let start = turns.saved.len();
                turns.saved.extend_from_slice(saved);
                turns.rows.push((place, start, turns.saved.len()));
            })?;
            for waiter in turns.iter() {
                self.asked.want(&normal_key(waiter?.key), &mut wanted);
            }
            self.read(wanted)?;
            self.stored.waiting -= turns.rows.len() as u64;
            self.stored.waiting_bytes -= turns.saved.len() as u64;
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
