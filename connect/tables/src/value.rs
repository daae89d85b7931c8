//! A JSON value as a database wants it.

use std::borrow::Cow;

use sstream::connect::record::{Kind, kind, unescape};

/// A value, without loss: numbers keep their digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'v> {
    /// `null`, and what a record does not have.
    Null,
    /// True or false.
    Boolean(bool),
    /// A number, as it is written in JSON.
    Number(&'v str),
    /// A string's text.
    Text(Cow<'v, [u8]>),
    /// An array or an object, as JSON.
    Json(&'v [u8]),
}

impl<'v> Value<'v> {
    /// The value of canonical JSON.
    pub fn of(json: &'v [u8]) -> Value<'v> {
        match kind(json) {
            None | Some(Kind::Null) => Value::Null,
            Some(Kind::True) => Value::Boolean(true),
            Some(Kind::False) => Value::Boolean(false),
            // Canonical numbers are ASCII.
            Some(Kind::Number) => std::str::from_utf8(json).map_or(Value::Null, Value::Number),
            Some(Kind::String) => Value::Text(unescape(json)),
            Some(Kind::Array | Kind::Object) => Value::Json(json),
        }
    }

    /// Its text, as a database reads it that knows the column's type; nothing for null. For a
    /// column of JSON that is the JSON itself.
    pub fn text(json: &'v [u8], is_json_column: bool) -> Option<Cow<'v, [u8]>> {
        match (kind(json), is_json_column) {
            (None | Some(Kind::Null), _) => None,
            (Some(Kind::String), false) => Some(unescape(json)),
            _ => Some(Cow::Borrowed(json)),
        }
    }
}

/// The floating-point number that has all of these digits, if there is one: of up to 15 every
/// number has one, of more those that it is written as.
pub fn exact_float(number: &str) -> Option<f64> {
    let float: f64 = number.parse().ok().filter(|float: &f64| float.is_finite())?;
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_start_matches('0').trim_end_matches('0').len();
    let is_zero = significant == 0;
    let same = || {
        // The shortest digits that give this number again.
        let shortest = format!("{float:e}");
        let shortest: String =
            shortest.split('e').next().unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
        shortest.trim_end_matches('0') == digits.trim_start_matches('0').trim_end_matches('0')
    };
    (is_zero || float != 0.0 && (float.is_normal() && significant <= 15 || same())).then_some(float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_what_they_are() {
        for (json, value) in [
            ("null", Value::Null),
            ("true", Value::Boolean(true)),
            ("12345678901234567890.10", Value::Number("12345678901234567890.10")),
            ("\"a\\n\\\"b\"", Value::Text(Cow::Borrowed(b"a\n\"b"))),
            ("[1,\"x\"]", Value::Json(b"[1,\"x\"]")),
        ] {
            assert_eq!(Value::of(json.as_bytes()), value, "{json}");
        }
        let text = |json: &'static str, is_json| Value::text(json.as_bytes(), is_json).map(Cow::into_owned);
        assert_eq!(text("\"a\"", false), Some(b"a".to_vec()));
        assert_eq!(text("\"a\"", true), Some(b"\"a\"".to_vec()));
        assert_eq!((text("null", false), text("null", true)), (None, None));
    }

    #[test]
    fn numbers_that_would_lose_digits_are_known() {
        for (number, is_exact) in [
            ("0", true),
            ("-0.0", true),
            ("1.5", true),
            ("0.1", true),
            ("1.10", true),
            ("9007199254740993", false),
            ("0.12345678901234567890", false),
            ("1e400", false),
            ("1e-400", false),
            // Numbers near zero have fewer digits.
            ("1e-320", true),
            ("1.2345678e-320", false),
            ("123456789012345", true),
            ("0.30000000000000004", true),
        ] {
            assert_eq!(exact_float(number).is_some(), is_exact, "{number}");
        }
    }
}
