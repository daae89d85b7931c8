//! Windows against a naive model: every window is made anew from all batches.

use proptest::prelude::*;

use super::*;
use crate::agg::{Aggregation, Aggregator};
use crate::expr::Program;
use crate::frame::Reason;
use crate::op::Operator;
use crate::op::grouping::{By, Grouping};
use crate::op::merge::Merge;
use crate::op::testing::{self, try_run};

type Batches = Vec<Vec<String>>;

fn texts(batches: &[&[&str]]) -> Batches {
    batches.iter().map(|batch| batch.iter().map(|record| record.to_string()).collect()).collect()
}

fn time_window(length: u64, slide: u64, panes: impl Panes + 'static) -> TimeWindow {
    TimeWindow::new((length * 1000).into(), Some((slide * 1000).into()), Box::new(panes))
}

fn fold(aggregation: &str, grouping: Grouping) -> Fold {
    Fold::new(Aggregator::new(Aggregation::parse(aggregation).unwrap()), grouping)
}

/// The windows of a stream that ended: time and the batches in it, by index.
fn windows(batches: usize, length: usize, slide: usize) -> Vec<(u64, Vec<usize>)> {
    let last = batches.div_ceil(slide) * slide;
    let held = |due: usize| (due.saturating_sub(length)..due.min(batches)).collect::<Vec<_>>();
    let mut given: Vec<(u64, Vec<usize>)> =
        (slide..=last).step_by(slide).map(|due| (due as u64 * 1000, held(due))).collect();
    // The one that came at the close only counts if it holds a batch that no
    // window held before.
    let before = batches / slide * slide;
    if last > batches && !held(last).iter().any(|batch| *batch >= before) {
        given.pop();
    }
    given
}

fn model(
    batches: &Batches,
    length: usize,
    slide: usize,
    result: impl Fn(&[&String]) -> Vec<String>,
) -> Vec<(u64, Vec<String>)> {
    windows(batches.len(), length, slide)
        .into_iter()
        .map(|(time, held)| {
            let records: Vec<&String> = held.iter().flat_map(|batch| &batches[*batch]).collect();
            (time, result(&records))
        })
        .collect()
}

/// Keys and values of pairs, in order of first appearance; 1 and 1.0 are one.
fn grouped<'a>(records: &[&'a String]) -> Vec<(&'a str, Vec<&'a str>)> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for record in records {
        let (key, value) = record[1..record.len() - 1].rsplit_once(',').unwrap();
        let normal = |key: &str| if key == "1.0" { "1".to_owned() } else { key.to_owned() };
        match groups.iter_mut().find(|(other, _)| normal(other) == normal(key)) {
            Some((_, values)) => values.push(value),
            None => groups.push((key, vec![value])),
        }
    }
    groups
}

fn pairs() -> impl Strategy<Value = Batches> {
    let pair = (prop_oneof![Just("1"), Just("1.0"), Just("\"a\""), Just("[2]"), Just("\"b\"")], -9i64..10)
        .prop_map(|(key, value)| format!("[{key},{value}]"));
    prop::collection::vec(prop::collection::vec(pair, 0..5), 0..14)
}

fn result_of(name: &str, values: &[&str]) -> String {
    let numbers: Vec<i64> = values.iter().map(|value| value.parse().unwrap()).collect();
    match name {
        "count" => values.len().to_string(),
        "sum" => numbers.iter().sum::<i64>().to_string(),
        "min" => numbers.iter().min().unwrap().to_string(),
        "max" => numbers.iter().max().unwrap().to_string(),
        "first" => values[0].to_owned(),
        "last" => values[values.len() - 1].to_owned(),
        "collect" => format!("[{}]", values.join(",")),
        "top:2" => {
            let mut sorted = numbers.clone();
            sorted.sort_by_key(|number| std::cmp::Reverse(*number));
            sorted.truncate(2);
            format!("[{}]", sorted.iter().map(i64::to_string).collect::<Vec<_>>().join(","))
        }
        _ => unreachable!(),
    }
}

proptest! {
    #[test]
    fn a_plain_window_is_its_batches_one_after_the_other(
        batches in prop::collection::vec(prop::collection::vec("[0-9]{1,3}", 0..6), 0..14), length in 1usize..6, slide in 1usize..6
    ) {
        let mut window = time_window(length as u64, slide as u64, Plain::new(if length == 2 { 0 } else { 1 << 20 }));
        let want = model(&batches, length, slide, |records| records.iter().map(|record| record.to_string()).collect());
        prop_assert_eq!(testing::run(&mut window, &batches).batches, want);
    }

    #[test]
    fn a_count_is_the_number_of_records(
        batches in prop::collection::vec(prop::collection::vec("[0-9]{1,3}", 0..6), 0..14), length in 1usize..6, slide in 1usize..6
    ) {
        let want = model(&batches, length, slide, |records| vec![records.len().to_string()]);
        let mut window = time_window(length as u64, slide as u64, fold("count", Grouping::new(By::Nothing, None)));
        prop_assert_eq!(testing::run(&mut window, &batches).batches, want);
    }

    #[test]
    fn what_slides_is_what_is_made_anew(batches in pairs(), length in 1usize..6, slide in 1usize..6) {
        for name in ["count", "sum", "min", "max", "first", "last", "collect", "top:2"] {
            let want = model(&batches, length, slide, |records| {
                grouped(records).iter().map(|(key, values)| format!("[{key},{}]", result_of(name, values))).collect()
            });
            let mut window = time_window(length as u64, slide as u64, fold(name, Grouping::new(By::Pair, None)));
            prop_assert_eq!(testing::run(&mut window, &batches).batches, want, "{}", name);
        }
    }

    #[test]
    fn a_window_of_records_is_the_newest(
        batches in prop::collection::vec(prop::collection::vec("[0-9]{1,3}", 0..9), 0..9), length in 1usize..9, slide in 1usize..9
    ) {
        let mut window = RecordWindow::new(length as u64, slide as u64, Box::new(Plain::new(if length == 2 { 0 } else { 1 << 20 })));
        let mut sums = RecordWindow::new(length as u64, slide as u64, Box::new(fold("sum", Grouping::new(By::Nothing, None))));
        let mut all: Vec<String> = Vec::new();
        let mut want: Vec<(u64, Vec<String>)> = Vec::new();
        let mut want_sums = Vec::new();
        let window_at = |all: &[String], end: usize| all[end.saturating_sub(length).min(all.len())..].to_vec();
        let push = |records: Vec<String>, batch: &mut (Vec<String>, Vec<String>)| {
            batch.0.push(format!("[{}]", records.join(",")));
            if !records.is_empty() {
                batch.1.push(records.iter().map(|n| n.parse::<u64>().unwrap()).sum::<u64>().to_string());
            }
        };
        // Leading zeros are no JSON, and 07 is no number.
        let batches: Batches = batches.iter().map(|batch| batch.iter().map(|n| n.parse::<u64>().unwrap().to_string()).collect()).collect();
        for (index, batch) in batches.iter().enumerate() {
            let mut given = (Vec::new(), Vec::new());
            for record in batch {
                all.push(record.clone());
                if all.len().is_multiple_of(slide) {
                    push(window_at(&all, all.len()), &mut given);
                }
            }
            want.push((index as u64 * 1000 + 1000, given.0));
            want_sums.push((index as u64 * 1000 + 1000, given.1));
        }
        if !all.len().is_multiple_of(slide) {
            let mut given = (Vec::new(), Vec::new());
            push(window_at(&all, all.len().div_ceil(slide) * slide), &mut given);
            want.push((batches.len() as u64 * 1000 + 1000, given.0));
            want_sums.push((batches.len() as u64 * 1000 + 1000, given.1));
        }
        prop_assert_eq!(testing::run(&mut window, &batches).batches, want);
        prop_assert_eq!(testing::run(&mut sums, &batches).batches, want_sums);
    }
}

#[test]
fn the_count_rises_holds_and_falls_to_zero() {
    let batches = texts(&[&["1", "2"], &["3"], &[], &[], &[], &[]]);
    let mut window = time_window(3, 1, fold("count", Grouping::new(By::Nothing, None)));
    let counts: Vec<String> =
        testing::run(&mut window, &batches).batches.into_iter().flat_map(|batch| batch.1).collect();
    assert_eq!(counts, ["2", "3", "3", "1", "0", "0"]);
}

#[test]
fn a_window_that_is_no_multiple_is_refused() {
    let mut window = TimeWindow::new(2500.into(), None, Box::new(fold("count", Grouping::new(By::Nothing, None))));
    let error = try_run::<&str>(&mut window, 1000, &[], Reason::Eof).err().unwrap();
    assert!(error.to_string().contains("2s or 3s"), "{error}");
}

#[test]
fn distinct_and_top_without_a_key_are_records() {
    let batches = texts(&[&["3", "1"], &["1.0", "2"], &["3"]]);
    let run = |name: &str| {
        testing::run(&mut time_window(2, 1, fold(name, Grouping::new(By::Nothing, None))), &batches).batches
    };
    assert_eq!(run("distinct")[1].1, ["3", "1", "2"]);
    assert_eq!(run("distinct")[2].1, ["1.0", "2", "3"]);
    assert_eq!(run("top:2")[1].1, ["3", "2"]);
    assert_eq!(run("max")[2].1, ["3"]);
}

#[test]
fn sums_stay_exact_however_far_the_window_slides() {
    let mut window = time_window(3, 1, fold("sum", Grouping::new(By::Nothing, None)));
    let batches: Batches =
        (0..3000).map(|n: i64| vec![["1e20", "0.1", "-1e20", "0.2", "3e-9"][(n % 5) as usize].to_owned()]).collect();
    let sums = testing::run(&mut window, &batches).batches;
    assert_eq!(sums[2999].1, ["-99999999999999999999.799999997"]);
    assert_eq!(sums[2993].1, ["-99999999999999999999.7"]);
    assert_eq!(sums[2998].1, ["-99999999999999999999.7"]);
}

/// An expression that fails on some values, so that panes cannot be merged.
fn failing() -> Aggregator {
    let source = "if $a + $b == 7 then error(\"seven\") else $a + $b end";
    Aggregator::expression(Box::new(Merge::new(Box::new(Program::parse(source, &["a", "b"]).unwrap()))))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn several_threads_give_what_one_gives(
        batches in prop::collection::vec(prop::collection::vec(("[a-h]|1|1\\.0", -9_i64..10), 0..12), 0..12),
        (length, slide) in (1_u64..6, 1_u64..6),
        threads in 2_usize..5,
        of_records: bool,
    ) {
        let record = |(key, value): &(String, i64)| match key.as_str() {
            "h" => format!("[{value}]"),
            "1" | "1.0" => format!("[{key},{value}]"),
            _ => format!("[\"{key}\",{}]", if *value == 9 { "\"x\"".to_owned() } else { value.to_string() }),
        };
        let batches: Vec<Vec<String>> = batches.iter().map(|batch| batch.iter().map(record).collect()).collect();
        for name in ["count", "sum", "max", "collect", "failing"] {
            let grouping = Grouping::new(By::Pair, None);
            let one = || match name {
                "failing" => Fold::new(failing(), grouping.clone()),
                name => fold(name, grouping.clone()),
            };
            let run = |panes: Box<dyn Panes>| {
                let mut window: Box<dyn Operator> = match of_records {
                    true => Box::new(RecordWindow::new(length, slide, panes)),
                    false => Box::new(TimeWindow::new((length * 1000).into(), Some((slide * 1000).into()), panes)),
                };
                try_run(window.as_mut(), 1000, &batches, Reason::Eof).unwrap()
            };
            let folds = (0..threads).map(|_| one()).collect();
            let several = run(Box::new(ShardedFold::new(grouping.clone(), folds).in_pieces_of(16)));
            let one = run(Box::new(one()));
            prop_assert_eq!(one.batches, several.batches, "{}", name);
            prop_assert_eq!(one.bad, several.bad, "{}", name);
        }
    }
}
