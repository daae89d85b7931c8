//! Bytes become lines.

use memchr::{memchr, memmem, memrchr};

/// What comes of bytes.
#[derive(Clone, Copy, Debug)]
pub enum Piece<'l> {
    /// Lines that are whole.
    Lines(Block<'l>),
    /// A line was longer than allowed; its beginning.
    TooLong(&'l [u8]),
}

/// Lines that are whole, with their ends, each a newline with or without a carriage return.
#[derive(Clone, Copy, Debug)]
pub struct Block<'l>(&'l [u8]);

impl<'l> Block<'l> {
    /// With their ends.
    pub fn bytes(self) -> &'l [u8] {
        self.0
    }

    /// Each without its end.
    pub fn lines(self) -> impl Iterator<Item = &'l [u8]> {
        self.0.split_inclusive(|byte| *byte == b'\n').map(|line| without_return(&line[..line.len() - 1]))
    }

    /// Whether there is an empty one.
    pub fn has_empty(self) -> bool {
        let begins = |end: &[u8]| self.0.starts_with(end);
        begins(b"\n")
            || begins(b"\r\n")
            || memmem::find(self.0, b"\n\n").is_some()
            || memmem::find(self.0, b"\n\r\n").is_some()
    }

    /// The same in blocks of so many bytes at most, though of one line at least.
    pub fn split(self, most: usize) -> impl Iterator<Item = Block<'l>> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let end = memrchr(b'\n', &rest[..rest.len().min(most)]).or_else(|| memchr(b'\n', rest))?;
            let (block, behind) = rest.split_at(end + 1);
            rest = behind;
            Some(Block(block))
        })
    }
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

    /// Takes what came, and gives the lines that are whole then.
    pub fn push(&mut self, bytes: &[u8], mut give: impl FnMut(Piece<'_>)) {
        let Some(last) = memrchr(b'\n', bytes) else { return self.extend(bytes) };
        let (mut whole, begun) = bytes.split_at(last + 1);
        if (!self.line.is_empty() || self.is_too_long)
            && let Some(end) = memchr(b'\n', whole)
        {
            self.extend(&whole[..end]);
            whole = &whole[end + 1..];
            match std::mem::take(&mut self.is_too_long) {
                true => give(Piece::TooLong(&self.line)),
                false => {
                    self.line.push(b'\n');
                    give(Piece::Lines(Block(&self.line)));
                }
            }
            self.line.clear();
        }
        if whole.len() > self.longest {
            for line in whole.split_inclusive(|byte| *byte == b'\n') {
                give(match line.len() - 1 > self.longest {
                    true => Piece::TooLong(&line[..BEGINNING.min(self.longest)]),
                    false => Piece::Lines(Block(line)),
                });
            }
        } else if !whole.is_empty() {
            give(Piece::Lines(Block(whole)));
        }
        self.extend(begun);
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
                lines.push(bytes, |piece| match piece {
                    Piece::TooLong(beginning) => out.push(format!("too long: {}", beginning.len())),
                    Piece::Lines(block) => {
                        out.extend(block.lines().map(|line| String::from_utf8_lossy(line).into_owned()))
                    }
                });
            }
            assert_eq!(out, ["one", "", "", "two", "too long: 10"]);
        }
    }

    #[test]
    fn blocks_are_split_between_lines() {
        let block = Block(b"1\n22\n\n4444\n");
        for (most, expected) in [
            (100, vec!["1\n22\n\n4444\n"]),
            (6, vec!["1\n22\n\n", "4444\n"]),
            (4, vec!["1\n", "22\n\n", "4444\n"]),
            (1, vec!["1\n", "22\n", "\n", "4444\n"]),
        ] {
            let blocks: Vec<_> = block.split(most).map(|block| String::from_utf8_lossy(block.bytes())).collect();
            assert_eq!(blocks, expected, "{most}");
        }
        assert!(
            block.has_empty()
                && Block(b"\n1\n").has_empty()
                && Block(b"\r\n").has_empty()
                && Block(b"1\n\r\n").has_empty()
        );
        assert!(!Block(b"1\n2\r\n").has_empty());
    }
}
