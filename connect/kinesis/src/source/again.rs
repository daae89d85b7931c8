//! Reading batches again, from their ranges.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use sstream::connect::{BLOCK_BYTES, Bad, Came, Position, ReadAgain, Room, SourceError};

use super::KinesisSource;
use super::chunk::{Chunk, State};
use super::lane::{Lane, Read};
use super::ledger::{Damaged, Range, ranges_of};
use super::pool::MEMORY;
use super::records::{Form, Records};
use crate::client::{Fault, KinesisError, error_of};

/// How long after a stop a service that says nothing is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

impl From<Damaged> for SourceError {
    fn from(Damaged: Damaged) -> SourceError {
        SourceError::Position { what: "in the stream" }
    }
}

/// What is still to be read of a batch, and what was read of its shards.
pub struct Again {
    ranges: VecDeque<Range>,
    /// The range at the front was begun with.
    has_begun: bool,
    open: BTreeMap<Arc<str>, Open>,
    records: Records,
}

/// A shard that is read again, and what that gave and is not taken yet.
struct Open {
    lane: Lane,
    chunk: Chunk,
}

impl Again {
    /// Of nothing.
    pub fn new(form: Form) -> Again {
        Again { ranges: VecDeque::new(), has_begun: false, open: BTreeMap::new(), records: Records::new(form) }
    }

    /// No more is read again.
    pub fn clear(&mut self) {
        self.open.clear();
    }
}

impl ReadAgain for KinesisSource {
    fn restore(&mut self, position: &Position) -> Result<(), SourceError> {
        self.is_kept = true;
        self.ledger.restore(&position.base)?;
        for batch in &position.since {
            self.ledger.restore(batch)?;
        }
        Ok(())
    }

    fn position(&mut self, delta: &mut Vec<u8>) {
        self.ledger.write_batch(delta);
    }

    fn base(&mut self, base: &mut Vec<u8>) {
        self.ledger.write_base(base);
    }

    fn begin_again(&mut self, delta: &[u8]) -> Result<(), SourceError> {
        (self.again.ranges, self.again.has_begun) = (ranges_of(delta)?, false);
        Ok(())
    }

    fn next_again(&mut self, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<Option<u64>, SourceError> {
        let mut records = 0;
        while let Some(range) = self.again.ranges.front().cloned() {
            let (taken, is_over) = self.read_range(&range, block, bad)?;
            records += taken;
            if is_over {
                self.again.ranges.pop_front();
                self.again.has_begun = false;
            }
            if block.len() >= BLOCK_BYTES {
                return Ok(Some(records));
            }
        }
        Ok((!block.is_empty()).then_some(records))
    }
}

impl KinesisSource {
    /// Reads what is left of the range at the front, or about a block of it: how many records that were, and
    /// whether it is over.
    fn read_range(
        &mut self,
        range: &Range,
        block: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<(u64, bool), SourceError> {
        let Range { shard, first, last } = range;
        let what = format!("kinesis {}, {shard}, {} to {}", self.client.stream(), first.sequence, last.sequence);
        let gone = || SourceError::Gone { what: what.clone(), reason: "not all of it is there any more".to_owned() };
        // What was read for the range before may go on with this one.
        let is_fit = |open: &Open| self.again.has_begun || open.chunk.next() == Some(first);
        let open = self.again.open.remove(shard).filter(is_fit);
        let mut open = open.unwrap_or_else(|| Open { lane: Lane::at(shard, first), chunk: Chunk::new(shard) });
        let mut records = 0;
        let is_over = loop {
            if !self.again.has_begun {
                // Its aggregate may have others in front of it.
                open.chunk.skip_to(first);
                match open.chunk.next() {
                    Some(next) if next == first => self.again.has_begun = true,
                    Some(_) => return Err(gone()),
                    None => {}
                }
            }
            let room = Room { records: u64::MAX, bytes: BLOCK_BYTES.saturating_sub(block.len()).max(1) };
            records += open.chunk.take(room, Some(last), None, block, bad)?;
            if open.chunk.previous() == Some(last) {
                break true;
            }
            match open.chunk.next() {
                Some(next) if next > last => return Err(gone()),
                Some(_) => break false,
                None if block.len() >= BLOCK_BYTES => break false,
                None if open.chunk.state != State::More => return Err(gone()),
                None => open.chunk = self.read_again(&mut open.lane)?.ok_or_else(gone)?,
            }
        };
        let held: usize = self.again.open.values().map(|open| open.chunk.cost()).sum();
        if held > MEMORY {
            // They are read once more where they are wanted.
            self.again.open.clear();
        }
        self.again.open.insert(shard.clone(), open);
        Ok((records, is_over))
    }

    /// Reads a shard once; none if something of it is lost.
    fn read_again(&mut self, lane: &mut Lane) -> Result<Option<Chunk>, SourceError> {
        let began = Instant::now();
        loop {
            self.pause(lane.due.saturating_duration_since(Instant::now()));
            let due = Instant::now() + self.options.reading.pace;
            let (client, records, waited) = (&self.client, &mut self.again.records, &self.parts.waited);
            let read = waited.during(|| lane.read(client, records));
            lane.due = due;
            match read {
                Ok(Read { lost: Some(_), .. }) => return Ok(None),
                Ok(Read { chunk, lost: None }) => {
                    self.client.patience().note_back();
                    return Ok(Some(chunk));
                }
                Err(Fault::Expired) => {}
                Err(Fault::Passing(message) | Fault::Throttled(message)) => {
                    self.client.patience().note_away(&message);
                    if self.parts.stop.is_asked() && began.elapsed() >= PATIENCE {
                        let message = format!("{message}, and a stop was asked for");
                        return Err(KinesisError::Strange { stream: self.client.stream().to_owned(), message }.into());
                    }
                    lane.due += lane.backoff.next();
                }
                Err(fault) => return Err(error_of(&self.client, fault).into()),
            }
        }
    }

    /// Waits; a stop is no reason to wait no more.
    fn pause(&self, time: Duration) {
        if self.parts.pause(time) == Came::Stop {
            thread::sleep(time.min(Duration::from_secs(1)));
        }
    }
}
