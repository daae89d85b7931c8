//! The greatest records by a rank.

use super::error::AggError;
use super::saved::{push_bytes, push_number, take_bytes, take_number};
use crate::record::compare;
use std::cmp::Ordering;

/// A record and the value that it is ranked by, in one piece of memory.
#[derive(Clone)]
struct Entry {
    bytes: Box<[u8]>,
    /// Where the rank ends and the record begins; 0 if the record is the rank.
    rank_length: usize,
}

impl Entry {
    fn new(rank: &[u8], record: &[u8]) -> Entry {
        if rank == record {
            return Entry { bytes: record.into(), rank_length: 0 };
        }
        Entry { bytes: [rank, record].concat().into(), rank_length: rank.len() }
    }

    fn rank(&self) -> &[u8] {
        if self.rank_length == 0 { &self.bytes } else { &self.bytes[..self.rank_length] }
    }

    fn record(&self) -> &[u8] {
        &self.bytes[self.rank_length..]
    }
}

/// Keeps up to twice the records that are asked for and throws the lesser half
/// out when it is full, so that a record costs one comparison in most cases and
/// the same on average however many are asked for.
#[derive(Clone, Default)]
pub(super) struct Top {
    /// Among equals in the order in which they came.
    entries: Vec<Entry>,
    /// Whether `entries[limit - 1]` was the least of the greatest at the last
    /// throwing out: what is not greater has no chance.
    is_pruned: bool,
}

fn greatest_first(a: &Entry, b: &Entry) -> Ordering {
    compare(b.rank(), a.rank())
}

impl Top {
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn add(&mut self, rank: &[u8], record: &[u8], limit: usize) {
        if self.is_pruned
            && let Some(least) = self.entries.get(limit - 1)
            && compare(rank, least.rank()).is_le()
        {
            return;
        }
        self.entries.push(Entry::new(rank, record));
        if self.entries.len() >= limit.saturating_mul(2).max(16) {
            // A stable sort: of equals the first stay first.
            self.entries.sort_by(greatest_first);
            self.entries.truncate(limit);
            self.is_pruned = true;
        }
    }

    pub fn merge(&mut self, later: &Top, limit: usize) {
        for entry in &later.entries {
            self.add(entry.rank(), entry.record(), limit);
        }
    }

    /// The greatest records, greatest first; of equals the first.
    pub fn records(&self, limit: usize) -> impl Iterator<Item = &[u8]> {
        self.sorted(limit).into_iter().map(Entry::record)
    }

    fn sorted(&self, limit: usize) -> Vec<&Entry> {
        let mut sorted: Vec<_> = self.entries.iter().collect();
        sorted.sort_by(|a, b| greatest_first(a, b));
        sorted.truncate(limit);
        sorted
    }

    /// The number of records, then of each the rank (empty if it is the record
    /// itself) and the record as bytes, greatest first.
    pub fn save(&self, limit: usize, out: &mut Vec<u8>) {
        let sorted = self.sorted(limit);
        push_number(sorted.len() as u64, out);
        for entry in sorted {
            push_bytes(&entry.bytes[..entry.rank_length], out);
            push_bytes(entry.record(), out);
        }
    }

    pub fn load(limit: usize, input: &mut &[u8]) -> Result<Top, AggError> {
        let mut loaded = Top::default();
        for _ in 0..take_number(input)? {
            let rank = take_bytes(input)?;
            let record = take_bytes(input)?;
            loaded.add(if rank.is_empty() { record } else { rank }, record, limit);
        }
        Ok(loaded)
    }
}
