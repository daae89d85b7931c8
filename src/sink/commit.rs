//! The commits of a sink under a checkpoint. Batches that come faster than they
//! can be made durable share one sync.

use std::time::{Duration, Instant};

use super::Sink;
use crate::checkpoint::participant::SinkCheckpoint;
use crate::flow::{Outlet, OutletError, Under};
use crate::frame::{BatchTime, Block, End};

/// A batch waits no longer than this for others to be committed with.
const GATHER: Duration = Duration::from_millis(50);

/// So many batches with a note at most: each may hold a file open.
const MOST_NOTES: usize = 100;

/// So many bytes at most are held of the stream that is passed on.
const MOST_HELD_BYTES: usize = 4 << 20;

/// Commits of batches with no output, which may come again without harm, are
/// synced this often.
const SYNC_EMPTY: Duration = Duration::from_secs(1);

/// What is committed, and what waits for it.
pub(super) struct Committer {
    checkpoint: SinkCheckpoint,
    /// The newest batch that the sink's own system has.
    newest_there: Option<BatchTime>,
    /// Batches that the sink is done with, with their notes.
    waiting: Vec<(BatchTime, Vec<u8>)>,
    notes: usize,
    /// When the first of them began to wait.
    since: Option<Instant>,
    /// Whether there is output whose commit is not durable.
    has_output: bool,
    synced: Instant,
    /// What is to be passed on once these are committed.
    held: Vec<Passing>,
    held_bytes: usize,
}

enum Passing {
    Block { time: BatchTime, records: u64, bytes: Vec<u8> },
    Finish(BatchTime, u64),
    End(End),
}

impl Committer {
    pub fn begin(
        checkpoint: SinkCheckpoint,
        under: &Under<'_>,
        sink: &mut (dyn Sink + '_),
    ) -> Result<Committer, OutletError> {
        let newest_there = sink.begin(under)?;
        Ok(Committer {
            checkpoint,
            newest_there,
            waiting: Vec::new(),
            notes: 0,
            since: None,
            has_output: false,
            synced: Instant::now(),
            held: Vec::new(),
            held_bytes: 0,
        })
    }

    /// Whether the sink is to be left out of this batch.
    pub fn is_committed(&self, time: BatchTime) -> bool {
        self.newest_there.is_some_and(|newest| time <= newest) || self.checkpoint.is_committed(time.0)
    }

    /// Takes a batch that is complete.
    pub fn finish(&mut self, time: BatchTime, records: u64, sink: &mut (dyn Sink + '_)) -> Result<(), OutletError> {
        let mut note = Vec::new();
        if self.checkpoint.is_committed(time.0) {
            return Ok(());
        }
        if !self.is_committed(time) {
            sink.prepare(time, records, &mut note)?;
        }
        self.has_output |= records > 0 || !note.is_empty() || sink.commits_each();
        self.notes += usize::from(!note.is_empty());
        self.waiting.push((time, note));
        self.since.get_or_insert_with(Instant::now);
        Ok(())
    }

    /// Whether what comes is to be held, not passed on.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub fn hold_block(&mut self, block: Block<'_>) {
        self.held_bytes += block.bytes.len();
        self.held.push(Passing::Block { time: block.time, records: block.records, bytes: block.bytes.to_vec() });
    }

    pub fn hold_finish(&mut self, time: BatchTime, records: u64) {
        self.held.push(Passing::Finish(time, records));
    }

    pub fn hold_end(&mut self, end: End) {
        // About what an end with a trace takes.
        self.held_bytes += 1 << 10;
        self.held.push(Passing::End(end));
    }

    /// Whether no batch more should be waited for.
    pub fn is_due(&self) -> bool {
        self.notes >= MOST_NOTES
            || self.held_bytes >= MOST_HELD_BYTES
            || self.since.is_some_and(|since| since.elapsed() >= GATHER)
    }

    /// Commits what waits, and passes on what was held behind it.
    pub fn settle(
        &mut self,
        sink: &mut (dyn Sink + '_),
        pass: Option<&mut (dyn Outlet + '_)>,
    ) -> Result<(), OutletError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let has_notes = self.notes > 0;
        if self.has_output {
            sink.persist()?;
        }
        for (time, note) in self.waiting.drain(..) {
            self.checkpoint.commit(time.0, &note)?;
        }
        (self.notes, self.since) = (0, None);
        if self.has_output || self.synced.elapsed() >= SYNC_EMPTY {
            self.checkpoint.sync()?;
            (self.has_output, self.synced) = (false, Instant::now());
        }
        if has_notes {
            sink.publish()?;
        }
        self.held_bytes = 0;
        let held = self.held.drain(..);
        let Some(pass) = pass else { return Ok(()) };
        for held in held {
            match held {
                Passing::Block { time, records, bytes } => pass.block(Block { time, records, bytes: &bytes })?,
                Passing::Finish(time, records) => pass.finish_batch(time, records)?,
                Passing::End(end) => pass.end(&end)?,
            }
        }
        Ok(())
    }

    /// Says, durably, that all that came was committed.
    pub fn close(&mut self) -> Result<(), OutletError> {
        Ok(self.checkpoint.close()?)
    }
}
