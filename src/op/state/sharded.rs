//! `state` on several threads: a state for the keys of each.
//!
//! A checkpoint has the same entries (of a sum perhaps with another exponent, by the order in which its
//! parts were added), so that another number of threads, or one, goes on with it: the number of a key is
//! that of the item with which it came first, or one that stands for it, and rises as those of one thread do.

use std::io;

use super::durable::WATERMARK;
use super::journal::{Journal, Numbers};
use super::values::Values;
use super::{Emit, InitialError, State, note_change};
use crate::agg::AggError;
use crate::agg::saved::{push_bytes, take_byte, take_bytes};
use crate::frame::{BatchTime, Block, Close, Head, Reason, Watermark};
use crate::interval::Interval;
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::durable::Durable;
use crate::op::grouping::Grouping;
use crate::op::groups::Groups;
use crate::op::key_table::{KeyHasher, KeyTable};
use crate::op::shards::whole::{TakesWhole, Whole, merge_values};
use crate::op::shards::{Numbered, Shard, Shards};
use crate::op::{Held, OpError, Operator, Out};
use crate::record::normal_key;

/// The operator on several threads.
pub struct ShardedState {
    shards: Shards<State>,
    emit: Emit,
    is_timed: bool,
    interval: Interval,
    newest: BatchTime,
    has_checkpoint: bool,
}

/// What a state for some of the keys is asked.
#[derive(Clone, Copy)]
pub enum Ask {
    /// For what comes out at the end of a batch, with the input's watermark.
    End(BatchTime, Option<Watermark>),
    /// For the keys that are left at the end of event time.
    Rest,
    /// For what a checkpoint has not seen, each change as bytes.
    Changes,
}

impl ShardedState {
    /// By a thread for each of `states`, which must be the same and empty.
    pub fn new(grouping: Grouping, states: Vec<State>) -> ShardedState {
        let (emit, is_timed) = states.first().map_or((Emit::All, false), |state| (state.emit, state.timing.is_some()));
        ShardedState {
            // Pieces are not taken whole at first: where keys turn out to be many, all would have to be put in order.
            shards: Shards::new(states, grouping),
            emit,
            is_timed,
            interval: Interval::Fixed(1),
            newest: BatchTime::default(),
            has_checkpoint: false,
        }
    }

    /// The same in pieces of so many bytes.
    #[cfg(test)]
    pub(super) fn in_pieces_of(self, piece_bytes: usize) -> ShardedState {
        ShardedState { shards: self.shards.in_pieces_of(piece_bytes), ..self }
    }

    /// As [`State::begin_with`].
    ///
    /// # Errors
    /// As there.
    pub fn begin_with(&mut self, key: &[u8], value: &[u8]) -> Result<(), InitialError> {
        let number = self.shards.next_number();
        self.shards.count_from(number + 1);
        let mut state = self.shards.of_key(&normal_key(key));
        state.count_from(number);
        state.begin_with(key, value)
    }
}

impl State {
    /// The next key that is new gets this number.
    fn count_from(&mut self, number: u64) {
        if let Some(numbers) = &mut self.entries.numbers {
            numbers.next = number;
        }
    }
}

impl Shard for State {
    type Ask = Ask;

    fn hash_by(&mut self, hasher: &KeyHasher) {
        self.entries.keys = KeyTable::hashed_by(hasher.clone());
        self.entries.numbers = Some(Numbers::default());
    }

    fn add(&mut self, items: &[Numbered<'_>], time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.begin(time);
        if self.is_large() {
            self.fetch(items.iter().map(|(_, item)| item));
        }
        items.iter().try_for_each(|(number, item)| {
            out.set_place(*number);
            self.count_from(*number);
            self.take(item, time, out)
        })
    }

    fn take_whole(&mut self, of: &mut Grouping, block: Block<'_>, out: &mut Out<'_>) -> Option<Result<u64, OpError>> {
        match &mut self.entries.values {
            Values::Aggregated { aggregator, .. } => self.whole.as_mut()?.take(of, block, aggregator, out),
            Values::Computed(_) => None,
        }
    }

    fn number_whole(&mut self, first: u64) {
        if let Some(whole) = &mut self.whole {
            whole.number(first);
        }
    }

    fn answer(&mut self, ask: &Ask, out: &mut Out<'_>) -> Result<(), OpError> {
        match *ask {
            Ask::End(time, watermark) => {
                self.put_in_order();
                out.set_watermark(watermark);
                self.end_batch(time, out)
            }
            Ask::Rest => {
                self.time_out(u64::MAX, out);
                Ok(())
            }
            Ask::Changes => {
                self.give_changes(&mut |key, entry| {
                    let buffer = out.buffer();
                    push_bytes(key, buffer);
                    buffer.push(u8::from(entry.is_some()));
                    buffer.extend_from_slice(entry.unwrap_or_default());
                    out.finish_record();
                });
                Ok(())
            }
        }
    }

    fn is_much(&self, ask: &Ask) -> bool {
        match ask {
            Ask::End(..) => self.emit == Emit::All && self.entries.keys.is_large(),
            Ask::Rest => self.entries.keys.is_large(),
            Ask::Changes => self.entries.journal.as_ref().is_some_and(Journal::has_many_changes),
        }
    }

    fn held(&self) -> Held {
        self.entries.held()
    }
}

impl TakesWhole for State {
    fn whole(&mut self) -> &mut Option<Whole> {
        &mut self.whole
    }

    fn new_whole(&self) -> Option<Whole> {
        match &self.entries.values {
            Values::Aggregated { aggregator, .. } if self.emit != Emit::Each && self.timing.is_none() => {
                Whole::new(aggregator)
            }
            _ => None,
        }
    }

    fn merge(&mut self, of: &Groups, index: usize, first: u64, time: BatchTime) -> Result<(), AggError> {
        self.count_from(first);
        let last = self.entries.numbers.as_ref().and_then(|numbers| numbers.all.last().copied());
        let (at, is_new) = self.entries.insert_key(of.keys.written(index));
        let State { entries, changed, is_unordered, .. } = self;
        if let Some(numbers) = &mut entries.numbers
            && !is_new
            && first < numbers.all[at]
        {
            // It is of this batch, too, but of a piece behind those that were taken whole: a key is written as it came first.
            numbers.all[at] = first;
            entries.keys.rewrite(at, of.keys.written(index));
            *is_unordered = true;
        }
        *is_unordered |= is_new && last > Some(first);
        if let Values::Aggregated { aggregator, accumulators } = &mut entries.values {
            merge_values(accumulators, at, of, index, aggregator)?;
        }
        note_change(at, time.0, entries, self.emit, changed);
        Ok(())
    }

    fn answered(&self) -> usize {
        if self.emit == Emit::Changed { self.emitted } else { self.entries.keys.len() }
    }
}

impl State {
    /// Puts keys in the order of their numbers, where some came of what was taken whole behind others that did not.
    fn put_in_order(&mut self) {
        if !std::mem::take(&mut self.is_unordered) {
            return;
        }
        let State { entries, changed, .. } = self;
        let Some(numbers) = &entries.numbers else { return };
        let mut order: Vec<_> = entries.keys.indexes().map(|index| index as u32).collect();
        // Most are in order.
        order.sort_by_key(|&index| numbers.of(index as usize));
        changed.reorder(&order);
        entries.reorder(&order);
    }
}

impl Operator for ShardedState {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.interval = head.interval;
        self.has_checkpoint = head.checkpoint().is_some();
        let input = head.clone();
        self.shards.try_each(|state| {
            // Each makes the same of it.
            *head = input.clone();
            state.head(head)
        })
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.shards.block(block, out)
    }

    fn held(&self) -> Option<Held> {
        Some(self.shards.held_with_whole())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.newest = time;
        if self.is_timed {
            self.shards.share_watermark(|state| state.timing.as_mut(), out)?;
        }
        self.shards.deal_whole(out)?;
        self.shards.ask(&Ask::End(time, out.watermark()), out)?;
        self.shards.choose_whole();
        if self.is_timed {
            let mut watermark = None;
            self.shards.each(|state| watermark = state.timing.as_ref().and_then(|timing| timing.watermarks.current()));
            out.set_watermark(watermark);
        }
        out.holds(self.shards.held());
        out.end(time);
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        let is_final = !self.has_checkpoint || close.reason == Reason::Eof;
        if self.is_timed && self.emit == Emit::Timeout && is_final && self.shards.held().keys != Some(0) {
            let time = self.newest.after(self.interval);
            out.set_time(time);
            self.shards.ask(&Ask::Rest, out)?;
            self.newest = time;
            out.holds(self.shards.held());
            out.end(time);
        }
        self.shards.try_each(State::close_function)
    }

    fn idle(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        // What comes of each record is waited for.
        if self.emit == Emit::Each { self.shards.finish(out) } else { self.shards.give_ready(out) }
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}

impl KeyedState for ShardedState {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        let mut has_watermark = false;
        self.shards.gather(&Ask::Changes, |mut change| {
            let input = &mut change;
            let (Ok(key), Ok(is_there)) = (take_bytes(input), take_byte(input)) else { return };
            // All have the same one.
            if key != WATERMARK || !std::mem::replace(&mut has_watermark, true) {
                out(key, (is_there == 1).then_some(*input));
            }
        });
        Ok(())
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        self.shards.slice(from_start, bytes, out)
    }

    fn live_bytes(&self) -> u64 {
        self.shards.live_bytes()
    }
}

impl Durable for ShardedState {
    fn track(&mut self, is_restored: bool) {
        self.shards.each(|state| state.track(is_restored));
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        match key == WATERMARK {
            true => self.shards.try_each(|state| state.load(key, entry)),
            false => self.shards.of_key(key).load(key, entry),
        }
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        let mut next = 0;
        self.shards.try_each(|state| {
            state.finish_load()?;
            next = next.max(state.entries.numbers.as_ref().map_or(0, |numbers| numbers.next));
            Ok::<_, OpError>(())
        })?;
        self.shards.count_from(next);
        Ok(())
    }
}
