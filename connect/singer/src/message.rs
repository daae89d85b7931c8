//! Messages of Singer: a line each, a JSON object with a type.

use sstream::connect::record::{Canonicalizer, Kind, field, kind};

/// What a tap says, parts of a canonical line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'l> {
    /// A record.
    Record {
        /// Whose it is, a JSON string.
        stream: &'l [u8],
        /// The record.
        record: &'l [u8],
        /// When it was read, a JSON string.
        time: Option<&'l [u8]>,
    },
    /// How far the tap has come; it can go on from there.
    State(&'l [u8]),
    /// What records look like, or that older versions of a table are void: nothing that a record needs.
    Other,
    /// A file of records.
    Batch,
}

/// Makes a line canonical, in `out`, and says what it is.
///
/// # Errors
/// It is no message, and why.
pub fn read<'o>(line: &[u8], json: &mut Canonicalizer, out: &'o mut Vec<u8>) -> Result<Message<'o>, String> {
    out.clear();
    json.canonicalize(line, out).map_err(|error| format!("no message of Singer: {error}"))?;
    let wanted = |name: &str| field(out, name.as_bytes()).ok_or(format!("a message of Singer with no {name}"));
    match wanted("type")? {
        b"\"RECORD\"" => {
            let (stream, record) = (wanted("stream")?, wanted("record")?);
            match (kind(stream), kind(record)) {
                (Some(Kind::String), Some(Kind::Object)) => {
                    let time = field(out, b"time_extracted").filter(|time| kind(time) == Some(Kind::String));
                    Ok(Message::Record { stream, record, time })
                }
                _ => Err("a RECORD is an object, of a stream that is a string".to_owned()),
            }
        }
        b"\"STATE\"" => wanted("value").map(Message::State),
        b"\"SCHEMA\"" | b"\"ACTIVATE_VERSION\"" => Ok(Message::Other),
        b"\"BATCH\"" => Ok(Message::Batch),
        other => Err(format!("a message of a type that Singer has not: {}", String::from_utf8_lossy(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages() {
        let (mut json, mut out) = (Canonicalizer::default(), Vec::new());
        let mut is = |line: &str, expected: Result<Message<'_>, &str>| match (
            read(line.as_bytes(), &mut json, &mut out),
            expected,
        ) {
            (Err(why), Err(says)) => assert!(why.contains(says), "{line}: {why}"),
            (read, expected) => assert_eq!(read, expected.map_err(str::to_owned), "{line}"),
        };
        is(
            "{\"type\": \"RECORD\", \"stream\": \"s\", \"record\": {\"a\": 1.50}, \"time_extracted\": null}",
            Ok(Message::Record { stream: b"\"s\"", record: b"{\"a\":1.50}", time: None }),
        );
        is("{\"type\":\"STATE\",\"value\":{}}", Ok(Message::State(b"{}")));
        is("{\"type\":\"SCHEMA\",\"stream\":\"s\",\"schema\":{}}", Ok(Message::Other));
        is("{\"type\":\"BATCH\",\"stream\":\"s\"}", Ok(Message::Batch));
        is("{\"type\":\"RECORD\",\"stream\":\"s\",\"record\":1}", Err("is an object"));
        is("{\"type\":\"RECORD\",\"record\":{}}", Err("no stream"));
        is("{\"type\":\"NEWS\"}", Err("\"NEWS\""));
        is("INFO begins", Err("no message of Singer"));
    }
}
