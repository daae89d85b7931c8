//! One side of a join: its records by key and time, and when they are past all partners.

use std::collections::VecDeque;

use crate::event::EventTime;
use crate::op::due::Due;

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
    /// When they are past all partners.
    due: Due<Waiting>,
    len: usize,
    bytes: u64,
    /// How many records there is room for.
    room: usize,
}

/// A record that waits for partners.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    /// The last watermark at which it may meet one.
    pub over: EventTime,
    /// Its number.
    pub number: u64,
    time: EventTime,
    /// Its key's index.
    pub key: u32,
}

/// What a record's bytes take beyond what they are, about.
const ALLOCATION: usize = 16;

/// What a key's records may take though it has none.
const FEW_RECORDS: usize = 8;

impl Side {
    /// Adds a record, which may meet others as long as the watermark is not after `over`.
    pub fn add(&mut self, key: usize, record: Record, over: EventTime) {
        self.due.push(over, Waiting { over, number: record.number, time: record.time, key: key as u32 });
        if key >= self.by_key.len() {
            self.by_key.resize_with(key + 1, VecDeque::new);
        }
        self.len += 1;
        self.bytes += record.bytes.len() as u64;
        let records = &mut self.by_key[key];
        // They come mostly in order of time.
        let is_behind = |other: &&Record| (other.time, other.number) > (record.time, record.number);
        let behind = records.iter().rev().take_while(is_behind).count();
        let room = records.capacity();
        records.insert(records.len() - behind, record);
        self.room += records.capacity() - room;
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

    /// The records that can meet none any more, in any order: each is to be [taken](Side::take).
    pub fn over(&mut self, watermark: EventTime) -> Vec<Waiting> {
        let mut over = Vec::new();
        self.due.reach(watermark.saturating_sub(1), |waiting| waiting.over, |waiting| over.push(waiting));
        over
    }

    /// Takes a record out.
    pub fn take(&mut self, waiting: Waiting) -> Option<Record> {
        let records = self.by_key.get_mut(waiting.key as usize)?;
        let is_it = |record: &Record| (record.time, record.number) == (waiting.time, waiting.number);
        // The oldest goes first, mostly.
        let record = if records.front().is_some_and(is_it) {
            records.pop_front()?
        } else {
            let by = |record: &Record| (record.time, record.number);
            records.remove(records.binary_search_by_key(&(waiting.time, waiting.number), by).ok()?)?
        };
        self.len -= 1;
        self.bytes -= record.bytes.len() as u64;
        if records.is_empty() && records.capacity() > FEW_RECORDS {
            self.room -= records.capacity();
            *records = VecDeque::new();
        }
        Some(record)
    }

    /// The record of a key with this time and number, if it is here.
    pub fn find(&self, key: usize, time: EventTime, number: u64) -> Option<&Record> {
        let records = self.by_key.get(key)?;
        let at = records.binary_search_by_key(&(time, number), |record| (record.time, record.number)).ok()?;
        records.get(at)
    }

    /// The same, to be changed.
    pub fn find_mut(&mut self, key: usize, time: EventTime, number: u64) -> Option<&mut Record> {
        let records = self.by_key.get_mut(key)?;
        let at = records.binary_search_by_key(&(time, number), |record| (record.time, record.number)).ok()?;
        records.get_mut(at)
    }

    /// The records of a key.
    pub fn of_key(&self, key: usize) -> impl Iterator<Item = &Record> {
        self.by_key.get(key).into_iter().flatten()
    }

    /// Whether a key has no record here.
    pub fn is_empty(&self, key: usize) -> bool {
        self.by_key.get(key).is_none_or(VecDeque::is_empty)
    }

    /// Reads something of a key's records, so that they are in the caches. What is returned means
    /// nothing.
    pub fn fetch(&self, key: usize) -> u64 {
        let records = self.by_key.get(key);
        records.and_then(VecDeque::back).map_or(0, |record| record.number)
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
        self.room = self.by_key.iter().map(VecDeque::capacity).sum();
        self.due.map(|waiting| {
            let key = index_of.get(waiting.key as usize).copied().unwrap_or(u32::MAX);
            Waiting { key, ..waiting }
        });
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// About how many bytes they have.
    pub fn bytes(&self) -> u64 {
        self.bytes + (self.len * size_of::<Record>() + self.due.bytes()) as u64
    }

    /// About how many bytes of memory they take.
    pub fn memory(&self) -> u64 {
        let of_keys = self.by_key.capacity() * size_of::<VecDeque<Record>>();
        let of_records = self.room * size_of::<Record>() + self.len * ALLOCATION;
        self.bytes + (of_keys + of_records + self.due.bytes() / 2 * 3) as u64
    }
}
