//! What a checkpoint keeps of a join's records.
//!
//! | key | value |
//! |---|---|
//! | `h` | how many records have come, the newest batch, the watermark, the sides' |
//! | `l` number, `r` number | a left or right record: its time, whether it has met one, the key's length, the key, the record |
//!
//! Numbers are little-endian, but those in keys, which are big-endian. A record is written when it
//! comes, when it first meets one, and when it goes.

use std::collections::BTreeMap;
use std::io;

use super::side::{Record, Side};
use super::{IntervalJoin, LEFT, RIGHT};
use crate::event::EventTime;
use crate::frame::BatchTime;
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::OpError;
use crate::op::durable::Durable;

const LETTERS: [u8; 2] = [b'l', b'r'];

/// What a checkpoint has not seen yet.
#[derive(Default)]
pub(super) struct Journal {
    /// By their numbers: the key's index, which stays as it is meanwhile, and the time.
    changed: [BTreeMap<u64, (usize, EventTime)>; 2],
    /// While entries are loaded: each record with its key.
    loading: [BTreeMap<u64, Saved>; 2],
    /// The key with which the next slice begins.
    slice_at: usize,
}

/// A record with its key.
struct Saved {
    time: EventTime,
    has_met: bool,
    key: Box<[u8]>,
    bytes: Box<[u8]>,
}

impl Journal {
    /// A record has come, met one, or gone.
    pub fn changed(&mut self, side: usize, number: u64, key: usize, time: EventTime) {
        self.changed[side].insert(number, (key, time));
    }
}

fn entry_key(side: usize, number: u64) -> Vec<u8> {
    [&[LETTERS[side]][..], &number.to_be_bytes()].concat()
}

fn read_record(value: &[u8]) -> Option<Saved> {
    let (time, value) = value.split_first_chunk()?;
    let (&has_met, value) = value.split_first()?;
    let (length, value) = value.split_first_chunk()?;
    let (key, bytes) = value.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let time = EventTime::from_le_bytes(*time);
    Some(Saved { time, has_met: has_met == 1, key: key.into(), bytes: bytes.into() })
}

impl IntervalJoin {
    fn header(&self) -> Vec<u8> {
        let watermark = self.watermark.unwrap_or(EventTime::MIN);
        let mut value = [self.arrivals.to_le_bytes(), self.newest.0.to_le_bytes(), watermark.to_le_bytes()].concat();
        for timing in &self.timings {
            let mut saved = Vec::new();
            timing.watermarks.save(&mut saved);
            value.push(saved.len() as u8);
            value.extend_from_slice(&saved);
        }
        value
    }

    fn load_header(&mut self, value: &[u8]) -> Option<()> {
        let (arrivals, value) = value.split_first_chunk()?;
        let (newest, value) = value.split_first_chunk()?;
        let (watermark, mut value) = value.split_first_chunk()?;
        self.arrivals = u64::from_le_bytes(*arrivals);
        self.newest = BatchTime(u64::from_le_bytes(*newest));
        self.watermark = Some(EventTime::from_le_bytes(*watermark)).filter(|watermark| *watermark != EventTime::MIN);
        for timing in &mut self.timings {
            let (&length, rest) = value.split_first()?;
            let (saved, rest) = rest.split_at_checked(length.into())?;
            timing.watermarks.load(saved).then_some(())?;
            value = rest;
        }
        value.is_empty().then_some(())
    }

    fn value_of(&self, key: usize, record: &Record) -> Vec<u8> {
        let key = record.written.as_deref().unwrap_or_else(|| self.keys.normal(key));
        let mut value = record.time.to_le_bytes().to_vec();
        value.push(record.has_met.into());
        value.extend_from_slice(&(key.len() as u32).to_le_bytes());
        value.extend_from_slice(key);
        value.extend_from_slice(&record.bytes);
        value
    }

    fn load_entry(&mut self, key: &[u8], entry: Option<&[u8]>) -> Option<()> {
        let (letter, number) = key.split_first()?;
        if let (b'h', Some(value)) = (letter, entry) {
            return self.load_header(value);
        }
        let side = LETTERS.iter().position(|side| side == letter)?;
        let number = u64::from_be_bytes(number.try_into().ok()?);
        let loading = &mut self.journal.as_mut()?.loading[side];
        match entry {
            Some(value) => drop(loading.insert(number, read_record(value)?)),
            None => drop(loading.remove(&number)),
        }
        Some(())
    }
}

impl KeyedState for IntervalJoin {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        let header = self.header();
        let Some(journal) = &mut self.journal else { return Ok(()) };
        out(b"h", Some(&header));
        let changed = std::mem::take(&mut journal.changed);
        for (side, changed) in changed.into_iter().enumerate() {
            for (number, (key, time)) in changed {
                let value = self.sides[side].find(key, time, number).map(|record| self.value_of(key, record));
                out(&entry_key(side, number), value.as_deref());
            }
        }
        // A slice that is under way begins anew where indexes change: it gives some once more.
        if self.is_sparse()
            && let Some(journal) = &mut self.journal
        {
            journal.slice_at = 0;
        }
        self.compact();
        Ok(())
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        let header = self.header();
        let Some(journal) = &self.journal else { return true };
        let mut key = if from_start { 0 } else { journal.slice_at };
        if from_start {
            out(b"h", Some(&header));
        }
        let mut given = 0;
        while key < self.keys.end() && given < bytes {
            for side in [LEFT, RIGHT] {
                for record in self.sides[side].of_key(key) {
                    let value = self.value_of(key, record);
                    given += value.len();
                    out(&entry_key(side, record.number), Some(&value));
                }
            }
            key += 1;
        }
        if let Some(journal) = &mut self.journal {
            journal.slice_at = key;
        }
        key >= self.keys.end()
    }

    fn live_bytes(&self) -> u64 {
        self.sides.iter().map(Side::bytes).sum()
    }
}

impl Durable for IntervalJoin {
    fn track(&mut self, _is_restored: bool) {
        self.journal = Some(Journal::default());
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        self.load_entry(key, entry).ok_or_else(|| OpError::Damaged { what: "an entry is none of a join".to_owned() })
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        let Some(journal) = self.journal.replace(Journal::default()) else { return Ok(()) };
        for (side, records) in journal.loading.into_iter().enumerate() {
            for (number, Saved { time, has_met, key, bytes }) in records {
                let (index, _) = self.keys.insert(&key);
                let written = (self.keys.normal(index) != &key[..]).then_some(key);
                let over = self.over_at(side, time);
                self.sides[side].add(index, Record { time, number, written, bytes, has_met }, over);
            }
        }
        Ok(())
    }
}
