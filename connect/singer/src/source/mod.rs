//! The Singer source: a tap that runs ([`tap`]).
//!
//! Constraints, and what follows from them:
//!
//! - *A tap goes on behind a STATE that it gave*, and gives no batch again as it was. So under a checkpoint
//!   the records of a batch are its position, with the newest STATE before its end: what was recorded comes
//!   from there, and the tap goes on behind that STATE, so that what it gave since comes again.
//! - *A tap may let go for ever of what is before a STATE that it is given*, as a database of its log. So it
//!   is given no STATE that is not safe yet ([`queue`]).
//! - *Memory is bounded*: what waits has a limit, and so has a batch that is a position. Beyond them nothing
//!   is read, and the tap has to wait.

pub mod kind;
mod position;
mod queue;
mod tap;

use std::time::Duration;

use sstream::connect::{
    BLOCK_BYTES, Bad, Came, Position, ReadAgain, Ready, Reason, RecordSource, Room, SourceError, SourceParts, Wake,
};

use position::{push_item, push_state, take_item, take_state};
use queue::{Item, Queue, State};
use tap::{Settings, Tap};

/// A batch that is a position holds so many bytes, and then waits for its end.
const BATCH_BYTES: usize = 16 << 20;

/// What a tap gives.
pub struct SingerSource {
    settings: Settings,
    parts: SourceParts,
    queue: Queue,
    wake: Wake,
    /// Begun by the first wait, when it is known where to go on.
    tap: Option<Tap>,
    /// Whether a checkpoint asks for positions.
    is_kept: bool,
    /// The newest STATE that was taken, and whether it has come since the position was asked for last.
    state: Option<State>,
    is_new: bool,
    /// The records of the open batch, as its position has them.
    batch: Vec<u8>,
    /// What is still to be given of a batch that is read again.
    again: Vec<u8>,
}

impl SingerSource {
    /// Runs nothing yet.
    ///
    /// # Errors
    /// The system has no pipe left.
    pub fn open(settings: Settings, parts: &SourceParts) -> Result<SingerSource, SourceError> {
        let wake = Wake::new().map_err(|error| SourceError::read("singer", error))?;
        Ok(SingerSource {
            queue: Queue::new(wake.bell()),
            wake,
            parts: parts.clone(),
            settings,
            tap: None,
            is_kept: false,
            state: None,
            is_new: false,
            batch: Vec::new(),
            again: Vec::new(),
        })
    }

    fn is_full(&self) -> bool {
        self.batch.len() >= BATCH_BYTES
    }

    /// What has come, or that nothing more will.
    fn look(&self) -> Result<Came, SourceError> {
        // In this order: what came last is there before the end is.
        let is_over = self.queue.is_empty() && self.queue.check_end()?;
        Ok(match () {
            () if self.has_records() => Came::Something,
            () if is_over && self.queue.is_empty() => Came::End,
            () => Came::Timeout,
        })
    }
}

impl RecordSource for SingerSource {
    fn wait(&mut self, timeout: Duration) -> Result<Came, SourceError> {
        if self.tap.is_none() {
            self.queue.begin_behind(self.state.clone());
            self.tap = Some(Tap::start(self.settings.clone(), self.queue.clone(), self.parts.console.clone())?);
        }
        // However fast they come.
        if self.parts.stop.is_asked() {
            return Ok(Came::Stop);
        }
        let came = self.look()?;
        if came != Came::Timeout {
            return Ok(came);
        }
        let ready = self.parts.waited.during(|| self.wake.wait(Some(&self.parts.stop), timeout));
        match ready.map_err(|error| SourceError::read("singer", error))? {
            Ready::Wake => Ok(Came::Stop),
            _ => self.look(),
        }
    }

    /// What has come is taken, unless the tap gives it again.
    fn held(&mut self) -> Result<bool, SourceError> {
        self.tap = None;
        Ok(!self.is_kept && self.has_records())
    }

    fn has_records(&self) -> bool {
        !self.is_full() && !self.queue.is_empty()
    }

    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        let (mut records, before) = (0, block.len());
        while records < room.records && block.len() - before < room.bytes && !self.is_full() {
            let Some(item) = self.queue.take() else { break };
            if self.is_kept {
                push_item(&item, &mut self.batch);
            }
            match item {
                Item::Record(record) => {
                    block.extend_from_slice(&record);
                    records += 1;
                }
                Item::Bad(line, why) => bad(&line, &why)?,
                Item::State(state) => (self.state, self.is_new) = (Some(state), true),
            }
        }
        Ok(records)
    }

    fn finish(&mut self, _: &Reason, _: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
        Ok(0)
    }

    fn batch_left(&mut self) -> Result<(), SourceError> {
        self.queue.mark_safe(self.state.as_ref());
        Ok(())
    }

    fn replay(&mut self) -> Option<&mut dyn ReadAgain> {
        Some(self)
    }
}

impl ReadAgain for SingerSource {
    fn restore(&mut self, position: &Position) -> Result<(), SourceError> {
        self.is_kept = true;
        let newest = position.since.iter().rev().chain([&position.base]).find(|bytes| !bytes.is_empty());
        if let Some(bytes) = newest {
            self.state = take_state(&mut bytes.as_slice())?;
        }
        Ok(())
    }

    fn position(&mut self, delta: &mut Vec<u8>) {
        if self.is_new || !self.batch.is_empty() {
            push_state(self.state.as_ref(), delta);
            delta.append(&mut self.batch);
            // A large batch is no reason to hold as much for small ones.
            (self.batch, self.is_new) = (Vec::new(), false);
        }
    }

    fn base(&mut self, base: &mut Vec<u8>) {
        push_state(self.state.as_ref(), base);
    }

    fn begin_again(&mut self, delta: &[u8]) -> Result<(), SourceError> {
        let mut rest = delta;
        take_state(&mut rest)?;
        self.again = rest.to_vec();
        Ok(())
    }

    fn next_again(&mut self, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<Option<u64>, SourceError> {
        let (mut rest, mut records) = (self.again.as_slice(), 0);
        while !rest.is_empty() && block.len() < BLOCK_BYTES {
            match take_item(&mut rest)? {
                Ok(record) => {
                    block.extend_from_slice(record);
                    records += 1;
                }
                Err((line, why)) => bad(line, &why)?,
            }
        }
        self.again = rest.to_vec();
        Ok((records > 0).then_some(records))
    }
}
