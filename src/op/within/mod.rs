//! `join --within`: pairs of two streams with the same key whose times are no further apart than a
//! range says, as Spark's stream-stream joins.
//!
//! Rules, as measured of Spark 3.5.8's Structured Streaming:
//!
//! - a pair comes out in the batch of its later record; all pairs of a batch do, records of earlier
//!   batches with new ones and new ones with each other;
//! - the watermark is one for both sides, the least of theirs; a record that is not after it from
//!   before its batch is late;
//! - after a batch a left record is past all partners when its time and `to` are before the
//!   watermark, a right one when its time less `from` is: then it comes out alone, if the type of the
//!   join wants it and it has met none, and is forgotten;
//! - null keys match nothing. (In Spark's full join they do.)
//!
//! Behind it the watermark is so much less that what comes out alone is not late: by the longer end of
//! the range, and 1 ms.

mod entry;
mod large;
mod over;
mod saved;
mod sharded;
#[cfg(test)]
mod sharded_tests;
mod side;
#[cfg(test)]
mod tests;

pub use large::LargeIntervalJoin;
pub use sharded::ShardedIntervalJoin;

use super::durable::Durable;
use super::grouping::{By, Grouping, Item};
use super::groups::fetch;
use super::join::push_row;
use super::key_table::KeyTable;
use super::large::Ends;
use super::sides::{Merge, Whole};
use super::timed::{late, time_of};
use super::{Held, OpError, Out};
use crate::event::{EventTime, Timing};
use crate::frame::{BatchTime, Block, Close, Head, Reason, Watermark};
use crate::interval::Interval;
use saved::Journal;
use side::{Record, Side};

/// Which records come out, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Pairs: `[k,[a,b]]`.
    Inner,
    /// And left records that meet none: `[k,[a,null]]`.
    Left,
    /// And right ones.
    Right,
    /// And both.
    Full,
    /// Left records that meet one, once each, as they are.
    Semi,
    /// Left records that meet none, as they are.
    Anti,
}

impl Type {
    fn gives_alone(self, side: usize) -> bool {
        match self {
            Type::Left | Type::Anti => side == LEFT,
            Type::Right => side == RIGHT,
            Type::Full => true,
            Type::Inner | Type::Semi => false,
        }
    }
}

/// How much later a right record may be than its left one, in ms; less than 0 is earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// At least.
    pub from_ms: i64,
    /// At most.
    pub to_ms: i64,
}

/// What one side is told.
pub struct SideOptions {
    /// The key of a record.
    pub grouping: Grouping,
    /// The time of a record.
    pub timing: Timing,
}

/// Joins two streams.
pub struct IntervalJoin {
    kind: Type,
    range: Range,
    groupings: [Option<Grouping>; 2],
    timings: [Timing; 2],
    keys: KeyTable,
    sides: [Side; 2],
    /// How many keys have no record on either side: they go once they are many.
    idle: usize,
    /// What the ends of the batch said of each side: where records were dealt, what their times say.
    said: [Option<Watermark>; 2],
    /// One watermark for both.
    watermark: Option<EventTime>,
    /// How many records have come.
    arrivals: u64,
    /// How many of them had when all that waited came out at the end of the streams, and whether that has just been.
    gone: u64,
    is_over: bool,
    /// When the records of each side are past all partners, where some are on disk.
    ends: Option<[Ends; 2]>,
    /// Whether a record whose key is null, and which meets none, has a key of its own.
    are_nulls_apart: bool,
    interval: Interval,
    newest: BatchTime,
    has_checkpoint: bool,
    journal: Option<Journal>,
    /// Whether this is a join of some of the keys, of which what comes out alone begins with its order.
    is_shard: bool,
    /// The side whose records come to a shard.
    side: usize,
}

const LEFT: usize = 0;
const RIGHT: usize = 1;

const NULL: &[u8] = b"null";

/// The key of a record whose key is null, by its number.
fn apart(number: u64) -> Vec<u8> {
    format!("null {number}").into_bytes()
}

impl IntervalJoin {
    /// A join of this type.
    pub fn new(kind: Type, range: Range, [left, right]: [SideOptions; 2]) -> IntervalJoin {
        IntervalJoin {
            kind,
            range,
            groupings: [Some(left.grouping), Some(right.grouping)],
            timings: [left.timing, right.timing],
            keys: KeyTable::new(),
            sides: Default::default(),
            idle: 0,
            said: [None; 2],
            watermark: None,
            arrivals: 0,
            gone: 0,
            is_over: false,
            ends: None,
            are_nulls_apart: false,
            interval: Interval::Fixed(1),
            newest: BatchTime::default(),
            has_checkpoint: false,
            journal: None,
            is_shard: false,
            side: LEFT,
        }
    }

    /// Takes a side's batch.
    fn take(&mut self, side: usize, batch: &dyn Whole, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut fetched = Vec::new();
        for index in 0..batch.blocks() {
            if out.is_closed() {
                break;
            }
            self.take_block(side, batch.block(index, &mut fetched)?, out)?;
        }
        Ok(())
    }

    fn take_block(&mut self, side: usize, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let Some(mut grouping) = self.groupings[side].take() else { return Ok(()) };
        let result = if self.keys.is_large() {
            grouping.chunks(block, out, |items, out| {
                fetch(items.iter(), &self.keys, |key| self.fetch(key));
                items.iter().try_for_each(|item| self.take_record(side, item, out))
            })
        } else {
            grouping.items(block, out, |item, out| self.take_record(side, &item, out))
        };
        self.groupings[side] = Some(grouping);
        result
    }

    /// As [`Side::fetch`], of both sides.
    fn fetch(&self, key: usize) -> u64 {
        self.sides[LEFT].fetch(key) ^ self.sides[RIGHT].fetch(key)
    }

    fn take_record(&mut self, side: usize, item: &Item<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let (key, bytes) = (item.key, item.record);
        let Some(time) = time_of(&mut self.timings[side], bytes, out)? else { return Ok(()) };
        if self.watermark.is_some_and(|watermark| time <= watermark) {
            return late(bytes, time, out);
        }
        self.arrivals += 1;
        let is_null = key == NULL;
        let is_apart = is_null && self.are_nulls_apart;
        let (key_index, is_new) = match item.is_normal {
            _ if is_apart => self.keys.insert_normal(&apart(self.arrivals)),
            true => self.keys.insert_within(key, item.outer, None),
            false => self.keys.insert(key),
        };
        if !is_new && self.is_idle(key_index) {
            self.idle -= 1;
        }
        let has_met = !is_null && self.meet(side, key_index, (time, bytes), out);
        let written = (is_apart || !item.is_normal) && self.keys.normal(key_index) != key;
        let record =
            Record { time, number: self.arrivals, written: written.then(|| key.into()), bytes: bytes.into(), has_met };
        let over = self.over_at(side, time);
        self.sides[side].add(key_index, record, over);
        if let Some(ends) = &mut self.ends {
            ends[side].add(over)?;
        }
        if let Some(journal) = &mut self.journal {
            journal.changed(side, self.arrivals, key_index, time);
        }
        Ok(())
    }

    /// The last watermark at which a record may still meet one.
    fn over_at(&self, side: usize, time: EventTime) -> EventTime {
        let ms = if side == LEFT { self.range.to_ms } else { -self.range.from_ms };
        time.saturating_add(ms)
    }

    /// Gives the pairs that a record makes with those of the other side that are here; whether
    /// there are any.
    fn meet(&mut self, side: usize, key: usize, (time, bytes): (EventTime, &[u8]), out: &mut Out<'_>) -> bool {
        let Range { from_ms, to_ms } = self.range;
        let (least, most) = if side == LEFT { (from_ms, to_ms) } else { (-to_ms, -from_ms) };
        let [left, right] = &mut self.sides;
        let other = if side == LEFT { right } else { left };
        let mut has_met = false;
        for partner in other.between(key, time.saturating_add(least), time.saturating_add(most)) {
            if out.is_closed() {
                break;
            }
            has_met = true;
            let is_first = !std::mem::replace(&mut partner.has_met, true);
            if is_first && let Some(journal) = &mut self.journal {
                journal.changed(1 - side, partner.number, key, partner.time);
            }
            match (self.kind, side) {
                (Type::Semi, RIGHT) if is_first => out.record(&partner.bytes),
                (Type::Semi | Type::Anti, _) => {}
                // The partner came before: the key is as it was written there.
                _ => {
                    let key = match &partner.written {
                        Some(written) => written,
                        None => self.keys.normal(key),
                    };
                    let (a, b) = if side == LEFT { (bytes, &partner.bytes[..]) } else { (&partner.bytes[..], bytes) };
                    push_row(out, key, a, b);
                }
            }
        }
        if has_met && self.kind == Type::Semi && side == LEFT {
            out.record(bytes);
        }
        has_met
    }

    /// Gives the records that wait for partners, as if they met none, outside of any batch: for those
    /// who look into a checkpoint.
    pub fn show(&self, out: &mut Out<'_>) {
        for key in self.keys.indexes() {
            for side in [LEFT, RIGHT] {
                for record in self.sides[side].of_key(key) {
                    let written = record.written.as_deref().unwrap_or_else(|| self.keys.normal(key));
                    match side {
                        LEFT => push_row(out, written, &record.bytes, b"null"),
                        _ => push_row(out, written, b"null", &record.bytes),
                    }
                }
            }
        }
        out.finish_block();
    }

    /// The batch has come from both sides.
    fn end_batch(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        match self.pass_batch(time, out) {
            Some(watermark) => self.forget(watermark, out),
            None => Ok(()),
        }
    }

    /// The watermark after the batch.
    fn pass_batch(&mut self, time: BatchTime, out: &Out<'_>) -> Option<EventTime> {
        self.newest = time;
        let input = out.watermark();
        let [left, right] = [LEFT, RIGHT].map(|side| {
            let watermarks = &mut self.timings[side].watermarks;
            let said = if watermarks.is_own() { self.said[side] } else { input };
            watermarks.end(time, said)
        });
        let least = left.min(right).map(|Watermark(ms)| ms);
        self.watermark = self.watermark.max(least);
        self.watermark
    }

    /// The watermark behind the join.
    fn watermark_behind(&self) -> Option<Watermark> {
        let behind = self.range.to_ms.max(-self.range.from_ms).max(0) + 1;
        self.watermark.map(|watermark| Watermark(watermark.saturating_sub(behind)))
    }

    /// The time of a further batch, at the end of the streams, with what has met none, if there is any.
    fn time_of_rest(&self, close: &Close) -> Option<BatchTime> {
        // After a stop a checkpoint goes on, with what waits for partners.
        let is_final = !self.has_checkpoint || close.reason == Reason::Eof;
        let gives_alone = [LEFT, RIGHT].iter().any(|side| self.kind.gives_alone(*side) && self.len(*side) > 0);
        (is_final && gives_alone).then(|| self.newest.after(self.interval))
    }

    /// Gives that batch.
    fn give_rest(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.forget(EventTime::MAX, out)?;
        self.end_rest();
        Ok(())
    }

    /// That batch was given.
    fn end_rest(&mut self) {
        self.newest = self.newest.after(self.interval);
        self.is_over = true;
    }

    /// How many records of a side wait.
    fn len(&self, side: usize) -> u64 {
        self.ends.as_ref().map_or(self.sides[side].len() as u64, |ends| ends[side].len())
    }

    fn held(&self) -> Held {
        let keys = (self.keys.len() - self.idle) as u64;
        Held {
            // Of records on disk it is not known.
            keys: self.ends.is_none().then_some(keys),
            records: Some(self.len(LEFT) + self.len(RIGHT)),
            bytes: self.keys.bytes() as u64 + self.sides.iter().map(Side::memory).sum::<u64>(),
        }
    }
}

impl Merge for IntervalJoin {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.interval = head.interval;
        self.has_checkpoint = head.checkpoint().is_some();
        let [left, right] = &mut self.timings;
        let had_watermark = head.has_watermark();
        for timing in [&mut *left, &mut *right] {
            timing.head(head).map_err(OpError::Usage)?;
        }
        if !(had_watermark || left.watermarks.is_own() && right.watermarks.is_own()) {
            return Err(OpError::Usage(
                "records are forgotten as a watermark passes them, and nobody makes one for both sides: add --watermark \
                 DURATION, how late a record may come"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    fn watermarks(&mut self, said: &[Option<Watermark>]) {
        if let &[left, right] = said {
            self.said = [left, right];
        }
    }

    fn batch(&mut self, time: BatchTime, sides: &[&dyn Whole], out: &mut Out<'_>) -> Result<(), OpError> {
        let &[left, right] = sides else {
            return Err(OpError::Usage("a join takes two streams".to_owned()));
        };
        self.take(LEFT, left, out)?;
        self.take(RIGHT, right, out)?;
        self.end_batch(time, out)?;
        out.set_watermark(self.watermark_behind());
        out.holds(self.held());
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        if let Some(time) = self.time_of_rest(close) {
            out.set_time(time);
            self.give_rest(out)?;
            out.holds(self.held());
            out.end(time);
        }
        Ok(())
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}

/// The key of each record, by `source`; the record if there is none.
pub fn by(program: crate::expr::Program) -> Grouping {
    Grouping::new(By::Program(program), None)
}
