//! OP_MSG, how commands and answers travel: a header of four numbers (length, id, id of what is answered, kind), flags,
//! and sections. Section 0 is a document; section 1 is a list of documents with a name, which saves the command from
//! holding them in an array.

use std::io::{self, ErrorKind, Read};

const HEADER: usize = 16;
const OP_MSG: i32 = 2013;
/// A flag: a sum of four bytes is at the end.
const HAS_SUM: u32 = 1;
/// The longest message that is believed, as servers have it.
const LONGEST: usize = 48_000_000 + HEADER;

/// Documents that a command is about.
#[derive(Clone, Copy, Debug)]
pub struct Documents<'d> {
    /// What the command calls them.
    pub name: &'static str,
    /// One behind the other.
    pub bytes: &'d [u8],
}

/// All of a message but the documents, which stand behind it.
pub fn head(id: i32, command: &[u8], documents: Option<Documents<'_>>) -> Vec<u8> {
    let mut head = Vec::with_capacity(HEADER + command.len() + 64);
    head.extend_from_slice(&[0; 4]);
    for number in [id, 0, OP_MSG, 0] {
        head.extend_from_slice(&number.to_le_bytes());
    }
    head.push(0);
    head.extend_from_slice(command);
    let mut length = head.len();
    if let Some(Documents { name, bytes }) = documents {
        let section = 4 + name.len() + 1 + bytes.len();
        head.push(1);
        head.extend_from_slice(&u32::try_from(section).unwrap_or(u32::MAX).to_le_bytes());
        head.extend_from_slice(name.as_bytes());
        head.push(0);
        length += 1 + section;
    }
    head[..4].copy_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    head
}

/// Reads the document that answers the message of this id.
///
/// # Errors
/// The connection's, and [`ErrorKind::InvalidData`] for what is no such answer.
pub fn read(id: i32, input: &mut impl Read) -> io::Result<Vec<u8>> {
    let no_answer = || io::Error::new(ErrorKind::InvalidData, "this is no answer of MongoDB");
    let mut header = [0; HEADER];
    input.read_exact(&mut header)?;
    let number = |at: usize| header[at..at + 4].iter().rev().fold(0u32, |number, byte| number << 8 | u32::from(*byte));
    let length = number(0) as usize;
    if !(HEADER + 10..=LONGEST).contains(&length) || number(8) != id as u32 || number(12) != OP_MSG as u32 {
        return Err(no_answer());
    }
    let length = length - HEADER;
    let mut body = Vec::new();
    input.take(length as u64).read_to_end(&mut body)?;
    if body.len() != length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    if u32::from_le_bytes([body[0], body[1], body[2], body[3]]) & HAS_SUM != 0 {
        body.truncate(length - 4);
    }
    match body.split_at_checked(5) {
        Some((head, document)) if head[4] == 0 => Ok(document.to_vec()),
        _ => Err(no_answer()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bson::Document;

    #[test]
    fn messages() {
        let command = Document::new().text("insert", "c").bytes();
        let documents = Documents { name: "documents", bytes: b"DOCS" };
        let mut message = head(7, &command, Some(documents));
        message.extend_from_slice(b"DOCS");
        assert_eq!(message[..4], (message.len() as u32).to_le_bytes());
        assert_eq!(message[4..21], *b"\x07\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0");
        assert!(message.ends_with(b"\x01\x12\0\0\0documents\0DOCS"));

        let answer = |id: i32, kind: i32, flags: u32, rest: &[u8]| {
            let length = (20 + rest.len()) as i32;
            let head: Vec<u8> = [length, 1, id, kind, flags as i32].iter().flat_map(|n| n.to_le_bytes()).collect();
            [&head[..], rest].concat()
        };
        let body = [&[0][..], &command].concat();
        assert_eq!(read(7, &mut &answer(7, OP_MSG, 0, &body)[..]).unwrap(), command);
        let summed = [&body[..], b"SUM!"].concat();
        assert_eq!(read(7, &mut &answer(7, OP_MSG, HAS_SUM, &summed)[..]).unwrap(), command);
        for (bytes, kind) in [
            (answer(8, OP_MSG, 0, &body), ErrorKind::InvalidData),
            (answer(7, 1, 0, &body), ErrorKind::InvalidData),
            (answer(7, OP_MSG, 0, b"\x01123456789"), ErrorKind::InvalidData),
            (b"HTTP/1.1 400 Bad Request\r\n".to_vec(), ErrorKind::InvalidData),
            (answer(7, OP_MSG, 0, &body)[..30].to_vec(), ErrorKind::UnexpectedEof),
            (Vec::new(), ErrorKind::UnexpectedEof),
        ] {
            assert_eq!(read(7, &mut &bytes[..]).unwrap_err().kind(), kind, "{bytes:?}");
        }
    }
}
