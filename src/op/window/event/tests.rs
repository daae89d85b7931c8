//! Windows of event time beside a model of a few lines: a sort and a group-by.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::agg::Aggregation;
use crate::event::{TimeForm, Watermarks};
use crate::frame::Reason;
use crate::interval::Extent;
use crate::op::grouping::By;
use crate::op::testing;

/// A record `[key,time,value]`.
type Row = (i64, i64, i64);

fn program(source: &str) -> Program {
    Program::parse(source, &[]).unwrap()
}

struct Shape {
    aggregation: &'static str,
    delay_ms: u64,
    emit: Emit,
}

fn window(windows: Windows, shape: &Shape) -> EventWindow {
    let watermarks = Watermarks::own(shape.delay_ms, None);
    EventWindow::new(Options {
        windows,
        timing: Some(Timing::new(Some(program(".[1]")), TimeForm::default(), watermarks)),
        emit: shape.emit,
        grouping: Grouping::new(By::Program(program(".[0]")), Some(program(".[2]"))),
        aggregator: Aggregator::new(Aggregation::parse(shape.aggregation).unwrap()).passing_null(),
        time_output: TimeOutput::Milliseconds,
    })
}

fn sliding(length: u64, slide: u64) -> Windows {
    Windows::Paned(Layout::sliding(Extent::Plain(length), Extent::Plain(slide), 0, None).unwrap())
}

fn sessions(gap_ms: i64) -> Windows {
    Windows::Sessions { gap: Gap::Fixed(gap_ms), most_ms: None }
}

fn texts(batches: &[Vec<Row>]) -> Vec<Vec<String>> {
    let text = |(key, time, value): &Row| format!("[{key},{time},{value}]");
    batches.iter().map(|batch| batch.iter().map(text).collect()).collect()
}

/// What an aggregation is of these values, in the order in which they arrived.
fn aggregated(aggregation: &str, values: &[i64]) -> String {
    match aggregation {
        "count" => values.len().to_string(),
        "sum" => values.iter().sum::<i64>().to_string(),
        "max" => values.iter().max().unwrap().to_string(),
        "first" => values[0].to_string(),
        "last" => values[values.len() - 1].to_string(),
        _ => format!("[{}]", values.iter().map(i64::to_string).collect::<Vec<_>>().join(",")),
    }
}

fn result(key: i64, (start, end): (i64, i64), result: &str) -> String {
    format!("{{\"start\":{start},\"end\":{end},\"key\":{key},\"result\":{result}}}")
}

/// Closed windows, batch by batch and at the close, by going over all records each time.
fn model(batches: &[Vec<Row>], (length, slide): (i64, i64), shape: &Shape) -> Vec<Vec<String>> {
    let mut open: BTreeMap<(i64, i64), Vec<i64>> = BTreeMap::new();
    let (mut greatest, mut watermark) = (i64::MIN, i64::MIN);
    let mut given = Vec::new();
    for batch in batches {
        for (key, time, value) in batch {
            greatest = greatest.max(*time);
            let starts =
                (-100..200).map(|number| number * slide).filter(|start| (*start..start + length).contains(time));
            for start in starts.filter(|start| start + length > watermark) {
                open.entry((start, *key)).or_default().push(*value);
            }
        }
        if greatest > i64::MIN {
            watermark = watermark.max(greatest - shape.delay_ms as i64);
        }
        given.push(closed(&mut open, length, watermark, shape));
    }
    given.push(closed(&mut open, length, i64::MAX, shape));
    given
}

fn closed(open: &mut BTreeMap<(i64, i64), Vec<i64>>, length: i64, watermark: i64, shape: &Shape) -> Vec<String> {
    let over: Vec<_> = open.keys().filter(|(start, _)| start + length <= watermark).copied().collect();
    let give = |(start, key)| {
        let values = open.remove(&(start, key)).unwrap();
        result(key, (start, start + length), &aggregated(shape.aggregation, &values))
    };
    over.into_iter().map(give).collect()
}

/// Sorted, since keys come as they came first and in the model by size.
fn sorted(batches: Vec<(u64, Vec<String>)>) -> Vec<Vec<String>> {
    let sort = |(_, mut records): (u64, Vec<String>)| {
        records.sort();
        records
    };
    batches.into_iter().map(sort).collect()
}

fn rows() -> impl Strategy<Value = Vec<Vec<Row>>> {
    let row = (0_i64..3, -20_i64..60, -5_i64..6);
    prop::collection::vec(prop::collection::vec(row, 0..6), 0..14)
}

const AGGREGATIONS: [&str; 6] = ["count", "sum", "max", "first", "last", "collect"];

proptest! {
    #[test]
    fn windows_are_a_group_by_of_what_was_not_late(
        batches in rows(), length in 1_u64..40, slide in 1_u64..14, delay_ms in 0_u64..12, aggregation in 0..AGGREGATIONS.len()
    ) {
        let shape = Shape { aggregation: AGGREGATIONS[aggregation], delay_ms, emit: Emit::Closed };
        let mut operator = window(sliding(length, slide), &shape);
        let got = testing::try_run(&mut operator, 1000, &texts(&batches), Reason::Eof).unwrap();
        let mut want = model(&batches, (length as i64, slide as i64), &shape);
        want.iter_mut().for_each(|records| records.sort());
        if want.last().is_some_and(Vec::is_empty) {
            want.pop();
        }
        prop_assert_eq!(sorted(got.batches), want);
        prop_assert_eq!(operator.held().keys, Some(0), "nothing is left");
    }

    #[test]
    fn restored_anywhere_they_are_undisturbed(
        batches in rows(), length in 1_u64..14, slide in 1_u64..14, delay_ms in 0_u64..12,
        aggregation in 0..AGGREGATIONS.len(), at in 0_usize..14, kind in 0..3,
    ) {
        let emit = [Emit::Closed, Emit::Changed, Emit::All][(length as usize + at) % 3];
        let shape = Shape { aggregation: AGGREGATIONS[aggregation], delay_ms, emit };
        let mut make = || -> Box<dyn Operator> {
            Box::new(match kind {
                0 => window(sliding(length, slide), &shape),
                1 => window(sessions(length as i64), &shape),
                _ => {
                    let (length, step) = (Extent::Plain(length * slide), Extent::Plain(slide));
                    window(Windows::Paned(Layout::cumulating(length, step, 0, None).unwrap()), &shape)
                }
            })
        };
        let batches = texts(&batches);
        let whole = testing::run_restored(&mut make, &batches, usize::MAX);
        prop_assert_eq!(testing::run_restored(&mut make, &batches, at), whole);
    }

    #[test]
    fn any_order_that_the_watermark_allows_gives_the_same_windows(
        rows in prop::collection::vec((0_i64..3, 0_i64..60, 0_i64..1), 1..30), moves in prop::collection::vec(0_i64..10, 30)
    ) {
        // No record comes more than 10 ms after a later one: none is late.
        let mut moved: Vec<(i64, Row)> = rows.iter().zip(&moves).map(|(row, by)| (row.1 + by, *row)).collect();
        moved.sort_by_key(|(at, _)| *at);
        let mut in_order = rows.clone();
        in_order.sort_by_key(|row| row.1);
        let shape = Shape { aggregation: "count", delay_ms: 10, emit: Emit::Closed };
        let all = |rows: Vec<Row>, windows: Windows, at_once: usize| {
            let batches: Vec<Vec<Row>> = rows.chunks(at_once).map(<[Row]>::to_vec).collect();
            let run = testing::try_run(&mut window(windows, &shape), 1000, &texts(&batches), Reason::Eof).unwrap();
            assert!(run.late.is_empty());
            let mut records: Vec<String> = run.batches.into_iter().flat_map(|(_, records)| records).collect();
            records.sort();
            records
        };
        let moved: Vec<Row> = moved.into_iter().map(|(_, row)| row).collect();
        prop_assert_eq!(all(moved.clone(), sliding(7, 3), 1), all(in_order.clone(), sliding(7, 3), 100));
        prop_assert_eq!(all(moved, sessions(4), 1), all(in_order, sessions(4), 100));
    }

    #[test]
    fn sessions_are_runs_of_times_no_further_apart_than_the_gap(
        times in prop::collection::vec(0_i64..80, 1..30), gap in 1_i64..9
    ) {
        let shape = Shape { aggregation: "collect", delay_ms: 1000, emit: Emit::Closed };
        let batches: Vec<Vec<Row>> = (0..).zip(&times).map(|(number, time)| vec![(7, *time, number)]).collect();
        let run = testing::try_run(&mut window(sessions(gap), &shape), 1000, &texts(&batches), Reason::Eof).unwrap();
        let mut sorted: Vec<(i64, i64)> = times.iter().copied().zip(0..).collect();
        sorted.sort_unstable();
        let mut want: Vec<(i64, i64, Vec<i64>)> = Vec::new();
        for (time, number) in sorted {
            match want.last_mut() {
                Some((_, last, values)) if time <= *last + gap => {
                    *last = time;
                    values.push(number);
                }
                _ => want.push((time, time, vec![number])),
            }
        }
        let want: Vec<String> = want.into_iter().map(|(start, last, mut values)| {
            // In the order in which they arrived.
            values.sort_unstable();
            result(7, (start, last + gap), &aggregated("collect", &values))
        }).collect();
        prop_assert_eq!(&run.batches.last().unwrap().1, &want);
    }
}

#[test]
fn late_records_are_set_aside_and_null_is_no_value() {
    let shape = Shape { aggregation: "sum", delay_ms: 0, emit: Emit::Closed };
    let batches = [vec!["[1,5,null]", "[1,25,3]"], vec!["[1,7,9]", "[1,31,null]", "[2,\"x\",1]"]];
    let run = testing::run(&mut window(sliding(10, 10), &shape), &batches);
    let closed = |start: i64, sum: &str| result(1, (start, start + 10), sum);
    assert_eq!(run.batches[0].1, [closed(0, "null")]);
    assert_eq!(run.batches[1].1, [closed(20, "3")]);
    assert_eq!(run.batches[2].1, [closed(30, "null")]);
    assert_eq!(run.late, [("[1,7,9]".to_owned(), "its window ended at 10, and the watermark is at 25".to_owned())]);
    assert!(run.bad[0].1.contains("is no time"), "{:?}", run.bad);
    assert_eq!(run.watermarks, [Some(25), Some(31), Some(31)]);
}

#[test]
fn a_session_is_no_longer_than_it_may_be() {
    let shape = Shape { aggregation: "count", delay_ms: 0, emit: Emit::Closed };
    let windows = Windows::Sessions { gap: Gap::Fixed(5), most_ms: Some(10) };
    let batches = [(0..30).step_by(3).map(|time| format!("[1,{time},0]")).collect::<Vec<_>>()];
    let run = testing::run(&mut window(windows, &shape), &batches);
    let all: Vec<String> = run.batches.into_iter().flat_map(|(_, records)| records).collect();
    assert_eq!(all, [result(1, (0, 10), "4"), result(1, (12, 22), "4"), result(1, (24, 32), "2")]);
}

#[test]
fn by_batches_there_are_sessions_and_cumulating_windows() {
    let of = |windows: Windows| {
        let mut operator = EventWindow::new(Options {
            windows,
            timing: None,
            emit: Emit::Closed,
            grouping: Grouping::new(By::Record, None),
            aggregator: Aggregator::new(Aggregation::Count),
            time_output: TimeOutput::Milliseconds,
        });
        let batches = [vec!["1"], vec![], vec!["1", "1"], vec![], vec![], vec!["1"]];
        testing::run(&mut operator, &batches).batches
    };
    let sessions = of(sessions(2000));
    let flat = |batches: &[(u64, Vec<String>)]| -> Vec<(u64, String)> {
        batches.iter().flat_map(|(time, records)| records.iter().map(|record| (*time, record.clone()))).collect()
    };
    let want = [(2000, (0, 2000), "1"), (4000, (2000, 4000), "2"), (7000, (5000, 7000), "1")];
    assert_eq!(flat(&sessions), want.map(|(time, bounds, count)| (time, result(1, bounds, count))));
    let layout = Layout::cumulating(Extent::Plain(3000), Extent::Plain(1000), 0, None).unwrap();
    let cumulating = of(Windows::Paned(layout));
    let want = [(1000, (0, 1000), "1"), (2000, (0, 2000), "1"), (3000, (0, 3000), "3"), (6000, (3000, 6000), "1")];
    assert_eq!(flat(&cumulating), want.map(|(time, bounds, count)| (time, result(1, bounds, count))));
}
