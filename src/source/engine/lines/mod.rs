//! Where lines end in bytes that come in pieces: [`LineBuffer`] for the one
//! input that is cut into batches, [`Assembler`] for each of several
//! connections that are read side by side.

use crate::record::forms::{Coding, Left, Lines};

/// The most of an overlong line that is kept for the message about it.
const KEPT: usize = 64 << 10;

/// What may stand around a record that ends otherwise than by a newline: a count, an end.
const AROUND: usize = 16;

/// Bytes that were read and are not records yet.
#[derive(Debug)]
pub struct LineBuffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// The end of the last whole line.
    lines_end: usize,
    overlong: Overlong,
    /// Where lines end. Open until the first bytes have said what they are.
    coding: Coding,
    is_decided: bool,
}

/// Whether a line is being dropped because it is too long.
#[derive(Debug, PartialEq, Eq)]
enum Overlong {
    No,
    /// Its end is still to come; this is its beginning, and how much of it is to come.
    Begun(Vec<u8>, Left),
    /// It is over.
    Over(Vec<u8>),
}

impl LineBuffer {
    /// A buffer that holds what was `read` before, from the input's beginning on.
    pub fn new(read: Vec<u8>, coding: Coding) -> LineBuffer {
        let end = read.len();
        let (overlong, is_decided) = (Overlong::No, false);
        let mut buffer = LineBuffer { bytes: read, start: 0, end, lines_end: 0, overlong, coding, is_decided };
        buffer.find_lines(0);
        buffer
    }

    /// How lines are cut, once the first bytes were seen, and what they say.
    pub fn coding(&self) -> Coding {
        self.coding
    }

    /// Whether that can be another still.
    pub fn is_open(&self) -> bool {
        !self.is_decided
    }

    /// How many bytes of an unfinished line there are behind the whole lines.
    pub fn unfinished(&self) -> usize {
        match &self.overlong {
            Overlong::Begun(start, _) => start.len(),
            _ => self.end - self.lines_end.max(self.start),
        }
    }

    /// Whether a whole line is there, if only an overlong one.
    pub fn has_line(&self) -> bool {
        matches!(self.overlong, Overlong::Over(_)) || self.lines_end > self.start
    }

    /// Room for at least `want` more bytes.
    pub fn space(&mut self, want: usize) -> &mut [u8] {
        if self.end + want > self.bytes.len() {
            self.bytes.copy_within(self.start..self.end, 0);
            self.lines_end = self.lines_end.saturating_sub(self.start);
            (self.start, self.end) = (0, self.end - self.start);
            if self.bytes.is_empty() {
                // The system's own zeros: what nothing was read into takes no memory.
                self.bytes = vec![0; want];
            } else if self.end + want > self.bytes.len() {
                self.bytes.resize(self.end + want, 0);
            }
        }
        &mut self.bytes[self.end..]
    }

    /// `count` bytes were put into [`LineBuffer::space`].
    pub fn add(&mut self, count: usize) {
        let from = self.end;
        self.end += count;
        if let Overlong::Begun(start, left) = &mut self.overlong {
            let there = &self.bytes[self.start..self.end];
            match self.coding.end_of_left(left, there) {
                Ok(end) => {
                    self.overlong = Overlong::Over(std::mem::take(start));
                    self.start += end;
                }
                Err(dropped) => {
                    self.start += dropped;
                    return;
                }
            }
        }
        self.find_lines(from);
    }

    /// Finds the end of the last whole line; none ends before `from`.
    fn find_lines(&mut self, from: usize) {
        if !self.is_decided {
            let Some(coding) = self.coding.by_beginning(&self.bytes[self.start..self.end]) else { return };
            (self.coding, self.is_decided) = (coding, true);
        }
        let begin = self.lines_end.max(self.start);
        let whole = self.coding.whole(&self.bytes[begin..self.end], from.saturating_sub(begin));
        if whole > 0 {
            self.lines_end = begin + whole;
        }
    }

    /// Whole lines: about `limit` bytes of them, at least one line, and at most
    /// `most` lines. An overlong line goes first.
    pub fn lines(&self, limit: usize, most: u64) -> Lines<'_> {
        let whole = &self.bytes[self.start..self.lines_end.max(self.start)];
        let bytes = match self.coding.ends_by_newline() {
            true => by_newlines(whole, limit, most),
            false => one_by_one(whole, self.coding, limit, most),
        };
        Lines { bytes, coding: self.coding }
    }

    /// So many bytes of [`LineBuffer::lines`] are records now.
    pub fn consume(&mut self, bytes: usize) {
        self.start += bytes;
        if self.start == self.end {
            (self.start, self.end, self.lines_end) = (0, 0, 0);
        }
    }

    /// How many bytes it holds that were not consumed.
    pub fn buffered(&self) -> usize {
        self.end - self.start
    }

    /// Gives back memory that is not in use.
    pub fn shrink(&mut self) {
        let unused = self.bytes.len() - self.buffered();
        if unused > 0 {
            self.bytes = self.bytes[self.start..self.end].to_vec();
            self.lines_end = self.lines_end.saturating_sub(self.start);
            (self.start, self.end) = (0, self.bytes.len());
        }
    }

    /// The input is over: what is unfinished is a line.
    pub fn finish(&mut self) {
        if let Overlong::Begun(start, _) = &mut self.overlong {
            self.overlong = Overlong::Over(std::mem::take(start));
            self.start = self.end;
        } else if self.unfinished() > 0 && !self.coding.ends_by_newline() {
            self.lines_end = self.end;
        } else if self.unfinished() > 0 {
            (self.coding, self.is_decided) = (self.coding.decided(), true);
            let end = line_end(&self.bytes[self.start..self.end]);
            self.space(end.len())[..end.len()].copy_from_slice(end);
            self.add(end.len());
        }
    }

    /// When the unfinished line is longer than `max_line`, keeps its beginning
    /// for the message and drops the rest as it comes.
    pub fn skip_beyond(&mut self, max_line: usize) {
        self.skip_beyond_keeping(max_line, max_line.min(KEPT));
    }

    /// The same, keeping at most so much of its beginning.
    fn skip_beyond_keeping(&mut self, max_line: usize, kept: usize) {
        // One more for the CR of a CRLF; what stands around others is longer.
        let around = if self.coding.ends_by_newline() { 1 } else { AROUND };
        // Text is not shorter in UTF-8 than it has units.
        let most = max_line.saturating_mul(self.coding.unit()).saturating_add(around);
        if self.overlong == Overlong::No && !self.has_line() && self.end - self.start > most {
            let line = &self.bytes[self.start..self.end];
            let left = self.coding.left_of_begun(line);
            self.overlong = Overlong::Begun(line[..line.len().min(kept)].to_vec(), left);
            // It is as if it came now.
            self.add(0);
        }
    }

    /// Drops the zeros that the unfinished line begins with, where no line is held; how many.
    pub fn skip_hole(&mut self) -> usize {
        if self.has_line() || self.overlong != Overlong::No || self.is_open() || !self.coding.has_lines() {
            return 0;
        }
        let hole = self.coding.hole(&self.bytes[self.start..self.end]);
        self.consume(hole);
        hole
    }

    /// The whole lines that it holds; of an overlong one what was kept of it, with an end.
    fn take_whole(&mut self) -> Option<Vec<u8>> {
        let mut whole = Vec::new();
        while self.has_line() {
            if let Overlong::Over(line) = &mut self.overlong {
                let mut line = std::mem::take(line);
                self.overlong = Overlong::No;
                self.coding.close(&mut line);
                whole.extend(line);
                continue;
            }
            whole.extend_from_slice(&self.bytes[self.start..self.lines_end]);
            self.consume(self.lines_end - self.start);
        }
        (!whole.is_empty()).then_some(whole)
    }

    /// What it holds of an unfinished line.
    fn take_unfinished(&mut self) -> Vec<u8> {
        let held = self.bytes[self.start..self.end].to_vec();
        self.consume(held.len());
        match std::mem::replace(&mut self.overlong, Overlong::No) {
            Overlong::Begun(line, _) => line,
            _ => held,
        }
    }

    /// The beginning of an overlong line that is over.
    pub fn take_overlong(&mut self) -> Option<Vec<u8>> {
        match &mut self.overlong {
            Overlong::Over(start) => {
                let start = std::mem::take(start);
                self.overlong = Overlong::No;
                Some(self.coding.beginning(start))
            }
            _ => None,
        }
    }
}

/// About `limit` bytes of whole lines, at least one, and at most `most` of them.
fn by_newlines(mut whole: &[u8], limit: usize, most: u64) -> &[u8] {
    if whole.len() > limit {
        let end = memchr::memrchr(b'\n', &whole[..limit])
            .or_else(|| memchr::memchr(b'\n', whole))
            .map_or(whole.len(), |newline| newline + 1);
        whole = &whole[..end];
    }
    // No line is shorter than its end.
    if whole.len() as u64 <= most {
        return whole;
    }
    let last = usize::try_from(most.saturating_sub(1)).unwrap_or(usize::MAX);
    match memchr::memchr_iter(b'\n', whole).nth(last) {
        Some(newline) => &whole[..newline + 1],
        None => whole,
    }
}

/// The same by what ends records otherwise. The last one may have no end.
fn one_by_one(whole: &[u8], coding: Coding, limit: usize, most: u64) -> &[u8] {
    let mut rest = whole;
    let mut count = 0;
    while !rest.is_empty() && count < most {
        let (_, behind) = coding.split(rest);
        if count > 0 && whole.len() - behind.len() > limit {
            break;
        }
        count += 1;
        rest = behind;
    }
    &whole[..whole.len() - rest.len()]
}

/// What makes a line of an unfinished one. A CR at its end did not end it, so
/// it must not become half of a CRLF.
fn line_end(unfinished: &[u8]) -> &'static [u8] {
    if unfinished.ends_with(b"\r") { b"\r\n" } else { b"\n" }
}

/// Gives the bytes of one connection on by whole lines, so that they can be put
/// between those of others. Of a line longer than the limit only the beginning
/// is kept, which is still too long, so that it is found and told behind.
#[derive(Debug)]
pub struct Assembler {
    max_line: usize,
    unfinished: Vec<u8>,
    /// Where records do not end by newlines.
    other: Option<LineBuffer>,
}

/// A last line that has come in part.
pub type CutOff = (Vec<u8>, String);

impl Assembler {
    /// For lines of at most `max_line` bytes without their ends.
    pub fn new(max_line: usize, coding: Coding) -> Assembler {
        let other = (!coding.ends_by_newline()).then(|| LineBuffer::new(Vec::new(), coding.decided()));
        Assembler { max_line, unfinished: Vec::new(), other }
    }

    /// Takes bytes as they come and gives the whole lines, if there are any.
    pub fn push(&mut self, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
        if let Some(buffer) = &mut self.other {
            buffer.space(bytes.len())[..bytes.len()].copy_from_slice(&bytes);
            buffer.add(bytes.len());
            let kept = self.max_line.saturating_mul(buffer.coding.unit()).saturating_add(AROUND);
            buffer.skip_beyond_keeping(self.max_line, kept);
            let whole = buffer.take_whole();
            buffer.skip_beyond_keeping(self.max_line, kept);
            return whole;
        }
        let Some(newline) = memchr::memrchr(b'\n', &bytes) else {
            self.keep(&bytes);
            return None;
        };
        if self.unfinished.is_empty() {
            self.keep(&bytes[newline + 1..]);
            bytes.truncate(newline + 1);
            return Some(bytes);
        }
        // The first line's rest may be what makes it too long.
        let first = memchr::memchr(b'\n', &bytes).unwrap_or(newline);
        self.keep(&bytes[..first]);
        let mut lines = std::mem::take(&mut self.unfinished);
        lines.extend_from_slice(&bytes[first..=newline]);
        self.keep(&bytes[newline + 1..]);
        Some(lines)
    }

    /// The connection is over: what is unfinished is a line.
    ///
    /// # Errors
    /// It is not, where its beginning says how long it is: the line, and why it is bad.
    pub fn finish(&mut self) -> Result<Option<Vec<u8>>, CutOff> {
        let Some(mut line) = self.take_unfinished() else { return Ok(None) };
        match &self.other {
            Some(buffer) => match buffer.coding.content(&line) {
                Ok(_) => buffer.coding.close(&mut line),
                Err(reason) => return Err((line, reason)),
            },
            None => line.extend_from_slice(line_end(&line)),
        }
        Ok(Some(line))
    }

    /// The connection is over, and did not end well: what is unfinished, if anything.
    pub fn take_unfinished(&mut self) -> Option<Vec<u8>> {
        let line = match &mut self.other {
            Some(buffer) => buffer.take_unfinished(),
            None => std::mem::take(&mut self.unfinished),
        };
        (!line.is_empty()).then_some(line)
    }

    /// How many bytes of an unfinished line are kept.
    pub fn unfinished(&self) -> usize {
        self.unfinished.len() + self.other.as_ref().map_or(0, LineBuffer::unfinished)
    }

    fn keep(&mut self, bytes: &[u8]) {
        // Two more than allowed: too long even if the last is the CR of a CRLF.
        let room = (self.max_line + 2).saturating_sub(self.unfinished.len());
        self.unfinished.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

#[cfg(test)]
mod tests;
