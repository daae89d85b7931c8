//! Several threads give what one gives.

use super::*;
use crate::agg::Aggregation;
use crate::event::{TimeForm, Watermarks};
use crate::expr::Program;
use crate::op::merge::Merge;
use crate::op::testing;
use proptest::prelude::*;

fn program(source: &str, variables: &[&str]) -> Program {
    Program::parse(source, variables).unwrap()
}

fn update_of(kind: u8) -> Update {
    let aggregation = |text| Update::Aggregation(Aggregator::new(Aggregation::parse(text).unwrap()));
    match kind {
        0 => aggregation("count"),
        1 => aggregation("sum"),
        2 => aggregation("collect"),
        3 => Update::Aggregation(Aggregator::expression(Box::new(Merge::new(Box::new(program(
            "if $b == 7 then error(\"seven\") else [$a, $b] | flatten end",
            &["a", "b"],
        )))))),
        // Keys go when the sum of their values is a multiple of 3.
        _ => Update::Function(Box::new(program(
            "(($state // 0) + ($values | add // 0)) | if . == 7 then error(\"seven\") elif . % 3 == 0 then null else . end",
            &VARIABLES,
        ))),
    }
}

/// What is drawn of the operator's options.
#[derive(Clone, Copy, Debug)]
struct Options {
    kind: u8,
    emit: Emit,
    timeout_ms: Option<u64>,
    is_timed: bool,
}

fn any_options() -> impl Strategy<Value = Options> {
    let emit = prop::sample::select(&[Emit::All, Emit::Changed, Emit::Each, Emit::Timeout][..]);
    (0..5_u8, emit, prop::option::of(0..4_u64), any::<bool>()).prop_map(|(kind, emit, timeout, is_timed)| Options {
        kind,
        emit,
        timeout_ms: if is_timed { Some(timeout.unwrap_or(1) * 5) } else { timeout.map(|timeout| timeout * 1000) },
        is_timed,
    })
}

fn grouping() -> Grouping {
    Grouping::new(By::Program(program(".[0][]?", &[])), Some(program(".[1]", &[])))
}

/// The state by so many threads, which are worth waking for a few records.
fn operator(options: Options, threads: usize) -> Box<dyn Operator> {
    let Options { kind, emit, timeout_ms, is_timed } = options;
    let state = || {
        let state = State::new(grouping(), update_of(kind), emit, timeout_ms);
        let timing = Timing::new(Some(program(".[2]", &[])), TimeForm::default(), Watermarks::own(3, None));
        if is_timed { state.with_timing(timing) } else { state }
    };
    match threads {
        1 => Box::new(state()),
        _ => Box::new(ShardedState::new(grouping(), (0..threads).map(|_| state()).collect()).in_pieces_of(48)),
    }
}

/// A record of several keys or none, of few or more, a value that may be none, and a time that may be.
fn any_record(has_few_keys: bool) -> impl Strategy<Value = String> {
    let keys = ["\"a\"", "1", "1.0", "\"b\\n\"", "null", "{\"y\":1,\"x\":2}", "{\"x\":2,\"y\":1e0}"];
    let key = prop::sample::select(keys[..if has_few_keys { 3 } else { keys.len() }].to_vec());
    let others = if has_few_keys { 0..1 } else { 0..9 };
    let keys =
        prop::collection::vec(prop_oneof![key.prop_map(str::to_owned), others.prop_map(|n| format!("\"k{n}\""))], 0..3);
    let value = prop::sample::select(&["1", "2.5", "-7", "7", "\"x\"", "null", "3"][..]);
    let time = prop_oneof![9 => (-30..60_i64).prop_map(|time| time.to_string()), 1 => Just("\"none\"".to_owned())];
    (keys, value, time).prop_map(|(keys, value, time)| format!("[[{}],{value},{time}]", keys.join(",")))
}

fn any_batches() -> impl Strategy<Value = Vec<Vec<String>>> {
    any::<bool>().prop_flat_map(|few| prop::collection::vec(prop::collection::vec(any_record(few), 0..12), 0..8))
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

    #[test]
    fn states_to_begin_with_are_in_order(keys in prop::collection::vec(0..9_u8, 0..9), batches in any_batches()) {
        let options = Options { kind: 1, emit: Emit::All, timeout_ms: None, is_timed: false };
        let state = || State::new(grouping(), update_of(options.kind), options.emit, options.timeout_ms);
        let (mut one, mut several) = (state(), ShardedState::new(grouping(), (0..3).map(|_| state()).collect()).in_pieces_of(48));
        for key in keys.iter().map(|key| format!("\"k{key}\"")) {
            prop_assert_eq!(one.begin_with(key.as_bytes(), b"5"), several.begin_with(key.as_bytes(), b"5"));
        }
        prop_assert_eq!(testing::run(&mut one, &batches).batches, testing::run(&mut several, &batches).batches);
    }
}
