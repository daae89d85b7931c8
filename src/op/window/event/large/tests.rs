use super::super::Emit;
use super::super::sharded_tests::{Shape, any_shape, window};
use super::*;
use crate::op::large::testing::{dated, goes_on, key, run_from, turns};
use crate::op::testing::{self, Collected};
use proptest::prelude::*;

/// Windows that come out once they have closed.
fn shape() -> impl Strategy<Value = Shape> {
    any_shape().prop_map(|mut shape| {
        shape.emit = Emit::Closed;
        shape
    })
}

fn operator(shape: Shape, memory: Option<usize>) -> Box<dyn Operator> {
    match memory {
        Some(memory) => Box::new(LargeEventWindow::new(window(shape), memory)),
        None => Box::new(window(shape)),
    }
}

fn batches() -> impl Strategy<Value = Vec<Vec<String>>> {
    let value = prop::sample::select(&["1", "2.5", "-7", "7", "\"x\"", "null", "3"][..]);
    let rest = (prop::option::weighted(0.95, -15..15_i64), value).prop_map(|(time, value)| (time, format!(",{value}")));
    dated(key(30), rest, 40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_comes_out_is_the_same_however_little_is_in_memory(
        shape in shape(), batches in batches(), memory in 100..6000usize, before in 0..14usize,
    ) {
        let (mut small, mut large) = (window(shape), LargeEventWindow::new(window(shape), memory));
        testing::assert_same(&testing::run(&mut large, &batches), &testing::run(&mut small, &batches));
        prop_assert_eq!(large.keys(), 0);
        let (mut small, mut large) = (window(shape), LargeEventWindow::new(window(shape), memory));
        let until = before.min(batches.len());
        run_from(&mut small, None, &batches, 0, &mut Collected::default(), until);
        run_from(&mut large, None, &batches, 0, &mut Collected::default(), until);
        prop_assert_eq!(Some(large.keys()), small.held().keys);
    }

    #[test]
    fn they_go_on_after_each_batch_with_any_memory(shape in shape(), batches in batches(), turns in turns()) {
        goes_on(&|memory| operator(shape, memory), &batches, turns);
    }
}
