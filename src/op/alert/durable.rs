//! What a checkpoint keeps of alerts.
//!
//! | key | value |
//! |---|---|
//! | `h` | how many records have waited; the watermark |
//! | `w` time, number | a record that waits for the watermark |
//! | `k` key | the key's length, the key as it was written, the state of its condition, the time of that, the newest record's, whether it is absent, the record that the condition began with |
//!
//! Numbers are little-endian, but for those in keys, which sort as bytes.

use std::collections::BTreeMap;
use std::io;

use super::Alert;
use super::watched::{Condition, Entry};
use crate::event::EventTime;
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::OpError;
use crate::op::durable::Durable;
use crate::op::grouping::NO_KEY;
use crate::op::saved::Bytes;
use crate::op::waiting::{Place, Waiter, place_key, read_place};

/// What has changed since the state was last saved, beside keys.
#[derive(Debug, Default)]
pub(super) struct Journal {
    pub waiting: Vec<Place>,
    /// While entries are loaded: the records that wait, as they are saved.
    loading: BTreeMap<Place, Box<[u8]>>,
    /// The last key of the newest slice.
    slice: Vec<u8>,
}

impl Entry {
    fn save(&self) -> Vec<u8> {
        let (tag, since, record) = match &self.condition {
            Condition::Calm => (0, 0, &[][..]),
            Condition::Held { since, record } => (1, *since, &**record),
            Condition::Raised { since } => (2, *since, &[][..]),
        };
        let mut saved = (self.written.len() as u32).to_le_bytes().to_vec();
        saved.extend_from_slice(&self.written);
        saved.push(tag);
        saved.extend_from_slice(&since.to_le_bytes());
        saved.extend_from_slice(&self.last.to_le_bytes());
        saved.push(self.is_absent.into());
        saved.extend_from_slice(record);
        saved
    }

    fn load(saved: &[u8]) -> Option<Entry> {
        let mut bytes = Bytes(saved);
        let length = bytes.u32()? as usize;
        let written = bytes.slice(length)?;
        let ([tag], since, last) = (bytes.take::<1>()?, bytes.i64()?, bytes.i64()?);
        let mut entry = Entry::new(written, last);
        entry.is_absent = match bytes.take::<1>()? {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        entry.condition = match tag {
            0 => Condition::Calm,
            1 => Condition::Held { since, record: bytes.0.into() },
            2 => Condition::Raised { since },
            _ => return None,
        };
        Some(entry)
    }

    /// Writes it as a record for people.
    pub(super) fn show(&self, buffer: &mut Vec<u8>) {
        let (condition, since) = match &self.condition {
            Condition::Calm => ("calm", None),
            Condition::Held { since, .. } => ("held", Some(since)),
            Condition::Raised { since } => ("raised", Some(since)),
        };
        buffer.push(b'{');
        if *self.written != *NO_KEY {
            buffer.extend_from_slice(&[b"\"key\":", &self.written[..], b","].concat());
        }
        let since = since.map_or_else(String::new, |since| format!(",\"since\":{since}"));
        let (last, is_absent) = (self.last, self.is_absent);
        let rest = format!(r#""when":"{condition}"{since},"last":{last},"absent":{is_absent}}}"#);
        buffer.extend_from_slice(rest.as_bytes());
    }
}

fn damaged() -> OpError {
    OpError::Damaged { what: "an entry is none of alerts".to_owned() }
}

impl Alert {
    fn header(&self) -> Vec<u8> {
        let mut value = self.arrived.to_le_bytes().to_vec();
        if let Some(timing) = &self.timing {
            timing.watermarks.save(&mut value);
        }
        value
    }

    /// Takes an entry, or takes it out; `None` if it is none of such a state.
    fn take_entry(&mut self, key: &[u8], entry: Option<&[u8]>) -> Option<()> {
        let (letter, key) = key.split_first()?;
        match (letter, entry) {
            (b'h', Some(value)) => {
                let mut bytes = Bytes(value);
                self.arrived = bytes.u64()?;
                match &mut self.timing {
                    Some(timing) => timing.watermarks.load(bytes.0).then_some(())?,
                    None => bytes.0.is_empty().then_some(())?,
                }
            }
            (b'w', value) => {
                let loading = &mut self.journal.as_mut()?.loading;
                match value {
                    Some(value) => drop(loading.insert(read_place(key)?, value.into())),
                    None => drop(loading.remove(&read_place(key)?)),
                }
            }
            (b'k', value) => {
                let entry = match value {
                    Some(value) => Some(Entry::load(value)?),
                    None => None,
                };
                self.watched.set(key, entry, &self.times);
            }
            _ => return None,
        }
        Some(())
    }
}

impl KeyedState for Alert {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        let header = self.header();
        let Some(journal) = &mut self.journal else { return Ok(()) };
        out(b"h", Some(&header));
        let mut waiting = std::mem::take(&mut journal.waiting);
        waiting.sort_unstable();
        waiting.dedup();
        for place in waiting {
            let value = self.waiting.find(place).map(Waiter::save);
            out(&place_key(b'w', place), value.as_deref());
        }
        for key in self.changes.take_touched() {
            out(&[b"k", &*key].concat(), self.watched.get(&key).map(Entry::save).as_deref());
        }
        Ok(())
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        let header = self.header();
        let Some(journal) = &mut self.journal else { return true };
        let mut last = if from_start { Vec::new() } else { std::mem::take(&mut journal.slice) };
        let mut given = 0;
        let mut give = |key: Vec<u8>, value: &[u8]| {
            given += key.len() + value.len();
            out(&key, Some(value));
            journal.slice = key;
            given < bytes
        };
        if from_start {
            give(b"h".to_vec(), &header);
        }
        if last.first() != Some(&b'k') {
            let place = last.get(1..).and_then(read_place);
            let since = place.map_or((EventTime::MIN, 0), |(time, number)| (time, number + 1));
            for waiter in self.waiting.since(since) {
                if !give(place_key(b'w', waiter.place), &waiter.save()) {
                    return false;
                }
            }
            last = b"k".to_vec();
        } else {
            // The least key after the last.
            last.push(0);
        }
        for (key, entry) in self.watched.since(&last[1..]) {
            if !give([b"k", key].concat(), &entry.save()) {
                return false;
            }
        }
        true
    }

    fn live_bytes(&self) -> u64 {
        self.held().bytes
    }
}

impl Durable for Alert {
    fn track(&mut self, _is_restored: bool) {
        self.journal = Some(Journal::default());
        self.changes.track();
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        self.take_entry(key, entry).ok_or_else(damaged)
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        let loading = self.journal.replace(Journal::default()).unwrap_or_default().loading;
        for (place, value) in loading {
            self.waiting.add(Waiter::load(place, &value).ok_or_else(damaged)?);
        }
        Ok(())
    }
}
