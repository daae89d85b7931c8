//! A batch while it is open: of its records what the query asks for, column by column, and the
//! records themselves only where somebody needs them.

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use sstream::connect::BatchTime;
use sstream::connect::record::members;

use crate::column;

/// So many different values are looked at before it is decided that looking does not pay.
const ENOUGH: usize = 4096;

/// Pieces of JSON, one a record, of which the same bytes are kept once; nothing is kept of a
/// record without one.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// The different pieces, one behind the other.
    bytes: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
    /// Which piece each record has.
    pieces: Vec<usize>,
    /// Finds a piece by its bytes.
    known: HashTable<usize>,
    hasher: RandomState,
    /// Most records have a piece of their own: none is looked for any more.
    is_plain: bool,
}

impl Values {
    /// For what hardly comes twice, as whole records.
    pub fn plain() -> Values {
        Values { is_plain: true, ..Values::default() }
    }

    /// What records have in a column.
    pub fn of_column(records: &Values, name: &str) -> Values {
        let mut values = Values::default();
        (0..records.len()).for_each(|row| values.push(column::read(records.get(row), name).unwrap_or_default()));
        values
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// No record came.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// What the record of this number has; nothing is an empty piece.
    pub fn get(&self, row: usize) -> &[u8] {
        self.pieces.get(row).map_or(&[], |&piece| self.piece(piece))
    }

    /// Which piece each record has.
    pub fn pieces(&self) -> &[usize] {
        &self.pieces
    }

    /// How many different pieces there are, at most.
    pub fn different(&self) -> usize {
        self.ends.len()
    }

    /// A piece by its number.
    pub fn piece(&self, piece: usize) -> &[u8] {
        piece_of(&self.bytes, &self.ends, piece)
    }

    /// Takes what one more record has.
    pub fn push(&mut self, json: &[u8]) {
        let piece = if self.is_plain { self.add(json) } else { self.find_or_add(json) };
        self.pieces.push(piece);
    }

    fn add(&mut self, json: &[u8]) -> usize {
        self.bytes.extend_from_slice(json);
        self.ends.push(self.bytes.len());
        self.ends.len() - 1
    }

    fn find_or_add(&mut self, json: &[u8]) -> usize {
        let hash = self.hasher.hash_one(json);
        if let Some(&piece) = self.known.find(hash, |&piece| self.piece(piece) == json) {
            return piece;
        }
        let piece = self.add(json);
        let Values { bytes, ends, known, hasher, .. } = self;
        known.insert_unique(hash, piece, |&piece| hasher.hash_one(piece_of(bytes, ends, piece)));
        if piece > ENOUGH && piece > self.pieces.len() / 2 {
            self.is_plain = true;
            self.known = HashTable::new();
        }
        piece
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.pieces.clear();
        self.known.clear();
    }
}

fn piece_of<'b>(bytes: &'b [u8], ends: &[usize], piece: usize) -> &'b [u8] {
    let start = piece.checked_sub(1).map_or(0, |before| ends[before]);
    &bytes[start..ends[piece]]
}

/// The open batch.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Its time, once it has ended.
    pub time: BatchTime,
    /// The columns that are kept, by name and what each record has.
    columns: Vec<(String, Values)>,
    /// The records.
    records: Values,
    rows: usize,
}

impl Default for Batch {
    fn default() -> Batch {
        Batch::new(&[])
    }
}

impl Batch {
    /// Empty, with these columns.
    pub fn new(columns: &[String]) -> Batch {
        let columns = columns.iter().map(|name| (name.clone(), Values::default())).collect();
        Batch { time: BatchTime::default(), columns, records: Values::plain(), rows: 0 }
    }

    /// How many records it has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The records that were kept.
    pub fn records(&self) -> &Values {
        &self.records
    }

    /// A column, if it is kept; most likely it has this number.
    pub fn column_at(&self, index: usize, name: &str) -> Option<&Values> {
        let is_it = |(other, _): &&(String, Values)| other == name;
        let likely = self.columns.get(index).filter(is_it);
        likely.or_else(|| self.columns.iter().find(is_it)).map(|(_, values)| values)
    }

    /// Takes one more record: its columns, and itself if `is_kept`. What it has of each column
    /// goes to `has`.
    pub fn push(&mut self, record: &[u8], is_kept: bool, mut has: impl FnMut(&str)) {
        self.rows += 1;
        if is_kept {
            self.records.push(record);
        }
        // Most records have the columns written as the query writes them: one walk finds all.
        let mut missing = self.columns.len();
        let row = self.rows;
        if missing > 0 && record.first() == Some(&b'{') {
            for (key, value) in members(record) {
                let is_it = |(name, values): &&mut (String, Values)| {
                    name.as_bytes() == &key[1..key.len() - 1] && values.len() < row && !name.contains('\\')
                };
                let Some((name, values)) = self.columns.iter_mut().find(is_it) else { continue };
                values.push(value);
                has(name);
                missing -= 1;
                if missing == 0 {
                    return;
                }
            }
        }
        for (name, values) in self.columns.iter_mut().filter(|(_, values)| values.len() < row) {
            let value = column::read(record, name);
            if value.is_some() {
                has(name);
            }
            values.push(value.unwrap_or_default());
        }
    }

    /// Empty again, with the room that it has.
    pub fn clear(&mut self) {
        self.columns.iter_mut().for_each(|(_, values)| values.clear());
        self.records.clear();
        self.rows = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_keeps_what_it_is_asked_for() {
        let mut batch = Batch::new(&["b".to_owned(), "A".to_owned()]);
        let mut seen = Vec::new();
        for record in [r#"{"a":1,"b":"x"}"#, r#"{"A":2,"a":3}"#, "7", r#"{"\u0062":"y"}"#, r#"{"b":"x"}"#] {
            batch.push(record.as_bytes(), record == "7", |name| seen.push(name.to_owned()));
        }
        let of = |name| {
            let values = batch.column_at(0, name).unwrap();
            (0..batch.rows()).map(|row| String::from_utf8_lossy(values.get(row)).into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of("b"), [r#""x""#, "", "", r#""y""#, r#""x""#]);
        assert_eq!(of("A"), ["1", "2", "", "", ""]);
        assert_eq!(
            (batch.records().len(), batch.records().get(0), batch.column_at(0, "c").is_some()),
            (1, &b"7"[..], false)
        );
        assert_eq!(seen, ["b", "A", "A", "b", "b"]);
        assert_eq!(batch.column_at(0, "b").unwrap().different(), 3);
        batch.clear();
        assert_eq!((batch.rows(), batch.column_at(0, "b").unwrap().get(0)), (0, &b""[..]));
    }

    #[test]
    fn values_that_hardly_come_twice_are_not_looked_for() {
        let mut values = Values::default();
        for number in (0..20_000).chain([5, 5]) {
            values.push(number.to_string().as_bytes());
        }
        assert_eq!(values.different(), 20_002);
        assert!([0, 4_095, 5_000, 19_999].iter().all(|&row| values.get(row) == row.to_string().as_bytes()));
        assert_eq!((values.get(20_001), values.len()), (&b"5"[..], 20_002));
    }
}
