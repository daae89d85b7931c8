//! Columns: their names, types, and whether a value may lack.
//!
//! | module | what it is |
//! |---|---|
//! | [`types`] | a schema from Parquet's own types, and back |
//! | [`guess`] | a schema from records |
//! | [`file`](mod@file) | a schema from a file, and into one |
//! | [`table`] | the columns of a sink, as they become more |

pub mod file;
pub mod guess;
pub mod table;
pub mod types;

/// The levels of a schema at most: readers of Parquet go down it by recursion.
pub const MOST_LEVELS: usize = 32;

/// A column, or what holds columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The key in a record.
    pub name: String,
    /// Whether it may lack, or be null.
    pub is_optional: bool,
    /// What is in it.
    pub kind: FieldKind,
}

/// What is in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// One value.
    Leaf(Leaf),
    /// An object with these keys.
    Group(Vec<Field>),
    /// An array.
    List(Box<Field>),
    /// An object with any keys: the key's field, and that of the values.
    Map(Box<Field>, Box<Field>),
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// True or false.
    Boolean,
    /// An integer.
    Integer {
        /// 8, 16, 32 or 64.
        bits: u8,
        /// Whether it may be less than zero.
        is_signed: bool,
    },
    /// A floating-point number of 32 bits.
    Float,
    /// A floating-point number of 64 bits.
    Double,
    /// Text, in UTF-8.
    Text,
    /// A name out of few: text with another word in the schema.
    Enum,
    /// Any JSON value, as text.
    Json,
    /// The bytes of a string.
    Bytes,
    /// An exact number.
    Decimal {
        /// So many digits.
        precision: u8,
        /// So many of them behind the point.
        scale: u8,
        /// How its digits are stored.
        store: Store,
    },
    /// A day.
    Date,
    /// A moment.
    Timestamp {
        /// What is counted since 1970.
        unit: Unit,
        /// Whether it is a moment of UTC; else one on a clock of no zone.
        is_utc: bool,
    },
}

/// How the digits of a decimal are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// In 32 bits.
    Int32,
    /// In 64 bits.
    Int64,
    /// In so many bytes, big-endian.
    Fixed(u8),
    /// In as many bytes as it needs.
    Bytes,
}

/// What a timestamp counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Ms,
    /// Microseconds.
    Us,
    /// Nanoseconds.
    Ns,
}

impl Field {
    /// A field that may lack.
    pub fn optional(name: impl Into<String>, kind: FieldKind) -> Field {
        Field { name: name.into(), is_optional: true, kind }
    }

    /// A field that is there always.
    pub fn required(name: impl Into<String>, kind: FieldKind) -> Field {
        Field { name: name.into(), is_optional: false, kind }
    }

    /// How deep it goes.
    pub fn levels(&self) -> usize {
        1 + match &self.kind {
            FieldKind::Leaf(_) => 0,
            FieldKind::Group(fields) => fields.iter().map(Field::levels).max().unwrap_or(0),
            FieldKind::List(element) => element.levels(),
            FieldKind::Map(_, value) => value.levels(),
        }
    }
}

impl Leaf {
    /// An integer of 64 bits.
    pub const INTEGER: Leaf = Leaf::Integer { bits: 64, is_signed: true };

    /// A moment in µs of UTC.
    pub const MOMENT: Leaf = Leaf::Timestamp { unit: Unit::Us, is_utc: true };

    /// The type that a word names, as Hive and Spark have them; nothing if it is none.
    pub fn parse(word: &str) -> Option<Leaf> {
        let signed = |bits| Leaf::Integer { bits, is_signed: true };
        Some(match word {
            "boolean" => Leaf::Boolean,
            "tinyint" => signed(8),
            "smallint" => signed(16),
            "int" => signed(32),
            "bigint" => Leaf::INTEGER,
            "float" => Leaf::Float,
            "double" => Leaf::Double,
            "string" => Leaf::Text,
            "json" => Leaf::Json,
            "binary" => Leaf::Bytes,
            "date" => Leaf::Date,
            "timestamp" => Leaf::MOMENT,
            _ => {
                let (precision, scale) = word.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
                let (precision, scale) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
                let store = match precision {
                    1..=9 => Store::Int32,
                    10..=18 => Store::Int64,
                    19..=38 => Store::Fixed(16),
                    _ => return None,
                };
                if scale > precision {
                    return None;
                }
                Leaf::Decimal { precision, scale, store }
            }
        })
    }

    /// What the word for it is, in messages.
    pub fn word(self) -> String {
        match self {
            Leaf::Boolean => "true or false".to_owned(),
            Leaf::Integer { bits, is_signed: true } => format!("an integer of {bits} bits"),
            Leaf::Integer { bits, is_signed: false } => format!("an integer of {bits} bits without a sign"),
            Leaf::Float | Leaf::Double => "a number".to_owned(),
            Leaf::Text | Leaf::Enum | Leaf::Bytes => "a string".to_owned(),
            Leaf::Json => "JSON".to_owned(),
            Leaf::Decimal { precision, scale, .. } => format!("a decimal({precision},{scale})"),
            Leaf::Date => "a day, as 2016-07-23".to_owned(),
            Leaf::Timestamp { .. } => "a time, as 2016-07-23T14:11:50Z".to_owned(),
        }
    }
}

/// Puts fields that are new beside those that are there, also inside of objects and arrays; whether there
/// was one. What is there keeps its type.
pub fn widen(fields: &mut Vec<Field>, others: Vec<Field>) -> bool {
    let mut is_wider = false;
    for other in others {
        match fields.iter_mut().find(|field| field.name == other.name) {
            Some(field) => is_wider |= widen_kind(&mut field.kind, other.kind),
            None => {
                fields.push(other);
                is_wider = true;
            }
        }
    }
    is_wider
}

fn widen_kind(kind: &mut FieldKind, other: FieldKind) -> bool {
    match (kind, other) {
        (FieldKind::Group(fields), FieldKind::Group(others)) => widen(fields, others),
        (FieldKind::List(element), FieldKind::List(other)) => widen_kind(&mut element.kind, other.kind),
        (FieldKind::Map(_, value), FieldKind::Map(_, other)) => widen_kind(&mut value.kind, other.kind),
        // Keys of an object that is a map are values of its key.
        (FieldKind::Map(_, value), FieldKind::Group(others)) => {
            let mut is_wider = false;
            others.into_iter().for_each(|other| is_wider |= widen_kind(&mut value.kind, other.kind));
            is_wider
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_is_put_behind_and_what_is_there_stays() {
        let text = |name: &str| Field::optional(name, FieldKind::Leaf(Leaf::Text));
        let object = |fields| {
            Field::optional("o", FieldKind::List(Box::new(Field::optional("element", FieldKind::Group(fields)))))
        };
        let mut fields = vec![text("a"), object(vec![text("x")])];
        assert!(!widen(&mut fields, vec![Field::optional("a", FieldKind::Leaf(Leaf::Double))]));
        assert!(widen(&mut fields, vec![object(vec![text("y")]), text("b")]));
        assert_eq!(fields, [text("a"), object(vec![text("x"), text("y")]), text("b")]);
        assert_eq!(fields[1].levels(), 3);
    }
}
