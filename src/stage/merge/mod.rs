//! The loop of a stage that reads several streams: joins and unions.
//!
//! Every side is opened and read by a thread of its own ([`side`]), which hands
//! its blocks and ends over. They are kept, in memory and beyond a limit on disk,
//! until their batch is there from every side ([`align`]); then the operator gets
//! the batches of all sides at once. A side that is ahead of the others is held
//! back between two batches ([`gate`]).

mod align;
mod error;
mod gate;
mod head;
mod side;
mod watermark;

use std::cell::RefCell;
use std::sync::mpsc::{RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

pub use error::MergeError;
pub use side::SideInput;

use super::back::{Back, Tap};
use super::{Context, StageError};
use crate::flow::{InputError, Outlet, OutletError};
use crate::frame::{BatchTime, Block, Close, End, Head, Reason};
use crate::op::sides::{Merge, Place, Whole};
use crate::op::{OpError, Out};
use crate::signal::{StopSignal, is_reader_gone};
use crate::spool::{self, Spool};
use align::{Align, Step};
use side::{Message, Messages, Side};
use watermark::Watermarks;

/// How often a stage that waits looks whether its reader has gone, and whether it was
/// asked to stop before somebody has opened its FIFOs.
const LOOK: Duration = Duration::from_millis(200);

/// How long after it was asked to stop it still waits for that: the signal may
/// have come to a whole group of processes that is just being started.
const GRACE: Duration = Duration::from_secs(1);

/// What a stage on several streams can be told.
pub struct MergeOptions {
    /// How much of batches is kept in memory, in bytes, over all sides.
    pub memory: usize,
    /// Whether the process was asked to stop. Of interest only until every side
    /// has a writer: after that the close comes from there.
    pub stop: StopSignal,
}

/// Runs a stage on several streams to their end, as [`super::run`] runs one on
/// one stream.
pub fn run(
    inputs: Vec<SideInput>,
    merge: &mut dyn Merge,
    outlet: &mut dyn Outlet,
    context: &Context<'_>,
    options: &MergeOptions,
) -> Result<(), StageError> {
    super::run_between(outlet, context, |back| Driver::start(inputs, options)?.drive(merge, back))
}

/// The streams, as far as they were read.
struct Driver<'a> {
    sides: Vec<Side>,
    messages: Messages,
    stop: &'a StopSignal,
    /// The sides that nobody has opened for writing.
    unopened: Vec<bool>,
    heads: Vec<Option<Head>>,
    spools: Vec<Spool>,
    /// Aligns the ends; the blocks are in the spools. There is none before all
    /// heads have come, and what came before waits here.
    align: Option<Align<End>>,
    early: Vec<(usize, Early)>,
    closes: Vec<Close>,
    /// Why a side broke off.
    broken: Vec<Option<StageError>>,
    is_traced: bool,
    watermarks: Watermarks,
}

/// What a side can send to be aligned.
enum Early {
    Open(BatchTime),
    End(End),
    Close,
    Break,
}

impl<'a> Driver<'a> {
    fn start(inputs: Vec<SideInput>, options: &'a MergeOptions) -> Result<Driver<'a>, MergeError> {
        let count = inputs.len();
        let (sides, messages) = side::read_all(inputs)?;
        let spool = || Spool::new(options.memory / count.max(1));
        Ok(Driver {
            sides,
            messages,
            stop: &options.stop,
            unopened: vec![true; count],
            heads: (0..count).map(|_| None).collect(),
            spools: std::iter::repeat_with(spool).take(count).collect(),
            align: None,
            early: Vec::new(),
            closes: Vec::new(),
            broken: (0..count).map(|_| None).collect(),
            is_traced: false,
            watermarks: Watermarks::new(count),
        })
    }

    fn drive(mut self, merge: &mut dyn Merge, back: &RefCell<Back<'_, '_>>) -> Result<(), StageError> {
        let mut tap = Tap(back);
        let mut out = Out::new(&mut tap);
        loop {
            let (side, message) = match self.messages.try_recv() {
                Ok(message) => message,
                Err(TryRecvError::Empty) => {
                    back.borrow_mut().idle()?;
                    let context = back.borrow().context;
                    context.waited.during(|| self.receive())?
                }
                Err(TryRecvError::Disconnected) => return Err(self.no_reader().into()),
            };
            self.take(side, message)?;
            if self.align.is_none() && self.heads.iter().all(Option::is_some) {
                let mut head = self.begin()?;
                let interval = head.interval;
                merge.head(&mut head)?;
                back.borrow_mut().head(head, interval, merge.durable())?;
            }
            while let Some(align) = &mut self.align {
                match align.step() {
                    Step::Wait => break,
                    Step::Batch(time, ends) => self.give(time, ends, merge, &mut out, back)?,
                    Step::Broken(side) => {
                        let error = self.broken[side].take();
                        return Err(error.unwrap_or_else(|| self.no_reader().into()));
                    }
                    Step::Apart(from, to) => return Err(MergeError::Apart { from, to }.into()),
                    Step::Close => {
                        let close = head::merge_closes(self.closes);
                        if !back.borrow().is_carried_on(&close) {
                            merge.close(&close, &mut out)?;
                        }
                        back.borrow_mut().save_close(merge.durable())?;
                        back.borrow_mut().check()?;
                        return Ok(back.borrow_mut().outlet.close(&close)?);
                    }
                }
            }
        }
    }

    /// Waits for a message, or until nobody reads the output any more.
    fn receive(&self) -> Result<(usize, Message), StageError> {
        let mut asked: Option<Instant> = None;
        loop {
            match self.messages.recv_timeout(LOOK) {
                Ok(message) => return Ok(message),
                Err(RecvTimeoutError::Disconnected) => return Err(self.no_reader().into()),
                Err(RecvTimeoutError::Timeout) if self.stop.reader().is_some_and(is_reader_gone) => {
                    return Err(OutletError::ReaderGone.into());
                }
                Err(RecvTimeoutError::Timeout) if !self.unopened.contains(&true) => {}
                Err(RecvTimeoutError::Timeout) if asked.is_some_and(|asked| asked.elapsed() >= GRACE) => {
                    let is_unopened = |(side, unopened): (&Side, &bool)| unopened.then(|| side.name.clone());
                    let sides = self.sides.iter().zip(&self.unopened).filter_map(is_unopened).collect();
                    return Err(MergeError::NoWriter { sides }.into());
                }
                Err(RecvTimeoutError::Timeout) if self.stop.is_asked() => {
                    asked.get_or_insert_with(Instant::now);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// A reader ends only after it has told why; if it did not, it has crashed.
    fn no_reader(&self) -> MergeError {
        let names: Vec<&str> = self.sides.iter().map(|side| &side.name[..]).collect();
        MergeError::Open { side: names.join(", "), error: std::io::ErrorKind::BrokenPipe.into() }
    }

    /// Takes what a side has sent.
    fn take(&mut self, side: usize, message: Message) -> Result<(), StageError> {
        let event = match message {
            Message::Opened => {
                self.unopened[side] = false;
                return Ok(());
            }
            Message::Head(head) => {
                self.heads[side] = Some(head);
                return Ok(());
            }
            Message::Block { time, records, bytes } => {
                self.spools[side].append(Block { time, records, bytes: &bytes }).map_err(OpError::from)?;
                Early::Open(time)
            }
            Message::End(end) => {
                self.is_traced |= end.trace.is_some();
                Early::End(end)
            }
            Message::Close(Close { reason: Reason::Error { exit, message }, other }) => {
                self.broken[side] = Some(StageError::Upstream { exit, message, other });
                Early::Break
            }
            Message::Close(close) => {
                if close.reason == Reason::Eof {
                    self.watermarks.finish(side);
                }
                self.closes.push(close);
                Early::Close
            }
            Message::Failed(error) => {
                let name = self.sides[side].name.clone();
                self.broken[side] = Some(InputError::Side { name, error }.into());
                Early::Break
            }
            Message::Refused(error) => {
                self.broken[side] = Some(error.into());
                Early::Break
            }
        };
        match &mut self.align {
            Some(align) => event.tell(side, align),
            // Nothing was given yet, and never will be.
            None if self.heads[side].is_none() => {
                let error = self.broken[side].take();
                return Err(error.unwrap_or_else(|| self.no_reader().into()));
            }
            None => self.early.push((side, event)),
        }
        Ok(())
    }

    /// Begins to align, and gives the head, once every side has sent its own.
    fn begin(&mut self) -> Result<Head, MergeError> {
        let names: Vec<String> = self.sides.iter().map(|side| side.name.clone()).collect();
        // They stay, as a sign that a side had its head.
        let heads = self.heads.iter().flatten().cloned().collect();
        let head = head::merge_heads(heads, &names)?;
        let mut align = Align::new(self.sides.len(), head.interval);
        for (side, event) in self.early.drain(..) {
            event.tell(side, &mut align);
        }
        self.align = Some(align);
        Ok(head)
    }

    /// Gives one batch to the operator.
    fn give(
        &mut self,
        time: BatchTime,
        ends: Vec<Option<End>>,
        merge: &mut dyn Merge,
        out: &mut Out<'_>,
        back: &RefCell<Back<'_, '_>>,
    ) -> Result<(), StageError> {
        let given: Vec<bool> = ends.iter().map(Option::is_some).collect();
        self.watermarks.take(&ends);
        let said: Vec<_> = ends.iter().map(|end| end.as_ref()?.watermark).collect();
        merge.watermarks(&said);
        let mut end = head::merge_ends(time, ends, self.is_traced);
        end.watermark = self.watermarks.least();
        back.borrow_mut().trace.records_in += end.records;
        let batches: Vec<spool::Batch<'_>> = self.spools.iter().map(|spool| spool.batch(time)).collect();
        let sides: Vec<&dyn Whole> = batches.iter().map(|batch| batch as &dyn Whole).collect();
        out.set_time(time);
        out.set_watermark(end.watermark);
        back.borrow_mut().input_end(end);
        merge.batch(time, &sides, out)?;
        out.end(time);
        let bytes = self.spools.iter().map(|spool| spool.bytes() as usize).sum();
        let over = back.borrow_mut().memory.took(bytes);
        back.borrow().check_memory(over, || None)?;
        back.borrow_mut().save(merge.durable())?;
        back.borrow_mut().check()?;
        for (index, _) in given.iter().enumerate().filter(|(_, given)| **given) {
            self.spools[index].discard_through(time);
            self.sides[index].gate.given();
        }
        Ok(())
    }
}

impl Early {
    fn tell(self, side: usize, align: &mut Align<End>) {
        match self {
            Early::Open(time) => align.open(side, time),
            Early::End(end) => align.end(side, end.time, end),
            Early::Close => align.close(side),
            Early::Break => align.break_off(side),
        }
    }
}

impl Whole for spool::Batch<'_> {
    fn blocks(&self) -> usize {
        spool::Batch::blocks(self)
    }

    fn block<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<Block<'a>, OpError> {
        Ok(spool::Batch::block(self, index, buffer)?)
    }

    fn part<'a>(&'a self, place: Place, buffer: &'a mut Vec<u8>) -> Result<&'a [u8], OpError> {
        Ok(spool::Batch::part(self, place.block, place.start, place.length, buffer)?)
    }
}
