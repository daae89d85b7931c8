//! What the records of a stream look like, as JSON Schema: found out from the records.
//!
//! Each value may be null, since another record may lack it. What is an integer once and a decimal then is a
//! number; what is of several types else is of all of them.

use std::collections::BTreeMap;

use sstream::connect::record::{Kind, elements, kind, members, push_string, unescape};

/// So many properties are described at most; more of them are there all the same.
const MOST: usize = 10_000;

/// What values look like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    is_string: bool,
    is_integer: bool,
    is_number: bool,
    is_boolean: bool,
    is_object: bool,
    properties: BTreeMap<String, Schema>,
    /// Of arrays, what is in them.
    items: Option<Box<Schema>>,
}

impl Schema {
    /// Takes in one more value; whether that made a difference.
    pub fn take_in(&mut self, value: &[u8], described: &mut usize) -> bool {
        let before = (self.is_string, self.is_integer, self.is_number, self.is_boolean, self.is_object);
        let mut is_new = false;
        match kind(value) {
            Some(Kind::String) => self.is_string = true,
            Some(Kind::Number) if value.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-') => {
                self.is_integer = true
            }
            Some(Kind::Number) => self.is_number = true,
            Some(Kind::True | Kind::False) => self.is_boolean = true,
            Some(Kind::Object) => {
                self.is_object = true;
                for (key, value) in members(value) {
                    let key = String::from_utf8_lossy(&unescape(key)).into_owned();
                    if !self.properties.contains_key(&key) {
                        if *described >= MOST {
                            continue;
                        }
                        (*described, is_new) = (*described + 1, true);
                    }
                    is_new |= self.properties.entry(key).or_default().take_in(value, described);
                }
            }
            Some(Kind::Array) => {
                is_new = self.items.is_none();
                let items = self.items.get_or_insert_default();
                for value in elements(value) {
                    is_new |= items.take_in(value, described);
                }
            }
            Some(Kind::Null) | None => {}
        }
        is_new || before != (self.is_string, self.is_integer, self.is_number, self.is_boolean, self.is_object)
    }

    /// Appends it as JSON.
    pub fn push(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        let types = [
            (self.is_string, "string"),
            (self.is_integer && !self.is_number, "integer"),
            (self.is_number, "number"),
            (self.is_boolean, "boolean"),
            (self.is_object, "object"),
            (self.items.is_some(), "array"),
        ];
        if types.iter().any(|(is, _)| *is) {
            out.extend_from_slice(b"\"type\":[\"null\"");
            types.iter().filter(|(is, _)| *is).for_each(|(_, name)| {
                out.extend_from_slice(b",\"");
                out.extend_from_slice(name.as_bytes());
                out.push(b'"');
            });
            out.push(b']');
        }
        if self.is_object {
            self.push_properties(out);
        }
        if let Some(items) = &self.items {
            out.extend_from_slice(b",\"items\":");
            items.push(out);
        }
        out.push(b'}');
    }

    /// Appends it as JSON, as that of a stream, whose records are objects.
    pub fn push_of_stream(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"type\":\"object\"");
        self.push_properties(out);
        out.push(b'}');
    }

    fn push_properties(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"properties\":{");
        for (index, (name, schema)) in self.properties.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            push_string(name.as_bytes(), out);
            out.push(b':');
            schema.push(out);
        }
        out.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(records: &[&str]) -> String {
        let (mut schema, mut described, mut out) = (Schema::default(), 0, Vec::new());
        records.iter().for_each(|record| {
            schema.take_in(record.as_bytes(), &mut described);
            assert!(!schema.take_in(record.as_bytes(), &mut described), "the second time is no news: {record}");
        });
        schema.push_of_stream(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn schemas_of_records() {
        assert_eq!(
            of(&["{\"a\":1,\"b\":null}", "{\"a\":-2,\"c\":\"x\",\"d\":true}"]),
            "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":[\"null\",\"integer\"]},\"b\":{},\
             \"c\":{\"type\":[\"null\",\"string\"]},\"d\":{\"type\":[\"null\",\"boolean\"]}}}"
        );
        assert_eq!(
            of(&["{\"a\":1}", "{\"a\":1.5}", "{\"a\":\"x\"}"]),
            "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":[\"null\",\"string\",\"number\"]}}}"
        );
        assert_eq!(
            of(&["{\"a\":[]}", "{\"a\":[{\"b\":1e2}]}"]),
            "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":[\"null\",\"array\"],\"items\":{\"type\":[\"null\",\
             \"object\"],\"properties\":{\"b\":{\"type\":[\"null\",\"number\"]}}}}}}"
        );
    }
}
