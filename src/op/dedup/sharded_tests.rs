//! Several threads give what one gives.

use super::*;
use crate::event::{TimeForm, Watermarks};
use crate::expr::Program;
use crate::frame::Reason;
use crate::op::testing;
use proptest::prelude::*;

/// What is drawn of the operator's options.
#[derive(Clone, Copy, Debug)]
struct Options {
    within_ms: Option<i64>,
    is_timed: bool,
}

fn any_options() -> impl Strategy<Value = Options> {
    (prop::option::of(0..20_i64), any::<bool>()).prop_map(|(within, is_timed)| Options {
        within_ms: if is_timed { within } else { within.map(|batches| batches / 5 * 1000) },
        is_timed,
    })
}

/// By so many threads, in pieces of a few records.
fn operator(Options { within_ms, is_timed }: Options, threads: usize) -> Box<dyn Operator> {
    let program = |source| Program::parse(source, &[]).unwrap();
    let grouping = || Grouping::new(By::Program(program(".[0][]?")), None);
    let timing = || Timing::new(Some(program(".[1]")), TimeForm::default(), Watermarks::own(3, None));
    let dedup = || Dedup::new(grouping(), Memory { within_ms, timing: is_timed.then(timing) });
    match threads {
        1 => Box::new(dedup()),
        _ => Box::new(ShardedDedup::new(grouping(), (0..threads).map(|_| dedup()).collect()).in_pieces_of(48)),
    }
}

/// A record of several keys, one or none, and a time that may be none.
fn any_record() -> impl Strategy<Value = String> {
    let key = prop::sample::select(&["\"a\"", "1", "1.0", "\"b\\n\"", "null", "{\"y\":1,\"x\":2}"][..]);
    let keys =
        prop::collection::vec(prop_oneof![key.prop_map(str::to_owned), (0..9).prop_map(|n| format!("\"k{n}\""))], 0..4);
    let time = prop_oneof![9 => (-30..60_i64).prop_map(|time| time.to_string()), 1 => Just("\"none\"".to_owned())];
    (keys, time).prop_map(|(keys, time)| format!("[[{}],{time}]", keys.join(",")))
}

fn any_batches() -> impl Strategy<Value = Vec<Vec<String>>> {
    prop::collection::vec(prop::collection::vec(any_record(), 0..12), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn several_threads_give_what_one_gives(options in any_options(), batches in any_batches(), threads in 2_usize..5) {
        let run = |threads| testing::try_run(operator(options, threads).as_mut(), 1000, &batches, Reason::Eof).unwrap();
        testing::assert_same(&run(1), &run(threads));
    }

    /// A checkpoint of some threads goes on with others, or with one, and the other way round.
    #[test]
    fn restored_by_other_threads_it_is_undisturbed(
        options in any_options(), batches in any_batches(), at in 0_usize..8, threads in (1_usize..5, 1_usize..5),
    ) {
        testing::assert_restored_by_others(|threads| operator(options, threads), &batches, at, threads);
    }
}
