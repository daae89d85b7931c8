//! Rows of a batch that are under way together, and the requests that they are sent in.
//!
//! A row's newest values have to win, whichever of two requests comes first: cells of one time are told apart by their
//! bytes, which is no order. So rows of one key are merged in a chunk, or get times that are one microsecond apart; and
//! the next chunk's times are later. Where a chunk ends is a matter of the records alone, so that
//! a batch which comes again has the same times again.

use std::collections::HashMap;

use crate::layout::{Layout, Repeat};
use crate::row::Row;

/// A chunk has so many records at most, and about so many bytes of them. These are no options: a restart with other
/// ones would give other times.
const MOST_RECORDS: usize = 16_384;
const MOST_BYTES: usize = 4 << 20;

/// The most rows in a request; the protocol has two bytes for them.
const MOST_ROWS: usize = 10_000;

/// Rows with what tells them apart.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Rows, and how often their key was there before.
    rows: Vec<(i64, Row)>,
    /// The newest row of each key.
    newest: HashMap<Vec<u8>, usize>,
    records: usize,
    bytes: usize,
}

/// Rows of one partition and one time: a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bulk {
    /// The rows; one at least.
    pub rows: Vec<Row>,
    /// When they were written, in µs.
    pub timestamp: i64,
}

impl Chunk {
    /// Counts a record, which may have a row.
    pub fn push(&mut self, layout: &Layout, record: &[u8], row: Option<Row>) {
        self.records += 1;
        self.bytes += record.len();
        let Some(mut row) = row else { return };
        if layout.repeat == Repeat::Written {
            return self.rows.push((0, row));
        }
        let key = std::mem::take(&mut row.key);
        let mut repeat = 0;
        if let Some(place) = self.newest.get(&key) {
            let (times, older) = &mut self.rows[*place];
            if layout.repeat == Repeat::Merged {
                return older.take_newer(row);
            }
            repeat = *times + 1;
        }
        self.newest.insert(key, self.rows.len());
        self.rows.push((repeat, row));
    }

    /// Whether it is to be sent before there are more.
    pub fn is_full(&self) -> bool {
        self.records >= MOST_RECORDS || self.bytes >= MOST_BYTES
    }

    /// The requests of its rows, each of about so many bytes at most, in their order. Times begin with
    /// `timestamp`, which is then the next chunk's.
    pub fn take(&mut self, layout: &Layout, most_bytes: usize, timestamp: &mut i64) -> Vec<Bulk> {
        let Chunk { rows, .. } = std::mem::take(self);
        let begin = *timestamp;
        let mut bulks: Vec<Bulk> = Vec::new();
        let mut sizes: Vec<usize> = Vec::new();
        let mut open: HashMap<(i64, Vec<u8>), usize> = HashMap::new();
        for (repeat, mut row) in rows {
            *timestamp = (*timestamp).max(begin + repeat + 1);
            let bytes = row.values.len();
            let partition = std::mem::take(&mut row.partition);
            // Where the partition is not known each row is sent by itself.
            let is_known = !partition.is_empty() && !layout.is_alone;
            let place = open.get(&(repeat, partition.clone())).copied().filter(|place| {
                is_known && sizes[*place] + bytes <= most_bytes && bulks[*place].rows.len() < MOST_ROWS
            });
            match place {
                Some(place) => {
                    sizes[place] += bytes;
                    bulks[place].rows.push(row);
                }
                None => {
                    open.insert((repeat, partition), bulks.len());
                    sizes.push(bytes);
                    bulks.push(Bulk { rows: vec![row], timestamp: begin + repeat });
                }
            }
        }
        // A chunk without rows takes its time too: where the next ones begin depends on the records alone.
        *timestamp = (*timestamp).max(begin + 1);
        bulks
    }
}

impl Bulk {
    /// The first half and the second one.
    pub fn halves(mut self) -> (Bulk, Bulk) {
        let rows = self.rows.split_off(self.rows.len() / 2);
        let timestamp = self.timestamp;
        (self, Bulk { rows, timestamp })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Column;
    use crate::message::{Parameter, Prepared};
    use crate::row::Template;
    use crate::types::CqlType;
    use sstream::connect::BatchTime;

    fn prepared() -> Prepared {
        let parameter = |name: &str, kind| Parameter { name: name.to_owned(), kind };
        let parameters =
            vec![parameter("p", CqlType::Text), parameter("c", CqlType::TinyInt), parameter("v", CqlType::TinyInt)];
        Prepared { id: Vec::new(), table: None, parameters, partition: vec![0] }
    }

    fn columns() -> Vec<Column> {
        ["p", "c"].map(|name| Column { name: name.to_owned(), is_key: true, is_counter: false }).to_vec()
    }

    /// The partitions, times and rows of requests.
    fn sent(layout: &Layout, records: &[&str], most_bytes: usize) -> (Vec<(i64, Vec<String>)>, i64) {
        let mut template = Template { row: None, id: None, ids: String::new() };
        let (mut chunk, mut timestamp) = (Chunk::default(), 5000);
        for record in records {
            let row = template.make(layout, record.as_bytes(), BatchTime(5), 1).unwrap();
            chunk.push(layout, record.as_bytes(), row);
        }
        let bulks = chunk.take(layout, most_bytes, &mut timestamp);
        let shown = |row: &Row| String::from_utf8_lossy(row.records().last().unwrap()).into_owned();
        (bulks.iter().map(|bulk| (bulk.timestamp, bulk.rows.iter().map(shown).collect())).collect(), timestamp)
    }

    const RECORDS: &[&str] = &[
        r#"{"p":"a","c":1,"v":1}"#,
        r#"{"p":"b","c":1,"v":2}"#,
        r#"{"p":"a","c":2,"v":3}"#,
        r#"{"p":"a","c":1,"v":4}"#,
    ];

    fn owned(rows: &[usize]) -> Vec<String> {
        rows.iter().map(|row| RECORDS[*row].to_owned()).collect()
    }

    #[test]
    fn rows_of_a_partition_go_together_and_the_newest_wins() {
        let table = Layout::of_table(&prepared(), &columns(), false);
        assert_eq!(sent(&table, RECORDS, 1000), (vec![(5000, owned(&[3, 2])), (5000, owned(&[1]))], 5001));
        // A row has 15 bytes here.
        assert_eq!(sent(&table, RECORDS, 20).0, [(5000, owned(&[3])), (5000, owned(&[1])), (5000, owned(&[2]))]);
        // A statement may do anything with the values: each is sent, the newer one with a later time.
        let statement = Layout::of_statement(&prepared(), &columns(), false);
        assert_eq!(
            sent(&statement, RECORDS, 1000),
            (vec![(5000, owned(&[0, 2])), (5000, owned(&[1])), (5001, owned(&[3]))], 5002)
        );
        // Of the key no more is known than the partition.
        let unnamed = Layout::of_statement(&prepared(), &[], false);
        assert_eq!(
            sent(&unnamed, RECORDS, 1000),
            (vec![(5000, owned(&[0])), (5000, owned(&[1])), (5001, owned(&[2])), (5002, owned(&[3]))], 5003)
        );
        let alone = Layout::of_statement(&prepared(), &columns(), true);
        assert_eq!(sent(&alone, RECORDS, 1000).0.len(), 4);
    }

    #[test]
    fn nothing_of_a_partition_is_known() {
        let free = Prepared { partition: Vec::new(), ..prepared() };
        let layout = Layout::of_statement(&free, &[], false);
        assert_eq!(sent(&layout, &RECORDS[..2], 1000), (vec![(5000, owned(&[0])), (5001, owned(&[1]))], 5002));
    }

    #[test]
    fn a_chunk_is_full_by_its_records_alone() {
        let table = Layout::of_table(&prepared(), &columns(), false);
        let (mut chunk, mut timestamp) = (Chunk::default(), 0);
        (0..MOST_RECORDS).for_each(|_| chunk.push(&table, b"1", None));
        assert!(chunk.is_full() && chunk.take(&table, 1000, &mut timestamp).is_empty() && timestamp == 1);
        chunk.push(&table, &vec![b'1'; MOST_BYTES], None);
        assert!(chunk.is_full());
    }

    #[test]
    fn halves() {
        let row = |_| Row::default();
        let bulk = Bulk { rows: vec![row(1), row(2), row(3)], timestamp: 7 };
        let (first, second) = bulk.halves();
        assert_eq!((first.rows.len(), second.rows.len(), second.timestamp), (1, 2, 7));
    }
}
