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

mod saved;
mod side;
#[cfg(test)]
mod tests;

use super::durable::Durable;
use super::grouping::{By, Grouping, Item};
use super::groups::fetch;
use super::join::push_row;
use super::key_table::KeyTable;
use super::sides::{Merge, Whole};
use super::timed::{late, time_of};
use super::{Held, OpError, Out};
use crate::event::{EventTime, Timing};
use crate::frame::{BatchTime, Close, Head, Reason, Watermark};
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
    /// One watermark for both.
    watermark: Option<EventTime>,
    /// How many records have come.
    arrivals: u64,
    interval: Interval,
    newest: BatchTime,
    has_checkpoint: bool,
    journal: Option<Journal>,
}

/// So many keys that have no record do not matter.
const FEW_KEYS: usize = 1024;

const LEFT: usize = 0;
const RIGHT: usize = 1;

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
            watermark: None,
            arrivals: 0,
            interval: Interval::Fixed(1),
            newest: BatchTime::default(),
            has_checkpoint: false,
            journal: None,
        }
    }

    /// Takes a side's batch.
    fn take(&mut self, side: usize, batch: &dyn Whole, out: &mut Out<'_>) -> Result<(), OpError> {
        let Some(mut grouping) = self.groupings[side].take() else { return Ok(()) };
        let mut fetched = Vec::new();
        let mut result = Ok(());
        for index in 0..batch.blocks() {
            let block = batch.block(index, &mut fetched)?;
            result = if self.keys.is_large() {
                grouping.chunks(block, out, |items, out| {
                    fetch(items.iter(), &self.keys, |key| self.sides[LEFT].fetch(key) ^ self.sides[RIGHT].fetch(key));
                    items.iter().try_for_each(|item| self.take_record(side, item, out))
                })
            } else {
                grouping.items(block, out, |item, out| self.take_record(side, &item, out))
            };
            if result.is_err() || out.is_closed() {
                break;
            }
        }
        self.groupings[side] = Some(grouping);
        result
    }

    fn take_record(&mut self, side: usize, item: &Item<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let (key, bytes) = (item.key, item.record);
        let Some(time) = time_of(&mut self.timings[side], bytes, out)? else { return Ok(()) };
        if self.watermark.is_some_and(|watermark| time <= watermark) {
            return late(bytes, time, out);
        }
        self.arrivals += 1;
        let (key_index, is_new) =
            if item.is_normal { self.keys.insert_within(key, item.outer, None) } else { self.keys.insert(key) };
        if !is_new && self.is_idle(key_index) {
            self.idle -= 1;
        }
        let is_null = key == b"null";
        let mut has_met = false;
        if !is_null {
            has_met = self.meet(side, key_index, (time, bytes), out);
        }
        let written = !item.is_normal && self.keys.normal(key_index) != key;
        let record =
            Record { time, number: self.arrivals, written: written.then(|| key.into()), bytes: bytes.into(), has_met };
        let over = self.over_at(side, time);
        self.sides[side].add(key_index, record, over);
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

    /// Whether a key has no record.
    fn is_idle(&self, key: usize) -> bool {
        self.sides.iter().all(|side| side.is_empty(key))
    }

    /// Lets go of what is past its partners, and gives it alone if that is wanted.
    fn forget(&mut self, watermark: EventTime, out: &mut Out<'_>) {
        for side in [LEFT, RIGHT] {
            let mut over = self.sides[side].over(watermark);
            if self.kind.gives_alone(side) {
                over.sort_unstable_by_key(|waiting| (waiting.over, waiting.number));
            }
            for waiting in over {
                let key_index = waiting.key as usize;
                let Some(record) = self.sides[side].take(waiting) else { continue };
                if let Some(journal) = &mut self.journal {
                    journal.changed(side, record.number, key_index, record.time);
                }
                if !record.has_met && self.kind.gives_alone(side) {
                    let key = record.written.as_deref().unwrap_or_else(|| self.keys.normal(key_index));
                    match (self.kind, side) {
                        (Type::Anti, _) => out.record(&record.bytes),
                        (_, LEFT) => push_row(out, key, &record.bytes, b"null"),
                        _ => push_row(out, key, b"null", &record.bytes),
                    }
                }
                self.idle += usize::from(self.is_idle(key_index));
            }
        }
        if self.journal.is_none() {
            self.compact();
        }
    }

    /// Lets the keys go that have no record, once they are many.
    fn compact(&mut self) {
        if self.is_sparse() {
            let order: Vec<u32> = self.keys.indexes().filter(|key| !self.is_idle(*key)).map(|key| key as u32).collect();
            self.keys.reorder(&order);
            self.sides.iter_mut().for_each(|side| side.reorder(&order));
            self.idle = 0;
        }
    }

    /// Whether so many keys have no record that it is worth while to let them go.
    fn is_sparse(&self) -> bool {
        self.idle > FEW_KEYS && self.idle * 2 > self.keys.len()
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

    fn held(&self) -> Held {
        Held {
            keys: Some((self.keys.len() - self.idle) as u64),
            records: Some(self.sides.iter().map(Side::len).sum::<usize>() as u64),
            bytes: self.keys.bytes() as u64 + self.sides.iter().map(Side::bytes).sum::<u64>(),
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

    fn batch(&mut self, time: BatchTime, sides: &[&dyn Whole], out: &mut Out<'_>) -> Result<(), OpError> {
        let &[left, right] = sides else {
            return Err(OpError::Usage("a join takes two streams".to_owned()));
        };
        self.take(LEFT, left, out)?;
        self.take(RIGHT, right, out)?;
        self.newest = time;
        let input = out.watermark();
        let [left, right] = self.timings.each_mut().map(|timing| timing.watermarks.end(time, input));
        let least = left.min(right).map(|Watermark(ms)| ms);
        self.watermark = self.watermark.max(least);
        if let Some(watermark) = self.watermark {
            self.forget(watermark, out);
        }
        let behind = self.range.to_ms.max(-self.range.from_ms).max(0) + 1;
        out.set_watermark(self.watermark.map(|watermark| Watermark(watermark.saturating_sub(behind))));
        out.holds(self.held());
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        // After a stop a checkpoint goes on, with what waits for partners.
        let is_final = !self.has_checkpoint || close.reason == Reason::Eof;
        let gives_alone = [LEFT, RIGHT].iter().any(|side| self.kind.gives_alone(*side) && self.sides[*side].len() > 0);
        if is_final && gives_alone {
            let time = self.newest.after(self.interval);
            out.set_time(time);
            self.forget(EventTime::MAX, out);
            self.newest = time;
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
