//! Data that were written by one schema, as another has them: Avro's schema resolution, done once for both schemas.
//!
//! What is made is a schema that reads what the writer wrote, and says what the reader wants:
//!
//! ```text
//! fields           by their names, or the reader's aliases; those that nobody wants are read and left out, those that
//!                  nobody wrote have their default, and stand behind the others
//! int → long → float → double, string ↔ bytes
//! symbols          of an enum that the reader does not know are its default
//! unions           each branch for itself; the reader's is the first that is the same, or else that can be had
//! named types      have the same name, whatever the namespace
//! ```
//!
//! What the reader cannot have is an error when it comes: a branch of a union may never.

use std::collections::HashMap;

use super::default;
use super::schema::{Field, Schema, Type};

/// A schema for what `writer` wrote that has the form of `reader`.
///
/// # Errors
/// No datum can be read so, and why.
pub fn resolve(writer: &Schema, reader: &Schema) -> Result<Schema, String> {
    let mut resolver = Resolver { writer, reader, types: writer.types.clone(), pairs: HashMap::new() };
    let root = resolver.pair(writer.root, reader.root);
    match &resolver.types[root] {
        Type::Never(reason) => Err(reason.clone()),
        _ => Ok(Schema { types: resolver.types, names: HashMap::new(), root }),
    }
}

struct Resolver<'s> {
    writer: &'s Schema,
    reader: &'s Schema,
    /// The writer's, at their places, for what is left out; behind them what was made.
    types: Vec<Type>,
    /// The places of types that were made of one of the writer's and one of the reader's.
    pairs: HashMap<(usize, usize), usize>,
}

/// How near a type is to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nearness {
    Same,
    Promoted,
}

impl Resolver<'_> {
    fn pair(&mut self, from: usize, to: usize) -> usize {
        if let Some(place) = self.pairs.get(&(from, to)) {
            return *place;
        }
        let place = self.types.len();
        self.types.push(Type::Null);
        // It is known to what it is made of.
        self.pairs.insert((from, to), place);
        self.types[place] = self.made(from, to).unwrap_or_else(Type::Never);
        place
    }

    fn made(&mut self, from: usize, to: usize) -> Result<Type, String> {
        let (writer, reader) = (self.writer, self.reader);
        if let Type::Union(branches) = writer.get(from) {
            return Ok(Type::Union(branches.iter().map(|branch| self.pair(*branch, to)).collect()));
        }
        if let Type::Union(branches) = reader.get(to) {
            let is = |wanted: Nearness| {
                branches.iter().find(|branch| self.nearness(from, **branch).is_ok_and(|nearness| nearness == wanted))
            };
            let branch = is(Nearness::Same).or_else(|| is(Nearness::Promoted));
            let wrong = || format!("{} where the reader's union has none", self.shown(from));
            let branch = *branch.ok_or_else(wrong)?;
            return self.made(from, branch);
        }
        self.nearness(from, to)?;
        match (writer.get(from), reader.get(to)) {
            (Type::Record(written), Type::Record(wanted)) => self.record(written, wanted),
            (Type::Array(from), Type::Array(to)) => Ok(Type::Array(self.pair(*from, *to))),
            (Type::Map(from), Type::Map(to)) => Ok(Type::Map(self.pair(*from, *to))),
            (Type::Enum(written), Type::Enum(known)) => Ok(self.symbols(written, known, to)),
            (from, to) => Ok(match (base(from), base(to)) {
                (Type::Int | Type::Long, Type::Float) => Type::LongAsFloat,
                (Type::Int | Type::Long, Type::Double) => Type::LongAsDouble,
                (Type::Float, Type::Double) => Type::Float,
                // Their bytes are the same.
                _ => to.clone(),
            }),
        }
    }

    fn record(&mut self, written: &[Field], wanted: &[Field]) -> Result<Type, String> {
        let mut has = vec![false; wanted.len()];
        let mut fields = Vec::with_capacity(written.len());
        for field in written {
            let by_name = wanted.iter().position(|wanted| wanted.name == field.name);
            let place = by_name.or_else(|| wanted.iter().position(|wanted| wanted.aliases.contains(&field.name)));
            fields.push(match place.filter(|place| !has[*place]) {
                Some(place) => {
                    has[place] = true;
                    Field { of: self.pair(field.of, wanted[place].of), ..wanted[place].clone() }
                }
                None => Field { key: None, ..field.clone() },
            });
        }
        for (field, _) in wanted.iter().zip(has).filter(|(_, has)| !has) {
            let json = default::json(self.reader, field)?;
            let json = json.ok_or_else(|| format!("the field {} was not written, and has no default", field.name))?;
            self.types.push(Type::Constant(json));
            fields.push(Field { of: self.types.len() - 1, ..field.clone() });
        }
        Ok(Type::Record(fields))
    }

    /// An enum is as a union of its symbols.
    fn symbols(&mut self, written: &[Vec<u8>], known: &[Vec<u8>], to: usize) -> Type {
        let default = self.reader.names.get(&to).and_then(|name| name.default.as_deref()).map(super::schema::string);
        let default = default.filter(|default| known.contains(default));
        let symbols = written.iter().map(|symbol| match (known.contains(symbol), &default) {
            (true, _) => Type::Constant(symbol.clone()),
            (false, Some(default)) => Type::Constant(default.clone()),
            (false, None) => {
                Type::Never(format!("the symbol {} where the reader's enum has none", String::from_utf8_lossy(symbol)))
            }
        });
        let first = self.types.len();
        self.types.extend(symbols);
        Type::Union((first..self.types.len()).collect())
    }

    /// Whether a type of the writer's, which is no union, can be one of the reader's; if not, why.
    fn nearness(&self, from: usize, to: usize) -> Result<Nearness, String> {
        let (written, wanted) = (self.writer.get(from), self.reader.get(to));
        let wrong = || Err(format!("{} where the reader's schema has {}", self.shown(from), show(self.reader, to)));
        let bases = (base(written), base(wanted));
        // What one counts in thousandths and the other in millionths.
        if bases.0 != *written && bases.1 != *wanted && written != wanted {
            return wrong();
        }
        match bases {
            (Type::Record(_), Type::Record(_)) | (Type::Enum(_), Type::Enum(_)) if !self.has_name(from, to) => wrong(),
            (Type::Fixed(length), Type::Fixed(other)) if length != other || !self.has_name(from, to) => wrong(),
            (Type::Record(_), Type::Record(_))
            | (Type::Enum(_), Type::Enum(_))
            | (Type::Array(_), Type::Array(_))
            | (Type::Map(_), Type::Map(_)) => Ok(Nearness::Same),
            (from, to) if from == to => Ok(Nearness::Same),
            (Type::Int, Type::Long | Type::Float | Type::Double)
            | (Type::Long, Type::Float | Type::Double)
            | (Type::Float, Type::Double)
            | (Type::Text, Type::Bytes)
            | (Type::Bytes, Type::Text) => Ok(Nearness::Promoted),
            _ => wrong(),
        }
    }

    fn has_name(&self, from: usize, to: usize) -> bool {
        let names = self.writer.names.get(&from).zip(self.reader.names.get(&to));
        names.is_none_or(|(from, to)| from.own == to.own || to.aliases.contains(&from.own))
    }

    fn shown(&self, from: usize) -> String {
        show(self.writer, from)
    }
}

/// A type without what its logical type makes of it.
fn base(of: &Type) -> Type {
    match of {
        Type::Date | Type::Time(super::schema::Unit::Millis) => Type::Int,
        Type::Time(_) | Type::Timestamp(_) | Type::LocalTimestamp(_) => Type::Long,
        Type::Decimal(_, None) => Type::Bytes,
        Type::Decimal(_, Some(size)) => Type::Fixed(*size),
        Type::Uuid => Type::Fixed(16),
        Type::Duration => Type::Fixed(12),
        other => other.clone(),
    }
}

/// A type for messages.
fn show(schema: &Schema, of: usize) -> String {
    let name = schema.names.get(&of).map_or("", |name| &name.own);
    match schema.get(of) {
        Type::Record(_) => format!("a record {name}"),
        Type::Enum(_) => format!("an enum {name}"),
        Type::Fixed(size) => format!("a fixed {name} of {size} bytes"),
        Type::Array(_) => "an array".to_owned(),
        Type::Map(_) => "a map".to_owned(),
        Type::Union(_) => "a union".to_owned(),
        Type::Text => "a string".to_owned(),
        Type::Decimal(scale, _) => format!("a decimal of {scale} digits behind the point"),
        leaf => format!("{leaf:?}").to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::Datums;
    use super::*;

    fn read(writer: &Value, reader: &Value, datum: &[u8]) -> Result<String, String> {
        let schema = resolve(&Schema::of(writer)?, &Schema::of(reader)?)?;
        let (mut data, mut out) = (Datums::new(datum), Vec::new());
        data.push_json(&schema, &mut out)?;
        assert_eq!(data.read(), datum.len());
        Ok(String::from_utf8(out).unwrap())
    }

    fn read_text(writer: &str, reader: &str, datum: &[u8]) -> Result<String, String> {
        read(&serde_json::from_str(writer).unwrap(), &serde_json::from_str(reader).unwrap(), datum)
    }

    /// Numbers of JSON that are the same are, however they are written.
    fn is_same(a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
            (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
            (Value::Object(a), Value::Object(b)) => {
                a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_same(a, b)))
            }
            (a, b) => a == b,
        }
    }

    /// See `make.py` beside the cases.
    #[test]
    fn data_are_as_fastavro_reads_them() {
        let cases = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/messages/resolution.jsonl"));
        for line in cases.lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            let hex = case["datum"].as_str().unwrap();
            let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            let datum: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
            let read = read(&case["writer"], &case["reader"], &datum);
            match case.get("read") {
                Some(expected) => {
                    let read = read.unwrap_or_else(|error| panic!("{line}: {error}"));
                    assert!(is_same(&serde_json::from_str(&read).unwrap(), expected), "{line}: {read}");
                }
                None => assert!(read.is_err(), "{line}: {read:?}"),
            }
        }
    }

    #[test]
    fn what_a_reader_wants_is_said_in_its_way() {
        assert_eq!(
            read_text("\"string\"", r#"["bytes","string"]"#, b"\x02a").unwrap(),
            "\"a\"",
            "the same comes first"
        );
        assert_eq!(read_text("\"long\"", "\"float\"", b"\x82\x80\x80\x10").unwrap(), "16777216", "it is rounded");
        let logical = |of: &str, logical: &str| format!(r#"{{"type":"{of}","logicalType":"{logical}"}}"#);
        let millis = logical("long", "timestamp-millis");
        assert_eq!(read_text("\"int\"", &millis, b"\x02").unwrap(), "\"1970-01-01T00:00:00.001Z\"");
        assert_eq!(read_text(&millis, "\"long\"", b"\x02").unwrap(), "1");
        for (writer, reader) in
            [(&millis, logical("long", "timestamp-micros")), (&logical("int", "date"), millis.clone())]
        {
            assert!(read_text(writer, &reader, b"\x02").unwrap_err().contains("where the reader's schema has"));
        }
        let record = |fields: &str| format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#);
        let (writer, no_default) = (record(""), record(r#"{"name":"a","type":"int"}"#));
        let error = read_text(&writer, &no_default, b"").unwrap_err();
        assert_eq!(error, "the field a was not written, and has no default");
        let wrong = record(r#"{"name":"a","type":"int","default":"x"}"#);
        assert_eq!(
            read_text(&writer, &wrong, b"").unwrap_err(),
            "the default of the field a: \"x\" is not of its type"
        );
        let endless = record(r#"{"name":"a","type":"R","default":{}}"#);
        assert!(read_text(&writer, &endless, b"").unwrap_err().contains("without end"));
        let inner = record(
            r#"{"name":"a","type":{"type":"record","name":"S","fields":[{"name":"b","type":"int","default":7}]},"default":{}}"#,
        );
        assert_eq!(read_text(&writer, &inner, b"").unwrap(), r#"{"a":{"b":7}}"#);
    }
}
