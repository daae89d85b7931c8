//! Records become messages.

use crate::client::args::parse_topic;
use sstream::connect::record::{Kind, kind, text};
use sstream::connect::{Program, only_result};

/// A message, but for how it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where to.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
}

/// Makes messages.
#[derive(Debug)]
pub struct Messages {
    /// The topic.
    pub topic: Program,
    /// The payload; the record, if it is none.
    pub value: Option<Program>,
}

impl Messages {
    /// The message of a record; nothing where an EXPR has no result.
    ///
    /// # Errors
    /// Why the record is a bad one.
    pub fn make(&mut self, record: &[u8]) -> Result<Option<Message>, String> {
        let Some(topic) = only_result("--topic", &mut self.topic, record)? else { return Ok(None) };
        if kind(&topic) != Some(Kind::String) {
            return Err(format!("--topic gives {}, and a topic is a string", String::from_utf8_lossy(&topic)));
        }
        let topic = String::from_utf8_lossy(&text(&topic)).into_owned();
        let topic = parse_topic(&topic).map_err(|why| format!("'{topic}' is no topic: {why}"))?;
        let value = match &mut self.value {
            None => record.to_vec(),
            Some(program) => match only_result("--value", program, record)? {
                Some(value) => value,
                None => return Ok(None),
            },
        };
        // Of a kept message an empty one is the end.
        let payload = if value == b"null" { Vec::new() } else { text(&value).into_owned() };
        Ok(Some(Message { topic, payload }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sstream::connect::program;

    fn made(topic: &str, value: Option<&str>, record: &str) -> Result<Option<(String, String)>, String> {
        let parse = |source: &str| program("--x", source, &[]).unwrap();
        let message = Messages { topic: parse(topic), value: value.map(parse) }.make(record.as_bytes())?;
        Ok(message.map(|Message { topic, payload }| (topic, String::from_utf8(payload).unwrap())))
    }

    #[test]
    fn messages() {
        let is = |topic: &str, payload: &str| Ok(Some((topic.to_owned(), payload.to_owned())));
        assert_eq!(made("\"a/b\"", None, "\"x\\ny\""), is("a/b", "x\ny"));
        assert_eq!(made("\"k/\" + .[0]", Some(".[1]"), "[\"u\",{\"n\":1.50}]"), is("k/u", "{\"n\":1.50}"));
        assert_eq!(made("\"a\"", Some("null"), "1"), is("a", ""));
        assert_eq!(made("empty", None, "1"), Ok(None));
        for (topic, record) in [(".", "1"), (".", "\"a/#\""), (".", "\"\""), (".,.", "\"a\""), (".a", "1")] {
            assert!(made(topic, None, record).is_err(), "{topic} {record}");
        }
    }
}
