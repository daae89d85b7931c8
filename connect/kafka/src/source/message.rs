//! Records of messages.

use sstream::connect::ValueForm;
use sstream::connect::record::{Canonicalizer, push_string};
use std::borrow::Cow;

/// What else of a message is in its record, which then is an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Field {
    /// The key, a string, or null
    Key,
    /// The headers, an array of [NAME, VALUE]
    Headers,
    /// The time that the message bears, in ms since the epoch, or null
    Timestamp,
    /// The topic
    Topic,
    /// The partition's number
    Partition,
    /// The offset
    Offset,
}

/// What a record is made of.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// What a value is.
    pub value: ValueForm,
    /// The fields of the object beside the value; none is the value alone.
    pub with: Vec<Field>,
}

/// A message as the client gives it.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'m> {
    /// The value; none is a tombstone.
    pub value: Option<&'m [u8]>,
    /// The key.
    pub key: Option<&'m [u8]>,
    /// Its time, in ms since the epoch.
    pub timestamp_ms: Option<i64>,
    /// Where it is from.
    pub topic: &'m str,
    /// Where it is from.
    pub partition: i32,
    /// Where it is from.
    pub offset: i64,
}

/// The headers of a message, given one by one.
pub type Headers<'h> = dyn FnMut(&mut dyn FnMut(&str, Option<&[u8]>)) + 'h;

/// Makes records.
#[derive(Debug, Default)]
pub struct Records {
    form: Form,
    json: Canonicalizer,
    invalid: u64,
}

impl Records {
    /// In this form.
    pub fn new(form: Form) -> Records {
        Records { form, ..Records::default() }
    }

    /// How many texts had invalid UTF-8, which became U+FFFD.
    pub fn invalid(&self) -> u64 {
        self.invalid
    }

    /// Whether headers are wanted.
    pub fn wants_headers(&self) -> bool {
        self.form.with.contains(&Field::Headers)
    }

    /// Appends the record of a message and a newline. The error says why it is a
    /// bad one; then nothing is appended.
    #[inline]
    pub fn push(&mut self, parts: &Parts<'_>, headers: &mut Headers<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        let before = out.len();
        let pushed = match self.form.with.is_empty() {
            true => self.push_value(parts.value, out),
            false => self.push_object(parts, headers, out),
        };
        match pushed {
            Ok(()) => out.push(b'\n'),
            Err(_) => out.truncate(before),
        }
        pushed
    }

    fn push_value(&mut self, value: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), String> {
        match (value, &self.form.value) {
            (None, _) => out.extend_from_slice(b"null"),
            (Some(value), form) => self.invalid += u64::from(form.push(value, &mut self.json, out)?),
        }
        Ok(())
    }

    fn push_text(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let text = String::from_utf8_lossy(text);
        self.invalid += u64::from(matches!(text, Cow::Owned(_)));
        push_string(text.as_bytes(), out);
    }

    /// The fields in one order, whatever the order in which they were asked for.
    fn push_object(&mut self, parts: &Parts<'_>, headers: &mut Headers<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        let mut fields = std::mem::take(&mut self.form.with);
        fields.sort_unstable();
        let mut separator = b'{';
        for field in &fields {
            out.push(separator);
            separator = b',';
            match field {
                Field::Key => {
                    out.extend_from_slice(b"\"key\":");
                    match parts.key {
                        Some(key) => self.push_text(key, out),
                        None => out.extend_from_slice(b"null"),
                    }
                }
                Field::Headers => {
                    out.extend_from_slice(b"\"headers\":[");
                    let mut is_first = true;
                    headers(&mut |name, value| {
                        out.extend_from_slice(if std::mem::take(&mut is_first) { b"[" } else { b",[" });
                        push_string(name.as_bytes(), out);
                        out.push(b',');
                        match value {
                            Some(value) => self.push_text(value, out),
                            None => out.extend_from_slice(b"null"),
                        }
                        out.push(b']');
                    });
                    out.push(b']');
                }
                Field::Timestamp => match parts.timestamp_ms {
                    Some(time_ms) => out.extend_from_slice(format!("\"timestamp\":{time_ms}").as_bytes()),
                    None => out.extend_from_slice(b"\"timestamp\":null"),
                },
                Field::Topic => {
                    out.extend_from_slice(b"\"topic\":");
                    push_string(parts.topic.as_bytes(), out);
                }
                Field::Partition => out.extend_from_slice(format!("\"partition\":{}", parts.partition).as_bytes()),
                Field::Offset => out.extend_from_slice(format!("\"offset\":{}", parts.offset).as_bytes()),
            }
        }
        self.form.with = fields;
        out.extend_from_slice(b",\"value\":");
        self.push_value(parts.value, out)?;
        out.push(b'}');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(value: Option<&[u8]>, form: ValueForm, with: &[Field]) -> Result<String, String> {
        let mut records = Records::new(Form { value: form, with: with.to_vec() });
        let parts =
            Parts { value, key: Some(b"k\"1"), timestamp_ms: Some(5), topic: "t", partition: 3, offset: 1 << 40 };
        let mut out = b"before".to_vec();
        let pushed = records.push(
            &parts,
            &mut |each| {
                each("a", Some(b"1"));
                each("a", None);
            },
            &mut out,
        );
        let text = String::from_utf8(out).unwrap().strip_prefix("before").unwrap().to_owned();
        assert!(pushed.is_ok() || text.is_empty());
        pushed.map(|()| text)
    }

    #[test]
    fn values() {
        use ValueForm::{Json, Text};
        assert_eq!(record(Some(b"a\tb \xc3\xa9"), Text, &[]).unwrap(), "\"a\\tb é\"\n");
        assert_eq!(record(Some(b"\xff"), Text, &[]).unwrap(), "\"\u{fffd}\"\n");
        assert_eq!(record(Some(b""), Text, &[]).unwrap(), "\"\"\n");
        assert_eq!(record(None, Text, &[]).unwrap(), "null\n");
        assert_eq!(record(Some(b" {\"a\" : 1.50}\n"), Json, &[]).unwrap(), "{\"a\":1.50}\n");
        assert_eq!(record(None, Json, &[]).unwrap(), "null\n");
        assert!(record(Some(b"{"), Json, &[]).is_err());
        assert!(record(Some(b""), Json, &[]).is_err());
    }

    #[test]
    fn objects_have_their_fields_in_one_order() {
        use Field::{Headers, Key, Offset, Partition, Timestamp, Topic};
        let all = [Offset, Headers, Key, Timestamp, Topic, Partition];
        assert_eq!(
            record(Some(b"[1, 2]"), ValueForm::Json, &all).unwrap(),
            "{\"key\":\"k\\\"1\",\"headers\":[[\"a\",\"1\"],[\"a\",null]],\"timestamp\":5,\"topic\":\"t\",\
             \"partition\":3,\"offset\":1099511627776,\"value\":[1,2]}\n"
        );
        assert_eq!(record(None, ValueForm::Text, &[Key]).unwrap(), "{\"key\":\"k\\\"1\",\"value\":null}\n");
        assert!(record(Some(b"{"), ValueForm::Json, &[Key]).is_err());
    }
}
