//! Bytes become lines.

/// A line that is whole, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Without its end.
    Whole(Vec<u8>),
    /// It was longer than allowed; its beginning.
    TooLong(Vec<u8>),
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

    /// Takes what came: the lines that are whole then, whose end is a newline with or without a carriage
    /// return.
    pub fn push(&mut self, mut bytes: &[u8], lines: &mut Vec<Line>) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.extend(&bytes[..end]);
            bytes = &bytes[end + 1..];
            let mut line = std::mem::take(&mut self.line);
            if std::mem::take(&mut self.is_too_long) {
                lines.push(Line::TooLong(line));
                continue;
            }
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            lines.push(Line::Whole(line));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_they_come() {
        let text = b"one\r\n\r\n\ntwo\n0123456789x\nrest";
        let whole = |line: &str| Line::Whole(line.as_bytes().to_vec());
        for piece in 1..text.len() {
            let (mut lines, mut out) = (Lines::new(10), Vec::new());
            text.chunks(piece).for_each(|bytes| lines.push(bytes, &mut out));
            let long = out.pop();
            assert!(matches!(long, Some(Line::TooLong(_))), "{long:?}");
            assert_eq!(out, [whole("one"), whole(""), whole(""), whole("two")]);
        }
    }
}
