//! The half of a stage behind the operator: what it gives goes to the outlet, an end
//! once what the batch changed is in the checkpoint.

use std::cell::RefCell;

use serde_json::{Map, Value};

use super::carried::Carried;
use super::checkpoint::{self, Part};
use super::trace::Trace;
use super::{Context, StageError};
use crate::flow::{Outlet, OutletError};
use crate::frame::{BatchTime, Block, Close, End, Head, OwnBlock, Reason, Watermark};
use crate::interval::Interval;
use crate::memory::{MemoryLimit, MemoryWatch};
use crate::op::durable::Durable;
use crate::op::{Downstream, Held, OpError};
use crate::spool::Spool;

/// The half of a stage behind the operator.
pub(super) struct Back<'o, 'c> {
    pub(super) outlet: &'o mut dyn Outlet,
    pub(super) context: &'o Context<'c>,
    pub(super) trace: Trace,
    /// Unknown keys of the ends since the last one that was written.
    other: Map<String, Value>,
    /// The first error of the outlet: operators need not look at it.
    failed: Option<OutletError>,
    pub(super) has_head: bool,
    /// The stage's part in a checkpoint.
    pub(super) part: Option<Part>,
    /// The file in which the state goes on, if it does so.
    carried: Option<Carried>,
    /// What waits for the operator's state to be saved.
    waiting: Waiting,
    /// The newest batch of the input that is complete.
    pub(super) newest: Option<BatchTime>,
    pub(super) memory: MemoryWatch,
    /// What the operator has said that it keeps.
    held: Option<Held>,
}

/// The ends that an operator with state has given in a call, and the blocks behind the first of
/// them. The blocks before it are out already: without their end they count for nothing.
struct Waiting {
    ends: Vec<(BatchTime, u64, Option<Watermark>)>,
    blocks: Spool,
}

/// So much of the blocks that wait is kept in memory.
const WAITING_BYTES: usize = 16 << 20;

impl<'o, 'c> Back<'o, 'c> {
    pub(super) fn new(outlet: &'o mut dyn Outlet, context: &'o Context<'c>) -> Self {
        Back {
            outlet,
            context,
            trace: Trace::new(),
            other: Map::new(),
            failed: None,
            has_head: false,
            part: None,
            carried: None,
            waiting: Waiting { ends: Vec::new(), blocks: Spool::new(WAITING_BYTES) },
            newest: None,
            memory: MemoryWatch::new(context.max_memory),
            held: None,
        }
    }

    /// Writes the head, once the stage has its place in the checkpoint: nobody
    /// behind it begins before.
    pub(super) fn head(
        &mut self,
        mut head: Head,
        interval: Interval,
        durable: Option<&mut dyn Durable>,
    ) -> Result<(), StageError> {
        let number = checkpoint::stages(&head.stages);
        head.stages.push(self.context.description.clone().into());
        let options = &self.context.checkpoint;
        if let Some(file) = &options.carry {
            self.carried = durable.map(|durable| Carried::begin(file, durable)).transpose()?;
        } else {
            let at = checkpoint::At { head: &head, number, interval };
            self.part = Part::enter(options, &at, durable, self.outlet.committing())?;
        }
        self.has_head = true;
        self.outlet.head(&head)?;
        // Who is behind takes its place in the checkpoint now, however long the first batch takes here.
        Ok(self.outlet.flush()?)
    }

    pub(super) fn input_end(&mut self, end: End) {
        self.newest = Some(end.time);
        self.trace.add_input(end.trace);
        self.other.extend(end.other);
    }

    /// The stage is about to wait.
    pub(super) fn idle(&mut self) -> Result<(), StageError> {
        self.flush()?;
        Ok(self.part.as_mut().map_or(Ok(()), Part::idle)?)
    }

    fn flush(&mut self) -> Result<(), OutletError> {
        self.check()?;
        self.outlet.flush()
    }

    /// The operator is done with a batch of its input.
    pub(super) fn save(&mut self, durable: Option<&mut dyn Durable>) -> Result<(), StageError> {
        if let (Some(part), Some(durable)) = (&mut self.part, durable) {
            part.save(self.newest.unwrap_or_default(), durable)?;
        }
        self.release()
    }

    /// The operator has given what was still under way, perhaps whole batches.
    pub(super) fn save_idle(&mut self, durable: Option<&mut dyn Durable>) -> Result<(), StageError> {
        if self.waiting.ends.is_empty() { Ok(()) } else { self.save(durable) }
    }

    /// Whether another process goes on with the stream, so that it is not over for the operator.
    pub(super) fn is_carried_on(&self, close: &Close) -> bool {
        self.carried.is_some() && close.reason != Reason::Eof
    }

    /// The operator is done with its input.
    pub(super) fn save_close(&mut self, durable: Option<&mut dyn Durable>) -> Result<(), StageError> {
        match (&mut self.part, &self.carried, durable) {
            (Some(part), _, Some(durable)) => part.close(self.waiting.ends.last().map(|(time, ..)| *time), durable)?,
            (None, Some(carried), Some(durable)) => carried.leave(durable)?,
            _ => {}
        }
        self.release()
    }

    /// Writes what waited: each end, and before all but the first the blocks of its batch.
    fn release(&mut self) -> Result<(), StageError> {
        let mut buffer = Vec::new();
        for (index, (time, records, watermark)) in std::mem::take(&mut self.waiting.ends).into_iter().enumerate() {
            if index > 0 {
                self.give_blocks(time, &mut buffer)?;
            }
            self.end(time, records, watermark);
        }
        // The beginning of a batch that is still open.
        if let Some(time) = self.waiting.blocks.oldest() {
            self.give_blocks(time, &mut buffer)?;
        }
        Ok(())
    }

    /// Gives on the blocks of a batch that waited.
    fn give_blocks(&mut self, time: BatchTime, buffer: &mut Vec<u8>) -> Result<(), StageError> {
        let count = self.waiting.blocks.batch(time).blocks();
        for index in 0..count {
            if self.failed.is_some() {
                break;
            }
            let batch = self.waiting.blocks.batch(time);
            let block = batch.block(index, buffer).map_err(OpError::from)?;
            self.failed = self.outlet.block(block).err();
        }
        self.waiting.blocks.discard_through(time);
        Ok(())
    }

    fn block(&mut self, block: Block<'_>) {
        if self.waiting.ends.is_empty() {
            self.attempt(|outlet| outlet.block(block));
        } else if self.failed.is_none() {
            self.failed = self.waiting.blocks.append(block).err().map(OutletError::from);
        }
    }

    fn own_block(&mut self, block: OwnBlock<'_>) {
        if self.waiting.ends.is_empty() {
            self.attempt(|outlet| outlet.own_block(block));
        } else {
            self.block(block.block());
        }
    }

    fn end(&mut self, time: BatchTime, records: u64, watermark: Option<Watermark>) {
        self.attempt(|outlet| outlet.finish_batch(time, records));
        let trace = self.trace.take(self.context, records);
        let end = End { time, records, watermark, trace, other: std::mem::take(&mut self.other) };
        self.attempt(|outlet| outlet.end(&end));
        // A batch that is done goes on at once: the next one may take long, and
        // be here already.
        self.attempt(|outlet| outlet.batch_done());
    }

    pub(super) fn check(&mut self) -> Result<(), OutletError> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// An error if the process is `over` its limit, with what the operator keeps now, or has
    /// kept at its last end. What it keeps is asked for only then: threads may have to be waited for.
    pub(super) fn check_memory(
        &self,
        over: Option<(u64, MemoryLimit)>,
        held: impl FnOnce() -> Option<Held>,
    ) -> Result<(), StageError> {
        match over {
            None => Ok(()),
            Some((taken, limit)) => Err(StageError::Memory { taken, limit, held: held().or(self.held) }),
        }
    }

    fn attempt(&mut self, write: impl FnOnce(&mut dyn Outlet) -> Result<(), OutletError>) {
        if self.failed.is_none() {
            self.failed = write(self.outlet).err();
        }
    }
}

/// Lets the operator's output and the loop share one [`Back`].
pub(super) struct Tap<'b, 'o, 'c>(pub(super) &'b RefCell<Back<'o, 'c>>);

impl Downstream for Tap<'_, '_, '_> {
    fn block(&mut self, block: Block<'_>) {
        self.0.borrow_mut().block(block);
    }

    fn own_block(&mut self, block: OwnBlock<'_>) {
        self.0.borrow_mut().own_block(block);
    }

    fn end(&mut self, time: BatchTime, records: u64, watermark: Option<Watermark>) {
        let mut back = self.0.borrow_mut();
        if back.part.as_ref().is_some_and(Part::has_state) {
            back.waiting.ends.push((time, records, watermark));
        } else {
            back.end(time, records, watermark);
        }
    }

    fn holds(&mut self, held: Held) {
        let mut back = self.0.borrow_mut();
        back.held = Some(held);
        back.outlet.holds(held);
    }

    fn is_closed(&self) -> bool {
        self.0.borrow().failed.is_some()
    }

    fn ends_with_a_bad_record(&self) -> bool {
        self.0.borrow().context.bad_records.is_fatal()
    }

    fn bad_record(&mut self, time: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        self.0.borrow().context.bad_records.take(time, record, reason)
    }

    fn late_record(&mut self, time: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        self.0.borrow().context.late_records.take(time, record, reason)
    }
}
