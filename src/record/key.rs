//! Values as keys: a normal form in which values that mean the same are the
//! same bytes, so that keys can be hashed and compared as bytes.
//!
//! - A string is the canonical JSON string of its text.
//! - A number is its exact value: as a plain decimal number if that takes at
//!   most 40 digits (`120`, `-0.5`), else as significant digits and exponent
//!   (`1e99`). 1, 1.0 and 10e-1 are `1`, and -0 is `0`.
//! - An object has its members sorted by key; an array keeps its order.
//!
//! The form is chosen so that the usual keys (canonical strings, plain
//! integers, `true`) are their own normal form and cost one look, no copy.

use super::MAX_DEPTH;
use super::escape::{push_string, unescape};
use super::literal::{Literal, push_plain};
use super::scan::{Kind, elements, kind, members};
use std::borrow::Cow;

/// The longest plain decimal form, in digits.
const PLAIN_DIGITS: i64 = 40;

/// The normal form of `record`: the record itself where it is in normal form,
/// else new bytes. `a` and `b` mean the same if and only if their normal forms
/// are equal.
#[inline]
pub fn normal_key(record: &[u8]) -> Cow<'_, [u8]> {
    if is_own_normal_form(record) {
        return Cow::Borrowed(record);
    }
    let mut out = Vec::with_capacity(record.len());
    push_normal_key(record, &mut out);
    Cow::Owned(out)
}

/// As [`normal_key`], with `buffer` (whose content is lost) in the place of a
/// new allocation.
#[inline]
pub fn normal_key_in<'a>(record: &'a [u8], buffer: &'a mut Vec<u8>) -> &'a [u8] {
    if is_own_normal_form(record) {
        return record;
    }
    buffer.clear();
    push_normal_key(record, buffer);
    buffer
}

/// Appends the normal form of `record`.
pub fn push_normal_key(record: &[u8], out: &mut Vec<u8>) {
    push_normal(record, 0, out);
}

/// Whether it can be seen at a glance that a record is its own normal form.
#[inline]
fn is_own_normal_form(record: &[u8]) -> bool {
    match record.first() {
        Some(b'"') => memchr::memchr(b'\\', record).is_none(),
        Some(b'-' | b'0'..=b'9') => is_normal_number(record),
        Some(b'n' | b't' | b'f') => true,
        _ => false,
    }
}

/// Whether a number is short, has no exponent and no zeros to be dropped.
#[inline]
fn is_normal_number(number: &[u8]) -> bool {
    if number.len() as i64 > PLAIN_DIGITS || number == b"-0" {
        return false;
    }
    let mut has_point = false;
    for byte in number {
        match byte {
            b'.' => has_point = true,
            b'0'..=b'9' | b'-' => {}
            _ => return false,
        }
    }
    !has_point || number.last() != Some(&b'0')
}

fn push_normal(value: &[u8], depth: usize, out: &mut Vec<u8>) {
    if depth > MAX_DEPTH || is_own_normal_form(value) {
        out.extend_from_slice(value);
        return;
    }
    match kind(value) {
        Some(Kind::String) => push_string(&unescape(value), out),
        Some(Kind::Number) => push_normal_number(value, out),
        Some(Kind::Array) => {
            out.push(b'[');
            for (index, element) in elements(value).enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                push_normal(element, depth + 1, out);
            }
            out.push(b']');
        }
        Some(Kind::Object) => {
            out.push(b'{');
            for (index, (key, member)) in sorted_members(value).into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                push_string(&key, out);
                out.push(b':');
                push_normal(member, depth + 1, out);
            }
            out.push(b'}');
        }
        _ => out.extend_from_slice(value),
    }
}

/// The members of an object, sorted by the text of the key; the last of equal
/// keys counts.
pub(super) fn sorted_members(object: &[u8]) -> Vec<(Cow<'_, [u8]>, &[u8])> {
    let mut sorted: Vec<_> = members(object).map(|(key, member)| (unescape(key), member)).collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    sorted.dedup_by(|later, kept| {
        let is_equal = later.0 == kept.0;
        if is_equal {
            kept.1 = later.1;
        }
        is_equal
    });
    sorted
}

fn push_normal_number(number: &[u8], out: &mut Vec<u8>) {
    let Some(literal) = Literal::parse(number) else {
        out.extend_from_slice(number);
        return;
    };
    if literal.is_zero() {
        out.push(b'0');
        return;
    }
    let digits = literal.digit_count() as i64;
    if let Some(point) = literal.point.small()
        && (1 - PLAIN_DIGITS..=PLAIN_DIGITS).contains(&point)
        && (if point > 0 { digits.max(point) } else { digits - point + 1 }) <= PLAIN_DIGITS
    {
        push_plain(literal.negative, literal.digits(), point, out);
        return;
    }
    if literal.negative {
        out.push(b'-');
    }
    out.extend(literal.digits());
    out.push(b'e');
    literal.point.plus(-digits).push(out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::canon::tests::any_json;
    use crate::record::canonicalize;
    use crate::record::compare;
    use proptest::prelude::*;
    use serde_json::Value;
    use std::cmp::Ordering;

    fn normal(json: &str) -> String {
        String::from_utf8(normal_key(json.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn usual_keys_are_their_own_normal_form() {
        for json in ["\"é日\"", "120", "-7", "0", "12.75", "null", "true", "12345678901234567890123"] {
            assert!(matches!(normal_key(json.as_bytes()), Cow::Borrowed(_)), "{json}");
            let mut pushed = Vec::new();
            push_normal_key(json.as_bytes(), &mut pushed);
            assert_eq!(pushed, json.as_bytes());
        }
    }

    #[test]
    fn equal_numbers_have_one_form() {
        let groups = [
            vec!["1", "1.0", "10e-1", "0.1e1", "1E0", "1.000e+0"],
            vec!["0", "-0", "0.0", "0e99999999999999999999", "-0.0e-5"],
            vec!["-1.5", "-15e-1", "-1.50"],
            vec!["1e99", "10e98", "0.01e101"],
            vec!["1e99999999999999999999", "10e99999999999999999998"],
            vec!["0.000001", "1e-6"],
        ];
        let forms: Vec<_> = groups
            .iter()
            .map(|group| {
                let form = normal(group[0]);
                assert!(group.iter().all(|number| normal(number) == form), "{group:?}");
                assert_eq!(normal(&form), form);
                form
            })
            .collect();
        assert_eq!(forms, ["1", "0", "-1.5", "1e99", "1e99999999999999999999", "0.000001"]);
        assert_ne!(normal("12345678901234567890123"), normal("12345678901234567890124"));
        assert_ne!(normal("0.1"), normal("0.10000000000000000001"));
    }

    #[test]
    fn the_plain_form_ends_where_it_does_for_every_writing() {
        let forty = "1".repeat(40);
        assert_eq!(normal(&forty), forty);
        assert_eq!(normal(&format!("{forty}.0")), forty);
        let longer = "1".repeat(41);
        assert_eq!(normal(&longer), format!("{longer}e0"));
        assert_eq!(normal(&format!("1{}", "0".repeat(39))), format!("1{}", "0".repeat(39)));
        assert_eq!(normal(&format!("1{}", "0".repeat(40))), "1e40");
        assert_eq!(normal(&format!("0.{}1", "0".repeat(38))), "1e-39".to_string().replace("1e-39", &normal("1e-39")));
        assert_eq!(normal("1e40"), "1e40");
        assert_eq!(normal("1e39"), format!("1{}", "0".repeat(39)));
    }

    #[test]
    fn containers_and_foreign_strings() {
        assert_eq!(normal(r#"{"b":1.0,"a":[2,1e0]}"#), r#"{"a":[2,1],"b":1}"#);
        assert_eq!(normal(r#"[1.0,{"z":{},"y":[]}]"#), r#"[1,{"y":[],"z":{}}]"#);
        assert_eq!(normal(r#""\u0041\/\n""#), "\"A/\\n\"");
        assert_eq!(normal(r#"{"a":1,"\u0061":2}"#), r#"{"a":2}"#);
        assert_ne!(normal("1"), normal("\"1\""));
        assert_ne!(normal("[1]"), normal("1"));
    }

    /// `value` with its objects in another order and its numbers in other
    /// writing, which changes nothing in what it means.
    fn rewritten(value: &Value) -> String {
        match value {
            Value::Array(elements) => {
                format!("[{}]", elements.iter().map(rewritten).collect::<Vec<_>>().join(","))
            }
            Value::Object(members) => {
                let mut parts: Vec<_> = members
                    .iter()
                    .map(|(key, member)| format!("{}:{}", Value::from(key.as_str()), rewritten(member)))
                    .collect();
                parts.reverse();
                format!("{{{}}}", parts.join(","))
            }
            Value::Number(number) => {
                let text = number.to_string();
                if text.contains(['e', 'E']) {
                    text
                } else if text.contains('.') {
                    format!("{text}00e0")
                } else {
                    format!("{text}00.0e-2")
                }
            }
            other => other.to_string(),
        }
    }

    proptest! {
        #[test]
        fn writing_does_not_matter(value in any_json()) {
            let (one, other) = (value.to_string(), rewritten(&value));
            prop_assert_eq!(normal(&one), normal(&other));
            prop_assert_eq!(normal(&normal(&one)), normal(&one));
        }

        #[test]
        fn equal_forms_are_equal_values(a in any_json(), b in any_json()) {
            let (a, b) = (a.to_string(), b.to_string());
            let is_equal = compare(a.as_bytes(), b.as_bytes()) == Ordering::Equal;
            prop_assert_eq!(normal(&a) == normal(&b), is_equal);
        }

        #[test]
        fn normal_forms_are_canonical_json(value in any_json()) {
            let form = normal(&value.to_string());
            let mut out = Vec::new();
            canonicalize(form.as_bytes(), &mut out).unwrap();
            prop_assert_eq!(String::from_utf8(out).unwrap(), form);
        }

        #[test]
        fn garbage_never_panics(bytes: Vec<u8>) {
            normal_key(&bytes);
        }
    }
}
