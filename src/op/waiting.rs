//! Records until the watermark has passed them: they come in any order and go in order of time,
//! those of one time in order of arrival.
//!
//! What happened in the same [`SLOT_MS`] lies one record behind another, as it came, and is sorted
//! when it is wanted.

use std::collections::BTreeMap;

use super::saved::Bytes;
use crate::event::{EventTime, of_ordered, ordered};

/// Short beside most batches, so that a slot is mostly wanted whole.
const SLOT_MS: i64 = 64;

/// When a record happened, and its number in order of arrival.
pub type Place = (EventTime, u64);

/// A record that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiter<'w> {
    /// When its turn is.
    pub place: Place,
    /// Its key as it was written.
    pub key: &'w [u8],
    /// The record.
    pub record: &'w [u8],
}

impl<'w> Waiter<'w> {
    /// What a checkpoint keeps of it beside its place: the key's length, the key, the record.
    pub fn save(self) -> Vec<u8> {
        [&(self.key.len() as u32).to_le_bytes()[..], self.key, self.record].concat()
    }

    /// One that was saved; none if it was not.
    pub fn load(place: Place, saved: &'w [u8]) -> Option<Waiter<'w>> {
        let mut bytes = Bytes(saved);
        let key_length = bytes.u32()? as usize;
        let key = bytes.slice(key_length)?;
        Some(Waiter { place, key, record: bytes.0 })
    }
}

/// A place as a key in a checkpoint, behind a letter; these sort as places do.
pub fn place_key(letter: u8, (time, number): Place) -> Vec<u8> {
    [&[letter][..], &ordered(time).to_be_bytes(), &number.to_be_bytes()].concat()
}

/// The place of such a key without its letter; none if it is no such key.
pub fn read_place(key: &[u8]) -> Option<Place> {
    let (time, number) = key.split_first_chunk::<8>()?;
    Some((of_ordered(u64::from_be_bytes(*time)), u64::from_be_bytes(number.try_into().ok()?)))
}

/// The records that wait.
#[derive(Debug, Default)]
pub struct Waiting {
    slots: BTreeMap<i64, Slot>,
    len: usize,
    bytes: usize,
}

/// Records of one slot.
#[derive(Debug, Default)]
pub struct Slot {
    /// The key of each and then the record, in order of arrival.
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    is_unsorted: bool,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    place: Place,
    /// Where its key begins in the bytes of the slot.
    start: usize,
    key_length: usize,
    record_length: usize,
}

impl Entry {
    /// About how many bytes it takes.
    fn bytes(&self) -> usize {
        size_of::<Entry>() + self.key_length + self.record_length
    }
}

fn slot_of(time: EventTime) -> i64 {
    time.div_euclid(SLOT_MS)
}

impl Waiting {
    /// Lets a record wait.
    pub fn add(&mut self, waiter: Waiter<'_>) {
        let slot = self.slots.entry(slot_of(waiter.place.0)).or_default();
        self.bytes += slot.add(waiter);
        self.len += 1;
    }

    /// Takes the records of the first slot whose time is less than `before`, all of them without
    /// it: none once there are none of any slot.
    pub fn take(&mut self, before: Option<EventTime>) -> Option<Slot> {
        let mut first = self.slots.first_entry()?;
        let slot = first.get_mut();
        slot.sort();
        let count = slot.entries.partition_point(|entry| before.is_none_or(|before| entry.place.0 < before));
        if count == 0 {
            return None;
        }
        let taken = if count == slot.entries.len() { first.remove() } else { slot.split_off_first(count) };
        self.len -= count;
        self.bytes -= taken.entries.iter().map(Entry::bytes).sum::<usize>();
        Some(taken)
    }

    /// The record with this place, if it waits.
    pub fn find(&mut self, place: Place) -> Option<Waiter<'_>> {
        let slot = self.slots.get_mut(&slot_of(place.0))?;
        slot.sort();
        let at = slot.entries.binary_search_by_key(&place, |entry| entry.place).ok()?;
        Some(slot.waiter(&slot.entries[at]))
    }

    /// The records from a place on, in order.
    pub fn since(&mut self, place: Place) -> impl Iterator<Item = Waiter<'_>> {
        let slots = self.slots.range_mut(slot_of(place.0)..);
        let waiters = slots.flat_map(|(_, slot)| {
            slot.sort();
            slot.iter()
        });
        waiters.skip_while(move |waiter| waiter.place < place)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// About how many bytes that takes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Slot {
    /// Adds a record; how many bytes that takes.
    fn add(&mut self, Waiter { place, key, record }: Waiter<'_>) -> usize {
        let (start, key_length, record_length) = (self.bytes.len(), key.len(), record.len());
        self.is_unsorted |= self.entries.last().is_some_and(|last| last.place > place);
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(record);
        let entry = Entry { place, start, key_length, record_length };
        self.entries.push(entry);
        entry.bytes()
    }

    fn sort(&mut self) {
        if std::mem::take(&mut self.is_unsorted) {
            self.entries.sort_unstable_by_key(|entry| entry.place);
        }
    }

    /// The first so many records, which are in this slot no more; their bytes stay till it goes.
    fn split_off_first(&mut self, count: usize) -> Slot {
        let mut first = Slot::default();
        for waiter in self.iter().take(count) {
            first.add(waiter);
        }
        self.entries.drain(..count);
        first
    }

    /// The records, in order.
    pub fn iter(&self) -> impl Iterator<Item = Waiter<'_>> {
        self.entries.iter().map(|entry| self.waiter(entry))
    }

    fn waiter(&self, entry: &Entry) -> Waiter<'_> {
        let (key, rest) = self.bytes[entry.start..].split_at(entry.key_length);
        Waiter { place: entry.place, key, record: &rest[..entry.record_length] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn places(slot: Slot) -> Vec<Place> {
        slot.iter().map(|waiter| waiter.place).collect()
    }

    proptest! {
        #[test]
        fn they_go_in_order(
            batches in prop::collection::vec((prop::collection::vec(-200_i64..200, 0..20), -200_i64..200), 0..6),
        ) {
            let (mut waiting, mut number) = (Waiting::default(), 0);
            let mut want: Vec<Place> = Vec::new();
            for (times, before) in batches {
                for time in times {
                    number += 1;
                    let (key, record) = (time.to_string(), format!("[{time},{number}]"));
                    waiting.add(Waiter { place: (time, number), key: key.as_bytes(), record: record.as_bytes() });
                    want.push((time, number));
                }
                want.sort_unstable();
                let from = want.get(want.len() / 2).copied().unwrap_or_default();
                let since: Vec<Place> = waiting.since(from).map(|waiter| waiter.place).collect();
                prop_assert_eq!(&since[..], &want[want.partition_point(|place| *place < from)..]);
                for place in &want {
                    let (key, record) = (place.0.to_string(), format!("[{},{}]", place.0, place.1));
                    let wanted = Waiter { place: *place, key: key.as_bytes(), record: record.as_bytes() };
                    prop_assert_eq!(waiting.find(*place), Some(wanted));
                }
                let rest = want.split_off(want.partition_point(|(time, _)| *time < before));
                let taken: Vec<Place> = std::iter::from_fn(|| waiting.take(Some(before))).flat_map(places).collect();
                prop_assert_eq!(taken, std::mem::replace(&mut want, rest));
                prop_assert_eq!(waiting.len(), want.len());
            }
            let rest: Vec<Place> = std::iter::from_fn(|| waiting.take(None)).flat_map(places).collect();
            prop_assert_eq!(rest, want);
            prop_assert_eq!((waiting.len(), waiting.bytes()), (0, 0));
        }
    }
}
