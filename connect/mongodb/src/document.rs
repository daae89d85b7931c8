//! A record becomes an operation on a document: the document itself, to be inserted, or how it is found and what is put
//! in its place.

use std::borrow::Cow;

use sstream::connect::record::{Kind, field, kind as kind_of};
use sstream::connect::{BatchTime, NamePattern, Program, TimeOf, only_result_with};

use crate::bson::encode::Encoder;
use crate::bson::{close, kind, open, push_head, push_text};

/// The variables that EXPR may use.
pub const VARIABLES: &[&str] = &["time"];

/// Servers take no longer documents, in bytes.
const LONGEST: usize = 16 << 20;

/// What is done with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Op {
    /// Write it, unless there is one with this id
    Insert,
    /// Write it, in the place of one with this id or key
    Replace,
    /// Put its fields into the one with this id or key, or write it
    Update,
}

/// Where documents go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Space {
    /// The database.
    pub database: String,
    /// The collection in it.
    pub collection: String,
}

/// Makes operations of records.
#[derive(Debug)]
pub struct Template {
    /// What is done.
    pub op: Op,
    /// The database.
    pub database: NamePattern,
    /// The collection.
    pub collection: NamePattern,
    /// The time of a record, for these; that of the batch, if it is none.
    pub moment: Option<TimeOf>,
    /// The document's id; one of `ids` and of the record's place, if it is none.
    pub id: Option<Program>,
    /// The fields by which a document is found; by its id, if there are none.
    pub key: Vec<String>,
    /// The document; the record, if it is none.
    pub document: Option<Program>,
    /// Writes it.
    pub encoder: Encoder,
    /// How ids begin that are made here: no other sink's do so.
    pub ids: String,
}

/// What is done, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operation {
    /// Where.
    pub space: Space,
    /// An element of the list that the command has, in BSON.
    pub bytes: Vec<u8>,
}

impl Template {
    /// Makes the operation of the record at this place of a batch; false where `--doc` has no result, and there
    /// is nothing to do.
    ///
    /// # Errors
    /// Why the record is a bad one.
    pub fn make(
        &mut self,
        record: &[u8],
        time: BatchTime,
        place: u64,
        operation: &mut Operation,
    ) -> Result<bool, String> {
        let batch_ms = time.to_string();
        let variables = &[batch_ms.as_bytes()];
        let document = match &mut self.document {
            None => Cow::Borrowed(record),
            Some(program) => match only_result_with("--doc", program, variables, record)? {
                Some(document) => Cow::Owned(document),
                None => return Ok(false),
            },
        };
        if kind_of(&document) != Some(Kind::Object) {
            return Err("a document is an object: --doc makes one, as '{message: .}'".to_owned());
        }
        let moment_ms = match &mut self.moment {
            None => i64::try_from(time.0).unwrap_or(i64::MAX),
            Some(moment) => moment.read(record).map_err(|error| error.to_string())?,
        };
        operation.space.database = self.database.name(record, moment_ms, variables[0])?;
        operation.space.collection = self.collection.name(record, moment_ms, variables[0])?;

        let own = format!("{}-{time}-{place}", self.ids);
        let id = self.id_of(record, variables, &document, &own)?;
        operation.bytes.clear();
        self.write(&document, &id, &mut operation.bytes)?;
        match operation.bytes.len() {
            ..=LONGEST => Ok(true),
            bytes => Err(format!("the document has {bytes} bytes, and {LONGEST} are taken")),
        }
    }

    /// The element `_id`; nothing where documents are found by `--key`, and their own decides.
    fn id_of(&mut self, record: &[u8], variables: &[&[u8]], document: &[u8], own: &str) -> Result<Vec<u8>, String> {
        let mut id = Vec::new();
        if let Some(program) = &mut self.id {
            let value = only_result_with("--id", program, variables, record)?.ok_or("--id has no result")?;
            match self.encoder.push_element("_id", &value, &mut id)? {
                kind::NULL => return Err("--id gives null".to_owned()),
                kind::ARRAY => return Err("--id gives an array, which no id may be".to_owned()),
                _ => {}
            }
        } else if self.key.is_empty() {
            if field(document, b"_id").is_some() {
                return Err("the document has an _id of its own: --id ._id takes it, --doc 'del(._id)' leaves it out"
                    .to_owned());
            }
            push_head(kind::STRING, b"_id", &mut id);
            push_text(own.as_bytes(), &mut id);
        }
        Ok(id)
    }

    fn write(&self, document: &[u8], id: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        // The id stands first, as servers put it.
        let but = (!id.is_empty()).then_some(&b"_id"[..]);
        let whole = open(out);
        match self.op {
            Op::Insert => {
                out.extend_from_slice(id);
                self.encoder.push_elements(document, but, out)?;
            }
            Op::Replace | Op::Update => {
                push_head(kind::DOCUMENT, b"q", out);
                let filter = open(out);
                push_wanted(id, out);
                for path in &self.key {
                    let value = at(document, path).filter(|value| kind_of(value) != Some(Kind::Null));
                    let value = value.ok_or_else(|| format!("--key: the document has no {path}"))?;
                    let mut element = Vec::new();
                    if self.encoder.push_field(path, value, &mut element)? == kind::ARRAY {
                        return Err(format!("--key: {path} is an array, which finds others too"));
                    }
                    push_wanted(&element, out);
                }
                close(filter, out);
                push_head(kind::DOCUMENT, b"u", out);
                let update = open(out);
                if self.op == Op::Update {
                    push_head(kind::DOCUMENT, b"$set", out);
                    let fields = open(out);
                    self.encoder.push_elements(document, but, out)?;
                    close(fields, out);
                } else {
                    out.extend_from_slice(id);
                    self.encoder.push_elements(document, but, out)?;
                }
                close(update, out);
                push_head(kind::BOOLEAN, b"upsert", out);
                out.push(1);
            }
        }
        close(whole, out);
        Ok(())
    }
}

/// Appends an element of a filter, of which nothing but an equal value is found: an object or a pattern in a filter would be
/// words of the query language.
pub fn push_wanted(element: &[u8], out: &mut Vec<u8>) {
    let Some((kind, rest)) = element.split_first() else { return };
    let plain = [
        kind::DOUBLE,
        kind::STRING,
        kind::OBJECT_ID,
        kind::BOOLEAN,
        kind::DATE,
        kind::INT32,
        kind::INT64,
        kind::DECIMAL,
    ];
    if plain.contains(kind) {
        return out.extend_from_slice(element);
    }
    let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
    push_head(kind::DOCUMENT, &rest[..end], out);
    let equal = open(out);
    push_head(*kind, b"$eq", out);
    out.extend_from_slice(&rest[(end + 1).min(rest.len())..]);
    close(equal, out);
}

/// The value of a field, one in another as `a.b`.
fn at<'d>(document: &'d [u8], path: &str) -> Option<&'d [u8]> {
    path.split('.').try_fold(document, |value, name| field(value, name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bson::encode::Dates;
    use crate::bson::read;
    use sstream::connect::{TimeForm, program};

    fn template(op: Op, collection: &str) -> Template {
        let pattern = |option, source| NamePattern::parse(option, source).unwrap();
        Template {
            op,
            database: pattern("--database", "db"),
            collection: pattern("--collection", collection),
            moment: None,
            id: None,
            key: Vec::new(),
            document: None,
            encoder: Encoder::default(),
            ids: "j-s".to_owned(),
        }
    }

    fn parse(source: &str) -> Option<Program> {
        Some(program("--x", source, VARIABLES).unwrap())
    }

    fn made(template: &mut Template, record: &str) -> Result<String, String> {
        let mut operation = Operation::default();
        let is_made = template.make(record.as_bytes(), BatchTime(86_400_000), 7, &mut operation)?;
        let json = if is_made { read::json(&operation.bytes).unwrap() } else { b"nothing".to_vec() };
        Ok(format!("{} {}", operation.space.collection, String::from_utf8(json).unwrap()))
    }

    #[test]
    fn inserts() {
        let mut plain = template(Op::Insert, "logs-%Y.%m");
        assert_eq!(made(&mut plain, r#"{"n":1}"#).unwrap(), r#"logs-1970.01 {"_id":"j-s-86400000-7","n":1}"#);
        let time = Some(TimeOf::new(program("--time", ".at", &[]).unwrap(), TimeForm::default()));
        let encoder = Encoder { dates: Dates::of(&["at".to_owned()]), is_extended: true };
        let mut timed = Template { moment: time, encoder, id: parse(".k"), ..template(Op::Insert, "{.app}-%Y") };
        assert_eq!(
            made(&mut timed, r#"{"app":"shop","at":1469283110000,"k":{"$oid":"0123456789abcdef01234567"},"_id":1}"#)
                .unwrap(),
            r#"shop-2016 {"_id":{"$oid":"0123456789abcdef01234567"},"app":"shop","at":{"$date":1469283110000},"k":{"$oid":"0123456789abcdef01234567"}}"#
        );
        let mut none = Template { document: parse("empty"), ..template(Op::Insert, "c") };
        assert_eq!(made(&mut none, "1").unwrap(), " nothing");
    }

    #[test]
    fn documents_that_are_there() {
        let mut by_id = Template { id: parse(".k"), ..template(Op::Replace, "c") };
        assert_eq!(
            made(&mut by_id, r#"{"n":1,"k":"x","_id":2}"#).unwrap(),
            r#"c {"q":{"_id":"x"},"u":{"_id":"x","n":1,"k":"x"},"upsert":true}"#
        );
        by_id.op = Op::Update;
        assert_eq!(
            made(&mut by_id, r#"{"k":{"$gt":0}}"#).unwrap(),
            r#"c {"q":{"_id":{"$eq":{"$gt":0}}},"u":{"$set":{"k":{"$gt":0}}},"upsert":true}"#
        );
        let key = vec!["a.b".to_owned(), "at".to_owned()];
        let encoder = Encoder { dates: Dates::of(&["at".to_owned()]), is_extended: false };
        let mut by_key = Template { key, encoder, ..template(Op::Replace, "c") };
        assert_eq!(
            made(&mut by_key, r#"{"a":{"b":1},"at":5,"_id":9}"#).unwrap(),
            r#"c {"q":{"a.b":1,"at":{"$date":5}},"u":{"a":{"b":1},"at":{"$date":5},"_id":9},"upsert":true}"#
        );
        for (wrong, says) in [
            (r#"{"a":1,"at":1}"#, "no a.b"),
            (r#"{"a":{"b":null},"at":1}"#, "no a.b"),
            (r#"{"a":{"b":[1]},"at":1}"#, "a.b is an array"),
        ] {
            let error = made(&mut by_key, wrong).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn what_makes_no_document_is_bad() {
        let long = format!(r#"{{"k":"{}"}}"#, "x".repeat(LONGEST));
        for (id, document, record, says) in [
            (None, None, "\"a line\"", "'{message: .}'"),
            (None, parse(".[]"), r#"[{},{}]"#, "2 results"),
            (None, None, r#"{"_id":1}"#, "--id ._id takes it"),
            (None, None, r#"{"n":1e9999}"#, "34 digits"),
            (None, None, &long, "and 16777216 are taken"),
            (parse(".k"), None, "{}", "--id gives null"),
            (parse(".k"), None, r#"{"k":[1]}"#, "--id gives an array"),
            (parse("empty"), None, "{}", "--id has no result"),
        ] {
            let error = made(&mut Template { id, document, ..template(Op::Insert, "c") }, record).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
