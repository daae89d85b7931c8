//! Several threads give what one gives.

use proptest::prelude::*;

use super::*;
use crate::agg::Aggregation;
use crate::event::{TimeForm, Watermarks};
use crate::interval::Extent;
use crate::op::testing;

/// What is drawn of the operator's options.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    kind: usize,
    length: u64,
    step: u64,
    delay_ms: u64,
    aggregation: &'static str,
    pub emit: Emit,
    /// Without it windows are by the times of batches.
    is_timed: bool,
}

pub(super) fn any_shape() -> impl Strategy<Value = Shape> {
    let aggregation = prop::sample::select(&["count", "sum", "max", "first", "last", "collect", "top:2"][..]);
    let emit = prop::sample::select(&[Emit::Closed, Emit::Changed, Emit::All][..]);
    (0..4_usize, 1_u64..14, 1_u64..9, 0_u64..12, aggregation, emit, any::<bool>()).prop_map(
        |(kind, length, step, delay_ms, aggregation, emit, is_timed)| {
            // By batches there are sessions and cumulating windows.
            let kind = if is_timed { kind } else { 2 + kind % 2 };
            Shape { kind, length, step, delay_ms, aggregation, emit, is_timed }
        },
    )
}

fn windows(Shape { kind, length, step, is_timed, .. }: Shape) -> Windows {
    let unit = if is_timed { 1 } else { 1000 };
    let plain = |number: u64| Extent::Plain(number * unit);
    let layout = match kind {
        0 => Layout::sliding(plain(length), plain(length), 0, None),
        1 => Layout::sliding(plain(length), plain(step), 0, None),
        2 => Layout::cumulating(plain(length.min(4) * step), plain(step), 0, None),
        _ => return Windows::Sessions { gap: Gap::Fixed((step * unit) as i64), most_ms: None },
    };
    Windows::Paned(layout.unwrap())
}

fn grouping() -> Grouping {
    let program = |source| Program::parse(source, &[]).unwrap();
    Grouping::new(By::Program(program(".[0][]?")), Some(program(".[2]")))
}

pub(super) fn window(shape: Shape) -> EventWindow {
    let time = || Program::parse(".[1]", &[]).unwrap();
    let timing = || Timing::new(Some(time()), TimeForm::default(), Watermarks::own(shape.delay_ms, None));
    EventWindow::new(Options {
        windows: windows(shape),
        timing: shape.is_timed.then(timing),
        emit: shape.emit,
        grouping: grouping(),
        aggregator: Aggregator::new(Aggregation::parse(shape.aggregation).unwrap()).passing_null(),
        time_output: TimeOutput::Milliseconds,
    })
}

/// By so many threads, in pieces of a few records.
fn operator(shape: Shape, threads: usize) -> Box<dyn Operator> {
    let windows = || (0..threads).map(|_| window(shape)).collect();
    match threads {
        1 => Box::new(window(shape)),
        _ => Box::new(ShardedEventWindow::new(grouping(), windows()).in_pieces_of(48)),
    }
}

/// A record of several keys, one or none, a time that may be none, and a value.
fn any_record() -> impl Strategy<Value = String> {
    let key = prop::sample::select(&["\"a\"", "1", "1.0", "\"b\\n\"", "null", "{\"y\":1,\"x\":2}", "\"c\"", "2"][..]);
    let keys = prop::collection::vec(key, 0..3).prop_map(|keys| keys.join(","));
    let time = prop_oneof![9 => (-20..60_i64).prop_map(|time| time.to_string()), 1 => Just("\"none\"".to_owned())];
    let value = prop::sample::select(&["1", "2.5", "-7", "7", "\"x\"", "null", "3"][..]);
    (keys, time, value).prop_map(|(keys, time, value)| format!("[[{keys}],{time},{value}]"))
}

fn any_batches() -> impl Strategy<Value = Vec<Vec<String>>> {
    prop::collection::vec(prop::collection::vec(any_record(), 0..12), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn several_threads_give_what_one_gives(shape in any_shape(), batches in any_batches(), threads in 2_usize..5) {
        let run = |threads| testing::try_run(operator(shape, threads).as_mut(), 1000, &batches, Reason::Eof);
        match (run(1), run(threads)) {
            (Ok(one), Ok(several)) => testing::assert_same(&one, &several),
            (one, several) => prop_assert_eq!(one.map_err(|error| error.to_string()).err(), several.map_err(|error| error.to_string()).err()),
        }
    }

    /// A checkpoint of some threads goes on with others, or with one, and the other way round.
    #[test]
    fn restored_by_other_threads_they_are_undisturbed(
        shape in any_shape(), batches in any_batches(), at in 0_usize..8, threads in (1_usize..5, 1_usize..5),
    ) {
        testing::assert_restored_by_others(|threads| operator(shape, threads), &batches, at, threads);
    }
}
