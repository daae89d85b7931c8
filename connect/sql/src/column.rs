//! A record's columns: an object's keys, a pair's `key` and `value`, and `value` of anything else.

use std::collections::HashSet;

use sstream::connect::record::{field, members, pair, unescape};

/// The record itself, as JSON.
pub const RECORD: &str = "record";

/// The batch's time, in milliseconds.
pub const BATCH_TIME: &str = "batch_time";

/// Columns that `*` does not stand for.
pub const HIDDEN: [&str; 2] = [RECORD, BATCH_TIME];

/// What a record has in a column. SQL does not tell `Level` from `level`: the key that is written
/// as the column goes before one that differs in case.
pub fn read<'r>(record: &'r [u8], column: &str) -> Option<&'r [u8]> {
    if record.first() == Some(&b'{') {
        return field(record, column.as_bytes()).or_else(|| {
            let is_meant = |key: &[u8]| unescape(key).eq_ignore_ascii_case(column.as_bytes());
            members(record).find(|(key, _)| is_meant(key)).map(|(_, value)| value)
        });
    }
    let is_value = column.eq_ignore_ascii_case("value");
    match pair(record) {
        Some((key, _)) if column.eq_ignore_ascii_case("key") => Some(key),
        Some((_, value)) if is_value => Some(value),
        None if is_value => Some(record),
        _ => None,
    }
}

/// The columns that records have, in the order in which they came.
#[derive(Debug, Default)]
pub struct Found {
    names: Vec<String>,
    /// In lower case.
    known: HashSet<Vec<u8>>,
    /// The keys of the record before, each with quotes: most records have the same.
    last: Vec<u8>,
    keys: Vec<u8>,
}

impl Found {
    /// The names, as they were written first.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Looks at one more record; whether it has a column that none had.
    pub fn look(&mut self, record: &[u8]) -> bool {
        if record.first() != Some(&b'{') {
            let is_pair = pair(record).is_some();
            return (is_pair && self.add(b"key")) | self.add(b"value");
        }
        self.keys.clear();
        members(record).for_each(|(key, _)| self.keys.extend_from_slice(key));
        if self.keys == self.last {
            return false;
        }
        std::mem::swap(&mut self.keys, &mut self.last);
        let mut is_new = false;
        for (key, _) in members(record) {
            is_new |= self.add(&unescape(key));
        }
        is_new
    }

    fn add(&mut self, name: &[u8]) -> bool {
        let lower = name.to_ascii_lowercase();
        // What is hidden has its meaning whatever a record has; a name with a NUL cannot be said in SQL.
        if HIDDEN.iter().any(|hidden| hidden.as_bytes() == lower) || name.contains(&0) || !self.known.insert(lower) {
            return false;
        }
        self.names.push(String::from_utf8_lossy(name).into_owned());
        true
    }
}
