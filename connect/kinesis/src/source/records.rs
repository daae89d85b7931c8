//! Records of what a read gave.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sstream::connect::ValueForm;
use sstream::connect::record::{Canonicalizer, members, push_string};

use super::aggregate;
use super::chunk::Chunk;
use super::ledger::Point;

/// What else of a record of the stream is in its record here, which then is an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Field {
    /// The partition key
    Key,
    /// The sequence number, a string; of a record in an aggregate with a colon and its place there
    Sequence,
    /// The shard's name
    Shard,
    /// When it came to the stream, in ms since the epoch
    Time,
}

/// What a record is made of.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// What its data is.
    pub value: ValueForm,
    /// The fields of the object beside the value, sorted; none is the value alone.
    pub with: Vec<Field>,
}

/// Makes records.
#[derive(Debug, Default)]
pub struct Records {
    form: Form,
    json: Canonicalizer,
    data: Vec<u8>,
}

/// A record, or a part of one.
struct Made<'r> {
    data: &'r [u8],
    /// JSON, a string.
    key: &'r [u8],
    shard: &'r str,
    sequence: &'r str,
    /// Its place in an aggregate.
    sub: Option<u64>,
    came_ms: u64,
}

impl Records {
    /// In this form.
    pub fn new(form: Form) -> Records {
        Records { form, ..Records::default() }
    }

    /// Adds a record of an answer, canonical JSON, to the chunk: its parts if it is an aggregate. Those that
    /// are not behind `after` are left out. Its sequence number.
    ///
    /// # Errors
    /// It is no such record: what is wrong with it.
    pub fn push(&mut self, record: &[u8], after: Option<&Point>, chunk: &mut Chunk) -> Result<Arc<str>, &'static str> {
        let (mut data, mut key, mut sequence, mut came) = (None, &b"\"\""[..], None, None);
        for (name, value) in members(record) {
            match name {
                b"\"Data\"" => data = inside(value),
                b"\"PartitionKey\"" => key = value,
                b"\"SequenceNumber\"" => sequence = inside(value).and_then(|digits| std::str::from_utf8(digits).ok()),
                b"\"ApproximateArrivalTimestamp\"" => came = std::str::from_utf8(value).ok(),
                _ => {}
            }
        }
        let sequence: Arc<str> = sequence.ok_or("a record has no sequence number")?.into();
        // Seconds, as 1.732e9 or 1732000000.123; what is no number is no reason to lose a record.
        let came_ms =
            came.and_then(|text| text.parse::<f64>().ok()).map_or(0, |seconds| (seconds * 1000.0).round() as u64);
        let mut bytes = std::mem::take(&mut self.data);
        bytes.clear();
        let decoded = STANDARD.decode_vec(data.ok_or("a record has no data")?, &mut bytes);
        decoded.map_err(|_| "a record's data is no base64")?;
        let shard = chunk.shard.clone();
        let made = Made { data: &bytes, key, shard: &shard, sequence: &sequence, sub: None, came_ms };
        let is_wanted = |sub: u64| {
            let point = Point { sequence: sequence.clone(), sub };
            after.is_none_or(|after| point > *after).then_some(point)
        };
        match aggregate::parts(&bytes) {
            None => {
                if let Some(point) = is_wanted(0) {
                    self.add(&made, point, chunk);
                }
            }
            Some(Err(reason)) => {
                if let Some(point) = is_wanted(0) {
                    chunk.space().extend_from_slice(&bytes);
                    chunk.added(point, came_ms, Some(reason));
                }
            }
            Some(Ok(parts)) => {
                let mut key = Vec::new();
                for (sub, part) in (0u64..).zip(parts) {
                    let Some(point) = is_wanted(sub) else { continue };
                    key.clear();
                    push_string(String::from_utf8_lossy(part.key).as_bytes(), &mut key);
                    self.add(&Made { data: part.data, key: &key, sub: Some(sub), ..made }, point, chunk);
                }
            }
        }
        self.data = bytes;
        Ok(sequence)
    }

    fn add(&mut self, made: &Made<'_>, point: Point, chunk: &mut Chunk) {
        let out = chunk.space();
        let before = out.len();
        let bad = match self.write(made, out) {
            Ok(()) => {
                out.push(b'\n');
                None
            }
            Err(reason) => {
                out.truncate(before);
                out.extend_from_slice(made.data);
                Some(reason)
            }
        };
        chunk.added(point, made.came_ms, bad);
    }

    fn write(&mut self, made: &Made<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        if self.form.with.is_empty() {
            self.form.value.push(made.data, &mut self.json, out)?;
            return Ok(());
        }
        for (index, field) in self.form.with.iter().enumerate() {
            out.push(if index == 0 { b'{' } else { b',' });
            match field {
                Field::Key => {
                    out.extend_from_slice(b"\"key\":");
                    out.extend_from_slice(made.key);
                }
                Field::Sequence => {
                    let sub = made.sub.map_or(String::new(), |sub| format!(":{sub}"));
                    out.extend_from_slice(format!("\"sequence\":\"{}{sub}\"", made.sequence).as_bytes());
                }
                Field::Shard => out.extend_from_slice(format!("\"shard\":\"{}\"", made.shard).as_bytes()),
                Field::Time => out.extend_from_slice(format!("\"time\":{}", made.came_ms).as_bytes()),
            }
        }
        out.extend_from_slice(b",\"value\":");
        self.form.value.push(made.data, &mut self.json, out)?;
        out.push(b'}');
        Ok(())
    }
}

/// The text of a string in which nothing is escaped.
fn inside(string: &[u8]) -> Option<&[u8]> {
    string.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use md5::{Digest as _, Md5};
    use sstream::connect::Room;

    fn made(value: ValueForm, with: &[Field], data: &[u8], after: Option<(&str, u64)>) -> (String, Vec<String>) {
        let record = format!(
            "{{\"SequenceNumber\":\"495\",\"ApproximateArrivalTimestamp\":1.7320000005E9,\"Data\":\"{}\",\
             \"PartitionKey\":\"k\\\"1\"}}",
            STANDARD.encode(data)
        );
        let mut chunk = Chunk::new(&Arc::from("s-1"));
        let after = after.map(|(sequence, sub)| Point { sequence: sequence.into(), sub });
        let mut records = Records::new(Form { value, with: with.to_vec() });
        assert_eq!(&*records.push(record.as_bytes(), after.as_ref(), &mut chunk).unwrap(), "495");
        let (mut block, mut told) = (Vec::new(), Vec::new());
        let mut bad = |_: &[u8], reason: &str| {
            told.push(reason.to_owned());
            Ok(())
        };
        chunk.take(Room { records: 100, bytes: 1 << 20 }, None, None, &mut block, &mut bad).unwrap();
        (String::from_utf8(block).unwrap(), told)
    }

    #[test]
    fn values_and_objects() {
        use Field::{Key, Sequence, Shard, Time};
        assert_eq!(made(ValueForm::Text, &[], b"a\tb", None).0, "\"a\\tb\"\n");
        assert_eq!(made(ValueForm::Json, &[], b"{\"a\" : 1.50}", None).0, "{\"a\":1.50}\n");
        let all = made(ValueForm::Json, &[Key, Sequence, Shard, Time], b"[1, 2]", None).0;
        assert_eq!(
            all,
            "{\"key\":\"k\\\"1\",\"sequence\":\"495\",\"shard\":\"s-1\",\"time\":1732000000500,\"value\":[1,2]}\n"
        );
        let (good, bad) = made(ValueForm::Json, &[Key], b"{", None);
        assert_eq!((good.as_str(), bad.len()), ("", 1));
        assert_eq!(made(ValueForm::Text, &[], b"a", Some(("495", 0))).0, "", "it was taken before");
        assert_eq!(made(ValueForm::Text, &[], b"a", Some(("494", 7))).0, "\"a\"\n");
    }

    #[test]
    fn an_aggregate_goes_on_within() {
        let message = b"\x0a\x01k\x1a\x05\x08\x00\x1a\x01a\x1a\x05\x08\x00\x1a\x01b\x1a\x05\x08\x00\x1a\x01c";
        let sealed = [&[0xF3, 0x89, 0x9A, 0xC2], &message[..], Md5::digest(message).as_slice()].concat();
        assert_eq!(made(ValueForm::Text, &[], &sealed, None).0, "\"a\"\n\"b\"\n\"c\"\n");
        let rest = made(ValueForm::Text, &[Field::Key, Field::Sequence], &sealed, Some(("495", 1))).0;
        assert_eq!(rest, "{\"key\":\"k\",\"sequence\":\"495:2\",\"value\":\"c\"}\n");
    }
}
