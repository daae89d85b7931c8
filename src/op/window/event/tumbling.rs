//! Windows of which a record is in one at most: each is a table of its keys, as of a batch.
//!
//! In a checkpoint a key of a window is an entry: `w` window (big-endian) key, with the least time of its
//! records, the length of the key as it was written and the key, if that is not its normal form, and
//! the partial result.

use std::collections::VecDeque;

use super::{Common, Emit, Layout, Open};
use crate::agg::Accumulators;
use crate::event::EventTime;
use crate::keyed_state::PairOut;
use crate::op::grouping::{Item, bad_or_fatal};
use crate::op::key_table::{KeyHasher, KeyTable};
use crate::op::{Held, OpError, Out};

/// Windows that are open, oldest first.
pub(super) struct Tumbling {
    layout: Layout,
    open: VecDeque<Window>,
    /// Where the window of the record before is.
    recent: usize,
    /// The first window that is open.
    first_open: Option<i64>,
    journal: Option<Journal>,
}

/// A window.
struct Window {
    number: i64,
    /// When it begins.
    start: EventTime,
    /// When it ends.
    end: EventTime,
    keys: KeyTable,
    /// What was aggregated, by the key's index.
    accumulators: Accumulators,
    /// The least time of each key's records.
    firsts: Vec<EventTime>,
    /// Keys that the batch has changed, where that is wanted.
    changed: Marks,
    /// Keys that a checkpoint has not seen as they are, under one.
    unsaved: Marks,
}

/// Indexes, each once.
#[derive(Default)]
struct Marks {
    are_marked: Vec<bool>,
    indexes: Vec<u32>,
}

/// What a checkpoint has not seen yet, but for the keys that have changed.
#[derive(Default)]
struct Journal {
    /// Entries that are gone.
    dropped: Vec<Vec<u8>>,
    /// The window and the key's index with which the next slice begins.
    slice_at: (i64, usize),
}

impl Marks {
    fn mark(&mut self, index: usize) {
        if index >= self.are_marked.len() {
            self.are_marked.resize(index + 1, false);
        }
        if !std::mem::replace(&mut self.are_marked[index], true) {
            self.indexes.push(index as u32);
        }
    }

    /// The marked ones, which are so no more.
    fn take(&mut self) -> Vec<u32> {
        self.are_marked.clear();
        std::mem::take(&mut self.indexes)
    }
}

impl Window {
    fn new(number: i64, layout: &Layout, common: &Common) -> Window {
        let (start, end) = layout.bounds(number);
        Window {
            number,
            start,
            end,
            keys: KeyTable::hashed_by(common.hasher.clone()),
            accumulators: Accumulators::new(&common.making.aggregator),
            firsts: Vec::new(),
            changed: Marks::default(),
            unsaved: Marks::default(),
        }
    }

    /// Adds a value; the key's index.
    #[inline]
    fn add(
        &mut self,
        item: &Item<'_>,
        time: EventTime,
        common: &mut Common,
        out: &mut Out<'_>,
    ) -> Result<Option<usize>, OpError> {
        let aggregator = &mut common.making.aggregator;
        let (index, is_new) = item.insert_into(&mut self.keys);
        if is_new {
            self.accumulators.push(aggregator);
            self.firsts.push(time);
        }
        if let Err(error) = self.accumulators.add_by(aggregator, index, item.value, item.ranked) {
            if is_new {
                self.remove(index);
            }
            bad_or_fatal(item.record, &error, out)?;
            return Ok(None);
        }
        let first = &mut self.firsts[index];
        *first = time.min(*first);
        Ok(Some(index))
    }

    /// Takes a key away.
    fn remove(&mut self, index: usize) {
        self.keys.remove(index);
        while self.accumulators.len() > self.keys.end() {
            self.accumulators.pop();
        }
        self.firsts.truncate(self.keys.end());
    }

    /// Gives the results of these keys.
    fn give(&self, indexes: impl Iterator<Item = usize>, common: &mut Common, out: &mut Out<'_>) {
        let mut ordered: Vec<(EventTime, usize)> = indexes.map(|index| (self.firsts[index], index)).collect();
        ordered.sort_unstable_by(|one, two| common.as_keys_came(*one, *two, |index| self.keys.normal(index)));
        common.output.set_bounds((self.start, self.end));
        for (first, index) in ordered {
            let order = ((self.start, first), self.keys.normal(index));
            let write = |out: &mut Vec<u8>| self.accumulators.write(&common.making.aggregator, index, out);
            common.output.give(self.keys.written(index), order, write, out);
        }
    }

    /// Gives a key's entry; how many bytes it has.
    fn give_entry(&self, index: usize, common: &Common, value: &mut Vec<u8>, out: &mut PairOut<'_>) -> usize {
        let (normal, written) = (self.keys.normal(index), self.keys.written(index));
        let written = if written == normal { &[][..] } else { written };
        value.clear();
        value.extend_from_slice(&self.firsts[index].to_le_bytes());
        value.extend_from_slice(&(written.len() as u32).to_le_bytes());
        value.extend_from_slice(written);
        self.accumulators.save(&common.making.aggregator, index, value);
        out(&entry_key(self.number, normal), Some(value));
        normal.len() + value.len()
    }

    fn load(&mut self, key: &[u8], value: &[u8], common: &Common) -> Option<()> {
        let (first, value) = value.split_first_chunk()?;
        let (length, value) = value.split_first_chunk()?;
        let (written, mut part) = value.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let loaded = common.making.aggregator.load(&mut part).ok().filter(|_| part.is_empty())?;
        let (index, is_new) = self.keys.insert_normal(key);
        if is_new {
            self.accumulators.push(&common.making.aggregator);
            self.firsts.push(0);
        }
        self.keys.rewrite(index, if written.is_empty() { key } else { written });
        self.accumulators.update(index, |accumulator| *accumulator = loaded);
        self.firsts[index] = EventTime::from_le_bytes(*first);
        Some(())
    }
}

impl Tumbling {
    /// Windows of one pane each.
    pub fn new(layout: Layout) -> Tumbling {
        Tumbling { layout, open: VecDeque::new(), recent: 0, first_open: None, journal: None }
    }

    /// Where the window of a moment is, which is a new one if need be; none in a gap between two, and
    /// when it ended if it has been closed.
    fn find(&mut self, time: EventTime, common: &Common) -> Result<Option<usize>, EventTime> {
        let Some((number, _)) = self.layout.windows(self.layout.pane(time)) else { return Ok(None) };
        if self.first_open.is_some_and(|first| number < first) {
            return Err(self.layout.bounds(number).1);
        }
        Ok(Some(self.at(number, common)))
    }

    /// Where the window with this number is, which is a new one if need be.
    fn at(&mut self, number: i64, common: &Common) -> usize {
        // Records come mostly in order.
        let at = match self.open.back() {
            Some(newest) if newest.number >= number => self.open.partition_point(|window| window.number < number),
            _ => self.open.len(),
        };
        if self.open.get(at).is_none_or(|window| window.number != number) {
            self.open.insert(at, Window::new(number, &self.layout, common));
        }
        at
    }

    /// Takes the window away if nothing is in it.
    fn remove_if_empty(&mut self, at: usize) {
        if self.open.get(at).is_some_and(|window| window.keys.is_empty()) {
            self.open.remove(at);
        }
    }
}

impl Open for Tumbling {
    /// Each window has a table when it comes.
    fn hash_by(&mut self, _: &KeyHasher) {}

    #[inline]
    fn add(&mut self, item: &Item<'_>, time: EventTime, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError> {
        let is_recent = self.open.get(self.recent).is_some_and(|window| (window.start..window.end).contains(&time));
        if !is_recent {
            match self.find(time, common) {
                Ok(Some(at)) => self.recent = at,
                Ok(None) => return Ok(()),
                Err(end) => return common.late(item.record, end, out),
            }
        }
        let window = &mut self.open[self.recent];
        match window.add(item, time, common, out)? {
            Some(index) => {
                if common.emit == Emit::Changed {
                    window.changed.mark(index);
                }
                if self.journal.is_some() {
                    window.unsaved.mark(index);
                }
            }
            None => self.remove_if_empty(self.recent),
        }
        Ok(())
    }

    fn give_changed(&mut self, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError> {
        for window in &mut self.open {
            let changed = window.changed.take();
            if !changed.is_empty() {
                window.give(changed.into_iter().map(|index| index as usize), common, out);
            }
        }
        Ok(())
    }

    fn give_all(&mut self, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError> {
        self.open.iter().for_each(|window| window.give(window.keys.indexes(), common, out));
        Ok(())
    }

    fn close_until(&mut self, time: EventTime, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError> {
        while self.open.front().is_some_and(|window| window.end <= time)
            && let Some(window) = self.open.pop_front()
        {
            if common.emit == Emit::Closed {
                window.give(window.keys.indexes(), common, out);
            }
            if let Some(journal) = &mut self.journal {
                let entry = |index: usize| entry_key(window.number, window.keys.normal(index));
                journal.dropped.extend(window.keys.indexes().map(entry));
            }
        }
        self.recent = 0;
        Ok(())
    }

    fn pass(&mut self, time: EventTime) {
        self.first_open = Some(self.layout.first_open(time));
    }

    fn held(&self) -> Held {
        let mut held = Held { keys: Some(0), records: None, bytes: 0 };
        for window in &self.open {
            held.keys = held.keys.map(|keys| keys + window.keys.len() as u64);
            let columns = window.accumulators.bytes() + size_of_val(&window.firsts[..]);
            held.bytes += (size_of::<Window>() + window.keys.bytes() + columns) as u64;
        }
        held
    }

    fn track(&mut self) {
        self.journal = Some(Journal::default());
    }

    fn changes(&mut self, common: &Common, out: &mut PairOut<'_>) {
        let Some(journal) = &mut self.journal else { return };
        journal.dropped.drain(..).for_each(|key| out(&key, None));
        let mut value = Vec::new();
        for window in &mut self.open {
            for index in window.unsaved.take() {
                window.give_entry(index as usize, common, &mut value, out);
            }
        }
    }

    fn slice(&mut self, from_start: bool, bytes: usize, common: &Common, out: &mut PairOut<'_>) -> bool {
        let slice_at = self.journal.as_ref().filter(|_| !from_start).map(|journal| journal.slice_at);
        let (first, mut begin) = slice_at.unwrap_or((i64::MIN, 0));
        let (mut given, mut value) = (0, Vec::new());
        for window in self.open.iter().skip_while(|window| window.number < first) {
            // A window that has closed meanwhile has none that are left to be given.
            let begin = if window.number == first { std::mem::take(&mut begin) } else { 0 };
            for index in (begin..window.keys.end()).filter(|index| window.keys.contains(*index)) {
                if given >= bytes {
                    if let Some(journal) = &mut self.journal {
                        journal.slice_at = (window.number, index);
                    }
                    return false;
                }
                given += window.give_entry(index, common, &mut value, out);
            }
        }
        true
    }

    fn live_bytes(&self) -> u64 {
        let entries = |window: &Window| window.keys.key_bytes() + window.keys.len() * 32;
        self.open.iter().map(entries).sum::<usize>() as u64
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>, common: &Common) -> Option<()> {
        let (number, key) = key.strip_prefix(b"w")?.split_first_chunk()?;
        let at = self.at(i64::from_be_bytes(*number), common);
        let window = &mut self.open[at];
        match entry {
            Some(value) => window.load(key, value, common)?,
            None => {
                if let Some(index) = window.keys.find_normal(key) {
                    window.remove(index);
                }
                self.remove_if_empty(at);
            }
        }
        Some(())
    }

    fn finish_load(&mut self, common: &Common) -> Result<(), OpError> {
        let watermark = common.watermark.filter(|_| common.emit != Emit::All);
        self.first_open = watermark.map(|time| self.layout.first_open(time));
        self.journal = Some(Journal::default());
        Ok(())
    }

    fn end_of(&self, prefix: &[u8], _: &[u8], _: &Common) -> Option<EventTime> {
        let number = prefix.strip_prefix(b"w")?.first_chunk()?;
        Some(self.layout.bounds(i64::from_be_bytes(*number)).1)
    }

    fn loaded(&mut self, _: &[u8], _: EventTime, _: &Common) -> Option<()> {
        Some(())
    }

    fn forget(&mut self) {
        self.open.clear();
        self.recent = 0;
        self.journal = self.journal.take().map(|_| Journal::default());
    }
}

fn entry_key(number: i64, normal: &[u8]) -> Vec<u8> {
    [&b"w"[..], &number.to_be_bytes(), normal].concat()
}
