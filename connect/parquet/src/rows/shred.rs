//! A record into the columns of a schema.

use std::collections::HashMap;
use std::ops::Range;

use sstream::connect::record::{self, elements, members, push_string};

use super::column::Column;
use super::value::Times;
use crate::schema::{Field, FieldKind, Leaf};

/// What becomes of a key that is no column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OnNewColumn {
    /// The record is a bad one, for --on-error
    #[default]
    Error,
    /// A column more, in a file of its own with the wider schema
    Add,
    /// The value is left out
    Ignore,
}

/// Why a record did not go into the columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is a bad record, for this reason.
    Bad(String),
    /// It has this key, which is to be a column.
    New(String),
}

/// Puts records into columns.
#[derive(Clone, Debug)]
pub struct Shredder {
    root: Group,
    leaves: Vec<(Leaf, i16, i16)>,
    on_new: OnNewColumn,
    visits: u64,
}

/// A field, as it is met in records.
#[derive(Clone, Debug)]
struct Node {
    is_optional: bool,
    /// Its place in the schema, for messages.
    path: String,
    /// The columns of all that is in it.
    columns: Range<usize>,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Leaf(Leaf, Option<Box<Times>>),
    Group(Group),
    /// With the level that repeats it.
    List(Box<Node>, i16),
    Map(Box<Node>, Box<Node>, i16),
}

#[derive(Clone, Debug, Default)]
struct Group {
    path: String,
    children: Vec<Child>,
    /// Where each key's child is, if there are many.
    places: HashMap<Vec<u8>, usize>,
}

#[derive(Clone, Debug)]
struct Child {
    /// As it is written in JSON.
    key: Vec<u8>,
    /// Nothing if the value is left out.
    node: Option<Node>,
    /// The object in which it was met last.
    seen: u64,
}

/// So many children are looked through one by one.
const FEW: usize = 8;

impl Shredder {
    /// For columns; `left_out` are keys of records that are none, `times` how a column's times are written,
    /// by its path.
    pub fn new(
        fields: &[Field],
        left_out: &[String],
        on_new: OnNewColumn,
        times: &dyn Fn(&str) -> Option<Times>,
    ) -> Shredder {
        let mut leaves = Vec::new();
        let mut root = Builder { leaves: &mut leaves, times }.group(fields, String::new(), 0, 0);
        for name in left_out {
            root.children.push(Child { key: json(name), node: None, seen: 0 });
        }
        root.index();
        Shredder { root, leaves, on_new, visits: 0 }
    }

    /// Columns without entries.
    pub fn columns(&self) -> Vec<Column> {
        self.leaves.iter().map(|(leaf, definition, repetition)| Column::new(*leaf, *definition, *repetition)).collect()
    }

    /// Adds a row of a record, or nothing.
    ///
    /// # Errors
    /// The record does not go into these columns.
    pub fn push(&mut self, record: &[u8], columns: &mut [Column]) -> Result<(), Refused> {
        if record::kind(record) != Some(record::Kind::Object) {
            return Err(Refused::Bad(
                "it is no object, whose keys would be columns: sstream-map '{word: .[0], count: .[1]}' makes one"
                    .to_owned(),
            ));
        }
        let rows = columns.first().map_or(0, Column::rows);
        let mut row = Row { columns, on_new: self.on_new, visits: &mut self.visits };
        let pushed = row.group(&mut self.root, record, 0, 0);
        if pushed.is_err() {
            columns.iter_mut().for_each(|column| column.cut(rows));
        }
        pushed
    }
}

struct Builder<'b> {
    leaves: &'b mut Vec<(Leaf, i16, i16)>,
    times: &'b dyn Fn(&str) -> Option<Times>,
}

impl Builder<'_> {
    fn group(&mut self, fields: &[Field], path: String, definition: i16, repetition: i16) -> Group {
        let child = |field: &Field| {
            let name = if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
            Child { key: json(&field.name), node: Some(self.node(field, name, definition, repetition)), seen: 0 }
        };
        let children = fields.iter().map(child).collect();
        let mut group = Group { path, children, places: HashMap::new() };
        group.index();
        group
    }

    fn node(&mut self, field: &Field, path: String, definition: i16, repetition: i16) -> Node {
        let definition = definition + i16::from(field.is_optional);
        let first = self.leaves.len();
        let what = match &field.kind {
            FieldKind::Leaf(leaf) => {
                self.leaves.push((*leaf, definition, repetition));
                What::Leaf(*leaf, (self.times)(&path).map(Box::new))
            }
            FieldKind::Group(fields) => What::Group(self.group(fields, path.clone(), definition, repetition)),
            FieldKind::List(element) => {
                let element = self.node(element, format!("{path}[]"), definition + 1, repetition + 1);
                What::List(Box::new(element), repetition + 1)
            }
            FieldKind::Map(key, value) => {
                let key = self.node(key, format!("{path}.key"), definition + 1, repetition + 1);
                let value = self.node(value, format!("{path}.value"), definition + 1, repetition + 1);
                What::Map(Box::new(key), Box::new(value), repetition + 1)
            }
        };
        Node { is_optional: field.is_optional, path, columns: first..self.leaves.len(), what }
    }
}

impl Group {
    fn index(&mut self) {
        if self.children.len() > FEW {
            let keys = self.children.iter().enumerate();
            self.places = keys.map(|(place, child)| (child.key.clone(), place)).collect();
        }
    }

    /// The child of a key; more often than not it is the next one.
    #[inline]
    fn find(&self, key: &[u8], next: usize) -> Option<usize> {
        match self.children.get(next) {
            Some(child) if child.key == key => Some(next),
            _ if self.places.is_empty() => self.children.iter().position(|child| child.key == key),
            _ => self.places.get(key).copied(),
        }
    }
}

/// A row that is being added.
struct Row<'r> {
    columns: &'r mut [Column],
    on_new: OnNewColumn,
    visits: &'r mut u64,
}

impl Row<'_> {
    /// A field's value, `definition` being the level up to which what it is in is there.
    fn node(&mut self, node: &mut Node, value: &[u8], repetition: i16, definition: i16) -> Result<(), Refused> {
        if record::kind(value) == Some(record::Kind::Null) {
            return self.null(node, repetition, definition);
        }
        let definition = definition + i16::from(node.is_optional);
        let is = record::kind(value);
        match &mut node.what {
            What::Leaf(leaf, times) => {
                let column = &mut self.columns[node.columns.start];
                let pushed = column.push(value, *leaf, times.as_deref(), repetition);
                pushed.map_err(|reason| bad(&node.path, &reason))
            }
            What::Group(group) if is == Some(record::Kind::Object) => self.group(group, value, repetition, definition),
            What::List(element, level) if is == Some(record::Kind::Array) => {
                let mut next = repetition;
                for value in elements(value) {
                    self.node(element, value, next, definition + 1)?;
                    next = *level;
                }
                self.end_of_array(&node.columns, value.len() <= 2, repetition, definition);
                Ok(())
            }
            What::Map(key, of_key, level) if is == Some(record::Kind::Object) => {
                let mut next = repetition;
                for (name, value) in members(value) {
                    self.node(key, name, next, definition + 1)?;
                    self.node(of_key, value, next, definition + 1)?;
                    next = *level;
                }
                self.end_of_array(&node.columns, value.len() <= 2, repetition, definition);
                Ok(())
            }
            What::Group(_) | What::Map(..) => Err(bad(&node.path, &not("an object", value))),
            What::List(..) => Err(bad(&node.path, &not("an array", value))),
        }
    }

    /// An array that is there and has nothing in it.
    fn end_of_array(&mut self, columns: &Range<usize>, is_empty: bool, repetition: i16, definition: i16) {
        if is_empty {
            self.columns[columns.clone()].iter_mut().for_each(|column| column.push_null(repetition, definition));
        }
    }

    fn null(&mut self, node: &Node, repetition: i16, definition: i16) -> Result<(), Refused> {
        if !node.is_optional {
            return Err(bad(&node.path, "it is required, and is not there"));
        }
        self.columns[node.columns.clone()].iter_mut().for_each(|column| column.push_null(repetition, definition));
        Ok(())
    }

    fn group(&mut self, group: &mut Group, object: &[u8], repetition: i16, definition: i16) -> Result<(), Refused> {
        *self.visits += 1;
        let visit = *self.visits;
        let (mut next, mut met) = (0, 0);
        for (key, value) in members(object) {
            let Some(place) = group.find(key, next) else {
                self.unknown(group, key, value)?;
                continue;
            };
            next = place + 1;
            let child = &mut group.children[place];
            child.seen = visit;
            met += 1;
            if let Some(node) = &mut child.node {
                self.node(node, value, repetition, definition)?;
            }
        }
        if met < group.children.len() {
            for child in group.children.iter().filter(|child| child.seen != visit) {
                child.node.as_ref().map_or(Ok(()), |node| self.null(node, repetition, definition))?;
            }
        }
        Ok(())
    }

    /// A key that is no column. Null says as much as its absence.
    fn unknown(&self, group: &Group, key: &[u8], value: &[u8]) -> Result<(), Refused> {
        if self.on_new == OnNewColumn::Ignore || record::kind(value) == Some(record::Kind::Null) {
            return Ok(());
        }
        let name = String::from_utf8_lossy(&record::unescape(key)).into_owned();
        let path = if group.path.is_empty() { name } else { format!("{}.{name}", group.path) };
        Err(match self.on_new {
            OnNewColumn::Add => Refused::New(path),
            _ => bad(&path, "there is no such column: --on-new-column add makes it one, ignore leaves it out"),
        })
    }
}

fn bad(path: &str, reason: &str) -> Refused {
    Refused::Bad(format!("column {path}: {reason}"))
}

fn not(what: &str, value: &[u8]) -> String {
    let shown: String = String::from_utf8_lossy(value).chars().take(60).collect();
    format!("{shown} is not {what}")
}

fn json(name: &str) -> Vec<u8> {
    let mut key = Vec::new();
    push_string(name.as_bytes(), &mut key);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::guess::Guess;

    fn shredder(like: &str, on_new: OnNewColumn) -> Shredder {
        let mut guess = Guess::default();
        guess.see(like.as_bytes());
        Shredder::new(&guess.fields().unwrap(), &[], on_new, &|_| None)
    }

    fn levels(like: &str, records: &[&str]) -> Vec<(Vec<i16>, Vec<i16>)> {
        let mut shredder = shredder(like, OnNewColumn::Error);
        let mut columns = shredder.columns();
        for record in records {
            shredder.push(record.as_bytes(), &mut columns).unwrap();
        }
        columns.iter().map(Column::levels).map(|(one, other)| (one.to_vec(), other.to_vec())).collect()
    }

    #[test]
    fn levels_are_those_of_dremel() {
        // Each optional field and each array is a level of definition, each array one of repetition.
        let records = ["{\"a\":1}", "{}", "{\"a\":null}"];
        assert_eq!(levels("{\"a\":1}", &records), [(vec![1, 0, 0], vec![])]);
        let records = ["{\"l\":[[1,2],[],null,[null]]}", "{\"l\":[]}", "{}", "{\"l\":[[3]]}"];
        assert_eq!(levels("{\"l\":[[1]]}", &records), [(vec![5, 5, 3, 2, 4, 1, 0, 5], vec![0, 2, 1, 1, 1, 0, 0, 0])]);
        // Columns beside each other have as many rows, and rows begin together.
        let records = ["{\"o\":[{\"x\":1},{\"y\":2}]}", "{\"o\":[null]}"];
        let columns = levels("{\"o\":[{\"x\":1,\"y\":1}]}", &records);
        assert_eq!(columns, [(vec![4, 3, 2], vec![0, 1, 0]), (vec![3, 4, 2], vec![0, 1, 0])]);
    }

    #[test]
    fn a_record_that_is_refused_leaves_nothing() {
        let like = "{\"a\":1,\"l\":[{\"s\":\"x\"}],\"z\":true}";
        for (on_new, record, refused) in [
            (
                OnNewColumn::Error,
                "{\"a\":1,\"l\":[{\"s\":\"y\"},{\"s\":1}]}",
                Refused::Bad("column l[].s: 1 is not a string".to_owned()),
            ),
            (OnNewColumn::Add, "{\"a\":1,\"l\":[{\"s\":\"y\"},{\"t\":1}]}", Refused::New("l[].t".to_owned())),
        ] {
            let mut shredder = shredder(like, on_new);
            let mut columns = shredder.columns();
            shredder.push(like.as_bytes(), &mut columns).unwrap();
            let before: Vec<_> = columns.iter().map(|column| (column.rows(), column.bytes())).collect();
            assert_eq!(shredder.push(record.as_bytes(), &mut columns), Err(refused));
            let after: Vec<_> = columns.iter().map(|column| (column.rows(), column.bytes())).collect();
            assert_eq!(before, after);
        }
        let mut shredder = shredder(like, OnNewColumn::Ignore);
        let mut columns = shredder.columns();
        shredder.push(b"{\"new\":1}", &mut columns).unwrap();
        assert!(columns.iter().all(|column| column.rows() == 1));
        assert!(
            matches!(shredder.push(b"[1]", &mut columns), Err(Refused::Bad(reason)) if reason.contains("no object"))
        );
    }
}
