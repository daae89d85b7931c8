//! Lines of JSON as records.
//!
//! Many lines at a time are read in three steps. An [`Index`] finds what strings and numbers end
//! with. Then each line is read along the [`Shapes`] of those before it: what stands
//! between its scalars is compared, and its scalars are checked. A line of another
//! shape is read by a [`Canonicalizer`], as any line that comes alone: what is JSON, and what is wrong
//! with what is not, is said there only. What is canonical already is copied in one go, through
//! all lines that are.

mod index;
mod shapes;

use super::line::LineForm;
use super::{Bad, bare};
use crate::error::Failure;
use crate::record::Canonicalizer;
use crate::record::escape::{decode_escape, push_canonical};
use index::Index;
use shapes::{Shapes, begins_scalar};

/// Each line is a JSON value; blank lines are none, as in jq.
#[derive(Debug, Default)]
pub struct Json {
    canonicalizer: Canonicalizer,
    index: Index,
    shapes: Shapes,
}

impl LineForm for Json {
    fn push(&mut self, line: &str, out: &mut Vec<u8>) -> Result<bool, String> {
        if is_blank(line.as_bytes()) {
            return Ok(false);
        }
        let result = self.canonicalizer.canonicalize_utf8(line.as_bytes(), out);
        result.map(|_| true).map_err(|error| error.to_string())
    }

    fn push_lines(
        &mut self,
        lines: &[u8],
        out: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<Option<u64>, Box<dyn Failure>> {
        let Json { canonicalizer, index, shapes, .. } = self;
        if !index.set(lines) && std::str::from_utf8(lines).is_err() {
            return Ok(None);
        }
        out.reserve(lines.len());
        let mut records = 0;
        let mut pass = Pass { lines, index, out, at: 0, copied: 0 };
        while pass.at < lines.len() {
            let with_shapes = shapes.are_tried();
            if with_shapes && pass.line(shapes) {
                records += 1;
                continue;
            }
            let line = pass.next_line();
            let text = bare(line);
            if is_blank(text) {
                continue;
            }
            let before = pass.out.len();
            match canonicalizer.canonicalize_utf8(text, pass.out) {
                Ok(has_equal_keys) => {
                    pass.out.push(b'\n');
                    records += 1;
                    if with_shapes && !has_equal_keys {
                        shapes.learn(line, &pass.out[before..]);
                    }
                }
                Err(error) => bad(text, &error.to_string())?,
            }
        }
        pass.copy_to(lines.len());
        Ok(Some(records))
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// One pass over lines that are UTF-8.
struct Pass<'a> {
    lines: &'a [u8],
    index: &'a Index,
    out: &'a mut Vec<u8>,
    /// What has been read.
    at: usize,
    /// What has been written to `out`, or replaced there: at most `at`.
    copied: usize,
}

impl<'a> Pass<'a> {
    /// Reads a line if it is of a shape that is known. If not, nothing was done.
    #[inline]
    fn line(&mut self, shapes: &Shapes) -> bool {
        let (at, copied, length) = (self.at, self.copied, self.out.len());
        let is_read = self.along(shapes).is_some();
        if !is_read {
            (self.at, self.copied) = (at, copied);
            self.out.truncate(length);
        }
        is_read
    }

    #[inline]
    fn along(&mut self, shapes: &Shapes) -> Option<()> {
        let mut place = shapes.start();
        loop {
            let link = shapes.get(place)?;
            let between = &link.between;
            let Some(end) = between.end(self.lines, self.at) else {
                place = link.other;
                continue;
            };
            if !between.ends_line() && !self.lines.get(end).is_some_and(|byte| begins_scalar(*byte)) {
                // A longer one may stand here.
                place = link.other;
                continue;
            }
            if let Some(rewritten) = between.rewritten() {
                self.copy_to(self.at);
                self.out.extend_from_slice(rewritten);
                self.copied = end;
            }
            self.at = end;
            if between.ends_line() {
                return Some(());
            }
            self.scalar()?;
            place = link.next;
        }
    }

    /// Reads a scalar; none if it is not one, or too rare a one to be read here.
    #[inline]
    fn scalar(&mut self) -> Option<()> {
        match self.lines.get(self.at)? {
            b'"' => self.string(),
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            _ => self.number(),
        }
    }

    #[inline]
    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            let distance = self.index.to_special(self.at);
            self.at += distance;
            if distance == u64::BITS as usize {
                continue;
            }
            match self.lines.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        let escape = &self.lines[self.at..];
        if matches!(escape.get(1), Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't')) {
            self.at += 2;
            return Some(());
        }
        let (character, length) = decode_escape(escape)?;
        self.copy_to(self.at);
        push_canonical(character, self.out);
        self.at += length;
        self.copied = self.at;
        Some(())
    }

    #[inline]
    fn number(&mut self) -> Option<()> {
        self.at += usize::from(self.lines.get(self.at) == Some(&b'-'));
        let has_zero = self.lines.get(self.at) == Some(&b'0');
        if self.digits()? > 1 && has_zero {
            return None;
        }
        if self.lines.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.lines.get(self.at) {
            self.at += 1;
            self.at += usize::from(matches!(self.lines.get(self.at), Some(b'+' | b'-')));
            self.digits()?;
        }
        Some(())
    }

    /// Reads digits, at least one and fewer than 64; how many.
    #[inline]
    fn digits(&mut self) -> Option<u32> {
        let count = self.index.digits(self.at).trailing_ones();
        self.at += count as usize;
        (1..u64::BITS).contains(&count).then_some(count)
    }

    fn literal(&mut self, literal: &[u8]) -> Option<()> {
        let is_here = self.lines[self.at..].starts_with(literal);
        self.at += literal.len();
        is_here.then_some(())
    }

    /// The next line with its end, which is left to others: it counts as read and written.
    fn next_line(&mut self) -> &'a [u8] {
        self.copy_to(self.at);
        let rest = &self.lines[self.at..];
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
        self.at += length;
        self.copied = self.at;
        &rest[..length]
    }

    /// Copies what is still to be copied before `end`.
    fn copy_to(&mut self, end: usize) {
        self.out.extend_from_slice(&self.lines[self.copied..end]);
        self.copied = end;
    }
}

#[cfg(test)]
mod tests;
