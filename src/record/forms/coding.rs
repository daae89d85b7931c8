//! How bytes are cut into records, and what they say: framing and encoding.
//!
//! Records are cut as bytes, and decoded one by one. So a place is a byte of the file whatever the encoding,
//! and reading may go on at any record. It works since in every encoding but UTF-16 the byte of a newline is
//! no part of another character; in UTF-16 it is looked for by pairs of bytes.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use super::msgpack;

/// What ends a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// A line's end.
    #[default]
    Lines,
    /// A byte of zero.
    Nul,
    /// Each has so many bytes.
    Fixed(usize),
    /// Syslog over TCP, RFC 6587: the count of its bytes and a space stand before a record that begins with a
    /// digit; others are lines.
    Octets,
    /// Its own, as that of MessagePack: what it says is the JSON of it.
    Msgpack,
}

/// How much is to come of a record whose beginning was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Up to what ends it.
    Unknown,
    /// So many bytes.
    Bytes(usize),
    /// What is found on the way.
    Values(msgpack::Walk),
}

/// How bytes are cut, and what they say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Coding {
    framing: Framing,
    /// None is UTF-8.
    encoding: Option<&'static Encoding>,
    /// The first bytes may say another encoding.
    is_open: bool,
}

/// Marks at the beginning of UTF-16.
const MARKS: [([u8; 2], &Encoding); 2] = [([0xff, 0xfe], UTF_16LE), ([0xfe, 0xff], UTF_16BE)];

/// A count of bytes has no more digits; with more it is a line that begins with a number.
const MOST_DIGITS: usize = 9;

/// How a record of octet-counted syslog begins.
enum Octets {
    /// With a count: where the record begins behind it, and ends.
    Counted(usize, usize),
    Line,
    /// Too little of it is there.
    Unknown,
}

fn octets(bytes: &[u8]) -> Octets {
    let digits = bytes.iter().take(MOST_DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
    match (bytes.first(), bytes.get(digits)) {
        (None, _) => Octets::Unknown,
        (Some(b'1'..=b'9'), None) => Octets::Unknown,
        (Some(b'1'..=b'9'), Some(b' ')) if digits <= MOST_DIGITS => {
            let count = bytes[..digits].iter().fold(0, |count, digit| count * 10 + usize::from(digit - b'0'));
            Octets::Counted(digits + 1, digits + 1 + count)
        }
        _ => Octets::Line,
    }
}

impl Coding {
    /// As options say it; `None` is UTF-8.
    pub fn new(framing: Framing, encoding: Option<&'static Encoding>) -> Coding {
        Coding { framing, encoding, is_open: false }
    }

    /// The same where a byte order mark may say UTF-16 at the beginning.
    pub fn or_by_mark(self) -> Coding {
        Coding { is_open: self.framing == Framing::Lines, ..self }
    }

    /// The same where no beginning says anything, as it is with several clients.
    pub fn decided(self) -> Coding {
        Coding { is_open: false, ..self }
    }

    /// What it is by the first bytes; none if more of them must come.
    pub fn by_beginning(self, bytes: &[u8]) -> Option<Coding> {
        if !self.is_open {
            return Some(self);
        }
        let is_mark = |(mark, _): &&([u8; 2], _)| bytes.starts_with(mark);
        match (MARKS.iter().find(is_mark), bytes) {
            (Some((_, encoding)), _) => Some(Coding { encoding: Some(*encoding), is_open: false, ..self }),
            (None, [] | [0xff] | [0xfe]) => None,
            (None, _) => Some(self.decided()),
        }
    }

    /// What the encoding is called.
    pub fn encoding_name(self) -> &'static str {
        self.encoding.map_or("UTF-8", Encoding::name)
    }

    /// What ends a record.
    pub fn framing(self) -> Framing {
        self.framing
    }

    /// Whether there are lines of UTF-8.
    pub fn is_plain(self) -> bool {
        self.framing == Framing::Lines && self.encoding.is_none()
    }

    /// The same with lines.
    pub fn with_lines(self) -> Coding {
        Coding { framing: Framing::Lines, ..self }
    }

    /// Whether records are lines, whose end may have a CR.
    pub fn has_lines(self) -> bool {
        self.framing == Framing::Lines
    }

    /// Whether records may be counted ones.
    pub fn may_have_counts(self) -> bool {
        self.framing == Framing::Octets
    }

    /// Whether a newline, wherever it is, ends a record.
    pub fn ends_by_newline(self) -> bool {
        self.framing == Framing::Lines && self.newline().is_none()
    }

    /// How many bytes a unit of the encoding has where lines are looked for: records begin and end at whole ones.
    pub fn unit(self) -> usize {
        if self.newline().is_some() { 2 } else { 1 }
    }

    /// A newline in UTF-16.
    fn newline(self) -> Option<[u8; 2]> {
        match self.encoding {
            Some(encoding) if encoding == UTF_16LE => Some([b'\n', 0]),
            Some(encoding) if encoding == UTF_16BE => Some([0, b'\n']),
            _ => None,
        }
    }

    /// Where the record that `bytes` begin with ends, if it does.
    pub fn first(self, bytes: &[u8]) -> Option<usize> {
        match self.framing {
            Framing::Lines | Framing::Nul => self.end_of_begun(bytes),
            Framing::Fixed(length) => (bytes.len() >= length).then_some(length),
            Framing::Octets => match octets(bytes) {
                Octets::Counted(_, end) => (bytes.len() >= end).then_some(end),
                Octets::Line => self.end_of_begun(bytes),
                Octets::Unknown => None,
            },
            Framing::Msgpack => msgpack::end(bytes),
        }
    }

    /// Where a record ends that began before these bytes, of which `left` was to come; or how many of them need not be
    /// seen again.
    pub fn end_of_left(self, left: &mut Left, bytes: &[u8]) -> Result<usize, usize> {
        let passed = bytes.len() / self.unit() * self.unit();
        match left {
            Left::Unknown => self.end_of_begun(bytes).ok_or(passed),
            Left::Bytes(left) if *left <= bytes.len() => Ok(*left),
            Left::Bytes(left) => {
                *left -= passed;
                Err(passed)
            }
            Left::Values(walk) => walk.step(bytes),
        }
    }

    /// Where a line ends that began before these bytes.
    fn end_of_begun(self, bytes: &[u8]) -> Option<usize> {
        if let Some(newline) = self.newline() {
            return bytes.chunks_exact(2).position(|unit| unit == newline).map(|unit| unit * 2 + 2);
        }
        let end = if self.framing == Framing::Nul { 0 } else { b'\n' };
        memchr::memchr(end, bytes).map(|at| at + 1)
    }

    /// How much the record that `bytes` begin with has, where its beginning says so.
    pub fn left_of_begun(self, bytes: &[u8]) -> Left {
        match self.framing {
            Framing::Fixed(length) => Left::Bytes(length),
            Framing::Octets => match octets(bytes) {
                Octets::Counted(_, end) => Left::Bytes(end),
                _ => Left::Unknown,
            },
            Framing::Msgpack => Left::Values(msgpack::Walk::new()),
            Framing::Lines | Framing::Nul => Left::Unknown,
        }
    }

    /// How many bytes the whole records have that `bytes` begin with. None ends within the first
    /// `searched` bytes.
    pub fn whole(self, bytes: &[u8], searched: usize) -> usize {
        match (self.framing, self.newline()) {
            (Framing::Lines, Some(newline)) => {
                let from = searched / 2 * 2;
                let last = bytes[from..].chunks_exact(2).rposition(|unit| unit == newline);
                last.map_or(0, |unit| from + unit * 2 + 2)
            }
            (Framing::Lines | Framing::Nul, _) => {
                let end = if self.framing == Framing::Nul { 0 } else { b'\n' };
                memchr::memrchr(end, &bytes[searched..]).map_or(0, |at| searched + at + 1)
            }
            (Framing::Fixed(length), _) => bytes.len() / length * length,
            (Framing::Octets | Framing::Msgpack, _) => {
                let mut whole = 0;
                while let Some(length) = self.first(&bytes[whole..]) {
                    whole += length;
                }
                whole
            }
        }
    }

    /// The first record, and what comes behind it. The last one may have no end.
    pub fn split(self, bytes: &[u8]) -> (&[u8], &[u8]) {
        bytes.split_at(self.first(bytes).unwrap_or(bytes.len()))
    }

    /// What a record says, without its end, but with the CR of a CRLF; and whether something in it is invalid,
    /// which is U+FFFD then. Invalid UTF-8 is left as it is: what is joined may make it whole.
    ///
    /// # Errors
    /// The record is not whole, or is none.
    pub fn content(self, record: &[u8]) -> Result<(Cow<'_, [u8]>, bool), String> {
        if self.framing == Framing::Msgpack {
            return msgpack::json(record).map(|(json, is_invalid)| (Cow::Owned(json), is_invalid));
        }
        let bytes = match self.framing {
            Framing::Lines => match self.newline() {
                Some(newline) => record.strip_suffix(&newline).unwrap_or(record),
                None => record.strip_suffix(b"\n").unwrap_or(record),
            },
            Framing::Nul => record.strip_suffix(b"\0").unwrap_or(record),
            Framing::Fixed(length) if record.len() < length => {
                return Err(format!("cut off: {} bytes of a record of {length}", record.len()));
            }
            Framing::Fixed(_) | Framing::Msgpack => record,
            Framing::Octets => {
                let text = match octets(record) {
                    Octets::Counted(begin, end) if end > record.len() => {
                        let (there, said) = (record.len() - begin, end - begin);
                        return Err(format!("cut off: {there} bytes of a record whose count says {said}"));
                    }
                    Octets::Counted(begin, _) => &record[begin..],
                    Octets::Line | Octets::Unknown => record,
                };
                let text = text.strip_suffix(b"\n").unwrap_or(text);
                text.strip_suffix(b"\r").unwrap_or(text)
            }
        };
        Ok(match self.encoding {
            None => (Cow::Borrowed(bytes), false),
            Some(encoding) => {
                let (text, is_invalid) = encoding.decode_without_bom_handling(bytes);
                match text {
                    Cow::Borrowed(text) => (Cow::Borrowed(text.as_bytes()), is_invalid),
                    Cow::Owned(text) => (Cow::Owned(text.into_bytes()), is_invalid),
                }
            }
        })
    }

    /// A record of which only the beginning was kept, for a message.
    pub fn beginning(self, record: Vec<u8>) -> Vec<u8> {
        match self.encoding {
            None => record,
            Some(encoding) => encoding.decode_without_bom_handling(&record).0.into_owned().into_bytes(),
        }
    }

    /// Ends a record that has come without its end, so that others may follow; one of which the length is known
    /// gets another length.
    pub fn close(self, record: &mut Vec<u8>) {
        match (self.framing, self.newline()) {
            (Framing::Lines, Some(newline)) => {
                if record.len() % 2 == 1 {
                    // Half a character: what stands for it is no character either.
                    let half = record.len() - 1;
                    record.truncate(half);
                    let replacement = [0xfd, 0xff];
                    record.extend(if newline[0] == 0 { [replacement[1], replacement[0]] } else { replacement });
                }
                record.extend(newline);
            }
            // A CR at the end did not end the line, so it must not become half of a CRLF.
            (Framing::Lines, None) => record.extend(if record.ends_with(b"\r") { &b"\r\n"[..] } else { b"\n" }),
            (Framing::Nul, _) => record.push(0),
            (Framing::Fixed(_), _) => {}
            (Framing::Msgpack, _) => msgpack::close(record),
            (Framing::Octets, _) => match octets(record) {
                Octets::Counted(begin, _) => {
                    let count = (record.len() - begin).to_string();
                    record.splice(..begin, [count.as_bytes(), b" "].concat());
                }
                Octets::Line | Octets::Unknown => record.push(b'\n'),
            },
        }
    }

    /// How many bytes of zero there are at a line's beginning, which are no text: those of a hole.
    pub fn hole(self, line: &[u8]) -> usize {
        let zeros = line.iter().take_while(|byte| **byte == 0).count();
        zeros / self.unit() * self.unit()
    }
}

/// Raw records, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Lines<'l> {
    /// The bytes.
    pub bytes: &'l [u8],
    /// How they are cut, and what they say.
    pub coding: Coding,
}

impl<'l> From<&'l [u8]> for Lines<'l> {
    /// Lines of UTF-8, each with its end.
    fn from(bytes: &'l [u8]) -> Lines<'l> {
        Lines { bytes, coding: Coding::default() }
    }
}
