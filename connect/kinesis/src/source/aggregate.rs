//! Aggregates of the Kinesis Producer Library: a record of the stream that holds many of the user's.
//!
//! ```text
//! F3 89 9A C2, then a message of Protocol Buffers, then the MD5 of that message
//!
//! message   1: a partition key, several times;  2: an explicit hash key, several times
//!           3: a record, several times: 1 index of its partition key, 2 index of its hash key, 3 its data, 4 tags
//! ```
//!
//! What begins like one, and has another sum at its end, is a record like any.

use md5::{Digest as _, Md5};
use sstream::connect::varint;

const MAGIC: &[u8] = &[0xF3, 0x89, 0x9A, 0xC2];

/// Bytes of the sum.
const SUM: usize = 16;

/// A record of the user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'d> {
    /// Its partition key.
    pub key: &'d [u8],
    /// What it is.
    pub data: &'d [u8],
}

/// The parts of an aggregate; `None` if it is none.
///
/// # Errors
/// Its sum is right, and what it is the sum of is no such message.
pub fn parts(data: &[u8]) -> Option<Result<Vec<Part<'_>>, String>> {
    let rest = data.strip_prefix(MAGIC)?;
    let (message, sum) = rest.split_at_checked(rest.len().checked_sub(SUM)?)?;
    if Md5::digest(message).as_slice() != sum {
        return None;
    }
    Some(read(message).ok_or_else(|| "an aggregate of the Kinesis Producer Library that cannot be read".to_owned()))
}

fn read(message: &[u8]) -> Option<Vec<Part<'_>>> {
    let (mut keys, mut records) = (Vec::new(), Vec::new());
    let mut fields = Fields(message);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(key)) => keys.push(key),
            (3, Value::Bytes(record)) => records.push(read_record(record)?),
            _ => {}
        }
    }
    // Keys may stand behind the records that have them.
    let part = |(index, data): (u64, _)| Some(Part { key: keys.get(usize::try_from(index).ok()?)?, data });
    records.into_iter().map(part).collect()
}

/// The index of a record's key, and its data.
fn read_record(record: &[u8]) -> Option<(u64, &[u8])> {
    let (mut index, mut data) = (None, None);
    let mut fields = Fields(record);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Number(number)) => index = Some(number),
            (3, Value::Bytes(bytes)) => data = Some(bytes),
            _ => {}
        }
    }
    Some((index?, data?))
}

enum Value<'m> {
    Number(u64),
    Bytes(&'m [u8]),
    /// Of four or eight bytes, which this message has none of.
    Fixed,
}

/// The fields of a message, one after the other.
struct Fields<'m>(&'m [u8]);

impl<'m> Fields<'m> {
    /// The outer one is none if this is no message, the inner one at its end.
    #[allow(clippy::should_implement_trait)]
    fn next(&mut self) -> Option<Option<(u64, Value<'m>)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let tag = varint::take(&mut self.0)?;
        let value = match tag & 7 {
            0 => Value::Number(varint::take(&mut self.0)?),
            1 => self.skip(8)?,
            2 => {
                let length = usize::try_from(varint::take(&mut self.0)?).ok()?;
                let (bytes, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Value::Bytes(bytes)
            }
            5 => self.skip(4)?,
            _ => return None,
        };
        Some(Some((tag >> 3, value)))
    }

    fn skip(&mut self, bytes: usize) -> Option<Value<'m>> {
        self.0 = self.0.get(bytes..)?;
        Some(Value::Fixed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn field(number: u64, bytes: &[u8], out: &mut Vec<u8>) {
        varint::push(number << 3 | 2, out);
        varint::push(bytes.len() as u64, out);
        out.extend_from_slice(bytes);
    }

    fn sealed(message: &[u8]) -> Vec<u8> {
        [MAGIC, message, Md5::digest(message).as_slice()].concat()
    }

    fn record(index: u64, data: &[u8]) -> Vec<u8> {
        let mut out = vec![1 << 3];
        varint::push(index, &mut out);
        // A hash key's index, which nobody needs.
        out.extend([2 << 3, 0]);
        field(3, data, &mut out);
        // A tag, and a field of eight bytes of a later version.
        field(4, b"\x0a\x01t", &mut out);
        out.push(9 << 3 | 1);
        out.extend([0; 8]);
        out
    }

    #[test]
    fn an_aggregate_is_its_records() {
        let mut message = Vec::new();
        field(1, b"a", &mut message);
        field(2, b"123", &mut message);
        field(3, &record(1, b"one"), &mut message);
        field(3, &record(0, b""), &mut message);
        field(1, b"b", &mut message);
        let data = sealed(&message);
        let expected = vec![Part { key: b"b", data: b"one" }, Part { key: b"a", data: b"" }];
        assert_eq!(parts(&data), Some(Ok(expected)));
        let mut other = data.clone();
        other[6] ^= 1;
        assert_eq!(parts(&other), None, "the sum is another");
        assert_eq!(parts(b"plain"), None);
        assert_eq!(parts(MAGIC), None);
        assert_eq!(parts(&sealed(b"")), Some(Ok(Vec::new())));
    }

    #[test]
    fn what_is_no_message_is_told() {
        let mut message = Vec::new();
        field(3, &record(0, b"no key"), &mut message);
        assert!(matches!(parts(&sealed(&message)), Some(Err(_))));
        assert!(matches!(parts(&sealed(b"\x0a\x05a")), Some(Err(_))));
        assert!(matches!(parts(&sealed(b"\x0b")), Some(Err(_))));
    }

    proptest! {
        #[test]
        fn garbage_is_no_reason_to_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parts(&sealed(&bytes));
        }
    }
}
