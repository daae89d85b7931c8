//! `reduce`: aggregates each batch, all of it or key by key.

use super::grouping::{Grouping, aggregation_failed};
use super::groups::Groups;
use super::partial;
use super::{Held, OpError, Operator, Out};
use crate::agg::Aggregator;
use crate::frame::{BatchTime, Block, Close};

/// Gives the result of each batch: one a key as `[key, result]`, in order of
/// first appearance, or one of all records. Without a key an empty batch has
/// the count 0 and no other result.
pub struct Reduce {
    grouping: Grouping,
    aggregator: Aggregator,
    groups: Groups,
    partial: Partial,
}

/// Where partial results stand in the place of values and of results, so that a batch can be
/// aggregated in several places and merged in one: see [`partial`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Partial {
    /// Records are partial results, or pairs of a key and one.
    pub is_taken: bool,
    /// Partial results are given.
    pub is_given: bool,
}

impl Reduce {
    /// Takes records apart by `grouping`.
    pub fn new(grouping: Grouping, aggregator: Aggregator) -> Reduce {
        let groups = Groups::new(&aggregator);
        Reduce { grouping, aggregator, groups, partial: Partial::default() }
    }

    /// With partial results at these ends.
    #[must_use]
    pub fn with_partial(self, partial: Partial) -> Reduce {
        Reduce { partial, ..self }
    }
}

impl Operator for Reduce {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.partial.is_taken {
            return partial::merge(block, &mut self.groups, &mut self.grouping, &mut self.aggregator, out);
        }
        self.groups.add(block, &mut self.grouping, &mut self.aggregator, out)
    }

    fn held(&self) -> Option<Held> {
        Some(self.groups.held())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.partial.is_given {
            for index in self.groups.keys.indexes() {
                partial::give(&self.groups, index, &self.aggregator, out);
            }
        } else {
            if self.groups.keys.is_empty() && !self.grouping.is_keyed() {
                self.aggregator.write_of_nothing(|result| out.record(result));
            }
            for index in self.groups.keys.indexes() {
                self.groups.write(index, &self.aggregator, out);
            }
        }
        self.groups.clear();
        out.end(time);
        Ok(())
    }

    fn close(&mut self, _close: &Close, _out: &mut Out<'_>) -> Result<(), OpError> {
        self.aggregator.close().map_err(aggregation_failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agg::Aggregation;
    use crate::expr::Program;
    use crate::op::grouping::By;
    use crate::op::merge::Merge;
    use crate::op::testing;
    use crate::record;
    use proptest::prelude::*;

    fn reduce(aggregation: &str, by: By, of: Option<&str>) -> Reduce {
        let program = |source| Program::parse(source, &[]).unwrap();
        Reduce::new(Grouping::new(by, of.map(program)), Aggregator::new(Aggregation::parse(aggregation).unwrap()))
    }

    fn results(mut reduce: Reduce, batches: &[Vec<&str>]) -> Vec<Vec<String>> {
        let collected = testing::run(&mut reduce, batches);
        assert!(collected.bad.is_empty(), "{:?}", collected.bad);
        collected.batches.into_iter().map(|(_, records)| records).collect()
    }

    #[test]
    fn without_a_key_all_of_a_batch_is_one() {
        let batches = [vec!["3", "1", "2", "1"], vec![], vec!["7"]];
        let of = |aggregation| results(reduce(aggregation, By::Nothing, None), &batches);
        assert_eq!(of("count"), [vec!["4"], vec!["0"], vec!["1"]]);
        assert_eq!(of("sum"), [vec!["7"], vec![], vec!["7"]]);
        assert_eq!(of("top:2"), [vec!["3", "2"], vec![], vec!["7"]]);
        assert_eq!(of("distinct"), [vec!["3", "1", "2"], vec![], vec!["7"]]);
        assert_eq!(of("collect"), [vec!["[3,1,2,1]"], vec![], vec!["[7]"]]);
        assert_eq!(of("count-distinct"), [vec!["3"], vec![], vec!["1"]]);
    }

    #[test]
    fn records_are_ranked_by_what_is_computed_of_them() {
        let words = vec![r#"["a",3]"#, r#"["b",9]"#, r#"["c",5]"#];
        let top = reduce("top:2", By::Nothing, Some(".[1]"));
        assert_eq!(results(top, std::slice::from_ref(&words)), [["[\"b\",9]", "[\"c\",5]"]]);
        let counted = reduce("count", By::Nothing, Some(".[1] | select(. > 4)"));
        assert_eq!(results(counted, &[words, vec![]]), [["2"], ["0"]]);
    }

    #[test]
    fn keys_come_in_order_of_first_appearance_as_first_written() {
        let batches = [vec![r#"["b",1]"#, "[1.0,5]", r#"["b",2]"#, "[1,6]"], vec![], vec!["[1,7]"]];
        let sums = results(reduce("sum", By::Pair, None), &batches);
        assert_eq!(sums, [vec![r#"["b",3]"#, "[1.0,11]"], vec![], vec!["[1,7]"]]);
        let joined = Aggregator::expression(Box::new(Merge::new(Box::new(
            Program::parse("[$a, $b] | flatten", &["a", "b"]).unwrap(),
        ))));
        let joined = results(Reduce::new(Grouping::new(By::Pair, None), joined), &batches);
        assert_eq!(joined, [vec![r#"["b",[1,2]]"#, "[1.0,[5,6]]"], vec![], vec!["[1,7]"]]);
    }

    #[test]
    fn what_cannot_be_added_up_is_a_bad_record() {
        let mut sum = reduce("sum", By::Nothing, None);
        let collected = testing::run(&mut sum, &[vec!["1", "\"x\"", "2"], vec!["null"]]);
        assert_eq!(collected.batches, [(1000, vec!["3".to_owned()]), (2000, vec![])]);
        assert_eq!(collected.bad.len(), 2);
        assert!(collected.bad[0].1.contains("not a number: \"x\""), "{:?}", collected.bad);
    }

    proptest! {
        #[test]
        fn as_a_list_would_do(
            batches in prop::collection::vec(prop::collection::vec((0..6u8, -9..9i64), 0..30), 0..4),
            count: bool,
        ) {
            // Some keys have an escape, some are numbers in two forms.
            let key = |number: u8, value: i64| match number {
                0 => "\"a\\nb\"".to_owned(),
                1 => if value % 2 == 0 { "1".to_owned() } else { "1.0".to_owned() },
                other => format!("\"key {other}\""),
            };
            let pairs: Vec<Vec<String>> = batches.iter().map(|batch| {
                batch.iter().map(|(number, value)| format!("[{},{value}]", key(*number, *value))).collect()
            }).collect();
            let mut operator = reduce(if count { "count" } else { "sum" }, By::Pair, None);
            let collected = testing::run(&mut operator, &pairs);
            for (batch, (_, results)) in pairs.iter().zip(&collected.batches) {
                let mut model: Vec<(Vec<u8>, String, i64)> = Vec::new();
                for pair in batch {
                    let (key, value) = record::pair(pair.as_bytes()).unwrap();
                    let value: i64 = if count { 1 } else { String::from_utf8_lossy(value).parse().unwrap() };
                    let normal = record::normal_key(key).into_owned();
                    match model.iter_mut().find(|(known, ..)| *known == normal) {
                        Some((.., sum)) => *sum += value,
                        None => model.push((normal, String::from_utf8_lossy(key).into_owned(), value)),
                    }
                }
                let expected: Vec<String> = model.iter().map(|(_, key, sum)| format!("[{key},{sum}]")).collect();
                prop_assert_eq!(results, &expected);
            }
        }
    }
}
