//! jq's order of JSON values: null, false, true, numbers, strings, arrays,
//! objects. Numbers by exact decimal value, strings by the code points of their
//! text, arrays element by element; objects first by their sorted keys as
//! arrays, then value by value in that order (jq 1.7 manual, `sort`).

use super::MAX_DEPTH;
use super::escape::unescape;
use super::key::sorted_members;
use super::literal::Literal;
use super::scan::{Kind, elements, kind};
use std::cmp::Ordering;

/// Compares two records. What is no JSON sorts before everything else, by bytes.
#[inline]
pub fn compare(a: &[u8], b: &[u8]) -> Ordering {
    compare_values(a, b, 0)
}

fn compare_values(a: &[u8], b: &[u8], depth: usize) -> Ordering {
    let (kind_a, kind_b) = (kind(a), kind(b));
    if kind_a != kind_b {
        return kind_a.cmp(&kind_b);
    }
    match kind_a {
        Some(Kind::Number) => compare_numbers(a, b),
        Some(Kind::String) => compare_strings(a, b),
        Some(Kind::Array) if depth < MAX_DEPTH => compare_arrays(a, b, depth),
        Some(Kind::Object) if depth < MAX_DEPTH => compare_objects(a, b, depth),
        Some(Kind::Null | Kind::False | Kind::True) => Ordering::Equal,
        _ => a.cmp(b),
    }
}

/// Compares two JSON numbers by exact value.
#[inline]
pub fn compare_numbers(a: &[u8], b: &[u8]) -> Ordering {
    if let (Some(a), Some(b)) = (short_natural(a), short_natural(b)) {
        return a.cmp(&b);
    }
    match (Literal::parse(a), Literal::parse(b)) {
        (Some(a), Some(b)) => a.compare(&b),
        _ => a.cmp(b),
    }
}

/// A natural number of at most 19 digits, which is what most numbers are.
#[inline]
fn short_natural(number: &[u8]) -> Option<u64> {
    if number.is_empty() || number.len() > 19 {
        return None;
    }
    number.iter().try_fold(0, |value, &byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| value * 10 + u64::from(digit))
    })
}

/// Compares two JSON strings by the code points of their text, which is the
/// order of its UTF-8 bytes.
fn compare_strings(a: &[u8], b: &[u8]) -> Ordering {
    unescape(a).cmp(&unescape(b))
}

fn compare_arrays(a: &[u8], b: &[u8], depth: usize) -> Ordering {
    let (mut a, mut b) = (elements(a), elements(b));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => match compare_values(a, b, depth + 1) {
                Ordering::Equal => {}
                unequal => return unequal,
            },
        }
    }
}

fn compare_objects(a: &[u8], b: &[u8], depth: usize) -> Ordering {
    let (a, b) = (sorted_members(a), sorted_members(b));
    let keys = a.iter().map(|(key, _)| key).cmp(b.iter().map(|(key, _)| key));
    keys.then_with(|| {
        a.iter()
            .zip(&b)
            .map(|((_, a), (_, b))| compare_values(a, b, depth + 1))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::canon::tests::any_json;
    use proptest::prelude::*;

    #[test]
    fn sorted_as_jq_sorts() {
        let sorted = [
            "null",
            "false",
            "true",
            "-1e400",
            "-12345678901234567890124",
            "-12345678901234567890123",
            "-1.5",
            "-1e-400",
            "0",
            "1e-99999999999999999999",
            "1e-400",
            "0.5",
            "1",
            "1.00000000000000000001",
            "9",
            "10",
            "12345678901234567890123",
            "12345678901234567890124",
            "1e400",
            "1e99999999999999999999",
            r#""""#,
            r#""A""#,
            r#""a""#,
            r#""a\n""#,
            r#""a\"""#,
            r#""aa""#,
            r#""é""#,
            "\"\u{e000}\"",
            r#""😀""#,
            "[]",
            "[null]",
            "[1,2]",
            "[1,3]",
            "[2]",
            "{}",
            r#"{"a":2}"#,
            r#"{"b":1,"a":1}"#,
            r#"{"a":1,"b":2}"#,
            r#"{"a":2,"b":1}"#,
            r#"{"b":1}"#,
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(compare(a.as_bytes(), b.as_bytes()), i.cmp(&j), "{a} with {b}");
            }
        }
    }

    #[test]
    fn writing_does_not_matter() {
        for (a, b) in [
            ("1", "1.0"),
            ("-0", "0"),
            ("1e2", "100"),
            (r#""\u0041""#, "\"A\""),
            (r#"{"a":1,"b":2}"#, r#"{"b":2.0,"a":1}"#),
        ] {
            assert_eq!(compare(a.as_bytes(), b.as_bytes()), Ordering::Equal, "{a} {b}");
        }
    }

    #[test]
    fn deep_values_do_not_exhaust_the_stack() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            for depth in [MAX_DEPTH, 4 * MAX_DEPTH] {
                let deep = |inside: &str| open.repeat(depth) + inside + &close.repeat(depth);
                let (one, two) = (deep("1"), deep("2"));
                assert_eq!(compare(one.as_bytes(), two.as_bytes()), Ordering::Less);
                assert_eq!(crate::record::normal_key(one.as_bytes()), one.as_bytes());
            }
        }
    }

    proptest! {
        #[test]
        fn it_is_an_order(a in any_json(), b in any_json(), c in any_json()) {
            let [a, b, c] = [a, b, c].map(|value| value.to_string().into_bytes());
            prop_assert_eq!(compare(&a, &a), Ordering::Equal);
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            if compare(&a, &b).is_le() && compare(&b, &c).is_le() {
                prop_assert!(compare(&a, &c).is_le());
            }
        }

        #[test]
        fn floats_agree(a in -1e9f64..1e9, b in -1e9f64..1e9) {
            let order = compare(a.to_string().as_bytes(), b.to_string().as_bytes());
            prop_assert_eq!(Some(order), a.partial_cmp(&b));
        }

        #[test]
        fn garbage_never_panics(a: Vec<u8>, b: Vec<u8>) {
            compare(&a, &b);
        }
    }
}
