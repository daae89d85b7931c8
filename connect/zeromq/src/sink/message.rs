//! Records become messages.

use std::sync::Arc;

use sstream::connect::record::{Kind, elements, kind, text};
use sstream::connect::{Program, only_result};

use crate::wire::frame::{self, MORE};

/// A message as frames, one for all who get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message(Arc<[u8]>);

impl Message {
    /// Its frames.
    pub fn frames(&self) -> &[u8] {
        &self.0
    }

    /// Its first part, by which it is subscribed to.
    pub fn first(&self) -> &[u8] {
        match frame::read(&self.0, usize::MAX) {
            Ok(Some(frame)) => &self.0[frame.body],
            _ => b"",
        }
    }
}

/// Makes messages.
#[derive(Debug)]
pub struct Messages {
    /// The first part, if it is not the value's.
    pub topic: Option<Program>,
    /// The value; the record, if it is none.
    pub value: Option<Program>,
    /// Whether an array is a message of several parts.
    pub multipart: bool,
}

impl Messages {
    /// The message of a record; nothing where an EXPR has no result.
    ///
    /// # Errors
    /// Why the record is a bad one.
    pub fn make(&mut self, record: &[u8]) -> Result<Option<Message>, String> {
        let topic = match &mut self.topic {
            None => None,
            Some(program) => match only_result("--topic", program, record)? {
                None => return Ok(None),
                Some(topic) if kind(&topic) == Some(Kind::String) => Some(text(&topic).into_owned()),
                Some(other) => {
                    return Err(format!("--topic gives {}, and a topic is a string", String::from_utf8_lossy(&other)));
                }
            },
        };
        let result = match &mut self.value {
            None => None,
            Some(program) => match only_result("--value", program, record)? {
                None => return Ok(None),
                value => value,
            },
        };
        let value = result.as_deref().unwrap_or(record);
        let parts: Vec<&[u8]> = match self.multipart && kind(value) == Some(Kind::Array) {
            true => elements(value).collect(),
            false => vec![value],
        };
        if parts.is_empty() && topic.is_none() {
            return Err("a message has a part at least, and this array is empty".to_owned());
        }
        let mut frames = Vec::with_capacity(value.len() + 16);
        if let Some(topic) = topic {
            frame::push(if parts.is_empty() { 0 } else { MORE }, &topic, &mut frames);
        }
        for (index, part) in parts.iter().enumerate() {
            let flags = if index + 1 < parts.len() { MORE } else { 0 };
            frame::push(flags, &text(part), &mut frames);
        }
        Ok(Some(Message(frames.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sstream::connect::program;

    fn made(topic: Option<&str>, value: Option<&str>, multipart: bool, record: &str) -> Result<String, String> {
        let parse = |source: &str| program("--x", source, &[]).unwrap();
        let message =
            Messages { topic: topic.map(parse), value: value.map(parse), multipart }.make(record.as_bytes())?;
        let Some(message) = message else { return Ok("none".to_owned()) };
        let (mut rest, mut parts) = (message.frames(), Vec::new());
        while let Some(frame) = frame::read(rest, 1000).unwrap() {
            parts.push(String::from_utf8_lossy(&rest[frame.body.clone()]).into_owned());
            rest = &rest[frame.body.end..];
            assert_eq!(frame.flags == MORE, !rest.is_empty());
        }
        assert_eq!(parts[0].as_bytes(), message.first());
        Ok(parts.join("|"))
    }

    #[test]
    fn messages() {
        let is = |parts: &str| Ok(parts.to_owned());
        assert_eq!(made(None, None, false, "\"x\\ny\""), is("x\ny"));
        assert_eq!(made(None, None, false, "[1,\"a\"]"), is("[1,\"a\"]"));
        assert_eq!(made(None, None, true, "[1,\"a\",[]]"), is("1|a|[]"));
        assert_eq!(made(Some(".[0]"), Some(".[1:]"), true, "[\"t\",2,3]"), is("t|2|3"));
        assert_eq!(made(Some("\"t\""), None, true, "[]"), is("t"));
        assert_eq!(made(Some("empty"), None, false, "1"), is("none"));
        assert!(made(None, None, true, "[]").unwrap_err().contains("a part at least"));
        assert!(made(Some("1"), None, false, "1").unwrap_err().contains("a topic is a string"));
        assert!(made(None, Some(".,."), false, "1").unwrap_err().contains("2 results"));
    }
}
