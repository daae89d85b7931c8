//! A schema from records: what their keys and values are.
//!
//! Each value makes the guess wider, so that it fits all of them:
//!
//! | values | column |
//! |---|---|
//! | true, false | boolean |
//! | integers of 64 bits | int64 |
//! | numbers with a fraction, and integers among them up to 2⁵³ | double |
//! | strings | text |
//! | objects | a group of their keys |
//! | arrays | a list of what all elements fit |
//! | anything else, or of several kinds | JSON, as text |
//!
//! So no digit is lost: integers that neither int64 nor double has become JSON. Null fits every column;
//! a key that is only null gets none.

use sstream::connect::record::{self, elements, members, unescape};

use super::{Field, FieldKind, Leaf};

/// An object with more keys than this is taken for one whose keys are data.
const MOST_KEYS: usize = 1000;

/// Deeper objects and arrays are JSON: some readers take twice as long with each level.
const MOST_LEVELS: usize = 16;

/// Integers up to this have a floating-point number of their own.
const EXACT: u64 = 1 << 53;

/// What all values so far fit into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guess {
    what: What,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum What {
    /// Nothing but null.
    #[default]
    Null,
    Boolean,
    /// `is_exact`: also as floating-point numbers.
    Integer {
        is_exact: bool,
    },
    Double,
    Text,
    Array(Box<Guess>),
    /// Keys as they are written in JSON.
    Object(Vec<(Vec<u8>, Guess)>),
    Json,
}

impl Guess {
    /// Takes a record in.
    pub fn see(&mut self, record: &[u8]) {
        self.see_at(record, 0);
    }

    fn see_at(&mut self, value: &[u8], level: usize) {
        match record::kind(value) {
            None | Some(record::Kind::Null) => {}
            Some(record::Kind::True | record::Kind::False) => self.meet(What::Boolean),
            Some(record::Kind::Number) => self.meet(of_number(value)),
            Some(record::Kind::String) => self.meet(What::Text),
            Some(_) if level >= MOST_LEVELS => self.what = What::Json,
            Some(record::Kind::Array) => {
                if self.what == What::Null {
                    self.what = What::Array(Box::default());
                }
                match &mut self.what {
                    What::Array(element) => elements(value).for_each(|value| element.see_at(value, level + 1)),
                    other => *other = What::Json,
                }
            }
            Some(record::Kind::Object) => {
                if self.what == What::Null {
                    self.what = What::Object(Vec::new());
                }
                match &mut self.what {
                    What::Object(keys) => {
                        see_members(keys, value, level);
                        if level > 0 && keys.len() > MOST_KEYS {
                            self.what = What::Json;
                        }
                    }
                    other => *other = What::Json,
                }
            }
        }
    }

    fn meet(&mut self, other: What) {
        let what = match (std::mem::take(&mut self.what), other) {
            (What::Null, other) => other,
            (What::Integer { is_exact: a }, What::Integer { is_exact: b }) => What::Integer { is_exact: a && b },
            (What::Integer { is_exact: true }, What::Double) | (What::Double, What::Integer { is_exact: true }) => {
                What::Double
            }
            (what, other) if what == other => what,
            _ => What::Json,
        };
        self.what = what;
    }

    /// The columns; none if no record was an object with a value. How many keys the records have, if
    /// these are too many to be columns, is the error.
    pub fn fields(&self) -> Result<Vec<Field>, usize> {
        match &self.what {
            What::Object(keys) if keys.len() > MOST_KEYS => Err(keys.len()),
            What::Object(keys) => Ok(fields_of(keys)),
            _ => Ok(Vec::new()),
        }
    }

    fn kind(&self) -> Option<FieldKind> {
        Some(match &self.what {
            What::Null => return None,
            What::Boolean => FieldKind::Leaf(Leaf::Boolean),
            What::Integer { .. } => FieldKind::Leaf(Leaf::INTEGER),
            What::Double => FieldKind::Leaf(Leaf::Double),
            What::Text => FieldKind::Leaf(Leaf::Text),
            What::Json => FieldKind::Leaf(Leaf::Json),
            // Parquet has no list of nothing.
            What::Array(element) => match element.kind() {
                Some(kind) => FieldKind::List(Box::new(Field::optional("element", kind))),
                None => FieldKind::Leaf(Leaf::Json),
            },
            // And no group without fields.
            What::Object(keys) => match fields_of(keys) {
                fields if fields.is_empty() => FieldKind::Leaf(Leaf::Json),
                fields => FieldKind::Group(fields),
            },
        })
    }
}

fn fields_of(keys: &[(Vec<u8>, Guess)]) -> Vec<Field> {
    let name = |key: &[u8]| String::from_utf8_lossy(&unescape(key)).into_owned();
    keys.iter().filter_map(|(key, guess)| Some(Field::optional(name(key), guess.kind()?))).collect()
}

fn see_members(keys: &mut Vec<(Vec<u8>, Guess)>, object: &[u8], level: usize) {
    // Records have their keys in the same order, more often than not.
    let mut next = 0;
    for (key, value) in members(object) {
        let is_next = keys.get(next).is_some_and(|(known, _)| known == key);
        let place = if is_next { Some(next) } else { keys.iter().position(|(known, _)| known == key) };
        let place = place.unwrap_or_else(|| {
            keys.push((key.to_vec(), Guess::default()));
            keys.len() - 1
        });
        keys[place].1.see_at(value, level + 1);
        next = place + 1;
        // What is too much is too much: nobody waits for all of it.
        if keys.len() > MOST_KEYS {
            return;
        }
    }
}

fn of_number(number: &[u8]) -> What {
    let text = std::str::from_utf8(number).unwrap_or_default();
    let is_whole = !text.contains(['.', 'e', 'E']);
    if is_whole {
        return match text.parse::<i64>() {
            Ok(integer) => What::Integer { is_exact: integer.unsigned_abs() <= EXACT },
            Err(_) => What::Json,
        };
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => What::Double,
        _ => What::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(records: &[&str]) -> Vec<Field> {
        let mut guess = Guess::default();
        records.iter().for_each(|record| guess.see(record.as_bytes()));
        guess.fields().unwrap()
    }

    fn kind_of(values: &[&str]) -> Option<FieldKind> {
        let records: Vec<String> = values.iter().map(|value| format!("{{\"k\":{value}}}")).collect();
        let records: Vec<&str> = records.iter().map(String::as_str).collect();
        guessed(&records).pop().map(|field| field.kind)
    }

    #[test]
    fn values_of_several_kinds_get_what_all_of_them_fit() {
        let leaf = |leaf| Some(FieldKind::Leaf(leaf));
        for (values, kind) in [
            (&["null"][..], None),
            (&["true", "null", "false"], leaf(Leaf::Boolean)),
            (&["1", "-9223372036854775808"], leaf(Leaf::INTEGER)),
            (&["1", "1.5"], leaf(Leaf::Double)),
            (&["1.5", "9007199254740992"], leaf(Leaf::Double)),
            (&["9007199254740993", "1.5"], leaf(Leaf::Json)),
            (&["9223372036854775808"], leaf(Leaf::Json)),
            (&["1e400"], leaf(Leaf::Json)),
            (&["\"a\"", "null"], leaf(Leaf::Text)),
            (&["\"a\"", "1"], leaf(Leaf::Json)),
            (&["[]"], leaf(Leaf::Json)),
            (&["{}"], leaf(Leaf::Json)),
            (&["[1]", "{\"a\":1}"], leaf(Leaf::Json)),
            (
                &["[]", "[1]", "[null,2]"],
                Some(FieldKind::List(Box::new(Field::optional("element", FieldKind::Leaf(Leaf::INTEGER))))),
            ),
        ] {
            assert_eq!(kind_of(values), kind, "{values:?}");
        }
    }

    #[test]
    fn keys_come_in_the_order_in_which_they_were_seen() {
        let fields =
            guessed(&["{\"b\":1,\"a b.c\":{\"x\":1}}", "{\"\\\"\":true,\"a b.c\":{\"y\":[{\"z\":1}]}}", "[1]"]);
        // What is no object makes all of it JSON, which no file can have: the sink tells it before.
        assert_eq!(fields, []);
        let fields = guessed(&["{\"b\":1,\"a b.c\":{\"x\":1}}", "{\"\\\"\":true,\"a b.c\":{\"y\":[{\"z\":1}]}}"]);
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["b", "a b.c", "\""]);
        assert_eq!(fields[1].levels(), 4);
    }

    #[test]
    fn what_is_too_deep_or_too_wide_is_json() {
        let deep = format!("{}1{}", "[".repeat(1000), "]".repeat(1000));
        assert!(guessed(&[&format!("{{\"k\":{deep}}}")])[0].levels() <= MOST_LEVELS + 1);
        let wide: Vec<String> = (0..=MOST_KEYS).map(|key| format!("\"{key}\":1")).collect();
        assert_eq!(kind_of(&[&format!("{{{}}}", wide.join(","))]), Some(FieldKind::Leaf(Leaf::Json)));
        let mut guess = Guess::default();
        guess.see(format!("{{{}}}", wide.join(",")).as_bytes());
        assert!(guess.fields().is_err());
    }
}
