//! What a store has of a key: all that is open of it. It is under the key in normal form, which begins with no letter of what
//! a checkpoint [has](super::durable) of the same.
//!
//! ```text
//! kind     1 byte: 0
//! due      8 bytes, big-endian: when its first beginning is over, as [`ordered`]
//! number   of the records that were taken
//! taken    bytes: as a checkpoint has a record
//! links    number: how many; of each what a checkpoint has of a link, by numbers of this entry
//! open     what a checkpoint has of a key that something is open of
//! ```
//!
//! And of a record that waits, under `W` and its place:
//!
//! ```text
//! kind     1 byte: 1
//! time     8 bytes, big-endian: its own, as [`ordered`]
//! rest     what a checkpoint has of such a record
//! ```

use std::collections::HashMap;

use super::Sequences;
use super::buffer::{Buffer, Link, LinkId, RecordId};
use super::matcher::{Run, Runs, Way};
use super::saved::{link_value, read_link, read_record, read_runs, record_value, runs_value};
use crate::agg::saved::{push_bytes, push_number, take_bytes, take_number};
use crate::event::{EventTime, of_ordered, ordered};
use crate::op::saved::Bytes;
use crate::op::waiting::Waiter;

/// The letter of records that wait.
pub(super) const WAITING: u8 = b'W';

const OF_OPEN: u8 = 0;
const OF_WAITING: u8 = 1;

/// An entry, of whichever kind.
pub(super) enum Stored<'e> {
    /// What is open of a key.
    Open(Summary, &'e [u8]),
    /// A record that waits: its time and what a checkpoint has of it.
    Waits(EventTime, &'e [u8]),
}

/// What an entry of a key tells of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    /// When its first beginning is over, as [`ordered`]; if it is not before the end, a number that is not the greatest.
    pub due: u64,
    /// How many records were taken.
    pub taken: u64,
}

impl Stored<'_> {
    /// Reads the beginning of an entry.
    pub fn of(entry: &[u8]) -> Option<Stored<'_>> {
        let (&kind, rest) = entry.split_first()?;
        let (number, mut rest) = rest.split_first_chunk()?;
        let number = u64::from_be_bytes(*number);
        match kind {
            OF_OPEN => {
                let taken = take_number(&mut rest).ok()?;
                Some(Stored::Open(Summary { due: number, taken }, rest))
            }
            OF_WAITING => Some(Stored::Waits(of_ordered(number), rest)),
            _ => None,
        }
    }
}

/// Makes the entry of a record that waits.
pub(super) fn waiting_entry(waiter: Waiter<'_>) -> Vec<u8> {
    [&[OF_WAITING][..], &ordered(waiter.place.0).to_be_bytes(), &waiter.save()].concat()
}

/// What ways have taken, by numbers in the order in which it is needed.
#[derive(Default)]
struct Chains {
    links: Vec<Link>,
    records: Vec<RecordId>,
    link_numbers: HashMap<LinkId, u32>,
    record_numbers: HashMap<RecordId, u32>,
}

impl Chains {
    /// The number of a link; those before it have lesser ones.
    fn link(&mut self, id: LinkId, buffer: &Buffer) -> u32 {
        let (mut new, mut next, mut before) = (Vec::new(), Some(id), None);
        while let Some(at) = next {
            before = self.link_numbers.get(&at).copied();
            if before.is_some() {
                break;
            }
            new.push(at);
            next = buffer.link(at).before;
        }
        for at in new.into_iter().rev() {
            let Link { record, place, .. } = buffer.link(at);
            let records = &mut self.records;
            let record = *self.record_numbers.entry(record).or_insert_with(|| {
                records.push(record);
                records.len() as u32 - 1
            });
            let number = self.links.len() as u32;
            self.links.push(Link { before, record, place });
            self.link_numbers.insert(at, number);
            before = Some(number);
        }
        before.unwrap_or_default()
    }
}

/// The same beginnings with other links.
fn with_links(runs: &Runs, mut link: impl FnMut(LinkId) -> Option<LinkId>) -> Option<Runs> {
    let run = |run: &Run| {
        let ways = run.ways.iter().map(|way| Some(Way { last: link(way.last)?, ..*way })).collect::<Option<_>>()?;
        let best = match run.best {
            Some((best, end)) => Some((link(best)?, end)),
            None => None,
        };
        Some(Run { ways, best, ..*run })
    };
    runs.iter().map(run).collect()
}

impl Sequences {
    /// Makes the entry of a key that something is open of.
    pub(super) fn write_entry(&self, index: usize, entry: &mut Vec<u8>) -> Summary {
        let buffer = &self.matcher.buffer;
        let mut chains = Chains::default();
        let runs = with_links(self.keys.runs(index), |link| Some(chains.link(link, buffer))).unwrap_or_default();
        let due = self.keys.first_over(index).map_or(u64::MAX - 1, |over| ordered(over).min(u64::MAX - 1));
        let summary = Summary { due, taken: chains.records.len() as u64 };
        entry.clear();
        entry.push(OF_OPEN);
        entry.extend_from_slice(&due.to_be_bytes());
        push_number(summary.taken, entry);
        for &record in &chains.records {
            push_bytes(&record_value(buffer.record(record)), entry);
        }
        push_number(chains.links.len() as u64, entry);
        chains.links.iter().for_each(|link| entry.extend_from_slice(&link_value(*link)));
        entry.extend_from_slice(&runs_value(self.keys.written(index), &runs));
        summary
    }

    /// Takes all that an entry of a key has; none if it is no such entry.
    pub(super) fn put_entry(&mut self, normal: &[u8], entry: &[u8]) -> Option<Summary> {
        let Stored::Open(summary, mut rest) = Stored::of(entry)? else { return None };
        let entry = &mut rest;
        let (mut records, mut links) = (Vec::new(), Vec::new());
        for _ in 0..summary.taken {
            records.push(self.matcher.buffer.add_record(read_record(take_bytes(entry).ok()?)?));
        }
        let count = take_number(entry).ok()?;
        let mut bytes = Bytes(entry);
        for _ in 0..count {
            let link = read_link(&mut bytes, self.matcher.rules.automaton.places.len())?;
            let before = match link.before {
                Some(before) => Some(*links.get(before as usize)?),
                None => None,
            };
            let record = *records.get(link.record as usize)?;
            links.push(self.matcher.buffer.add_link(Link { before, record, ..link }));
        }
        let (written, runs) = read_runs(bytes.0)?;
        let buffer = &mut self.matcher.buffer;
        let runs = with_links(&runs, |link| {
            let id = *links.get(link as usize)?;
            buffer.hold(id);
            Some(id)
        });
        let index = self.keys.insert(written);
        *self.keys.runs_mut(index) = runs?;
        self.keys.have_begun(index);
        // They are held by what is open now.
        links.into_iter().for_each(|link| self.matcher.buffer.release(link));
        records.into_iter().for_each(|record| self.matcher.buffer.release_record(record));
        if let Some(changes) = &mut self.changes {
            changes.key(normal);
        }
        Some(summary)
    }
}
