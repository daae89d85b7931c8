//! Keys, each with its accumulator: the records of a batch, or of more, grouped.

use super::grouping::{Grouping, Item, NO_KEY, bad_or_fatal};
use super::key_table::{KeyHasher, KeyTable};
use super::{Held, OpError, Out};
use crate::agg::{Accumulators, Aggregator};
use crate::frame::Block;

/// Groups, in order of first appearance. Without a key there is at most one,
/// with the key [`NO_KEY`].
pub struct Groups {
    /// The keys.
    pub keys: KeyTable,
    /// What was aggregated, by the key's index.
    pub accumulators: Accumulators,
}

impl Groups {
    /// No groups, of what `aggregator` works on.
    pub fn new(aggregator: &Aggregator) -> Groups {
        Groups { keys: KeyTable::new(), accumulators: Accumulators::new(aggregator) }
    }

    /// The same, whose keys may be given with the hashes of `hasher`.
    pub fn hashed_by(hasher: KeyHasher, aggregator: &Aggregator) -> Groups {
        Groups { keys: KeyTable::hashed_by(hasher), ..Groups::new(aggregator) }
    }

    /// Adds the records of a block. Those that cannot be grouped or aggregated
    /// go to `out` as bad ones and leave no trace here.
    pub fn add(
        &mut self,
        block: Block<'_>,
        grouping: &mut Grouping,
        aggregator: &mut Aggregator,
        out: &mut Out<'_>,
    ) -> Result<(), OpError> {
        let Groups { keys, accumulators } = self;
        if !grouping.is_keyed() && grouping.is_one_to_one() && accumulators.is_counting() {
            if keys.is_empty() {
                keys.insert_normal(NO_KEY);
                accumulators.push(aggregator);
            }
            accumulators.add_count(0, block.records);
            return Ok(());
        }
        if keys.is_large() {
            return grouping.chunks(block, out, |items, out| {
                fetch(items.iter(), keys, |index| accumulators.fetch(index));
                items.iter().try_for_each(|item| add_item(*item, keys, accumulators, aggregator, out))
            });
        }
        if grouping.is_of_records() && accumulators.is_counting() {
            // What is done with each is so little that an item for it would cost as much.
            for (record, is_normal) in grouping.records(block) {
                let (index, is_new) = match is_normal {
                    true => keys.insert_within(record, block.bytes, None),
                    false => keys.insert(record),
                };
                if is_new {
                    accumulators.push(aggregator);
                }
                accumulators.add_count(index, u64::from(!aggregator.passes_over(record)));
            }
            return Ok(());
        }
        grouping.items(block, out, |item, out| add_item(item, keys, accumulators, aggregator, out))
    }

    /// Adds items that have numbers; `firsts` is, by index, the number of the item with which each key
    /// came first. Bad ones go to `out` in the place of their number.
    pub fn add_numbered(
        &mut self,
        items: &[(u64, Item<'_>)],
        firsts: &mut Vec<u64>,
        aggregator: &mut Aggregator,
        out: &mut Out<'_>,
    ) -> Result<(), OpError> {
        let Groups { keys, accumulators } = self;
        if keys.is_large() {
            fetch(items.iter().map(|(_, item)| item), keys, |index| accumulators.fetch(index));
        }
        for (number, item) in items {
            out.set_place(*number);
            add_item(*item, keys, accumulators, aggregator, out)?;
            if keys.end() > firsts.len() {
                firsts.push(*number);
            }
        }
        Ok(())
    }

    /// Writes the result of a group: with a key `[key, result]`, else the
    /// result, or the records of one that is records.
    pub fn write(&self, index: usize, aggregator: &Aggregator, out: &mut Out<'_>) {
        let key = self.keys.written(index);
        write_result(key, &self.accumulators, index, aggregator, out);
    }

    /// How much that is.
    pub fn held(&self) -> Held {
        let bytes = self.keys.bytes() + self.accumulators.bytes();
        Held { keys: Some(self.keys.len() as u64), records: None, bytes: bytes as u64 }
    }

    /// Removes all groups and keeps the room they took.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.accumulators.clear();
    }
}

/// Fetches what is known of the keys of several items, see [`KeyTable::fetch`].
pub fn fetch<'i>(items: impl Iterator<Item = &'i Item<'i>>, keys: &KeyTable, fetch: impl FnMut(usize) -> u64) {
    keys.fetch(items.filter(|item| item.is_normal).map(|item| (item.key, item.outer, item.hash)), fetch);
}

/// Adds an item to its group, which is a new one if need be; a bad one goes to `out` and leaves no trace.
#[inline]
pub fn add_item(
    item: Item<'_>,
    keys: &mut KeyTable,
    accumulators: &mut Accumulators,
    aggregator: &mut Aggregator,
    out: &mut Out<'_>,
) -> Result<(), OpError> {
    let (index, is_new) = group_of(&item, keys, accumulators, aggregator);
    if accumulators.is_counting() {
        accumulators.add_count(index, u64::from(!aggregator.passes_over(item.value)));
        return Ok(());
    }
    if let Err(error) = accumulators.add_by(aggregator, index, item.value, item.ranked) {
        if is_new {
            keys.remove(index);
            accumulators.pop();
        }
        bad_or_fatal(item.record, &error, out)?;
    }
    Ok(())
}

/// The index of an item's group, which is a new one if need be, and whether it
/// is.
#[inline]
fn group_of(
    item: &Item<'_>,
    keys: &mut KeyTable,
    accumulators: &mut Accumulators,
    aggregator: &Aggregator,
) -> (usize, bool) {
    let (index, is_new) = item.insert_into(keys);
    if is_new {
        accumulators.push(aggregator);
    }
    (index, is_new)
}

/// Gives the result of the accumulator at `index`: with a key `[key, result]`,
/// else the result, or the records of one that is records.
#[inline]
pub fn write_result(key: &[u8], accumulators: &Accumulators, index: usize, aggregator: &Aggregator, out: &mut Out<'_>) {
    if key == NO_KEY {
        accumulators.write_each(aggregator, index, |record| out.record(record));
        return;
    }
    if push_pair(key, accumulators, index, aggregator, out.buffer()) {
        out.finish_record();
    }
}

/// Appends `[key, result]` of the accumulator at `index`, if it has a result; whether it has.
#[inline]
pub fn push_pair(
    key: &[u8],
    accumulators: &Accumulators,
    index: usize,
    aggregator: &Aggregator,
    buffer: &mut Vec<u8>,
) -> bool {
    let start = buffer.len();
    buffer.push(b'[');
    buffer.extend_from_slice(key);
    buffer.push(b',');
    let has_result = accumulators.write(aggregator, index, buffer);
    if has_result {
        buffer.push(b']');
    } else {
        buffer.truncate(start);
    }
    has_result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agg::Aggregation;
    use crate::frame::BatchTime;
    use crate::op::grouping::By;
    use crate::op::testing::Collected;

    #[test]
    fn records_are_grouped_and_bad_ones_leave_no_trace() {
        let mut aggregator = Aggregator::new(Aggregation::Sum);
        let mut grouping = Grouping::new(By::Pair, None);
        let mut groups = Groups::new(&aggregator);
        let bytes = b"[\"b\",\"x\"]\n[1.0,1]\n[\"b\",2]\n[1,3]\n[1,null]\n";
        let block = Block { time: BatchTime(1), records: 5, bytes };
        let mut collected = Collected::default();
        let mut out = Out::new(&mut collected);
        out.set_time(BatchTime(1));
        groups.add(block, &mut grouping, &mut aggregator, &mut out).unwrap();
        for index in groups.keys.indexes() {
            groups.write(index, &aggregator, &mut out);
        }
        out.end(BatchTime(1));
        assert_eq!(collected.batches[0].1, ["[1.0,4]", "[\"b\",2]"]);
        let bad: Vec<_> = collected.bad.iter().map(|(record, _)| record.as_str()).collect();
        assert_eq!(bad, ["[\"b\",\"x\"]", "[1,null]"]);
        groups.clear();
        assert_eq!((groups.keys.end(), groups.accumulators.len()), (0, 0));
    }
}
