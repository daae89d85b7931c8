//! Records become messages, and streams have schemas.

use std::collections::BTreeMap;

use sstream::connect::record::{Kind, kind, push_string, text};
use sstream::connect::{BatchTime, Program};

use super::schema::Schema;

/// Makes messages.
#[derive(Debug)]
pub struct Messages {
    /// The stream; `records` if it is none.
    pub stream: Option<Program>,
    /// The record; all of it, if it is none.
    pub value: Option<Program>,
    /// What identifies a record.
    pub keys: Vec<String>,
    /// What is known of streams.
    pub streams: BTreeMap<String, Stream>,
}

/// What is known of a stream.
#[derive(Debug, Default)]
pub struct Stream {
    /// Its schema, where the user gave one.
    given: Option<Vec<u8>>,
    /// Its schema as its records have it, and how many properties that describes.
    found: Schema,
    described: usize,
    /// The batch has records of it.
    is_open: bool,
}

impl Stream {
    /// One whose schema is known.
    pub fn given(schema: Vec<u8>) -> Stream {
        Stream { given: Some(schema), ..Stream::default() }
    }
}

/// A record, and the stream that it is of.
type Made = (String, Vec<u8>);

impl Messages {
    /// A batch begins.
    pub fn begin(&mut self) {
        self.streams.values_mut().for_each(|stream| stream.is_open = false);
    }

    /// Looks at a record before the batch is sent; a bad one is told of when it is sent.
    pub fn look(&mut self, record: &[u8]) {
        let Ok(Some((stream, value))) = self.make(record) else { return };
        let stream = self.streams.entry(stream).or_default();
        stream.is_open = true;
        if stream.given.is_none() {
            stream.found.take_in(&value, &mut stream.described);
        }
    }

    /// Appends the SCHEMA of each stream that the batch has records of.
    pub fn push_schemas(&self, out: &mut Vec<u8>) {
        for (name, stream) in self.streams.iter().filter(|(_, stream)| stream.is_open) {
            out.extend_from_slice(b"{\"type\":\"SCHEMA\",\"stream\":");
            push_string(name.as_bytes(), out);
            out.extend_from_slice(b",\"schema\":");
            match &stream.given {
                Some(schema) => out.extend_from_slice(schema),
                None => stream.found.push_of_stream(out),
            }
            out.extend_from_slice(b",\"key_properties\":[");
            for (index, key) in self.keys.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                push_string(key.as_bytes(), out);
            }
            out.extend_from_slice(b"]}\n");
        }
    }

    /// Appends the RECORD of a record; nothing where an EXPR has no result.
    ///
    /// # Errors
    /// Why it is a bad one.
    pub fn push(&mut self, record: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let Some((stream, value)) = self.make(record)? else { return Ok(()) };
        out.extend_from_slice(b"{\"type\":\"RECORD\",\"stream\":");
        push_string(stream.as_bytes(), out);
        out.extend_from_slice(b",\"record\":");
        out.extend_from_slice(&value);
        out.extend_from_slice(b"}\n");
        Ok(())
    }

    fn make(&mut self, record: &[u8]) -> Result<Option<Made>, String> {
        let stream = match &mut self.stream {
            None => "records".to_owned(),
            Some(program) => match only_result("--stream", program, record)? {
                None => return Ok(None),
                Some(name) if kind(&name) == Some(Kind::String) => String::from_utf8_lossy(&text(&name)).into_owned(),
                Some(other) => {
                    return Err(format!(
                        "--stream gives {}, and a stream is a string",
                        String::from_utf8_lossy(&other)
                    ));
                }
            },
        };
        let value = match &mut self.value {
            None => record.to_vec(),
            Some(program) => match only_result("--value", program, record)? {
                None => return Ok(None),
                Some(value) => value,
            },
        };
        match kind(&value) {
            Some(Kind::Object) => Ok(Some((stream, value))),
            _ => Err("a record of Singer is an object: make one by --value, as --value '{value: .}'".to_owned()),
        }
    }
}

/// The STATE behind a batch: its value, and the message.
pub fn state(time: BatchTime) -> (Vec<u8>, Vec<u8>) {
    let value = format!("{{\"bookmarks\":{{\"sstream\":{{\"batch\":{}}}}}}}", time.0);
    let message = format!("{{\"type\":\"STATE\",\"value\":{value}}}\n");
    (value.into_bytes(), message.into_bytes())
}

fn only_result(option: &str, program: &mut Program, record: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let (mut results, mut value) = (0u64, Vec::new());
    let run = program.run(record, &[], &mut |result| {
        results += 1;
        if results == 1 {
            value.extend_from_slice(result);
        }
    });
    match (run, results) {
        (Err(error), _) => Err(format!("{option}: {error}")),
        (Ok(()), 0) => Ok(None),
        (Ok(()), 1) => Ok(Some(value)),
        (Ok(()), _) => Err(format!("{option} has {results} results, and a record has one")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sstream::connect::program;

    #[test]
    fn records_of_several_streams() {
        let parse = |source: &str| Some(program("--x", source, &[]).unwrap());
        let mut messages = Messages {
            stream: parse(".[0]"),
            value: parse(".[1]"),
            keys: vec!["id".to_owned()],
            streams: BTreeMap::from([("b".to_owned(), Stream::given(b"{\"type\":\"object\"}".to_vec()))]),
        };
        let (mut out, records) = (Vec::new(), ["[\"a\",{\"id\":1}]", "[\"b\",{\"id\":2}]", "[\"c\",3]"]);
        messages.begin();
        records.iter().for_each(|record| messages.look(record.as_bytes()));
        messages.push_schemas(&mut out);
        let pushed: Vec<_> = records.iter().map(|record| messages.push(record.as_bytes(), &mut out).is_ok()).collect();
        assert_eq!(pushed, [true, true, false]);
        let expected = "{\"type\":\"SCHEMA\",\"stream\":\"a\",\"schema\":{\"type\":\"object\",\"properties\":{\"id\":\
                        {\"type\":[\"null\",\"integer\"]}}},\"key_properties\":[\"id\"]}\n\
                        {\"type\":\"SCHEMA\",\"stream\":\"b\",\"schema\":{\"type\":\"object\"},\"key_properties\":[\"id\"]}\n\
                        {\"type\":\"RECORD\",\"stream\":\"a\",\"record\":{\"id\":1}}\n\
                        {\"type\":\"RECORD\",\"stream\":\"b\",\"record\":{\"id\":2}}\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        // A batch names the streams alone that it has records of, with all that is known of them.
        let mut out = Vec::new();
        messages.begin();
        messages.look(b"[\"a\",{\"v\":\"x\"}]");
        messages.push_schemas(&mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().count() == 1 && text.contains("\"id\"") && text.contains("\"v\""), "{text}");
    }
}
