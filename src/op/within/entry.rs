//! What a store has of a key: all that waits of it, under the key in normal form, which begins with no letter of what a
//! checkpoint [has](super::saved) of records, or under one of the record's own, if its key is null:
//!
//! ```text
//! last     8 bytes, big-endian: when the last record is past all partners, or after that
//! records  of each 1 byte, of which the lowest bit is the side and the next whether it has met one; number: its number;
//!          8 bytes, big-endian: its time; bytes: the key as it was written, or none if that is the normal form; bytes: the
//!          record
//! ```

use super::side::Record;
use super::{IntervalJoin, LEFT, NULL, RIGHT};
use crate::agg::saved::{push_bytes, push_number, take_bytes, take_number};
use crate::event::EventTime;

/// The key, in normal form, of records that are under a key of a store.
pub(super) fn key_of(key: &[u8]) -> &[u8] {
    if key.starts_with(NULL) { NULL } else { key }
}

/// A record that waits, in an entry.
pub(super) struct Waits<'e> {
    pub side: usize,
    pub number: u64,
    pub time: EventTime,
    pub has_met: bool,
    /// The key as it was written; no bytes if that is the normal form.
    pub written: &'e [u8],
    pub bytes: &'e [u8],
}

/// When the last record of an entry is past all partners, or after that.
pub(super) fn last_of(entry: &[u8]) -> EventTime {
    entry.first_chunk().map_or(EventTime::MAX, |last| EventTime::from_be_bytes(*last))
}

/// Gives the records of an entry; none if it is no such entry.
pub(super) fn each(entry: &[u8], give: &mut dyn FnMut(Waits<'_>)) -> Option<()> {
    let (_, mut rest) = entry.split_first_chunk::<{ size_of::<EventTime>() }>()?;
    while let Some((&flags, behind)) = rest.split_first() {
        rest = behind;
        let number = take_number(&mut rest).ok()?;
        let (time, behind) = rest.split_first_chunk()?;
        rest = behind;
        let (written, bytes) = (take_bytes(&mut rest).ok()?, take_bytes(&mut rest).ok()?);
        let (side, has_met) = (usize::from(flags & 1), flags & 2 > 0);
        give(Waits { side, number, time: EventTime::from_be_bytes(*time), has_met, written, bytes });
    }
    Some(())
}

impl IntervalJoin {
    /// Makes the entry of a key, of which nothing is over before `least`. When a record comes out of it alone, if one may.
    pub(super) fn write_entry(&self, key: usize, least: EventTime, entry: &mut Vec<u8>) -> Option<EventTime> {
        entry.clear();
        entry.extend_from_slice(&least.to_be_bytes());
        let (mut last, mut alone) = (least, None);
        for side in [LEFT, RIGHT] {
            for record in self.sides[side].of_key(key) {
                entry.push(side as u8 | u8::from(record.has_met) << 1);
                push_number(record.number, entry);
                entry.extend_from_slice(&record.time.to_be_bytes());
                push_bytes(record.written.as_deref().unwrap_or_default(), entry);
                push_bytes(&record.bytes, entry);
                last = last.max(self.over_at(side, record.time));
                alone = least_of(alone, self.alone_at(side, record.time, record.has_met));
            }
        }
        entry[..size_of::<EventTime>()].copy_from_slice(&last.to_be_bytes());
        alone
    }

    /// When a record comes out alone if it meets no other, if it may.
    pub(super) fn alone_at(&self, side: usize, time: EventTime, has_met: bool) -> Option<EventTime> {
        (self.kind.gives_alone(side) && !has_met).then(|| self.over_at(side, time))
    }

    /// Takes what an entry of a key has, but for what is gone; none if it is no such entry.
    pub(super) fn put_entry(
        &mut self,
        key: &[u8],
        entry: &[u8],
        is_gone: impl Fn(&Self, &Waits<'_>) -> bool,
    ) -> Option<()> {
        each(entry, &mut |waits| {
            if is_gone(self, &waits) {
                return;
            }
            let Waits { side, number, time, has_met, written, bytes } = waits;
            let written = (!written.is_empty()).then(|| written.into());
            self.put(side, key, Record { time, number, written, bytes: bytes.into(), has_met });
        })
    }

    /// Takes a record of a key, in normal form, that waits. Of one that is here already, whether it has met one.
    pub(super) fn put(&mut self, side: usize, key: &[u8], record: Record) {
        let (index, is_new) = self.keys.insert_normal(key);
        if let Some(here) = self.sides[side].find_mut(index, record.time, record.number) {
            here.has_met |= record.has_met;
            return;
        }
        if !is_new && self.is_idle(index) {
            self.idle -= 1;
        }
        let over = self.over_at(side, record.time);
        self.sides[side].add(index, record, over);
    }
}

/// The lesser of two times, of which there may be none.
pub(super) fn least_of(one: Option<EventTime>, two: Option<EventTime>) -> Option<EventTime> {
    one.into_iter().chain(two).min()
}
