//! What a message's value is in its record.

use std::borrow::Cow;

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
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ValueForm {
    /// A string
    #[default]
    Text,
    /// A JSON value
    Json,
}

impl ValueForm {
    /// Appends a value as it is in a record; whether it had invalid UTF-8, which became U+FFFD.
    ///
    /// # Errors
    /// It is no JSON, and why; what is appended then means nothing.
    #[inline]
    pub fn push(self, value: &[u8], json: &mut Canonicalizer, out: &mut Vec<u8>) -> Result<bool, String> {
        let text = String::from_utf8_lossy(value);
        match self {
            ValueForm::Text => push_string(text.as_bytes(), out),
            ValueForm::Json => json.canonicalize(text.as_bytes(), out).map_err(|error| error.to_string())?,
        }
        Ok(matches!(text, Cow::Owned(_)))
    }
}
