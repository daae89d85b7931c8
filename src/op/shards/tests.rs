use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::reduce::ShardedReduce;
use super::*;
use crate::agg::{Aggregation, Aggregator};
use crate::expr::Program;
use crate::frame::Reason;
use crate::op::Operator;
use crate::op::grouping::By;
use crate::op::merge::Merge;
use crate::op::testing;
use proptest::prelude::*;

/// What takes records apart and aggregates them.
type Part = (Grouping, Aggregator);

fn part(aggregation: &str, by: By, of: Option<&str>) -> Part {
    let program = |source, variables| Program::parse(source, variables).unwrap();
    let aggregator = match Aggregation::parse(aggregation) {
        Ok(aggregation) => Aggregator::new(aggregation),
        Err(_) => Aggregator::expression(Box::new(Merge::new(Box::new(program(aggregation, &["a", "b"]))))),
    };
    (Grouping::new(by, of.map(|of| program(of, &[]))), aggregator)
}

/// By so many threads, in pieces of a few records.
fn sharded(threads: usize, part: impl Fn() -> Part) -> ShardedReduce {
    ShardedReduce::new(part().0, (0..threads).map(|_| part().1).collect()).in_pieces_of(64)
}

fn by_k() -> By {
    By::Program(Program::parse(".k[]?, .j", &[]).unwrap())
}

/// A record of one key, none or several; or one that no key or value can be got of.
fn any_record() -> impl Strategy<Value = String> {
    let key = prop::sample::select(
        &["\"a\"", "1", "1.0", "\"b\\n\"", "null", "{\"y\":1,\"x\":2}", "{\"x\":2,\"y\":1e0}"][..],
    );
    let keys = prop::collection::vec(key.clone(), 0..3).prop_map(|keys| keys.join(","));
    let value = prop::sample::select(&["1", "2.50", "-7", "7", "\"x\"", "null"][..]);
    prop_oneof![
        8 => (keys, key, value).prop_map(|(k, j, v)| format!("{{\"k\":[{k}],\"j\":{j},\"v\":{v}}}")),
        1 => Just("[1]".to_owned()),
    ]
}

#[test]
fn without_threads_the_same_is_done_here() {
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    let none: Start = |_| Err(io::ErrorKind::WouldBlock.into());
    let one: Start = |work| match STARTED.fetch_add(1, Ordering::Relaxed) {
        0 => thread::Builder::new().spawn(work),
        _ => Err(io::ErrorKind::WouldBlock.into()),
    };
    let batch: Vec<String> = (0..700).map(|number| (number % 7).to_string()).collect();
    for start in [none, one] {
        let mut operator = sharded(3, || part("count", By::Record, None)).started_by(start);
        let counted = testing::run(&mut operator, std::slice::from_ref(&batch)).batches.remove(0).1;
        assert_eq!(counted, (0..7).map(|n| format!("[{n},100]")).collect::<Vec<_>>());
        assert!(!operator.has_threads());
    }
    assert_eq!(STARTED.load(Ordering::Relaxed), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn several_threads_give_what_one_gives(
        batches in prop::collection::vec(prop::collection::vec(any_record(), 0..60), 1..4),
        threads in 1usize..5,
        of: bool,
    ) {
        for aggregation in ["count", "sum", "min", "last", "collect", "top:2", "distinct", "[$a, $b]"] {
            let part = || part(aggregation, by_k(), of.then_some(".v"));
            let run = |operator: &mut dyn Operator| testing::try_run(operator, 1000, &batches, Reason::Eof).unwrap();
            let (here, aggregator) = part();
            let one = run(&mut crate::op::reduce::Reduce::new(here, aggregator));
            let several = run(&mut sharded(threads, part));
            prop_assert_eq!(&one.batches, &several.batches, "{}", aggregation);
            prop_assert_eq!(&one.bad, &several.bad, "{}", aggregation);
        }
    }
}

#[test]
fn a_small_batch_needs_no_thread_and_a_large_one_starts_them_all() {
    let mut operator = sharded(3, || part("count", By::Record, None));
    let batch = |records: usize| (0..records).map(|number| (number % 7).to_string()).collect::<Vec<_>>();
    assert_eq!(
        testing::run(&mut operator, &[batch(7)]).batches[0].1,
        (0..7).map(|n| format!("[{n},1]")).collect::<Vec<_>>()
    );
    assert!(!operator.has_threads());
    let many = testing::run(&mut operator, &[batch(700), batch(0), batch(7), batch(70)]).batches;
    assert_eq!(many[0].1[6], "[6,100]");
    assert_eq!(many.iter().map(|(_, records)| records.len()).collect::<Vec<_>>(), [7, 0, 7, 7]);
    assert!(operator.has_threads());
}

#[test]
fn the_first_bad_record_is_that_of_one_thread() {
    let batch: Vec<String> = (0..200).map(|n| format!("[{n},{}]", if n % 50 == 49 { "\"x\"" } else { "1" })).collect();
    let run = |operator: &mut dyn Operator| testing::run(operator, std::slice::from_ref(&batch)).bad;
    let bad = run(&mut sharded(2, || part("sum", By::Pair, None)));
    assert_eq!(
        bad.iter().map(|(record, _)| record.as_str()).collect::<Vec<_>>(),
        ["[49,\"x\"]", "[99,\"x\"]", "[149,\"x\"]", "[199,\"x\"]"]
    );
}

#[test]
fn a_panic_is_passed_on() {
    struct Panics;
    impl crate::expr::Function for Panics {
        fn call(&mut self, _: &[u8], _: &[&[u8]], _: &mut crate::expr::Each<'_>) -> Result<(), crate::expr::ExprError> {
            std::panic::resume_unwind(Box::new("on purpose"))
        }
    }
    let part = || (Grouping::new(By::Record, None), Aggregator::expression(Box::new(Merge::new(Box::new(Panics)))));
    let mut operator = sharded(2, part);
    let batch = vec!["1"; 1000];
    let run = || testing::run(&mut operator, &[batch]);
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err());
}
