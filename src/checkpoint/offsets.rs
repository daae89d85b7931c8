//! The log of a source: how to get each batch again.
//!
//! ```text
//! base     1, time (8), the source's bytes: what it knows as of that batch
//! batches  2, times (24), the source's bytes: how to get these batches again
//! closed   3, time (8), 1 eof or 2 stop: the source closed on purpose after that batch
//! ```
//!
//! Each segment begins with a base, so that the newest segment alone is enough
//! to go on from; older ones are for sending batches again. One entry is one
//! batch, or a run of batches with nothing in them.

use std::path::Path;
use std::sync::Arc;

use super::log::{Entry, Log, LogKind, Place, Reader, View};
use super::storage::Storage;
use super::times::{Bytes, TIMES_BYTES};
use super::{Error, Result, Times};

/// A new segment is begun when one is as long as this, and longer than two bases.
const SEGMENT_BYTES: u64 = if cfg!(test) { 256 } else { 1 << 20 };

const BASE: u8 = 1;
const BATCHES: u8 = 2;
const CLOSED: u8 = 3;

/// What a source knows, as its log has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// What the source gave as its base, empty at first.
    pub base: Vec<u8>,
    /// What it recorded for each batch since.
    pub since: Vec<Vec<u8>>,
}

/// How a source closed on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Closed {
    /// Its input ended.
    Eof = 1,
    /// It was asked to stop.
    Stop = 2,
}

/// The log, of a source that runs.
pub struct Offsets {
    log: Log,
    /// The segments, each with the time of its base.
    segments: Vec<(u64, u64)>,
    last_ms: u64,
    closed: Option<Closed>,
    base_bytes: u64,
}

/// One entry, decoded.
enum Decoded<'e> {
    Base(u64, &'e [u8]),
    Batches(Times, &'e [u8]),
    Closed(Closed),
}

fn decode<'e>(entry: &Entry<'e>) -> Result<Decoded<'e>> {
    let (path, offset) = (entry.path, entry.place.offset);
    let mut bytes = Bytes { bytes: entry.payload, path, offset };
    Ok(match bytes.u8()? {
        BASE => Decoded::Base(bytes.u64()?, bytes.bytes),
        BATCHES => Decoded::Batches(
            Times::from_bytes(bytes.bytes, path, offset)?,
            bytes.bytes.get(TIMES_BYTES..).unwrap_or_default(),
        ),
        CLOSED => {
            bytes.u64()?;
            Decoded::Closed(match bytes.u8()? {
                1 => Closed::Eof,
                2 => Closed::Stop,
                _ => return Err(Error::damaged(path, offset, "there is no such way to close")),
            })
        }
        _ => return Err(Error::damaged(path, offset, "there is no such entry in offsets")),
    })
}

impl Offsets {
    /// Makes the log of a source whose first batch comes after `base_ms`.
    pub fn create(storage: Arc<dyn Storage>, dir: &Path, base_ms: u64) -> Result<Offsets> {
        let mut log = Log::create(storage, dir, LogKind::Offsets)?;
        log.append(&[&[BASE], &base_ms.to_le_bytes()])?;
        log.sync()?;
        Ok(Offsets { log, segments: vec![(1, base_ms)], last_ms: base_ms, closed: None, base_bytes: 0 })
    }

    /// Opens the log to go on with it.
    pub fn open(storage: Arc<dyn Storage>, dir: &Path) -> Result<(Offsets, Position)> {
        let log = Log::open(storage, dir, LogKind::Offsets)?;
        let mut offsets = Offsets { log, segments: Vec::new(), last_ms: 0, closed: None, base_bytes: 0 };
        let position = offsets.index()?;
        Ok((offsets, position))
    }

    /// Reads the bases of all segments and the whole of the newest; goes back
    /// one segment if the newest was begun and has no base.
    fn index(&mut self) -> Result<Position> {
        let newest = self.log.end().segment;
        for segment in self.log.start().segment..=newest {
            let mut reader = self.log.reader(Place { segment, ..self.log.start() })?;
            match reader.next_entry()? {
                Some(entry) if entry.place.segment == segment => match decode(&entry)? {
                    Decoded::Base(time_ms, _) => self.segments.push((segment, time_ms)),
                    _ => return Err(Error::damaged(entry.path, entry.place.offset, "the base is missing")),
                },
                _ if segment == newest => {}
                _ => {
                    return Err(Error::Lost { path: self.log.dir().to_owned(), what: "a segment is empty".to_owned() });
                }
            }
        }
        let Some(&(segment, base_ms)) = self.segments.last() else {
            return Err(Error::Lost { path: self.log.dir().to_owned(), what: "the log is empty".to_owned() });
        };
        let mut position = Position::default();
        let mut reader = self.log.reader(Place { segment, ..self.log.start() })?;
        let mut end = reader.place();
        self.last_ms = base_ms;
        while let Some(entry) = reader.next_entry()? {
            match decode(&entry)? {
                Decoded::Base(_, bytes) => position.base = bytes.to_vec(),
                Decoded::Batches(times, _) if times.first_ms <= self.last_ms => {
                    return Err(Error::damaged(entry.path, entry.place.offset, "the batches are not in order"));
                }
                Decoded::Batches(times, bytes) => {
                    self.last_ms = times.last_ms;
                    self.closed = None;
                    position.since.push(bytes.to_vec());
                }
                Decoded::Closed(closed) => self.closed = Some(closed),
            }
            end = entry.end;
        }
        self.base_bytes = position.base.len() as u64;
        self.log.truncate(end)?;
        Ok(position)
    }

    /// Adds what was in `times`, more than one batch only if they are empty.
    /// `position` is what the source needs to get them again; `base` is asked
    /// now and then for all that it knows, these batches included.
    pub fn record(&mut self, times: Times, position: &[u8], base: &mut dyn FnMut(&mut Vec<u8>)) -> Result<bool> {
        self.log.append(&[&[BATCHES], &times.to_bytes(), position])?;
        self.last_ms = times.last_ms;
        self.closed = None;
        let full = self.log.end().offset > SEGMENT_BYTES.max(2 * self.base_bytes);
        if full {
            self.log.roll()?;
            let mut bytes = Vec::new();
            base(&mut bytes);
            self.log.append(&[&[BASE], &self.last_ms.to_le_bytes(), &bytes])?;
            self.log.sync()?;
            self.base_bytes = bytes.len() as u64;
            self.segments.push((self.log.end().segment, self.last_ms));
        }
        Ok(full)
    }

    /// Says, durably, that the source closes on purpose.
    pub fn close(&mut self, closed: Closed) -> Result<()> {
        self.log.append(&[&[CLOSED], &self.last_ms.to_le_bytes(), &[closed as u8]])?;
        self.closed = Some(closed);
        self.log.sync()
    }

    /// How the source closed after its newest batch, if it did.
    pub fn closed(&self) -> Option<Closed> {
        self.closed
    }

    /// Makes all entries durable.
    pub fn sync(&mut self) -> Result<()> {
        self.log.sync()
    }

    /// The newest batch recorded, or the time before the first.
    pub fn last_ms(&self) -> u64 {
        self.last_ms
    }

    /// Bytes of a torn end that were cut off.
    pub fn torn_bytes(&self) -> u64 {
        self.log.torn_bytes()
    }

    /// The batches after `time_ms`, oldest first.
    pub fn after(&self, time_ms: u64) -> Result<Batches> {
        let segment = self.segments.iter().rev().find(|(_, base_ms)| *base_ms <= time_ms);
        let Some(&(segment, _)) = segment.or(self.segments.first()) else {
            return Ok(Batches { reader: None, time_ms });
        };
        let from = Place { segment, ..self.log.start() };
        Ok(Batches { reader: Some(self.log.reader(from)?), time_ms })
    }

    /// Removes what is needed only for batches up to `time_ms`.
    pub fn purge(&mut self, time_ms: u64) -> Result<()> {
        let keep = self.segments.iter().rposition(|(_, base_ms)| *base_ms <= time_ms).unwrap_or(0);
        self.segments.drain(..keep);
        match self.segments.first() {
            Some(&(segment, _)) => self.log.purge_before(segment),
            None => Ok(()),
        }
    }
}

/// Batches to send again.
pub struct Batches {
    reader: Option<Reader>,
    time_ms: u64,
}

impl Batches {
    /// The batches after `time_ms` that are in a log, without changing it.
    pub fn look(storage: Arc<dyn Storage>, dir: &Path, time_ms: u64) -> Result<Batches> {
        let reader = Reader::open(storage, dir, LogKind::Offsets, View::Visible)?;
        Ok(Batches { reader, time_ms })
    }

    /// The next ones, with the source's bytes.
    pub fn next_batch(&mut self) -> Result<Option<(Times, Vec<u8>)>> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        while let Some(entry) = reader.next_entry()? {
            if let Decoded::Batches(times, bytes) = decode(&entry)?
                && let Some(times) = times.after(self.time_ms)
            {
                return Ok(Some((times, bytes.to_vec())));
            }
        }
        Ok(None)
    }
}

/// All that a log says of the source before the batch of `time_ms`, without changing it.
pub fn before(storage: Arc<dyn Storage>, dir: &Path, time_ms: u64) -> Result<Position> {
    let mut position = Position::default();
    let Some(mut reader) = Reader::open(storage, dir, LogKind::Offsets, View::Visible)? else { return Ok(position) };
    while let Some(entry) = reader.next_entry()? {
        match decode(&entry)? {
            Decoded::Base(_, bytes) => position = Position { base: bytes.to_vec(), since: Vec::new() },
            Decoded::Batches(times, _) if times.last_ms >= time_ms => break,
            Decoded::Batches(_, bytes) => position.since.push(bytes.to_vec()),
            Decoded::Closed(_) => {}
        }
    }
    Ok(position)
}

/// Whether an entry is one of offsets; gives what it says of batches.
pub fn check<'e>(entry: &Entry<'e>) -> Result<Option<(Times, &'e [u8])>> {
    Ok(match decode(entry)? {
        Decoded::Batches(times, bytes) => Some((times, bytes)),
        Decoded::Base(..) | Decoded::Closed(_) => None,
    })
}

/// What a log of offsets says to those who compute where to resume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetsSummary {
    /// The time before the first batch that is known.
    pub base_ms: u64,
    /// Batches after this time can be sent again; 0 while none was purged.
    pub from_ms: u64,
    /// The batches, in runs.
    pub runs: Vec<Times>,
    /// Whether the source closed after the last of them.
    pub closed: bool,
}

impl OffsetsSummary {
    /// The newest batch, or the time before the first.
    pub fn last_ms(&self) -> u64 {
        self.runs.last().map_or(self.base_ms, |times| times.last_ms)
    }

    /// The newest batch that is not after `time_ms`.
    pub fn newest_up_to(&self, time_ms: u64) -> Option<u64> {
        self.runs.iter().rev().find_map(|times| times.up_to(time_ms)).map(|times| times.last_ms)
    }
}

/// Looks at a log without changing it. `usable` says of a batch's bytes whether
/// the batch can still be had.
pub fn look(
    storage: Arc<dyn Storage>,
    dir: &Path,
    view: View,
    usable: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<Option<OffsetsSummary>> {
    const ENOUGH: usize = 1 + TIMES_BYTES + 64;
    let Some(mut reader) = Reader::open(storage, dir, LogKind::Offsets, view)? else { return Ok(None) };
    let mut seen: Option<OffsetsSummary> = None;
    while let Some(entry) = reader.peek(ENOUGH)? {
        match (decode(&entry)?, &mut seen) {
            (Decoded::Base(base_ms, _), None) => {
                let from_ms = if entry.place.segment == 1 { 0 } else { base_ms };
                seen = Some(OffsetsSummary { base_ms, from_ms, ..OffsetsSummary::default() });
            }
            (Decoded::Batches(times, bytes), Some(seen)) => {
                seen.closed = false;
                if !bytes.is_empty() && !usable(bytes) {
                    *seen =
                        OffsetsSummary { base_ms: times.last_ms, from_ms: times.last_ms, ..OffsetsSummary::default() };
                    continue;
                }
                match seen.runs.last_mut().and_then(|last| Some((last.joined(times)?, last))) {
                    Some((joined, last)) => *last = joined,
                    None => seen.runs.push(times),
                }
            }
            (Decoded::Closed(_), Some(seen)) => seen.closed = true,
            (Decoded::Base(..), Some(_)) => {}
            (_, None) => return Err(Error::damaged(entry.path, entry.place.offset, "the base is missing")),
        }
    }
    Ok(seen)
}
