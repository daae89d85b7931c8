//! Records of messages.

use sstream::connect::ValueForm;
use sstream::connect::record::{Canonicalizer, push_string};

/// A message: its parts, one behind the other.
#[derive(Debug, Default)]
pub struct Message {
    /// All their bytes.
    pub bytes: Vec<u8>,
    /// Where each ends.
    pub ends: Vec<usize>,
}

impl Message {
    /// One more part.
    pub fn push(&mut self, part: &[u8]) {
        self.bytes.extend_from_slice(part);
        self.ends.push(self.bytes.len());
    }

    /// No part.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// What it holds of memory, in bytes.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.ends.len() * size_of::<usize>()
    }

    fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| &self.bytes[begin..*end])
    }
}

/// What a message of several parts is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Multipart {
    /// One value: its parts with --separator between them
    #[default]
    Joined,
    /// An array of the values of its parts
    Array,
}

/// What else of a message is in its record, which then is an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Field {
    /// The first part, which then is none of the value
    Topic,
}

/// Makes records.
#[derive(Clone, Debug)]
pub struct Records {
    /// What a part is.
    pub value: ValueForm,
    /// What several are.
    pub multipart: Multipart,
    /// What is between them if they are joined.
    pub separator: Vec<u8>,
    /// Whether the first one is the topic.
    pub has_topic: bool,
}

impl Records {
    /// Appends the record of a message, with a newline.
    ///
    /// # Errors
    /// Why it is a bad one; what is appended then means nothing.
    pub fn push(&self, message: &Message, json: &mut Canonicalizer, out: &mut Vec<u8>) -> Result<(), String> {
        let mut parts = message.parts();
        if self.has_topic {
            out.extend_from_slice(b"{\"topic\":");
            push_string(String::from_utf8_lossy(parts.next().unwrap_or_default()).as_bytes(), out);
            out.extend_from_slice(b",\"value\":");
        }
        match (self.multipart, message.ends.len() - usize::from(self.has_topic)) {
            (Multipart::Array, _) => {
                out.push(b'[');
                for (index, part) in parts.enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    self.value.push(part, json, out)?;
                }
                out.push(b']');
            }
            (Multipart::Joined, 1) => {
                self.value.push(parts.next().unwrap_or_default(), json, out)?;
            }
            (Multipart::Joined, _) => {
                let joined = parts.collect::<Vec<_>>().join(&self.separator[..]);
                self.value.push(&joined, json, out)?;
            }
        }
        out.extend_from_slice(if self.has_topic { b"}\n" } else { b"\n" });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(records: &Records, parts: &[&[u8]]) -> Result<String, String> {
        let (mut message, mut out) = (Message::default(), Vec::new());
        parts.iter().for_each(|part| message.push(part));
        records.push(&message, &mut Canonicalizer::default(), &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn messages_are_records() {
        let text = Records {
            value: ValueForm::Text,
            multipart: Multipart::Joined,
            separator: b" ".to_vec(),
            has_topic: false,
        };
        let json = Records { value: ValueForm::Json, ..text.clone() };
        let array = Records { multipart: Multipart::Array, ..json.clone() };
        let topic = |records: &Records| Records { has_topic: true, ..records.clone() };
        let is = |record: &str| Ok(format!("{record}\n"));
        assert_eq!(made(&text, &[b"a\"b"]), is("\"a\\\"b\""));
        assert_eq!(made(&text, &[b"a", b"", b"b\xFF"]), is("\"a  b\u{fffd}\""));
        assert_eq!(made(&json, &[b"{ \"n\": 1.50 }"]), is("{\"n\":1.50}"));
        assert_eq!(made(&array, &[b"1", b"[ ]"]), is("[1,[]]"));
        assert_eq!(made(&array, &[b"1"]), is("[1]"));
        assert_eq!(made(&topic(&json), &[b"t", b"2"]), is("{\"topic\":\"t\",\"value\":2}"));
        assert_eq!(made(&topic(&array), &[b"t"]), is("{\"topic\":\"t\",\"value\":[]}"));
        assert_eq!(made(&topic(&text), &[b"t"]), is("{\"topic\":\"t\",\"value\":\"\"}"));
        assert!(made(&json, &[b"{"]).is_err() && made(&array, &[b"1", b""]).is_err());
    }
}
