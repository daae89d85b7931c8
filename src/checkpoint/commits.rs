//! The log of a sink: which batches it is done with.
//!
//! ```text
//! committed  1, times (24), a note: bytes of the sink's own
//! closed     2: the stream was closed, and all that came was committed
//! resumed    3, time (8): the sink goes on after that time, with nothing owed
//! taken back 4, time (8): what was committed after that time counts no more
//! ```
//!
//! One entry is one batch with a note, or a run of batches without.

use std::path::Path;
use std::sync::Arc;

use super::log::{Entry, Log, LogKind, Place, Reader, View};
use super::storage::Storage;
use super::times::{Bytes, TIMES_BYTES};
use super::{Error, Result, Times};
use crate::interval::Interval;

/// A new segment is begun when one is as long as this.
const SEGMENT_BYTES: u64 = if cfg!(test) { 256 } else { 1 << 20 };
const COMMITTED: u8 = 1;
const CLOSED: u8 = 2;
const RESUMED: u8 = 3;
const TAKEN_BACK: u8 = 4;

/// The log, of a sink that runs.
pub struct CommitLog {
    log: Log,
    interval: Interval,
    /// The segments, each with the newest batch before it.
    segments: Vec<(u64, u64)>,
    last_ms: Option<u64>,
    /// Batches without a note that have no entry yet.
    pending: Option<Times>,
}

/// One entry, decoded.
enum Decoded<'e> {
    Committed(Times, &'e [u8]),
    Closed,
    Resumed(u64),
    TakenBack(u64),
}

fn decode<'e>(entry: &Entry<'e>) -> Result<Decoded<'e>> {
    let (path, offset) = (entry.path, entry.place.offset);
    let mut bytes = Bytes { bytes: entry.payload, path, offset };
    match bytes.u8()? {
        COMMITTED => Ok(Decoded::Committed(
            Times::from_bytes(bytes.bytes, path, offset)?,
            bytes.bytes.get(TIMES_BYTES..).unwrap_or_default(),
        )),
        CLOSED => Ok(Decoded::Closed),
        RESUMED => Ok(Decoded::Resumed(bytes.u64()?)),
        TAKEN_BACK => Ok(Decoded::TakenBack(bytes.u64()?)),
        _ => Err(Error::damaged(path, offset, "there is no such entry in commits")),
    }
}

impl CommitLog {
    /// Makes the log of a sink on a stream of interval `interval`.
    pub fn create(storage: Arc<dyn Storage>, dir: &Path, interval: Interval) -> Result<CommitLog> {
        let log = Log::create(storage, dir, LogKind::Commits)?;
        Ok(CommitLog { log, interval, segments: vec![(1, 0)], last_ms: None, pending: None })
    }

    /// Opens the log to go on with it after `resume_ms`.
    pub fn open(storage: Arc<dyn Storage>, dir: &Path, interval: Interval, resume_ms: u64) -> Result<CommitLog> {
        let log = Log::open(storage, dir, LogKind::Commits)?;
        let mut closed = false;
        let mut commits = CommitLog { log, interval, segments: Vec::new(), last_ms: None, pending: None };
        // Of older segments the first entry says where the one before ended.
        let newest = commits.log.end().segment;
        let mut is_known = true;
        for segment in commits.log.start().segment..=newest {
            let mut reader = commits.log.reader(Place { segment, ..commits.log.start() })?;
            let mut before_ms = commits.last_ms.unwrap_or(0);
            let mut first = true;
            while let Some(entry) = reader.next_entry()? {
                if entry.place.segment != segment {
                    break;
                }
                let times = match decode(&entry)? {
                    Decoded::Committed(times, _) => times,
                    Decoded::TakenBack(time_ms) => {
                        closed = false;
                        commits.last_ms = Some(commits.last_ms.map_or(time_ms, |last_ms| last_ms.min(time_ms)));
                        continue;
                    }
                    other => {
                        closed = matches!(other, Decoded::Closed);
                        continue;
                    }
                };
                closed = false;
                if is_known && commits.last_ms.is_some_and(|last_ms| times.first_ms <= last_ms) {
                    return Err(Error::damaged(entry.path, entry.place.offset, "the batches are not in order"));
                }
                if first {
                    before_ms = times.first_ms.saturating_sub(1);
                    first = false;
                }
                commits.last_ms = Some(times.last_ms);
                // What is behind the first entry of an old segment is not looked at.
                is_known = segment + 1 >= newest;
                if !is_known {
                    break;
                }
            }
            commits.segments.push((segment, before_ms));
        }
        if closed {
            // There is more to come, and it is not committed yet.
            commits.log.append(&[&[RESUMED], &resume_ms.to_le_bytes()])?;
            commits.log.sync()?;
        }
        Ok(commits)
    }

    /// The newest batch that was committed.
    pub fn last_ms(&self) -> Option<u64> {
        self.last_ms
    }

    /// Bytes of a torn end that were cut off.
    pub fn torn_bytes(&self) -> u64 {
        self.log.torn_bytes()
    }

    /// Commits a batch, durably only after [`CommitLog::sync`]. With a `note`, bytes
    /// that are handed back at the next start.
    pub fn commit(&mut self, time_ms: u64, note: &[u8]) -> Result<()> {
        let times = Times::one(time_ms, self.interval);
        if note.is_empty() {
            self.pending = match self.pending {
                Some(pending) => match pending.joined(times) {
                    Some(pending) => Some(pending),
                    None => {
                        self.flush()?;
                        Some(times)
                    }
                },
                None => Some(times),
            };
        } else {
            self.flush()?;
            self.log.append(&[&[COMMITTED], &times.to_bytes(), note])?;
        }
        self.last_ms = Some(time_ms);
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        match self.pending.take() {
            Some(pending) => self.log.append(&[&[COMMITTED], &pending.to_bytes()]).map(drop),
            None => Ok(()),
        }
    }

    /// Makes all commits durable. True if a new segment was begun, so that old
    /// ones may go.
    pub fn sync(&mut self) -> Result<bool> {
        self.flush()?;
        self.log.sync()?;
        let full = self.log.end().offset > SEGMENT_BYTES;
        if full {
            self.log.roll()?;
            self.segments.push((self.log.end().segment, self.last_ms.unwrap_or(0)));
        }
        Ok(full)
    }

    /// Says, durably, that all that came was committed, and no more comes.
    pub fn close(&mut self) -> Result<()> {
        self.flush()?;
        self.log.append(&[&[CLOSED]])?;
        self.log.sync()
    }

    /// Whether everything is durable.
    pub fn is_synced(&self) -> bool {
        self.pending.is_none() && self.log.is_synced()
    }

    /// The notes that may still matter, oldest first: those of the newest two
    /// segments. A group that shares a sync is never spread over more.
    pub fn notes(&self, note: &mut dyn FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
        let segment = self.log.end().segment.saturating_sub(1).max(self.log.start().segment);
        let mut reader = self.log.reader(Place { segment, ..self.log.start() })?;
        let mut notes = Vec::new();
        while let Some(entry) = reader.next_entry()? {
            match decode(&entry)? {
                Decoded::Committed(times, bytes) if !bytes.is_empty() => notes.push((times.last_ms, bytes.to_vec())),
                Decoded::TakenBack(to_ms) => notes.retain(|(time_ms, _)| *time_ms <= to_ms),
                _ => {}
            }
        }
        notes.iter().try_for_each(|(time_ms, bytes)| note(*time_ms, bytes))
    }

    /// Removes commits up to `time_ms`, but not the newest.
    pub fn purge(&mut self, time_ms: u64) -> Result<()> {
        let most = self.segments.len().saturating_sub(2);
        let keep = self.segments.iter().rposition(|(_, before_ms)| *before_ms <= time_ms).unwrap_or(0).min(most);
        self.segments.drain(..keep);
        match self.segments.first() {
            Some(&(segment, _)) => self.log.purge_before(segment),
            None => Ok(()),
        }
    }
}

/// What a log of commits says to those who compute where to resume.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommitSummary {
    /// The newest batch committed.
    pub last_ms: Option<u64>,
    /// All up to this time is committed, or never was.
    pub done_ms: u64,
    /// Whether the sink was done with all at a close, and has committed nothing since.
    pub is_done: bool,
}

/// Looks at a log without changing it; `None` if there is none.
pub fn look(storage: Arc<dyn Storage>, dir: &Path, view: View) -> Result<Option<CommitSummary>> {
    let Some(mut reader) = Reader::open(storage, dir, LogKind::Commits, view)? else { return Ok(None) };
    let newest = reader.end().segment;
    let before = Place { segment: newest.saturating_sub(1), offset: reader.place().offset };
    if before > reader.place() {
        reader.seek(before);
    }
    let mut seen = CommitSummary::default();
    while let Some(entry) = reader.peek(1 + TIMES_BYTES)? {
        match decode(&entry)? {
            Decoded::Committed(times, _) => {
                seen = CommitSummary { last_ms: Some(times.last_ms), done_ms: times.last_ms, is_done: false }
            }
            Decoded::Closed => (seen.done_ms, seen.is_done) = (u64::MAX, true),
            Decoded::Resumed(time_ms) => seen.done_ms = time_ms.max(seen.last_ms.unwrap_or(0)),
            Decoded::TakenBack(time_ms) => {
                seen = CommitSummary {
                    last_ms: Some(seen.last_ms.map_or(time_ms, |last| last.min(time_ms))),
                    done_ms: time_ms,
                    is_done: false,
                };
            }
        }
    }
    Ok(Some(seen))
}

/// Whether a sink was done with all at a close, and has committed nothing since.
pub fn is_done(storage: Arc<dyn Storage>, dir: &Path) -> Result<bool> {
    Ok(look(storage, dir, View::Visible)?.is_some_and(|seen| seen.is_done))
}

/// Says once more, durably, that a sink is done with all, where it was to go on since then; whether it was.
pub fn close_again(storage: Arc<dyn Storage>, dir: &Path) -> Result<bool> {
    if look(storage.clone(), dir, View::Visible)?.is_none_or(|seen| seen.done_ms == u64::MAX) {
        return Ok(false);
    }
    let mut log = Log::open(storage, dir, LogKind::Commits)?;
    log.append(&[&[CLOSED]])?;
    log.sync()?;
    Ok(true)
}

/// A commit that counts: its batches, and the sink's note.
pub type Committed = (Times, Vec<u8>);

/// All commits that are in a log and count, oldest first, without changing it.
pub fn look_at_all(storage: Arc<dyn Storage>, dir: &Path) -> Result<Vec<Committed>> {
    let mut all: Vec<Committed> = Vec::new();
    let Some(mut reader) = Reader::open(storage, dir, LogKind::Commits, View::Visible)? else { return Ok(all) };
    while let Some(entry) = reader.next_entry()? {
        match decode(&entry)? {
            Decoded::Committed(times, note) => all.push((times, note.to_vec())),
            Decoded::TakenBack(to_ms) => {
                all.retain_mut(|(times, _)| times.up_to(to_ms).map(|left| *times = left).is_some());
            }
            Decoded::Closed | Decoded::Resumed(_) => {}
        }
    }
    Ok(all)
}

/// Takes back, durably, what a sink that does not run has committed after
/// `time_ms`, and its close. One entry does it: a crash leaves all or nothing.
pub fn take_back(storage: Arc<dyn Storage>, dir: &Path, time_ms: u64) -> Result<()> {
    let mut log = Log::open(storage, dir, LogKind::Commits)?;
    log.append(&[&[TAKEN_BACK], &time_ms.to_le_bytes()])?;
    log.sync()
}

/// Whether an entry is one of commits.
pub fn check(entry: &Entry<'_>) -> Result<()> {
    decode(entry).map(drop)
}
