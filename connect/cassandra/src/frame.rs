//! Frames, how requests and answers travel in the native protocol, version 4: a header of nine bytes (version, flags, the number
//! of the stream, operation, length) and a body. Integers have their greatest byte first.

use std::io::{self, ErrorKind, Read};

/// The version of a request, and of an answer.
const REQUEST: u8 = 4;
const ANSWER: u8 = 0x84;

const HEADER: usize = 9;

/// The longest answer that is believed: those to what is asked here are short.
const LONGEST: usize = 16 << 20;

/// Flags of an answer: what stands before its body.
const TRACED: u8 = 2;
const HAS_PAYLOAD: u8 = 4;
const HAS_WARNINGS: u8 = 8;

/// What requests and answers are.
pub mod op {
    #![allow(missing_docs)]
    pub const ERROR: u8 = 0x00;
    pub const STARTUP: u8 = 0x01;
    pub const READY: u8 = 0x02;
    pub const AUTHENTICATE: u8 = 0x03;
    pub const QUERY: u8 = 0x07;
    pub const RESULT: u8 = 0x08;
    pub const PREPARE: u8 = 0x09;
    pub const EXECUTE: u8 = 0x0A;
    pub const BATCH: u8 = 0x0D;
    pub const AUTH_RESPONSE: u8 = 0x0F;
    pub const AUTH_SUCCESS: u8 = 0x10;
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The stream of the request that it answers.
    pub stream: i16,
    /// What it is.
    pub op: u8,
    /// What it says.
    pub body: Vec<u8>,
}

/// Appends a request.
pub fn push(stream: i16, op: u8, body: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&[REQUEST, 0]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.push(op);
    push_int(body.len(), out);
    out.extend_from_slice(body);
}

/// Reads an answer.
///
/// # Errors
/// The connection's, and [`ErrorKind::InvalidData`] for what is none.
pub fn read(input: &mut impl Read) -> io::Result<Answer> {
    let no_answer = || io::Error::new(ErrorKind::InvalidData, NO_ANSWER);
    let mut header = [0; HEADER];
    input.read_exact(&mut header)?;
    let [version, flags, first, second, op, length @ ..] = header;
    let length = u32::from_be_bytes(length) as usize;
    // A server of another version answers in its own, and says what it speaks.
    if version & 0x80 == 0 || !(1..=6).contains(&(version & 0x7F)) || length > LONGEST {
        return Err(no_answer());
    }
    let mut body = Vec::new();
    input.take(length as u64).read_to_end(&mut body)?;
    if body.len() != length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    if version != ANSWER && op != op::ERROR {
        return Err(no_answer());
    }
    let mut rest = Body(&body);
    let before = rest.skip_before(flags).ok_or_else(no_answer)?;
    body.drain(..before);
    Ok(Answer { stream: i16::from_be_bytes([first, second]), op, body })
}

/// What is said of an answer that is none.
pub const NO_ANSWER: &str = "this is no answer of Cassandra's native protocol, version 4";

/// Appends an int.
pub fn push_int(number: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
}

/// Appends a short.
pub fn push_short(number: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes());
}

/// Appends a string.
pub fn push_string(text: &str, out: &mut Vec<u8>) {
    push_short(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

/// Appends a long string, as statements are.
pub fn push_long_string(text: &str, out: &mut Vec<u8>) {
    push_int(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

/// What is left to be read of a body; nothing is read beyond its end.
#[derive(Clone, Copy, Debug)]
pub struct Body<'b>(pub &'b [u8]);

impl<'b> Body<'b> {
    /// So many bytes.
    pub fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A byte.
    pub fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    /// A short.
    pub fn short(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    /// An int.
    pub fn int(&mut self) -> Option<i32> {
        Some(i32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    /// How many there are of something that comes next.
    pub fn count(&mut self) -> Option<usize> {
        usize::try_from(self.int()?).ok()
    }

    /// A string.
    pub fn string(&mut self) -> Option<String> {
        let length = self.short()?;
        Some(String::from_utf8_lossy(self.take(usize::from(length))?).into_owned())
    }

    /// Bytes with a short length before them.
    pub fn short_bytes(&mut self) -> Option<&'b [u8]> {
        let length = self.short()?;
        self.take(usize::from(length))
    }

    /// Bytes with an int before them, of which a negative one says that there are none.
    pub fn bytes(&mut self) -> Option<&'b [u8]> {
        let length = self.int()?;
        self.take(usize::try_from(length).unwrap_or(0))
    }

    /// Skips what the flags of an answer say stands before its body; how many bytes that are.
    fn skip_before(&mut self, flags: u8) -> Option<usize> {
        let all = self.0.len();
        if flags & TRACED != 0 {
            self.take(16)?;
        }
        if flags & HAS_WARNINGS != 0 {
            for _ in 0..self.short()? {
                self.short_bytes()?;
            }
        }
        if flags & HAS_PAYLOAD != 0 {
            for _ in 0..self.short()? {
                self.short_bytes()?;
                self.bytes()?;
            }
        }
        Some(all - self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(version: u8, flags: u8, op: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![version, flags, 1, 2, op];
        push_int(body.len(), &mut bytes);
        bytes.extend_from_slice(body);
        bytes
    }

    #[test]
    fn frames() {
        let mut request = Vec::new();
        push(258, op::QUERY, b"body", &mut request);
        assert_eq!(request, b"\x04\0\x01\x02\x07\0\0\0\x04body");

        let read = |bytes: Vec<u8>| read(&mut &bytes[..]);
        let plain = Answer { stream: 258, op: op::RESULT, body: b"body".to_vec() };
        assert_eq!(read(answer(ANSWER, 0, op::RESULT, b"body")).unwrap(), plain);
        // An id of a trace, two warnings, and somebody's own words stand before it.
        let before = [&[7; 16][..], b"\0\x02\0\x01a\0\x02bc", b"\0\x01\0\x01k\0\0\0\x01v", b"body"].concat();
        let flags = TRACED | HAS_WARNINGS | HAS_PAYLOAD;
        assert_eq!(read(answer(ANSWER, flags, op::RESULT, &before)).unwrap(), plain);
        assert_eq!(read(answer(0x85, 0, op::ERROR, b"body")).unwrap().op, op::ERROR);

        let long = [&answer(ANSWER, 0, op::RESULT, b"")[..5], &[0x7F, 0xFF, 0xFF, 0xFF]].concat();
        for (bytes, kind) in [
            (b"HTTP/1.1 400 Bad Request\r\n".to_vec(), ErrorKind::InvalidData),
            (answer(4, 0, op::RESULT, b""), ErrorKind::InvalidData),
            (answer(0x85, 0, op::RESULT, b""), ErrorKind::InvalidData),
            (answer(ANSWER, HAS_WARNINGS, op::RESULT, b"\xFF\xFFbody"), ErrorKind::InvalidData),
            (long, ErrorKind::InvalidData),
            (answer(ANSWER, 0, op::RESULT, b"body")[..12].to_vec(), ErrorKind::UnexpectedEof),
            (Vec::new(), ErrorKind::UnexpectedEof),
        ] {
            assert_eq!(read(bytes.clone()).unwrap_err().kind(), kind, "{bytes:?}");
        }
    }
}
