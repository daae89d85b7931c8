//! `dedup`: the first record of each key, as Spark's `dropDuplicates` and
//! `dropDuplicatesWithinWatermark`.
//!
//! The first is the first to arrive; a duplicate does not renew its key. A key is forgotten once the
//! watermark after a batch has reached the time of its first record and what `--within` says; by
//! batch times the watermark is that of the batch. A record that is not after the watermark from
//! before its batch is late, be its key known or not.
//!
//! A key takes its bytes and about 40 more, the time of its first record among them.

use std::io;

use super::due::Due;
use super::durable::Durable;
use super::grouping::{By, Grouping, Item};
use super::groups::fetch;
use super::key_table::KeyTable;
use super::timed::timely;
use super::{Held, OpError, Operator, Out};
use crate::event::{EventTime, Timing};
use crate::frame::{BatchTime, Block, Head, Watermark};
use crate::keyed_state::{KeyedState, PairOut};
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
    journal: Option<Journal>,
}

/// What a checkpoint has not seen yet.
#[derive(Default)]
struct Journal {
    /// From this index on keys are new.
    new_from: usize,
    dropped: Vec<Box<[u8]>>,
    slice_at: usize,
}

/// The key in a checkpoint of what belongs to no key: JSON does not begin so.
const WATERMARK: &[u8] = b"\0watermark";

impl Dedup {
    /// Takes keys by `grouping`.
    pub fn new(grouping: Grouping, memory: Memory) -> Dedup {
        let (keys, due) = (KeyTable::new(), Due::default());
        Dedup { grouping, memory, keys, times: Vec::new(), due, journal: None }
    }

    /// Gives a record if its key is not known, and it is not the one that was `given` last.
    fn take(&mut self, item: &Item<'_>, given: &mut Option<*const u8>, out: &mut Out<'_>) -> Result<(), OpError> {
        let time = match &mut self.memory.timing {
            None => i64::try_from(out.time().0).unwrap_or(i64::MAX),
            Some(timing) => match timely(timing, item.record, out)? {
                Some(time) => time,
                None => return Ok(()),
            },
        };
        let (index, is_new) = item.insert_into(&mut self.keys);
        if is_new {
            self.came(index, time);
            // A record of several keys is given once.
            if given.replace(item.record.as_ptr()) != Some(item.record.as_ptr()) {
                out.record(item.record);
            }
        }
        Ok(())
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
        let mut given = None;
        let result = if self.keys.is_large() {
            grouping.chunks(block, out, |items, out| {
                fetch(items.iter(), &self.keys, |_| 0);
                items.iter().try_for_each(|item| self.take(item, &mut given, out))
            })
        } else {
            grouping.items(block, out, |item, out| self.take(&item, &mut given, out))
        };
        self.grouping = grouping;
        result
    }

    fn held(&self) -> Option<Held> {
        Some(self.held())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let watermark = match &mut self.memory.timing {
            None => i64::try_from(time.0).ok(),
            Some(timing) => {
                let watermark = timing.watermarks.end(time, out.watermark());
                out.set_watermark(watermark);
                watermark.map(|Watermark(ms)| ms)
            }
        };
        if let Some(watermark) = watermark {
            self.forget(watermark);
        }
        out.holds(self.held());
        out.end(time);
        Ok(())
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}

impl Dedup {
    fn give_watermark(&self, out: &mut PairOut<'_>) {
        if let Some(timing) = &self.memory.timing {
            let mut saved = Vec::new();
            timing.watermarks.save(&mut saved);
            out(WATERMARK, Some(&saved));
        }
    }

    /// Gives a key, in normal form, and the time of its first record.
    fn give_key(&self, index: usize, out: &mut PairOut<'_>) {
        let time = self.times.get(index).map(|time| time.to_le_bytes());
        out(self.keys.normal(index), Some(time.as_ref().map_or(&[][..], |time| time)));
    }
}

impl KeyedState for Dedup {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        // A key that was forgotten and came again is new, so what is forgotten goes first.
        journal.dropped.drain(..).for_each(|key| out(&key, None));
        let new_from = std::mem::replace(&mut journal.new_from, self.keys.end());
        for index in (new_from..self.keys.end()).filter(|index| self.keys.contains(*index)) {
            self.give_key(index, out);
        }
        self.give_watermark(out);
        Ok(())
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        let slice_at = self.journal.as_ref().map_or(0, |journal| journal.slice_at);
        let mut index = if from_start { 0 } else { slice_at };
        let mut given = 0;
        while index < self.keys.end() && given < bytes {
            if self.keys.contains(index) {
                given += self.keys.normal(index).len() + size_of::<EventTime>();
                self.give_key(index, out);
            }
            index += 1;
        }
        self.give_watermark(out);
        if let Some(journal) = &mut self.journal {
            journal.slice_at = index;
        }
        index >= self.keys.end()
    }

    fn live_bytes(&self) -> u64 {
        (self.keys.key_bytes() + self.keys.len() * size_of::<EventTime>()) as u64
    }
}

impl Durable for Dedup {
    fn track(&mut self, _is_restored: bool) {
        self.journal = Some(Journal::default());
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        let damaged = || OpError::Damaged { what: "an entry is none of dedup".to_owned() };
        if key == WATERMARK {
            let (Some(timing), Some(saved)) = (&mut self.memory.timing, entry) else { return Err(damaged()) };
            return if timing.watermarks.load(saved) { Ok(()) } else { Err(damaged()) };
        }
        let Some(entry) = entry else {
            if let Some(index) = self.keys.find_normal(key) {
                self.keys.remove(index);
                self.times.truncate(self.keys.end());
            }
            return Ok(());
        };
        let (index, _) = self.keys.insert(key);
        if self.memory.within_ms.is_some() {
            let time = EventTime::from_le_bytes(entry.try_into().map_err(|_| damaged())?);
            if index >= self.times.len() {
                self.times.resize(index + 1, 0);
            }
            self.times[index] = time;
        }
        Ok(())
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        let Some(within_ms) = self.memory.within_ms else {
            self.journal = Some(Journal { new_from: self.keys.end(), ..Journal::default() });
            return Ok(());
        };
        let indexes: Vec<usize> = self.keys.indexes().collect();
        for index in indexes {
            self.due.push(self.times[index].saturating_add(within_ms), index as u32);
        }
        self.journal = Some(Journal { new_from: self.keys.end(), ..Journal::default() });
        Ok(())
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
