//! Which keys have had no value for too long.
//!
//! Each key waits in one list, under the time of one of its batches. A list is
//! looked at when keys whose last batch it was would time out; those that had a
//! later batch move on to its list. So a batch looks at the keys of one list,
//! and at each key once a timeout, not at all keys.

use std::collections::BTreeMap;

/// Last batches of keys, by the key's index.
pub(super) struct Timeouts {
    after_ms: u64,
    /// The time of the last batch of each key; what stands at a gap means
    /// nothing.
    last_ms: Vec<u64>,
    /// Keys by the time of their last batch or of an earlier one. After gaps a
    /// key may be there twice.
    lists: BTreeMap<u64, Vec<u32>>,
}

impl Timeouts {
    /// For keys that time out when their last batch is more than `after_ms`
    /// before the present one.
    pub fn new(after_ms: u64) -> Timeouts {
        Timeouts { after_ms, last_ms: Vec::new(), lists: BTreeMap::new() }
    }

    /// The key has a value in the batch `time_ms`.
    #[inline]
    pub fn touch(&mut self, index: usize, time_ms: u64) {
        match self.last_ms.get_mut(index) {
            // The greatest: records of event time come in any order.
            Some(last_ms) => *last_ms = time_ms.max(*last_ms),
            None => {
                self.last_ms.resize(index + 1, time_ms);
                self.lists.entry(time_ms).or_default().push(index as u32);
            }
        }
    }

    /// After how long keys time out.
    pub fn after_ms(&self) -> u64 {
        self.after_ms
    }

    /// The time of the key's last batch.
    pub fn last_ms(&self, index: usize) -> u64 {
        self.last_ms.get(index).copied().unwrap_or(0)
    }

    /// Forgets all from this index on.
    pub fn truncate(&mut self, end: usize) {
        self.last_ms.truncate(end);
    }

    /// The keys that time out at the batch `now_ms`, least index first. They are
    /// given once. `is_there` tells keys from gaps.
    pub fn expired(&mut self, now_ms: u64, is_there: impl Fn(usize) -> bool) -> Vec<u32> {
        let mut expired = Vec::new();
        while let Some(list) = self.lists.first_entry().filter(|list| list.key() + self.after_ms < now_ms) {
            let (time_ms, mut list) = list.remove_entry();
            list.sort_unstable();
            list.dedup();
            for index in list {
                match self.last_ms.get(index as usize) {
                    Some(&last_ms) if is_there(index as usize) => {
                        if last_ms == time_ms {
                            expired.push(index);
                        } else {
                            self.lists.entry(last_ms).or_default().push(index);
                        }
                    }
                    _ => {}
                }
            }
        }
        expired.sort_unstable();
        expired.dedup();
        expired
    }

    /// The key with the index `order[i]` gets the index `i`; the others go.
    pub fn reorder(&mut self, order: &[u32]) {
        self.last_ms = order.iter().map(|&from| self.last_ms(from as usize)).collect();
        self.lists.clear();
        for (index, &last_ms) in self.last_ms.iter().enumerate() {
            self.lists.entry(last_ms).or_default().push(index as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_times_out_when_more_than_the_timeout_has_passed() {
        let mut timeouts = Timeouts::new(2000);
        timeouts.touch(0, 1000);
        timeouts.touch(1, 1000);
        timeouts.touch(0, 2000);
        assert_eq!(timeouts.expired(3000, |_| true), [0; 0]);
        assert_eq!(timeouts.expired(4000, |_| true), [1]);
        assert_eq!(timeouts.expired(5000, |index| index != 1), [0]);
        assert_eq!(timeouts.expired(9000, |_| false), [0; 0]);
    }

    proptest! {
        #[test]
        fn as_a_scan_of_all_keys_would_do(
            batches in prop::collection::vec(prop::collection::vec(0..12usize, 0..4), 0..40),
            after in 0..5u64,
        ) {
            let mut timeouts = Timeouts::new(after * 1000);
            // Key to index and last batch; keys get indexes as they come.
            let mut model: Vec<Option<(usize, u64)>> = Vec::new();
            for (number, keys) in batches.into_iter().enumerate() {
                let now_ms = (number as u64 + 1) * 1000;
                for key in keys {
                    let there = model.iter().position(|entry| entry.is_some_and(|(known, _)| known == key));
                    let index = there.unwrap_or(model.len());
                    timeouts.touch(index, now_ms);
                    model.resize(model.len().max(index + 1), None);
                    model[index] = Some((key, now_ms));
                }
                let expired = timeouts.expired(now_ms, |index| model[index].is_some());
                let is_due = |entry: &Option<(usize, u64)>| entry.is_some_and(|(_, last)| now_ms - last > after * 1000);
                let expected: Vec<u32> = (0..model.len() as u32).filter(|&i| is_due(&model[i as usize])).collect();
                prop_assert_eq!(&expired, &expected);
                expired.iter().for_each(|&index| model[index as usize] = None);
                if number % 7 == 6 {
                    let order: Vec<u32> = (0..model.len() as u32).filter(|&i| model[i as usize].is_some()).collect();
                    timeouts.reorder(&order);
                    model.retain(Option::is_some);
                }
            }
        }
    }
}
