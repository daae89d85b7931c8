//! The types of columns and parameters, as a server describes them.

use std::fmt;

use crate::frame::Body;

/// A type of CQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CqlType {
    /// `ascii`.
    Ascii,
    /// `bigint`.
    BigInt,
    /// `blob`.
    Blob,
    /// `boolean`.
    Boolean,
    /// `counter`.
    Counter,
    /// `date`.
    Date,
    /// `decimal`.
    Decimal,
    /// `double`.
    Double,
    /// `float`.
    Float,
    /// `inet`.
    Inet,
    /// `int`.
    Int,
    /// `list<…>`.
    List(Box<CqlType>),
    /// `map<…, …>`.
    Map(Box<CqlType>, Box<CqlType>),
    /// `set<…>`.
    Set(Box<CqlType>),
    /// `smallint`.
    SmallInt,
    /// `text`, and `varchar`, which is the same.
    Text,
    /// `time`.
    Time,
    /// `timestamp`.
    Timestamp,
    /// `timeuuid`.
    TimeUuid,
    /// `tinyint`.
    TinyInt,
    /// `tuple<…>`.
    Tuple(Vec<CqlType>),
    /// A type of the user's own: its name, and its fields with theirs.
    Own(String, Vec<(String, CqlType)>),
    /// `uuid`.
    Uuid,
    /// `varint`.
    VarInt,
    /// `vector<float, n>`.
    Vector(usize),
    /// One that no value is written of, by its name.
    Other(String),
}

/// Types in types: what is deeper is not believed.
const DEEPEST: usize = 32;

const MARSHAL: &str = "org.apache.cassandra.db.marshal.";

impl CqlType {
    /// Reads a type; nothing if that is none.
    pub fn read(body: &mut Body<'_>) -> Option<CqlType> {
        CqlType::read_at(0, body)
    }

    fn read_at(depth: usize, body: &mut Body<'_>) -> Option<CqlType> {
        if depth > DEEPEST {
            return None;
        }
        let inner = |body: &mut Body<'_>| CqlType::read_at(depth + 1, body);
        Some(match body.short()? {
            0x00 => CqlType::custom(&body.string()?),
            0x01 => CqlType::Ascii,
            0x02 => CqlType::BigInt,
            0x03 => CqlType::Blob,
            0x04 => CqlType::Boolean,
            0x05 => CqlType::Counter,
            0x06 => CqlType::Decimal,
            0x07 => CqlType::Double,
            0x08 => CqlType::Float,
            0x09 => CqlType::Int,
            0x0A | 0x0D => CqlType::Text,
            0x0B => CqlType::Timestamp,
            0x0C => CqlType::Uuid,
            0x0E => CqlType::VarInt,
            0x0F => CqlType::TimeUuid,
            0x10 => CqlType::Inet,
            0x11 => CqlType::Date,
            0x12 => CqlType::Time,
            0x13 => CqlType::SmallInt,
            0x14 => CqlType::TinyInt,
            0x15 => CqlType::Other("duration".to_owned()),
            0x20 => CqlType::List(Box::new(inner(body)?)),
            0x21 => {
                let key = Box::new(inner(body)?);
                CqlType::Map(key, Box::new(inner(body)?))
            }
            0x22 => CqlType::Set(Box::new(inner(body)?)),
            0x30 => {
                let (_, name) = (body.string()?, body.string()?);
                let fields = (0..body.short()?).map(|_| Some((body.string()?, inner(body)?)));
                CqlType::Own(name, fields.collect::<Option<_>>()?)
            }
            0x31 => CqlType::Tuple((0..body.short()?).map(|_| inner(body)).collect::<Option<_>>()?),
            _ => return None,
        })
    }

    /// One that the protocol has no number for, by its class in the server.
    fn custom(class: &str) -> CqlType {
        let bare = class.strip_prefix(MARSHAL).unwrap_or(class);
        let vector = bare.strip_prefix("VectorType(").and_then(|inside| inside.strip_suffix(')'));
        if let Some((of, length)) = vector.and_then(|inside| inside.rsplit_once(','))
            && of.trim().strip_prefix(MARSHAL) == Some("FloatType")
            && let Ok(length) = length.trim().parse()
        {
            return CqlType::Vector(length);
        }
        CqlType::Other(if bare == "DurationType" { "duration" } else { bare }.to_owned())
    }
}

impl fmt::Display for CqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CqlType::Ascii => "ascii",
            CqlType::BigInt => "bigint",
            CqlType::Blob => "blob",
            CqlType::Boolean => "boolean",
            CqlType::Counter => "counter",
            CqlType::Date => "date",
            CqlType::Decimal => "decimal",
            CqlType::Double => "double",
            CqlType::Float => "float",
            CqlType::Inet => "inet",
            CqlType::Int => "int",
            CqlType::SmallInt => "smallint",
            CqlType::Text => "text",
            CqlType::Time => "time",
            CqlType::Timestamp => "timestamp",
            CqlType::TimeUuid => "timeuuid",
            CqlType::TinyInt => "tinyint",
            CqlType::Uuid => "uuid",
            CqlType::VarInt => "varint",
            CqlType::List(of) => return write!(f, "list<{of}>"),
            CqlType::Set(of) => return write!(f, "set<{of}>"),
            CqlType::Map(key, value) => return write!(f, "map<{key}, {value}>"),
            CqlType::Tuple(of) => {
                let of: Vec<String> = of.iter().map(CqlType::to_string).collect();
                return write!(f, "tuple<{}>", of.join(", "));
            }
            CqlType::Vector(length) => return write!(f, "vector<float, {length}>"),
            CqlType::Own(name, _) | CqlType::Other(name) => name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::push_string;

    #[test]
    fn types() {
        let custom = |class: &str| {
            let mut bytes = vec![0, 0];
            push_string(class, &mut bytes);
            bytes
        };
        for (bytes, shown) in [
            (b"\0\x0D".to_vec(), "text"),
            (b"\0\x21\0\x09\0\x20\0\x0C".to_vec(), "map<int, list<uuid>>"),
            (b"\0\x31\0\x02\0\x11\0\x22\0\x13".to_vec(), "tuple<date, set<smallint>>"),
            (b"\0\x30\0\x02ks\0\x05place\0\x01\0\x01x\0\x07".to_vec(), "place"),
            (custom("org.apache.cassandra.db.marshal.DurationType"), "duration"),
            (
                custom("org.apache.cassandra.db.marshal.VectorType(org.apache.cassandra.db.marshal.FloatType , 3)"),
                "vector<float, 3>",
            ),
            (custom("com.example.Mine"), "com.example.Mine"),
        ] {
            assert_eq!(CqlType::read(&mut Body(&bytes)).unwrap().to_string(), shown);
            // Of each part of it nothing is made.
            assert!((0..bytes.len()).all(|end| CqlType::read(&mut Body(&bytes[..end])).is_none()), "{shown}");
        }
        for wrong in [b"\0\x99".to_vec(), b"\0\x20".repeat(100_000)] {
            assert_eq!(CqlType::read(&mut Body(&wrong)), None);
        }
    }
}
