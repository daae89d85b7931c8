//! What a checkpoint keeps of a join's records.
//!
//! | key | value |
//! |---|---|
//! | `h` | how many records have come, the newest batch, the watermark, the sides'; how many had come when all came out at the end of the streams, if it did |
//! | `l` number, `r` number | a left or right record: its time, whether it has met one, the key's length, the key, the record |
//! | others | an [entry](super::entry) of all that waits of a key |
//!
//! Numbers are little-endian, but those in keys, which are big-endian. A record is written when it
//! comes, when it first meets one, and when it goes.

use std::collections::BTreeMap;
use std::io;

use super::entry::{self, Waits};
use super::side::{Record, Side};
use super::{IntervalJoin, LEFT, NULL, RIGHT, apart};
use crate::event::EventTime;
use crate::frame::BatchTime;
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::OpError;
use crate::op::durable::Durable;
use crate::record::normal_key;

const LETTERS: [u8; 2] = [b'l', b'r'];

pub(super) const HEADER: &[u8] = b"h";

/// What is taken of memory for a record that has changed, about.
const CHANGED: usize = 48;

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
pub(super) struct Saved {
    pub time: EventTime,
    pub has_met: bool,
    pub key: Box<[u8]>,
    pub bytes: Box<[u8]>,
}

impl Saved {
    /// The record, of this number, and its key in normal form: one of its own if that is null and those are apart.
    pub fn record(self, number: u64, are_nulls_apart: bool) -> (Vec<u8>, Record) {
        let Saved { time, has_met, key, bytes } = self;
        let normal = if are_nulls_apart && &key[..] == NULL { apart(number) } else { normal_key(&key).to_vec() };
        let written = (normal != key[..]).then_some(key);
        (normal, Record { time, number, written, bytes, has_met })
    }
}

impl Journal {
    /// A record has come, met one, or gone.
    pub fn changed(&mut self, side: usize, number: u64, key: usize, time: EventTime) {
        self.changed[side].insert(number, (key, time));
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.changed.iter().map(BTreeMap::len).sum::<usize>() * CHANGED
    }
}

fn entry_key(side: usize, number: u64) -> Vec<u8> {
    [&[LETTERS[side]][..], &number.to_be_bytes()].concat()
}

/// The key, in any form, of records that were saved; none for others, and for one that has gone.
pub(super) fn key_of<'a>(key: &'a [u8], entry: Option<&'a [u8]>) -> Option<&'a [u8]> {
    match place_of(key) {
        Some(_) => parts(entry?).map(|(.., key, _)| key),
        None => (key != HEADER).then(|| entry::key_of(key)),
    }
}

/// The side and the number of the record that an entry is of, if it is of one.
pub(super) fn place_of(key: &[u8]) -> Option<(usize, u64)> {
    let (letter, number) = key.split_first()?;
    let side = LETTERS.iter().position(|side| side == letter)?;
    Some((side, u64::from_be_bytes(number.try_into().ok()?)))
}

/// Time, whether it has met one, key, record.
fn parts(value: &[u8]) -> Option<(EventTime, u8, &[u8], &[u8])> {
    let (time, value) = value.split_first_chunk()?;
    let (&has_met, value) = value.split_first()?;
    let (length, value) = value.split_first_chunk()?;
    let (key, bytes) = value.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some((EventTime::from_le_bytes(*time), has_met, key, bytes))
}

pub(super) fn read_record(value: &[u8]) -> Option<Saved> {
    let (time, has_met, key, bytes) = parts(value)?;
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
        if self.gone > 0 {
            value.extend_from_slice(&self.gone.to_le_bytes());
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
        self.gone = if value.is_empty() { 0 } else { u64::from_le_bytes(value.try_into().ok()?) };
        Some(())
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
        if let (HEADER, Some(value)) = (key, entry) {
            return self.load_header(value);
        }
        let loading = &mut self.journal.as_mut()?.loading;
        match (place_of(key), entry) {
            (Some((side, number)), Some(value)) => drop(loading[side].insert(number, read_record(value)?)),
            (Some((side, number)), None) => drop(loading[side].remove(&number)),
            // Of a store, as it is with `--memory`.
            (None, entry) => entry::each(entry?, &mut |Waits { side, number, time, has_met, written, bytes }| {
                let key = if written.is_empty() { key } else { written };
                loading[side].insert(number, Saved { time, has_met, key: key.into(), bytes: bytes.into() });
            })?,
        }
        Some(())
    }

    /// Whether a record of those that were saved by then waits no more: the watermark has passed it, or it came out at the end
    /// of the streams.
    pub(super) fn is_gone(&self, side: usize, number: u64, time: EventTime, passed: Option<EventTime>) -> bool {
        number <= self.gone || passed.is_some_and(|passed| self.over_at(side, time) < passed)
    }
}

impl KeyedState for IntervalJoin {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        if std::mem::take(&mut self.is_over) {
            self.gone = self.arrivals;
        }
        let header = self.header();
        let Some(journal) = &mut self.journal else { return Ok(()) };
        out(HEADER, Some(&header));
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
            out(HEADER, Some(&header));
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
            for (number, saved) in records {
                if !self.is_gone(side, number, saved.time, self.watermark) {
                    let (key, record) = saved.record(number, self.are_nulls_apart);
                    self.put(side, &key, record);
                }
            }
        }
        Ok(())
    }
}
