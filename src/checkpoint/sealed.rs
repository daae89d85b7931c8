//! The JSON files of a checkpoint: one line, whole or not there, checksummed.
//!
//! ```text
//! {"crc32":"1a2b3c4d","format":1,…}\n
//! ```
//!
//! The checksum is CRC-32 (IEEE), in lower-case hex, of the bytes from
//! `"format"` to the last `}`. `format` is 1; a reader refuses any other.

use std::path::Path;

use serde_json::{Map, Value};

use super::storage::{Storage, read_if_there, write_whole};
use super::{Error, Result};

/// The version of all formats of a checkpoint.
pub const FORMAT: u64 = 1;

const START: &str = "{\"crc32\":\"";
const PAYLOAD_AT: usize = START.len() + 8 + 2;

/// Writes `content` (without `format`) to `path`, whole and durably.
pub fn write(storage: &dyn Storage, path: &Path, content: &Map<String, Value>) -> Result<()> {
    let mut object = Map::new();
    object.insert("format".into(), FORMAT.into());
    object.extend(content.clone());
    let payload = Value::Object(object).to_string();
    let payload = &payload[1..];
    let line = format!("{START}{:08x}\",{payload}\n", crc32fast::hash(payload.as_bytes()));
    write_whole(storage, path, line.as_bytes())
}

/// Reads what [`write()`] wrote; `None` if there is no such file.
pub fn read(storage: &dyn Storage, path: &Path) -> Result<Option<Fields>> {
    let Some(bytes) = read_if_there(storage, path)? else { return Ok(None) };
    let damaged = |what| Error::damaged(path, 0, what);
    let payload = bytes.get(PAYLOAD_AT..).ok_or_else(|| damaged("the file was cut off"))?;
    let payload = payload.strip_suffix(b"\n").ok_or_else(|| damaged("the file was cut off"))?;
    let start = format!("{START}{:08x}\",", crc32fast::hash(payload));
    if !bytes.starts_with(start.as_bytes()) {
        return Err(damaged("the checksum is not that of the content"));
    }
    let mut object = vec![b'{'];
    object.extend_from_slice(payload);
    match serde_json::from_slice(&object) {
        Ok(Value::Object(object)) => {
            let fields = Fields { path: path.to_owned(), object };
            match fields.number("format")? {
                FORMAT => Ok(Some(fields)),
                version => Err(Error::Version { path: path.to_owned(), version }),
            }
        }
        _ => Err(damaged("the content is not a JSON object")),
    }
}

/// The content of such a file.
pub struct Fields {
    path: std::path::PathBuf,
    object: Map<String, Value>,
}

impl Fields {
    fn field<T>(&self, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| Error::damaged(&self.path, 0, "a field is missing or of another type"))
    }

    /// A field that must be there, as it is.
    pub fn value(&self, key: &str) -> Result<&Value> {
        self.field(self.object.get(key))
    }

    /// A number that must be there.
    pub fn number(&self, key: &str) -> Result<u64> {
        self.field(self.object.get(key).and_then(Value::as_u64))
    }

    /// A text that must be there.
    pub fn text(&self, key: &str) -> Result<String> {
        self.field(self.object.get(key).and_then(Value::as_str).map(str::to_owned))
    }

    /// A yes or no that must be there.
    pub fn flag(&self, key: &str) -> Result<bool> {
        self.field(self.object.get(key).and_then(Value::as_bool))
    }

    /// All fields.
    pub fn object(&self) -> &Map<String, Value> {
        &self.object
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Memory;
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_written_is_read_and_what_was_changed_is_refused() {
        let memory = Memory::new("/d");
        let path = Path::new("/d/x.json");
        let Value::Object(content) = json!({"a": 1, "b": "text", "c": [1.50]}) else { unreachable!() };
        write(&memory, path, &content).unwrap();
        let fields = read(&memory, path).unwrap().unwrap();
        assert_eq!((fields.number("a").unwrap(), fields.text("b").unwrap().as_str()), (1, "text"));
        assert!(fields.flag("a").is_err() && fields.value("d").is_err());
        let bytes = memory.read(path).unwrap();
        assert!(bytes.starts_with(b"{\"crc32\":\""), "{}", String::from_utf8_lossy(&bytes));
        assert!(serde_json::from_slice::<Value>(&bytes).is_ok());
        for at in 0..bytes.len() {
            memory.put(path, &bytes[..at]);
            assert!(read(&memory, path).is_err(), "cut at {at}");
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            memory.put(path, &flipped);
            assert!(read(&memory, path).is_err(), "flipped at {at}");
        }
        assert!(read(&memory, Path::new("/d/y.json")).unwrap().is_none());
    }
}
