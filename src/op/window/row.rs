//! The panes of a window in a row, and what a checkpoint keeps of them.
//!
//! Each pane has a mark: the time of its batch in ms, or how many records of the
//! stream came until its end. Marks rise. A checkpoint keeps the panes, each
//! written once, when it is complete, and dropped when it leaves; so what is
//! written after a batch is as much as came with it. Partial results over
//! several panes are made again from the panes.
//!
//! | key | entry |
//! |---|---|
//! | 0 | version 1, then numbers: 1 if the stream was closed here, else 0; the time of the newest batch in ms; how many records came (windows of records); 1 + the mark of the newest pane that is [combined](Panes::combined), 0 if none is |
//! | 1, mark (8 bytes, most significant first), number of the chunk (4 bytes, the same) | version 1, then what [`Panes::save`] gives |
//!
//! Numbers are those of [`saved`](crate::agg::saved). The first entry is written
//! with each batch that brings or drops a pane: of batches that change nothing
//! only the time would be new, and that follows from where a stream resumes.
//!
//! No slice of the whole is ever written, as a window writes all that it holds
//! within its own length: the panes there were when slices were asked for only
//! have to leave.

use std::collections::VecDeque;
use std::io;

use super::{Panes, damaged};
use crate::agg::saved::{push_number, take_byte, take_number};
use crate::frame::{BatchTime, Head};
use crate::interval::Interval;
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::durable::Durable;
use crate::op::{OpError, Out};

/// The version of entries.
pub(super) const VERSION: u8 = 1;
/// First bytes of keys.
const PROGRESS: u8 = 0;
const PANE: u8 = 1;
/// Times and positions beyond this are none: there is room to add a window's length.
const MAX_MARK: u64 = 1 << 62;

/// What a window knows besides its panes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// The newest batch, or the one that was given at the close; 0 before the first.
    pub last: BatchTime,
    /// How many records came, in a window of records.
    pub position: u64,
    /// The stream was closed after that.
    pub is_closed: bool,
}

/// The panes with their marks, and the window's progress.
pub(super) struct Row {
    pub panes: Box<dyn Panes>,
    pub progress: Progress,
    marks: VecDeque<u64>,
    interval: Interval,
    resume_ms: u64,
    journal: Option<Journal>,
}

impl Row {
    /// No pane yet.
    pub fn new(panes: Box<dyn Panes>) -> Row {
        Row {
            panes,
            progress: Progress::default(),
            marks: VecDeque::new(),
            interval: Interval::Fixed(1),
            resume_ms: 0,
            journal: None,
        }
    }

    /// Sees the head of the window's input.
    pub fn head(&mut self, head: &Head) {
        self.interval = head.interval;
        self.resume_ms = head.resume().unwrap_or_default().0;
    }

    /// How far apart the batches of the input are.
    pub fn interval(&self) -> Interval {
        self.interval
    }

    /// The open pane is complete.
    pub fn end_pane(&mut self, mark: u64, out: &mut Out<'_>) -> Result<(), OpError> {
        self.panes.end_pane(out)?;
        self.marks.push_back(mark);
        Ok(())
    }

    /// Lets go of the oldest panes, as long as they leave.
    pub fn evict(&mut self, leaves: impl Fn(u64) -> bool, out: &mut Out<'_>) -> Result<(), OpError> {
        while let Some(mark) = self.marks.front().copied().filter(|&mark| leaves(mark)) {
            self.marks.pop_front();
            if let Some(journal) = &mut self.journal {
                journal.left(mark);
            }
            self.panes.evict(out)?;
        }
        Ok(())
    }

    /// What there is to know besides the panes, as it is now.
    fn entry(&self) -> Entry {
        let combined = self.panes.combined().checked_sub(1).and_then(|index| self.marks.get(index));
        Entry { progress: self.progress, combined_to: combined.map_or(0, |mark| mark + 1) }
    }
}

/// What a checkpoint has of a pane.
#[derive(Clone, Copy)]
struct Saved {
    mark: u64,
    chunks: u32,
    bytes: u64,
}

/// Keeps track of what a checkpoint has.
#[derive(Default)]
struct Journal {
    saved: VecDeque<Saved>,
    saved_bytes: u64,
    /// Left since, and still in the checkpoint.
    left: Vec<Saved>,
    /// Panes with marks below this are saved, or were never to be.
    saved_below: u64,
    entry: Option<Entry>,
    /// Slices are over when the panes with marks below this have left.
    slices_below: u64,
    buffer: Vec<u8>,
}

impl Journal {
    fn left(&mut self, mark: u64) {
        if let Some(saved) = self.take_oldest(mark) {
            self.saved_bytes -= saved.bytes;
            self.left.push(saved);
        }
    }

    /// Takes the oldest saved pane away if it has this mark.
    fn take_oldest(&mut self, mark: u64) -> Option<Saved> {
        let saved = self.saved.front().copied().filter(|saved| saved.mark == mark)?;
        self.saved.pop_front();
        Some(saved)
    }

    fn saved(&mut self, mark: u64, chunk: u32, bytes: usize) {
        let bytes = bytes as u64 + PANE_KEY_BYTES as u64;
        self.saved_bytes += bytes;
        match self.saved.back_mut().filter(|_| chunk > 0) {
            Some(saved) => *saved = Saved { mark, chunks: chunk + 1, bytes: saved.bytes + bytes },
            None => self.saved.push_back(Saved { mark, chunks: 1, bytes }),
        }
    }
}

/// The entry with the key 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    progress: Progress,
    combined_to: u64,
}

impl Entry {
    /// Whether the other one says the same but for a later time.
    fn is_as(&self, other: Option<Entry>) -> bool {
        let same_time = |mut entry: Entry| {
            entry.progress.last = self.progress.last;
            entry
        };
        other.map(same_time) == Some(*self)
    }

    fn push(&self, out: &mut Vec<u8>) {
        let Progress { last, position, is_closed } = self.progress;
        out.push(VERSION);
        for number in [is_closed.into(), last.0, position, self.combined_to] {
            push_number(number, out);
        }
    }

    fn read(mut bytes: &[u8]) -> Option<Entry> {
        let input = &mut bytes;
        let mut number = || take_number(input).ok().filter(|&number| number <= MAX_MARK);
        let (version, closed, last_ms, position, combined_to) = (number()?, number()?, number()?, number()?, number()?);
        let progress = Progress { last: BatchTime(last_ms), position, is_closed: closed == 1 };
        (version == u64::from(VERSION) && closed <= 1 && bytes.is_empty()).then_some(Entry { progress, combined_to })
    }
}

const PANE_KEY_BYTES: usize = 13;

fn pane_key(mark: u64, chunk: u32) -> [u8; PANE_KEY_BYTES] {
    let mut key = [PANE; PANE_KEY_BYTES];
    key[1..9].copy_from_slice(&mark.to_be_bytes());
    key[9..].copy_from_slice(&chunk.to_be_bytes());
    key
}

pub(super) fn read_pane_key(key: &[u8]) -> Option<(u64, u32)> {
    let (mark, chunk) = key.strip_prefix(&[PANE])?.split_at_checked(8)?;
    let mark = u64::from_be_bytes(mark.try_into().ok()?);
    Some((mark, u32::from_be_bytes(chunk.try_into().ok()?))).filter(|_| mark <= MAX_MARK)
}

impl KeyedState for Row {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        let entry = self.entry();
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let first = self.marks.partition_point(|&mark| mark < journal.saved_below);
        if first == self.marks.len() && journal.left.is_empty() && entry.is_as(journal.entry) {
            return Ok(());
        }
        for left in journal.left.drain(..) {
            (0..left.chunks).for_each(|chunk| out(&pane_key(left.mark, chunk), None));
        }
        let mut buffer = std::mem::take(&mut journal.buffer);
        for (pane, &mark) in self.marks.iter().enumerate().skip(first) {
            let mut number = 0;
            self.panes.save(pane, &mut |chunk| {
                buffer.clear();
                buffer.push(VERSION);
                buffer.extend_from_slice(chunk);
                out(&pane_key(mark, number), Some(&buffer));
                journal.saved(mark, number, buffer.len());
                number += 1;
            })?;
            journal.saved_below = mark + 1;
        }
        buffer.clear();
        entry.push(&mut buffer);
        out(&[PROGRESS], Some(&buffer));
        (journal.entry, journal.buffer) = (Some(entry), buffer);
        Ok(())
    }

    fn slice(&mut self, from_start: bool, _bytes: usize, out: &mut PairOut<'_>) -> bool {
        let Some(journal) = &mut self.journal else { return true };
        if from_start {
            journal.slices_below = journal.saved_below;
            if let Some(entry) = &journal.entry {
                journal.buffer.clear();
                entry.push(&mut journal.buffer);
                out(&[PROGRESS], Some(&journal.buffer));
            }
        }
        journal.saved.front().is_none_or(|oldest| oldest.mark >= journal.slices_below)
    }

    fn live_bytes(&self) -> u64 {
        self.journal.as_ref().map_or(0, |journal| journal.saved_bytes)
    }
}

impl Durable for Row {
    fn track(&mut self, _is_restored: bool) {
        self.journal = Some(Journal::default());
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        if *key == [PROGRESS] {
            let known = entry.and_then(Entry::read).ok_or_else(|| damaged("a window's progress"))?;
            journal.entry = Some(known);
            return Ok(());
        }
        let (mark, chunk) = read_pane_key(key).ok_or_else(|| damaged("a window's key"))?;
        let Some(mut entry) = entry else {
            // Of a pane that left before what is loaded there is nothing.
            if journal.take_oldest(mark).is_some() {
                self.marks.pop_front();
                self.panes.unload();
            }
            return Ok(());
        };
        let expected = match journal.saved.back() {
            Some(newest) if newest.mark == mark => newest.chunks,
            _ => 0,
        };
        let is_later = chunk > 0 || mark >= journal.saved_below;
        if take_byte(&mut entry) != Ok(VERSION) || chunk != expected || !is_later {
            return Err(damaged("a window's pane"));
        }
        if chunk == 0 {
            self.marks.push_back(mark);
            journal.saved_below = mark + 1;
        }
        journal.saved(mark, chunk, entry.len() + 1);
        self.panes.load(chunk == 0, entry)
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        journal.saved_bytes = journal.saved.iter().map(|saved| saved.bytes).sum();
        let Some(Entry { mut progress, combined_to }) = journal.entry else {
            return if self.marks.is_empty() { Ok(()) } else { Err(damaged("a window's progress is missing")) };
        };
        if !progress.is_closed {
            // Batches since then that changed nothing.
            let resume = self.interval.up_to(self.resume_ms);
            progress.last = progress.last.max(BatchTime(resume.min(MAX_MARK)));
        }
        self.progress = progress;
        self.panes.finish_load(self.marks.partition_point(|&mark| mark < combined_to))
    }
}
