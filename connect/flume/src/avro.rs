//! Avro's binary form, as much as Flume's protocol needs: values that are there whole, read without a copy.
//!
//! A number is a varint with its sign in the lowest bit. Strings and bytes have their length before
//! them. Maps and arrays are blocks of items, each with its count before it, up to a count of 0; a count that is
//! negative has the block's length in bytes behind it. A union is the place of its type, then the value.

use sstream::connect::varint::{self, push_signed};

/// What is left to be read of a message.
#[derive(Clone, Copy, Debug)]
pub struct Input<'m>(pub &'m [u8]);

/// What is wrong with a message.
pub type Malformed = &'static str;

const SHORT: Malformed = "a message ends too early";

impl<'m> Input<'m> {
    /// So many bytes.
    ///
    /// # Errors
    /// They are not there.
    pub fn take(&mut self, length: usize) -> Result<&'m [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number.
    ///
    /// # Errors
    /// It is not there, or longer than 64 bits.
    pub fn long(&mut self) -> Result<i64, Malformed> {
        varint::take_signed(&mut self.0).ok_or(match self.0.len() < varint::LONGEST {
            true => SHORT,
            false => "a number is longer than 64 bits",
        })
    }

    /// A string, or bytes.
    ///
    /// # Errors
    /// It is not there whole.
    pub fn bytes(&mut self) -> Result<&'m [u8], Malformed> {
        let length = usize::try_from(self.long()?).map_err(|_| "a length is negative")?;
        self.take(length)
    }

    /// The items of an array or a map, each of which `item` reads.
    ///
    /// # Errors
    /// They are not there whole, or as `item` says.
    pub fn items(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), Malformed>) -> Result<(), Malformed> {
        loop {
            let count = self.long()?;
            if count == 0 {
                return Ok(());
            }
            if count < 0 {
                self.long()?;
            }
            for _ in 0..count.unsigned_abs() {
                item(self)?;
            }
        }
    }

    /// A value that may be null.
    ///
    /// # Errors
    /// Another type than the two, or as `value` says.
    pub fn optional<T>(
        &mut self,
        value: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        match self.long()? {
            0 => Ok(None),
            1 => value(self).map(Some),
            _ => Err("a union has a type that is not known"),
        }
    }

    /// Leaves a map of bytes out, as the metadata of a call.
    ///
    /// # Errors
    /// It is not there whole.
    pub fn skip_map(&mut self) -> Result<(), Malformed> {
        self.items(|input| {
            input.bytes()?;
            input.bytes().map(drop)
        })
    }
}

/// Appends a string, or bytes.
pub fn push_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    push_signed(bytes.len() as i64, out);
    out.extend_from_slice(bytes);
}

/// A message as it is on the connection, in one buffer.
pub fn framed(serial: u32, message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 12);
    for number in [serial, 1, message.len() as u32] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    out.extend_from_slice(message);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (value, bytes) in [
            (0, &[0][..]),
            (-1, &[1]),
            (1, &[2]),
            (-64, &[0x7F]),
            (64, &[0x80, 1]),
            (i64::MAX, &[0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]),
            (i64::MIN, &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]),
        ] {
            let mut out = Vec::new();
            push_signed(value, &mut out);
            assert_eq!((&*out, Input(bytes).long()), (bytes, Ok(value)));
            assert!(Input(&bytes[..bytes.len() - 1]).long().is_err());
        }
        assert!(Input(&[0xFF; 11]).long().is_err());
        // A bit more than 64.
        assert!(Input(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2]).long().is_err());
    }

    #[test]
    fn items_come_in_blocks() {
        // Two, one whose block has a length too, and the end.
        let bytes = [4, 2, b'a', 2, b'b', 1, 4, 2, b'c', 0, 9];
        let (mut input, mut got) = (Input(&bytes), Vec::new());
        input.items(|input| input.bytes().map(|item| got.extend_from_slice(item))).unwrap();
        assert_eq!((&*got, input.0), (&b"abc"[..], &[9][..]));
        for end in 0..bytes.len() - 1 {
            assert!(Input(&bytes[..end]).items(|input| input.bytes().map(drop)).is_err(), "{end}");
        }
        // More than there can be, and lengths that no memory has, are errors at once.
        let mut many = Vec::new();
        push_signed(i64::MIN, &mut many);
        push_signed(0, &mut many);
        assert!(Input(&many).items(|input| input.bytes().map(drop)).is_err());
        let mut long = Vec::new();
        push_signed(i64::MAX, &mut long);
        assert!(Input(&long).bytes().is_err());
    }
}
