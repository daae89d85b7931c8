//! Several threads give what one gives.

use proptest::prelude::*;

use super::tests::{TYPES, run_saved};
use super::*;
use crate::event::{TimeForm, Watermarks};
use crate::expr::Program;
use crate::op::testing;

/// What is drawn of the operator's options.
#[derive(Clone, Copy, Debug)]
struct Options {
    kind: Type,
    range: Range,
    delay_ms: u64,
}

fn any_options() -> impl Strategy<Value = Options> {
    (0..TYPES.len(), -8_i64..8, 0_i64..8, 0_u64..10).prop_map(|(kind, from_ms, span, delay_ms)| Options {
        kind: TYPES[kind],
        range: Range { from_ms, to_ms: from_ms + span },
        delay_ms,
    })
}

/// By so many threads, in pieces of a few records. The sides have their keys in other places.
fn join(Options { kind, range, delay_ms }: Options, threads: usize) -> Box<dyn Merge> {
    let program = |source| Program::parse(source, &[]).unwrap();
    let groupings = || [by(program(".[0][]?")), by(program(".[1]"))];
    let join = || {
        let timing = || Timing::new(Some(program(".[2]")), TimeForm::default(), Watermarks::own(delay_ms, None));
        let sides = groupings().map(|grouping| SideOptions { grouping, timing: timing() });
        IntervalJoin::new(kind, range, sides)
    };
    match threads {
        1 => Box::new(join()),
        _ => {
            let joins = (0..threads).map(|_| join()).collect();
            Box::new(ShardedIntervalJoin::new(groupings(), joins).in_pieces_of(48))
        }
    }
}

/// A record with keys of the left side, one of the right side, and a time that may be none.
fn any_record() -> impl Strategy<Value = String> {
    let key =
        || prop::sample::select(&["\"a\"", "1", "1.0", "\"b\\n\"", "null", "{\"y\":1,\"x\":2}", "\"c\"", "2"][..]);
    let keys = prop::collection::vec(key(), 0..3).prop_map(|keys| keys.join(","));
    let time = prop_oneof![9 => (-10..40_i64).prop_map(|time| time.to_string()), 1 => Just("\"none\"".to_owned())];
    (keys, key(), time).prop_map(|(left, right, time)| format!("[[{left}],{right},{time}]"))
}

fn any_batches() -> impl Strategy<Value = Vec<[Vec<String>; 2]>> {
    let side = || prop::collection::vec(any_record(), 0..8);
    prop::collection::vec((side(), side()).prop_map(<[Vec<String>; 2]>::from), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// A checkpoint of some threads goes on with others, or with one, and the other way round.
    #[test]
    fn several_threads_give_what_one_gives_also_restored_by_others(
        options in any_options(), batches in any_batches(), at in 0_usize..12, threads in (1_usize..5, 1_usize..5),
    ) {
        let whole = run_saved(&mut || join(options, 1), &batches, usize::MAX);
        let mut number = 0;
        let mut make = || {
            number += 1;
            join(options, if number == 1 { threads.0 } else { threads.1 })
        };
        let several = run_saved(&mut make, &batches, at);
        testing::assert_same(&whole, &several);
    }
}
