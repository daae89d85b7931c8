//! The log of a stage's state: what changed, batch by batch, and slices of the
//! whole.
//!
//! ```text
//! pairs  1, then pairs: length of the key, 0 or 1 + length of the value (both
//!        as base-128 numbers, low bits first), the key, the value; 0 drops the key
//! end    2, times (24), origin (segment 8, offset 8), bytes since the origin (8)
//! closed 3, the same fields: the stream was closed; this is the state from then on
//! ```
//!
//! `pairs` entries belong to the batch of the `end` entry that follows. The
//! state after a batch is what the entries from that batch's *origin* on leave,
//! the last word on a key counting.
//!
//! There is no snapshot that would have to be written at once. When the changes
//! since the origin outweigh the live state, every batch also writes a slice of
//! the whole state, in proportion to what it changed. When the slices have gone
//! through all keys, the place where they began is the new origin: a key is
//! either in a slice, or changed since. So a batch writes at most 1.75 times its changes,
//! and a restore reads at most about 5 times the live state.

use std::path::Path;
use std::sync::Arc;

use super::log::{Entry, Kind, Log, Place, Reader, View, first_segment};
use super::storage::Storage;
use super::times::{Bytes, TIMES_BYTES, next_multiple};
use super::{Error, Result, Times};

const PAIRS: u8 = 1;
const END: u8 = 2;
const CLOSED: u8 = 3;
const END_BYTES: usize = 1 + TIMES_BYTES + 24;

/// Pairs are written in entries of about this size.
const ENTRY_BYTES: usize = if cfg!(test) { 64 } else { 256 << 10 };
/// Changes that may gather before slices are written at all.
const GATHER_BYTES: u64 = if cfg!(test) { 64 } else { 1 << 20 };
/// The least slice: a small one is not worth its overhead.
const SLICE_BYTES: u64 = if cfg!(test) { 16 } else { 16 << 10 };
/// A new segment is begun when one is as long as four times the live state, but
/// within these limits.
const SEGMENT_BYTES: (u64, u64) = if cfg!(test) { (256, 1024) } else { (4 << 20, 64 << 20) };

/// Takes a key and its value, or a key that is dropped.
pub type PairOut<'o> = dyn FnMut(&[u8], Option<&[u8]>) + 'o;

/// A state of keys and values that can be kept in a checkpoint. Keys and values
/// are bytes of the state's own; what belongs to a value, such as its place in
/// an order, is in its bytes.
pub trait KeyedState {
    /// Gives every key whose value is new since the last call, and every key
    /// dropped since (`None`).
    fn changes(&mut self, out: &mut PairOut<'_>);

    /// Gives about `bytes` worth of the keys and values there are, going on where
    /// the last slice ended, or from the start. True when all have been given. A key
    /// that is there through all slices must be in one of them, or in the changes
    /// meanwhile.
    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool;

    /// About how many bytes all keys and values have.
    fn live_bytes(&self) -> u64;
}

/// Batches that can be restored, all from one origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    times: Times,
    origin: Place,
}

/// The log, of a stage that runs.
pub struct StateLog {
    log: Log,
    every_ms: u64,
    spans: Vec<Span>,
    origin: Place,
    since_origin: u64,
    /// Where the slices under way began, and the bytes written since.
    slicing: Option<(Place, u64)>,
    /// Batches that changed nothing and have no entry yet.
    pending: Option<Times>,
    buffer: Vec<u8>,
}

struct End {
    closed: bool,
    times: Times,
    origin: Place,
    since_origin: u64,
}

impl End {
    /// Reads the entry if it is an end.
    fn decode(entry: &Entry<'_>) -> Result<Option<End>> {
        let (path, offset) = (entry.path, entry.place.offset);
        let mut bytes = Bytes { bytes: entry.payload, path, offset };
        match bytes.u8()? {
            PAIRS => Ok(None),
            tag @ (END | CLOSED) => {
                let times = Times::from_bytes(bytes.bytes, path, offset)?;
                bytes.bytes = &bytes.bytes[TIMES_BYTES..];
                let origin = Place { segment: bytes.u64()?, offset: bytes.u64()? };
                Ok(Some(End { closed: tag == CLOSED, times, origin, since_origin: bytes.u64()? }))
            }
            _ => Err(Error::damaged(path, offset, "there is no such entry in a state")),
        }
    }

    /// The time of the first batch that the state is not that of.
    fn covers_to(&self, times: Times, interval_ms: u64) -> u64 {
        if self.closed { u64::MAX } else { next_multiple(times.last_ms, interval_ms) }
    }
}

impl StateLog {
    /// Makes the log of a state that is empty at first, of a stage whose input
    /// has an interval of `interval_ms`, saved at multiples of `every_ms`.
    pub fn create(storage: Arc<dyn Storage>, dir: &Path, interval_ms: u64, every_ms: u64) -> Result<StateLog> {
        Ok(StateLog::new(Log::create(storage, dir, Kind::State)?, interval_ms, every_ms))
    }

    fn new(log: Log, interval_ms: u64, every_ms: u64) -> StateLog {
        let origin = log.start();
        StateLog {
            log,
            every_ms: every_ms.max(interval_ms),
            spans: Vec::new(),
            origin,
            since_origin: 0,
            slicing: None,
            pending: None,
            buffer: Vec::new(),
        }
    }

    /// Opens the log to go on with it after `resume_ms`: gives the state as it
    /// was then, and cuts off what is newer.
    pub fn open(
        storage: Arc<dyn Storage>,
        dir: &Path,
        (base_ms, resume_ms): (u64, u64),
        (interval_ms, every_ms): (u64, u64),
        give: &mut PairOut<'_>,
    ) -> Result<StateLog> {
        let mut state = StateLog::new(Log::open(storage, dir, Kind::State)?, interval_ms, every_ms);
        let Some(found) = find(&mut state.log.reader(state.log.start())?, (base_ms, resume_ms), interval_ms)? else {
            let what = format!("the state after {resume_ms} is not there");
            return Err(Error::Lost { path: dir.to_owned(), what });
        };
        restore(&mut state.log.reader(found.origin)?, found.end, give)?;
        state.log.truncate(found.end)?;
        (state.origin, state.since_origin) = (found.origin, found.since_origin);
        state.spans = found.spans;
        if let Some(times) = found.instead {
            state.write_end(END, times)?;
            state.log.sync()?;
        }
        Ok(state)
    }

    /// Whether the state is to be saved after the batch of `time_ms`.
    pub fn is_due(&self, time_ms: u64) -> bool {
        time_ms.is_multiple_of(self.every_ms)
    }

    /// Saves the state after the batch of `time_ms`, not durably before
    /// [`StateLog::sync`]. True if a new segment was begun, so that old ones may go.
    pub fn save(&mut self, time_ms: u64, state: &mut dyn KeyedState) -> Result<bool> {
        let limit = (4 * state.live_bytes()).clamp(SEGMENT_BYTES.0, SEGMENT_BYTES.1);
        let rolled = self.log.end().offset > limit;
        if rolled {
            self.flush()?;
            self.log.roll()?;
        }
        let changed = self.write_pairs(&mut |out| {
            state.changes(out);
            true
        })?;
        if changed.bytes == 0 {
            self.pending = match self.pending.map(|pending| pending.extended(time_ms)) {
                Some(Some(pending)) => Some(pending),
                _ => {
                    self.flush()?;
                    Some(Times::one(time_ms, self.every_ms))
                }
            };
            return Ok(rolled);
        }
        let due = self.since_origin > state.live_bytes() / 3 * 4 + GATHER_BYTES;
        let from_start = self.slicing.is_none();
        if !from_start || due {
            let began = self.slicing.map_or(self.log.end(), |(place, _)| place);
            let share = (changed.bytes / 4 * 3).max(SLICE_BYTES) as usize;
            let slice = self.write_pairs(&mut |out| state.slice(from_start, share, out))?;
            let written = self.slicing.map_or(0, |(_, bytes)| bytes + changed.bytes) + slice.bytes;
            self.slicing = Some((began, written));
            if slice.done {
                (self.origin, self.since_origin) = (began, written);
                self.slicing = None;
            }
        }
        self.write_end(END, Times::one(time_ms, self.every_ms))?;
        Ok(rolled)
    }

    /// Saves the state after a close, durably. `time_ms` is the newest batch that
    /// the stage got, or that it gave at the close.
    pub fn close(&mut self, time_ms: u64, state: &mut dyn KeyedState) -> Result<()> {
        self.write_pairs(&mut |out| {
            state.changes(out);
            true
        })?;
        self.flush()?;
        self.write_end(CLOSED, Times::one(time_ms, self.every_ms))?;
        self.log.sync()
    }

    /// Writes what `give` gives, after the end of the batches before.
    fn write_pairs(&mut self, give: &mut dyn FnMut(&mut PairOut<'_>) -> bool) -> Result<Written> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer.push(PAIRS);
        let mut written = Written { bytes: 0, done: false };
        let mut result = Ok(());
        written.done = give(&mut |key, value| {
            push_number(&mut buffer, key.len() as u64);
            push_number(&mut buffer, value.map_or(0, |value| value.len() as u64 + 1));
            buffer.extend_from_slice(key);
            buffer.extend_from_slice(value.unwrap_or_default());
            if buffer.len() >= ENTRY_BYTES && result.is_ok() {
                result = self.append_pairs(&mut buffer, &mut written.bytes);
            }
        });
        if buffer.len() > 1 && result.is_ok() {
            result = self.append_pairs(&mut buffer, &mut written.bytes);
        }
        self.buffer = buffer;
        result.map(|()| written)
    }

    fn append_pairs(&mut self, buffer: &mut Vec<u8>, written: &mut u64) -> Result<()> {
        self.flush()?;
        self.log.append(&[buffer])?;
        *written += buffer.len() as u64;
        self.since_origin += buffer.len() as u64;
        buffer.truncate(1);
        Ok(())
    }

    /// Writes the end of the batches that changed nothing.
    fn flush(&mut self) -> Result<()> {
        match self.pending.take() {
            Some(pending) => self.write_end(END, pending),
            None => Ok(()),
        }
    }

    fn write_end(&mut self, tag: u8, times: Times) -> Result<()> {
        let Place { segment, offset } = self.origin;
        let numbers = [segment, offset, self.since_origin].map(u64::to_le_bytes).concat();
        self.log.append(&[&[tag], &times.to_bytes(), &numbers])?;
        add_span(&mut self.spans, Span { times, origin: self.origin });
        Ok(())
    }

    /// Makes all that was saved durable.
    pub fn sync(&mut self) -> Result<()> {
        self.flush()?;
        self.log.sync()
    }

    /// Whether everything is durable.
    pub fn is_synced(&self) -> bool {
        self.pending.is_none() && self.log.is_synced()
    }

    /// Bytes of a torn end that were cut off.
    pub fn torn_bytes(&self) -> u64 {
        self.log.torn_bytes()
    }

    /// Removes what is needed only to restore batches before `time_ms`.
    pub fn purge(&mut self, time_ms: u64) -> Result<()> {
        let keep = self.spans.iter().rposition(|span| span.times.first_ms <= time_ms).unwrap_or(0);
        self.spans.drain(..keep);
        match self.spans.first() {
            Some(span) => self.log.purge_before(span.origin.segment),
            None => Ok(()),
        }
    }
}

struct Written {
    bytes: u64,
    done: bool,
}

/// Adds batches; those from the first of them on were taken back.
fn add_span(spans: &mut Vec<Span>, span: Span) {
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
struct Found {
    origin: Place,
    since_origin: u64,
    /// Behind the end entry.
    end: Place,
    /// What the entry stands for from now on, if it says more: of a run the times
    /// that are not too new, of a close that the stream goes on.
    instead: Option<Times>,
    /// What can be restored besides.
    spans: Vec<Span>,
}

/// Finds what restores the state after `resume_ms`.
fn find(reader: &mut Reader, (base_ms, resume_ms): (u64, u64), interval_ms: u64) -> Result<Option<Found>> {
    let first = reader.place();
    let mut spans = Vec::new();
    let mut found = None;
    if first.segment == 1 && (base_ms..next_multiple(base_ms, interval_ms)).contains(&resume_ms) {
        found = Some((first, 0, first, None));
    }
    while let Some(entry) = reader.peek(END_BYTES)? {
        let Some(end) = End::decode(&entry)? else { continue };
        let Some(times) = end.times.up_to(resume_ms) else { break };
        found = None;
        if end.origin >= first {
            add_span(&mut spans, Span { times, origin: end.origin });
            if resume_ms < end.covers_to(times, interval_ms) {
                let instead = match end.closed {
                    true => Some(Times::one(resume_ms, times.step_ms)),
                    false => (times != end.times).then_some(times),
                };
                found = Some((end.origin, end.since_origin, entry.end, instead));
            }
        }
    }
    Ok(found.map(|(origin, since_origin, end, instead)| Found { origin, since_origin, end, instead, spans }))
}

fn restore(reader: &mut Reader, end: Place, give: &mut PairOut<'_>) -> Result<()> {
    reader.stop_at(end);
    while let Some(entry) = reader.next()? {
        each_pair(&entry, give)?;
    }
    Ok(())
}

fn push_number(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn take_pair<'b>(bytes: &mut &'b [u8]) -> Option<(&'b [u8], Option<&'b [u8]>)> {
    let key_len = usize::try_from(take_number(bytes)?).ok()?;
    let value_len = usize::try_from(take_number(bytes)?).ok()?;
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

/// The times that a state can be restored at, as [from, to), and the newest batch
/// that it has an entry of.
pub fn look(
    storage: Arc<dyn Storage>,
    dir: &Path,
    view: View,
    base_ms: u64,
    interval_ms: u64,
) -> Result<Option<(Vec<(u64, u64)>, Option<u64>)>> {
    let Some(first) = first_segment(&*storage, dir)? else { return Ok(None) };
    let Some(mut reader) = Reader::open(storage, dir, Kind::State, view)? else { return Ok(None) };
    let mut covered: Vec<(u64, u64)> = Vec::new();
    let mut newest_ms = None;
    if first == 1 {
        covered.push((base_ms, next_multiple(base_ms, interval_ms)));
    }
    while let Some(entry) = reader.peek(END_BYTES)? {
        let Some(end) = End::decode(&entry)?.filter(|end| end.origin.segment >= first) else { continue };
        newest_ms = Some(end.times.last_ms);
        let times = match end.times.step_ms == interval_ms {
            true => vec![end.times],
            false => end.times.iter().map(|time_ms| Times::one(time_ms, interval_ms)).collect(),
        };
        // What comes again was taken back before.
        while let Some(last) = covered.last_mut().filter(|last| last.1 > end.times.first_ms) {
            match last.0 < end.times.first_ms {
                true => last.1 = end.times.first_ms,
                false => drop(covered.pop()),
            }
        }
        for times in times {
            let (from, to) = (times.first_ms, end.covers_to(times, interval_ms));
            match covered.last_mut() {
                Some(last) if last.1 == from => last.1 = to,
                _ => covered.push((from, to)),
            }
        }
    }
    Ok(Some((covered, newest_ms)))
}

/// The state after `time_ms`, by looking at a log without changing it. False if
/// it cannot be restored.
pub fn look_at(
    storage: Arc<dyn Storage>,
    dir: &Path,
    (base_ms, time_ms): (u64, u64),
    interval_ms: u64,
    give: &mut PairOut<'_>,
) -> Result<bool> {
    let Some(mut reader) = Reader::open(storage, dir, Kind::State, View::Visible)? else { return Ok(false) };
    let Some(found) = find(&mut reader, (base_ms, time_ms), interval_ms)? else { return Ok(false) };
    reader.seek(found.origin);
    restore(&mut reader, found.end, give)?;
    Ok(true)
}
