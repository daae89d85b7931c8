//! A stream of objects, as `ObjectOutputStream` writes it.
//!
//! Everything that is written gets a number, its *handle*: descriptions of classes, objects, arrays, strings. What comes again
//! may be referred to by it, and descriptions always are.

use super::classes::{Class, Scala, describe};

const MAGIC: [u8; 4] = [0xac, 0xed, 0, 5];
const FIRST_HANDLE: u32 = 0x7e_0000;

const NULL: u8 = 0x70;
const REFERENCE: u8 = 0x71;
const CLASS: u8 = 0x72;
const OBJECT: u8 = 0x73;
const STRING: u8 = 0x74;
const ARRAY: u8 = 0x75;
const BLOCK: u8 = 0x77;
const END_OF_BLOCK: u8 = 0x78;
const LONG_STRING: u8 = 0x7c;

/// The class has fields in the stream.
const SERIALIZABLE: u8 = 2;
/// It writes more behind them, up to an end of block.
const WRITES_MORE: u8 = 1;

/// Writes objects.
#[derive(Debug)]
pub struct Stream {
    scala: Scala,
    bytes: Vec<u8>,
    handles: Handles,
}

/// What has a handle: all that has to be put back where something turns out not to be written.
#[derive(Clone, Copy, Debug, Default)]
struct Handles {
    next: u32,
    classes: [Option<u32>; Class::COUNT],
}

/// A place to which a stream can be taken back.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    length: usize,
    handles: Handles,
}

impl Stream {
    /// An empty one, for this Scala.
    pub fn new(scala: Scala) -> Stream {
        Stream { scala, bytes: MAGIC.to_vec(), handles: Handles::default() }
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.bytes.truncate(MAGIC.len());
        self.handles = Handles::default();
    }

    /// The stream as it is.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where it is.
    pub fn place(&self) -> Place {
        Place { length: self.bytes.len(), handles: self.handles }
    }

    /// Forgets what came after a place.
    pub fn back(&mut self, place: Place) {
        self.bytes.truncate(place.length);
        self.handles = place.handles;
    }

    /// Null, which is no object.
    pub fn null(&mut self) {
        self.bytes.push(NULL);
    }

    /// Begins an array; its elements follow. The place of its length is for [`Stream::set_length`].
    pub fn array(&mut self, class: Class, length: u32) -> usize {
        self.bytes.push(ARRAY);
        self.class(class);
        self.handle();
        self.raw(&length.to_be_bytes());
        self.bytes.len() - 4
    }

    /// Says how long an array has become.
    pub fn set_length(&mut self, place: usize, length: u32) {
        self.bytes[place..place + 4].copy_from_slice(&length.to_be_bytes());
    }

    /// Begins an object; its fields follow, those of the class above first.
    pub fn object(&mut self, class: Class) {
        self.bytes.push(OBJECT);
        self.class(class);
        self.handle();
    }

    /// Bytes as they are: what a number's field has.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// What a class writes itself behind its fields, at most 255 bytes.
    pub fn block(&mut self, bytes: &[u8]) {
        self.raw(&[BLOCK, bytes.len() as u8]);
        self.raw(bytes);
    }

    /// The end of what a class writes itself.
    pub fn end_of_block(&mut self) {
        self.bytes.push(END_OF_BLOCK);
    }

    /// A string, which is UTF-8.
    pub fn string(&mut self, text: &[u8]) {
        let start = self.bytes.len();
        self.raw(&[STRING, 0, 0]);
        push_modified(text, &mut self.bytes);
        let length = self.bytes.len() - start - 3;
        match u16::try_from(length) {
            Ok(length) => self.bytes[start + 1..start + 3].copy_from_slice(&length.to_be_bytes()),
            Err(_) => {
                let long = (length as u64).to_be_bytes();
                self.bytes[start] = LONG_STRING;
                self.bytes.splice(start + 1..start + 3, long);
            }
        }
        self.handle();
    }

    /// A class's description, or a reference to it.
    fn class(&mut self, class: Class) {
        if let Some(handle) = self.handles.classes[class as usize] {
            self.bytes.push(REFERENCE);
            return self.raw(&handle.to_be_bytes());
        }
        let description = describe(class, self.scala);
        self.bytes.push(CLASS);
        self.name(description.name);
        self.raw(&description.number.to_be_bytes());
        self.handles.classes[class as usize] = Some(self.handle());
        self.bytes.push(SERIALIZABLE | if description.writes_more { WRITES_MORE } else { 0 });
        self.raw(&(description.fields.len() as u16).to_be_bytes());
        let mut before = None;
        for &(letter, name, class) in description.fields {
            self.bytes.push(letter);
            self.name(name);
            match (class, before) {
                (None, _) => {}
                (Some(class), Some((same, handle))) if same == class => {
                    self.bytes.push(REFERENCE);
                    self.raw(&u32::to_be_bytes(handle));
                }
                (Some(class), _) => {
                    self.bytes.push(STRING);
                    self.name(class);
                    before = Some((class, self.handle()));
                }
            }
        }
        self.end_of_block();
        match description.above {
            Some(above) => self.class(above),
            None => self.null(),
        }
    }

    /// Our own names are short, and ASCII.
    fn name(&mut self, name: &str) {
        self.raw(&(name.len() as u16).to_be_bytes());
        self.raw(name.as_bytes());
    }

    fn handle(&mut self) -> u32 {
        let handle = FIRST_HANDLE + self.handles.next;
        self.handles.next += 1;
        handle
    }
}

/// Appends text as Java's modified UTF-8: a zero has two bytes, and a character beyond the first 65,536 six, three for each
/// half of its surrogate pair.
fn push_modified(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&byte| byte == 0 || byte >= 0xf0) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        match rest {
            [a, b, c, d, tail @ ..] if *a >= 0xf0 => {
                let bits = [*a & 7, *b & 0x3f, *c & 0x3f, *d & 0x3f];
                let beyond = bits.into_iter().fold(0, |code, bits| code << 6 | u32::from(bits)) - 0x1_0000;
                for unit in [0xd800 | beyond >> 10, 0xdc00 | beyond & 0x3ff] {
                    out.extend([0xe0 | unit >> 12, 0x80 | unit >> 6 & 0x3f, 0x80 | unit & 0x3f].map(|byte| byte as u8));
                }
                rest = tail;
            }
            _ => {
                out.extend([0xc0, 0x80]);
                rest = &rest[1..];
            }
        }
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_as_java_has_it() {
        let modified = |text: &str| {
            let mut out = Vec::new();
            push_modified(text.as_bytes(), &mut out);
            out
        };
        assert_eq!(modified("aé€"), "aé€".as_bytes());
        assert_eq!(modified("\0😀x"), [0xc0, 0x80, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80, b'x']);
        assert_eq!(modified("\u{10ffff}"), [0xed, 0xaf, 0xbf, 0xed, 0xbf, 0xbf]);
    }

    #[test]
    fn a_string_is_long_from_64_kib_on() {
        for (length, head) in [(65_535, &[STRING, 0xff, 0xff][..]), (65_536, &[LONG_STRING, 0, 0, 0, 0, 0, 1, 0, 0])] {
            let mut stream = Stream::new(Scala::default());
            stream.string(&vec![b'x'; length]);
            assert_eq!(&stream.bytes()[4..4 + head.len()], head);
            assert_eq!(stream.bytes().len(), 4 + head.len() + length);
        }
    }
}
