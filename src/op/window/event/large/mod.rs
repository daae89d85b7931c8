//! Windows of event time beyond memory: `--memory`.
//!
//! What is in memory is an [`EventWindow`] of the keys that came since all of it was last [written](LargeEventWindow::flush)
//! to a [store](crate::store): all that is open of each. Once there is a store, records are [gathered](Gathered), and what it
//! has of their keys goes into memory first. In the store a key has one [`Entry`]. Keys that are there wait in a sorter by
//! when something comes out of them; when a watermark reaches that, they go into memory, some at a time, and windows close as
//! if they were [shards](super::sharded): what comes out is sorted by what their results are ordered by.

mod durable;
#[cfg(test)]
mod tests;

use super::EventWindow;
use super::entry::{Entry, all_of};
use crate::event::{EventTime, ordered};
use crate::frame::{BatchTime, Block, Close, Head};
use crate::op::durable::Durable;
use crate::op::large::{Asked, Gathered, InOrder, Kept, is_full, temporary};
use crate::op::window::damaged;
use crate::op::{Held, OpError, Operator, Out};
use crate::store::Wanted;
use crate::store::sorter::Sorter;

/// The operator.
pub struct LargeEventWindow {
    /// What is open of keys in memory.
    window: EventWindow,
    memory: usize,
    kept: Kept,
    gathered: Gathered,
    asked: Asked,
    /// Keys of the store by when something comes out of them.
    due: Sorter,
    /// Up to when all has come out.
    passed: EventTime,
    /// How much the store had when memory was last written to it, and how much of that was read since: as [`Held`] counts keys.
    stored: u64,
    read: u64,
    /// Entries that are loaded and wait for what the store has of their keys.
    loading: Vec<u8>,
}

impl LargeEventWindow {
    /// Of such windows, which come out once they have closed and have nothing open, with about `memory` bytes in memory.
    pub fn new(window: EventWindow, memory: usize) -> LargeEventWindow {
        LargeEventWindow {
            window,
            memory,
            kept: Kept::new(memory),
            gathered: Gathered::default(),
            asked: Asked::default(),
            due: Sorter::new(temporary(), memory / 16),
            passed: EventTime::MIN,
            stored: 0,
            read: 0,
            loading: Vec::new(),
        }
    }

    /// How many keys there are, as [`Held`] counts them.
    fn keys(&self) -> u64 {
        self.stored + self.window.held().keys.unwrap_or_default() - self.read
    }

    fn holds(&self) -> Held {
        let held = self.window.held();
        Held { keys: Some(self.keys()), bytes: held.bytes + self.kept.store.bytes(), ..held }
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
        let window = &mut self.window;
        let of_batch = window.time_of_batch(gathered.time);
        gathered.chunks(out, |items, out| items.iter().try_for_each(|item| window.take(item, of_batch, out)))?;
        drop(gathered);
        self.make_room()
    }

    /// Reads what the store has of keys.
    fn read(&mut self, mut wanted: Wanted) -> Result<(), OpError> {
        let LargeEventWindow { window, kept, asked, read, .. } = self;
        let mut is_whole = true;
        kept.store.look(&mut wanted, &mut |key, bytes| {
            let entry = Entry::of(bytes);
            let loaded = entry.and_then(|entry| {
                *read += entry.count;
                let end = entry.end;
                entry.each_pair(key, &mut |pair, value| window.open.load(pair, Some(value), &window.common))?;
                window.open.loaded(key, end, &window.common)
            });
            is_whole &= loaded.is_some();
            asked.found(key);
            Ok(())
        })?;
        if is_whole { Ok(()) } else { Err(damaged("an entry is none of windows beyond memory")) }
    }

    /// Writes all to the store if memory holds too much.
    fn make_room(&mut self) -> Result<(), OpError> {
        if self.is_full() { self.flush() } else { Ok(()) }
    }

    fn is_full(&self) -> bool {
        // When it is written there are entries of all of it.
        let held = 2 * self.window.held().bytes as usize + self.asked.bytes() + self.loading.len();
        is_full(held, self.memory)
    }

    /// Writes what is in memory to the store, and empties it.
    fn flush(&mut self) -> Result<(), OpError> {
        let total = self.keys();
        let LargeEventWindow { window, kept, asked, due, passed, .. } = self;
        let order = kept.store.order();
        let entries = all_of(window, order);
        // Those of them that have no entry have nothing open any more.
        let (mut had, mut written) = (asked.had(order), None);
        if !entries.is_empty() || !had.is_empty() {
            let mut run = kept.store.begin()?;
            entries.each(window, passed.saturating_add(1), &mut |order, key, value, end| {
                had.go_on_to(order, key, &mut run)?;
                run.push(key, Some(value))?;
                due.push(ordered(end), key, &[])
            })?;
            had.finish(&mut run)?;
            written = Some(run);
        }
        // Before runs are merged there is room for that.
        drop(entries);
        window.open.forget();
        self.asked = Asked::default();
        if let Some(run) = written {
            self.kept.add(run, &mut |_| true)?;
        }
        (self.stored, self.read) = (total, 0);
        Ok(())
    }

    /// The watermark has come to `time`: what it closes is given.
    fn close_until(&mut self, time: EventTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.passed = time;
        if !self.kept.has_spilled() {
            return self.window.close_until(time, out);
        }
        let mut given = InOrder::new(self.memory / 16);
        let to = ordered(time).saturating_add(1);
        loop {
            let (mut wanted, at_once) = (Wanted::default(), self.kept.at_once());
            let has_more = self.due.pop(to, at_once, &mut |_, key| self.asked.want(key, &mut wanted))?;
            self.read(wanted)?;
            self.window.common.output.is_ordered = true;
            let LargeEventWindow { window, .. } = self;
            let closed = given.take(|out| window.open.close_until(time, &mut window.common, out));
            self.window.common.output.is_ordered = false;
            closed?;
            self.make_room()?;
            if !has_more {
                break;
            }
        }
        self.window.pass(time);
        given.give(out)
    }
}

impl Operator for LargeEventWindow {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.window.head(head)
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        if !self.kept.has_spilled() {
            self.window.block(block, out)?;
            return self.make_room();
        }
        self.gathered.add(block, &mut self.window.grouping)?;
        if self.gathered.is_full(self.kept.share(8)) { self.process(out) } else { Ok(()) }
    }

    fn held(&self) -> Option<Held> {
        Some(self.holds())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.process(out)?;
        if let Some(watermark) = self.window.pass_batch(time, out) {
            self.close_until(watermark, out)?;
        }
        self.make_room()?;
        out.holds(self.holds());
        out.end(time);
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.window.gives_rest(close) && self.keys() > 0 {
            let time = self.window.newest.after(self.window.interval);
            out.set_time(time);
            self.window.newest = time;
            self.close_until(EventTime::MAX, out)?;
            out.holds(self.holds());
            out.end(time);
        }
        self.window.close_aggregator()
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}
