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
}
