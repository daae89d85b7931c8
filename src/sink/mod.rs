//! Where batches go. A [`Sink`] takes each batch of a stream; [`SinkOutlet`]
//! makes the end of a pipeline of it or, with `--pass`, a stage that hands the
//! stream on. [`frames`] is how one tool hands a stream to the next. One file a
//! kind.

pub mod exec;
pub mod files;
pub mod form;
pub mod frames;
pub mod kafka;
pub mod null;
pub mod print;
pub mod stdout;
pub mod text;

use crate::error::Failure as _;
use crate::frame::{BatchTime, Block, Close, End, Head, Reason};
use crate::stage::{Outlet, OutletError};

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
    pass: Option<Box<dyn Outlet + 'a>>,
}

impl<'a> SinkOutlet<'a> {
    /// With `pass`, everything is handed on there.
    pub fn new(sink: Box<dyn Sink + 'a>, pass: Option<Box<dyn Outlet + 'a>>) -> SinkOutlet<'a> {
        SinkOutlet { sink, pass }
    }

    /// Has the sink do something. If it fails, the stream that is passed on
    /// ends with that failure: a stage behind must not take it for cut off.
    fn sink(&mut self, work: impl FnOnce(&mut dyn Sink) -> Result<(), OutletError>) -> Result<(), OutletError> {
        let Err(error) = work(self.sink.as_mut()) else { return Ok(()) };
        if let Some(pass) = &mut self.pass {
            // If that stage has gone too, there is nobody to tell.
            let _ = pass.close(&Close::error(error.exit(), format!("sstream-sink: {error}")));
        }
        Err(error)
    }

    fn pass(&mut self, hand_on: impl FnOnce(&mut dyn Outlet) -> Result<(), OutletError>) -> Result<(), OutletError> {
        self.pass.as_mut().map_or(Ok(()), |pass| hand_on(pass.as_mut()))
    }
}

impl Outlet for SinkOutlet<'_> {
    fn head(&mut self, head: &Head) -> Result<(), OutletError> {
        self.pass(|pass| pass.head(head))
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.sink(|sink| sink.block(block))?;
        self.pass(|pass| pass.block(block))
    }

    fn finish_batch(&mut self, time: BatchTime, records: u64) -> Result<(), OutletError> {
        self.sink(|sink| sink.end(time, records))?;
        self.pass(|pass| pass.finish_batch(time, records))
    }

    fn end(&mut self, end: &End) -> Result<(), OutletError> {
        self.pass(|pass| pass.end(end))
    }

    fn close(&mut self, close: &Close) -> Result<(), OutletError> {
        self.sink(|sink| sink.close(!matches!(close.reason, Reason::Error { .. })))?;
        self.pass(|pass| pass.close(close))
    }

    fn flush(&mut self) -> Result<(), OutletError> {
        self.sink(|sink| sink.flush())?;
        self.pass(|pass| pass.flush())
    }
}

#[cfg(test)]
mod tests;
