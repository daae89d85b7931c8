//! What an aggregation makes of the window's records, for all of them or for
//! each key.
//!
//! Each pane is a list of entries, one a key: its partial result, and the place
//! of the key's next entry. So a slide reads the oldest pane from end to end,
//! and touches one older entry for each key that came. Which keys are in the
//! window, in order of first appearance there, and how each is written (as in
//! the oldest record there) follows from each key's first place.

mod saved;
mod sharded;

use std::collections::{HashMap, VecDeque};
use std::io;

use super::Panes;
use crate::agg::{Accumulator, AggError, Aggregation, Aggregator};
use crate::frame::Block;
use crate::op::grouping::{Grouping, aggregation_failed, bad_or_fatal};
use crate::op::groups::Groups;
use crate::op::key_table::KeyTable;
use crate::op::shards::whole::{Whole, in_order};
use crate::op::{Held, OpError, Out};
pub use sharded::ShardedFold;

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
    /// How many entries all panes have.
    entries: usize,
    /// The number of the oldest pane, and of the first that is not one of the
    /// older ones of [`Strategy::TwoStacks`].
    first_pane: u32,
    newer_from: u32,
    /// How a key is written at a later place, where that is not its normal form.
    written: HashMap<Place, Box<[u8]>>,
    /// Keys in the order in which they are given, for reuse.
    order: Vec<(Place, u32)>,
    /// The chunks of the panes that are being loaded, oldest pane first.
    loading: VecDeque<Vec<Box<[u8]>>>,
    /// Where several threads have some of the keys each.
    places: Option<Places>,
}

/// The order of keys among those of other threads: numbers of the items with which keys came first, or what is in the order of these.
#[derive(Default)]
struct Places {
    /// By the key's index in the open pane.
    open: Vec<u64>,
    /// By the number of the entry in its pane.
    panes: VecDeque<Vec<u64>>,
    /// Why the older panes could not be made of the newer ones, if they could not.
    failed: Option<Failed>,
    /// What the thread has grouped of the open pane by all keys.
    whole: Option<Whole>,
}

/// Why an entry could not take in what follows it.
struct Failed {
    pane: usize,
    entry: usize,
    error: AggError,
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
            entries: 0,
            first_pane: 0,
            newer_from: 0,
            written: HashMap::new(),
            order: Vec::new(),
            loading: VecDeque::new(),
            places: None,
        }
    }

    /// How many keys the window has.
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// Appends an entry to the newest pane, `entries` with this number.
    fn push(&mut self, key: &[u8], part: Accumulator, pane: u32, entries: &mut Vec<Entry>) -> Result<(), AggError> {
        let place = Place { pane, entry: entries.len() as u32 };
        let (index, is_new) = self.keys.insert(key);
        if is_new {
            self.states.push(KeyState { first: place, last: place, sum: self.aggregator.accumulator() });
        }
        if self.strategy != Strategy::Concatenate {
            // Before anything refers to the place: an entry that fails is none.
            self.aggregator.merge(&mut self.states[index].sum, &part)?;
        }
        if !is_new {
            self.link(index, key, place)?;
        }
        entries.push(Entry { key: index as u32, next: NOWHERE, part });
        Ok(())
    }

    /// The key comes again at `place`. Twice in a pane it comes only in what a
    /// checkpoint should not have.
    fn link(&mut self, index: usize, key: &[u8], place: Place) -> Result<(), AggError> {
        let Place { pane, entry } = std::mem::replace(&mut self.states[index].last, place);
        if pane == place.pane {
            return Err(AggError::Damaged);
        }
        self.panes[pane.wrapping_sub(self.first_pane) as usize][entry as usize].next = place;
        if *key != *self.keys.normal(index) {
            self.written.insert(place, key.into());
        }
        Ok(())
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

    /// Whether the newer panes have to become the older ones before the oldest leaves.
    fn is_to_turn(&self) -> bool {
        self.strategy == Strategy::TwoStacks && self.newer_from == self.first_pane
    }

    /// All panes become the older ones: each entry takes in what follows it. One
    /// that cannot stays as it is; the first such error is returned.
    fn turn(&mut self) -> Result<(), Failed> {
        let mut result = Ok(());
        for index in (0..self.panes.len()).rev() {
            let taken = self.combine(index);
            result = result.and(taken);
        }
        self.newer_from = self.next_pane();
        for state in &mut self.states {
            state.sum = self.aggregator.accumulator();
        }
        result
    }

    /// Lets the entries of a pane take in what follows them.
    fn combine(&mut self, index: usize) -> Result<(), Failed> {
        let mut result = Ok(());
        let mut entries = std::mem::take(&mut self.panes[index]);
        for (number, entry) in entries.iter_mut().enumerate() {
            if let Some(next) = entry_at(&self.panes, self.first_pane, entry.next) {
                let merged = self.aggregator.merge(&mut entry.part, &next.part);
                result = result.and(merged.map_err(|error| Failed { pane: index, entry: number, error }));
            }
        }
        self.panes[index] = entries;
        result
    }

    /// Makes these the entries of the newest pane.
    fn append(&mut self, entries: Vec<Entry>) {
        self.entries += entries.len();
        self.panes.push_back(entries);
    }

    /// The number of the pane that comes next.
    fn next_pane(&self) -> u32 {
        self.first_pane.wrapping_add(self.panes.len() as u32)
    }

    /// How many panes are older ones.
    fn older(&self) -> usize {
        match self.strategy {
            Strategy::TwoStacks => self.newer_from.wrapping_sub(self.first_pane) as usize,
            Strategy::Subtract | Strategy::Concatenate => 0,
        }
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
                let is_older = (first.pane.wrapping_sub(self.first_pane) as usize) < self.older();
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
            self.aggregator.write_of_nothing(|result| out.record(result));
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
        let open = std::mem::replace(&mut self.open, Groups::new(&self.aggregator));
        let (mut entries, mut entry_places) = (Vec::with_capacity(open.keys.end()), Vec::new());
        let mut in_order = self.places.as_ref().map(|places| in_order(&places.open));
        for number in 0..open.keys.end() {
            let number = in_order.as_mut().map_or(Some(number), Iterator::next).unwrap_or(number);
            let (key, part) = (open.keys.written(number), open.accumulators.get(number));
            let place = self.places.as_ref().map(|places| places.open[number]);
            if let Some(place) = place {
                out.set_place(place);
            }
            match self.push(key, part, self.next_pane(), &mut entries) {
                Ok(()) => entry_places.extend(place),
                Err(error) => bad_or_fatal(key, &error, out)?,
            }
        }
        if let Some(places) = &mut self.places {
            places.open.clear();
            places.panes.push_back(entry_places);
        }
        self.open = open;
        self.open.clear();
        self.append(entries);
        Ok(())
    }

    fn evict(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.is_to_turn() {
            self.turn().or_else(|failed| bad_or_fatal(b"null", &failed.error, out))?;
        }
        let leaving = self.panes.pop_front().unwrap_or_default();
        let places = self.places.as_mut().and_then(|places| places.panes.pop_front()).unwrap_or_default();
        self.entries -= leaving.len();
        for (number, entry) in leaving.into_iter().enumerate() {
            if let Some(place) = places.get(number) {
                out.set_place(*place);
            }
            let index = entry.key as usize;
            if let Err(error) = self.pop(entry) {
                bad_or_fatal(self.keys.written(index), &error, out)?;
            }
        }
        self.first_pane = self.first_pane.wrapping_add(1);
        self.compact();
        Ok(())
    }

    fn held(&self) -> Held {
        let states = size_of_val(&self.states[..]) + self.entries * size_of::<Entry>();
        Held {
            keys: self.grouping.is_keyed().then_some(self.keys() as u64),
            records: None,
            bytes: (self.keys.bytes() + states) as u64,
        }
    }

    fn combined(&self) -> usize {
        self.older()
    }

    fn save(&mut self, pane: usize, chunk: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        self.save_pane(pane, chunk);
        Ok(())
    }

    fn load(&mut self, is_first: bool, chunk: &[u8]) -> Result<(), OpError> {
        if is_first {
            self.loading.push_back(Vec::new());
        }
        if let Some(pane) = self.loading.back_mut() {
            pane.push(chunk.into());
        }
        Ok(())
    }

    fn unload(&mut self) {
        self.loading.pop_front();
    }

    fn finish_load(&mut self, combined: usize) -> Result<(), OpError> {
        self.load_panes(combined)
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
        for (first, index) in order.drain(..) {
            if let Some(places) = &self.places {
                out.set_place(places.panes[first.pane.wrapping_sub(self.first_pane) as usize][first.entry as usize]);
            }
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
