//! What a JSON text lacks, where it is refused.

use super::MAX_DEPTH;
use crate::error::{Exit, Failure};
use std::fmt;

/// Why bytes are not a JSON value: where, and what was expected there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Byte offset in the input.
    pub offset: usize,
    /// What the grammar would have allowed at that place.
    pub expected: Expected,
    /// The byte that stands there; `None` at the end of the input.
    pub found: Option<u8>,
}

impl JsonError {
    /// At a place of the input.
    pub(super) fn at(input: &[u8], offset: usize, expected: Expected) -> JsonError {
        JsonError { offset, expected, found: input.get(offset).copied() }
    }
}

/// What would have been right where a [`JsonError`] stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A JSON value.
    Value,
    /// The rest of `true`, `false` or `null`.
    Literal,
    /// A digit of a number.
    Digit,
    /// No digit after a leading zero.
    NoLeadingZero,
    /// A string as the key of an object's member.
    Key,
    /// `:` between key and value.
    Colon,
    /// `,` or `]`.
    CommaOrBracket,
    /// `,` or `}`.
    CommaOrBrace,
    /// The closing quote of a string.
    ClosingQuote,
    /// A valid escape.
    Escape,
    /// An escape in the place of a raw control byte.
    EscapedControl,
    /// Valid UTF-8.
    Utf8,
    /// At most [`MAX_DEPTH`] levels of arrays and objects.
    LessDepth,
    /// Nothing after the value.
    End,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Expected::Value => "a JSON value",
            Expected::Literal => "true, false or null",
            Expected::Digit => "a digit",
            Expected::NoLeadingZero => "a number without leading zeros",
            Expected::Key => "a string as object key",
            Expected::Colon => "\":\"",
            Expected::CommaOrBracket => "\",\" or \"]\"",
            Expected::CommaOrBrace => "\",\" or \"}\"",
            Expected::ClosingQuote => "the string's closing quote",
            Expected::Escape => "a JSON escape",
            Expected::EscapedControl => "an escape, as control characters need one in a string",
            Expected::Utf8 => "valid UTF-8",
            Expected::LessDepth => {
                return write!(f, "at most {MAX_DEPTH} levels of arrays and objects");
            }
            Expected::End => "nothing after the value",
        })
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not JSON at byte {}: expected {}, found ", self.offset, self.expected)?;
        match self.found {
            None => f.write_str("the end"),
            Some(byte @ 0x20..0x7f) => write!(f, "\"{}\"", char::from(byte)),
            Some(byte) => write!(f, "byte 0x{byte:02x}"),
        }
    }
}

impl std::error::Error for JsonError {}

impl Failure for JsonError {
    fn exit(&self) -> Exit {
        Exit::BadRecord
    }
}
