//! Partial results as records: what was aggregated of some of the records, to be merged with what
//! was aggregated of others.
//!
//! A partial result is a JSON string: the bytes of a [saved](Aggregator::save) accumulator, two
//! hexadecimal digits each. So it is exact (a sum is rounded once, when it is written), and one of
//! a sketch is the sketch. With a key it is the second of a pair.

use super::grouping::{Grouping, Item, NO_KEY, bad_or_fatal};
use super::groups::Groups;
use super::{OpError, Out};
use crate::agg::{AggError, Aggregator};
use crate::frame::Block;

/// Gives the partial result of a group.
pub fn give(groups: &Groups, index: usize, aggregator: &Aggregator, out: &mut Out<'_>) {
    let key = groups.keys.written(index);
    let mut saved = Vec::new();
    groups.accumulators.save(aggregator, index, &mut saved);
    let buffer = out.buffer();
    if key != NO_KEY {
        buffer.push(b'[');
        buffer.extend_from_slice(key);
        buffer.push(b',');
    }
    buffer.push(b'"');
    buffer.extend(saved.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(digit));
    buffer.push(b'"');
    if key != NO_KEY {
        buffer.push(b']');
    }
    out.finish_record();
}

/// Merges the partial results of a block into the groups, in order. What is none goes to `out` as
/// a bad record and leaves no trace here.
pub fn merge(
    block: Block<'_>,
    groups: &mut Groups,
    grouping: &mut Grouping,
    aggregator: &mut Aggregator,
    out: &mut Out<'_>,
) -> Result<(), OpError> {
    grouping.items(block, out, |item, out| {
        if let Err(error) = merge_item(item, groups, aggregator) {
            bad_or_fatal(item.record, &error, out)?;
        }
        Ok(())
    })
}

fn merge_item(item: Item<'_>, groups: &mut Groups, aggregator: &mut Aggregator) -> Result<(), AggError> {
    let saved = bytes(item.value).ok_or(AggError::NoPartial)?;
    let input = &mut saved.as_slice();
    let later = aggregator.load(input).map_err(|_| AggError::NoPartial)?;
    if !input.is_empty() {
        return Err(AggError::NoPartial);
    }
    let (index, is_new) = item.insert_into(&mut groups.keys);
    if is_new {
        groups.accumulators.push(aggregator);
    }
    let merged = groups.accumulators.update(index, |into| aggregator.merge(into, &later));
    if merged.is_err() && is_new {
        groups.keys.remove(index);
        groups.accumulators.pop();
    }
    merged
}

fn digit(value: u8) -> u8 {
    b"0123456789abcdef"[usize::from(value)]
}

/// The bytes that a string of hexadecimal digits stands for.
fn bytes(json: &[u8]) -> Option<Vec<u8>> {
    let digits = json.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let value = |digit: u8| (digit as char).to_digit(16).and_then(|value| u8::try_from(value).ok());
    digits
        .chunks(2)
        .map(|pair| match *pair {
            [high, low] => Some(value(high)? << 4 | value(low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::agg::{Aggregation, Aggregator, NAMES};
    use crate::op::grouping::{By, Grouping};
    use crate::op::reduce::{Partial, Reduce};
    use crate::op::testing;

    fn reduce(aggregation: &str, is_keyed: bool, is_taken: bool, is_given: bool) -> Reduce {
        let by = if is_keyed { By::Pair } else { By::Nothing };
        let aggregator = Aggregator::new(Aggregation::parse(aggregation).unwrap());
        Reduce::new(Grouping::new(by, None), aggregator).with_partial(Partial { is_taken, is_given })
    }

    fn records(mut operator: Reduce, records: &[&str]) -> Vec<String> {
        let collected = testing::run(&mut operator, &[records.to_vec()]);
        assert!(collected.bad.is_empty(), "{:?}", collected.bad);
        collected.batches.into_iter().flat_map(|(_, records)| records).collect()
    }

    #[test]
    fn parts_that_are_merged_give_what_the_whole_gives() {
        let pairs =
            [r#"["a",0.1]"#, r#"[1,1e17]"#, r#"["a",0.2]"#, r#"[1.0,1]"#, r#"["b",7]"#, r#"["a",-3]"#, r#"[1,0.25]"#];
        let values = ["0.1", "1e17", "0.2", "1", "7", "0.2", "0.25"];
        for name in NAMES {
            let aggregation = &name.replace(":N", ":2").replace(":Q", ":0.5");
            for (is_keyed, all) in [(true, pairs), (false, values)] {
                let whole = records(reduce(aggregation, is_keyed, false, false), &all);
                for cut in 0..=all.len() {
                    let mut parts = records(reduce(aggregation, is_keyed, false, true), &all[..cut]);
                    parts.extend(records(reduce(aggregation, is_keyed, false, true), &all[cut..]));
                    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
                    let again = records(reduce(aggregation, is_keyed, true, true), &parts);
                    let again: Vec<&str> = again.iter().map(String::as_str).collect();
                    for parts in [parts, again] {
                        assert_eq!(records(reduce(aggregation, is_keyed, true, false), &parts), whole, "{aggregation}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_partial_result_of_the_same_aggregation_is_a_bad_record() {
        let counts = records(reduce("count", false, false, true), &["1", "2"]);
        assert_eq!(counts, ["\"0102\""]);
        for bad in ["7", "\"01\"", "\"010\"", "\"01020\"", "\"0102ff\"", "\"zz\"", "\"0202\""] {
            let collected = testing::run(&mut reduce("count", false, true, false), &[vec![bad, "\"0102\""]]);
            assert_eq!(collected.batches[0].1, ["2"], "{bad}");
            assert!(collected.bad[0].1.contains("partial"), "{:?}", collected.bad);
        }
        assert_eq!(records(reduce("count", false, true, false), &[]), ["0"]);
    }
}
