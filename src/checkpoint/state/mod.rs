//! The log of a stage's state: what changed, batch by batch, and slices of the
//! whole.
//!
//! ```text
//! pairs  1, then pairs: length of the key, 0 or 1 + length of the value (both
//!        as `varint` writes them), the key, the value; 0 drops the key
//! end    2, times (24), origin (segment 8, offset 8), bytes since the origin (8)
//! closed 3, the same fields: the stream was closed; this is the state from then on
//! files  4, bytes of the state's own: all that it is, as of here, is in these files
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
//! either in a slice, or changed since. So a batch writes at most 1.9 times its changes,
//! and a restore reads at most about 4.3 times the live state.
//!
//! A state that is larger than memory has [`files`] in place of slices: where it tells of them is the new origin.

mod entries;
pub mod files;

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::log::{Log, LogKind, Place};
use super::storage::Storage;
use super::{Error, Result, Times};
use crate::interval::Interval;
use crate::store::Files;
use crate::varint;

use entries::{CLOSED, END, PAIRS, Span, add_span, find, restore};
pub use entries::{StateSummary, check, look, look_at};

pub use crate::keyed_state::{KeyedState, Load, PairOut};
use files::{FILES, Noted, Pairs, StageFiles};

/// Pairs are written in entries of about this size.
const ENTRY_BYTES: usize = if cfg!(test) { 64 } else { 256 << 10 };
/// Changes that may gather before slices are written at all.
const GATHER_BYTES: u64 = if cfg!(test) { 64 } else { 1 << 20 };
/// The least slice: a small one is not worth its overhead.
const SLICE_BYTES: u64 = if cfg!(test) { 16 } else { 16 << 10 };
/// A new segment is begun when one is as long as four times the live state, but
/// within these limits.
const SEGMENT_BYTES: (u64, u64) = if cfg!(test) { (256, 1024) } else { (4 << 20, 64 << 20) };

/// The log, of a stage that runs.
pub struct StateLog {
    log: Log,
    files: Arc<StageFiles>,
    noted: Noted,
    interval: Interval,
    every_ms: u64,
    spans: Vec<Span>,
    origin: Place,
    since_origin: u64,
    /// Where the slices under way began, and the bytes written since.
    slicing: Option<(Place, u64)>,
    /// Batches that changed nothing and have no entry yet.
    pending: Option<Times>,
    is_restored: bool,
    buffer: Vec<u8>,
}

impl StateLog {
    /// Makes the log of a state that is empty at first, of a stage whose input
    /// has an interval of `interval`, saved at multiples of `every_ms`.
    pub fn create(storage: Arc<dyn Storage>, dir: &Path, interval: Interval, every_ms: u64) -> Result<StateLog> {
        let files = StageFiles::of(Arc::clone(&storage), dir)?;
        Ok(StateLog::new(Log::create(storage, dir, LogKind::State)?, files, interval, every_ms))
    }

    fn new(log: Log, files: StageFiles, interval: Interval, every_ms: u64) -> StateLog {
        let origin = log.start();
        StateLog {
            log,
            files: Arc::new(files),
            noted: Noted::default(),
            interval,
            every_ms: every_ms.max(interval.ms()),
            spans: Vec::new(),
            origin,
            since_origin: 0,
            slicing: None,
            pending: None,
            is_restored: false,
            buffer: Vec::new(),
        }
    }

    /// Opens the log to go on with it after `resume_ms`: gives the state as it
    /// was then, and cuts off what is newer.
    pub fn open(
        storage: Arc<dyn Storage>,
        dir: &Path,
        (base_ms, resume_ms): (u64, u64),
        (interval, every_ms): (Interval, u64),
        give: &mut PairOut<'_>,
    ) -> Result<StateLog> {
        StateLog::open_with(storage, dir, (base_ms, resume_ms), (interval, every_ms), &mut Pairs(give))
    }

    /// As [`StateLog::open`], for who may take up files.
    pub fn open_with(
        storage: Arc<dyn Storage>,
        dir: &Path,
        (base_ms, resume_ms): (u64, u64),
        (interval, every_ms): (Interval, u64),
        load: &mut dyn Load,
    ) -> Result<StateLog> {
        let files = StageFiles::of(Arc::clone(&storage), dir)?;
        let log = Log::open(Arc::clone(&storage), dir, LogKind::State)?;
        let Some(found) = find(&mut log.reader(log.start())?, (base_ms, resume_ms), interval)? else {
            let what = format!("the state after {resume_ms} is not there");
            return Err(Error::Lost { path: dir.to_owned(), what });
        };
        let noted = Noted::read(&mut |place| log.reader(place), &found.files)?;
        // A number is not given twice, though its file be gone: what is made while the state is
        // loaded would be taken for what is left over.
        let files = files.from(noted.next);
        let mut state = StateLog { noted, ..StateLog::new(log, files, interval, every_ms) };
        load.keep_in(state.files());
        restore(&mut state.log.reader(found.origin)?, found.end, (&storage, dir), load)?;
        state.log.truncate(found.end)?;
        // What was made behind it, or not finished, is needed no more.
        let origin = found.spans.first().map_or(found.origin, |span| span.origin.min(found.origin));
        state.noted.purge(origin, &state.files, state.files.next())?;
        (state.origin, state.since_origin) = (found.origin, found.since_origin);
        state.is_restored = found.end > state.log.start();
        state.spans = found.spans;
        if let Some(times) = found.instead {
            state.write_end(END, times)?;
            state.log.sync()?;
        }
        Ok(state)
    }

    /// Where the state may keep files.
    pub fn files(&self) -> Arc<dyn Files> {
        Arc::clone(&self.files) as Arc<dyn Files>
    }

    /// Whether it was opened after a batch that was saved.
    pub fn is_restored(&self) -> bool {
        self.is_restored
    }

    /// Whether the state is to be saved after the batch of `time_ms`.
    pub fn is_due(&self, time_ms: u64) -> bool {
        match self.interval {
            Interval::Fixed(_) => time_ms.is_multiple_of(self.every_ms),
            // The batch that has a multiple in it, as no batch may end at one.
            Interval::Calendar(_) if self.every_ms > self.interval.ms() => {
                time_ms / self.every_ms > self.interval.begin(time_ms) / self.every_ms
            }
            Interval::Calendar(_) => true,
        }
    }

    /// One batch, as an entry names it.
    fn one(&self, time_ms: u64) -> Times {
        match self.interval {
            Interval::Fixed(_) => Times::one(time_ms, self.every_ms),
            Interval::Calendar(_) => Times::one(time_ms, self.interval),
        }
    }

    /// Saves the state after the batch of `time_ms`, not durably before
    /// [`StateLog::sync`]. True if a new segment was begun, or other files,
    /// so that old ones may go.
    pub fn save(&mut self, time_ms: u64, state: &mut dyn KeyedState) -> Result<bool> {
        let limit = (4 * state.live_bytes()).clamp(SEGMENT_BYTES.0, SEGMENT_BYTES.1);
        let rolled = self.log.end().offset > limit;
        if rolled {
            self.flush()?;
            self.log.roll()?;
        }
        let is_new = self.write_files(state)?;
        let changed = self.write_pairs(&mut |out| state.changes(out).map(|()| true))?;
        if changed.bytes == 0 && !is_new {
            let times = self.one(time_ms);
            self.pending = match self.pending.map(|pending| pending.joined(times)) {
                Some(Some(pending)) => Some(pending),
                _ => {
                    self.flush()?;
                    Some(times)
                }
            };
            return Ok(rolled);
        }
        let due = self.since_origin > state.live_bytes() / 3 * 4 + GATHER_BYTES;
        let from_start = self.slicing.is_none();
        if (!from_start || due) && !state.has_files() {
            let began = self.slicing.map_or(self.log.end(), |(place, _)| place);
            let share = (changed.bytes / 8 * 7).max(SLICE_BYTES) as usize;
            let slice = self.write_pairs(&mut |out| Ok(state.slice(from_start, share, out)))?;
            let written = self.slicing.map_or(0, |(_, bytes)| bytes + changed.bytes) + slice.bytes;
            self.slicing = Some((began, written));
            if slice.done {
                (self.origin, self.since_origin) = (began, written);
                self.slicing = None;
            }
        }
        self.write_end(END, self.one(time_ms))?;
        Ok(rolled || is_new)
    }

    /// Saves the state after a close, durably. `time_ms` is the newest batch that
    /// the stage got, or that it gave at the close.
    pub fn close(&mut self, time_ms: u64, state: &mut dyn KeyedState) -> Result<()> {
        self.write_files(state)?;
        self.write_pairs(&mut |out| state.changes(out).map(|()| true))?;
        self.flush()?;
        self.write_end(CLOSED, self.one(time_ms))?;
        self.log.sync()
    }

    /// Writes which files the state has, if it is to be noted now: that is a new origin.
    fn write_files(&mut self, state: &mut dyn KeyedState) -> Result<bool> {
        let files = state.files().map_err(|error| Error::io("cannot save the state to", self.log.dir(), error))?;
        let Some(files) = files else { return Ok(false) };
        self.flush()?;
        let place = self.log.end();
        self.log.append(&[&[FILES], &files])?;
        (self.origin, self.since_origin, self.slicing) = (place, files.len() as u64, None);
        self.noted.add(place, &files);
        Ok(true)
    }

    /// Writes what `give` gives, after the end of the batches before.
    fn write_pairs(&mut self, give: &mut dyn FnMut(&mut PairOut<'_>) -> io::Result<bool>) -> Result<Written> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer.push(PAIRS);
        let mut written = Written { bytes: 0, done: false };
        let mut result = Ok(());
        let given = give(&mut |key, value| {
            varint::push(key.len() as u64, &mut buffer);
            varint::push(value.map_or(0, |value| value.len() as u64 + 1), &mut buffer);
            buffer.extend_from_slice(key);
            buffer.extend_from_slice(value.unwrap_or_default());
            if buffer.len() >= ENTRY_BYTES && result.is_ok() {
                result = self.append_pairs(&mut buffer, &mut written.bytes);
            }
        });
        let given = given.map_err(|error| Error::io("cannot save the state to", self.log.dir(), error));
        if buffer.len() > 1 && result.is_ok() {
            result = self.append_pairs(&mut buffer, &mut written.bytes);
        }
        self.buffer = buffer;
        result?;
        written.done = given?;
        Ok(written)
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
        let Some(span) = self.spans.first() else { return Ok(()) };
        self.noted.purge(span.origin, &self.files, 0)?;
        self.log.purge_before(span.origin.segment)
    }
}

struct Written {
    bytes: u64,
    done: bool,
}
