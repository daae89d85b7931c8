//! What a message's value is in its record.

use std::borrow::Cow;

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
        if self == ValueForm::Msgpack {
            let (text, is_invalid) = msgpack::json(value)?;
            json.canonicalize(&text, out).map_err(|error| error.to_string())?;
            return Ok(is_invalid);
        }
        let text = String::from_utf8_lossy(value);
        match self {
            ValueForm::Text => push_string(text.as_bytes(), out),
            ValueForm::Json | ValueForm::Msgpack => {
                json.canonicalize(text.as_bytes(), out).map_err(|error| error.to_string())?;
            }
        }
        Ok(matches!(text, Cow::Owned(_)))
    }
}
