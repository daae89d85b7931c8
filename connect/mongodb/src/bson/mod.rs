//! BSON, the form that documents have on the wire: a length of four bytes, elements, a zero. An element is a byte for
//! its type, a name that ends with a zero, and a value. All numbers are little-endian.
//!
//! What records give is written straight from their JSON ([`encode`]); commands are made of a [`Document`]; what a server
//! answers is read as JSON ([`read::json`]). There is no value in between.

pub mod encode;
mod extended;
mod number;
pub mod read;

/// Types of elements.
#[allow(missing_docs)]
pub mod kind {
    pub const DOUBLE: u8 = 0x01;
    pub const STRING: u8 = 0x02;
    pub const DOCUMENT: u8 = 0x03;
    pub const ARRAY: u8 = 0x04;
    pub const BINARY: u8 = 0x05;
    pub const UNDEFINED: u8 = 0x06;
    pub const OBJECT_ID: u8 = 0x07;
    pub const BOOLEAN: u8 = 0x08;
    pub const DATE: u8 = 0x09;
    pub const NULL: u8 = 0x0A;
    pub const REGEX: u8 = 0x0B;
    pub const POINTER: u8 = 0x0C;
    pub const CODE: u8 = 0x0D;
    pub const SYMBOL: u8 = 0x0E;
    pub const CODE_WITH_SCOPE: u8 = 0x0F;
    pub const INT32: u8 = 0x10;
    pub const TIMESTAMP: u8 = 0x11;
    pub const INT64: u8 = 0x12;
    pub const DECIMAL: u8 = 0x13;
    pub const MIN_KEY: u8 = 0xFF;
    pub const MAX_KEY: u8 = 0x7F;
}

/// Begins a document or an array; where, for [`close`].
pub fn open(out: &mut Vec<u8>) -> usize {
    out.extend_from_slice(&[0; 4]);
    out.len() - 4
}

/// Ends what began there.
pub fn close(begin: usize, out: &mut Vec<u8>) {
    out.push(0);
    // No document is as long as that: whoever sends it looks first.
    let length = u32::try_from(out.len() - begin).unwrap_or(u32::MAX);
    out[begin..begin + 4].copy_from_slice(&length.to_le_bytes());
}

/// Appends a type and a name, which has no zero in it.
pub fn push_head(kind: u8, name: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(name);
    out.push(0);
}

/// Appends the value of a string.
pub fn push_text(text: &[u8], out: &mut Vec<u8>) {
    let length = u32::try_from(text.len() + 1).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text);
    out.push(0);
}

/// Appends the value of binary data of a subtype.
pub fn push_binary(subtype: u8, bytes: &[u8], out: &mut Vec<u8>) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_le_bytes());
    out.push(subtype);
    out.extend_from_slice(bytes);
}

/// A document of a few elements, as commands are.
///
/// ```
/// use sstream_mongodb::bson::{Document, read};
///
/// let hello = Document::new().int("hello", 1).text("$db", "admin").bytes();
/// assert_eq!(read::json(&hello).unwrap(), br#"{"hello":1,"$db":"admin"}"#);
/// ```
#[derive(Clone, Debug)]
pub struct Document(Vec<u8>);

impl Document {
    /// One without elements.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Document {
        Document(vec![0; 4])
    }

    /// With a string.
    pub fn text(mut self, name: &str, text: &str) -> Document {
        push_head(kind::STRING, name.as_bytes(), &mut self.0);
        push_text(text.as_bytes(), &mut self.0);
        self
    }

    /// With a number.
    pub fn int(mut self, name: &str, number: i32) -> Document {
        push_head(kind::INT32, name.as_bytes(), &mut self.0);
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    /// With true or false.
    pub fn boolean(mut self, name: &str, is: bool) -> Document {
        push_head(kind::BOOLEAN, name.as_bytes(), &mut self.0);
        self.0.push(u8::from(is));
        self
    }

    /// With bytes.
    pub fn binary(mut self, name: &str, bytes: &[u8]) -> Document {
        push_head(kind::BINARY, name.as_bytes(), &mut self.0);
        push_binary(0, bytes, &mut self.0);
        self
    }

    /// With a document.
    pub fn document(mut self, name: &str, document: Document) -> Document {
        push_head(kind::DOCUMENT, name.as_bytes(), &mut self.0);
        self.0.extend_from_slice(&document.bytes());
        self
    }

    /// With a document of these elements.
    pub fn elements(mut self, name: &str, elements: &[u8]) -> Document {
        push_head(kind::DOCUMENT, name.as_bytes(), &mut self.0);
        let begin = open(&mut self.0);
        self.0.extend_from_slice(elements);
        close(begin, &mut self.0);
        self
    }

    /// With an array of one document.
    pub fn only(mut self, name: &str, document: Document) -> Document {
        push_head(kind::ARRAY, name.as_bytes(), &mut self.0);
        self.0.extend_from_slice(&Document::new().document("0", document).bytes());
        self
    }

    /// All of it.
    pub fn bytes(mut self) -> Vec<u8> {
        close(0, &mut self.0);
        self.0
    }
}
