use super::*;
use crate::event::{TimeForm, Timing, Watermarks};
use crate::expr::Program;
use crate::op::dedup::Memory;
use crate::op::grouping::{By, Grouping};
use crate::op::large::testing::{dated, goes_on, key, turns};
use crate::op::testing;
use proptest::prelude::*;

/// What is drawn of the operator's options.
#[derive(Clone, Copy, Debug)]
struct Options {
    within_ms: Option<i64>,
    is_timed: bool,
}

impl Options {
    fn dedup(self) -> Dedup {
        let program = |source| Program::parse(source, &[]).unwrap();
        let timing = || Timing::new(Some(program(".[1]")), TimeForm::default(), Watermarks::own(3, None));
        let memory = Memory { within_ms: self.within_ms, timing: self.is_timed.then(timing) };
        Dedup::new(Grouping::new(By::Program(program(".[0][]?")), None), memory)
    }

    fn operator(self, memory: Option<usize>) -> Box<dyn Operator> {
        match memory {
            Some(memory) => Box::new(LargeDedup::new(self.dedup(), memory)),
            None => Box::new(self.dedup()),
        }
    }
}

fn options() -> impl Strategy<Value = Options> {
    (prop::option::weighted(0.8, 0..20_i64), any::<bool>()).prop_map(|(within, is_timed)| Options {
        within_ms: if is_timed { within } else { within.map(|batches| batches / 4 * 1000) },
        is_timed,
    })
}

fn batches() -> impl Strategy<Value = Vec<Vec<String>>> {
    let time = prop::option::weighted(0.95, -10..10_i64).prop_map(|time| (time, String::new()));
    dated(key(40), time, 60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_comes_out_is_the_same_however_little_is_in_memory(
        options in options(), batches in batches(), memory in 100..6000usize,
    ) {
        let (mut small, mut large) = (options.dedup(), LargeDedup::new(options.dedup(), memory));
        testing::assert_same(&testing::run(&mut large, &batches), &testing::run(&mut small, &batches));
        prop_assert_eq!(large.keys(), small.keys.len() as u64);
    }

    #[test]
    fn it_goes_on_after_each_batch_with_any_memory(options in options(), batches in batches(), turns in turns()) {
        goes_on(&|memory| options.operator(memory), &batches, turns);
    }
}

#[test]
fn what_is_over_with_the_first_batch_after_a_restart_is_known_as_that_after_the_next() {
    let options = Options { within_ms: Some(1000), is_timed: false };
    let key = || vec!["[[17],0]".to_owned()];
    goes_on(&|memory| options.operator(memory), &[key(), vec![], key()], vec![(Some(100), 0, 0), (Some(100), 0, 0)]);
}

#[test]
fn what_was_dropped_while_all_was_in_memory_is_not_known_by_the_store_again() {
    let options = Options { within_ms: Some(2000), is_timed: false };
    let key = || vec!["[[11],0]".to_owned()];
    let batches = [key(), vec![], vec![], key()];
    goes_on(&|memory| options.operator(memory), &batches, vec![(Some(100), 0, 0), (None, 1, 0), (Some(100), 0, 0)]);
}

#[test]
fn what_is_over_leaves_the_disk() {
    let options = Options { within_ms: Some(2000), is_timed: false };
    let mut large = LargeDedup::new(options.dedup(), 4096);
    let mut most = 0;
    let batches: Vec<Vec<String>> =
        (0..60).map(|batch| (0..200).map(|key| format!("[[\"key {}\"],0]", batch * 200 + key)).collect()).collect();
    for to in 1..=batches.len() {
        let mut large = LargeDedup::new(options.dedup(), 4096);
        testing::run(&mut large, &batches[..to]);
        most = most.max(large.kept.store.bytes());
    }
    testing::run(&mut large, &batches);
    // Those of two batches are known, of 60; each has some 30 bytes there.
    assert_eq!(large.keys(), 400);
    assert!(most > 0 && most < 12 * 200 * 30, "{most} bytes on disk");
}
