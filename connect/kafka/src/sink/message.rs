//! The key and the value of a record's message.
//!
//! A value is a string as its text and anything else as JSON; `null` is no value,
//! a tombstone. A key is in normal form, so that equal keys are equal bytes and go
//! to one partition, however they were written: a string as its text, 1 and 1.0 as
//! `1`. `null` is a key, four bytes, because all its records belong together.

use sstream::connect::{
    Program,
    record::{self, Kind, normal_key, unescape},
};
use std::borrow::Cow;

/// Makes messages of records.
#[derive(Debug, Default)]
pub struct Messages {
    key: Option<Program>,
    value: Option<Program>,
    key_buffer: Vec<u8>,
    value_buffer: Vec<u8>,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The key, if it has one.
    pub key: Option<Cow<'a, [u8]>>,
    /// The value, or none: a tombstone.
    pub value: Option<Cow<'a, [u8]>>,
}

/// What came of a record.
#[derive(Debug)]
pub enum Made<'a> {
    /// A message.
    Message(Message<'a>),
    /// Nothing, since `--value` gave nothing.
    Nothing,
    /// The record is a bad one, for this reason.
    Bad(String),
}

impl Messages {
    /// With the key that the one and the value that the other EXPR computes;
    /// else without key, and with the record as value.
    pub fn new(key: Option<Program>, value: Option<Program>) -> Messages {
        Messages { key, value, ..Messages::default() }
    }

    /// The message of a record.
    pub fn make<'a>(&'a mut self, record: &'a [u8]) -> Made<'a> {
        let Messages { key, value, key_buffer, value_buffer } = self;
        let key = match only_result("--key", key, record, key_buffer) {
            Ok(result) => result.map(text_of_key),
            Err(reason) => return Made::Bad(reason),
        };
        let value = match (value.is_some(), only_result("--value", value, record, value_buffer)) {
            (false, _) => record,
            (_, Ok(Some(result))) => result,
            (_, Ok(None)) => return Made::Nothing,
            (_, Err(reason)) => return Made::Bad(reason),
        };
        Made::Message(Message { key, value: (value != b"null").then(|| text_of(value)) })
    }
}

/// The one result of a program, or none; the error says why the record is a bad
/// one.
fn only_result<'b>(
    option: &str,
    program: &mut Option<Program>,
    record: &[u8],
    buffer: &'b mut Vec<u8>,
) -> Result<Option<&'b [u8]>, String> {
    let Some(program) = program else { return Ok(None) };
    let mut results = 0u64;
    buffer.clear();
    let run = program.run(record, &[], &mut |result| {
        results += 1;
        if results == 1 {
            buffer.extend_from_slice(result);
        }
    });
    match (run, results) {
        (Err(error), _) => Err(format!("{option}: {error}")),
        (Ok(()), 0) => Ok(None),
        (Ok(()), 1) => Ok(Some(buffer)),
        (Ok(()), _) => Err(format!("{option} has {results} results, and a message has one")),
    }
}

/// A key: the normal form, a string without its quotes.
fn text_of_key(json: &[u8]) -> Cow<'_, [u8]> {
    match record::kind(json) {
        Some(Kind::String) => unescape(json),
        _ => normal_key(json),
    }
}

/// A value: as it is, a string without its quotes.
fn text_of(json: &[u8]) -> Cow<'_, [u8]> {
    match record::kind(json) {
        Some(Kind::String) => unescape(json),
        _ => Cow::Borrowed(json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(key: Option<&str>, value: Option<&str>, record: &str) -> String {
        let program = |source: &str| Program::parse(source, &[]).unwrap();
        let mut messages = Messages::new(key.map(program), value.map(program));
        let text =
            |bytes: Option<Cow<'_, [u8]>>| bytes.map_or("-".to_owned(), |b| String::from_utf8(b.into()).unwrap());
        match messages.make(record.as_bytes()) {
            Made::Message(message) => format!("{} {}", text(message.key), text(message.value)),
            Made::Nothing => "nothing".to_owned(),
            Made::Bad(reason) => format!("bad: {reason}"),
        }
    }

    #[test]
    fn strings_are_text_and_all_else_is_json() {
        assert_eq!(shown(None, None, r#""a\tb""#), "- a\tb");
        assert_eq!(shown(None, None, r#"{"b":1.0,"a":"x"}"#), r#"- {"b":1.0,"a":"x"}"#);
        assert_eq!(shown(None, None, "null"), "- -");
        assert_eq!(shown(Some(".[0]"), Some(".[1]"), r#"["k",{"n":1.50}]"#), r#"k {"n":1.50}"#);
        assert_eq!(shown(Some(".[0]"), Some(".[1]"), r#"["k",null]"#), "k -");
    }

    #[test]
    fn equal_keys_are_equal_bytes() {
        for (record, key) in [
            ("1", "1"),
            ("1.0", "1"),
            ("10e-1", "1"),
            (r#""é""#, "é"),
            (r#"{"b":1.0,"a":2}"#, r#"{"a":2,"b":1}"#),
            ("null", "null"),
            ("true", "true"),
        ] {
            assert_eq!(shown(Some("."), Some("0"), record), format!("{key} 0"), "{record}");
        }
    }

    #[test]
    fn no_result_and_several() {
        assert_eq!(shown(Some("empty"), None, "1"), "- 1");
        assert_eq!(shown(None, Some("select(. > 1)"), "1"), "nothing");
        assert!(shown(Some(".[]"), None, "[1,2]").starts_with("bad: --key has 2 results"));
        assert!(shown(None, Some(".a.b"), r#"{"a":1}"#).starts_with("bad: --value: "));
    }
}
