//! MessagePack: where values end that come one behind the other, and what they are in JSON.
//!
//! Integers are exact, a float of 32 bits is the shortest number that reads back as it. What JSON has no form for:
//!
//! ```text
//! NaN, infinities     the strings "NaN", "Infinity", "-Infinity"
//! bin                 a string, in base64
//! a timestamp         a string, as RFC 3339 has it: "2024-01-05T10:00:00.123456789Z"
//! another extension   {"type":5,"data":"…"}, the data in base64
//! a key               that is no string: its JSON, as a string
//! ```
//!
//! The extension types from -2 to -128 are kept for later versions of the format, and none of them is a value here; by
//! the last one a value is passed on that has not all come.

use std::fmt::Write as _;

use jiff::Timestamp;
use rmp::Marker;

use super::binary::{push_bytes, push_float, push_float32};
use crate::record::number::push_integer;
use crate::record::{self, MAX_DEPTH};

/// The extension type of times.
const TIMESTAMP: i8 = -1;

/// That of what is no value, since it is cut off.
const CUT_OFF: i8 = i8::MIN;

/// How a value begins.
struct Head {
    marker: Marker,
    /// How many bytes the marker and what follows it of fixed size have.
    length: usize,
    /// How many bytes follow.
    content: u64,
    /// How many values follow.
    values: u64,
}

/// The head of the value that `bytes` begin with; none if too little of it is there.
fn head(bytes: &[u8]) -> Option<Head> {
    let marker = Marker::from_u8(*bytes.first()?);
    // What follows the marker: so many bytes, or a count of so many bytes, for bytes, or for values each.
    let (fixed, count, has_bytes, values_each) = match marker {
        Marker::FixPos(_) | Marker::FixNeg(_) | Marker::Null | Marker::True | Marker::False | Marker::Reserved => {
            (0, 0, false, 0)
        }
        Marker::U8 | Marker::I8 => (1, 0, false, 0),
        Marker::U16 | Marker::I16 => (2, 0, false, 0),
        Marker::U32 | Marker::I32 | Marker::F32 => (4, 0, false, 0),
        Marker::U64 | Marker::I64 | Marker::F64 => (8, 0, false, 0),
        Marker::FixStr(_) => (0, 0, true, 0),
        Marker::Str8 | Marker::Bin8 => (0, 1, true, 0),
        Marker::Str16 | Marker::Bin16 => (0, 2, true, 0),
        Marker::Str32 | Marker::Bin32 => (0, 4, true, 0),
        Marker::FixExt1 | Marker::FixExt2 | Marker::FixExt4 | Marker::FixExt8 | Marker::FixExt16 => (1, 0, true, 0),
        Marker::Ext8 => (1, 1, true, 0),
        Marker::Ext16 => (1, 2, true, 0),
        Marker::Ext32 => (1, 4, true, 0),
        Marker::FixArray(_) => (0, 0, false, 1),
        Marker::Array16 => (0, 2, false, 1),
        Marker::Array32 => (0, 4, false, 1),
        Marker::FixMap(_) => (0, 0, false, 2),
        Marker::Map16 => (0, 2, false, 2),
        Marker::Map32 => (0, 4, false, 2),
    };
    let counted = bytes.get(1..1 + count)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    let counted = match marker {
        Marker::FixStr(count) | Marker::FixArray(count) | Marker::FixMap(count) => u64::from(count),
        Marker::FixExt1 => 1,
        Marker::FixExt2 => 2,
        Marker::FixExt4 => 4,
        Marker::FixExt8 => 8,
        Marker::FixExt16 => 16,
        _ => counted,
    };
    let length = 1 + count + fixed;
    let content = if has_bytes { counted } else { 0 };
    (bytes.len() >= length).then_some(Head { marker, length, content, values: counted * values_each })
}

/// Finds the end of a value, in bytes as they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// How many values are to come, those in others among them.
    values: u64,
    /// How many bytes are to come of the one that is begun.
    content: u64,
}

impl Walk {
    /// From a value's beginning on.
    pub fn new() -> Walk {
        Walk { values: 1, content: 0 }
    }

    /// Goes on: the byte behind the value's end; or how many bytes need not be seen again.
    pub fn step(&mut self, bytes: &[u8]) -> Result<usize, usize> {
        let mut at = 0;
        loop {
            let passed = usize::try_from(self.content).unwrap_or(usize::MAX).min(bytes.len() - at);
            (at, self.content) = (at + passed, self.content - passed as u64);
            if self.content > 0 {
                return Err(at);
            }
            if self.values == 0 {
                return Ok(at);
            }
            let Some(head) = head(&bytes[at..]) else { return Err(at) };
            at += head.length;
            (self.values, self.content) = ((self.values - 1).saturating_add(head.values), head.content);
        }
    }
}

/// The byte behind the value that `bytes` begin with, if all of it is there.
pub fn end(bytes: &[u8]) -> Option<usize> {
    Walk::new().step(bytes).ok()
}

/// What stands for a value that has not all come, so that others may follow it.
pub fn close(value: &mut Vec<u8>) {
    if end(value) != Some(value.len()) {
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        value.truncate(length as usize);
        let head = [&[Marker::Ext32.to_u8()], &length.to_be_bytes()[..], &[CUT_OFF.cast_unsigned()]].concat();
        value.splice(..0, head);
    }
}

/// The value as JSON; whether it had invalid UTF-8, which became U+FFFD.
///
/// # Errors
/// It is none, or is not whole, or nests too deep.
pub fn json(value: &[u8]) -> Result<(Vec<u8>, bool), String> {
    let mut reader = Reader { bytes: value, at: 0, is_invalid: false };
    let mut out = Vec::with_capacity(value.len() * 2);
    reader.value(0, &mut out)?;
    match value.len() - reader.at {
        0 => Ok((out, reader.is_invalid)),
        more => Err(format!("{more} bytes behind the value of MessagePack")),
    }
}

/// Goes through a value.
struct Reader<'v> {
    bytes: &'v [u8],
    at: usize,
    is_invalid: bool,
}

impl<'v> Reader<'v> {
    /// The head of the next value, the bytes that belong to it, and those that follow.
    fn next(&mut self) -> Result<(Head, &'v [u8], &'v [u8]), String> {
        let rest = &self.bytes[self.at..];
        let cut_off = || format!("cut off: {} bytes of a value of MessagePack", self.bytes.len());
        let head = head(rest).ok_or_else(cut_off)?;
        let end = usize::try_from(head.content).ok().and_then(|content| head.length.checked_add(content));
        let end = end.filter(|end| *end <= rest.len()).ok_or_else(cut_off)?;
        self.at += end;
        let length = head.length;
        Ok((head, &rest[1..length], &rest[length..end]))
    }

    fn value(&mut self, depth: usize, out: &mut Vec<u8>) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("nested deeper than {MAX_DEPTH}"));
        }
        let begin = self.at;
        let (head, fixed, content) = self.next()?;
        match head.marker {
            Marker::Null => out.extend_from_slice(b"null"),
            Marker::True => out.extend_from_slice(b"true"),
            Marker::False => out.extend_from_slice(b"false"),
            Marker::FixPos(number) => push_integer(number, out),
            Marker::FixNeg(number) => push_integer(number, out),
            Marker::U8 | Marker::U16 | Marker::U32 | Marker::U64 => push_integer(unsigned(fixed), out),
            Marker::I8 | Marker::I16 | Marker::I32 | Marker::I64 => push_integer(signed(fixed), out),
            Marker::F32 => push_float32(f32::from_bits(unsigned(fixed) as u32), out),
            Marker::F64 => push_float(f64::from_bits(unsigned(fixed)), out),
            Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => self.push_text(content, out),
            Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => push_bytes(content, out),
            Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => {
                out.push(b'[');
                for number in 0..head.values {
                    if number > 0 {
                        out.push(b',');
                    }
                    self.value(depth + 1, out)?;
                }
                out.push(b']');
            }
            Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => {
                out.push(b'{');
                for number in 0..head.values / 2 {
                    if number > 0 {
                        out.push(b',');
                    }
                    self.key(depth + 1, out)?;
                    out.push(b':');
                    self.value(depth + 1, out)?;
                }
                out.push(b'}');
            }
            Marker::FixExt1
            | Marker::FixExt2
            | Marker::FixExt4
            | Marker::FixExt8
            | Marker::FixExt16
            | Marker::Ext8
            | Marker::Ext16
            | Marker::Ext32 => {
                let kind = fixed.last().map_or(0, |kind| kind.cast_signed());
                push_extension(kind, content, out)?;
            }
            Marker::Reserved => return Err(format!("no MessagePack: c1 at byte {begin} of the value")),
        }
        Ok(())
    }

    fn key(&mut self, depth: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let begin = out.len();
        self.value(depth, out)?;
        if out.get(begin) != Some(&b'"') {
            let key = out.split_off(begin);
            record::push_string(&key, out);
        }
        Ok(())
    }

    fn push_text(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let text = String::from_utf8_lossy(bytes);
        self.is_invalid |= matches!(text, std::borrow::Cow::Owned(_));
        record::push_string(text.as_bytes(), out);
    }
}

fn unsigned(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn signed(bytes: &[u8]) -> i64 {
    let unused = 64 - 8 * bytes.len() as u32;
    (unsigned(bytes) << unused).cast_signed() >> unused
}

fn push_extension(kind: i8, content: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    if kind == CUT_OFF {
        return Err("cut off, or longer than --max-line: a value of MessagePack".to_owned());
    }
    if kind < TIMESTAMP {
        return Err(format!("no MessagePack yet: an extension of the type {kind}"));
    }
    let time = if kind == TIMESTAMP { timestamp(content) } else { None };
    if let Some(time) = time {
        record::push_string(time.to_string().as_bytes(), out);
        return Ok(());
    }
    let mut head = String::new();
    let _ = write!(head, "{{\"type\":{kind},\"data\":");
    out.extend_from_slice(head.as_bytes());
    push_bytes(content, out);
    out.push(b'}');
    Ok(())
}

/// A time, unless no calendar of ours has it.
fn timestamp(content: &[u8]) -> Option<Timestamp> {
    let (seconds, nanoseconds) = match content.len() {
        4 => (unsigned(content).cast_signed(), 0),
        8 => {
            let both = unsigned(content);
            ((both & ((1 << 34) - 1)).cast_signed(), both >> 34)
        }
        12 => (signed(&content[4..]), unsigned(&content[..4])),
        _ => return None,
    };
    let nanoseconds = i32::try_from(nanoseconds).ok().filter(|nanoseconds| *nanoseconds < 1_000_000_000)?;
    // Before 1970 too the second counts down, and what is finer up.
    let time = Timestamp::from_second(seconds).ok()?;
    time.checked_add(jiff::SignedDuration::from_nanos(nanoseconds.into())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> Result<String, String> {
        json(bytes).map(|(text, _)| String::from_utf8(text).unwrap())
    }

    #[test]
    fn values_become_json() {
        for (bytes, expected) in [
            (&b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff"[..], "18446744073709551615"),
            (b"\xd3\x80\0\0\0\0\0\0\0", "-9223372036854775808"),
            (b"\xd0\x80", "-128"),
            (b"\xe0", "-32"),
            (b"\x7f", "127"),
            (b"\xca\x3d\xcc\xcc\xcd", "0.1"),
            (b"\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a", "0.1"),
            (b"\xcb\x7f\xf8\0\0\0\0\0\0", "\"NaN\""),
            (b"\xca\xff\x80\0\0", "\"-Infinity\""),
            (b"\xc4\x03\0\xff\x01", "\"AP8B\""),
            (b"\xa3a\"b", "\"a\\\"b\""),
            (b"\xdf\0\0\0\x02\x01\xc3\x92\x01\xc0\xc2", "{\"1\":true,\"[1,null]\":false}"),
            (b"\xd6\xff\x65\x97\xd3\x20", "\"2024-01-05T10:00:00Z\""),
            (b"\xc7\x0c\xff\0\0\0\x01\xff\xff\xff\xff\xff\xff\xff\xff", "\"1969-12-31T23:59:59.000000001Z\""),
            (b"\xc7\x03\xff123", "{\"type\":-1,\"data\":\"MTIz\"}"),
            (b"\xd4\x05\x01", "{\"type\":5,\"data\":\"AQ==\"}"),
        ] {
            assert_eq!(shown(bytes).as_deref(), Ok(expected), "{bytes:x?}");
            assert_eq!(end(bytes), Some(bytes.len()), "{bytes:x?}");
            for cut in 0..bytes.len() {
                assert_eq!(end(&bytes[..cut]), None, "{bytes:x?}");
                assert!(shown(&bytes[..cut]).unwrap_err().starts_with("cut off"), "{bytes:x?}");
            }
        }
        assert_eq!(shown(b"\xc1").unwrap_err(), "no MessagePack: c1 at byte 0 of the value");
        assert_eq!(json(b"\xa2\xffx").unwrap(), ("\"\u{fffd}x\"".into(), true));
        assert!(shown(&[0x91; 2000]).unwrap_err().contains("deeper"));
    }

    #[test]
    fn ends_are_found_wherever_bytes_are_cut() {
        let value = b"\x93\xd9\x20aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x81\xa1k\xcd\x01\x02\xc7\x02\x05xy";
        for cut in 0..value.len() {
            let mut walk = Walk::new();
            let seen = walk.step(&value[..cut]).unwrap_err();
            assert_eq!(walk.step(&value[seen..]), Ok(value.len() - seen), "{cut}");
        }
    }

    #[test]
    fn what_is_cut_off_is_no_value() {
        let mut value = b"\x92\x01".to_vec();
        close(&mut value);
        assert_eq!(end(&value), Some(value.len()));
        assert!(shown(&value).unwrap_err().starts_with("cut off"));
    }
}
