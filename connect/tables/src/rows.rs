//! Records as rows: values with the columns that they are for.

use sstream::connect::record::{Kind, elements, kind, members, unescape};

/// What stands for a value that a record does not have.
const NULL: &[u8] = b"null";

/// Rows that have the same columns.
#[derive(Clone, Debug)]
pub struct Rows<'b> {
    columns: Vec<String>,
    /// Whether the columns were told: then other keys of a record are left out.
    is_told: bool,
    records: Vec<&'b [u8]>,
    /// As many a row as there are columns.
    values: Vec<&'b [u8]>,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It is a row more.
    Taken,
    /// It has other columns than the rows before it: these are to be written first.
    OtherColumns,
    /// It is no row, for this reason.
    Bad(String),
}

impl<'b> Rows<'b> {
    /// No rows yet; `columns`: those that were told, or none if each record's keys tell its own.
    pub fn new(columns: Option<&[String]>) -> Rows<'b> {
        Rows {
            columns: columns.unwrap_or_default().to_vec(),
            is_told: columns.is_some(),
            records: Vec::new(),
            values: Vec::new(),
        }
    }

    /// The columns, in the order of a row's values.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The rows, each with a value a column as JSON.
    pub fn iter(&self) -> impl Iterator<Item = &[&'b [u8]]> {
        self.values.chunks_exact(self.columns.len().max(1))
    }

    /// The record that a row is of.
    pub fn record(&self, row: usize) -> &'b [u8] {
        self.records[row]
    }

    /// Both halves of it.
    pub fn halves(mut self) -> (Rows<'b>, Rows<'b>) {
        let at = self.len() / 2;
        let second = Rows {
            columns: self.columns.clone(),
            is_told: self.is_told,
            records: self.records.split_off(at),
            values: self.values.split_off(at * self.columns.len()),
        };
        (self, second)
    }

    /// Adds a record.
    pub fn push(&mut self, record: &'b [u8]) -> Pushed {
        let before = self.values.len();
        let pushed = match kind(record) {
            Some(Kind::Object) => self.push_object(record),
            Some(Kind::Array) if self.is_told => self.push_all(elements(record)),
            _ if self.is_told => self.push_all(std::iter::once(record)),
            _ => Pushed::Bad(
                "it is no object, whose keys would be columns: --table 'NAME(COLUMN,…)' takes values by their place"
                    .to_owned(),
            ),
        };
        match pushed {
            Pushed::Taken => self.records.push(record),
            _ => self.values.truncate(before),
        }
        pushed
    }

    fn push_all(&mut self, values: impl Iterator<Item = &'b [u8]>) -> Pushed {
        let before = self.values.len();
        self.values.extend(values);
        match (self.values.len() - before, self.columns.len()) {
            (values, columns) if values == columns => Pushed::Taken,
            (values, columns) => Pushed::Bad(format!("it has {values} values, and there are {columns} columns")),
        }
    }

    fn push_object(&mut self, record: &'b [u8]) -> Pushed {
        if self.is_empty() && !self.is_told {
            self.columns = members(record).map(|(key, _)| name_of(key)).collect();
            if self.columns.is_empty() {
                return Pushed::Bad("an object without keys is no row".to_owned());
            }
        }
        let before = self.values.len();
        self.values.resize(before + self.columns.len(), NULL);
        let row = &mut self.values[before..];
        let mut filled = 0;
        for (place, (key, value)) in members(record).enumerate() {
            // Records mostly have their keys in one order.
            let column = match self.columns.get(place).is_some_and(|column| is_key(key, column)) {
                true => Some(place),
                false => self.columns.iter().position(|column| is_key(key, column)),
            };
            match column {
                Some(column) => {
                    row[column] = value;
                    filled += 1;
                }
                None if self.is_told => {}
                None => return Pushed::OtherColumns,
            }
        }
        if self.is_told || filled == self.columns.len() { Pushed::Taken } else { Pushed::OtherColumns }
    }
}

fn name_of(key: &[u8]) -> String {
    String::from_utf8_lossy(&unescape(key)).into_owned()
}

/// Whether a key, as it is written in JSON, is this name.
fn is_key(key: &[u8], name: &str) -> bool {
    let inside = &key[1..key.len() - 1];
    if memchr::memchr(b'\\', inside).is_none() { inside == name.as_bytes() } else { unescape(key) == name.as_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(rows: &Rows<'_>) -> Vec<String> {
        let row = |row: &[&[u8]]| row.iter().map(|value| String::from_utf8_lossy(value)).collect::<Vec<_>>().join(" ");
        rows.iter().map(row).collect()
    }

    #[test]
    fn columns_are_those_of_the_keys_in_any_order() {
        let mut rows = Rows::new(None);
        assert_eq!(rows.push(br#"{"a":1,"b\n":"x"}"#), Pushed::Taken);
        assert_eq!(rows.push(br#"{"b\n":"y","a":2}"#), Pushed::Taken);
        assert_eq!(rows.columns(), ["a", "b\n"]);
        for other in [&br#"{"a":1}"#[..], br#"{"a":1,"b\n":2,"c":3}"#, br#"{"a":1,"c":3}"#] {
            assert_eq!(rows.push(other), Pushed::OtherColumns);
        }
        for bad in [&b"1"[..], b"[1,2]"] {
            assert!(matches!(rows.push(bad), Pushed::Bad(_)));
        }
        assert_eq!(shown(&rows), ["1 \"x\"", "2 \"y\""]);
        assert!(matches!(Rows::new(None).push(b"{}"), Pushed::Bad(_)));
        let (first, second) = rows.halves();
        assert_eq!((shown(&first), shown(&second)), (vec!["1 \"x\"".to_owned()], vec!["2 \"y\"".to_owned()]));
        assert_eq!(second.record(0), br#"{"b\n":"y","a":2}"#);
    }

    #[test]
    fn columns_that_are_told_take_what_there_is() {
        let columns = ["a".to_owned(), "b".to_owned()];
        let mut rows = Rows::new(Some(&columns));
        for record in [&br#"{"c":0,"b":1}"#[..], b"[2,3]", b"{}"] {
            assert_eq!(rows.push(record), Pushed::Taken);
        }
        assert_eq!(rows.push(b"[1]"), Pushed::Bad("it has 1 values, and there are 2 columns".to_owned()));
        assert_eq!(rows.push(b"1"), Pushed::Bad("it has 1 values, and there are 2 columns".to_owned()));
        assert_eq!(shown(&rows), ["null 1", "2 3", "null null"]);
        let mut one = Rows::new(Some(&columns[..1]));
        assert_eq!((one.push(b"\"x\""), one.push(b"[[1]]")), (Pushed::Taken, Pushed::Taken));
        assert_eq!(shown(&one), ["\"x\"", "[1]"]);
    }
}
