//! Windows that share panes: sliding and cumulating ones, and those of a stream without keys.
//!
//! In a checkpoint a pane is an entry: `p` pane (big-endian) key, with the least time of the pane's records
//! and the partial result. What is shared between one window and the next is made anew.

use std::collections::{BTreeMap, HashSet};

use foldhash::fast::RandomState;

use super::keyed::{Journal, Keyed};
use super::pane::Pane;
use super::panes::Panes;
use super::{Common, Emit, Layout, Open};
use crate::event::EventTime;
use crate::keyed_state::PairOut;
use crate::op::grouping::{Item, aggregation_failed, bad_or_fatal};
use crate::op::key_table::KeyHasher;
use crate::op::{Held, OpError, Out};

/// Windows by key.
pub(super) struct Sliding {
    layout: Layout,
    keyed: Keyed<State>,
    /// Keys by the next window in which they have something; of one with another window next it says
    /// nothing any more.
    due: BTreeMap<i64, Vec<u32>>,
    /// Windows that the batch has changed, with their keys.
    changed: HashSet<(i64, u32), RandomState>,
    panes: u64,
    /// The first window that is open.
    first_open: Option<i64>,
    /// The pane of the record before, and the time that it covers.
    newest: Option<(i64, EventTime, EventTime)>,
    /// Panes that a checkpoint has not seen as they are, with their keys.
    unsaved: Vec<(u32, i64)>,
}

/// What is open of a key.
struct State {
    panes: Panes,
    /// The window that it is due for.
    next: i64,
}

/// For no window.
const NEVER: i64 = i64::MAX;

impl Default for State {
    fn default() -> State {
        State { panes: Panes::default(), next: NEVER }
    }
}

impl Sliding {
    /// Of such windows.
    pub fn new(layout: Layout) -> Sliding {
        Sliding {
            layout,
            keyed: Keyed::new(),
            due: BTreeMap::new(),
            changed: HashSet::default(),
            panes: 0,
            first_open: None,
            newest: None,
            unsaved: Vec::new(),
        }
    }

    /// The pane of a moment.
    #[inline]
    fn pane(&mut self, time: EventTime) -> i64 {
        match self.newest {
            Some((number, start, end)) if (start..end).contains(&time) => number,
            _ => {
                let number = self.layout.pane(time);
                let (start, end) = self.layout.pane_bounds(number);
                self.newest = Some((number, start, end));
                number
            }
        }
    }

    /// Notes that a key has a window that is over when it ends.
    #[inline]
    fn schedule(&mut self, index: usize, window: i64) {
        let state = &mut self.keyed.states[index];
        if window < state.next {
            state.next = window;
            self.due.entry(window).or_default().push(index as u32);
        }
    }

    /// The window that a key is due for, by its oldest pane.
    fn next_window(&self, oldest: i64, emit: Emit) -> Option<i64> {
        let (first, last) = self.layout.windows(oldest)?;
        match emit {
            Emit::Closed => Some(first.max(self.first_open.unwrap_or(i64::MIN))),
            // Nothing is given when it closes: panes go with the last window that has them.
            Emit::Changed => Some(last),
            Emit::All => None,
        }
    }

    fn close_window(&mut self, window: i64, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError> {
        let Some(due) = self.due.remove(&window) else { return Ok(()) };
        let is_due = |index: &usize| {
            self.keyed.states.get(*index).is_some_and(|state| state.next == window) && self.keyed.keys.contains(*index)
        };
        let first = self.layout.panes(window).0;
        let mut keys: Vec<(EventTime, usize)> = due
            .into_iter()
            .map(|index| index as usize)
            .filter(is_due)
            .map(|index| (self.keyed.states[index].panes.first_time(first), index))
            .collect();
        keys.sort_unstable_by(|one, two| common.as_keys_came(*one, *two, |index| self.keyed.keys.normal(index)));
        // A key may have become due twice.
        keys.dedup();
        common.output.set_bounds(self.layout.bounds(window));
        for (first, index) in keys {
            if common.emit == Emit::Closed {
                self.give_window((index, first), window, common, out)?;
            }
            self.let_go(index, window, common.emit);
        }
        Ok(())
    }

    /// A window of a key is over.
    fn let_go(&mut self, index: usize, window: i64, emit: Emit) {
        // The next window needs no pane before its own; one that only others needed goes too.
        let first = self.layout.panes(window + 1).0;
        let Keyed { keys, states, journal, .. } = &mut self.keyed;
        let state = &mut states[index];
        let panes = &mut self.panes;
        state.panes.drop_before(first, |pane| {
            *panes -= 1;
            if let Some(journal) = journal
                && pane.is_saved
            {
                journal.dropped.push(pane_key(pane.number, keys.normal(index)));
            }
        });
        state.next = NEVER;
        let oldest = state.panes.panes.front().map(|pane| pane.number);
        match oldest.and_then(|oldest| self.next_window(oldest, emit)) {
            None => self.keyed.remove(index),
            Some(next) => self.schedule(index, next.max(window + 1)),
        }
    }

    /// Gives the result of a key's window, whose first record has that time, if it has any; its bounds are known
    /// to the output.
    fn give_window(
        &mut self,
        (index, first_time): (usize, EventTime),
        window: i64,
        common: &mut Common,
        out: &mut Out<'_>,
    ) -> Result<(), OpError> {
        let (first, end) = self.layout.panes(window);
        let result =
            self.keyed.states[index].panes.result(first, end, &mut common.making).map_err(aggregation_failed)?;
        if let Some(result) = result {
            let key = self.keyed.keys.written(index);
            let order = self.keyed.order(index, common);
            let order = ((window, first_time), order.bytes());
            common.output.give(key, order, |out| common.making.aggregator.write(&result, out), out);
        }
        Ok(())
    }

    /// Gives windows in order of time.
    fn give_windows(
        &mut self,
        windows: impl Iterator<Item = (i64, usize)>,
        common: &mut Common,
        out: &mut Out<'_>,
    ) -> Result<(), OpError> {
        let first =
            |(window, index): (i64, usize)| self.keyed.states[index].panes.first_time(self.layout.panes(window).0);
        let mut ordered: Vec<(i64, (EventTime, usize))> =
            windows.map(|window| (window.0, (first(window), window.1))).collect();
        ordered.sort_unstable_by(|one, two| {
            let by_key = || common.as_keys_came(one.1, two.1, |index| self.keyed.keys.normal(index));
            one.0.cmp(&two.0).then_with(by_key)
        });
        for same in ordered.chunk_by(|one, two| one.0 == two.0) {
            common.output.set_bounds(self.layout.bounds(same[0].0));
            same.iter()
                .try_for_each(|(window, (first, index))| self.give_window((*index, *first), *window, common, out))?;
        }
        Ok(())
    }

    /// Closes the gaps that keys have left, once they are many.
    fn compact(&mut self) {
        if self.unsaved.is_empty() && self.keyed.compact() {
            self.schedule_anew();
        }
    }

    fn schedule_anew(&mut self) {
        self.due.clear();
        for index in self.keyed.keys.indexes() {
            let next = self.keyed.states[index].next;
            if next != NEVER {
                self.due.entry(next).or_default().push(index as u32);
            }
        }
    }
}

impl Open for Sliding {
    fn hash_by(&mut self, hasher: &KeyHasher) {
        self.keyed.hash_by(hasher);
    }

    fn add(&mut self, item: &Item<'_>, time: EventTime, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError> {
        let number = self.pane(time);
        // In a gap between two windows it is in none.
        let Some((first, last)) = self.layout.windows(number) else { return Ok(()) };
        let first = first.max(self.first_open.unwrap_or(i64::MIN));
        if first > last {
            return common.late(item.record, self.layout.bounds(last).1, out);
        }
        let (index, is_new) = self.keyed.key(item, common);
        let state = &mut self.keyed.states[index];
        let before = state.panes.panes.len();
        let pane = state.panes.pane(number, &common.making);
        common.arrivals += 1;
        if let Err(error) = common.making.add(&mut pane.part, common.arrivals, item.value, item.ranked) {
            if state.panes.panes.len() > before {
                state.panes.remove(number);
            }
            if is_new {
                self.keyed.remove(index);
            }
            return bad_or_fatal(item.record, &error, out);
        }
        if self.keyed.journal.is_some() && !std::mem::replace(&mut pane.is_changed, true) {
            self.unsaved.push((index as u32, number));
        }
        pane.first = pane.first.min(time);
        self.panes += (state.panes.panes.len() - before) as u64;
        match common.emit {
            Emit::Closed => self.schedule(index, first),
            Emit::Changed => {
                self.changed.extend((first..=last).map(|window| (window, index as u32)));
                let oldest = state.panes.panes.front().map_or(number, |pane| pane.number);
                if let Some(next) = self.next_window(oldest, common.emit) {
                    self.schedule(index, next);
                }
            }
            Emit::All => {}
        }
        Ok(())
    }

    fn give_changed(&mut self, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError> {
        let changed = std::mem::take(&mut self.changed);
        self.give_windows(changed.into_iter().map(|(window, index)| (window, index as usize)), common, out)
    }

    fn give_all(&mut self, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut all: Vec<(i64, usize)> = Vec::new();
        for index in self.keyed.keys.indexes() {
            let mut next = i64::MIN;
            for pane in &self.keyed.states[index].panes.panes {
                if let Some((first, last)) = self.layout.windows(pane.number) {
                    all.extend((first.max(next)..=last).map(|window| (window, index)));
                    next = next.max(last + 1);
                }
            }
        }
        self.give_windows(all.into_iter(), common, out)
    }

    fn close_until(&mut self, time: EventTime, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError> {
        while let Some(window) = self.due.first_key_value().map(|(window, _)| *window)
            && self.layout.bounds(window).1 <= time
        {
            self.close_window(window, common, out)?;
        }
        self.compact();
        Ok(())
    }

    fn pass(&mut self, time: EventTime) {
        self.first_open = Some(self.layout.first_open(time));
    }

    fn held(&self) -> Held {
        let bytes = self.keyed.bytes() + self.panes * size_of::<Pane>() as u64;
        Held { keys: Some(self.keyed.keys.len() as u64), records: None, bytes }
    }

    fn track(&mut self) {
        self.keyed.journal = Some(Journal::default());
    }

    fn changes(&mut self, common: &Common, out: &mut PairOut<'_>) {
        self.keyed.changes(out);
        let mut value = Vec::new();
        for (index, number) in std::mem::take(&mut self.unsaved) {
            let Some(state) = self.keyed.states.get_mut(index as usize) else { continue };
            if let Ok(at) = state.panes.panes.binary_search_by_key(&number, |pane| pane.number) {
                let pane = &mut state.panes.panes[at];
                (pane.is_changed, pane.is_saved) = (false, true);
                value.clear();
                pane.save(&common.making, &mut value);
                out(&pane_key(number, self.keyed.keys.normal(index as usize)), Some(&value));
            }
        }
        self.compact();
    }

    fn slice(&mut self, from_start: bool, bytes: usize, common: &Common, out: &mut PairOut<'_>) -> bool {
        let mut value = Vec::new();
        self.keyed.slice((from_start, bytes), out, |normal, state, out| {
            let mut bytes = 0;
            for pane in &mut state.panes.panes {
                value.clear();
                pane.save(&common.making, &mut value);
                pane.is_saved = true;
                out(&pane_key(pane.number, normal), Some(&value));
                bytes += normal.len() + value.len();
            }
            bytes
        })
    }

    fn live_bytes(&self) -> u64 {
        self.keyed.entry_bytes() + self.panes * 32
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>, common: &Common) -> Option<()> {
        let (letter, key) = key.split_first()?;
        if *letter == b'k' {
            return self.keyed.load(key, entry);
        }
        let (number, key) = key.split_first_chunk().filter(|_| *letter == b'p')?;
        let number = i64::from_be_bytes(*number);
        match entry {
            Some(value) => {
                let index = self.keyed.loaded(key);
                let pane = self.keyed.states[index].panes.pane(number, &common.making);
                pane.load(&common.making, value)?;
                pane.is_saved = true;
            }
            None => {
                if let Some(index) = self.keyed.keys.find_normal(key) {
                    self.keyed.states[index].panes.remove(number);
                }
            }
        }
        Some(())
    }

    fn finish_load(&mut self, common: &Common) -> Result<(), OpError> {
        self.keyed.finish_load()?;
        self.panes = self.keyed.states.iter().map(|state| state.panes.panes.len() as u64).sum();
        let watermark = common.watermark.filter(|_| common.emit != Emit::All);
        self.first_open = watermark.map(|time| self.layout.first_open(time));
        for index in 0..self.keyed.states.len() {
            let oldest = self.keyed.states[index].panes.panes.front().map(|pane| pane.number);
            let next = oldest.and_then(|oldest| self.next_window(oldest, common.emit));
            self.keyed.states[index].next = next.unwrap_or(NEVER);
        }
        self.schedule_anew();
        Ok(())
    }

    fn end_of(&self, prefix: &[u8], _: &[u8], common: &Common) -> Option<EventTime> {
        let number = prefix.strip_prefix(b"p")?.first_chunk()?;
        let next = self.next_window(i64::from_be_bytes(*number), common.emit)?;
        Some(self.layout.bounds(next).1)
    }

    fn loaded(&mut self, key: &[u8], end: EventTime, common: &Common) -> Option<()> {
        let index = self.keyed.keys.find_normal(key)?;
        let state = &mut self.keyed.states[index];
        self.panes += state.panes.panes.len() as u64;
        state.next = NEVER;
        let oldest = state.panes.panes.front().map(|pane| pane.number);
        if let Some(next) = oldest.and_then(|oldest| self.next_window(oldest, common.emit)) {
            self.schedule(index, next.max(self.layout.first_open(end.saturating_sub(1))));
        }
        Some(())
    }

    fn forget(&mut self) {
        self.keyed.forget();
        self.due.clear();
        self.changed.clear();
        self.unsaved.clear();
        self.panes = 0;
    }
}

fn pane_key(number: i64, normal: &[u8]) -> Vec<u8> {
    [&b"p"[..], &number.to_be_bytes(), normal].concat()
}
