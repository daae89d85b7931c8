//! Thrift's binary protocol, as much as Scribe needs: messages that are there whole, read without a copy.
//!
//! A message begins in one of two ways. The strict one has a version first, `80 01 00 TYPE`, then the name
//! and the number; the old one has the name, the type in a byte, and the number. A length is
//! never negative, so the first bit tells them apart. What is answered has the form of the call.
//!
//! A struct is fields, `TYPE ID ID value`, up to a type of 0. All numbers are big-endian.

/// The transport's limit: a frame's length is a number with a sign.
pub const LONGEST_FRAME: u32 = i32::MAX as u32;

/// How deep structs may lie in each other where they are skipped.
const DEEPEST: u32 = 16;

/// A string or bytes.
pub const STRING: u8 = 11;
/// A struct.
pub const STRUCT: u8 = 12;
/// A list.
pub const LIST: u8 = 15;
/// A number of 4 bytes.
pub const I32: u8 = 8;
/// A number of 8 bytes.
pub const I64: u8 = 10;
/// A map.
pub const MAP: u8 = 13;
/// A set.
const SET: u8 = 14;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// A call, which is answered.
    Call = 1,
    /// An answer.
    Reply = 2,
    /// An answer that says what went wrong.
    Exception = 3,
    /// A call that nobody waits for.
    Oneway = 4,
}

/// How a message begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'m> {
    /// Whether it has a version.
    pub is_strict: bool,
    /// What it is.
    pub kind: MessageKind,
    /// The method.
    pub name: &'m [u8],
    /// The call's number.
    pub number: i32,
}

/// What is left to be read of a message.
#[derive(Clone, Copy, Debug)]
pub struct Input<'m>(pub &'m [u8]);

/// What is wrong with a message.
pub type Malformed = &'static str;

const SHORT: Malformed = "a message ends too early";

impl<'m> Input<'m> {
    fn take(&mut self, length: usize) -> Result<&'m [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*taken)
    }

    /// A byte.
    fn byte(&mut self) -> Result<u8, Malformed> {
        self.fixed().map(u8::from_be_bytes)
    }

    /// A number of 4 bytes.
    ///
    /// # Errors
    /// It is not there.
    pub fn i32(&mut self) -> Result<i32, Malformed> {
        self.fixed().map(i32::from_be_bytes)
    }

    fn length(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.i32()?).map_err(|_| "a length is negative")
    }

    /// A string, of whatever bytes.
    ///
    /// # Errors
    /// It is not there whole.
    pub fn string(&mut self) -> Result<&'m [u8], Malformed> {
        let length = self.length()?;
        self.take(length)
    }

    /// How the message begins.
    ///
    /// # Errors
    /// It begins in no way that is known.
    pub fn head(&mut self) -> Result<Head<'m>, Malformed> {
        let first = self.i32()?;
        let is_strict = first < 0;
        let (kind, name) = match usize::try_from(first) {
            Err(_) if first as u32 & 0xFFFF_0000 != 0x8001_0000 => return Err("a version of Thrift that is not known"),
            Err(_) => (first as u8, self.string()?),
            Ok(length) => {
                let name = self.take(length)?;
                (self.byte()?, name)
            }
        };
        let kind = match kind {
            1 => MessageKind::Call,
            2 => MessageKind::Reply,
            3 => MessageKind::Exception,
            4 => MessageKind::Oneway,
            _ => return Err("a message is neither a call nor an answer"),
        };
        Ok(Head { is_strict, kind, name, number: self.i32()? })
    }

    /// The next field of a struct: its type and number; nothing at the struct's end.
    ///
    /// # Errors
    /// It is not there.
    pub fn field(&mut self) -> Result<Option<(u8, i16)>, Malformed> {
        match self.byte()? {
            0 => Ok(None),
            kind => Ok(Some((kind, self.fixed().map(i16::from_be_bytes)?))),
        }
    }

    /// How a list begins: the type of what is in it, and how many.
    ///
    /// # Errors
    /// It is not there.
    pub fn list(&mut self) -> Result<(u8, usize), Malformed> {
        Ok((self.byte()?, self.length()?))
    }

    /// Leaves a value of this type out.
    ///
    /// # Errors
    /// It is not there whole, or of no type that is known.
    pub fn skip(&mut self, kind: u8) -> Result<(), Malformed> {
        self.skip_below(kind, DEEPEST)
    }

    fn skip_below(&mut self, kind: u8, depth: u32) -> Result<(), Malformed> {
        let depth = depth.checked_sub(1).ok_or("a message is too deep")?;
        match kind {
            // A boolean or a byte.
            2 | 3 => drop(self.take(1)?),
            6 => drop(self.take(2)?),
            I32 => drop(self.take(4)?),
            // A double too.
            4 | I64 => drop(self.take(8)?),
            STRING => drop(self.string()?),
            STRUCT => {
                while let Some((kind, _)) = self.field()? {
                    self.skip_below(kind, depth)?;
                }
            }
            LIST | SET => {
                let (kind, count) = self.list()?;
                for _ in 0..count {
                    self.skip_below(kind, depth)?;
                }
            }
            MAP => {
                let (key, value) = (self.byte()?, self.byte()?);
                for _ in 0..self.length()? {
                    self.skip_below(key, depth)?;
                    self.skip_below(value, depth)?;
                }
            }
            _ => return Err("a field has a type that is not known"),
        }
        Ok(())
    }
}

/// Appends a string with its length.
pub fn push_string(text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u32).to_be_bytes());
    out.extend_from_slice(text);
}

/// Appends how a field begins.
pub fn push_field(kind: u8, id: i16, out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(&id.to_be_bytes());
}

/// A message in a frame, of which `body` appends what is behind its head: a struct but for its end.
pub fn frame(head: Head<'_>, body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = vec![0; 4];
    if head.is_strict {
        out.extend_from_slice(&(0x8001_0000 | head.kind as u32).to_be_bytes());
        push_string(head.name, &mut out);
    } else {
        push_string(head.name, &mut out);
        out.push(head.kind as u8);
    }
    out.extend_from_slice(&head.number.to_be_bytes());
    body(&mut out);
    out.push(0);
    let length = (out.len() - 4) as u32;
    out[..4].copy_from_slice(&length.to_be_bytes());
    out
}

/// The answer that says what went wrong: `code` is Thrift's.
pub fn exception(call: Head<'_>, code: i32, text: &str) -> Vec<u8> {
    frame(Head { kind: MessageKind::Exception, ..call }, |out| {
        push_field(STRING, 1, out);
        push_string(text.as_bytes(), out);
        push_field(I32, 2, out);
        out.extend_from_slice(&code.to_be_bytes());
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_begin_in_either_way() {
        for is_strict in [true, false] {
            let head = Head { is_strict, kind: MessageKind::Call, name: b"Log", number: -7 };
            let bytes = frame(head, |_| {});
            assert_eq!(bytes.len(), 4 + u32::from_be_bytes(*bytes.first_chunk().unwrap()) as usize);
            let mut input = Input(&bytes[4..]);
            assert_eq!(input.head(), Ok(head));
            assert_eq!(input.field(), Ok(None));
            for end in 4..bytes.len() {
                let mut input = Input(&bytes[4..end]);
                assert!(input.head().and_then(|_| input.field()).is_err(), "{end}");
            }
        }
        assert_eq!(Input(b"\x80\x02\0\x01\0\0\0\0\0\0\0\0").head(), Err("a version of Thrift that is not known"));
        assert!(Input(b"\0\0\0\x01a\x09\0\0\0\0").head().is_err());
    }

    #[test]
    fn what_is_not_wanted_is_skipped() {
        // {1: [{2: "ab"}], 3: {"k": 5}, 4: 1.0, 5: true} and an end.
        let mut bytes = Vec::new();
        push_field(LIST, 1, &mut bytes);
        bytes.extend_from_slice(&[STRUCT, 0, 0, 0, 1, STRING, 0, 2, 0, 0, 0, 2, b'a', b'b', 0]);
        push_field(MAP, 3, &mut bytes);
        bytes.extend_from_slice(&[STRING, I32, 0, 0, 0, 1, 0, 0, 0, 1, b'k', 0, 0, 0, 5]);
        push_field(4, 4, &mut bytes);
        bytes.extend_from_slice(&[0; 8]);
        push_field(2, 5, &mut bytes);
        bytes.extend_from_slice(&[1, 0]);
        let mut input = Input(&bytes);
        assert_eq!(input.skip(STRUCT), Ok(()));
        assert!(input.0.is_empty());
        for end in 0..bytes.len() {
            assert!(Input(&bytes[..end]).skip(STRUCT).is_err(), "{end}");
        }
        // Structs in structs, without an end.
        let deep = [STRUCT, 0, 1].repeat(100);
        assert_eq!(Input(&deep).skip(STRUCT), Err("a message is too deep"));
        assert_eq!(Input(&[99, 0, 1]).skip(STRUCT), Err("a field has a type that is not known"));
        // A list of many that have no bytes would take for ever: all of them have some.
        assert!(Input(&[STRUCT, 0x7F, 0xFF, 0xFF, 0xFF]).skip(LIST).is_err());
    }
}
