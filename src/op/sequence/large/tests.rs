use proptest::prelude::*;

use super::super::Skip;
use super::super::tests::{by_arrival, patterns, sequences, skip_of, skips, within_of};
use super::*;
use crate::op::large::testing::{dated, goes_on, goes_on_after_ends, key, run_from, turns};
use crate::op::testing::{self, Collected};

/// What is looked for.
#[derive(Clone, Debug)]
struct Shape {
    pattern: String,
    skip: Option<&'static str>,
    has_time_limit: bool,
    /// Whether records have times.
    has_time: bool,
}

fn shape() -> impl Strategy<Value = Shape> {
    (patterns(), skips(), any::<bool>(), any::<bool>()).prop_map(|(pattern, skip, has_time_limit, has_time)| Shape {
        pattern,
        skip,
        has_time_limit,
        has_time,
    })
}

fn small(shape: &Shape) -> Sequences {
    let (pattern, within): (_, _) = (&shape.pattern, within_of(&shape.pattern, shape.has_time_limit));
    let skip: Option<Skip> = skip_of(pattern, shape.skip);
    if shape.has_time { sequences(pattern, within, skip) } else { by_arrival(pattern, within.map(|_| 2500), skip) }
}

fn operator(shape: &Shape, memory: Option<usize>) -> Box<dyn Operator> {
    match memory {
        Some(memory) => Box::new(LargeSequences::new(small(shape), memory)),
        None => Box::new(small(shape)),
    }
}

/// Records of a key, a time and a letter; some are bad, for a letter is none or no string.
fn batches() -> impl Strategy<Value = Vec<Vec<String>>> {
    let letter = prop::sample::select(&["\"a\"", "\"a\"", "\"b\"", "\"b\"", "\"c\"", "7"][..]);
    let rest =
        (prop::option::weighted(0.97, -2..15_i64), letter).prop_map(|(time, letter)| (time, format!(",{letter}")));
    dated(key(8), rest, 30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn what_comes_out_is_the_same_however_little_is_in_memory(
        shape in shape(), batches in batches(), memory in 100..6000usize, before in 0..14usize,
    ) {
        let mut large = LargeSequences::new(small(&shape), memory);
        testing::assert_same(&testing::run(&mut large, &batches), &testing::run(&mut small(&shape), &batches));
        prop_assert_eq!((large.stored, large.waiting.records), (Counts::default(), 0));
        prop_assert_eq!(large.sequences.keys.len(), 0);
        let (mut small, mut large) = (small(&shape), LargeSequences::new(small(&shape), memory));
        let until = before.min(batches.len());
        run_from(&mut small, None, &batches, 0, &mut Collected::default(), until);
        run_from(&mut large, None, &batches, 0, &mut Collected::default(), until);
        let (held, wanted) = (large.holds(), small.held());
        prop_assert_eq!((held.keys, held.records), (wanted.keys, wanted.records));
    }

    #[test]
    fn they_go_on_after_each_batch_with_any_memory(shape in shape(), batches in batches(), turns in turns()) {
        goes_on(&|memory| operator(&shape, memory), &batches, turns);
    }

    #[test]
    fn they_go_on_after_the_end_with_any_memory(shape in shape(), batches in batches(), turns in turns()) {
        goes_on_after_ends(&|memory| operator(&shape, memory), &batches, &turns);
    }
}

#[test]
fn memory_has_no_more_than_it_may() {
    let shape = Shape { pattern: "A -> B".to_owned(), skip: Some("past-last"), has_time_limit: true, has_time: true };
    // Two thousand keys that come twice, the second time when the first is open and over the watermark.
    let of = |times: std::ops::Range<i64>, letter| {
        times.map(move |n| format!("[[{n}],{},\"{letter}\"]", 10 * i64::from(letter == 'b'))).collect::<Vec<_>>()
    };
    let batches = [of(0..1000, 'a'), of(1000..2000, 'a'), of(0..2000, 'b')];
    let (mut collected, memory) = (Collected::default(), 32 << 10);
    let mut large = LargeSequences::new(small(&shape), memory);
    large.head(&mut Head::new(1000)).unwrap();
    for (batch, records) in (1..).zip(&batches) {
        let (time, mut out) = (BatchTime(batch * 1000), Out::new(&mut collected));
        out.set_time(time);
        for some in records.chunks(100) {
            let bytes: String = some.iter().map(|record| format!("{record}\n")).collect();
            large.block(Block { time, records: some.len() as u64, bytes: bytes.as_bytes() }, &mut out).unwrap();
            assert!(large.sequences.held().bytes <= memory as u64, "{:?}", large.sequences.held());
        }
        large.end(time, &mut out).unwrap();
        assert!(!large.is_all_in_memory(), "all is in memory");
        assert!(large.sequences.held().bytes <= memory as u64);
    }
    large.close(&Close::new(crate::frame::Reason::Eof), &mut Out::new(&mut collected)).unwrap();
    let found: usize = collected.batches.iter().map(|(_, records)| records.len()).sum();
    assert_eq!(found, 2000);
}
