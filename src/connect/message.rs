//! What a message's value is in its record, and what a record gives to its message.

use std::borrow::Cow;

use crate::expr::Program;
use crate::record::forms::msgpack;
use crate::record::{Canonicalizer, push_string};

/// What the value of a message is in its record, as `--value` says.
///
/// ```
/// use sstream::connect::ValueForm;
/// use sstream::connect::record::Canonicalizer;
///
/// let (mut json, mut out) = (Canonicalizer::default(), Vec::new());
/// ValueForm::Text.push(b"{ \"n\": 1 }", &mut json, &mut out).unwrap();
/// out.push(b'\n');
/// ValueForm::Json.push(b"{ \"n\": 1 }", &mut json, &mut out).unwrap();
/// assert_eq!(out, b"\"{ \\\"n\\\": 1 }\"\n{\"n\":1}");
/// assert!(ValueForm::Json.push(b"{", &mut json, &mut out).is_err());
/// out.clear();
/// ValueForm::Msgpack.push(b"\x81\xa1n\x01", &mut json, &mut out).unwrap();
/// assert_eq!(out, b"{\"n\":1}");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ValueForm {
    /// A string
    #[default]
    Text,
    /// A JSON value
    Json,
    /// A value of MessagePack
    Msgpack,
}

impl ValueForm {
    /// What the option says of what a record is, behind the kind's own words; nothing where it says the usual.
    pub fn words(self) -> &'static str {
        match self {
            ValueForm::Text => "",
            ValueForm::Json => " --value json",
            ValueForm::Msgpack => " --value msgpack",
        }
    }

    /// Appends a value as it is in a record; whether it had invalid UTF-8, which became U+FFFD.
    ///
    /// # Errors
    /// It is no JSON, or no MessagePack, and why; what is appended then means nothing.
    #[inline]
    pub fn push(self, value: &[u8], json: &mut Canonicalizer, out: &mut Vec<u8>) -> Result<bool, String> {
        let (text, is_invalid) = match self {
            ValueForm::Msgpack => {
                let (json, is_invalid) = msgpack::json(value)?;
                (Cow::Owned(json), is_invalid)
            }
            ValueForm::Text | ValueForm::Json => match String::from_utf8_lossy(value) {
                Cow::Borrowed(text) => (Cow::Borrowed(text.as_bytes()), false),
                Cow::Owned(text) => (Cow::Owned(text.into_bytes()), true),
            },
        };
        match self {
            ValueForm::Text => push_string(&text, out),
            ValueForm::Json | ValueForm::Msgpack => {
                json.canonicalize(&text, out).map_err(|error| error.to_string())?;
            }
        }
        Ok(is_invalid)
    }
}

/// What the jq program of an option of a sink makes of a record, as JSON; nothing where it has no result.
///
/// ```
/// use sstream::connect::{only_result, program};
///
/// let mut user = program("--topic", ".user?", &[]).unwrap();
/// assert_eq!(only_result("--topic", &mut user, br#"{"user":"ann"}"#), Ok(Some(br#""ann""#.to_vec())));
/// assert_eq!(only_result("--topic", &mut user, b"1"), Ok(None));
/// let mut each = program("--topic", ".[]", &[]).unwrap();
/// assert!(only_result("--topic", &mut each, b"[1,2]").unwrap_err().contains("2 results"));
/// ```
///
/// # Errors
/// Why the record is a bad one: the program fails, or has several results.
pub fn only_result(option: &str, program: &mut Program, record: &[u8]) -> Result<Option<Vec<u8>>, String> {
    only_result_with(option, program, &[], record)
}

/// The same of a program that has variables, which are JSON.
///
/// # Errors
/// As [`only_result`].
pub fn only_result_with(
    option: &str,
    program: &mut Program,
    variables: &[&[u8]],
    record: &[u8],
) -> Result<Option<Vec<u8>>, String> {
    let (mut results, mut value) = (0u64, Vec::new());
    let run = program.run(record, variables, &mut |result| {
        results += 1;
        if results == 1 {
            value.extend_from_slice(result);
        }
    });
    match (run, results) {
        (Err(error), _) => Err(format!("{option}: {error}")),
        (Ok(()), 0) => Ok(None),
        (Ok(()), 1) => Ok(Some(value)),
        (Ok(()), _) => Err(format!("{option} has {results} results, and one is wanted")),
    }
}
