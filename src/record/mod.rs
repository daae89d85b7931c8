//! JSON values as bytes.
//!
//! A record is one JSON value in canonical form, as `&[u8]` without its
//! newline: no spare space; escaped are only `"`, `\` and bytes below 0x20, as
//! `\b \f \n \r \t` or lower-case `\u00xx`; a lone surrogate is U+FFFD; of two
//! equal object keys the last counts. Numbers keep their digits and objects
//! their key order, so a record that passes through is the same to the byte,
//! and equal strings are equal bytes.
//!
//! No tree is built: a generic JSON value type would sort keys again, turn 1.10
//! into 1.1 and big integers into floats, and most operators look at little of
//! a record or nothing. Constraints, then:
//!
//! - [`canonicalize`] is the only way in for foreign JSON, and checks all of it;
//! - what reads records ([`scan`], [`key`], [`compare()`]) trusts that they are
//!   valid, but on garbage ends early and never panics, loops or overflows the
//!   stack;
//! - scans go by words or vectors, not byte by byte;
//! - numbers mean their exact decimal value, whatever their size.

pub mod canon;
pub mod compare;
pub mod error;
pub mod escape;
pub mod forms;
pub mod key;
mod literal;
pub mod number;
pub mod scan;
mod visible;

pub use canon::{Canonicalizer, canonicalize};
pub use compare::compare;
pub use error::JsonError;
pub use escape::{push_escaped, push_string, push_unescaped, unescape};
pub use key::normal_key;
pub use number::{Decimal, NumberError, push_float};
pub use scan::{Kind, elements, field, kind, members, pair, skip_value, text};
pub use visible::{push_visible, visible};

/// UTF-8's byte order mark, which programs of Windows put at a file's beginning.
pub const MARK: &[u8] = b"\xef\xbb\xbf";

/// A line, or all of a text, without a byte order mark at its beginning.
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(MARK).unwrap_or(text)
}

/// How deep arrays and objects may nest. Deeper JSON is refused where it comes
/// in, so that what recurses over a record needs little stack.
pub const MAX_DEPTH: usize = 1024;
