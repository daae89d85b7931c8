//! Records of messages.

use sstream::connect::ValueForm;
use sstream::connect::record::{Canonicalizer, push_string};

use crate::client::packet::Publish;

/// What else of a message is in its record, which then is an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Field {
    /// The topic
    Topic,
    /// The QoS that it came with: 0, 1 or 2
    Qos,
    /// Whether the broker had kept it for who subscribes later
    Retain,
    /// The user properties of version 5, an array of [NAME, VALUE]
    Properties,
}

/// Makes records.
#[derive(Debug, Default)]
pub struct Records {
    /// What a payload is.
    pub value: ValueForm,
    /// The fields beside it, sorted, each once.
    pub with: Vec<Field>,
    json: Canonicalizer,
}

impl Records {
    /// In this form.
    pub fn new(value: ValueForm, mut with: Vec<Field>) -> Records {
        with.sort_unstable();
        with.dedup();
        Records { value, with, json: Canonicalizer::default() }
    }

    /// The record of a message, with a newline.
    ///
    /// # Errors
    /// Why it is a bad one.
    pub fn make(&mut self, message: &Publish) -> Result<Vec<u8>, String> {
        let mut out = Vec::with_capacity(message.payload.len() + 16);
        for field in &self.with {
            out.push(if out.is_empty() { b'{' } else { b',' });
            match field {
                Field::Topic => {
                    out.extend_from_slice(b"\"topic\":");
                    push_string(message.topic.as_bytes(), &mut out);
                }
                Field::Qos => out.extend_from_slice(format!("\"qos\":{}", message.qos).as_bytes()),
                Field::Retain => out.extend_from_slice(format!("\"retain\":{}", message.retain).as_bytes()),
                Field::Properties => {
                    out.extend_from_slice(b"\"properties\":[");
                    for (index, (name, value)) in message.properties.iter().enumerate() {
                        out.extend_from_slice(if index == 0 { b"[" } else { b",[" });
                        push_string(name.as_bytes(), &mut out);
                        out.push(b',');
                        push_string(value.as_bytes(), &mut out);
                        out.push(b']');
                    }
                    out.push(b']');
                }
            }
        }
        let is_object = !out.is_empty();
        if is_object {
            out.extend_from_slice(b",\"value\":");
        }
        self.value.push(&message.payload, &mut self.json, &mut out)?;
        if is_object {
            out.push(b'}');
        }
        out.push(b'\n');
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_records() {
        let message = Publish {
            topic: "a/\"b".to_owned(),
            payload: b"{ \"n\": 1.50 }".to_vec(),
            qos: 2,
            retain: true,
            properties: vec![("k".to_owned(), "v".to_owned()), ("k".to_owned(), "w".to_owned())],
            ..Publish::default()
        };
        let made = |value, with: &[Field]| {
            Records::new(value, with.to_vec()).make(&message).map(|record| String::from_utf8(record).unwrap())
        };
        assert_eq!(made(ValueForm::Text, &[]).unwrap(), "\"{ \\\"n\\\": 1.50 }\"\n");
        assert_eq!(made(ValueForm::Json, &[]).unwrap(), "{\"n\":1.50}\n");
        assert_eq!(
            made(ValueForm::Json, &[Field::Properties, Field::Topic, Field::Retain, Field::Qos, Field::Topic]).unwrap(),
            "{\"topic\":\"a/\\\"b\",\"qos\":2,\"retain\":true,\"properties\":[[\"k\",\"v\"],[\"k\",\"w\"]],\"value\":{\"n\":1.50}}\n"
        );
        let bad = Publish { payload: b"{".to_vec(), ..Publish::default() };
        assert!(Records::new(ValueForm::Json, vec![Field::Topic]).make(&bad).is_err());
        let binary = Publish { payload: vec![0xFF], ..Publish::default() };
        assert_eq!(Records::default().make(&binary).unwrap(), "\"\u{fffd}\"\n".as_bytes());
    }
}
