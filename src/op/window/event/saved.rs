//! What a checkpoint keeps of windows that are open.
//!
//! | key | value |
//! |---|---|
//! | `h` | version, how many values have come, the next key's number, the newest batch; the watermark |
//! | `k` key | the key's number; the key as it was written, if that is not its normal form |
//! | `p` pane, key | the least time of the pane's records, the partial result |
//! | `s` key | its sessions |
//!
//! Numbers are little-endian, but that of a pane, which is big-endian. A batch writes the panes and
//! keys that it changed. What is shared between one window and the next is made anew.

use std::collections::BTreeSet;
use std::io;

use super::panes::{Making, Pane};
use super::sessions::Sessions;
use super::{EventWindow, NEVER, Windows};
use crate::frame::BatchTime;
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::OpError;
use crate::op::durable::Durable;
use crate::op::window::damaged;

const VERSION: u8 = 2;

/// What a checkpoint has not seen yet. Keys are by index, which stay as they are while there is
/// anything.
#[derive(Default)]
pub(super) struct Journal {
    keys: BTreeSet<u32>,
    panes: Vec<(u32, i64)>,
    sessions: BTreeSet<u32>,
    /// Entries that are gone.
    dropped: Vec<Vec<u8>>,
    /// The number of the key with which the next slice begins.
    slice_at: u64,
}

impl Journal {
    /// A key is new.
    pub fn key(&mut self, index: usize) {
        self.keys.insert(index as u32);
    }

    /// A pane has changed, the first time since it was saved.
    pub fn pane(&mut self, index: usize, number: i64) {
        self.panes.push((index as u32, number));
    }

    /// A key has other sessions.
    pub fn sessions(&mut self, index: usize) {
        self.sessions.insert(index as u32);
    }

    /// A key goes.
    pub fn dropped_key(&mut self, normal: &[u8]) {
        self.dropped.push([b"k", normal].concat());
        self.dropped.push([b"s", normal].concat());
    }

    /// A pane goes.
    pub fn dropped_pane(&mut self, normal: &[u8], pane: &Pane) {
        if pane.is_saved {
            self.dropped.push(pane_key(pane.number, normal));
        }
    }

    /// Whether there is anything to be saved.
    pub fn has_changes(&self) -> bool {
        !(self.keys.is_empty() && self.panes.is_empty() && self.sessions.is_empty() && self.dropped.is_empty())
    }
}

fn pane_key(number: i64, normal: &[u8]) -> Vec<u8> {
    [&b"p"[..], &number.to_be_bytes(), normal].concat()
}

impl EventWindow {
    fn header(&self) -> Vec<u8> {
        let mut value = vec![VERSION];
        for number in [self.arrivals, self.next_sequence, self.newest.0] {
            value.extend_from_slice(&number.to_le_bytes());
        }
        if let Some(timing) = &self.timing {
            timing.watermarks.save(&mut value);
        }
        value
    }

    fn load_header(&mut self, value: &[u8]) -> Option<()> {
        let (&version, value) = value.split_first()?;
        (version == VERSION).then_some(())?;
        let (numbers, watermark) = value.split_at_checked(24)?;
        let mut numbers = numbers.chunks(8).filter_map(|number| Some(u64::from_le_bytes(number.try_into().ok()?)));
        (self.arrivals, self.next_sequence) = (numbers.next()?, numbers.next()?);
        self.newest = BatchTime(numbers.next()?);
        match &mut self.timing {
            Some(timing) => timing.watermarks.load(watermark).then_some(()),
            None => watermark.is_empty().then_some(()),
        }
    }

    fn key_value(&self, index: usize) -> Vec<u8> {
        let (normal, written) = (self.keys.normal(index), self.keys.written(index));
        let written = if written == normal { &[][..] } else { written };
        [&self.states[index].sequence.to_le_bytes()[..], written].concat()
    }

    fn sessions_value(&mut self, index: usize) -> Vec<u8> {
        let mut value = Vec::new();
        let making = Making { aggregator: &mut self.aggregator, listing: self.listing };
        self.states[index].sessions.save(&making, &mut value);
        value
    }

    /// Gives all entries of a key; how many bytes they are.
    fn give_key(&mut self, index: usize, out: &mut PairOut<'_>) -> usize {
        let mut bytes = 0;
        let mut give = |key: &[u8], value: &[u8]| {
            bytes += key.len() + value.len();
            out(key, Some(value));
        };
        let normal = self.keys.normal(index).to_vec();
        give(&[b"k", &normal[..]].concat(), &self.key_value(index));
        if matches!(self.windows, Windows::Sessions { .. }) {
            let value = self.sessions_value(index);
            give(&[b"s", &normal[..]].concat(), &value);
        }
        for pane in &mut self.states[index].panes.panes {
            let mut value = Vec::new();
            pane.save(&self.aggregator, &mut value);
            pane.is_saved = true;
            give(&pane_key(pane.number, &normal), &value);
        }
        bytes
    }

    /// The index of a key that is loaded, which may be a new one.
    fn loaded_key(&mut self, normal: &[u8]) -> usize {
        let (index, is_new) = self.keys.insert(normal);
        if is_new {
            self.states.truncate(index);
            let (panes, sessions) = Default::default();
            self.states.push(super::KeyState { panes, sessions, next: NEVER, sequence: u64::MAX });
        }
        index
    }

    fn load_entry(&mut self, key: &[u8], entry: Option<&[u8]>) -> Option<()> {
        let (letter, key) = key.split_first()?;
        match (letter, entry) {
            (b'h', Some(value)) => self.load_header(value)?,
            (b'k', Some(value)) => {
                let (sequence, written) = value.split_first_chunk()?;
                let index = self.loaded_key(key);
                self.keys.rewrite(index, if written.is_empty() { key } else { written });
                self.states[index].sequence = u64::from_le_bytes(*sequence);
            }
            (b'k', None) => {
                if let Some(index) = self.keys.find_normal(key) {
                    self.keys.remove(index);
                    self.states.truncate(self.keys.end());
                    if let Some(state) = self.states.get_mut(index) {
                        (state.panes, state.sessions) = Default::default();
                    }
                }
            }
            (b'p', value) => {
                let (number, key) = key.split_first_chunk()?;
                let number = i64::from_be_bytes(*number);
                match value {
                    Some(value) => {
                        let index = self.loaded_key(key);
                        let making = Making { aggregator: &mut self.aggregator, listing: self.listing };
                        let pane = self.states[index].panes.pane(number, &making);
                        pane.load(&making, value)?;
                        pane.is_saved = true;
                    }
                    None => {
                        if let Some(index) = self.keys.find_normal(key) {
                            self.states[index].panes.remove(number);
                        }
                    }
                }
            }
            (b's', Some(value)) => {
                let making = Making { aggregator: &mut self.aggregator, listing: self.listing };
                let sessions = Sessions::load(&making, value)?;
                let index = self.loaded_key(key);
                self.states[index].sessions = sessions;
            }
            (b's', None) => {}
            _ => return None,
        }
        Some(())
    }
}

impl KeyedState for EventWindow {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        let header = self.header();
        let Some(journal) = &mut self.journal else { return Ok(()) };
        out(b"h", Some(&header));
        let Journal { keys, panes, sessions, dropped, .. } = std::mem::take(journal);
        // A key that has gone and come again is new, so what has gone goes first.
        dropped.iter().for_each(|key| out(key, None));
        for index in keys.into_iter().map(|index| index as usize).filter(|index| self.keys.contains(*index)) {
            out(&[b"k", self.keys.normal(index)].concat(), Some(&self.key_value(index)));
        }
        for index in sessions.into_iter().map(|index| index as usize) {
            if self.keys.contains(index) {
                let value = self.sessions_value(index);
                out(&[b"s", self.keys.normal(index)].concat(), Some(&value));
            }
        }
        let mut value = Vec::new();
        for (index, number) in panes {
            let Some(state) = self.states.get_mut(index as usize) else { continue };
            let at = state.panes.panes.binary_search_by_key(&number, |pane| pane.number);
            if let Ok(at) = at
                && self.keys.contains(index as usize)
            {
                let pane = &mut state.panes.panes[at];
                (pane.is_changed, pane.is_saved) = (false, true);
                value.clear();
                pane.save(&self.aggregator, &mut value);
                out(&pane_key(number, self.keys.normal(index as usize)), Some(&value));
            }
        }
        self.compact();
        Ok(())
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        let header = self.header();
        let Some(journal) = &mut self.journal else { return true };
        let slice_at = if from_start { 0 } else { journal.slice_at };
        if from_start {
            out(b"h", Some(&header));
        }
        let mut given = 0;
        // Numbers rise with the index, but for gaps, which keep theirs.
        let mut index = self.states.partition_point(|state| state.sequence < slice_at);
        while index < self.states.len() && given < bytes {
            if self.keys.contains(index) {
                given += self.give_key(index, out);
            }
            index += 1;
        }
        let next = self.states.get(index).map_or(self.next_sequence, |state| state.sequence);
        if let Some(journal) = &mut self.journal {
            journal.slice_at = next;
        }
        index >= self.states.len()
    }

    fn live_bytes(&self) -> u64 {
        self.keys.key_bytes() as u64 + self.keys.len() as u64 * 16 + self.panes * 32
    }
}

impl Durable for EventWindow {
    fn track(&mut self, _is_restored: bool) {
        self.journal = Some(Journal::default());
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        self.load_entry(key, entry).ok_or_else(|| damaged("an entry is none of windows of event time"))
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        let mut order: Vec<u32> = self.keys.indexes().map(|index| index as u32).collect();
        if order.iter().any(|index| self.states[*index as usize].sequence == u64::MAX) {
            return Err(damaged("a pane's key is missing"));
        }
        order.sort_unstable_by_key(|index| self.states[*index as usize].sequence);
        self.keys.reorder(&order);
        self.reorder_states(&order);
        self.panes = self.states.iter().map(|state| state.panes.panes.len() as u64).sum();
        let watermark = self.watermark();
        if let Windows::Paned(layout) = &self.windows {
            self.first_open = watermark.filter(|_| self.emit != super::Emit::All).map(|time| layout.first_open(time));
        }
        for index in 0..self.states.len() {
            let first_open = self.first_open.unwrap_or(i64::MIN);
            let state = &mut self.states[index];
            state.next = match &self.windows {
                Windows::Sessions { .. } => state.sessions.next_end().unwrap_or(NEVER),
                Windows::Paned(layout) => {
                    let windows = state.panes.panes.front().and_then(|pane| layout.windows(pane.number));
                    windows.map_or(NEVER, |(first, last)| match self.emit {
                        super::Emit::Closed => first.max(first_open),
                        _ => last,
                    })
                }
            };
        }
        if self.emit != super::Emit::All {
            self.schedule_anew();
        }
        self.journal = Some(Journal::default());
        Ok(())
    }
}
