//! How many keys, or records, that are on disk are over when.

use std::collections::BTreeMap;

use super::temporary;
use crate::event::{EventTime, ordered};
use crate::store::Result;
use crate::store::sorter::Sorter;
use crate::varint;

/// What is taken of memory for the keys that are over at one time, about.
const TIME_BYTES: usize = 32;

/// How many keys are over at which time, in a few bytes a time.
pub struct Ends {
    counts: BTreeMap<EventTime, u64>,
    /// What memory has no room for: numbers of keys, each behind a number that no other has.
    more: Sorter,
    number: u64,
    memory: usize,
    /// What was reached, and how many were over already when they came.
    reached: EventTime,
    overdue: u64,
    /// How many there are.
    len: u64,
}

impl Ends {
    /// Of no keys, with about so many bytes in memory.
    pub fn new(memory: usize) -> Ends {
        Ends {
            counts: BTreeMap::new(),
            more: Sorter::new(temporary(), memory / 2),
            number: 0,
            memory,
            reached: EventTime::MIN,
            overdue: 0,
            len: 0,
        }
    }

    /// How many are not over.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// A key is over at that time: if that was reached, when a time is reached next.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn add(&mut self, time: EventTime) -> Result<()> {
        self.len += 1;
        if time <= self.reached {
            self.overdue += 1;
            return Ok(());
        }
        *self.counts.entry(time).or_default() += 1;
        if self.counts.len() * TIME_BYTES <= self.memory / 2 {
            return Ok(());
        }
        for (time, count) in std::mem::take(&mut self.counts) {
            let mut sorted = self.number.to_be_bytes().to_vec();
            varint::push(count, &mut sorted);
            self.more.push(ordered(time), &sorted, &[])?;
            self.number += 1;
        }
        Ok(())
    }

    /// Takes away those that are over at `time`: how many they are.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn reach(&mut self, time: EventTime) -> Result<u64> {
        let mut over = std::mem::take(&mut self.overdue);
        self.reached = self.reached.max(time);
        while let Some(first) = self.counts.first_entry().filter(|first| *first.key() <= time) {
            over += first.remove();
        }
        if self.number > 0 {
            let to = ordered(time).saturating_add(1);
            let mut count = |_: u64, sorted: &[u8]| over += varint::take(&mut &sorted[size_of::<u64>()..]).unwrap_or(0);
            while self.more.pop(to, usize::MAX, &mut count)? {}
        }
        self.len -= over;
        Ok(over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_is_counted_once_when_its_time_is_reached(
            rounds in prop::collection::vec((prop::collection::vec(-9..40_i64, 0..40), -10..10_i64), 1..12),
            memory in 1..4000usize,
        ) {
            let (mut ends, mut there, mut now) = (Ends::new(memory), Vec::new(), -50);
            for (times, forward) in rounds {
                for time in times {
                    ends.add(now + 1 + time).unwrap();
                    there.push(now + 1 + time);
                }
                now += forward.max(0);
                let over = there.extract_if(.., |time| *time <= now).count();
                prop_assert_eq!((ends.reach(now).unwrap(), ends.len()), (over as u64, there.len() as u64));
            }
        }
    }
}
