//! What a checkpoint keeps of the ways that are open.
//!
//! | key | value |
//! |---|---|
//! | `h` | how many records were taken and have arrived, the newest batch; the watermark |
//! | `w` time, number | a record that waits for the watermark: the key's length, the key, the record |
//! | `r` number | a record that ways have taken: time, number, the record |
//! | `l` number | a link: the one before plus one, the record, the place |
//! | `k` key | the key as it was written, and its beginnings |
//!
//! All numbers are little-endian, but for times and numbers in keys, which sort as bytes. A record
//! and a link are written once, however long ways become.

use std::collections::{BTreeMap, HashSet};
use std::io;

use super::Sequences;
use super::buffer::{Link, Taken};
use super::matcher::{Run, Runs, Way};
use crate::event::EventTime;
use crate::frame::BatchTime;
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::OpError;
use crate::op::durable::Durable;
use crate::op::saved::Bytes;
use crate::op::waiting::{Place, Waiter, place_key, read_place};

/// What has changed since the state was last saved.
#[derive(Default)]
pub(super) struct Changes {
    waiting: Vec<Place>,
    keys: HashSet<Box<[u8]>>,
    /// While entries are loaded: the records that wait, as they are saved.
    loading: BTreeMap<Place, Box<[u8]>>,
    /// Where the newest slice ended.
    slice: Vec<u8>,
}

impl Changes {
    /// A record begins to wait, or does so no longer.
    pub fn waiting(&mut self, place: Place) {
        self.waiting.push(place);
    }

    /// Keys have other indexes: a slice that is under way gives some once more.
    pub fn keys_moved(&mut self) {
        if self.slice.first() == Some(&b'k') {
            self.slice.truncate(1);
        }
    }

    /// A key has other beginnings.
    pub fn key(&mut self, normal: &[u8]) {
        if !self.keys.contains(normal) {
            self.keys.insert(normal.into());
        }
    }
}

fn numbered(letter: u8, id: u32) -> Vec<u8> {
    [&[letter][..], &id.to_be_bytes()].concat()
}

fn record_value(record: &Taken) -> Vec<u8> {
    [&record.time.to_le_bytes()[..], &record.number.to_le_bytes(), &record.bytes].concat()
}

fn link_value(link: Link) -> Vec<u8> {
    [link.before.map_or(0, |before| before + 1), link.record, link.place].map(u32::to_le_bytes).concat()
}

fn runs_value(written: &[u8], runs: &Runs) -> Vec<u8> {
    let mut value = (written.len() as u32).to_le_bytes().to_vec();
    value.extend_from_slice(written);
    for run in runs {
        value.extend_from_slice(&run.start.to_le_bytes());
        value.extend_from_slice(&run.number.to_le_bytes());
        let (best, end) = run.best.map_or((0, 0), |(best, end)| (best + 1, end));
        value.extend_from_slice(&best.to_le_bytes());
        value.extend_from_slice(&end.to_le_bytes());
        value.extend_from_slice(&(run.ways.len() as u32).to_le_bytes());
        for way in &run.ways {
            value.extend_from_slice(&way.last.to_le_bytes());
            value.extend_from_slice(&way.open.to_le_bytes());
            value.push(way.is_fresh.into());
        }
    }
    value
}

fn read_runs(value: &[u8]) -> Option<(&[u8], Runs)> {
    let mut bytes = Bytes(value);
    let length = bytes.u32()? as usize;
    let written = bytes.slice(length)?;
    let mut runs = Runs::new();
    while !bytes.0.is_empty() {
        let (start, number) = (bytes.i64()?, bytes.u64()?);
        let (best, end) = (bytes.u32()?, bytes.i64()?);
        let count = bytes.u32()?;
        let mut ways = Vec::new();
        for _ in 0..count {
            let (last, open) = (bytes.u32()?, bytes.u64()?);
            ways.push(Way { last, open, is_fresh: bytes.take::<1>()? == [1] });
        }
        runs.push_back(Run { start, number, ways, best: best.checked_sub(1).map(|best| (best, end)) });
    }
    Some((written, runs))
}

fn damaged() -> OpError {
    OpError::Damaged { what: "an entry is none of open matches".to_owned() }
}

impl Sequences {
    fn header(&self) -> Vec<u8> {
        let mut value: Vec<u8> = [self.taken, self.arrived, self.newest.0].map(u64::to_le_bytes).concat();
        if let Some(timing) = &self.timing {
            timing.watermarks.save(&mut value);
        }
        value
    }

    /// Takes an entry, or takes it out; `None` if it is none of such a state.
    fn take_entry(&mut self, key: &[u8], entry: Option<&[u8]>) -> Option<()> {
        let (letter, key) = key.split_first()?;
        let id = || Some(u32::from_be_bytes(key.try_into().ok()?));
        match (letter, entry) {
            (b'h', Some(value)) => {
                let mut bytes = Bytes(value);
                (self.taken, self.arrived) = (bytes.u64()?, bytes.u64()?);
                self.newest = BatchTime(bytes.u64()?);
                match &mut self.timing {
                    Some(timing) => timing.watermarks.load(bytes.0).then_some(())?,
                    None => bytes.0.is_empty().then_some(())?,
                }
            }
            (b'w', value) => {
                let place = read_place(key)?;
                let loading = &mut self.changes.as_mut()?.loading;
                match value {
                    Some(value) => drop(loading.insert(place, value.into())),
                    None => drop(loading.remove(&place)),
                }
            }
            (b'r', value) => {
                let record = match value.map(Bytes) {
                    None => None,
                    Some(mut bytes) => Some(Taken { time: bytes.i64()?, number: bytes.u64()?, bytes: bytes.0.into() }),
                };
                self.matcher.buffer.load_record(id()?, record);
            }
            (b'l', value) => {
                let link = match value.map(Bytes) {
                    None => None,
                    Some(mut bytes) => {
                        let before = bytes.u32()?.checked_sub(1);
                        let (record, place) = (bytes.u32()?, bytes.u32()?);
                        ((place as usize) < self.matcher.rules.automaton.places.len()).then_some(())?;
                        Some(Link { before, record, place })
                    }
                };
                self.matcher.buffer.load_link(id()?, link);
            }
            (b'k', Some(value)) => {
                let (written, runs) = read_runs(value)?;
                if let Some(index) = self.keys.find(key) {
                    self.keys.runs_mut(index).clear();
                }
                let index = self.keys.insert(written);
                *self.keys.runs_mut(index) = runs;
            }
            (b'k', None) => {
                if let Some(index) = self.keys.find(key) {
                    self.keys.runs_mut(index).clear();
                    self.keys.note_idle(index);
                }
            }
            _ => return None,
        }
        Some(())
    }
}

impl KeyedState for Sequences {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        let header = self.header();
        let Some(changes) = &mut self.changes else { return Ok(()) };
        let (mut waiting, keys) = (std::mem::take(&mut changes.waiting), std::mem::take(&mut changes.keys));
        let buffer = &mut self.matcher.buffer;
        let (records, links) = (buffer.changed_records(), buffer.changed_links());
        out(b"h", Some(&header));
        waiting.sort_unstable();
        waiting.dedup();
        for place in waiting {
            let value = self.waiting.find(place).map(Waiter::save);
            out(&place_key(b'w', place), value.as_deref());
        }
        for id in records {
            out(&numbered(b'r', id), buffer.find_record(id).map(record_value).as_deref());
        }
        for id in links {
            out(&numbered(b'l', id), buffer.find_link(id).map(link_value).as_deref());
        }
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.sort_unstable();
        for key in keys {
            let open = |index: &usize| !self.keys.runs(*index).is_empty();
            let index = self.keys.find(&key).filter(open);
            let value = index.map(|index| runs_value(self.keys.written(index), self.keys.runs(index)));
            out(&[&b"k"[..], &key].concat(), value.as_deref());
        }
        Ok(())
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        let header = self.header();
        let Some(changes) = &mut self.changes else { return true };
        // Where the last slice ended: a kind of entry, and the number or place behind it.
        let (mut kind, mut place) = match (from_start, changes.slice.split_first()) {
            (false, Some((kind, place))) => (*kind, place.to_vec()),
            _ => (b'w', Vec::new()),
        };
        let mut given = 0;
        let mut give = |key: &[u8], value: &[u8]| {
            given += key.len() + value.len();
            out(key, Some(value));
            given < bytes
        };
        if from_start {
            give(b"h", &header);
        }
        let buffer = &self.matcher.buffer;
        let number = |place: &[u8]| place.try_into().map_or(0, u32::from_be_bytes);
        let mut has_room = true;
        if kind == b'w' {
            let since = read_place(&place).map_or((EventTime::MIN, 0), |(time, number)| (time, number + 1));
            for waiter in self.waiting.since(since) {
                let key = place_key(b'w', waiter.place);
                has_room = give(&key, &waiter.save());
                place = key[1..].to_vec();
                if !has_room {
                    break;
                }
            }
            if has_room {
                (kind, place) = (b'r', Vec::new());
            }
        }
        for (letter, next, end) in [(b'r', b'l', buffer.ends().0), (b'l', b'k', buffer.ends().1)] {
            if kind != letter || !has_room {
                continue;
            }
            for id in number(&place)..end {
                let value = if letter == b'r' {
                    buffer.find_record(id).map(record_value)
                } else {
                    buffer.find_link(id).map(link_value)
                };
                place = (id + 1).to_be_bytes().to_vec();
                if let Some(value) = value
                    && !give(&numbered(letter, id), &value)
                {
                    has_room = false;
                    break;
                }
            }
            if has_room {
                (kind, place) = (next, Vec::new());
            }
        }
        let mut is_done = false;
        if kind == b'k' && has_room {
            is_done = true;
            for index in number(&place) as usize..self.keys.end() {
                let runs = self.keys.runs(index);
                place = (index as u32 + 1).to_be_bytes().to_vec();
                let key = || [&b"k"[..], self.keys.normal(index)].concat();
                if !runs.is_empty() && !give(&key(), &runs_value(self.keys.written(index), runs)) {
                    is_done = false;
                    break;
                }
            }
        }
        changes.slice = [&[kind][..], &place].concat();
        is_done
    }

    fn live_bytes(&self) -> u64 {
        self.held().bytes
    }
}

impl Durable for Sequences {
    fn track(&mut self, _is_restored: bool) {
        self.changes = Some(Changes::default());
        self.matcher.buffer.track();
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        self.take_entry(key, entry).ok_or_else(damaged)
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        let Sequences { matcher, keys, waiting, changes, .. } = self;
        let loading = changes.replace(Changes::default()).unwrap_or_default().loading;
        for (place, value) in loading {
            let waiter = Waiter::load(place, &value).ok_or_else(damaged)?;
            waiting.add(waiter);
        }
        let held = keys.open().flat_map(|(_, runs)| runs).flat_map(|run| {
            let best = run.best.map(|(best, _)| best);
            run.ways.iter().map(|way| way.last).chain(best)
        });
        if !matcher.buffer.finish_load(held) {
            return Err(OpError::Damaged { what: "a match refers to a record that is not there".to_owned() });
        }
        keys.remove_idle();
        keys.set_deadlines();
        // What was loaded counts as saved.
        matcher.buffer.track();
        Ok(())
    }
}
