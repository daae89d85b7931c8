use super::super::function::Part;
use super::super::function::tests::program;
use super::super::map::{Map, Role};
use super::super::split::Split;
use super::*;
use crate::frame::Reason;
use crate::op::{Each, testing};
use proptest::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

fn parallel(threads: usize, make: &dyn Fn() -> AnyPerRecord) -> Parallel {
    Parallel::new(make(), (0..threads).map(|_| make()).collect())
}

fn map(source: &str) -> AnyPerRecord {
    Box::new(Map::new(program(source), Role::Record(Part::Record)))
}

/// Enough records for several pieces.
fn many(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("\"{n} {}\"", "x".repeat(n % 50))).collect()
}

#[test]
fn small_blocks_start_no_thread() {
    let mut operator = parallel(4, &|| map("."));
    assert_eq!(testing::run(&mut operator, &[many(100)]).batches[0].1, many(100));
    assert!(operator.threads.is_empty());
}

#[test]
fn no_more_threads_than_pieces() {
    let mut operator = parallel(8, &|| map("length"));
    testing::run(&mut operator, &[many(3000)]);
    assert!((1..=4).contains(&operator.threads.len()), "{}", operator.threads.len());
}

#[test]
fn what_is_under_way_comes_out_before_the_stage_waits() {
    let mut collected = testing::Collected::default();
    let mut out = Out::new(&mut collected);
    let mut operator = parallel(2, &|| map("."));
    let bytes: String = many(5000).iter().map(|record| format!("{record}\n")).collect();
    let time = BatchTime(1000);
    out.set_time(time);
    operator.block(block(time, bytes.as_bytes()), &mut out).unwrap();
    operator.idle(&mut out).unwrap();
    assert!(operator.pending.is_empty() && operator.gathered.is_empty());
    operator.end(time, &mut out).unwrap();
    assert_eq!(collected.batches[0].1, many(5000));
}

#[test]
fn goes_on_with_the_threads_that_there_are() {
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    let none: Start = |_| Err(io::ErrorKind::WouldBlock.into());
    let one: Start = |work| match STARTED.fetch_add(1, Ordering::Relaxed) {
        0 => thread::Builder::new().spawn(work),
        _ => Err(io::ErrorKind::WouldBlock.into()),
    };
    for (start, threads) in [(none, 0), (one, 1)] {
        let mut operator = Parallel { start, ..parallel(4, &|| map(".")) };
        assert_eq!(testing::run(&mut operator, &[many(10_000)]).batches[0].1, many(10_000));
        assert_eq!(operator.threads.len(), threads);
    }
}

#[test]
fn a_panic_is_passed_on() {
    struct Panics;
    impl PerRecord for Panics {
        fn block(&mut self, _: Block<'_>, _: &mut Out<'_>) -> Result<(), OpError> {
            resume_unwind(Box::new("on purpose"))
        }
    }
    let mut operator = parallel(2, &|| Box::new(Panics));
    let run = || testing::run(&mut operator, &[many(10_000)]);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).err().unwrap();
    assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn several_threads_give_what_one_gives(
        threads in 1usize..5, sizes in prop::collection::vec(0usize..6000, 1..4), split: bool, bad_every in 1usize..3000
    ) {
        let make = || -> AnyPerRecord {
            if split {
                Box::new(Split::new(" ", Part::Record).unwrap())
            } else {
                map("., if length > 40 then error(\"long\") else . end")
            }
        };
        let mut batches: Vec<Vec<String>> = sizes.iter().map(|size| many(*size)).collect();
        for batch in &mut batches {
            batch.iter_mut().step_by(bad_every).for_each(|record| *record = "null".to_owned());
        }
        let run = |operator: &mut dyn Operator| testing::try_run(operator, 1000, &batches, Reason::Eof).unwrap();
        let (one, several) = (run(&mut Each(make())), run(&mut parallel(threads, &make)));
        prop_assert_eq!(one.batches, several.batches);
        prop_assert_eq!(one.bad, several.bad);
    }
}
