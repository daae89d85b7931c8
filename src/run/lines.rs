//! What a pipeline's stages write to stderr, on its way to ours: line by line,
//! whole, with the pipeline's name in front if it has one.
//!
//! The stages share one pipe. What a process writes at once, up to 4 KiB, is not
//! torn apart there, and all tools of this family write each message at once, with
//! their name in front.

use std::io::{self, Write};

/// A line longer than this goes on in pieces, so that memory is bounded.
const LONGEST: usize = 64 << 10;

/// Cuts lines out of what comes, and puts the name before each.
#[derive(Debug)]
pub struct Lines {
    /// `orders: `, or nothing.
    prefix: String,
    /// The beginning of a line.
    held: Vec<u8>,
    /// What is not passed on, if it is all of a line.
    left_out: Option<&'static str>,
}

impl Lines {
    /// Lines of the pipeline `name`.
    pub fn new(name: Option<&str>) -> Lines {
        Lines { prefix: name.map(|name| format!("{name}: ")).unwrap_or_default(), held: Vec::new(), left_out: None }
    }

    /// Passes this on no more, where it is all of a line.
    pub fn leave_out(&mut self, line: &'static str) {
        self.left_out = Some(line);
    }

    /// Writes the lines that `bytes` complete, all at once.
    pub fn take(&mut self, bytes: &[u8], output: &mut impl Write) -> io::Result<()> {
        let mut text = Vec::with_capacity(bytes.len() + self.held.len());
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.held.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.held.len() >= LONGEST {
                self.move_line(&mut text);
            }
        }
        output.write_all(&text)
    }

    /// Writes what has no newline, when nothing more will come.
    pub fn finish(&mut self, output: &mut impl Write) -> io::Result<()> {
        let mut text = Vec::new();
        if !self.held.is_empty() {
            self.move_line(&mut text);
        }
        output.write_all(&text)
    }

    fn move_line(&mut self, text: &mut Vec<u8>) {
        if self.left_out.is_some_and(|line| self.held.trim_ascii_end() == line.as_bytes()) {
            self.held.clear();
            return;
        }
        // A priority for systemd's journal counts only where a line begins.
        let priority = match self.held.as_slice() {
            [b'<', b'0'..=b'7', b'>', ..] => 3,
            _ => 0,
        };
        text.extend_from_slice(&self.held[..priority]);
        text.extend_from_slice(self.prefix.as_bytes());
        text.extend_from_slice(&self.held[priority..]);
        if !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(name: Option<&str>, pieces: &[&str]) -> String {
        let (mut lines, mut output) = (Lines::new(name), Vec::new());
        for piece in pieces {
            lines.take(piece.as_bytes(), &mut output).unwrap();
        }
        lines.finish(&mut output).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn lines_are_whole_and_have_the_name() {
        let pieces = ["nc: no", " such host\n<4>sstream-", "filter: x\n\n", "the end"];
        let whole = "nc: no such host\n<4>sstream-filter: x\n\nthe end\n";
        assert_eq!(through(None, &pieces), whole);
        let named = "orders: nc: no such host\n<4>orders: sstream-filter: x\norders: \norders: the end\n";
        assert_eq!(through(Some("orders"), &pieces), named);
        assert_eq!(through(Some("orders"), &[]), "");
    }

    #[test]
    fn one_line_can_be_left_out() {
        let (mut lines, mut output) = (Lines::new(None), Vec::new());
        lines.take(b"Terminated\n", &mut output).unwrap();
        lines.leave_out("Terminated");
        lines.take(b"Terminated\nTerminated: x\n", &mut output).unwrap();
        assert_eq!(output, b"Terminated\nTerminated: x\n");
    }

    #[test]
    fn a_line_without_end_goes_on_in_pieces() {
        let long = "x".repeat(LONGEST);
        assert_eq!(through(None, &[&long, "y\n"]), format!("{long}\ny\n"));
    }
}
