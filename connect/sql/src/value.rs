//! Values of JSON as SQL has them, and back.
//!
//! | JSON | SQL |
//! |---|---|
//! | `null`, nothing | NULL |
//! | `true`, `false` | 1, 0 |
//! | an integer of 64 bits | INTEGER |
//! | a number with a point or an exponent | REAL |
//! | a larger number | its digits as TEXT, which arithmetic takes for a number |
//! | a string | TEXT |
//! | an array, an object | its JSON as TEXT |
//!
//! SQL has fewer types than JSON, so what is delivered is kept in mind ([`Passed`]): a value that
//! a query only passes on, a column of `batch` among its results, comes out as it was.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use rusqlite::types::ValueRef;
use sstream::connect::record::{self, Kind, kind, push_float, push_string, unescape};

/// What values of a batch were, where SQL's type does not tell.
#[derive(Debug, Default)]
pub struct Passed {
    /// The text of a number by its bits, where it is not the shortest one; none where two numbers
    /// are one to SQL.
    reals: HashMap<u64, Option<Box<[u8]>>>,
    /// Hashes of texts that are JSON, not strings.
    json: HashSet<u64>,
    /// Hashes of strings that look like those.
    strings: HashSet<u64>,
    hasher: RandomState,
    /// By column, whether it had true or false, and whether 0 or 1.
    columns: Vec<[bool; 2]>,
    /// As `reals`, of what our functions computed.
    computed_reals: HashMap<u64, Option<Box<[u8]>>>,
    /// Hashes of numbers that our functions computed, of more than 64 bits.
    computed_numbers: HashSet<u64>,
}

const BOOLEAN: usize = 0;
const BIT: usize = 1;

impl Passed {
    fn mark(&mut self, column: usize, what: usize) {
        if self.columns.len() <= column {
            self.columns.resize(column + 1, [false; 2]);
        }
        self.columns[column][what] = true;
    }

    fn real(&mut self, value: f64, text: &[u8]) {
        note(&mut self.reals, value, text);
    }

    /// One of our functions made this double of a number with these digits.
    pub fn computed_real(&mut self, value: f64, text: &[u8]) {
        note(&mut self.computed_reals, value, text);
    }

    /// One of our functions made this text of a number that SQL has no type for.
    pub fn computed_number(&mut self, text: &[u8]) {
        self.computed_numbers.insert(self.hasher.hash_one(text));
    }

    /// What our functions compute from now on is of another statement.
    pub fn forget_computed(&mut self) {
        self.computed_reals.clear();
        self.computed_numbers.clear();
    }

    fn was_computed(&self, text: &[u8]) -> bool {
        let hash = self.hasher.hash_one(text);
        self.computed_numbers.contains(&hash) && !self.strings.contains(&hash)
    }

    fn json(&mut self, text: &[u8]) {
        self.json.insert(self.hasher.hash_one(text));
    }

    fn string(&mut self, text: &[u8]) {
        self.strings.insert(self.hasher.hash_one(text));
    }

    fn was_boolean(&self, origin: Option<Origin>) -> bool {
        let Some(Origin::Column(column)) = origin else { return false };
        self.columns.get(column).is_some_and(|had| had[BOOLEAN] && !had[BIT])
    }

    fn was_json(&self, text: &[u8]) -> bool {
        let hash = self.hasher.hash_one(text);
        self.json.contains(&hash) && !self.strings.contains(&hash)
    }
}

/// Keeps the digits of a number by its double; none where two have the same.
fn note(reals: &mut HashMap<u64, Option<Box<[u8]>>>, value: f64, text: &[u8]) {
    let known = reals.entry(value.to_bits()).or_insert_with(|| Some(text.into()));
    let is_another =
        known.as_deref().is_some_and(|known| known != text && record::normal_key(known) != record::normal_key(text));
    if is_another {
        *known = None;
    }
}

/// Whether a string could be taken for what [`Passed::json`] keeps.
fn looks_like_json(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'{' | b'[' | b'-' | b'0'..=b'9'))
}

/// Gives a value of a record as SQL has it to `take`; `keep` gets at what keeps in mind what that
/// does not tell.
pub fn deliver<R>(
    json: Option<&[u8]>,
    column: usize,
    keep: impl FnOnce(&mut dyn FnMut(&mut Passed)),
    take: impl FnOnce(ValueRef<'_>) -> R,
) -> R {
    let string;
    take(match json.map(|json| (kind(json), json)) {
        None | Some((None | Some(Kind::Null), _)) => ValueRef::Null,
        Some((Some(Kind::False | Kind::True), json)) => {
            keep(&mut |passed| passed.mark(column, BOOLEAN));
            ValueRef::Integer(i64::from(json == b"true"))
        }
        Some((Some(Kind::String), json)) => {
            string = unescape(json);
            if looks_like_json(&string) {
                keep(&mut |passed| passed.string(&string));
            }
            ValueRef::Text(&string)
        }
        Some((Some(Kind::Array | Kind::Object), json)) => {
            keep(&mut |passed| passed.json(json));
            ValueRef::Text(json)
        }
        Some((Some(Kind::Number), json)) => match number(json) {
            Number::Integer(value) => {
                if value == 0 || value == 1 {
                    keep(&mut |passed| passed.mark(column, BIT));
                }
                ValueRef::Integer(value)
            }
            Number::Real(value) => {
                let mut shortest = Vec::with_capacity(24);
                push_float(value, &mut shortest);
                if shortest != json {
                    keep(&mut |passed| passed.real(value, json));
                }
                ValueRef::Real(value)
            }
            Number::Long => {
                keep(&mut |passed| passed.json(json));
                ValueRef::Text(json)
            }
        },
    })
}

/// Gives a value as SQL has it to `take`, and keeps nothing in mind.
pub fn with_plain<R>(json: Option<&[u8]>, take: impl FnOnce(ValueRef<'_>) -> R) -> R {
    deliver(json, 0, |_| {}, take)
}

enum Number {
    Integer(i64),
    Real(f64),
    /// One that neither holds.
    Long,
}

fn number(json: &[u8]) -> Number {
    let text = std::str::from_utf8(json).unwrap_or_default();
    let is_integer = !json.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) && json != b"-0";
    if is_integer {
        return text.parse().map_or(Number::Long, Number::Integer);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Number::Real(value),
        _ => Number::Long,
    }
}

/// What of a record a result passes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A column, by its number.
    Column(usize),
    /// The record itself.
    Record,
}

/// Appends a value of a result as JSON. `origin` is what of `batch` is passed on, if it is that.
///
/// # Errors
/// JSON has no such value.
pub fn push_json(
    value: ValueRef<'_>,
    origin: Option<Origin>,
    passed: &Passed,
    out: &mut Vec<u8>,
) -> Result<(), &'static str> {
    match value {
        ValueRef::Null => out.extend_from_slice(b"null"),
        ValueRef::Integer(bit @ (0 | 1)) if passed.was_boolean(origin) => {
            out.extend_from_slice(if bit == 1 { b"true" } else { b"false" });
        }
        ValueRef::Integer(value) => out.extend_from_slice(value.to_string().as_bytes()),
        ValueRef::Real(value) if !value.is_finite() => return Err("is infinite, which JSON has no number for"),
        ValueRef::Real(value) => {
            let digits = if origin.is_some() { &passed.reals } else { &passed.computed_reals };
            match digits.get(&value.to_bits()) {
                Some(Some(text)) => out.extend_from_slice(text),
                _ => push_float(value, out),
            }
        }
        ValueRef::Text(json) if origin == Some(Origin::Record) => out.extend_from_slice(json),
        ValueRef::Text(text) if origin.is_some() && looks_like_json(text) && passed.was_json(text) => {
            out.extend_from_slice(text);
        }
        ValueRef::Text(text) if looks_like_json(text) && passed.was_computed(text) => out.extend_from_slice(text),
        ValueRef::Text(text) => push_string(String::from_utf8_lossy(text).as_bytes(), out),
        ValueRef::Blob(_) => return Err("is a BLOB, which JSON has nothing for: take hex() of it, or cast it to text"),
    }
    Ok(())
}
