//! Bytes become lines.

use memchr::memchr;

/// A line that is whole, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'l> {
    /// Without its end.
    Whole(&'l [u8]),
    /// It was longer than allowed; its beginning.
    TooLong(&'l [u8]),
}

/// How much of a line that is too long is kept, for whoever looks at it, in bytes.
const BEGINNING: usize = 1024;

/// What has come of a line.
#[derive(Debug)]
pub struct Lines {
    longest: usize,
    line: Vec<u8>,
    is_too_long: bool,
}

impl Lines {
    /// With lines of so many bytes at most.
    pub fn new(longest: usize) -> Lines {
        Lines { longest, line: Vec::new(), is_too_long: false }
    }

    /// Takes what came, and gives the lines that are whole then, whose end is a newline with or without a
    /// carriage return.
    pub fn push(&mut self, mut bytes: &[u8], mut give: impl FnMut(Line<'_>)) {
        while let Some(end) = memchr(b'\n', bytes) {
            let piece = &bytes[..end];
            bytes = &bytes[end + 1..];
            // Most lie in what came as a whole.
            if self.line.is_empty() && !self.is_too_long && piece.len() <= self.longest {
                give(Line::Whole(without_return(piece)));
                continue;
            }
            self.extend(piece);
            match std::mem::take(&mut self.is_too_long) {
                true => give(Line::TooLong(&self.line)),
                false => give(Line::Whole(without_return(&self.line))),
            }
            self.line.clear();
        }
        self.extend(bytes);
    }

    fn extend(&mut self, bytes: &[u8]) {
        if self.is_too_long {
            return;
        }
        self.line.extend_from_slice(bytes);
        if self.line.len() > self.longest {
            self.line.truncate(BEGINNING.min(self.longest));
            self.is_too_long = true;
        }
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_they_come() {
        let text = b"one\r\n\r\n\ntwo\n0123456789x\nrest";
        for piece in 1..text.len() {
            let (mut lines, mut out) = (Lines::new(10), Vec::new());
            for bytes in text.chunks(piece) {
                lines.push(bytes, |line| {
                    out.push(match line {
                        Line::Whole(line) => String::from_utf8_lossy(line).into_owned(),
                        Line::TooLong(beginning) => format!("too long: {}", beginning.len()),
                    });
                });
            }
            assert_eq!(out, ["one", "", "", "two", "too long: 10"]);
        }
    }
}
