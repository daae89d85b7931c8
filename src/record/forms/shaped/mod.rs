//! Many lines at a time, for forms whose lines are alike: JSON and logfmt.
//!
//! Lines are read in three steps. An [`Index`] finds what scalars end with. Then each line is
//! read along the [`Shapes`] of those before it: what stands between its scalars is compared,
//! and its scalars are checked. A line of another shape is read as any line that comes alone: what
//! is valid, and what is wrong with what is not, is said there only. What is
//! canonical already is copied in one go, through all lines that are.

mod index;
mod shapes;

use super::{Bad, bare};
use crate::error::Failure;
pub(super) use index::Index;
pub(super) use shapes::Scalar;
use shapes::Shapes;

/// How lines of a form are read.
pub(super) trait Grammar {
    /// A byte at which reading a scalar stops, beside `"`, `\` and what is below 0x20.
    const ALSO: u8;

    /// Whether a scalar may begin with this byte.
    fn begins_scalar(byte: u8) -> bool;

    /// Reads the scalar that begins where the pass is; none if it is not one, or too rare a one to
    /// be read here.
    fn scalar(pass: &mut Pass<'_>) -> Option<()>;

    /// Appends the record of a line of any shape, without its end; what came of it, or why the
    /// line is bad.
    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<Line, String>;

    /// Where the scalars are in the line that was read last, given with its end and the record it has become.
    fn scalars(&self, line: &[u8], record: &[u8]) -> impl Iterator<Item = Scalar>;
}

/// What comes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Nothing.
    Blank,
    /// A record; other lines of the same shape are records too.
    Record,
    /// A record of which this cannot be said.
    Odd,
}

/// What is kept from one block of lines to the next.
#[derive(Debug, Default)]
pub(super) struct Shaped {
    index: Index,
    shapes: Shapes,
}

impl Shaped {
    /// Appends the records of whole lines, a newline each; how many. None if the lines are not
    /// all UTF-8: then nothing is done.
    pub(super) fn push_lines<G: Grammar>(
        &mut self,
        grammar: &mut G,
        lines: &[u8],
        out: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<Option<u64>, Box<dyn Failure>> {
        let Shaped { index, shapes } = self;
        // Where shapes are not tried nobody asks the index.
        let has_index = shapes.are_tried();
        let is_ascii = has_index && index.set(lines, G::ALSO);
        if !is_ascii && std::str::from_utf8(lines).is_err() {
            return Ok(None);
        }
        out.reserve(lines.len());
        let mut records = 0;
        let mut pass = Pass { lines, index, out, at: 0, copied: 0 };
        while pass.at < lines.len() {
            let with_shapes = has_index && shapes.are_tried();
            if with_shapes {
                shapes.tried();
                if pass.line::<G>(shapes) {
                    records += 1;
                    continue;
                }
            } else {
                shapes.paused();
            }
            let line = pass.next_line();
            let text = bare(line);
            let before = pass.out.len();
            match grammar.line(text, pass.out) {
                Ok(Line::Blank) => {}
                Ok(came) => {
                    pass.out.push(b'\n');
                    records += 1;
                    if with_shapes && came == Line::Record {
                        let record = &pass.out[before..];
                        shapes.learn(line, record, grammar.scalars(line, record));
                    }
                }
                Err(reason) => bad(text, &reason)?,
            }
        }
        pass.copy_to(lines.len());
        Ok(Some(records))
    }
}

/// One pass over lines that are UTF-8.
pub(super) struct Pass<'a> {
    pub(super) lines: &'a [u8],
    pub(super) index: &'a Index,
    pub(super) out: &'a mut Vec<u8>,
    /// What has been read.
    pub(super) at: usize,
    /// What has been written to `out`, or replaced there: at most `at`.
    copied: usize,
}

impl<'a> Pass<'a> {
    /// The byte where it is.
    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.lines.get(self.at).copied()
    }

    /// Goes on to the next special byte.
    #[inline]
    pub(super) fn go_to_special(&mut self) -> Option<u8> {
        loop {
            let distance = self.index.to_special(self.at);
            self.at += distance;
            if distance < u64::BITS as usize {
                return self.peek();
            }
        }
    }

    /// Reads a line if it is of a shape that is known. If not, nothing was done.
    #[inline]
    fn line<G: Grammar>(&mut self, shapes: &Shapes) -> bool {
        let (at, copied, length) = (self.at, self.copied, self.out.len());
        let is_read = self.along::<G>(shapes).is_some();
        if !is_read {
            (self.at, self.copied) = (at, copied);
            self.out.truncate(length);
        }
        is_read
    }

    #[inline]
    fn along<G: Grammar>(&mut self, shapes: &Shapes) -> Option<()> {
        let mut place = shapes.start();
        loop {
            let link = shapes.get(place)?;
            let between = &link.between;
            let Some(end) = between.end(self.lines, self.at) else {
                place = link.other;
                continue;
            };
            if !between.ends_line() && !self.lines.get(end).is_some_and(|byte| G::begins_scalar(*byte)) {
                // A longer one may stand here.
                place = link.other;
                continue;
            }
            if let Some(rewritten) = between.rewritten() {
                self.replace(end - self.at, |out| out.extend_from_slice(rewritten));
            } else {
                self.at = end;
            }
            if between.ends_line() {
                return Some(());
            }
            G::scalar(self)?;
            place = link.next;
        }
    }

    /// Leaves out the next `length` bytes and has something else written in their place.
    #[inline]
    pub(super) fn replace(&mut self, length: usize, write: impl FnOnce(&mut Vec<u8>)) {
        self.copy_to(self.at);
        write(self.out);
        self.at += length;
        self.copied = self.at;
    }

    /// The next line with its end, which is left to others: it counts as read and written.
    fn next_line(&mut self) -> &'a [u8] {
        let rest = &self.lines[self.at..];
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
        self.replace(length, |_| ());
        &rest[..length]
    }

    /// Copies what is still to be copied before `end`.
    #[inline]
    fn copy_to(&mut self, end: usize) {
        self.out.extend_from_slice(&self.lines[self.copied..end]);
        self.copied = end;
    }
}

#[cfg(test)]
pub(super) mod tests;
