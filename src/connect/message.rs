//! What a message's value is in its record, and what a record gives to its message.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::ToolError;
use super::schemas::Schemas;
use crate::expr::Program;
use crate::record::forms::{msgpack, push_text_lines};
use crate::record::{Canonicalizer, push_string};

/// What the value of a message is in its record.
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
#[derive(Clone, Debug, Default)]
pub enum ValueForm {
    /// A string.
    #[default]
    Text,
    /// A JSON value.
    Json,
    /// A value of MessagePack.
    Msgpack,
    /// A datum of Avro, by one of these.
    Avro(Arc<Schemas>),
}

impl ValueForm {
    /// Whether a value is no text: each of its bytes counts.
    pub fn is_binary(&self) -> bool {
        matches!(self, ValueForm::Msgpack | ValueForm::Avro(_))
    }

    /// Appends a value as it is in a record; whether it had invalid UTF-8, which became U+FFFD.
    ///
    /// # Errors
    /// It is no JSON, no MessagePack or no datum of Avro, and why; what is appended then means nothing.
    #[inline]
    pub fn push(&self, value: &[u8], json: &mut Canonicalizer, out: &mut Vec<u8>) -> Result<bool, String> {
        let (text, is_invalid) = match self {
            ValueForm::Msgpack => {
                let (json, is_invalid) = msgpack::json(value)?;
                (Cow::Owned(json), is_invalid)
            }
            ValueForm::Avro(schemas) => {
                let mut json = Vec::new();
                let is_invalid = schemas.push_json(value, &mut json)?;
                (Cow::Owned(json), is_invalid)
            }
            ValueForm::Text | ValueForm::Json => match str::from_utf8(value) {
                Ok(_) => (Cow::Borrowed(value), false),
                Err(_) => (Cow::Owned(String::from_utf8_lossy(value).into_owned().into_bytes()), true),
            },
        };
        match self {
            ValueForm::Text => push_string(&text, out),
            ValueForm::Json | ValueForm::Msgpack | ValueForm::Avro(_) => {
                json.canonicalize(&text, out).map_err(|error| error.to_string())?;
            }
        }
        Ok(is_invalid)
    }

    /// Appends the records of whole lines, with their newlines, several times as fast as one by one: how many. An
    /// end may be a carriage return and a newline, and an empty line is an empty string. Nothing, and nothing is
    /// appended, where they have to be pushed one by one.
    ///
    /// ```
    /// # use sstream::connect::ValueForm;
    /// let mut out = Vec::new();
    /// assert_eq!(ValueForm::Text.push_lines(b"a\r\n\"b\"\n", &mut out), Some(2));
    /// assert_eq!(out, b"\"a\"\n\"\\\"b\\\"\"\n");
    /// assert_eq!(ValueForm::Text.push_lines(b"\xff\n", &mut out), None);
    /// ```
    pub fn push_lines(&self, lines: &[u8], out: &mut Vec<u8>) -> Option<u64> {
        match self {
            ValueForm::Text => push_text_lines(lines, out).ok(),
            ValueForm::Json | ValueForm::Msgpack | ValueForm::Avro(_) => None,
        }
    }
}

/// What the value of a message is in its record, as options say: flattened into those of a kind.
#[derive(Args, Clone, Debug, Default)]
pub struct ValueArgs {
    /// What a message's value is
    #[arg(long, value_enum, default_value = "text")]
    pub value: ValueKind,

    /// With --value avro: the schema of all messages, or a folder of schemas, of which each message names its own, by Confluent's number (NUMBER.avsc) or by fingerprint
    #[arg(long, value_name = "FILE|DIR")]
    pub schema: Option<PathBuf>,

    /// With --value avro: the schema that records are to have, whichever a message was written by
    #[arg(long, value_name = "FILE")]
    pub reader_schema: Option<PathBuf>,
}

/// What `--value` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ValueKind {
    /// A string
    #[default]
    Text,
    /// A JSON value
    Json,
    /// A value of MessagePack
    Msgpack,
    /// A datum of Avro, by --schema
    Avro,
}

impl ValueArgs {
    /// What a source's identity says of it, behind the kind's own words; nothing where it says the usual. Schemas are
    /// none of it: they grow.
    pub fn words(&self) -> &'static str {
        match self.value {
            ValueKind::Text => "",
            ValueKind::Json => " --value json",
            ValueKind::Msgpack => " --value msgpack",
            ValueKind::Avro => " --value avro",
        }
    }

    /// What does not go together.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), String> {
        let is_avro = self.value == ValueKind::Avro;
        let schema = self.schema.as_ref().map(|_| "--schema");
        match (is_avro, schema.or(self.reader_schema.as_ref().map(|_| "--reader-schema"))) {
            (false, Some(option)) => Err(format!("{option} is for --value avro: add it, or leave {option} out")),
            (true, None | Some("--reader-schema")) => {
                Err("--value avro: by which schema were messages written? give --schema FILE, or a folder of them"
                    .into())
            }
            _ => Ok(()),
        }
    }

    /// The form, with the schemas read.
    ///
    /// # Errors
    /// Wrong usage: there is no schema where one is to be.
    pub fn open(&self) -> Result<ValueForm, ToolError> {
        Ok(match (self.value, &self.schema) {
            (ValueKind::Avro, Some(schema)) => {
                ValueForm::Avro(Arc::new(Schemas::open(schema, self.reader_schema.as_deref())?))
            }
            // Refused before.
            (ValueKind::Avro, None) => return Err(ToolError::Usage(self.check().err().unwrap_or_default())),
            (ValueKind::Text, _) => ValueForm::Text,
            (ValueKind::Json, _) => ValueForm::Json,
            (ValueKind::Msgpack, _) => ValueForm::Msgpack,
        })
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
/// ```
/// use sstream::connect::{only_result_with, program};
///
/// let mut row = program("--row", "{user, at: $time}", &["time"]).unwrap();
/// let row = only_result_with("--row", &mut row, &[b"1000"], br#"{"user":"ann"}"#);
/// assert_eq!(row, Ok(Some(br#"{"user":"ann","at":1000}"#.to_vec())));
/// ```
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
