//! Different records in order of first appearance.

use super::error::AggError;
use super::saved::{push_bytes, push_number, take_bytes, take_number};
use crate::record::key::normal_key_in;
use crate::record::normal_key;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::sync::LazyLock;

/// Up to this many records no hash table is built: accumulators by the million
/// mostly hold a few.
const MAX_UNHASHED: usize = 8;

/// The records lie one behind another with commas between, as in the array that
/// they are written as. They are compared as keys, by meaning.
#[derive(Clone, Default)]
pub(super) struct DistinctRecords {
    joined: Vec<u8>,
    ends: Vec<usize>,
    /// Indexes of records, by the hash of their normal form.
    table: HashTable<usize>,
}

/// One for the process, as a random state in each table would cost memory. It
/// is random so that nobody can prepare records that all collide.
static RANDOM_STATE: LazyLock<RandomState> = LazyLock::new(RandomState::default);

fn hash(normal: &[u8]) -> u64 {
    RANDOM_STATE.hash_one(normal)
}

fn record<'a>(joined: &'a [u8], ends: &[usize], index: usize) -> &'a [u8] {
    let start = if index == 0 { 0 } else { ends[index - 1] + 1 };
    &joined[start..ends[index]]
}

impl DistinctRecords {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|index| record(&self.joined, &self.ends, index))
    }

    /// Adds a record unless it is there already, and says whether it was new.
    /// `buffer` is for its normal form.
    pub fn add(&mut self, new: &[u8], buffer: &mut Vec<u8>) -> bool {
        let normal = normal_key_in(new, buffer);
        let DistinctRecords { joined, ends, table } = self;
        let normal_of = |index: usize| normal_key(record(joined, ends, index));
        if table.is_empty() {
            if (0..ends.len()).any(|index| *normal_of(index) == *normal) {
                return false;
            }
            if ends.len() == MAX_UNHASHED {
                for index in 0..ends.len() {
                    table.insert_unique(hash(&normal_of(index)), index, |&index| hash(&normal_of(index)));
                }
            }
        } else if table.find(hash(normal), |&index| *normal_of(index) == *normal).is_some() {
            return false;
        }
        if ends.len() >= MAX_UNHASHED {
            table.insert_unique(hash(normal), ends.len(), |&index| hash(&normal_of(index)));
        }
        if !ends.is_empty() {
            joined.push(b',');
        }
        joined.extend_from_slice(new);
        ends.push(joined.len());
        true
    }

    pub fn merge(&mut self, later: &DistinctRecords, buffer: &mut Vec<u8>) {
        for record in later.iter() {
            self.add(record, buffer);
        }
    }

    /// Appends the records as an array.
    pub fn push(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        out.extend_from_slice(&self.joined);
        out.push(b']');
    }

    /// The number of records, then each as bytes.
    pub fn save(&self, out: &mut Vec<u8>) {
        push_number(self.len() as u64, out);
        for record in self.iter() {
            push_bytes(record, out);
        }
    }

    pub fn load(input: &mut &[u8]) -> Result<DistinctRecords, AggError> {
        let mut loaded = DistinctRecords::default();
        let mut buffer = Vec::new();
        for _ in 0..take_number(input)? {
            if !loaded.add(take_bytes(input)?, &mut buffer) {
                return Err(AggError::Damaged);
            }
        }
        Ok(loaded)
    }
}
