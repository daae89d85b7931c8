//! Where the batches of a first stage come from: the cutter, or a source that
//! brings batches of its own. [`crate::source::engine::first::FirstStage`] makes an input of it,
//! with the checkpoint
//! around them ([`super::kept::Kept`]) or without.

use crate::checkpoint::survey::Commit;
use crate::frame::{BatchTime, Block, Close, End, Event, Head};
use crate::source::SourceError;
use crate::source::engine::records::ReadAgain;

/// One step of a stream that begins here.
#[derive(Debug)]
pub enum Step {
    /// Always first.
    Head(Head),
    /// A block of the open batch, whose bytes are [`Batches::block`].
    Block {
        /// The batch.
        time: BatchTime,
        /// How many records, at least one.
        records: u64,
    },
    /// The open batch is complete.
    End(End),
    /// Nothing follows.
    Close(Close),
}

impl Step {
    /// The event, where `block` are the bytes of a block.
    pub fn event(self, block: &[u8]) -> Event<'_> {
        match self {
            Step::Head(head) => Event::Head(head),
            Step::Block { time, records } => Event::Block(Block { time, records, bytes: block }),
            Step::End(end) => Event::End(end),
            Step::Close(close) => Event::Close(close),
        }
    }
}

/// Gives the batches of a stream that begins here.
pub trait Batches {
    /// The next step; waits for it if it must.
    fn step(&mut self) -> Result<Step, SourceError>;

    /// The bytes of the block that [`Batches::step`] has just given, until its buffer is taken.
    fn block(&self) -> &[u8];

    /// As [`Input::buffer`](crate::flow::Input::buffer).
    fn buffer(&mut self) -> Option<&mut Vec<u8>> {
        None
    }

    /// Whether the next step is here already, so that it will not wait.
    fn is_ready(&self) -> bool;

    /// Whether ends carry a trace.
    fn begins_trace(&self) -> bool;

    /// After the head, under a checkpoint: the first batch is the one after `time`.
    /// So many records of it have been given already: if that is any, it is to have an end.
    fn start_after(&mut self, time: BatchTime, carried: u64);

    /// Asked after an end: so many batches follow at once, with nothing in them,
    /// because their intervals were missed. They come whatever happens.
    fn missed(&mut self) -> u64 {
        0
    }

    /// What was given so far need not be brought again: the last end has left or, under a
    /// checkpoint, all of it is on disk.
    fn done_with(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    /// Whether somebody waits for [`Batches::done_with`], also within a batch.
    fn is_awaited(&self) -> bool {
        false
    }

    /// How many bytes wait in the source, where it tells: see
    /// [`RecordSource::waiting`](crate::source::engine::records::RecordSource::waiting).
    fn waiting(&self) -> Option<u64> {
        None
    }

    /// How to read batches again; otherwise they are kept as they come.
    fn replay(&mut self) -> Option<&mut dyn ReadAgain> {
        None
    }

    /// Takes at most so many records a second from now on; `None` is no limit.
    fn set_rate(&mut self, per_second: Option<f64>) {
        let _ = per_second;
    }

    /// Whether a limit set by [`Batches::set_rate`] has held records back since
    /// the last call.
    fn was_held_back(&mut self) -> bool {
        false
    }

    /// Whether there is a checkpoint around them.
    fn is_kept(&self) -> bool {
        false
    }

    /// Asked after the close: see [`Input::must_restart`](crate::flow::Input::must_restart).
    fn must_restart(&self) -> bool {
        false
    }

    /// What the sinks behind have committed, under a checkpoint, if that is news; `often`
    /// for one who goes by it.
    fn committed(&mut self, often: bool) -> Option<Commit> {
        let _ = often;
        None
    }
}
