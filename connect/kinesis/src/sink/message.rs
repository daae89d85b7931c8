//! The partition key and the data of a record.

use sstream::connect::record::{Kind, kind, normal_key, text};
use sstream::connect::{Program, only_result};

/// The longest data of a record, in bytes.
const DATA: usize = 1 << 20;

/// The longest partition key, in characters.
const KEY: usize = 256;

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The partition key.
    pub key: String,
    /// The data.
    pub data: Vec<u8>,
}

/// Makes messages.
#[derive(Debug)]
pub struct Messages {
    /// The partition key; one by chance, if it is none.
    pub key: Option<Program>,
    /// The data; the record, if it is none.
    pub value: Option<Program>,
    /// Where keys by chance come from.
    pub chance: Chance,
}

impl Messages {
    /// The message of a record; nothing where an EXPR has no result.
    ///
    /// # Errors
    /// Why the record is a bad one.
    pub fn make(&mut self, record: &[u8]) -> Result<Option<Message>, String> {
        let key = match &mut self.key {
            None => self.chance.key(),
            Some(program) => match only_result("--key", program, record)? {
                Some(result) => key_of(&result)?,
                None => return Ok(None),
            },
        };
        let data = match &mut self.value {
            None => text(record).into_owned(),
            Some(program) => match only_result("--value", program, record)? {
                Some(result) => text(&result).into_owned(),
                None => return Ok(None),
            },
        };
        match data.len() <= DATA {
            true => Ok(Some(Message { key, data })),
            false => Err(format!("it has {} bytes, and a record of a stream 1 MiB at most", data.len())),
        }
    }
}

/// A key is in normal form, so that equal keys go to one shard however they were written; a string is its
/// text.
fn key_of(json: &[u8]) -> Result<String, String> {
    let key = match kind(json) {
        Some(Kind::String) => text(json),
        _ => normal_key(json),
    };
    let key = String::from_utf8_lossy(&key).into_owned();
    match key.chars().count() {
        1..=KEY => Ok(key),
        count => Err(format!("--key gives {count} characters, and a partition key has 1 to {KEY}")),
    }
}

/// SplitMix64, of a seed that nobody knows.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// With a new seed.
    pub fn new() -> Chance {
        let mut bytes = [0; 8];
        // Without chance two pipelines have the same keys, which are spread as well.
        let _ = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
        Chance(u64::from_le_bytes(bytes))
    }

    fn key(&mut self) -> String {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        format!("{:016x}", mixed ^ (mixed >> 31))
    }
}

impl Default for Chance {
    fn default() -> Self {
        Chance::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sstream::connect::program;

    fn made(key: Option<&str>, value: Option<&str>, record: &str) -> Result<Option<(String, String)>, String> {
        let parse = |source: &str| program("--x", source, &[]).unwrap();
        let mut messages = Messages { key: key.map(parse), value: value.map(parse), chance: Chance::new() };
        let message = messages.make(record.as_bytes())?;
        Ok(message.map(|Message { key, data }| (key, String::from_utf8(data).unwrap())))
    }

    #[test]
    fn messages() {
        let is = |key: &str, data: &str| Ok(Some((key.to_owned(), data.to_owned())));
        assert_eq!(made(Some(".[0]"), Some(".[1]"), "[\"u\",{\"n\":1.50}]"), is("u", "{\"n\":1.50}"));
        assert_eq!(made(Some(".n"), None, "{\"n\":1.0}"), is("1", "{\"n\":1.0}"));
        assert_eq!(made(Some("\"k\""), None, "\"a\\tb\""), is("k", "a\tb"));
        assert_eq!(made(Some("empty"), None, "1"), Ok(None));
        assert_eq!(made(None, Some("empty"), "1"), Ok(None));
        let (one, other) = (made(None, None, "1").unwrap().unwrap(), made(None, None, "1").unwrap().unwrap());
        assert!(one.0.len() == 16 && one.0 != other.0, "{one:?} {other:?}");
    }

    #[test]
    fn what_a_stream_does_not_take_is_bad() {
        let long = format!("\"{}\"", "x".repeat(DATA + 1));
        for (key, record, says) in [
            (Some("\"k\""), long.as_str(), "1 MiB"),
            (Some("\"\""), "1", "0 characters"),
            (Some("\"é\" * 257"), "1", "257 characters"),
            (Some(".[]"), "[1,2]", "2 results"),
        ] {
            let error = made(key, None, record).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        assert!(made(Some("\"é\" * 256"), None, "1").is_ok());
    }
}
