//! Schemas of Avro, from their JSON.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::record;

/// A decimal that has more digits behind its point is bytes: each of its numbers would be as long.
const MOST_SCALE: usize = 4096;

/// What data is, by its types in one list, in which one names another by its place: a type may contain itself.
#[derive(Debug)]
pub struct Schema {
    pub(super) types: Vec<Type>,
    /// Of the types that have one, by their places.
    pub(super) names: HashMap<usize, Name>,
    pub(super) root: usize,
}

/// What a type is called, without its namespace, and what else it answers to.
#[derive(Clone, Debug)]
pub struct Name {
    pub(super) own: String,
    pub(super) aliases: Vec<String>,
    /// Of an enum: the symbol that a reader takes for one that it does not know.
    pub(super) default: Option<String>,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name as a key of JSON and the colon; none if it is read and not kept.
    pub key: Option<Vec<u8>>,
    /// Its type.
    pub of: usize,
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
    pub(super) default: Option<Value>,
}

/// A type; what it is made of by its place in the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Nothing.
    Null,
    /// True or false.
    Boolean,
    /// An integer of 32 bits.
    Int,
    /// An integer of 64 bits.
    Long,
    /// A float of 32 bits.
    Float,
    /// A float of 64 bits.
    Double,
    /// Any number of bytes.
    Bytes,
    /// Text.
    Text,
    /// So many bytes.
    Fixed(usize),
    /// Fields in their order.
    Record(Vec<Field>),
    /// One of these, which are strings of JSON.
    Enum(Vec<Vec<u8>>),
    /// Any number of these.
    Array(usize),
    /// Any number of these by names.
    Map(usize),
    /// One of these.
    Union(Vec<usize>),
    /// Days since 1970, of `Int`.
    Date,
    /// A time of day, so many to a second: of `Int` or `Long`.
    Time(Unit),
    /// Since 1970 in UTC, so many to a second.
    Timestamp(Unit),
    /// The same in whatever zone.
    LocalTimestamp(Unit),
    /// A number with so many digits behind the point, of so many bytes or any number of them.
    Decimal(usize, Option<usize>),
    /// 16 bytes.
    Uuid,
    /// Months, days and milliseconds, in 12 bytes.
    Duration,
    /// A `Long` that is to be a `Float`, as a reader has it.
    LongAsFloat,
    /// A `Long` that is to be a `Double`.
    LongAsDouble,
    /// This JSON, of no bytes: what a reader has and nobody wrote.
    Constant(Vec<u8>),
    /// Nothing that a reader knows, and why.
    Never(String),
}

/// What a time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Thousandths of a second.
    Millis,
    /// Millionths.
    Micros,
    /// Billionths.
    Nanos,
}

impl Unit {
    /// Which one the end of a logical type's name says.
    fn of(name: &str) -> Option<Unit> {
        match name {
            "millis" => Some(Unit::Millis),
            "micros" => Some(Unit::Micros),
            "nanos" => Some(Unit::Nanos),
            _ => None,
        }
    }

    /// How many nanoseconds one is.
    pub fn nanos(self) -> i64 {
        match self {
            Unit::Millis => 1_000_000,
            Unit::Micros => 1000,
            Unit::Nanos => 1,
        }
    }
}

impl Schema {
    /// From the JSON text of a schema.
    ///
    /// # Errors
    /// It is none, and why.
    pub fn parse(text: &[u8]) -> Result<Schema, String> {
        Schema::of(&serde_json::from_slice(text).map_err(|error| format!("the schema is no JSON: {error}"))?)
    }

    /// From a schema that is JSON already.
    ///
    /// # Errors
    /// It is none, and why.
    pub fn of(schema: &Value) -> Result<Schema, String> {
        let mut parser = Parser { types: Vec::new(), places: HashMap::new(), names: HashMap::new() };
        let root = parser.parse(schema, "")?;
        Ok(Schema { types: parser.types, names: parser.names, root })
    }

    /// The type of a whole datum.
    pub fn root(&self) -> usize {
        self.root
    }

    /// The type at a place of the list.
    pub fn get(&self, place: usize) -> &Type {
        &self.types[place]
    }
}

struct Parser {
    types: Vec<Type>,
    /// Of those that have a name, by it and its namespace.
    places: HashMap<String, usize>,
    names: HashMap<usize, Name>,
}

impl Parser {
    fn push(&mut self, of: Type) -> usize {
        self.types.push(of);
        self.types.len() - 1
    }

    fn parse(&mut self, schema: &Value, namespace: &str) -> Result<usize, String> {
        match schema {
            Value::String(name) => self.named(name, namespace),
            Value::Array(branches) => {
                let branches = branches.iter().map(|branch| self.parse(branch, namespace));
                let branches = branches.collect::<Result<_, _>>()?;
                Ok(self.push(Type::Union(branches)))
            }
            Value::Object(schema) => self.complex(schema, namespace),
            other => Err(format!("the schema has {other} where a type is wanted")),
        }
    }

    /// A type that is called by its name.
    fn named(&mut self, name: &str, namespace: &str) -> Result<usize, String> {
        if let Some(of) = primitive(name) {
            return Ok(self.push(of));
        }
        let known = self.places.get(&full(name, namespace)).or_else(|| self.places.get(name));
        known.copied().ok_or_else(|| format!("the schema has no type {name}"))
    }

    fn complex(&mut self, schema: &Map<String, Value>, namespace: &str) -> Result<usize, String> {
        let of = schema.get("type").ok_or("a type of the schema does not say which")?;
        let Value::String(name) = of else { return self.parse(of, namespace) };
        match name.as_str() {
            "record" | "error" => self.record(schema, namespace),
            "enum" => {
                let symbols = list(schema, "symbols")?.iter().map(|symbol| string(symbol.as_str().unwrap_or_default()));
                let place = self.push(Type::Enum(symbols.collect()));
                self.name(schema, namespace, place)?;
                Ok(place)
            }
            "fixed" => {
                let size = schema.get("size").and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok());
                let size = size.ok_or("a fixed of the schema does not say its size")?;
                let of = logical_fixed(schema, size).unwrap_or(Type::Fixed(size));
                let place = self.push(of);
                self.name(schema, namespace, place)?;
                Ok(place)
            }
            "array" => {
                let items = self.parse(schema.get("items").ok_or("an array of the schema has no items")?, namespace)?;
                Ok(self.push(Type::Array(items)))
            }
            "map" => {
                let values = self.parse(schema.get("values").ok_or("a map of the schema has no values")?, namespace)?;
                Ok(self.push(Type::Map(values)))
            }
            name => match logical(schema, name) {
                Some(of) => Ok(self.push(of)),
                None => self.named(name, namespace),
            },
        }
    }

    fn record(&mut self, schema: &Map<String, Value>, namespace: &str) -> Result<usize, String> {
        // It is known to its fields.
        let place = self.push(Type::Record(Vec::new()));
        let namespace = self.name(schema, namespace, place)?;
        let mut fields = Vec::new();
        for field in list(schema, "fields")? {
            let (name, of) = (field.get("name").and_then(Value::as_str), field.get("type"));
            let (name, of) = name.zip(of).ok_or("a field of the schema has no name, or no type")?;
            let key = Some([&string(name)[..], b":"].concat());
            let (aliases, default) = (aliases(field.get("aliases")), field.get("default").cloned());
            fields.push(Field { key, of: self.parse(of, &namespace)?, name: name.to_owned(), aliases, default });
        }
        self.types[place] = Type::Record(fields);
        Ok(place)
    }

    /// Takes a type's name; the namespace of what it contains.
    fn name(&mut self, schema: &Map<String, Value>, namespace: &str, place: usize) -> Result<String, String> {
        let name = schema.get("name").and_then(Value::as_str).ok_or("a type of the schema has no name")?;
        let namespace = schema.get("namespace").and_then(Value::as_str).unwrap_or(namespace);
        let full = full(name, namespace);
        let namespace = full.rsplit_once('.').map_or("", |(namespace, _)| namespace).to_owned();
        let own = full.rsplit('.').next().unwrap_or_default().to_owned();
        let default = schema.get("default").and_then(Value::as_str).map(str::to_owned);
        let aliases = aliases(schema.get("aliases"));
        self.names.insert(place, Name { own, aliases, default });
        self.places.insert(full, place);
        Ok(namespace)
    }
}

/// The type of this name that every schema has.
pub(super) fn primitive(name: &str) -> Option<Type> {
    match name {
        "null" => Some(Type::Null),
        "boolean" => Some(Type::Boolean),
        "int" => Some(Type::Int),
        "long" => Some(Type::Long),
        "float" => Some(Type::Float),
        "double" => Some(Type::Double),
        "bytes" => Some(Type::Bytes),
        "string" => Some(Type::Text),
        _ => None,
    }
}

pub(super) fn full(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

/// Other names, without their namespaces.
fn aliases(list: Option<&Value>) -> Vec<String> {
    let names = list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    names.filter_map(|name| name.rsplit('.').next()).map(str::to_owned).collect()
}

pub(super) fn string(text: &str) -> Vec<u8> {
    let mut string = Vec::new();
    record::push_string(text.as_bytes(), &mut string);
    string
}

fn list<'s>(schema: &'s Map<String, Value>, key: &str) -> Result<&'s Vec<Value>, String> {
    schema.get(key).and_then(Value::as_array).ok_or_else(|| format!("a type of the schema has no {key}"))
}

fn logical_name(schema: &Map<String, Value>) -> Option<&str> {
    schema.get("logicalType").and_then(Value::as_str)
}

/// The logical type of a primitive one, if it has one that fits.
fn logical(schema: &Map<String, Value>, of: &str) -> Option<Type> {
    let logical = logical_name(schema)?;
    match (of, logical) {
        ("int", "date") => Some(Type::Date),
        ("int", "time-millis") => Some(Type::Time(Unit::Millis)),
        ("long", "time-micros") => Some(Type::Time(Unit::Micros)),
        ("long", _) => match (logical.strip_prefix("local-timestamp-"), logical.strip_prefix("timestamp-")) {
            (Some(unit), _) => Unit::of(unit).map(Type::LocalTimestamp),
            (_, Some(unit)) => Unit::of(unit).map(Type::Timestamp),
            _ => None,
        },
        ("bytes", "decimal") => scale(schema).map(|scale| Type::Decimal(scale, None)),
        _ => None,
    }
}

fn logical_fixed(schema: &Map<String, Value>, size: usize) -> Option<Type> {
    match (logical_name(schema)?, size) {
        ("decimal", _) => scale(schema).map(|scale| Type::Decimal(scale, Some(size))),
        ("uuid", 16) => Some(Type::Uuid),
        ("duration", 12) => Some(Type::Duration),
        _ => None,
    }
}

/// The digits behind the point of a decimal, if there are no more of them than digits.
fn scale(schema: &Map<String, Value>) -> Option<usize> {
    let precision = schema.get("precision").and_then(Value::as_u64)?;
    let scale = schema.get("scale").map_or(Some(0), Value::as_u64).filter(|scale| *scale <= precision)?;
    usize::try_from(scale).ok().filter(|scale| *scale <= MOST_SCALE)
}
