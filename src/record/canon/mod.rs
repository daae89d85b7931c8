//! Foreign JSON to canonical records.
//!
//! One pass validates (strictly, as RFC 8259) and finds what is not canonical:
//! space between tokens and needless escapes. Everything between two such
//! places is copied in one go, so input that is canonical already is copied
//! whole. Equal keys in one object are looked for by hash; only where two
//! hashes are equal does a second pass rewrite the objects.

use super::MAX_DEPTH;
use super::error::{Expected, JsonError};
use super::escape::{decode_escape, find_special, push_canonical, unescape};
use super::scan::{Kind, elements, kind, members};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use std::hash::BuildHasher;
use std::ops::Range;

/// Appends the one JSON value in `input`, which may have space around it, to
/// `out` in canonical form; on an error `out` is as before. For many records
/// keep a [`Canonicalizer`], which allocates once.
pub fn canonicalize(input: &[u8], out: &mut Vec<u8>) -> Result<(), JsonError> {
    Canonicalizer::default().canonicalize(input, out)
}

/// Buffers of [`canonicalize`], to be used again from record to record.
#[derive(Clone, Debug, Default)]
pub struct Canonicalizer {
    open: Vec<Container>,
    /// The keys of the objects that are open, each by where it is in the input.
    keys: Vec<Range<usize>>,
    hashes: Vec<u64>,
}

/// An array or object that has not been closed.
#[derive(Clone, Copy, Debug)]
enum Container {
    Array,
    /// Where this object's keys begin.
    Object(usize),
}

impl Canonicalizer {
    /// As the function [`canonicalize`].
    pub fn canonicalize(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), JsonError> {
        if let Err(error) = std::str::from_utf8(input) {
            return Err(JsonError::at(input, error.valid_up_to(), Expected::Utf8));
        }
        self.canonicalize_utf8(input, out).map(|_| ())
    }

    /// As [`Canonicalizer::canonicalize`], of what is known to be UTF-8. Tells whether two keys of an
    /// object may have been equal; if not, what stands between the scalars of the
    /// input is fit for any others.
    pub(in crate::record) fn canonicalize_utf8(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<bool, JsonError> {
        let before = out.len();
        self.open.clear();
        self.keys.clear();
        let mut pass = Pass { input, out, at: 0, copied: 0, buffers: self, equal_hashes: false };
        let result = pass.run();
        let equal_hashes = pass.equal_hashes;
        match result {
            Ok(()) if equal_hashes => {
                let with_duplicates = out.split_off(before);
                push_without_duplicates(&with_duplicates, out);
            }
            Ok(()) => {}
            Err(_) => out.truncate(before),
        }
        result.map(|()| equal_hashes)
    }
}

/// One pass over one input.
struct Pass<'a> {
    input: &'a [u8],
    out: &'a mut Vec<u8>,
    /// What has been read.
    at: usize,
    /// What has been written to `out`, or replaced there: at most `at`.
    copied: usize,
    buffers: &'a mut Canonicalizer,
    /// Whether two keys of one object had the same hash.
    equal_hashes: bool,
}

impl Pass<'_> {
    fn run(&mut self) -> Result<(), JsonError> {
        self.out.reserve(self.input.len());
        self.space();
        loop {
            let has_ended = self.value_start()?;
            if has_ended && self.after_value()? {
                break;
            }
        }
        self.space();
        if self.at < self.input.len() {
            return Err(self.error(Expected::End));
        }
        self.copy_to(self.at);
        Ok(())
    }

    /// Reads a scalar whole, or the beginning of an array or object; false if
    /// another value follows at once, inside the one just opened.
    fn value_start(&mut self) -> Result<bool, JsonError> {
        match self.peek() {
            Some(b'"') => self.string().map(|()| true),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| true),
            Some(b'[') => {
                self.open(Container::Array)?;
                Ok(self.peek() == Some(b']'))
            }
            Some(b'{') => {
                self.open(Container::Object(self.buffers.keys.len()))?;
                if self.peek() == Some(b'}') {
                    return Ok(true);
                }
                self.key().map(|()| false)
            }
            Some(b't') => self.literal(b"true").map(|()| true),
            Some(b'f') => self.literal(b"false").map(|()| true),
            Some(b'n') => self.literal(b"null").map(|()| true),
            _ => Err(self.error(Expected::Value)),
        }
    }

    /// Reads what follows a value: closing brackets and, unless this was the
    /// outermost value (then true), a comma and the next member's key.
    fn after_value(&mut self) -> Result<bool, JsonError> {
        loop {
            let Some(&container) = self.buffers.open.last() else {
                return Ok(true);
            };
            self.space();
            match (container, self.peek()) {
                (Container::Array, Some(b',')) => {
                    self.skip_byte();
                    return Ok(false);
                }
                (Container::Object(_), Some(b',')) => {
                    self.skip_byte();
                    return self.key().map(|()| false);
                }
                (Container::Array, Some(b']')) => {}
                (Container::Object(first), Some(b'}')) => {
                    self.equal_hashes |= self.has_equal_hashes(first);
                    self.buffers.keys.truncate(first);
                }
                (Container::Array, _) => return Err(self.error(Expected::CommaOrBracket)),
                (Container::Object(_), _) => return Err(self.error(Expected::CommaOrBrace)),
            }
            self.at += 1;
            self.buffers.open.pop();
        }
    }

    fn open(&mut self, container: Container) -> Result<(), JsonError> {
        if self.buffers.open.len() == MAX_DEPTH {
            return Err(self.error(Expected::LessDepth));
        }
        self.buffers.open.push(container);
        self.skip_byte();
        Ok(())
    }

    /// Reads an object's key, the colon, and space up to the value.
    fn key(&mut self) -> Result<(), JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.error(Expected::Key));
        }
        let start = self.at;
        self.string()?;
        self.buffers.keys.push(start..self.at);
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.error(Expected::Colon));
        }
        self.skip_byte();
        Ok(())
    }

    /// Whether two of the keys from this one on may be equal.
    fn has_equal_hashes(&mut self, first: usize) -> bool {
        let Canonicalizer { keys, hashes, .. } = &mut *self.buffers;
        let keys = &keys[first..];
        if keys.len() < 2 {
            return false;
        }
        let hash = |key: &Range<usize>| FixedState::with_seed(0).hash_one(&*unescape(&self.input[key.clone()]));
        hashes.clear();
        hashes.extend(keys.iter().map(hash));
        has_equal(hashes)
    }

    fn string(&mut self) -> Result<(), JsonError> {
        let mut at = self.at + 1;
        loop {
            at = find_special(self.input, at);
            match self.input.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(());
                }
                Some(b'\\') => at = self.escape(at)?,
                Some(_) => return Err(self.error_at(at, Expected::EscapedControl)),
                None => return Err(self.error_at(at, Expected::ClosingQuote)),
            }
        }
    }

    /// Checks the escape at `at`, replaces it unless it is canonical, and
    /// returns where it ends.
    fn escape(&mut self, at: usize) -> Result<usize, JsonError> {
        if matches!(self.input.get(at + 1), Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't')) {
            return Ok(at + 2);
        }
        let Some((character, length)) = decode_escape(&self.input[at..]) else {
            return Err(self.error_at((at + 1).min(self.input.len()), Expected::Escape));
        };
        self.copy_to(at);
        push_canonical(character, self.out);
        self.copied = at + length;
        Ok(at + length)
    }

    fn number(&mut self) -> Result<(), JsonError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.error(Expected::NoLeadingZero));
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// Reads at least one digit.
    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.error(Expected::Digit));
        }
        Ok(())
    }

    fn literal(&mut self, literal: &[u8]) -> Result<(), JsonError> {
        let rest = &self.input[self.at..];
        let same = rest.iter().zip(literal).take_while(|(a, b)| a == b).count();
        self.at += same;
        if same < literal.len() {
            return Err(self.error(Expected::Literal));
        }
        Ok(())
    }

    /// Passes a punctuation byte, and leaves out the space behind it.
    fn skip_byte(&mut self) {
        self.at += 1;
        self.space();
    }

    /// Leaves out space.
    fn space(&mut self) {
        let start = self.at;
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        if self.at > start {
            self.copy_to(start);
            self.copied = self.at;
        }
    }

    /// Copies what is still to be copied before `end`.
    fn copy_to(&mut self, end: usize) {
        self.out.extend_from_slice(&self.input[self.copied..end]);
        self.copied = end;
    }

    fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    fn error(&self, expected: Expected) -> JsonError {
        self.error_at(self.at, expected)
    }

    fn error_at(&self, offset: usize, expected: Expected) -> JsonError {
        JsonError::at(self.input, offset, expected)
    }
}

/// Whether two hashes are equal; sorts them if they are many.
fn has_equal(hashes: &mut [u64]) -> bool {
    if hashes.len() <= 16 {
        return (1..hashes.len()).any(|i| hashes[..i].contains(&hashes[i]));
    }
    hashes.sort_unstable();
    hashes.windows(2).any(|two| two[0] == two[1])
}

/// Appends a canonical value in which objects may have equal keys: the last
/// value counts and stands where the key first stood.
fn push_without_duplicates(value: &[u8], out: &mut Vec<u8>) {
    match kind(value) {
        Some(Kind::Array) => {
            out.push(b'[');
            for (index, element) in elements(value).enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                push_without_duplicates(element, out);
            }
            out.push(b']');
        }
        Some(Kind::Object) => {
            let mut places = HashMap::<&[u8], usize, foldhash::fast::RandomState>::default();
            let mut kept = Vec::<(&[u8], &[u8])>::new();
            for (key, member) in members(value) {
                match places.entry(key) {
                    Entry::Occupied(place) => kept[*place.get()].1 = member,
                    Entry::Vacant(place) => {
                        place.insert(kept.len());
                        kept.push((key, member));
                    }
                }
            }
            out.push(b'{');
            for (index, (key, member)) in kept.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(key);
                out.push(b':');
                push_without_duplicates(member, out);
            }
            out.push(b'}');
        }
        _ => out.extend_from_slice(value),
    }
}

#[cfg(test)]
pub(crate) mod tests;
