//! What an aggregation makes of the window's records, for all of them or for
//! each key.
//!
//! A key is in a result only while the window holds a record of it, in order
//! of first appearance there, and is written as in the oldest record there.
//! Both change when a pane leaves: a key whose oldest record went moves back to
//! where its next one is. Each key therefore knows in which panes it is, and an
//! ordered map holds the place of each key's first appearance.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::Panes;
use super::partials::{Partials, Strategy};
use crate::agg::{AggError, Aggregator};
use crate::frame::Block;
use crate::op::grouping::{Grouping, bad_or_fatal};
use crate::op::groups::Groups;
use crate::op::key_table::KeyTable;
use crate::op::{OpError, Out};

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
    /// The first appearance of each key in the window.
    order: BTreeMap<Place, u32>,
    /// The keys of each pane, oldest pane first.
    panes: VecDeque<Vec<u32>>,
    /// The number of the next pane.
    next_pane: u64,
    /// How a key is written at a later place, where that is not its normal form.
    written: HashMap<Place, Box<[u8]>>,
}

/// Where a key appears first in a pane: the pane's number and the key's number
/// there.
type Place = (u64, u32);

struct KeyState {
    /// Where it appears first in each pane that has it.
    places: VecDeque<Place>,
    partials: Partials,
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
            order: BTreeMap::new(),
            panes: VecDeque::new(),
            next_pane: 0,
            written: HashMap::new(),
        }
    }

    /// A key of the newest pane comes in, with its partial result: its number
    /// in that pane. Returns its index in the window.
    fn push(&mut self, number: usize) -> Result<u32, AggError> {
        let place = (self.next_pane, number as u32);
        let (normal, written) = (self.open.keys.normal(number), self.open.keys.written(number));
        let (index, is_new) = self.keys.insert(written);
        if is_new {
            let state = KeyState { places: VecDeque::new(), partials: Partials::new(self.strategy, &self.aggregator) };
            self.states.push(state);
            self.order.insert(place, index as u32);
        } else if written != normal {
            self.written.insert(place, written.into());
        }
        let state = &mut self.states[index];
        state.places.push_back(place);
        state.partials.push(self.open.accumulators.get(number), &mut self.aggregator)?;
        Ok(index as u32)
    }

    /// The oldest pane that has this key leaves.
    fn pop(&mut self, index: u32) -> Result<(), AggError> {
        let state = &mut self.states[index as usize];
        if let Some(place) = state.places.pop_front() {
            self.order.remove(&place);
        }
        let Some(next) = state.places.front() else {
            self.keys.remove(index as usize);
            // What is left in a gap takes no room worth speaking of.
            state.partials = Partials::new(Strategy::Concatenate, &self.aggregator);
            self.states.truncate(self.keys.end());
            return Ok(());
        };
        self.order.insert(*next, index);
        // From now on the key is written as at its next place.
        match self.written.remove(next) {
            Some(written) => self.keys.rewrite(index as usize, &written),
            None if self.keys.written(index as usize) != self.keys.normal(index as usize) => {
                let normal = self.keys.normal(index as usize).to_vec();
                self.keys.rewrite(index as usize, &normal);
            }
            None => {}
        }
        state.partials.pop(&mut self.aggregator)
    }

    /// Closes the gaps that keys left, once they are many.
    fn compact(&mut self) {
        if !self.keys.is_sparse() {
            return;
        }
        let mut new_index = vec![0; self.keys.end()];
        let mut old_states: Vec<_> = std::mem::take(&mut self.states).into_iter().map(Some).collect();
        for (new, old) in self.keys.compact().into_iter().enumerate() {
            new_index[old as usize] = new as u32;
            self.states.extend(old_states[old as usize].take());
        }
        let indexes = self.panes.iter_mut().flatten().chain(self.order.values_mut());
        indexes.for_each(|index| *index = new_index[*index as usize]);
    }

    /// Gives the one result of a window without keys.
    fn give_all(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        let Some(state) = self.states.first() else {
            // Of no records only a count has a result.
            let nothing = self.aggregator.accumulator();
            self.aggregator.write_each(&nothing, |result| out.record(result));
            return Ok(());
        };
        let given = state.partials.result(&mut self.aggregator, |aggregator, all| {
            aggregator.write_each(all, |result| out.record(result));
        });
        given.or_else(|error| bad_or_fatal(b"null", &error, out))
    }
}

impl Panes for Fold {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.open.add(block, &mut self.grouping, &mut self.aggregator, out)
    }

    fn end_pane(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut indexes = Vec::with_capacity(self.open.keys.end());
        for number in 0..self.open.keys.end() {
            match self.push(number) {
                Ok(index) => indexes.push(index),
                Err(error) => bad_or_fatal(self.open.keys.written(number), &error, out)?,
            }
        }
        self.open.clear();
        self.next_pane += 1;
        self.panes.push_back(indexes);
        Ok(())
    }

    fn evict(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        for index in self.panes.pop_front().unwrap_or_default() {
            if let Err(error) = self.pop(index) {
                bad_or_fatal(self.keys.written(index as usize), &error, out)?;
            }
        }
        self.compact();
        Ok(())
    }

    fn give(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if !self.grouping.is_keyed() {
            return self.give_all(out);
        }
        for index in self.order.values() {
            let key = self.keys.written(*index as usize);
            let buffer = out.buffer();
            let start = buffer.len();
            buffer.push(b'[');
            buffer.extend_from_slice(key);
            buffer.push(b',');
            let partials = &self.states[*index as usize].partials;
            match partials.result(&mut self.aggregator, |aggregator, all| aggregator.write(all, buffer)) {
                Ok(true) => {
                    buffer.push(b']');
                    out.finish_record();
                }
                Ok(false) => buffer.truncate(start),
                Err(error) => {
                    buffer.truncate(start);
                    bad_or_fatal(key, &error, out)?;
                }
            }
        }
        Ok(())
    }
}
