//! One side of a join: its records by key and time, and when they are past all partners.

use std::collections::VecDeque;

use crate::event::EventTime;
use crate::op::expiry::Expiry;

/// A record that may still meet one of the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub time: EventTime,
    /// Its number in the order of arrival, over both sides.
    pub number: u64,
    /// The key as it was written, where that is not the normal form.
    pub written: Option<Box<[u8]>>,
    pub bytes: Box<[u8]>,
    /// Whether it has met one.
    pub has_met: bool,
}

/// The records of one side.
#[derive(Default)]
pub(super) struct Side {
    /// Of each key, by its index, in order of time and arrival.
    by_key: Vec<VecDeque<Record>>,
    /// When they are past all partners: the number, the key's index, the time.
    expiry: Expiry<(u64, u32, EventTime)>,
    len: usize,
    bytes: u64,
}

impl Side {
    /// Adds a record, which may meet others as long as the watermark is not after `over`.
    pub fn add(&mut self, key: usize, record: Record, over: EventTime) {
        self.expiry.push(over, (record.number, key as u32, record.time));
        if key >= self.by_key.len() {
            self.by_key.resize_with(key + 1, VecDeque::new);
        }
        self.len += 1;
        self.bytes += record.bytes.len() as u64;
        let records = &mut self.by_key[key];
        // They come mostly in order of time.
        let is_behind = |other: &&Record| (other.time, other.number) > (record.time, record.number);
        let behind = records.iter().rev().take_while(is_behind).count();
        records.insert(records.len() - behind, record);
    }

    /// The records of a key from one time to another, both included.
    pub fn between(&mut self, key: usize, from: EventTime, to: EventTime) -> impl Iterator<Item = &mut Record> {
        let records = self.by_key.get_mut(key);
        records.into_iter().flat_map(move |records| {
            let first = records.partition_point(|record| record.time < from);
            let end = records.partition_point(|record| record.time <= to);
            records.range_mut(first..end.max(first))
        })
    }

    /// Takes a record out that can meet none any more, with its key's index.
    pub fn pop_over(&mut self, watermark: EventTime) -> Option<(usize, Record)> {
        let (_, (number, key, time)) = self.expiry.pop_if(|over| over < watermark)?;
        let records = self.by_key.get_mut(key as usize)?;
        let at = records.binary_search_by_key(&(time, number), |record| (record.time, record.number)).ok()?;
        let record = records.remove(at)?;
        self.len -= 1;
        self.bytes -= record.bytes.len() as u64;
        if records.is_empty() {
            *records = VecDeque::new();
        }
        Some((key as usize, record))
    }

    /// The record of a key with this time and number, if it is here.
    pub fn find(&self, key: usize, time: EventTime, number: u64) -> Option<&Record> {
        let records = self.by_key.get(key)?;
        let at = records.binary_search_by_key(&(time, number), |record| (record.time, record.number)).ok()?;
        records.get(at)
    }

    /// The records of a key.
    pub fn of_key(&self, key: usize) -> impl Iterator<Item = &Record> {
        self.by_key.get(key).into_iter().flatten()
    }

    /// Whether a key has no record here.
    pub fn is_empty(&self, key: usize) -> bool {
        self.by_key.get(key).is_none_or(VecDeque::is_empty)
    }

    /// There is no key from this index on.
    pub fn truncate(&mut self, end: usize) {
        self.by_key.truncate(end);
    }

    /// The key with the index `order[i]` gets the index `i`; the others go.
    pub fn reorder(&mut self, order: &[u32]) {
        let mut before = std::mem::take(&mut self.by_key);
        let mut index_of = vec![u32::MAX; before.len()];
        for (index, from) in order.iter().enumerate() {
            self.by_key.push(before.get_mut(*from as usize).map(std::mem::take).unwrap_or_default());
            if let Some(place) = index_of.get_mut(*from as usize) {
                *place = index as u32;
            }
        }
        self.expiry.map(|(number, key, time)| (number, index_of.get(key as usize).copied().unwrap_or(u32::MAX), time));
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// About how many bytes they take.
    pub fn bytes(&self) -> u64 {
        self.bytes + (self.len * size_of::<Record>() + self.expiry.bytes()) as u64
    }
}
