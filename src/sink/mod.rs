//! Where batches go. A [`Sink`] takes each batch of a stream; [`SinkOutlet`]
//! makes the end of a pipeline of it or, with `--pass`, a stage that hands the
//! stream on. [`frames`] is how one tool hands a stream to the next. One file a
//! kind.

pub mod form;
pub mod frames;
pub mod print;
pub mod stdout;
pub mod text;

use crate::frame::{BatchTime, Block, Close, End, Head, Reason};
use crate::stage::{Outlet, OutletError};
use frames::Frames;

/// Takes each batch of a stream.
pub trait Sink {
    /// Takes records of the open batch.
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError>;

    /// The open batch is complete: it should be where it belongs when this
    /// returns.
    fn end(&mut self, time: BatchTime, records: u64) -> Result<(), OutletError>;

    /// The stream is over; unless `complete`, an open batch is void.
    fn close(&mut self, complete: bool) -> Result<(), OutletError> {
        let _ = complete;
        Ok(())
    }

    /// Whatever is finished should be seen.
    fn flush(&mut self) -> Result<(), OutletError> {
        Ok(())
    }
}

/// A sink at the end of a pipeline, or one that passes the stream on: each
/// batch's end after the sink is done with that batch.
pub struct SinkOutlet<'a> {
    sink: Box<dyn Sink + 'a>,
    pass: Option<Frames>,
}

impl<'a> SinkOutlet<'a> {
    /// With `pass`, everything is handed on there.
    pub fn new(sink: Box<dyn Sink + 'a>, pass: Option<Frames>) -> SinkOutlet<'a> {
        SinkOutlet { sink, pass }
    }

    fn pass(&mut self, hand_on: impl FnOnce(&mut Frames) -> Result<(), OutletError>) -> Result<(), OutletError> {
        self.pass.as_mut().map_or(Ok(()), hand_on)
    }
}

impl Outlet for SinkOutlet<'_> {
    fn head(&mut self, head: &Head) -> Result<(), OutletError> {
        self.pass(|frames| frames.head(head))
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.sink.block(block)?;
        self.pass(|frames| frames.block(block))
    }

    fn end(&mut self, end: &End) -> Result<(), OutletError> {
        self.sink.end(end.time, end.records)?;
        self.pass(|frames| frames.end(end))
    }

    fn close(&mut self, close: &Close) -> Result<(), OutletError> {
        self.sink.close(!matches!(close.reason, Reason::Error { .. }))?;
        self.pass(|frames| frames.close(close))
    }

    fn flush(&mut self) -> Result<(), OutletError> {
        self.sink.flush()?;
        self.pass(|frames| frames.flush())
    }
}
