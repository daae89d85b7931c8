//! The feed as a source.
//!
//! Constraints, and what follows from them:
//!
//! - *A server sends again what came behind an ID or a cursor*, but no batch as it was. So under a
//!   checkpoint the records of a batch are its position, with the ID behind them: what was recorded comes
//!   from there, what was not from the server, and nothing twice.
//! - *A stream of lines, or a WebSocket, sends nothing again.* So it has no position, and what comes is kept
//!   in the checkpoint's log, soon after it came.
//! - *Memory is bounded*: what waits has a limit, and so has a batch that is a position. Beyond them nothing
//!   is read, and the server has to wait.

use std::time::Duration;

use sstream::connect::{
    BLOCK_BYTES, Bad, Came, Position, ReadAgain, Ready, Reason, RecordSource, Room, SourceError, SourceParts,
    StopSignal, Waited, Wake,
};

use crate::position::{Mark, WRONG, push_made, take_made};
use crate::queue::Queue;
use crate::reader::{Mode, Reader, Settings};

/// A batch that is a position holds so many bytes, and then waits for its end.
const BATCH_BYTES: usize = 16 << 20;

/// What a server gives.
pub struct FeedSource {
    settings: Settings,
    parts: SourceParts,
    queue: Queue,
    wake: Wake,
    stop: StopSignal,
    waited: Waited,
    /// Begun by the first wait, when it is known where to go on.
    reader: Option<Reader>,
    /// Whether a checkpoint asks for positions.
    is_kept: bool,
    /// How far the feed is taken.
    mark: Mark,
    /// The records of the open batch, as its position has them.
    batch: Vec<u8>,
    /// What is still to be given of a batch that is read again.
    again: Vec<u8>,
}

impl FeedSource {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// The system has no pipe left.
    pub fn open(settings: Settings, parts: &SourceParts) -> Result<FeedSource, SourceError> {
        let wake = Wake::new().map_err(|error| SourceError::read(settings.target.to_string(), error))?;
        Ok(FeedSource {
            queue: Queue::new(wake.bell()),
            wake,
            stop: parts.stop.clone(),
            waited: parts.waited.clone(),
            parts: parts.clone(),
            settings,
            reader: None,
            is_kept: false,
            mark: Mark::default(),
            batch: Vec::new(),
            again: Vec::new(),
        })
    }

    fn is_full(&self) -> bool {
        self.batch.len() >= BATCH_BYTES
    }

    /// What has come, or that nothing more will.
    fn look(&self) -> Result<Came, SourceError> {
        if self.has_records() {
            return Ok(Came::Something);
        }
        let mut inner = self.queue.lock();
        match &inner.over {
            Some(_) if !inner.items.is_empty() => Ok(Came::Timeout),
            Some(Ok(())) => Ok(Came::End),
            Some(Err(_)) => match inner.over.take() {
                Some(Err(error)) => Err(error.into()),
                _ => Ok(Came::End),
            },
            None => Ok(Came::Timeout),
        }
    }
}

impl RecordSource for FeedSource {
    fn wait(&mut self, timeout: Duration) -> Result<Came, SourceError> {
        if self.reader.is_none() {
            let (settings, queue) = (self.settings.clone(), self.queue.clone());
            self.reader = Some(Reader::start(settings, self.mark.clone(), queue, self.parts.console.clone())?);
        }
        // However fast they come.
        if self.stop.is_asked() {
            return Ok(Came::Stop);
        }
        let came = self.look()?;
        if came != Came::Timeout {
            return Ok(came);
        }
        let ready = self.waited.during(|| self.wake.wait(Some(&self.stop), timeout));
        match ready.map_err(|error| SourceError::read(self.settings.target.to_string(), error))? {
            Ready::Wake => Ok(Came::Stop),
            _ => self.look(),
        }
    }

    /// What has come is taken, unless the server gives it again.
    fn held(&mut self) -> Result<bool, SourceError> {
        self.reader = None;
        Ok(!self.is_kept && self.has_records())
    }

    fn has_records(&self) -> bool {
        !self.is_full() && !self.queue.lock().items.is_empty()
    }

    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        let (mut records, before) = (0, block.len());
        let mut queue = self.queue.lock();
        while records < room.records && block.len() - before < room.bytes && self.batch.len() < BATCH_BYTES {
            let Some(first) = queue.items.front_mut() else { break };
            // What fits a block of its own is not cut for this one.
            let rest = room.bytes - (block.len() - before);
            if records > 0 && first.cost() > rest && first.cost() <= room.bytes {
                break;
            }
            let item = first.split(room.records - records, rest);
            if first.count == 0 {
                queue.items.pop_front();
            }
            if self.is_kept {
                push_made(&item.made, &mut self.batch);
            }
            match &item.made {
                Ok(made) => {
                    block.extend_from_slice(made);
                    records += item.count;
                }
                Err((payload, reason)) => bad(payload, reason)?,
            }
            self.mark = item.mark;
        }
        Ok(records)
    }

    fn finish(&mut self, _: &Reason, _: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
        Ok(0)
    }

    fn replay(&mut self) -> Option<&mut dyn ReadAgain> {
        match self.settings.mode {
            Mode::Events | Mode::Poll(_) => Some(self),
            Mode::Lines | Mode::WebSocket => None,
        }
    }
}

impl ReadAgain for FeedSource {
    fn restore(&mut self, position: &Position) -> Result<(), SourceError> {
        self.is_kept = true;
        let newest = position.since.iter().rev().chain([&position.base]).find(|bytes| !bytes.is_empty());
        if let Some(bytes) = newest {
            self.mark = Mark::take(&mut bytes.as_slice()).ok_or(WRONG)?;
        }
        Ok(())
    }

    fn position(&mut self, delta: &mut Vec<u8>) {
        if !self.batch.is_empty() {
            self.mark.push(delta);
            delta.append(&mut self.batch);
            // A large batch is no reason to hold as much for small ones.
            self.batch = Vec::new();
        }
    }

    fn base(&mut self, base: &mut Vec<u8>) {
        self.mark.push(base);
    }

    fn begin_again(&mut self, delta: &[u8]) -> Result<(), SourceError> {
        let mut rest = delta;
        Mark::take(&mut rest).ok_or(WRONG)?;
        self.again = rest.to_vec();
        Ok(())
    }

    fn next_again(&mut self, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<Option<u64>, SourceError> {
        let (mut rest, mut records) = (self.again.as_slice(), 0);
        while !rest.is_empty() && block.len() < BLOCK_BYTES {
            match take_made(&mut rest)? {
                Ok(record) => {
                    block.extend_from_slice(&record);
                    records += 1;
                }
                Err((payload, reason)) => bad(&payload, &reason)?,
            }
        }
        self.again = rest.to_vec();
        Ok((records > 0).then_some(records))
    }
}

#[cfg(test)]
mod tests;
