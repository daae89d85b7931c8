//! Finding one's way in JSON bytes without building a tree.
//!
//! Everything borrows from the record. Space between tokens is passed over, so
//! JSON that is valid but not canonical can be read too. On bytes that are not
//! JSON the answer is `None` or an iterator that ends; nothing panics or loops.

use super::escape::{find_special, unescape};
use std::borrow::Cow;

/// The kind of a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `null`
    Null,
    /// `false`
    False,
    /// `true`
    True,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// The kind of a value, told from its first byte.
#[inline]
pub fn kind(value: &[u8]) -> Option<Kind> {
    Some(match value.get(skip_space(value, 0))? {
        b'n' => Kind::Null,
        b'f' => Kind::False,
        b't' => Kind::True,
        b'-' | b'0'..=b'9' => Kind::Number,
        b'"' => Kind::String,
        b'[' => Kind::Array,
        b'{' => Kind::Object,
        _ => return None,
    })
}

/// Where the first byte that is not space stands, from `at` on.
#[inline]
fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Where the value ends that begins at `at` (after its last byte).
#[inline]
pub fn skip_value(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => skip_string(bytes, at),
        b'[' | b'{' => skip_container(bytes, at),
        _ => {
            let length = bytes[at..]
                .iter()
                .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-'))
                .count();
            (length > 0).then_some(at + length)
        }
    }
}

/// Where the string ends whose opening quote is at `at`.
#[inline]
fn skip_string(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        at = find_special(bytes, at);
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => return None,
        }
    }
}

/// Where the array or object ends that begins at `at`: counts brackets outside
/// of strings, whatever the depth.
fn skip_container(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0usize;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = skip_string(bytes, at)?;
                continue;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// The elements of an array, as bytes of the record. Of anything else: none.
pub fn elements(array: &[u8]) -> Elements<'_> {
    Elements { inside: Inside::of(array, b'[') }
}

/// The values in `joined`, which is the inside of an array: values with commas
/// between.
pub fn elements_of_joined(joined: &[u8]) -> Elements<'_> {
    Elements { inside: Inside { bytes: joined, at: 0, is_first: true } }
}

/// The members of an object: each key as it is written, with quotes, and the
/// value. Of anything else: none.
pub fn members(object: &[u8]) -> Members<'_> {
    Members { inside: Inside::of(object, b'{') }
}

/// The value of `name` in an object; `name` is text, not JSON. The first of
/// equal keys, of which a canonical record has none.
pub fn field<'a>(object: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    members(object).find(|(key, _)| is_key(key, name)).map(|(_, value)| value)
}

/// Whether `key`, a JSON string, has the text `name`.
fn is_key(key: &[u8], name: &[u8]) -> bool {
    let inside = &key[1..key.len() - 1];
    // An escape is longer than what it stands for.
    inside == name && !name.contains(&b'\\')
        || inside.len() > name.len() && inside.contains(&b'\\') && unescape(key) == name
}

/// Key and value of a pair, which is an array of exactly two.
#[inline]
pub fn pair(record: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut elements = elements(record);
    let (key, value) = (elements.next()?, elements.next()?);
    let at = skip_space(record, elements.inside.at);
    (record.get(at) == Some(&b']')).then_some((key, value))
}

/// The text of a string, and the JSON text of anything else.
pub fn text(record: &[u8]) -> Cow<'_, [u8]> {
    if record.first() == Some(&b'"') { unescape(record) } else { Cow::Borrowed(record) }
}

/// The place reached inside an array or object.
#[derive(Clone, Debug)]
struct Inside<'a> {
    bytes: &'a [u8],
    /// Behind the opening bracket at first, then behind the last value read.
    at: usize,
    is_first: bool,
}

impl<'a> Inside<'a> {
    fn of(bytes: &'a [u8], bracket: u8) -> Inside<'a> {
        let start = skip_space(bytes, 0);
        let is_right_kind = bytes.get(start) == Some(&bracket);
        Inside { bytes, at: if is_right_kind { start + 1 } else { bytes.len() }, is_first: true }
    }

    /// Passes over the comma, if one has to be there, and reads a value.
    #[inline]
    fn next_value(&mut self) -> Option<&'a [u8]> {
        let mut at = skip_space(self.bytes, self.at);
        if !self.is_first {
            if *self.bytes.get(at)? != b',' {
                return None;
            }
            at = skip_space(self.bytes, at + 1);
        }
        self.is_first = false;
        self.value_at(at)
    }

    /// Passes over the colon and reads the member's value.
    #[inline]
    fn next_member_value(&mut self) -> Option<&'a [u8]> {
        let at = skip_space(self.bytes, self.at);
        if *self.bytes.get(at)? != b':' {
            return None;
        }
        self.value_at(skip_space(self.bytes, at + 1))
    }

    #[inline]
    fn value_at(&mut self, start: usize) -> Option<&'a [u8]> {
        self.at = skip_value(self.bytes, start)?;
        Some(&self.bytes[start..self.at])
    }
}

/// Iterator of [`elements`].
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    inside: Inside<'a>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.inside.next_value()
    }
}

/// Iterator of [`members`].
#[derive(Clone, Debug)]
pub struct Members<'a> {
    inside: Inside<'a>,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let key = self.inside.next_value().filter(|key| key[0] == b'"')?;
        let value = self.inside.next_member_value()?;
        Some((key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::canon::tests::any_json;
    use proptest::prelude::*;
    use serde_json::Value;

    fn strings<'a>(values: impl Iterator<Item = &'a [u8]>) -> Vec<&'a str> {
        values.map(|bytes| std::str::from_utf8(bytes).unwrap()).collect()
    }

    #[test]
    fn values_are_skipped() {
        for json in ["null", "-1.5e+7", r#""a\"]b\\""#, r#"[1,["]"],{"}":2}]"#, r#"{"a":{}}"#] {
            let followed = format!("{json},1");
            assert_eq!(skip_value(followed.as_bytes(), 0), Some(json.len()), "{json}");
        }
        for garbage in ["", ",", "]", "\"a", "[1,", "{\"a\":[}", "\"\\"] {
            assert_eq!(skip_value(garbage.as_bytes(), 0), None, "{garbage}");
        }
    }

    #[test]
    fn elements_and_members() {
        assert_eq!(strings(elements(br#"[1,"a,b",[2,3],{}]"#)), ["1", r#""a,b""#, "[2,3]", "{}"]);
        assert_eq!(strings(elements(b" [ 1 , 2 ] ")), ["1", "2"]);
        assert_eq!(elements(b"[]").count(), 0);
        assert_eq!(elements(b"{}").count(), 0);
        assert_eq!(members(b"[1]").count(), 0);
        let found: Vec<_> = members(br#"{"a":1, "b\"" : [2] }"#).collect();
        assert_eq!(found, [(br#""a""#.as_slice(), b"1".as_slice()), (br#""b\"""#, b"[2]")]);
    }

    #[test]
    fn pairs_are_arrays_of_two() {
        assert_eq!(pair(br#"["k",[1,2]]"#), Some((br#""k""#.as_slice(), b"[1,2]".as_slice())));
        assert_eq!(pair(b" [ 1 , 2 ] "), Some((b"1".as_slice(), b"2".as_slice())));
        for other in ["[1]", "[1,2,3]", "[]", "1", "{\"a\":1}", "[1,2", "[1,2,", "", "[,]"] {
            assert_eq!(pair(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn fields_are_found_by_text() {
        let record = br#"{"a":1,"b":{"a":2},"\"q\\":3,"\u0063":4}"#;
        assert_eq!(field(record, b"a"), Some(b"1".as_slice()));
        assert_eq!(field(record, b"b"), Some(br#"{"a":2}"#.as_slice()));
        assert_eq!(field(record, b"\"q\\"), Some(b"3".as_slice()));
        assert_eq!(field(record, b"c"), Some(b"4".as_slice()));
        assert_eq!(field(record, br"\u0063"), None);
        assert_eq!(field(record, b"x"), None);
        assert_eq!(field(b"[1]", b"a"), None);
    }

    #[test]
    fn text_of_strings_and_others() {
        assert_eq!(text(br#""a\tb""#), b"a\tb".as_slice());
        assert_eq!(text(b"[1]"), b"[1]".as_slice());
    }

    proptest! {
        #[test]
        fn navigation_agrees_with_serde(value in any_json()) {
            let json = value.to_string();
            let bytes = json.as_bytes();
            prop_assert_eq!(skip_value(bytes, 0), Some(bytes.len()));
            match &value {
                Value::Array(expected) => {
                    let expected: Vec<_> = expected.iter().map(Value::to_string).collect();
                    prop_assert_eq!(strings(elements(bytes)), expected);
                }
                Value::Object(expected) => {
                    prop_assert_eq!(members(bytes).count(), expected.len());
                    for (name, member) in expected {
                        let found = field(bytes, name.as_bytes()).unwrap();
                        prop_assert_eq!(found.to_vec(), member.to_string().into_bytes());
                    }
                }
                _ => {}
            }
        }

        #[test]
        fn garbage_never_panics(bytes in prop_oneof![
            any::<Vec<u8>>(),
            r#"[\[\]{},:"\\1a ]{0,20}"#.prop_map(String::into_bytes),
        ]) {
            let _ = (kind(&bytes), skip_value(&bytes, 0), pair(&bytes), field(&bytes, b"a"));
            let _ = (elements(&bytes).count(), members(&bytes).count(), text(&bytes));
        }
    }
}
