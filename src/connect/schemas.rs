//! Schemas that messages of Avro are read by: one for all, or those of a folder, of which each message names its own.
//!
//! ```text
//! a datum alone             by the one schema
//! C3 01, 8 bytes, a datum   Avro's single-object encoding: the fingerprint of its schema, which a file of the folder has
//! 00, 4 bytes, a datum      Confluent's wire format: the number of its schema, which the folder has as NUMBER.avsc
//! ```
//!
//! A schema that a message names and nobody knows yet is looked for in the folder again: it may have come there since.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use serde_json::Value;

use super::ToolError;
use crate::record::forms::avro::{Datums, Fingerprint, Schema, fingerprint, resolve};

/// How a message begins in single-object encoding.
const SINGLE_OBJECT: &[u8] = &[0xC3, 0x01];

/// Schemas, and how messages name them.
///
/// ```
/// use sstream::connect::Schemas;
///
/// # let folder = tempfile::tempdir().unwrap();
/// let file = folder.path().join("7.avsc"); // number 7 in Confluent's registry
/// std::fs::write(&file, r#"{"type":"record","name":"Click","fields":[{"name":"user","type":"string"}]}"#).unwrap();
/// let schemas = Schemas::open(folder.path(), None).unwrap();
/// let mut json = Vec::new();
/// schemas.push_json(b"\0\0\0\0\x07\x06ann", &mut json).unwrap();
/// assert_eq!(json, br#"{"user":"ann"}"#);
/// ```
#[derive(Debug)]
pub struct Schemas {
    /// What records are to be, whatever was written.
    reader: Option<Schema>,
    by: By,
}

#[derive(Debug)]
enum By {
    One(Schema, Fingerprint),
    Folder(PathBuf, RwLock<Known>),
}

/// What was read of a folder.
#[derive(Debug, Default)]
struct Known {
    numbers: HashMap<u32, Arc<Schema>>,
    fingerprints: HashMap<Fingerprint, Arc<Schema>>,
    /// Files that were looked at for a fingerprint, as they were then.
    files: HashMap<PathBuf, State>,
}

/// When a file was changed, and how long it is.
type State = (Option<SystemTime>, u64);

impl Schemas {
    /// Those at a path, a file or a folder; `reader` is the file of the schema that records are to have.
    ///
    /// # Errors
    /// Wrong usage: there is no schema there, or none that can be read as `reader`.
    pub fn open(path: &Path, reader: Option<&Path>) -> Result<Schemas, ToolError> {
        let reader = reader.map(|path| {
            let schema = read(path).and_then(|value| Schema::of(&value));
            schema.map_err(|error| ToolError::Usage(format!("--reader-schema: {}: {error}", path.display())))
        });
        let mut schemas =
            Schemas { reader: reader.transpose()?, by: By::Folder(path.to_owned(), RwLock::new(Known::default())) };
        let usage = |error: String| ToolError::Usage(format!("--schema: {}: {error}", path.display()));
        if !path.is_dir() {
            let (schema, fingerprint) = schemas.load(path).map_err(usage)?;
            schemas.by = By::One(schema, fingerprint);
        } else if files(path).map_err(usage)?.is_empty() {
            return Err(usage("it has no schema, a file whose name ends in .avsc".to_owned()));
        }
        Ok(schemas)
    }

    /// Appends the JSON of a message; whether it had text with invalid UTF-8, which became U+FFFD.
    ///
    /// # Errors
    /// Why it has none.
    pub fn push_json(&self, message: &[u8], out: &mut Vec<u8>) -> Result<bool, String> {
        let (folder, known) = match &self.by {
            By::One(schema, own) => {
                let datum = message.strip_prefix(SINGLE_OBJECT).and_then(|rest| rest.strip_prefix(own));
                let begin = datum.map_or(0, |datum| message.len() - datum.len());
                return push_datum(schema, message, begin, out).map_err(|reason| match named(message) {
                    Some((name, _)) if begin == 0 => {
                        format!("Avro: {reason}; it begins as a message that names its schema, {name}: is --schema to be a folder?")
                    }
                    _ => format!("Avro: {reason}"),
                });
            }
            By::Folder(folder, known) => (folder, known),
        };
        let Some((name, begin)) = named(message) else {
            return Err(
                "Avro: the message names no schema, neither by 00 and a number nor by C3 01 and a fingerprint: \
                        if it is a datum alone, give --schema its file"
                    .to_owned(),
            );
        };
        let schema = self.schema(folder, known, name).map_err(|reason| format!("Avro by {name}: {reason}"))?;
        push_datum(&schema, message, begin, out).map_err(|reason| format!("Avro by {name}: {reason}"))
    }

    /// The schema that a message names.
    fn schema(&self, folder: &Path, known: &RwLock<Known>, name: Name) -> Result<Arc<Schema>, String> {
        let is_known = known.read().unwrap_or_else(PoisonError::into_inner).get(name);
        if let Some(schema) = is_known {
            return Ok(schema);
        }
        let known = &mut *known.write().unwrap_or_else(PoisonError::into_inner);
        match name {
            Name::Number(number) => {
                let path = folder.join(format!("{number}.avsc"));
                let (schema, _) = self.load(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                Ok(known.numbers.entry(number).or_insert(Arc::new(schema)).clone())
            }
            Name::Fingerprint(_) => {
                let mut wrong = String::new();
                for (path, state) in files(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
                    if known.files.get(&path) == Some(&state) {
                        continue;
                    }
                    match self.load(&path) {
                        Ok((schema, fingerprint)) => {
                            known.fingerprints.insert(fingerprint, Arc::new(schema));
                        }
                        Err(error) if wrong.is_empty() => wrong = format!(", nor is {}: {error}", path.display()),
                        Err(_) => {}
                    }
                    known.files.insert(path, state);
                }
                known.get(name).ok_or_else(|| format!("no schema of {} is it{wrong}", folder.display()))
            }
        }
    }

    /// The schema in a file, as records are read by it, and its fingerprint.
    fn load(&self, path: &Path) -> Result<(Schema, Fingerprint), String> {
        let value = read(path)?;
        let written = Schema::of(&value)?;
        let schema = match &self.reader {
            None => written,
            Some(reader) => resolve(&written, reader).map_err(|error| format!("by --reader-schema: {error}"))?,
        };
        Ok((schema, fingerprint(&value)))
    }
}

impl Known {
    fn get(&self, name: Name) -> Option<Arc<Schema>> {
        match name {
            Name::Number(number) => self.numbers.get(&number).cloned(),
            Name::Fingerprint(fingerprint) => self.fingerprints.get(&fingerprint).cloned(),
        }
    }
}

/// How a message names its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Number(u32),
    Fingerprint(Fingerprint),
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Name::Number(number) => write!(f, "schema {number}"),
            Name::Fingerprint(bytes) => {
                f.write_str("the schema with the fingerprint ")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

/// The name of a message's schema, and where its datum begins.
fn named(message: &[u8]) -> Option<(Name, usize)> {
    if let Some(rest) = message.strip_prefix(SINGLE_OBJECT) {
        return rest.first_chunk().map(|fingerprint| (Name::Fingerprint(*fingerprint), 10));
    }
    let number = message.strip_prefix(&[0])?.first_chunk()?;
    Some((Name::Number(u32::from_be_bytes(*number)), 5))
}

/// Appends the JSON of the datum that a message has from `begin` on, and nothing else.
fn push_datum(schema: &Schema, message: &[u8], begin: usize, out: &mut Vec<u8>) -> Result<bool, String> {
    let mut data = Datums::new(message).at(begin);
    data.push_json(schema, out).map_err(|reason| format!("at byte {}: {reason}", data.read()))?;
    match message.len() - data.read() {
        0 => Ok(data.is_invalid()),
        rest => Err(format!("{rest} bytes are left behind the datum's end: is it of another schema?")),
    }
}

/// The schema in a file, or in what a registry answers, where it is text in JSON.
fn read(path: &Path) -> Result<Value, String> {
    let text = fs::read(path).map_err(|error| error.to_string())?;
    let parse = |text: &[u8]| serde_json::from_slice::<Value>(text).map_err(|error| format!("no JSON: {error}"));
    let value = parse(&text)?;
    match (value.get("type"), value.get("schema").and_then(Value::as_str)) {
        (None, Some(schema)) => parse(schema.as_bytes()),
        _ => Ok(value),
    }
}

/// The files of a folder that are schemas.
fn files(folder: &Path) -> Result<Vec<(PathBuf, State)>, String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "avsc")
            && let Ok(about) = fs::metadata(&path)
        {
            files.push((path, (about.modified().ok(), about.len())));
        }
    }
    files.sort_unstable();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/messages");

    fn path(name: &str) -> PathBuf {
        Path::new(FIXTURES).join(name)
    }

    fn message(name: &str) -> Vec<u8> {
        fs::read(path("messages").join(name)).unwrap()
    }

    fn shown(schemas: &Schemas, message: &[u8]) -> Result<String, String> {
        let mut out = Vec::new();
        schemas.push_json(message, &mut out).map(|_| String::from_utf8(out).unwrap())
    }

    const ONE: &str = r#"{"id":1,"city":"Zürich","price":12.30,"at":"2024-01-05T10:00:00Z"}"#;
    const TWO: &str = r#"{"id":2,"city":null,"price":-0.05,"kind":"PAID"}"#;

    #[test]
    fn messages_are_read_by_the_schema_that_they_name() {
        let one = Schemas::open(&path("schemas/1.avsc"), None).unwrap();
        let folder = Schemas::open(&path("schemas"), None).unwrap();
        let as_wanted = Schemas::open(&path("schemas"), Some(&path("wanted.avsc"))).unwrap();
        assert_eq!(shown(&one, &message("one.datum")).as_deref(), Ok(ONE));
        assert_eq!(shown(&one, &message("one.object")).as_deref(), Ok(ONE));
        for form in ["confluent", "object"] {
            let (first, second) = (message(&format!("one.{form}")), message(&format!("two.{form}")));
            assert_eq!(shown(&folder, &first).as_deref(), Ok(ONE));
            assert_eq!(shown(&folder, &second).as_deref(), Ok(TWO));
            assert_eq!(shown(&as_wanted, &first).as_deref(), Ok(r#"{"id":1,"city":"Zürich","kind":"?"}"#));
            assert!(
                shown(&as_wanted, &second).unwrap_err().contains("an enum Kind where the reader's schema has a string")
            );
            let error = shown(&one, &second).unwrap_err();
            assert!(error.contains("is --schema to be a folder?"), "{error}");
        }
        assert!(shown(&folder, &message("one.datum")).unwrap_err().contains("names no schema"));
        for empty in [&one, &folder] {
            shown(empty, b"").unwrap_err();
        }
    }

    #[test]
    fn schemas_may_come_later() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert!(Schemas::open(folder.path(), None).unwrap_err().to_string().contains("ends in .avsc"));
        fs::copy(path("wanted.avsc"), at("wanted.avsc")).unwrap();
        let schemas = Schemas::open(folder.path(), None).unwrap();
        let (confluent, object) = (message("two.confluent"), message("two.object"));
        let error = shown(&schemas, &confluent).unwrap_err();
        assert!(error.starts_with("Avro by schema 70000: ") && error.contains("70000.avsc: No such file"), "{error}");
        fs::write(at("70000.avsc"), "{").unwrap();
        let error = shown(&schemas, &object).unwrap_err();
        assert!(error.contains("fingerprint f7e953f65b2b39e7: no schema of") && error.contains("no JSON"), "{error}");
        shown(&schemas, &confluent).unwrap_err();
        fs::copy(path("schemas/70000.avsc"), at("70000.avsc")).unwrap();
        assert_eq!(shown(&schemas, &object).as_deref(), Ok(TWO));
        assert_eq!(shown(&schemas, &confluent).as_deref(), Ok(TWO));
    }

    #[test]
    fn what_is_wrong_with_a_message_says_where() {
        let one = Schemas::open(&path("schemas/1.avsc"), None).unwrap();
        let datum = message("one.datum");
        for cut in 0..datum.len() {
            shown(&one, &datum[..cut]).unwrap_err();
        }
        let error = shown(&one, &datum[..5]).unwrap_err();
        assert_eq!(error, "Avro: at byte 2: 7 bytes are wanted where 3 are left: is it of another schema?");
        let longer = [&datum[..], b"ab"].concat();
        assert_eq!(
            shown(&one, &longer).unwrap_err(),
            "Avro: 2 bytes are left behind the datum's end: is it of another schema?"
        );
        let mut bytes = message("one.confluent");
        bytes[7] = 0xFF;
        let (mut out, folder) = (Vec::new(), Schemas::open(&path("schemas"), None).unwrap());
        assert_eq!(folder.push_json(&bytes, &mut out), Ok(true), "text that is none is told");
    }

    /// Whatever a message is, it is JSON or bad, and no longer than there is room for.
    #[test]
    fn hostile_messages_do_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let named = |number: usize, schema: &str| {
            fs::write(folder.path().join(format!("{number}.avsc")), schema).unwrap();
        };
        let all = r#"{"type":"record","name":"R","fields":[
            {"name":"n","type":["null","R"]},{"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":9}},
            {"name":"m","type":{"type":"map","values":["long","string","R"]}},
            {"name":"e","type":{"type":"enum","name":"E","symbols":["A"]}},{"name":"a","type":{"type":"array","items":"R"}},
            {"name":"t","type":{"type":"long","logicalType":"timestamp-micros"}},{"name":"f","type":"float"}]}"#;
        let nothing = r#"{"type":"array","items":{"type":"record","name":"N","fields":[
            {"name":"a","type":"null"},{"name":"b","type":{"type":"fixed","name":"F","size":0}}]}}"#;
        [all, nothing, r#"{"type":"array","items":["null","boolean"]}"#, r#"{"type":"map","values":"bytes"}"#]
            .iter()
            .enumerate()
            .for_each(|(number, schema)| named(number, schema));
        let schemas = Schemas::open(folder.path(), None).unwrap();
        let (mut random, mut json, mut good) =
            (sstream_testkit::random::Random::new(5), crate::record::Canonicalizer::default(), 0);
        for _ in 0..20_000 {
            let mut message = vec![0, 0, 0, 0, random.below(4) as u8];
            let most = random.between(0, 60);
            // Small numbers are what data are made of.
            message.extend((0..most).map(|_| match random.below(4) {
                0 => random.number() as u8,
                1 => 0,
                _ => random.below(6) as u8,
            }));
            let mut out = Vec::new();
            if schemas.push_json(&message, &mut out).is_ok() {
                good += 1;
                json.canonicalize(&out, &mut Vec::new()).unwrap();
            }
            schemas.push_json(&message[random.below(5) as usize..], &mut Vec::new()).ok();
        }
        assert!(good > 50, "{good}");
        let long = |name: u8, datum: &[u8]| {
            let mut out = Vec::new();
            let error = schemas.push_json(&[&[0, 0, 0, 0, name], datum].concat(), &mut out).unwrap_err();
            assert!(out.len() < 300 << 20);
            error
        };
        let many = b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01";
        assert!(long(1, many).contains("take no bytes"));
        assert!(long(2, many).contains("wanted"));
        assert!(long(3, &[b"\x02", &many[..]].concat()).contains("are wanted where"));
        let decimal = [b"\0\x80\x80\x10", &[1; 1 << 17][..]].concat();
        assert!(long(0, &decimal).contains("a decimal of 131072 bytes"), "{}", long(0, &decimal));
    }
}
