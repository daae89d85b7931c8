//! What is known of each key, and how records and time change it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::change::{AlertKind, Change, Changes};
use crate::event::EventTime;
use crate::record;

/// When alerts are raised and cleared, in ms; none of a kind that was not asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// So long the condition has to hold.
    pub hold_ms: i64,
    /// So long without a record a key is absent.
    pub absent_ms: Option<i64>,
    /// So long without a record a key is forgotten.
    pub forget_ms: Option<i64>,
}

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The condition holds.
    pub holds: bool,
    /// An alert that was raised is over.
    pub clears: bool,
}

/// How it is with the condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Condition {
    /// It does not hold.
    #[default]
    Calm,
    /// It has held since then, with this record, and not for long enough.
    Held { since: EventTime, record: Box<[u8]> },
    /// The alert was raised.
    Raised { since: EventTime },
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The key as it was written when it came first.
    pub written: Box<[u8]>,
    pub condition: Condition,
    /// The time of its newest record.
    pub last: EventTime,
    /// Whether the alert of its absence was raised.
    pub is_absent: bool,
    /// Under which time it is among those that are due: that or an earlier one than it is.
    queued: Option<EventTime>,
}

/// What the time does next to a key.
enum Step {
    Raise,
    Miss,
    Forget,
}

impl Entry {
    pub fn new(written: &[u8], last: EventTime) -> Entry {
        Entry { written: written.into(), condition: Condition::Calm, last, is_absent: false, queued: None }
    }

    /// What the time does next, and when: of two at once the first of these.
    fn next(&self, times: &Times) -> Option<(EventTime, Step)> {
        let raise = match &self.condition {
            Condition::Held { since, .. } => Some((since.saturating_add(times.hold_ms), Step::Raise)),
            Condition::Calm | Condition::Raised { .. } => None,
        };
        let miss = times.absent_ms.filter(|_| !self.is_absent);
        let miss = miss.map(|ms| (self.last.saturating_add(ms), Step::Miss));
        let forget = times.forget_ms.map(|ms| (self.last.saturating_add(ms), Step::Forget));
        [raise, miss, forget].into_iter().flatten().min_by_key(|(time, _)| *time)
    }

    /// Whether it has to be known. A key of which nothing is known is as one that never was there.
    fn is_needed(&self, times: &Times) -> bool {
        self.condition != Condition::Calm || times.absent_ms.is_some()
    }
}

/// All keys.
#[derive(Debug, Default)]
pub(super) struct Watched {
    entries: BTreeMap<Arc<[u8]>, Entry>,
    /// Each key for which time does something once.
    due: BTreeSet<(EventTime, Arc<[u8]>)>,
    bytes: usize,
}

impl Watched {
    /// The entries from a key in normal form on.
    pub fn since(&self, key: &[u8]) -> impl Iterator<Item = (&[u8], &Entry)> {
        let from = (std::ops::Bound::Included(key), std::ops::Bound::Unbounded);
        self.entries.range::<[u8], _>(from).map(|(key, entry)| (&**key, entry))
    }

    /// The entry of a key in normal form.
    pub fn get(&self, key: &[u8]) -> Option<&Entry> {
        self.entries.get(key)
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// About how many bytes that takes.
    pub fn bytes(&self) -> usize {
        // A tree's nodes are two thirds full.
        let fixed = (size_of::<Entry>() + 2 * size_of::<Arc<[u8]>>() + size_of::<EventTime>() + 16) * 3 / 2;
        self.bytes + self.entries.len() * fixed
    }

    /// Puts an entry in the place of what is known of a key in normal form, or takes that out.
    pub fn set(&mut self, key: &[u8], entry: Option<Entry>, times: &Times) {
        self.take(key);
        if let Some(entry) = entry {
            self.put(key.into(), entry, times);
        }
    }

    fn take(&mut self, key: &[u8]) -> Option<(Arc<[u8]>, Entry)> {
        let (key, mut entry) = self.entries.remove_entry(key)?;
        self.bytes -= bytes_of(&key, &entry);
        if let Some(time) = entry.queued.take() {
            let place = (time, key);
            self.due.remove(&place);
            return Some((place.1, entry));
        }
        Some((key, entry))
    }

    fn put(&mut self, key: Arc<[u8]>, mut entry: Entry, times: &Times) {
        entry.queued = entry.next(times).map(|(time, _)| time);
        if let Some(time) = entry.queued {
            self.due.insert((time, key.clone()));
        }
        self.bytes += bytes_of(&key, &entry);
        self.entries.insert(key, entry);
    }

    /// Takes a record of a key.
    pub fn record(
        &mut self,
        key: &[u8],
        (time, record): (EventTime, &[u8]),
        verdict: Verdict,
        times: &Times,
        changes: &mut Changes,
    ) {
        let normal = record::normal_key(key);
        self.reach_of(&normal, time, times, changes);
        if !verdict.holds && times.absent_ms.is_none() && !self.entries.contains_key(&*normal) {
            return;
        }
        let (normal, mut entry) = self.take(&normal).unwrap_or_else(|| (Arc::from(&*normal), Entry::new(key, time)));
        let mut change = |kind, is_raised, since, entry: &Entry| {
            let change = Change { kind, is_raised, since, at: time, due: false, record: Some(record.into()) };
            changes.add(&normal, &entry.written, change);
        };
        if std::mem::take(&mut entry.is_absent) {
            change(AlertKind::Absence, false, entry.last, &entry);
        }
        entry.last = entry.last.max(time);
        match (&entry.condition, verdict) {
            (Condition::Calm, Verdict { holds: true, .. }) if times.hold_ms == 0 => {
                change(AlertKind::Condition, true, time, &entry);
                entry.condition = Condition::Raised { since: time };
            }
            (Condition::Calm, Verdict { holds: true, .. }) => {
                entry.condition = Condition::Held { since: time, record: record.into() };
            }
            (Condition::Held { .. }, Verdict { holds: false, .. }) => entry.condition = Condition::Calm,
            (Condition::Raised { since }, Verdict { clears: true, .. }) => {
                change(AlertKind::Condition, false, *since, &entry);
                entry.condition = Condition::Calm;
            }
            _ => {}
        }
        changes.touch(&normal);
        if entry.is_needed(times) {
            self.put(normal, entry, times);
        }
    }

    /// What time does to a key before a record of this time.
    fn reach_of(&mut self, key: &[u8], before: EventTime, times: &Times, changes: &mut Changes) {
        while let Some((due, _)) = self.entries.get(key).and_then(|entry| entry.next(times))
            && due < before
            && let Some((key, entry)) = self.take(key)
        {
            self.step(key, entry, times, changes);
        }
    }

    /// What time does up to `now`, to any key; in order of time and then of keys.
    pub fn reach(&mut self, now: EventTime, times: &Times, changes: &mut Changes) {
        while let Some((queued, key)) = self.due.first()
            && *queued <= now
        {
            let (queued, key) = (*queued, key.clone());
            let Some((key, entry)) = self.take(&key) else { continue };
            match entry.next(times) {
                Some((due, _)) if due <= queued => self.step(key, entry, times, changes),
                _ => self.put(key, entry, times),
            }
        }
    }

    /// Does what the time does next to a key that was taken out.
    fn step(&mut self, key: Arc<[u8]>, mut entry: Entry, times: &Times, changes: &mut Changes) {
        let Some((at, step)) = entry.next(times) else { return };
        let change = |kind, is_raised, since, record| Change { kind, is_raised, since, at, due: true, record };
        changes.touch(&key);
        match step {
            Step::Raise => {
                if let Condition::Held { since, record } = std::mem::take(&mut entry.condition) {
                    changes.add(&key, &entry.written, change(AlertKind::Condition, true, since, Some(record)));
                    entry.condition = Condition::Raised { since };
                }
            }
            Step::Miss => {
                changes.add(&key, &entry.written, change(AlertKind::Absence, true, entry.last, None));
                entry.is_absent = true;
            }
            Step::Forget => {
                if let Condition::Raised { since } = entry.condition {
                    changes.add(&key, &entry.written, change(AlertKind::Condition, false, since, None));
                }
                if entry.is_absent {
                    changes.add(&key, &entry.written, change(AlertKind::Absence, false, entry.last, None));
                }
                return;
            }
        }
        self.put(key, entry, times);
    }
}

fn bytes_of(key: &[u8], entry: &Entry) -> usize {
    let record = if let Condition::Held { record, .. } = &entry.condition { record.len() } else { 0 };
    key.len() + entry.written.len() + record
}
