//! What an aggregation makes of the window's records, for all of them or for
//! each key.
//!
//! Each pane is a list of entries, one a key: its partial result, and the place
//! of the key's next entry. So a slide reads the oldest pane from end to end,
//! and touches one older entry for each key that came. Which keys are in the
//! window, in order of first appearance there, and how each is written (as in
//! the oldest record there) follows from each key's first place.

use std::collections::{HashMap, VecDeque};

use super::Panes;
use crate::agg::{Accumulator, AggError, Aggregation, Aggregator};
use crate::frame::Block;
use crate::op::grouping::{Grouping, aggregation_failed, bad_or_fatal};
use crate::op::groups::Groups;
use crate::op::key_table::KeyTable;
use crate::op::{OpError, Out};

/// How the result of the panes that are left follows when the oldest leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strategy {
    /// What leaves is subtracted from the sum of all: counts, sums, averages.
    Subtract,
    /// Two stacks. Entries of older panes hold the result from there on to the
    /// newest of the older panes; what newer panes add is held by key. When no
    /// older pane is left, the newer ones become the older: each entry is
    /// merged twice in its life, however long the window is.
    TwoStacks,
    /// Merged when asked for: the result is as long as all parts together, so
    /// that writing it is the work, and stacks would keep every suffix of it.
    Concatenate,
}

impl Strategy {
    fn of(aggregator: &Aggregator) -> Strategy {
        match aggregator.aggregation() {
            Some(aggregation) if aggregation.is_subtractable() => Strategy::Subtract,
            Some(Aggregation::Collect | Aggregation::Distinct) => Strategy::Concatenate,
            _ => Strategy::TwoStacks,
        }
    }
}

/// Keeps partial results of the panes.
pub struct Fold {
    grouping: Grouping,
    aggregator: Aggregator,
    strategy: Strategy,
    /// The keys and partial results of the open pane.
    open: Groups,
    /// The keys of the window and, by index, what is known of them.
    keys: KeyTable,
    states: Vec<KeyState>,
    /// The entries of each pane, oldest pane first.
    panes: VecDeque<Vec<Entry>>,
    /// The number of the oldest pane, and of the first that is not one of the
    /// older ones of [`Strategy::TwoStacks`].
    first_pane: u32,
    newer_from: u32,
    /// How a key is written at a later place, where that is not its normal form.
    written: HashMap<Place, Box<[u8]>>,
    /// Keys in the order in which they are given, for reuse.
    order: Vec<(Place, u32)>,
}

/// A pane's number, counted on from the first and around, and the number of an
/// entry in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    pane: u32,
    entry: u32,
}

/// No place: no pane has as many entries.
const NOWHERE: Place = Place { pane: 0, entry: u32::MAX };

struct Entry {
    key: u32,
    /// The key's entry in the next pane that has it.
    next: Place,
    part: Accumulator,
}

struct KeyState {
    /// The key's oldest and newest entries; nowhere if the key was removed.
    first: Place,
    last: Place,
    /// Of all panes, or of the newer ones.
    sum: Accumulator,
}

impl Fold {
    /// Takes records apart as `grouping` says.
    pub fn new(aggregator: Aggregator, grouping: Grouping) -> Fold {
        Fold {
            grouping,
            strategy: Strategy::of(&aggregator),
            open: Groups::new(&aggregator),
            aggregator,
            keys: KeyTable::new(),
            states: Vec::new(),
            panes: VecDeque::new(),
            first_pane: 0,
            newer_from: 0,
            written: HashMap::new(),
            order: Vec::new(),
        }
    }

    /// How many keys the window has.
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// Makes an entry, at `place`, of what the open pane has under this number.
    fn push(&mut self, number: usize, place: Place) -> Result<Entry, AggError> {
        let (normal, written) = (self.open.keys.normal(number), self.open.keys.written(number));
        let (index, is_new) = self.keys.insert(written);
        let part = self.open.accumulators.get(number);
        if is_new {
            self.states.push(KeyState { first: place, last: place, sum: self.aggregator.accumulator() });
        }
        let state = &mut self.states[index];
        if self.strategy != Strategy::Concatenate {
            // Before anything refers to the place: an entry that fails is none.
            self.aggregator.merge(&mut state.sum, &part)?;
        }
        if !is_new {
            let Place { pane, entry } = std::mem::replace(&mut state.last, place);
            self.panes[pane.wrapping_sub(self.first_pane) as usize][entry as usize].next = place;
            if written != normal {
                self.written.insert(place, written.into());
            }
        }
        Ok(Entry { key: index as u32, next: NOWHERE, part })
    }

    /// The oldest entry of its key leaves.
    fn pop(&mut self, entry: Entry) -> Result<(), AggError> {
        let Entry { key: index, next, part } = entry;
        let index = index as usize;
        let state = &mut self.states[index];
        state.first = next;
        if next == NOWHERE {
            self.keys.remove(index);
            self.states.truncate(self.keys.end());
            return Ok(());
        }
        // From now on the key is written as at its next place.
        match self.written.remove(&next) {
            Some(written) => self.keys.rewrite(index, &written),
            None if self.keys.written(index) != self.keys.normal(index) => {
                let normal = self.keys.normal(index).to_vec();
                self.keys.rewrite(index, &normal);
            }
            None => {}
        }
        match self.strategy {
            Strategy::Subtract => self.aggregator.subtract(&mut state.sum, &part),
            Strategy::TwoStacks | Strategy::Concatenate => Ok(()),
        }
    }

    /// All panes become the older ones: each entry takes in what follows it.
    fn turn(&mut self) -> Result<(), AggError> {
        for index in (0..self.panes.len()).rev() {
            let mut entries = std::mem::take(&mut self.panes[index]);
            for entry in &mut entries {
                if let Some(next) = entry_at(&self.panes, self.first_pane, entry.next) {
                    self.aggregator.merge(&mut entry.part, &next.part)?;
                }
            }
            self.panes[index] = entries;
        }
        self.newer_from = self.first_pane.wrapping_add(self.panes.len() as u32);
        for state in &mut self.states {
            state.sum = self.aggregator.accumulator();
        }
        Ok(())
    }

    /// Closes the gaps that keys left, once they are many.
    fn compact(&mut self) {
        if !self.keys.is_sparse() {
            return;
        }
        let mut new_index = vec![0; self.keys.end()];
        for (new, old) in self.keys.compact().into_iter().enumerate() {
            new_index[old as usize] = new as u32;
        }
        self.states.retain(|state| state.first != NOWHERE);
        for entry in self.panes.iter_mut().flatten() {
            entry.key = new_index[entry.key as usize];
        }
    }

    /// Lets `take` see the result of all panes for the key with this index.
    fn result<R>(&mut self, index: usize, take: impl FnOnce(&Aggregator, &Accumulator) -> R) -> Result<R, AggError> {
        let KeyState { first, sum, .. } = &self.states[index];
        match self.strategy {
            Strategy::Subtract => Ok(take(&self.aggregator, sum)),
            Strategy::TwoStacks => {
                let is_older = first.pane.wrapping_sub(self.first_pane) < self.newer_from.wrapping_sub(self.first_pane);
                let older = if is_older { entry_at(&self.panes, self.first_pane, *first) } else { None };
                match older {
                    None => Ok(take(&self.aggregator, sum)),
                    Some(older) if sum.is_empty() => Ok(take(&self.aggregator, &older.part)),
                    Some(older) => {
                        let mut all = older.part.clone();
                        self.aggregator.merge(&mut all, sum)?;
                        Ok(take(&self.aggregator, &all))
                    }
                }
            }
            Strategy::Concatenate => {
                let mut all = self.aggregator.accumulator();
                let mut place = *first;
                while let Some(entry) = entry_at(&self.panes, self.first_pane, place) {
                    self.aggregator.merge(&mut all, &entry.part)?;
                    place = entry.next;
                }
                Ok(take(&self.aggregator, &all))
            }
        }
    }

    /// Gives the one result of a window without keys.
    fn give_all(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.keys.is_empty() {
            // Of no records only a count has a result.
            let nothing = self.aggregator.accumulator();
            self.aggregator.write_each(&nothing, |result| out.record(result));
            return Ok(());
        }
        let given = self.result(0, |aggregator, all| aggregator.write_each(all, |result| out.record(result)));
        given.or_else(|error| bad_or_fatal(b"null", &error, out))
    }
}

fn entry_at(panes: &VecDeque<Vec<Entry>>, first_pane: u32, place: Place) -> Option<&Entry> {
    panes.get(place.pane.wrapping_sub(first_pane) as usize)?.get(place.entry as usize)
}

impl Panes for Fold {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.open.add(block, &mut self.grouping, &mut self.aggregator, out)
    }

    fn end_pane(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        let pane = self.first_pane.wrapping_add(self.panes.len() as u32);
        let mut entries = Vec::with_capacity(self.open.keys.end());
        for number in 0..self.open.keys.end() {
            let place = Place { pane, entry: entries.len() as u32 };
            match self.push(number, place) {
                Ok(entry) => entries.push(entry),
                Err(error) => bad_or_fatal(self.open.keys.written(number), &error, out)?,
            }
        }
        self.open.clear();
        self.panes.push_back(entries);
        Ok(())
    }

    fn evict(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.strategy == Strategy::TwoStacks && self.newer_from == self.first_pane {
            self.turn().or_else(|error| bad_or_fatal(b"null", &error, out))?;
        }
        for entry in self.panes.pop_front().unwrap_or_default() {
            let index = entry.key as usize;
            if let Err(error) = self.pop(entry) {
                bad_or_fatal(self.keys.written(index), &error, out)?;
            }
        }
        self.first_pane = self.first_pane.wrapping_add(1);
        self.compact();
        Ok(())
    }

    fn close(&mut self) -> Result<(), OpError> {
        self.aggregator.close().map_err(aggregation_failed)
    }

    fn give(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if !self.grouping.is_keyed() {
            return self.give_all(out);
        }
        let mut order = std::mem::take(&mut self.order);
        let present = self.states.iter().enumerate().filter(|(_, state)| state.first != NOWHERE);
        order.extend(present.map(|(index, state)| (state.first, index as u32)));
        order.sort_unstable_by_key(|(place, _)| (place.pane.wrapping_sub(self.first_pane), place.entry));
        for (_, index) in order.drain(..) {
            let index = index as usize;
            let buffer = out.buffer();
            let start = buffer.len();
            buffer.push(b'[');
            buffer.extend_from_slice(self.keys.written(index));
            buffer.push(b',');
            match self.result(index, |aggregator, all| aggregator.write(all, buffer)) {
                Ok(true) => {
                    buffer.push(b']');
                    out.finish_record();
                }
                Ok(false) => buffer.truncate(start),
                Err(error) => {
                    buffer.truncate(start);
                    bad_or_fatal(self.keys.written(index), &error, out)?;
                }
            }
        }
        self.order = order;
        Ok(())
    }
}
