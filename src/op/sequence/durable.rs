//! What a checkpoint keeps of the ways that are open.
//!
//! | key | value |
//! |---|---|
//! | `h` | how many records had come when all came out at the end of the stream, if it did; how many have come; the newest batch; the watermark |
//! | `w` time, number | a record that waits for the watermark: the key's length, the key, the record |
//! | `r` number | a record that ways have taken: time, number, the record |
//! | `l` number | a link: the one before plus one, the record, the place |
//! | `k` key | the key as it was written, and its beginnings |
//! | others | what a store [has](super::entry) of a key or a record |
//!
//! All numbers are little-endian, but for times and numbers in keys, which sort as bytes. A record
//! and a link are written once, however long ways become.

use std::collections::{BTreeMap, HashSet};
use std::io;

use super::Sequences;
use super::buffer::Buffer;
use super::entry::{self, Stored};
use super::keys::Keys;
use super::saved::{damaged, link_value, read_link, read_record, read_runs, record_value, runs_value};
use crate::event::EventTime;
use crate::frame::{BatchTime, Watermark};
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::OpError;
use crate::op::durable::Durable;
use crate::op::saved::Bytes;
use crate::op::waiting::{Place, Waiter, place_key, read_place};

/// Of the first number of the header: checkpoints that do not have it counted something else there.
const COUNTS_GONE: u64 = 1 << 63;

/// What keys begin with that no store has.
const LETTERS: &[u8] = b"hwrlkW";

/// What has changed since the state was last saved.
#[derive(Default)]
pub(super) struct Changes {
    waiting: Vec<Place>,
    keys: HashSet<Box<[u8]>>,
    key_bytes: usize,
    /// While entries are loaded: of keys of which none came later, what a store had, and what it had of records that waited.
    stored: BTreeMap<Box<[u8]>, Box<[u8]>>,
    waited: BTreeMap<Place, Box<[u8]>>,
    /// While entries are loaded: the records that wait, as they are saved.
    loading: BTreeMap<Place, Box<[u8]>>,
    /// Where the newest slice ended.
    slice: Vec<u8>,
}

impl Changes {
    /// Records that waited are elsewhere.
    pub fn none_waits(&mut self) {
        self.waiting.clear();
    }

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
            self.key_bytes += normal.len();
        }
    }

    /// About how many bytes it takes.
    fn bytes(&self) -> usize {
        self.waiting.len() * size_of::<Place>() + self.keys.capacity() * size_of::<Box<[u8]>>() + self.key_bytes
    }
}

fn numbered(letter: u8, id: u32) -> Vec<u8> {
    [&[letter][..], &id.to_be_bytes()].concat()
}

impl Sequences {
    fn header(&self) -> Vec<u8> {
        let mut value: Vec<u8> = [self.gone | COUNTS_GONE, self.arrived, self.newest.0].map(u64::to_le_bytes).concat();
        if let Some(timing) = &self.timing {
            timing.watermarks.save(&mut value);
        }
        value
    }

    /// Takes an entry, or takes it out; `None` if it is none of such a state.
    fn take_entry(&mut self, key: &[u8], entry: Option<&[u8]>) -> Option<()> {
        let Some((letter, key)) = key.split_first().filter(|(letter, _)| LETTERS.contains(letter)) else {
            let stored = &mut self.changes.as_mut()?.stored;
            match entry {
                Some(entry) => drop(stored.insert(key.into(), entry.into())),
                None => drop(stored.remove(key)),
            }
            return Some(());
        };
        let id = || Some(u32::from_be_bytes(key.try_into().ok()?));
        match (letter, entry) {
            (b'h', Some(value)) => {
                let mut bytes = Bytes(value);
                let gone = bytes.u64()?;
                self.gone = if gone & COUNTS_GONE > 0 { gone ^ COUNTS_GONE } else { 0 };
                self.arrived = bytes.u64()?;
                self.newest = BatchTime(bytes.u64()?);
                match &mut self.timing {
                    Some(timing) => timing.watermarks.load(bytes.0).then_some(())?,
                    None => bytes.0.is_empty().then_some(())?,
                }
            }
            (b'w', value) => {
                let place = read_place(key)?;
                let changes = self.changes.as_mut()?;
                match value {
                    Some(value) => drop(changes.loading.insert(place, value.into())),
                    None => drop(changes.loading.remove(&place)),
                }
            }
            (&entry::WAITING, Some(value)) => {
                let Stored::Waits(_, value) = Stored::of(value)? else { return None };
                self.changes.as_mut()?.waited.insert(read_place(key)?, value.into());
            }
            (b'r', value) => {
                let record = match value {
                    None => None,
                    Some(value) => Some(read_record(value)?),
                };
                self.matcher.buffer.load_record(id()?, record);
            }
            (b'l', value) => {
                let link = match value {
                    None => None,
                    Some(value) => Some(read_link(&mut Bytes(value), self.matcher.rules.automaton.places.len())?),
                };
                self.matcher.buffer.load_link(id()?, link);
            }
            (b'k', value) => {
                self.changes.as_mut()?.stored.remove(key);
                self.take_runs(key, value)?;
            }
            _ => return None,
        }
        Some(())
    }

    /// Takes what is open of a key.
    fn take_runs(&mut self, key: &[u8], entry: Option<&[u8]>) -> Option<()> {
        match entry {
            Some(value) => {
                let (written, runs) = read_runs(value)?;
                if let Some(index) = self.keys.find(key) {
                    self.keys.runs_mut(index).clear();
                }
                let index = self.keys.insert(written);
                *self.keys.runs_mut(index) = runs;
                self.keys.measure(index);
            }
            None => {
                if let Some(index) = self.keys.find(key) {
                    self.keys.runs_mut(index).clear();
                    self.keys.note_idle(index);
                }
            }
        }
        Some(())
    }

    /// Whether a record that a store has waits no longer.
    pub(super) fn has_passed(&self, (time, number): Place) -> bool {
        let passed = self.timing.as_ref().and_then(|timing| timing.watermarks.current());
        number <= self.gone || passed.is_some_and(|Watermark(passed)| time < passed)
    }

    /// Nothing is open any more, or it is elsewhere.
    pub(super) fn let_go(&mut self) {
        self.keys = Keys::new(self.matcher.rules.within_ms);
        self.matcher.buffer = Buffer::default();
        if let Some(changes) = &mut self.changes {
            (changes.keys, changes.key_bytes) = Default::default();
            self.matcher.buffer.track();
        }
    }

    /// About how many bytes a checkpoint has not seen yet.
    pub(super) fn bytes_changed(&self) -> usize {
        self.changes.as_ref().map_or(0, Changes::bytes)
    }
}

impl KeyedState for Sequences {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        let header = self.header();
        let Some(changes) = &mut self.changes else { return Ok(()) };
        let (mut waiting, keys) = (std::mem::take(&mut changes.waiting), std::mem::take(&mut changes.keys));
        changes.key_bytes = 0;
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
        let Changes { loading, stored, waited, .. } = changes.replace(Changes::default()).unwrap_or_default();
        for (place, value) in &loading {
            waiting.add(Waiter::load(*place, value).ok_or_else(damaged)?);
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
        // What was loaded counts as saved, but for what a store had: links have other numbers here.
        self.track(true);
        for (place, value) in waited {
            if !self.has_passed(place) && !loading.contains_key(&place) {
                self.wait(Waiter::load(place, &value).ok_or_else(damaged)?);
            }
        }
        stored.iter().try_for_each(|(key, entry)| self.put_entry(key, entry).map(drop).ok_or_else(damaged))
    }
}
