//! Where lines end in bytes that come in pieces: [`LineBuffer`] for the one
//! input that is cut into batches, [`Assembler`] for each of several
//! connections that are read side by side.

/// The most of an overlong line that is kept for the message about it.
const KEPT: usize = 64 << 10;

/// Bytes that were read and are not records yet.
#[derive(Debug)]
pub struct LineBuffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// The end of the last whole line.
    lines_end: usize,
    overlong: Overlong,
}

/// Whether a line is being dropped because it is too long.
#[derive(Debug, PartialEq, Eq)]
enum Overlong {
    No,
    /// Its end is still to come; this is its beginning.
    Begun(Vec<u8>),
    /// It is over.
    Over(Vec<u8>),
}

impl LineBuffer {
    /// A buffer that holds what was `read` before.
    pub fn new(read: Vec<u8>) -> LineBuffer {
        let end = read.len();
        let mut buffer = LineBuffer { bytes: read, start: 0, end, lines_end: 0, overlong: Overlong::No };
        buffer.find_lines(0);
        buffer
    }

    /// How many bytes of an unfinished line there are behind the whole lines.
    pub fn unfinished(&self) -> usize {
        match &self.overlong {
            Overlong::Begun(start) => start.len(),
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
            if self.end + want > self.bytes.len() {
                self.bytes.resize(self.end + want, 0);
            }
        }
        &mut self.bytes[self.end..]
    }

    /// `count` bytes were put into [`LineBuffer::space`].
    pub fn add(&mut self, count: usize) {
        let from = self.end;
        self.end += count;
        if let Overlong::Begun(start) = &mut self.overlong {
            match memchr::memchr(b'\n', &self.bytes[from..self.end]) {
                Some(newline) => {
                    self.overlong = Overlong::Over(std::mem::take(start));
                    self.start = from + newline + 1;
                }
                None => self.start = self.end,
            }
        }
        self.find_lines(from.max(self.start));
    }

    fn find_lines(&mut self, from: usize) {
        if let Some(newline) = memchr::memrchr(b'\n', &self.bytes[from..self.end]) {
            self.lines_end = from + newline + 1;
        }
    }

    /// Whole lines: about `limit` bytes of them, at least one line, and at most
    /// `most` lines. An overlong line goes first.
    pub fn lines(&self, limit: usize, most: u64) -> &[u8] {
        let mut whole = &self.bytes[self.start..self.lines_end.max(self.start)];
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
        if let Overlong::Begun(start) = &mut self.overlong {
            self.overlong = Overlong::Over(std::mem::take(start));
        } else if self.unfinished() > 0 {
            let end = line_end(&self.bytes[self.start..self.end]);
            self.space(end.len())[..end.len()].copy_from_slice(end);
            self.add(end.len());
        }
    }

    /// When the unfinished line is longer than `max_line`, keeps its beginning
    /// for the message and drops the rest as it comes.
    pub fn skip_beyond(&mut self, max_line: usize) {
        // One more for the CR of a CRLF.
        if self.overlong == Overlong::No && !self.has_line() && self.end - self.start > max_line + 1 {
            let kept = max_line.min(KEPT);
            self.overlong = Overlong::Begun(self.bytes[self.start..self.start + kept].to_vec());
            self.start = self.end;
        }
    }

    /// The beginning of an overlong line that is over.
    pub fn take_overlong(&mut self) -> Option<Vec<u8>> {
        match &mut self.overlong {
            Overlong::Over(start) => {
                let start = std::mem::take(start);
                self.overlong = Overlong::No;
                Some(start)
            }
            _ => None,
        }
    }
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
}

impl Assembler {
    /// For lines of at most `max_line` bytes without their ends.
    pub fn new(max_line: usize) -> Assembler {
        Assembler { max_line, unfinished: Vec::new() }
    }

    /// Takes bytes as they come and gives the whole lines, if there are any.
    pub fn push(&mut self, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
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
    pub fn finish(&mut self) -> Option<Vec<u8>> {
        let mut line = std::mem::take(&mut self.unfinished);
        if line.is_empty() {
            return None;
        }
        let end = line_end(&line);
        line.extend_from_slice(end);
        Some(line)
    }

    /// The connection is over, and did not end well: what is unfinished, if anything.
    pub fn take_unfinished(&mut self) -> Option<Vec<u8>> {
        let line = std::mem::take(&mut self.unfinished);
        (!line.is_empty()).then_some(line)
    }

    /// How many bytes of an unfinished line are kept.
    pub fn unfinished(&self) -> usize {
        self.unfinished.len()
    }

    fn keep(&mut self, bytes: &[u8]) {
        // Two more than allowed: too long even if the last is the CR of a CRLF.
        let room = (self.max_line + 2).saturating_sub(self.unfinished.len());
        self.unfinished.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds `text` in pieces and gives the lines, an overlong one as `None`.
    fn buffered(text: &[u8], cuts: &[usize], max_line: usize) -> Vec<Option<Vec<u8>>> {
        let mut buffer = LineBuffer::new(Vec::new());
        let mut lines = Vec::new();
        let mut take = |buffer: &mut LineBuffer| {
            while buffer.has_line() {
                if buffer.take_overlong().is_some() {
                    lines.push(None);
                    continue;
                }
                let whole = buffer.lines(16, 3).to_vec();
                lines.extend(whole.split_inclusive(|byte| *byte == b'\n').map(|line| {
                    let line = &line[..line.len() - 1];
                    let line = line.strip_suffix(b"\r").unwrap_or(line);
                    (line.len() <= max_line).then(|| line.to_vec())
                }));
                buffer.consume(whole.len());
            }
        };
        for piece in pieces(text, cuts) {
            buffer.space(piece.len())[..piece.len()].copy_from_slice(piece);
            buffer.add(piece.len());
            buffer.skip_beyond(max_line);
            take(&mut buffer);
        }
        buffer.finish();
        take(&mut buffer);
        assert_eq!(buffer.unfinished(), 0);
        lines
    }

    fn assembled(text: &[u8], cuts: &[usize], max_line: usize) -> Vec<Option<Vec<u8>>> {
        let mut assembler = Assembler::new(max_line);
        let mut whole = Vec::new();
        for piece in pieces(text, cuts) {
            if let Some(lines) = assembler.push(piece.to_vec()) {
                assert!(lines.ends_with(b"\n"));
                whole.extend(lines);
            }
            assert!(assembler.unfinished() <= max_line + 2);
        }
        whole.extend(assembler.finish().unwrap_or_default());
        model(&whole, max_line)
    }

    fn pieces<'a>(text: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
    }

    fn model(text: &[u8], max_line: usize) -> Vec<Option<Vec<u8>>> {
        text.split_inclusive(|byte| *byte == b'\n')
            .map(|line| {
                let line = match line.strip_suffix(b"\n") {
                    Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
                    None => line,
                };
                (line.len() <= max_line).then(|| line.to_vec())
            })
            .collect()
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_how_they_come(
            text in prop::collection::vec(prop::sample::select(&b"aaaaaa\r\n"[..]), 0..80),
            cuts in prop::collection::vec(any::<usize>(), 0..8),
            max_line in 1usize..12,
        ) {
            prop_assert_eq!(buffered(&text, &cuts, max_line), model(&text, max_line));
            prop_assert_eq!(assembled(&text, &cuts, max_line), model(&text, max_line));
        }
    }
}
