//! `dedup`: the first record of each key, as Spark's `dropDuplicates` and
//! `dropDuplicatesWithinWatermark`.
//!
//! The first is the first to arrive; a duplicate does not renew its key. A key is forgotten once the
//! watermark after a batch has reached the time of its first record and what `--within` says; by
//! batch times the watermark is that of the batch. A record that is not after the watermark from
//! before its batch is late, be its key known or not.
//!
//! A key takes its bytes and about 40 more, the time of its first record among them; [`LargeDedup`] has most keys on disk.

mod durable;
mod large;
mod sharded;
#[cfg(test)]
mod sharded_tests;

pub use large::LargeDedup;
pub use sharded::ShardedDedup;

use super::due::Due;
use super::durable::Durable;
use super::grouping::{By, Grouping, Item};
use super::groups::fetch;
use super::key_table::KeyTable;
use super::timed::timely;
use super::{Held, OpError, Operator, Out};
use crate::event::{EventTime, Timing};
use crate::frame::{BatchTime, Block, Head, Watermark};
use crate::record::number::push_integer;

/// How long keys are known.
pub struct Memory {
    /// In ms after a key's first record; for ever without it.
    pub within_ms: Option<i64>,
    /// The time of a record; without it that of its batch.
    pub timing: Option<Timing>,
}

/// Drops duplicates.
pub struct Dedup {
    grouping: Grouping,
    memory: Memory,
    keys: KeyTable,
    /// The time of each key's first record, by its index; none where keys are known for ever.
    times: Vec<EventTime>,
    due: Due<u32>,
    /// The watermark after the batch before.
    passed: Option<EventTime>,
    journal: Option<Journal>,
    /// How many records have come, as far as they are counted here.
    records: u64,
}

/// What a checkpoint has not seen yet.
#[derive(Default)]
struct Journal {
    /// From this index on keys are new.
    new_from: usize,
    dropped: Vec<Box<[u8]>>,
    slice_at: usize,
}

/// The time of a key that was dropped, where that has to be said: no record's is so early.
const DROPPED: EventTime = EventTime::MIN;

/// The key in a checkpoint of what belongs to no key: JSON does not begin so. By event time these are the watermarks; by batch
/// times it is the time of the last batch, where keys may be over that nothing else was said of.
const WATERMARK: &[u8] = b"\0watermark";

impl Dedup {
    /// Takes keys by `grouping`.
    pub fn new(grouping: Grouping, memory: Memory) -> Dedup {
        let (keys, due) = (KeyTable::new(), Due::default());
        Dedup { grouping, memory, keys, times: Vec::new(), due, passed: None, journal: None, records: 0 }
    }

    /// Gives the item's record if its key is not known; a record of several keys is given once, in its place.
    fn take(&mut self, item: &Item<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        if let Some(time) = self.time_of(item, out)? {
            self.see(item, time, out);
        }
        Ok(())
    }

    /// When the item's record came, or happened; none if it is late or a bad one.
    #[inline]
    fn time_of(&mut self, item: &Item<'_>, out: &mut Out<'_>) -> Result<Option<EventTime>, OpError> {
        match &mut self.memory.timing {
            None => Ok(Some(i64::try_from(out.time().0).unwrap_or(i64::MAX))),
            Some(timing) => timely(timing, item.record, out),
        }
    }

    #[inline]
    fn see(&mut self, item: &Item<'_>, time: EventTime, out: &mut Out<'_>) {
        let (index, is_new) = item.insert_into(&mut self.keys);
        if is_new {
            self.came(index, time);
            out.record_once(item.record);
        }
    }

    /// Gives the place of the item that comes next.
    #[inline]
    fn count(&mut self, item: &Item<'_>, out: &mut Out<'_>) {
        self.records += u64::from(item.nth == 0);
        out.set_place(self.records);
    }

    /// Takes the item that comes next.
    #[inline]
    fn take_next(&mut self, item: &Item<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.count(item, out);
        self.take(item, out)
    }

    /// Whether a key whose first record has that time is known no more.
    #[inline]
    fn is_over(&self, time: EventTime) -> bool {
        let has_passed = |end| self.passed.is_some_and(|passed| end <= passed);
        let over = |within_ms| time == DROPPED || has_passed(time.saturating_add(within_ms));
        self.memory.within_ms.is_some_and(over)
    }

    /// Notes when the key with this index, a new one, came first.
    fn came(&mut self, index: usize, time: EventTime) {
        if let Some(within_ms) = self.memory.within_ms {
            self.times.truncate(index);
            self.times.push(time);
            self.due.push(time.saturating_add(within_ms), index as u32);
        }
    }

    /// Forgets the keys that are over.
    fn forget(&mut self, watermark: EventTime) {
        let Some(within_ms) = self.memory.within_ms else { return };
        let mut over = Vec::new();
        let time_of = |index: &u32| self.times[*index as usize].saturating_add(within_ms);
        self.due.reach(watermark, time_of, |index| over.push(index));
        // The last first: they leave no gaps.
        over.sort_unstable();
        for index in over.into_iter().rev().map(|index| index as usize) {
            if let Some(journal) = &mut self.journal
                && index < journal.new_from
            {
                journal.dropped.push(self.keys.normal(index).into());
            }
            self.keys.remove(index);
        }
        self.times.truncate(self.keys.end());
        if let Some(journal) = &mut self.journal {
            journal.new_from = journal.new_from.min(self.keys.end());
        }
        if self.keys.is_sparse() {
            self.compact();
        }
    }

    fn compact(&mut self) {
        let end = self.keys.end();
        let order = self.keys.compact();
        self.times = order.iter().filter_map(|from| self.times.get(*from as usize)).copied().collect();
        let mut index_of = vec![0; end];
        for (index, from) in (0..).zip(&order) {
            index_of[*from as usize] = index;
        }
        self.due.map(|index| index_of[index as usize]);
        if let Some(journal) = &mut self.journal {
            let is_old = |from: &&u32| (**from as usize) < journal.new_from;
            journal.new_from = order.iter().filter(is_old).count();
            // A slice that is under way begins anew: what it gave is there once more.
            journal.slice_at = 0;
        }
    }

    /// Gives the keys that are known, each with the time of its first record if it is forgotten some
    /// day, outside of any batch: for those who look into a checkpoint.
    pub fn show(&self, out: &mut Out<'_>) {
        for index in self.keys.indexes() {
            let record = out.buffer();
            record.push(b'[');
            record.extend_from_slice(self.keys.normal(index));
            if let Some(time) = self.times.get(index) {
                record.push(b',');
                push_integer(*time, record);
            }
            record.push(b']');
            out.finish_record();
        }
        out.finish_block();
    }

    fn held(&self) -> Held {
        let bytes = self.keys.bytes() + self.times.capacity() * size_of::<EventTime>() + self.due.bytes();
        Held { keys: Some(self.keys.len() as u64), records: None, bytes: bytes as u64 }
    }
}

impl Operator for Dedup {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        match &mut self.memory.timing {
            Some(timing) => timing.head(head).map_err(OpError::Usage),
            None => Ok(()),
        }
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut grouping = std::mem::replace(&mut self.grouping, Grouping::new(By::Nothing, None));
        let result = if self.keys.is_large() {
            grouping.chunks(block, out, |items, out| {
                fetch(items.iter(), &self.keys, |_| 0);
                items.iter().try_for_each(|item| self.take_next(item, out))
            })
        } else {
            grouping.items(block, out, |item, out| self.take_next(&item, out))
        };
        self.grouping = grouping;
        result
    }

    fn held(&self) -> Option<Held> {
        Some(self.held())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.end_batch(time, out);
        out.holds(self.held());
        out.end(time);
        Ok(())
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}

impl Dedup {
    /// The batch is over.
    fn end_batch(&mut self, time: BatchTime, out: &mut Out<'_>) {
        let watermark = match &mut self.memory.timing {
            None => i64::try_from(time.0).ok(),
            Some(timing) => {
                let watermark = timing.watermarks.end(time, out.watermark());
                out.set_watermark(watermark);
                watermark.map(|Watermark(ms)| ms)
            }
        };
        self.passed = watermark;
        if let Some(watermark) = watermark {
            self.forget(watermark);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{TimeForm, Watermarks};
    use crate::expr::Program;
    use crate::op::testing;
    use proptest::prelude::*;

    fn program(source: &str) -> Program {
        Program::parse(source, &[]).unwrap()
    }

    fn by_batch(within_ms: Option<i64>) -> Dedup {
        Dedup::new(Grouping::new(By::Record, None), Memory { within_ms, timing: None })
    }

    fn by_time(delay_ms: u64, within_ms: i64) -> Dedup {
        let watermarks = Watermarks::own(delay_ms, None);
        let timing = Some(Timing::new(Some(program(".[1]")), TimeForm::default(), watermarks));
        Dedup::new(Grouping::new(By::Program(program(".[0]")), None), Memory { within_ms: Some(within_ms), timing })
    }

    #[test]
    fn a_key_is_known_so_long_by_batches() {
        let batches = [vec!["1", "2", "1.0"], vec!["1"], vec!["1"], vec!["1", "2"]];
        let of = |mut dedup: Dedup| testing::run(&mut dedup, &batches).batches.into_iter().map(|(_, records)| records);
        assert!(of(by_batch(None)).eq([vec!["1", "2"], vec![], vec![], vec![]]));
        // Forgotten after the batch of 2000, that is at the time of its first and 1 s.
        assert!(of(by_batch(Some(1000))).eq([vec!["1", "2"], vec![], vec!["1"], vec!["2"]]));
    }

    proptest! {
        #[test]
        fn as_a_map_of_all_keys_would_do(
            batches in prop::collection::vec(prop::collection::vec((0_i64..6, 0_i64..60), 0..6), 0..20),
            delay in 0_u64..8, within in 0_i64..10, at in 0_usize..20,
        ) {
            let (mut known, mut greatest, mut watermark) = (Vec::<(i64, i64)>::new(), i64::MIN, i64::MIN);
            let mut want = Vec::new();
            for batch in &batches {
                let mut given = Vec::new();
                for (key, time) in batch {
                    greatest = greatest.max(*time);
                    if *time > watermark && !known.iter().any(|(other, _)| other == key) {
                        known.push((*key, *time));
                        given.push(format!("[{key},{time}]"));
                    }
                }
                if greatest > i64::MIN {
                    watermark = watermark.max(greatest - delay as i64);
                }
                known.retain(|(_, time)| time + within > watermark);
                want.push(given);
            }
            let batches: Vec<Vec<String>> =
                batches.iter().map(|batch| batch.iter().map(|(key, time)| format!("[{key},{time}]")).collect()).collect();
            let got = testing::run_restored(&mut || Box::new(by_time(delay, within)), &batches, at);
            prop_assert_eq!(got.into_iter().map(|(_, records)| records).collect::<Vec<_>>(), want);
        }
    }
}
