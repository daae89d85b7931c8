//! Joins by time beside a model that looks at all pairs.

use proptest::prelude::*;

use super::*;
use crate::event::{TimeForm, Watermarks};
use crate::expr::Program;
use crate::op::testing::Collected;

/// A record `[key,time]` of a side.
type Row = (Option<i64>, i64);

fn text((key, time): &Row) -> String {
    format!("[{},{time}]", key.map_or("null".to_owned(), |key| key.to_string()))
}

fn join(kind: Type, range: Range, delay_ms: u64) -> IntervalJoin {
    let program = |source| Program::parse(source, &[]).unwrap();
    let side = || SideOptions {
        grouping: by(program(".[0]")),
        timing: Timing::new(Some(program(".[1]")), TimeForm::default(), Watermarks::own(delay_ms, None)),
    };
    IntervalJoin::new(kind, range, [side(), side()])
}

/// Runs a join; before the batch `at` another one goes on with what was saved.
pub(super) fn run_saved(
    make: &mut dyn FnMut() -> Box<dyn Merge>,
    batches: &[[Vec<String>; 2]],
    at: usize,
) -> Collected {
    let mut collected = Collected::default();
    let mut saved: Vec<(Vec<u8>, Option<Vec<u8>>)> = Vec::new();
    let mut begin = |saved: &[(Vec<u8>, Option<Vec<u8>>)]| {
        let mut join = make();
        join.head(&mut Head::new(1000)).unwrap();
        let durable = join.durable().unwrap();
        durable.track(!saved.is_empty());
        for (key, entry) in saved {
            durable.load(key, entry.as_deref()).unwrap();
        }
        if !saved.is_empty() {
            durable.finish_load().unwrap();
        }
        join
    };
    let mut join = begin(&saved);
    for (index, sides) in batches.iter().enumerate() {
        if index == at {
            join = begin(&saved);
        }
        let mut out = Out::new(&mut collected);
        let time = BatchTime((index as u64 + 1) * 1000);
        out.set_time(time);
        join.batch(time, &[&sides[0] as &dyn Whole, &sides[1]], &mut out).unwrap();
        out.end(time);
        let durable = join.durable().unwrap();
        durable.changes(&mut |key, entry| saved.push((key.to_vec(), entry.map(<[u8]>::to_vec)))).unwrap();
    }
    let mut out = Out::new(&mut collected);
    join.close(&Close::new(Reason::Eof), &mut out).unwrap();
    collected
}

fn run(make: &dyn Fn() -> IntervalJoin, batches: &[(Vec<Row>, Vec<Row>)], at: usize) -> Vec<Vec<String>> {
    let texts = |rows: &Vec<Row>| rows.iter().map(text).collect();
    let batches: Vec<[Vec<String>; 2]> = batches.iter().map(|(left, right)| [texts(left), texts(right)]).collect();
    let collected = run_saved(&mut || Box::new(make()), &batches, at);
    collected.batches.into_iter().map(|(_, records)| records).collect()
}

/// All of a stream's results, by looking at all pairs; records that were late are left out.
fn model(kind: Type, range: Range, delay: i64, batches: &[(Vec<Row>, Vec<Row>)]) -> Vec<String> {
    let mut taken: [Vec<Row>; 2] = Default::default();
    let (mut greatest, mut watermark) = ([None::<i64>; 2], None::<i64>);
    for (left, right) in batches {
        for (side, rows) in [left, right].into_iter().enumerate() {
            for row in rows {
                greatest[side] = greatest[side].max(Some(row.1));
                if watermark.is_none_or(|watermark| row.1 > watermark) {
                    taken[side].push(*row);
                }
            }
        }
        if let [Some(left), Some(right)] = greatest {
            watermark = watermark.max(Some(left.min(right) - delay));
        }
    }
    let [left, right] = taken;
    let meets = |a: &Row, b: &Row| a.0.is_some() && a.0 == b.0 && (range.from_ms..=range.to_ms).contains(&(b.1 - a.1));
    let key = |row: &Row| row.0.map_or("null".to_owned(), |key| key.to_string());
    let mut all = Vec::new();
    for a in &left {
        let partners: Vec<&Row> = right.iter().filter(|b| meets(a, b)).collect();
        match kind {
            Type::Semi => all.extend((!partners.is_empty()).then(|| text(a))),
            Type::Anti => all.extend(partners.is_empty().then(|| text(a))),
            _ => {
                all.extend(partners.iter().map(|b| format!("[{},[{},{}]]", key(a), text(a), text(b))));
                if partners.is_empty() && matches!(kind, Type::Left | Type::Full) {
                    all.push(format!("[{},[{},null]]", key(a), text(a)));
                }
            }
        }
    }
    if matches!(kind, Type::Right | Type::Full) {
        let alone = right.iter().filter(|b| !left.iter().any(|a| meets(a, b)));
        all.extend(alone.map(|b| format!("[{},[null,{}]]", key(b), text(b))));
    }
    all.sort();
    all
}

pub(super) const TYPES: [Type; 6] = [Type::Inner, Type::Left, Type::Right, Type::Full, Type::Semi, Type::Anti];

fn batches() -> impl Strategy<Value = Vec<(Vec<Row>, Vec<Row>)>> {
    let rows = || prop::collection::vec((prop::option::weighted(0.9, 0_i64..3), -10_i64..40), 0..4);
    prop::collection::vec((rows(), rows()), 0..12)
}

proptest! {
    #[test]
    fn every_pair_in_range_and_every_record_that_met_none(
        batches in batches(), kind in 0..TYPES.len(), from in -8_i64..8, span in 0_i64..8, delay in 0_u64..10
    ) {
        let range = Range { from_ms: from, to_ms: from + span };
        let got = run(&|| join(TYPES[kind], range, delay), &batches, usize::MAX);
        let mut got: Vec<String> = got.into_iter().flatten().collect();
        got.sort();
        prop_assert_eq!(got, model(TYPES[kind], range, delay as i64, &batches));
    }

    #[test]
    fn restored_anywhere_it_is_undisturbed(
        batches in batches(), kind in 0..TYPES.len(), from in -8_i64..8, span in 0_i64..8, delay in 0_u64..10, at in 0_usize..12
    ) {
        let make = || join(TYPES[kind], Range { from_ms: from, to_ms: from + span }, delay);
        prop_assert_eq!(run(&make, &batches, at), run(&make, &batches, usize::MAX));
    }
}
