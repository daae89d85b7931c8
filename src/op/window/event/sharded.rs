//! Windows of event time on several threads: what is open of the keys of each.
//!
//! A checkpoint has the same entries, so that another number of threads, or one, goes on with it: the numbers
//! of keys and values are those of the items that they came with, which rise as the numbers of one thread do.

use std::io;

use super::EventWindow;
use super::entry::{HEADER, key_of};
use crate::frame::{BatchTime, Block, Close, Head, Watermark};
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::durable::Durable;
use crate::op::grouping::Grouping;
use crate::op::key_table::KeyHasher;
use crate::op::shards::{Numbered, Shard, Shards};
use crate::op::{Held, OpError, Operator, Out};

/// The operator on several threads.
pub struct ShardedEventWindow {
    shards: Shards<EventWindow>,
    /// Whether the watermark is of the times of records.
    has_times: bool,
}

/// What windows of some of the keys are asked.
#[derive(Clone, Copy)]
pub enum Ask {
    /// For what comes out at the end of a batch, with the input's watermark.
    End(BatchTime, Option<Watermark>),
    /// For what is open at the end of the stream.
    Rest,
}

impl ShardedEventWindow {
    /// By a thread for each of `windows`, which must be the same, and have a key and nothing open.
    pub fn new(grouping: Grouping, mut windows: Vec<EventWindow>) -> ShardedEventWindow {
        windows.iter_mut().for_each(|window| window.common.output.is_ordered = true);
        let has_times = windows.first().is_some_and(|window| window.timing.is_some());
        ShardedEventWindow { shards: Shards::new(windows, grouping), has_times }
    }

    /// The same in pieces of so many bytes.
    #[cfg(test)]
    pub(super) fn in_pieces_of(self, piece_bytes: usize) -> ShardedEventWindow {
        ShardedEventWindow { shards: self.shards.in_pieces_of(piece_bytes), ..self }
    }
}

impl Shard for EventWindow {
    type Ask = Ask;

    fn hash_by(&mut self, hasher: &KeyHasher) {
        self.common.hasher = hasher.clone();
        self.open.hash_by(hasher);
    }

    fn add(&mut self, items: &[Numbered<'_>], time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let of_batch = self.time_of_batch(time);
        items.iter().try_for_each(|(number, item)| {
            out.set_place(*number);
            (self.common.arrivals, self.common.sequence) = (*number, *number);
            self.take(item, of_batch, out)
        })
    }

    fn answer(&mut self, ask: &Ask, out: &mut Out<'_>) -> Result<(), OpError> {
        match *ask {
            Ask::End(time, watermark) => {
                out.set_watermark(watermark);
                self.end_batch(time, out)
            }
            Ask::Rest => self.give_rest(out),
        }
    }

    fn is_much(&self, _: &Ask) -> bool {
        EventWindow::held(self).keys.is_some_and(|keys| keys >= MUCH)
    }

    fn held(&self) -> Held {
        EventWindow::held(self)
    }
}

/// So many keys that are open are worth waking a thread.
const MUCH: u64 = if cfg!(test) { 2 } else { 4096 };

impl Operator for ShardedEventWindow {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        let input = head.clone();
        self.shards.try_each(|window| {
            // Each makes the same of it.
            *head = input.clone();
            window.head(head)
        })
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.shards.block(block, out)
    }

    fn held(&self) -> Option<Held> {
        Some(self.shards.held())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.shards.share_watermark(|window| window.timing.as_mut(), out)?;
        self.shards.ask_in_order(&Ask::End(time, out.watermark()), out)?;
        if self.has_times
            && let Some(window) = self.shards.get(0)
        {
            out.set_watermark(window.timing.as_ref().and_then(|timing| timing.watermarks.current()));
        }
        out.holds(self.shards.held());
        out.end(time);
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut rest = None;
        self.shards.each(|window| rest = rest.or(window.time_of_rest(close)));
        if let Some(time) = rest {
            out.set_time(time);
            self.shards.ask_in_order(&Ask::Rest, out)?;
            out.holds(self.shards.held());
            out.end(time);
        }
        self.shards.try_each(EventWindow::close_aggregator)
    }

    fn idle(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.shards.give_ready(out)
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}

impl KeyedState for ShardedEventWindow {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        let number = self.shards.next_number();
        self.shards.each(|window| (window.common.arrivals, window.common.sequence) = (number, number));
        self.shards.changes(HEADER, out)
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        self.shards.slice(from_start, bytes, out)
    }

    fn live_bytes(&self) -> u64 {
        self.shards.live_bytes()
    }
}

impl Durable for ShardedEventWindow {
    fn track(&mut self, is_restored: bool) {
        self.shards.each(|window| window.track(is_restored));
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        match key_of(key) {
            Some(of) => self.shards.of_key(of).load(key, entry),
            None => self.shards.try_each(|window| window.load(key, entry)),
        }
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        let mut number = 0;
        self.shards.try_each(|window| {
            number = number.max(window.common.arrivals).max(window.common.sequence);
            window.finish_load()
        })?;
        self.shards.count_from(number);
        Ok(())
    }
}
