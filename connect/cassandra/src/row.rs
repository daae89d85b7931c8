//! A record becomes a row: values for the parameters of a statement.

use std::borrow::Cow;

use sstream::connect::record::{Kind, elements, kind as kind_of, members, push_string, unescape};
use sstream::connect::{BatchTime, Program, only_result_with};

use crate::layout::Layout;
use crate::value::{self, NULL, UNSET};

/// The variables that EXPR may use.
pub const VARIABLES: &[&str] = &["time"];

/// Servers take no longer requests, in bytes; a row is shorter by what stands around it.
const LONGEST: usize = (16 << 20) - 4096;

/// Makes rows of records.
#[derive(Debug)]
pub struct Template {
    /// The row; the record, if it is none.
    pub row: Option<Program>,
    /// The column that gets an id of the batch's time and the record's place.
    pub id: Option<String>,
    /// How these ids begin: no other sink's do so.
    pub ids: String,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its values, one behind the other.
    pub values: Vec<u8>,
    /// Where each of these ends.
    ends: Vec<usize>,
    /// What tells it from all others.
    pub key: Vec<u8>,
    /// What tells its partition.
    pub partition: Vec<u8>,
    /// The records that it is made of, with newlines between.
    records: Vec<u8>,
}

impl Template {
    /// The value that has a row's columns, and its id if it gets one; nothing where `--row` has no result.
    ///
    /// # Errors
    /// Why the record is a bad one.
    pub fn value<'r>(&mut self, record: &'r [u8], time: BatchTime) -> Result<Option<Cow<'r, [u8]>>, String> {
        match &mut self.row {
            None => Ok(Some(Cow::Borrowed(record))),
            Some(program) => {
                let batch_ms = time.to_string();
                Ok(only_result_with("--row", program, &[batch_ms.as_bytes()], record)?.map(Cow::Owned))
            }
        }
    }

    /// Makes the row of the record at this place of a batch; nothing where `--row` has no result.
    ///
    /// # Errors
    /// Why the record is a bad one.
    pub fn make(&mut self, layout: &Layout, record: &[u8], time: BatchTime, place: u64) -> Result<Option<Row>, String> {
        let Some(value) = self.value(record, time)? else { return Ok(None) };
        let mut id = Vec::new();
        let mut slots: Vec<Option<&[u8]>> = vec![None; layout.names.len()];
        fill(layout, &value, self.id.as_deref(), &mut slots)?;
        if let Some(column) = &self.id {
            push_string(format!("{}-{time}-{place}", self.ids).as_bytes(), &mut id);
            let place = layout.names.iter().position(|name| name == column);
            let place = place.ok_or_else(|| format!("--id {column}: there is no such column"))?;
            if slots[place].replace(&id).is_some() {
                return Err(format!("the record has a {column} of its own, which --id {column} makes"));
            }
        }
        let mut row = Row { records: record.to_vec(), ..Row::default() };
        for (parameter, name) in layout.parameters.iter().zip(&layout.name_of) {
            match slots[*name] {
                None => row.values.extend_from_slice(&UNSET),
                Some(json) => value::push(&parameter.kind, json, &mut row.values)
                    .map_err(|reason| format!("{}: {reason}", parameter.name))?,
            }
            row.ends.push(row.values.len());
        }
        if layout.is_table
            && let Some(place) = layout.key.iter().find(|place| [&NULL[..], &UNSET].contains(&row.at(**place)))
        {
            return Err(format!("there is no {}, and the table's key has it", layout.parameters[*place].name));
        }
        row.key = row.joined(&layout.key);
        row.partition = row.joined(&layout.partition);
        match row.values.len() {
            ..=LONGEST => Ok(Some(row)),
            bytes => Err(format!("the row has {bytes} bytes, and servers take 16 MiB")),
        }
    }
}

const NO_OBJECT: &str = "it is no object, whose keys would be columns: --row makes one, --table 'KEYSPACE.TABLE(COLUMN,…)' takes \
                         values by their place";

/// Puts the parts of a value into the places of the names that they are for.
fn fill<'v>(layout: &Layout, value: &'v [u8], id: Option<&str>, slots: &mut [Option<&'v [u8]>]) -> Result<(), String> {
    let wanted = || layout.names.iter().enumerate().filter(|(_, name)| id != Some(name)).map(|(place, _)| place);
    let mut by_place = |values: Vec<&'v [u8]>| {
        if values.len() != wanted().count() {
            return Err(format!("it has {} values, and there are {} columns", values.len(), wanted().count()));
        }
        wanted().zip(values).for_each(|(place, value)| slots[place] = Some(value));
        Ok(())
    };
    match kind_of(value) {
        Some(Kind::Object) => {
            for (place, (key, value)) in members(value).enumerate() {
                let name = unescape(key);
                let is_name = |known: &String| known.as_bytes() == &*name;
                // Records mostly have their keys in one order, which may be the columns'.
                let found = match layout.names.get(place).is_some_and(is_name) {
                    true => Some(place),
                    false => layout.names.iter().position(is_name),
                };
                match found {
                    Some(found) => slots[found] = Some(value),
                    None if layout.is_told => {}
                    None => {
                        return Err(format!(
                            "the table has no column {}: --table 'KEYSPACE.TABLE(COLUMN,…)' leaves other keys out",
                            String::from_utf8_lossy(key)
                        ));
                    }
                }
            }
            Ok(())
        }
        Some(Kind::Array) if layout.is_told => by_place(elements(value).collect()),
        _ if layout.is_told => by_place(vec![value]),
        _ => Err(NO_OBJECT.to_owned()),
    }
}

impl Row {
    /// A value.
    fn at(&self, place: usize) -> &[u8] {
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.values[begin..self.ends[place]]
    }

    /// The values at these places, with their lengths.
    fn joined(&self, places: &[usize]) -> Vec<u8> {
        places.iter().flat_map(|place| self.at(*place)).copied().collect()
    }

    /// Takes the values of a newer row with the same key for its own, but for those that it does not have.
    pub fn take_newer(&mut self, newer: Row) {
        let is_unset = |place: &usize| newer.at(*place) == UNSET;
        if !(0..newer.ends.len()).any(|place| is_unset(&place) && self.at(place) != UNSET) {
            // Nothing is left of the older one.
            *self = newer;
            return;
        }
        let mut merged = Row { records: std::mem::take(&mut self.records), ..Row::default() };
        for place in 0..self.ends.len() {
            let value = if is_unset(&place) { self.at(place) } else { newer.at(place) };
            merged.values.extend_from_slice(value);
            merged.ends.push(merged.values.len());
        }
        merged.records.push(b'\n');
        merged.records.extend_from_slice(&newer.records);
        *self = Row { key: newer.key, partition: newer.partition, ..merged };
    }

    /// The records that it is made of.
    pub fn records(&self) -> impl Iterator<Item = &[u8]> {
        self.records.split(|byte| *byte == b'\n')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Column;
    use crate::message::{Parameter, Prepared};
    use crate::types::CqlType;
    use sstream::connect::program;

    fn layout(is_told: bool) -> Layout {
        let parameter = |name: &str, kind| Parameter { name: name.to_owned(), kind };
        let parameters =
            vec![parameter("k", CqlType::Text), parameter("a", CqlType::TinyInt), parameter("b", CqlType::Text)];
        let prepared = Prepared { id: Vec::new(), table: None, parameters, partition: vec![0] };
        let key = Column { name: "k".to_owned(), is_key: true, is_counter: false };
        Layout::of_table(&prepared, &[key], is_told)
    }

    fn template(row: Option<&str>, id: Option<&str>) -> Template {
        let row = row.map(|source| program("--row", source, VARIABLES).unwrap());
        Template { row, id: id.map(str::to_owned), ids: "j-s".to_owned() }
    }

    fn made(template: &mut Template, is_told: bool, record: &str) -> Result<Option<Row>, String> {
        template.make(&layout(is_told), record.as_bytes(), BatchTime(1000), 7)
    }

    #[test]
    fn rows() {
        let mut plain = template(None, None);
        let row = made(&mut plain, false, r#"{"a":1,"k":"x"}"#).unwrap().unwrap();
        assert_eq!(row.values, b"\0\0\0\x01x\0\0\0\x01\x01\xFF\xFF\xFF\xFE");
        assert_eq!((&row.key, &row.partition), (&b"\0\0\0\x01x".to_vec(), &b"\0\0\0\x01x".to_vec()));
        let told = made(&mut plain, true, r#"["x",1,null]"#).unwrap().unwrap();
        assert_eq!(told.values, b"\0\0\0\x01x\0\0\0\x01\x01\xFF\xFF\xFF\xFF");
        assert!(made(&mut plain, true, r#"{"k":"x","z":1}"#).is_ok());
        let mut shaped = template(Some("{k: .[0], b: $time} | select(.k)"), None);
        let row = made(&mut shaped, false, r#"["x"]"#).unwrap().unwrap();
        assert_eq!(row.at(2), b"\0\0\0\x041000");
        assert_eq!(made(&mut shaped, false, "[]"), Ok(None));
        let mut own = template(None, Some("k"));
        let row = made(&mut own, false, r#"{"a":1}"#).unwrap().unwrap();
        assert_eq!(row.at(0), b"\0\0\0\x0Aj-s-1000-7");
        assert_eq!(made(&mut own, true, "[1,\"b\"]").unwrap().unwrap().at(1), b"\0\0\0\x01\x01");
    }

    #[test]
    fn what_makes_no_row_is_bad() {
        for (id, is_told, record, says) in [
            (None, false, "\"line\"", "--row makes one"),
            (None, false, r#"{"k":"x","z":1}"#, "no column \"z\""),
            (None, false, r#"{"a":1}"#, "there is no k"),
            (None, false, r#"{"k":null}"#, "there is no k"),
            (None, false, r#"{"k":"x","a":300}"#, "a: 300 is no tinyint"),
            (None, true, "[1]", "it has 1 values, and there are 3 columns"),
            (Some("k"), false, r#"{"k":"x"}"#, "a k of its own"),
            (Some("z"), false, r#"{"k":"x"}"#, "--id z: there is no such column"),
        ] {
            let error = made(&mut template(None, id), is_told, record).unwrap_err();
            assert!(error.contains(says), "{error}: {says}");
        }
        let long = format!(r#"{{"k":"x","b":"{}"}}"#, "x".repeat(LONGEST));
        assert!(made(&mut template(None, None), false, &long).unwrap_err().contains("servers take 16 MiB"));
    }

    #[test]
    fn the_newer_values_of_a_row_are_kept() {
        let row = |record: &str| made(&mut template(None, None), false, record).unwrap().unwrap();
        let mut one = row(r#"{"k":"x","a":1,"b":"one"}"#);
        one.take_newer(row(r#"{"k":"x","a":null}"#));
        assert_eq!((one.at(1), one.at(2)), (&NULL[..], &b"\0\0\0\x03one"[..]));
        assert_eq!(one.records().collect::<Vec<_>>(), [&br#"{"k":"x","a":1,"b":"one"}"#[..], br#"{"k":"x","a":null}"#]);
        // Of one that has all of its values nothing is left.
        one.take_newer(row(r#"{"k":"x","a":2,"b":"two"}"#));
        assert_eq!(one, row(r#"{"k":"x","a":2,"b":"two"}"#));
    }
}
