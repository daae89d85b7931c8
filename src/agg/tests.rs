use super::*;
use crate::record::canon::tests::any_json;
use proptest::prelude::*;

const ALL: [&str; 14] = [
    "count",
    "sum",
    "min",
    "max",
    "avg",
    "first",
    "last",
    "collect",
    "distinct",
    "count-distinct",
    "top:3",
    "top:1",
    "quantile:0.5",
    "quantile:0.99",
];

/// `$a - $b` would not be associative; this joins texts, and fails on null.
struct Join;

impl Combine for Join {
    fn combine(&mut self, a: &[u8], b: &[u8], out: &mut Vec<u8>) -> Result<bool, AggError> {
        if b == b"null" {
            return Err(AggError::Expression { message: "null cannot be joined".into() });
        }
        if b == b"\"\"" {
            return Ok(false);
        }
        let (a, b) = (crate::record::unescape(a), crate::record::unescape(b));
        crate::record::push_string(&[a, b].concat(), out);
        Ok(true)
    }
}

fn aggregator(name: &str) -> Aggregator {
    Aggregator::new(Aggregation::parse(name).unwrap())
}

fn accumulate<S: AsRef<[u8]>>(aggregator: &mut Aggregator, values: &[S]) -> Accumulator {
    let mut accumulator = aggregator.accumulator();
    for value in values {
        aggregator.add(&mut accumulator, value.as_ref()).unwrap();
    }
    accumulator
}

fn result(aggregator: &Aggregator, accumulator: &Accumulator) -> Option<String> {
    let mut out = Vec::new();
    aggregator.write(accumulator, &mut out).then(|| String::from_utf8(out).unwrap())
}

fn of(name: &str, values: &[&str]) -> Option<String> {
    let mut aggregator = aggregator(name);
    let accumulator = accumulate(&mut aggregator, values);
    assert_eq!(accumulator.is_empty(), values.is_empty());
    result(&aggregator, &accumulator)
}

#[test]
fn an_accumulator_takes_32_bytes() {
    assert_eq!(size_of::<Accumulator>(), 32);
}

#[test]
fn results() {
    let values = ["3", "1.0", "2", "1", "3.00", "-5e-1"];
    for (name, expected) in [
        ("count", "6"),
        ("sum", "9.5"),
        ("avg", "1.5833333333333333"),
        ("min", "-5e-1"),
        ("max", "3"),
        ("first", "3"),
        ("last", "-5e-1"),
        ("collect", "[3,1.0,2,1,3.00,-5e-1]"),
        ("distinct", "[3,1.0,2,-5e-1]"),
        ("count-distinct", "4"),
        ("top:2", "[3,3.00]"),
        ("top:9", "[3,3.00,2,1.0,1,-5e-1]"),
        ("quantile:0", "-5e-1"),
        ("quantile:0.5", "1"),
        ("quantile:0.51", "2"),
        ("quantile:1", "3.00"),
    ] {
        assert_eq!(of(name, &values).as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn of_no_values_only_count_has_a_result() {
    for name in ALL {
        assert_eq!(of(name, &[]).as_deref(), (name == "count").then_some("0"), "{name}");
    }
}

#[test]
fn values_of_any_kind() {
    let values = ["null", r#"{"b":1,"a":2}"#, "\"x\"", r#"{"a":2.0,"b":1}"#, "[1]", "true", "7"];
    assert_eq!(of("min", &values).as_deref(), Some("null"));
    assert_eq!(of("max", &values).as_deref(), Some(r#"{"b":1,"a":2}"#));
    assert_eq!(of("distinct", &values).as_deref(), Some(r#"[null,{"b":1,"a":2},"x",[1],true,7]"#));
    for name in ["sum", "avg", "quantile:0.5"] {
        let mut aggregator = aggregator(name);
        let mut accumulator = aggregator.accumulator();
        aggregator.add(&mut accumulator, b"7").unwrap();
        let before = result(&aggregator, &accumulator);
        let error = aggregator.add(&mut accumulator, b"\"x\"").unwrap_err();
        assert_eq!(error, AggError::NotANumber { value: "\"x\"".into() });
        assert_eq!(result(&aggregator, &accumulator), before, "an error changes nothing");
    }
}

#[test]
fn top_gives_records_by_another_value() {
    let mut aggregator = aggregator("top:2");
    let mut accumulator = aggregator.accumulator();
    for (rank, record) in [("1", r#"["a",1]"#), ("5", r#"["b",5]"#), ("3", r#"["c",3]"#), ("5.0", r#"["d",5]"#)] {
        aggregator.add_by(&mut accumulator, rank.as_bytes(), record.as_bytes()).unwrap();
    }
    assert_eq!(result(&aggregator, &accumulator).as_deref(), Some(r#"[["b",5],["d",5]]"#));
    let mut each = Vec::new();
    aggregator.write_each(&accumulator, |record| each.push(record.to_vec()));
    assert_eq!(each, [br#"["b",5]"#, br#"["d",5]"#]);

    let mut sum = super::tests::aggregator("sum");
    let mut total = sum.accumulator();
    sum.add_by(&mut total, b"5", br#"["b",5]"#).unwrap();
    assert_eq!(result(&sum, &total).as_deref(), Some("5"));
}

#[test]
fn expressions_combine_in_order() {
    let mut joiner = Aggregator::expression(Box::new(Join));
    let mut accumulator = accumulate(&mut joiner, &["\"a\"", "\"b\"", "\"c\""]);
    assert_eq!(result(&joiner, &accumulator).as_deref(), Some("\"abc\""));
    assert!(matches!(joiner.add(&mut accumulator, b"null"), Err(AggError::Expression { .. })));
    assert_eq!(joiner.add(&mut accumulator, b"\"\""), Err(AggError::NoResult));
    assert_eq!(result(&joiner, &accumulator).as_deref(), Some("\"abc\""));
    let null = accumulate(&mut joiner, &["null"]);
    assert_eq!(result(&joiner, &null).as_deref(), Some("null"));
}

#[test]
fn what_cannot_be_done_is_an_error() {
    let max = aggregator("max");
    let mut accumulator = max.accumulator();
    assert_eq!(max.remove(&mut accumulator, b"1"), Err(AggError::NotSubtractable));
    let sum = aggregator("sum");
    assert_eq!(sum.subtract(&mut sum.accumulator(), &accumulator), Err(AggError::Mixed));
    let mut count = aggregator("count");
    assert_eq!(count.merge(&mut accumulator, &sum.accumulator()), Err(AggError::Mixed));
}

#[test]
fn a_large_distinct_has_its_order() {
    let values: Vec<String> = (0..5000).map(|i| format!("{}", i * 7919 % 2003)).collect();
    let mut aggregator = aggregator("distinct");
    let accumulator = accumulate(&mut aggregator, &values);
    let mut each = Vec::new();
    aggregator.write_each(&accumulator, |record| each.push(String::from_utf8(record.to_vec()).unwrap()));
    assert_eq!(each, values[..2003]);
}

#[test]
fn count_distinct_is_exact_up_to_its_limit_and_near_beyond() {
    for (error, name) in [(0.01, "count-distinct"), (0.05, "count-distinct")] {
        let definition = Aggregation::parse(name).unwrap().with_error(error).unwrap();
        let mut aggregator = Aggregator::new(definition);
        let mut accumulator = aggregator.accumulator();
        for i in 0..MAX_EXACT_COUNT_DISTINCT {
            for writing in [format!("{i}"), format!("{i}.0")] {
                aggregator.add(&mut accumulator, writing.as_bytes()).unwrap();
            }
        }
        assert_eq!(result(&aggregator, &accumulator).as_deref(), Some("1024"));
        for i in 0..100_000 {
            aggregator.add(&mut accumulator, format!("\"user{i}\"").as_bytes()).unwrap();
        }
        let estimate: f64 = result(&aggregator, &accumulator).unwrap().parse().unwrap();
        assert!((estimate / 101_024.0 - 1.0).abs() < 3.0 * error, "{estimate}");
    }
}

#[test]
fn quantiles_of_many_values_are_within_the_error() {
    for error in [0.01, 0.001] {
        for (share, text) in [(0.01, "0.01"), (0.5, "0.5"), (0.99, "0.99"), (1.0, "1"), (0.0, "0")] {
            let definition = Aggregation::parse(&format!("quantile:{text}")).unwrap();
            let mut aggregator = Aggregator::new(definition.with_error(error).unwrap());
            // From -1e9 over 0 to 1e9, most of them small.
            let mut values: Vec<f64> =
                (-5000..=5000).map(|i| f64::from(i) * (f64::from(i).abs() / 5000.0).powi(8) * 2e5).collect();
            let texts: Vec<String> = values.iter().rev().map(|value| format!("{value:e}")).collect();
            let accumulator = accumulate(&mut aggregator, &texts);
            values.sort_by(f64::total_cmp);
            let exact = values[((share * values.len() as f64).ceil() as usize).max(1) - 1];
            let estimate: f64 = result(&aggregator, &accumulator).unwrap().parse().unwrap();
            assert!((estimate - exact).abs() <= error * exact.abs() * 1.000001, "{estimate} {exact}");
        }
    }
}

#[test]
fn merged_sketches_are_the_whole() {
    let values: Vec<String> = (0..4000).map(|i| (i * 37 % 3989 - 1000).to_string()).collect();
    for name in ["count-distinct", "quantile:0.3"] {
        let mut aggregator = aggregator(name);
        let whole = accumulate(&mut aggregator, &values);
        for cut in [0, 1, 1000, 1024, 1025, 2000, 3999, 4000] {
            let mut first = accumulate(&mut aggregator, &values[..cut]);
            let second = accumulate(&mut aggregator, &values[cut..]);
            aggregator.merge(&mut first, &second).unwrap();
            assert_eq!(result(&aggregator, &first), result(&aggregator, &whole));
            let mut saved = Vec::new();
            aggregator.save(&first, &mut saved);
            let loaded = aggregator.load(&mut saved.as_slice()).unwrap();
            assert_eq!(result(&aggregator, &loaded), result(&aggregator, &whole));
        }
    }
}

#[test]
fn extreme_values_stay_in_a_sketch() {
    let mut aggregator = aggregator("quantile:1");
    let mut values = vec!["0".to_string(); 1024];
    values.extend(["1e400".to_string(), "-1e400".into(), "1e-400".into()]);
    let accumulator = accumulate(&mut aggregator, &values);
    let greatest: f64 = result(&aggregator, &accumulator).unwrap().parse().unwrap();
    assert!(greatest > 1.7e308 && greatest.is_finite());
}

#[test]
fn a_sum_that_slides_100_000_times_stays_exact() {
    let mut state = 0x9e3779b97f4a7c15u64;
    let mut values = Vec::new();
    for _ in 0..100_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        values.push(format!("{}e{}", state as i64 % 1_000_003, (state >> 50) as i64 % 41 - 20));
    }
    for name in ["sum", "avg"] {
        let mut aggregator = aggregator(name);
        let mut running = aggregator.accumulator();
        for (index, value) in values.iter().enumerate() {
            aggregator.add(&mut running, value.as_bytes()).unwrap();
            if index >= 20 {
                aggregator.remove(&mut running, values[index - 20].as_bytes()).unwrap();
            }
            if index % 499 == 0 || index + 1 == values.len() {
                let exact = accumulate(&mut aggregator, &values[index.saturating_sub(19)..=index]);
                assert_eq!(result(&aggregator, &running), result(&aggregator, &exact));
            }
        }
    }
}

#[test]
fn saved_layouts_stay_readable() {
    // Bytes written by the first version: they must never need to change.
    for (name, bytes, expected) in [
        ("count", b"\x01\xac\x02".as_slice(), "300"),
        ("sum", b"\x02\x02\x03\x02\x39\x30", "123.45"),
        ("avg", b"\x02\x02\x03\x02\x39\x30", "61.725"),
        ("max", b"\x03\x03\"a\"", "\"a\""),
        ("collect", b"\x04\x031,2", "[1,2]"),
        ("distinct", b"\x05\x02\x011\x012", "[1,2]"),
        ("count-distinct", b"\x06\x02\x011\x012", "2"),
        ("top:2", b"\x08\x02\x015\x03\"b\"\x00\x011", "[\"b\",1]"),
        ("quantile:0.5", b"\x09\x055,6,7", "6"),
        ("quantile:1", b"\x0a\x00\x01\x01\x00\x01", "1.01"),
    ] {
        let aggregator = aggregator(name);
        let input = &mut &bytes[..];
        let loaded = aggregator.load(input).unwrap();
        assert!(input.is_empty());
        assert_eq!(result(&aggregator, &loaded).as_deref(), Some(expected), "{name}");
        let mut saved = Vec::new();
        aggregator.save(&loaded, &mut saved);
        assert_eq!(saved, bytes, "{name}");
        for cut in 0..bytes.len() {
            assert!(aggregator.load(&mut &bytes[..cut]).is_err(), "{name} cut at {cut}");
        }
    }
    assert!(matches!(aggregator("sum").load(&mut b"\x01\x05".as_slice()), Err(AggError::Damaged)));
}

#[test]
fn a_column_does_what_single_accumulators_do() {
    for name in ALL {
        let mut aggregator = aggregator(name);
        let mut column = Accumulators::new(&aggregator);
        let mut single = [aggregator.accumulator(), aggregator.accumulator()];
        single.iter().for_each(|_| column.push(&aggregator));
        for (index, value) in [(0, "5"), (1, "6"), (0, "7")] {
            let value = value.as_bytes();
            column.add_by(&mut aggregator, index, value, value).unwrap();
            aggregator.add(&mut single[index], value).unwrap();
        }
        let other = single[1].clone();
        column.update(0, |accumulator| aggregator.merge(accumulator, &other)).unwrap();
        aggregator.merge(&mut single[0], &other).unwrap();
        for (index, accumulator) in single.iter().enumerate() {
            let mut out = Vec::new();
            assert!(column.write(&aggregator, index, &mut out));
            assert_eq!(Some(String::from_utf8(out).unwrap()), result(&aggregator, accumulator));
            assert_eq!(result(&aggregator, &column.get(index)), result(&aggregator, accumulator));
        }
        assert_eq!(column.len(), 2);
        column.clear();
        assert!(column.is_empty());
    }
}

/// Numbers with many equals, and some that are long.
fn numbers() -> impl Strategy<Value = Vec<String>> {
    let number = prop_oneof![(-5i32..5).prop_map(|n| n.to_string()), "-?[1-9][0-9]{0,25}(\\.[0-9]{1,3})?(e-?[0-9])?",];
    prop::collection::vec(number, 0..40)
}

proptest! {
    #[test]
    fn merged_parts_are_the_whole(values in numbers(), cuts in prop::collection::vec(0usize..40, 0..4)) {
        for name in ALL {
            let mut aggregator = aggregator(name);
            let whole = accumulate(&mut aggregator, &values);
            let mut cuts: Vec<_> = cuts.iter().map(|cut| (*cut).min(values.len())).collect();
            cuts.push(values.len());
            cuts.sort_unstable();
            let mut merged = aggregator.accumulator();
            let mut start = 0;
            for cut in cuts {
                let part = accumulate(&mut aggregator, &values[start..cut]);
                let before = result(&aggregator, &part);
                aggregator.merge(&mut merged, &part).unwrap();
                prop_assert_eq!(result(&aggregator, &part), before, "an operand stays as it was");
                start = cut;
            }
            prop_assert_eq!(result(&aggregator, &merged), result(&aggregator, &whole), "{}", name);
        }
    }

    #[test]
    fn subtracting_the_oldest_leaves_the_rest(values in numbers(), cut in 0usize..40) {
        for name in ["count", "sum", "avg"] {
            let mut aggregator = aggregator(name);
            let (oldest, rest) = values.split_at(cut.min(values.len()));
            let mut running = accumulate(&mut aggregator, &values);
            let oldest = accumulate(&mut aggregator, oldest);
            let rest = accumulate(&mut aggregator, rest);
            aggregator.subtract(&mut running, &oldest).unwrap();
            prop_assert_eq!(result(&aggregator, &running), result(&aggregator, &rest));
            prop_assert_eq!(running.is_empty(), rest.is_empty());
        }
    }

    #[test]
    fn saved_accumulators_come_back(values in numbers(), more in numbers()) {
        for name in ALL {
            let mut aggregator = aggregator(name);
            let accumulator = accumulate(&mut aggregator, &values);
            let mut saved = Vec::new();
            aggregator.save(&accumulator, &mut saved);
            aggregator.save(&aggregator.accumulator(), &mut saved);
            let input = &mut saved.as_slice();
            let mut loaded = aggregator.load(input).unwrap();
            prop_assert!(aggregator.load(input).unwrap().is_empty());
            prop_assert!(input.is_empty());
            let mut original = accumulator;
            for value in &more {
                aggregator.add(&mut loaded, value.as_bytes()).unwrap();
                aggregator.add(&mut original, value.as_bytes()).unwrap();
            }
            prop_assert_eq!(result(&aggregator, &loaded), result(&aggregator, &original), "{}", name);
        }
    }

    #[test]
    fn naive_models_agree(values in prop::collection::vec(any_json(), 1..30), limit in 1usize..12) {
        let values: Vec<Vec<u8>> = values.iter().map(|value| value.to_string().into_bytes()).collect();
        let array = |records: &[&Vec<u8>]| {
            let texts: Vec<_> = records.iter().map(|record| std::str::from_utf8(record).unwrap()).collect();
            format!("[{}]", texts.join(","))
        };
        let mut sorted: Vec<_> = values.iter().collect();
        sorted.sort_by(|a, b| compare(b, a));
        sorted.truncate(limit);
        let mut distinct: Vec<&Vec<u8>> = Vec::new();
        for value in &values {
            if !distinct.iter().any(|seen| compare(seen, value).is_eq()) {
                distinct.push(value);
            }
        }
        for (name, expected) in [
            (format!("top:{limit}"), array(&sorted)),
            ("collect".into(), array(&values.iter().collect::<Vec<_>>())),
            ("distinct".into(), array(&distinct)),
            ("count-distinct".into(), distinct.len().to_string()),
        ] {
            let mut aggregator = aggregator(&name);
            let accumulator = accumulate(&mut aggregator, &values);
            prop_assert_eq!(result(&aggregator, &accumulator), Some(expected));
        }
    }

    #[test]
    fn loading_garbage_never_panics(mut bytes: Vec<u8>, tag in 0u8..12) {
        bytes.insert(0, tag);
        for name in ALL {
            let aggregator = aggregator(name);
            if let Ok(loaded) = aggregator.load(&mut bytes.as_slice()) {
                aggregator.write(&loaded, &mut Vec::new());
            }
        }
    }
}
