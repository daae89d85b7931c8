//! Entries of a state's log, read.

use std::path::Path;
use std::sync::Arc;

use super::super::log::{Entry, LogKind, Place, Reader, View, first_segment};
use super::super::resume::Spans;
use super::super::storage::Storage;
use super::super::times::{Bytes, TIMES_BYTES};
use super::super::{Error, Result, Times};
use super::PairOut;
use super::files::{FILES, Pairs, give_all};
use crate::interval::Interval;
use crate::keyed_state::Load;
use crate::store;
use crate::varint;

pub(super) const PAIRS: u8 = 1;
pub(super) const END: u8 = 2;
pub(super) const CLOSED: u8 = 3;
const END_BYTES: usize = 1 + TIMES_BYTES + 24;

/// Batches that can be restored, all from one origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub times: Times,
    pub origin: Place,
}

pub(super) struct End {
    pub closed: bool,
    pub times: Times,
    pub origin: Place,
    pub since_origin: u64,
}

impl End {
    /// Reads the entry if it is an end.
    fn decode(entry: &Entry<'_>) -> Result<Option<End>> {
        let (path, offset) = (entry.path, entry.place.offset);
        let mut bytes = Bytes { bytes: entry.payload, path, offset };
        match bytes.u8()? {
            PAIRS | FILES => Ok(None),
            tag @ (END | CLOSED) => {
                let times = Times::from_bytes(bytes.bytes, path, offset)?;
                bytes.bytes = &bytes.bytes[TIMES_BYTES..];
                let origin = Place { segment: bytes.u64()?, offset: bytes.u64()? };
                Ok(Some(End { closed: tag == CLOSED, times, origin, since_origin: bytes.u64()? }))
            }
            _ => Err(Error::damaged(path, offset, "there is no such entry in a state")),
        }
    }

    /// The time of the first batch that the state is not that of. Batches that are closer by what the
    /// entry says were there before the interval was another one.
    fn covers_to(&self, times: Times, interval: Interval) -> u64 {
        let next_ms = interval.after(times.last_ms).min(times.last_ms + times.step_ms);
        if self.closed { u64::MAX } else { next_ms }
    }
}

/// Adds batches; those from the first of them on were taken back.
pub(super) fn add_span(spans: &mut Vec<Span>, span: Span) {
    while let Some(last) = spans.last_mut().filter(|last| last.times.last_ms >= span.times.first_ms) {
        match span.times.first_ms.checked_sub(1).and_then(|before_ms| last.times.up_to(before_ms)) {
            Some(times) => last.times = times,
            None => drop(spans.pop()),
        }
    }
    if let Some(last) = spans.last_mut().filter(|last| last.origin == span.origin)
        && let Some(times) = last.times.joined(span.times)
    {
        last.times = times;
        return;
    }
    spans.push(span);
}

/// Where to restore from.
pub(super) struct Found {
    pub origin: Place,
    pub since_origin: u64,
    /// Behind the end entry.
    pub end: Place,
    /// What the entry stands for from now on, if it says more: of a run the times
    /// that are not too new, of a close that the stream goes on.
    pub instead: Option<Times>,
    /// What can be restored besides.
    pub spans: Vec<Span>,
    /// Where it is said which files there are.
    pub files: Vec<Place>,
}

/// Finds what restores the state after `resume_ms`.
pub(super) fn find(reader: &mut Reader, (base_ms, resume_ms): (u64, u64), interval: Interval) -> Result<Option<Found>> {
    let first = reader.place();
    let (mut spans, mut files) = (Vec::new(), Vec::new());
    let mut found = None;
    if first.segment == 1 && (base_ms..interval.after(base_ms)).contains(&resume_ms) {
        found = Some((first, 0, first, None));
    }
    while let Some(entry) = reader.peek(END_BYTES)? {
        let Some(end) = End::decode(&entry)? else {
            if entry.payload.first() == Some(&FILES) {
                files.push(entry.place);
            }
            continue;
        };
        let Some(times) = end.times.up_to(resume_ms) else { break };
        found = None;
        if end.origin >= first {
            add_span(&mut spans, Span { times, origin: end.origin });
            if resume_ms < end.covers_to(times, interval) {
                let instead = match end.closed {
                    true => Some(Times::one(resume_ms, times.step_ms)),
                    false => (times != end.times).then_some(times),
                };
                found = Some((end.origin, end.since_origin, entry.end, instead));
            }
        }
    }
    Ok(found.map(|(origin, since_origin, end, instead)| {
        files.retain(|place| *place < end);
        Found { origin, since_origin, end, instead, spans, files }
    }))
}

/// Gives what the entries before `end` leave, of a log in `dir`.
pub(super) fn restore(
    reader: &mut Reader,
    end: Place,
    (storage, dir): (&Arc<dyn Storage>, &Path),
    load: &mut dyn Load,
) -> Result<()> {
    reader.stop_at(end);
    while let Some(entry) = reader.next_entry()? {
        match entry.payload.strip_prefix(&[FILES]) {
            Some(named) if load.files(named) => {}
            Some(named) => give_all(storage, dir, named, &mut |key, value| load.pair(key, value))?,
            None => each_pair(&entry, &mut |key, value| load.pair(key, value))?,
        }
    }
    Ok(())
}

fn take_pair<'b>(bytes: &mut &'b [u8]) -> Option<(&'b [u8], Option<&'b [u8]>)> {
    let key_len = usize::try_from(varint::take(bytes)?).ok()?;
    let value_len = usize::try_from(varint::take(bytes)?).ok()?;
    let (key, rest) = bytes.split_at_checked(key_len)?;
    let (value, rest) = rest.split_at_checked(value_len.saturating_sub(1))?;
    *bytes = rest;
    Some((key, (value_len > 0).then_some(value)))
}

/// Gives the pairs of an entry, if it is one of pairs.
fn each_pair(entry: &Entry<'_>, give: &mut PairOut<'_>) -> Result<()> {
    let Some(mut bytes) = entry.payload.strip_prefix(&[PAIRS]) else { return Ok(()) };
    while !bytes.is_empty() {
        match take_pair(&mut bytes) {
            Some((key, value)) => give(key, value),
            None => return Err(Error::damaged(entry.path, entry.place.offset, "a pair is cut off")),
        }
    }
    Ok(())
}

/// Whether an entry is one of a state; the numbers of the files that it names.
pub fn check(entry: &Entry<'_>) -> Result<Vec<u64>> {
    if let Some(mut named) = entry.payload.strip_prefix(&[FILES]) {
        let what = "a list of files is none";
        let ids = store::ids(&mut named).ok_or_else(|| Error::damaged(entry.path, entry.place.offset, what))?;
        return Ok(ids.0);
    }
    if End::decode(entry)?.is_none() {
        each_pair(entry, &mut |_, _| {})?;
    }
    Ok(Vec::new())
}

/// What a log of a state says to those who compute where to resume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateSummary {
    /// The times that the state can be restored at.
    pub covers: Spans,
    /// The newest batch that it has an entry of.
    pub newest_ms: Option<u64>,
}

/// Looks at a log without changing it; `None` if there is none.
pub fn look(
    storage: Arc<dyn Storage>,
    dir: &Path,
    view: View,
    base_ms: u64,
    interval: Interval,
) -> Result<Option<StateSummary>> {
    let Some(first) = first_segment(&*storage, dir)? else { return Ok(None) };
    let Some(mut reader) = Reader::open(storage, dir, LogKind::State, view)? else { return Ok(None) };
    let mut covered: Vec<(u64, u64)> = Vec::new();
    let mut newest_ms = None;
    if first == 1 {
        covered.push((base_ms, interval.after(base_ms)));
    }
    while let Some(entry) = reader.peek(END_BYTES)? {
        let Some(end) = End::decode(&entry)?.filter(|end| end.origin.segment >= first) else { continue };
        newest_ms = Some(end.times.last_ms);
        let times = match interval == Interval::Fixed(end.times.step_ms) {
            true => vec![end.times],
            false => end.times.iter().map(|time_ms| Times::one(time_ms, end.times.step_ms)).collect(),
        };
        // What comes again was taken back before.
        while let Some(last) = covered.last_mut().filter(|last| last.1 > end.times.first_ms) {
            match last.0 < end.times.first_ms {
                true => last.1 = end.times.first_ms,
                false => drop(covered.pop()),
            }
        }
        for times in times {
            let (from, to) = (times.first_ms, end.covers_to(times, interval));
            match covered.last_mut() {
                // A close begins a span of its own: what was given at it is behind its beginning.
                Some(last) if last.1 == from && !end.closed => last.1 = to,
                _ => covered.push((from, to)),
            }
        }
    }
    Ok(Some(StateSummary { covers: covered, newest_ms }))
}

/// The state after `time_ms`, by looking at a log without changing it. False if
/// it cannot be restored.
pub fn look_at(
    storage: Arc<dyn Storage>,
    dir: &Path,
    (base_ms, time_ms): (u64, u64),
    interval: Interval,
    give: &mut PairOut<'_>,
) -> Result<bool> {
    let Some(mut reader) = Reader::open(Arc::clone(&storage), dir, LogKind::State, View::Visible)? else {
        return Ok(false);
    };
    let Some(found) = find(&mut reader, (base_ms, time_ms), interval)? else { return Ok(false) };
    reader.seek(found.origin);
    restore(&mut reader, found.end, (&storage, dir), &mut Pairs(give))?;
    Ok(true)
}
