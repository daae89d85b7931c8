//! What changes: alerts that are raised and cleared, as records, and which keys that was.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::event::EventTime;
use crate::op::Out;
use crate::op::grouping::NO_KEY;

/// What an alert is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AlertKind {
    /// What `--when` says holds.
    Condition,
    /// No record came.
    Absence,
}

/// An alert that is raised or cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub kind: AlertKind,
    pub is_raised: bool,
    /// Since when there is something to tell of.
    pub since: EventTime,
    /// When it was raised or cleared.
    pub at: EventTime,
    /// Whether the time did it, and no record.
    pub due: bool,
    /// The record that the condition began with, or that cleared the alert.
    pub record: Option<Box<[u8]>>,
}

/// A key in normal form and as it was written, and what changed of it.
type OfKey = (Arc<[u8]>, Box<[u8]>, Change);

/// What has changed in a batch.
#[derive(Debug, Default)]
pub(super) struct Changes {
    alerts: Vec<OfKey>,
    /// The keys of which something else is known; none are noted where there is no checkpoint.
    touched: Option<BTreeSet<Arc<[u8]>>>,
}

impl Changes {
    /// From now on notes which keys change.
    pub fn track(&mut self) {
        self.touched = Some(BTreeSet::new());
    }

    pub fn touch(&mut self, key: &Arc<[u8]>) {
        if let Some(touched) = &mut self.touched
            && !touched.contains(key)
        {
            touched.insert(key.clone());
        }
    }

    /// The keys that have changed since the last call.
    pub fn take_touched(&mut self) -> BTreeSet<Arc<[u8]>> {
        self.touched.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub fn add(&mut self, key: &Arc<[u8]>, written: &[u8], change: Change) {
        self.alerts.push((key.clone(), written.into(), change));
    }

    /// Gives the alerts that have changed, in order of time: of one time first those of records as these
    /// came, then those that time itself has changed, by key. This does not depend on what was found when.
    pub fn give(&mut self, out: &mut Out<'_>) {
        self.alerts.sort_by(|(one, _, a), (other, _, b)| {
            let of_time = |key: &Arc<[u8]>, change: &Change| change.due.then(|| key.clone());
            (a.at, of_time(one, a)).cmp(&(b.at, of_time(other, b)))
        });
        for (_, written, change) in self.alerts.drain(..) {
            change.write(&written, out.buffer());
            out.finish_record();
        }
    }
}

impl Change {
    fn write(&self, key: &[u8], buffer: &mut Vec<u8>) {
        buffer.push(b'{');
        if key != NO_KEY {
            buffer.extend_from_slice(b"\"key\":");
            buffer.extend_from_slice(key);
            buffer.push(b',');
        }
        let alert = match self.kind {
            AlertKind::Condition => "when",
            AlertKind::Absence => "absent",
        };
        let state = if self.is_raised { "raised" } else { "cleared" };
        let (since, at) = (self.since, self.at);
        buffer
            .extend_from_slice(format!(r#""alert":"{alert}","state":"{state}","since":{since},"at":{at}"#).as_bytes());
        if let Some(record) = &self.record {
            buffer.extend_from_slice(b",\"record\":");
            buffer.extend_from_slice(record);
        }
        buffer.push(b'}');
    }
}
