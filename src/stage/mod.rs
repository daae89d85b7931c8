//! The one loop that every tool runs: read events, feed an operator, write what
//! it gives, keep the trace.
//!
//! Begin reading at [`run`]. The three parts that it ties together are traits:
//! an [`Input`] (frames from a pipe, or a source that cuts batches), an
//! [`Operator`], and an [`Outlet`] (frames to a pipe, a print form, a sink).

mod back;
mod bad;
pub mod checkpoint;
mod error;
pub mod merge;
mod trace;

#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

pub use bad::{BadRecords, OnError};
pub use checkpoint::CheckpointOptions;
pub use error::{InputError, OutletError, StageError};

use crate::checkpoint::participant::SinkCheckpoint;
use crate::clock::Clock;
use crate::error::Failure as _;
pub use crate::error::describe;
use crate::frame::{BatchTime, Block, Close, End, Event, Head, Reason};
use crate::monitor::watch::{Watch, Watched};
use crate::op::{Operator, Out};
use crate::sink::Under;
use back::{Back, Tap};

/// Where a stage's batches come from.
pub trait Input {
    /// The next event; waits for it if it must.
    fn next(&mut self) -> Result<Event<'_>, InputError>;

    /// Whether the next event is here already, so that [`Input::next`] will not
    /// wait.
    fn is_ready(&self) -> bool;

    /// Whether a stream with a trace begins here.
    fn begins_trace(&self) -> bool {
        false
    }

    /// Asked after the close: whether this run only ended what the one before had
    /// begun to close, so that the tool is to be started again.
    fn must_restart(&self) -> bool {
        false
    }
}

impl<R: io::Read> Input for crate::frame::FrameReader<R> {
    fn next(&mut self) -> Result<Event<'_>, InputError> {
        Ok(crate::frame::FrameReader::next(self)?)
    }

    fn is_ready(&self) -> bool {
        self.is_buffered()
    }
}

/// Where a stage's batches go.
pub trait Outlet {
    /// The first thing that comes.
    fn head(&mut self, head: &Head) -> Result<(), OutletError>;
    /// Records of the open batch.
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError>;
    /// All records of a batch are here: does with them what is to be done
    /// before the batch counts as finished, as a sink does.
    fn finish_batch(&mut self, time: BatchTime, records: u64) -> Result<(), OutletError> {
        let _ = (time, records);
        Ok(())
    }
    /// The open batch is complete.
    fn end(&mut self, end: &End) -> Result<(), OutletError>;
    /// The stream is over; an open batch is void.
    fn close(&mut self, close: &Close) -> Result<(), OutletError>;
    /// The stage is about to wait: whatever is finished should be seen.
    fn flush(&mut self) -> Result<(), OutletError>;
    /// A batch has ended, and the stage goes on at once or waits: it should be
    /// seen too, unless that is dear and soon done with the next ones.
    fn batch_done(&mut self) -> Result<(), OutletError> {
        self.flush()
    }
    /// The sink in it, if there is one: under a checkpoint it commits.
    fn committing(&mut self) -> Option<&mut dyn Committing> {
        None
    }
}

/// A sink that can commit.
pub trait Committing {
    /// Whether nothing comes after it.
    fn is_end(&self) -> bool;
    /// The stream has a checkpoint; called before the head.
    fn begin(&mut self, checkpoint: SinkCheckpoint, under: &Under<'_>) -> Result<(), OutletError>;
}

/// Time that a stage spent waiting on pipes, shared by its input and output.
#[derive(Clone, Debug, Default)]
pub struct Waited(Rc<Cell<Duration>>);

impl Waited {
    /// Runs something that waits, and counts the time.
    pub fn during<T>(&self, wait: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = wait();
        self.0.set(self.0.get() + started.elapsed());
        result
    }

    /// All the time so far.
    pub fn total(&self) -> Duration {
        self.0.get()
    }
}

/// What a stage is, beyond its three parts.
pub struct Context<'a> {
    /// What the head says of this stage: the tool and its arguments.
    pub description: String,
    /// The stage's entry in traces: the tool, without `sstream-`.
    pub name: String,
    /// For the moment at which a batch was finished.
    pub clock: &'a dyn Clock,
    /// Waiting that input and outlet count.
    pub waited: Waited,
    /// What becomes of bad records.
    pub bad_records: BadRecords,
    /// What becomes of records that came too late.
    pub late_records: BadRecords,
    /// Who watches the stage.
    pub watch: RefCell<Watch>,
    /// How it takes part in a checkpoint, if the stream has one.
    pub checkpoint: CheckpointOptions,
}

/// Runs a stage to the end of its stream.
///
/// When it fails, the outlet is closed with the error, so that every later
/// stage ends with the same exit code; only an input that was cut off gets no
/// close, and so on down the line.
pub fn run(
    input: &mut dyn Input,
    operator: &mut dyn Operator,
    outlet: &mut dyn Outlet,
    context: &Context<'_>,
) -> Result<(), StageError> {
    run_between(outlet, context, |back| drive(input, operator, back))
}

/// Runs what lies between input and outlet, and closes the outlet as it ended.
fn run_between(
    outlet: &mut dyn Outlet,
    context: &Context<'_>,
    drive: impl FnOnce(&RefCell<Back<'_, '_>>) -> Result<(), StageError>,
) -> Result<(), StageError> {
    let mut watch = context.watch.borrow_mut();
    let back = RefCell::new(Back::new(Watched::new(outlet, &mut watch), context));
    let result = drive(&back);
    // What takes part in a checkpoint keeps its lock until all is said.
    let Back { mut outlet, has_head, part: _part, .. } = back.into_inner();
    let close = match &result {
        Ok(()) => return result,
        Err(StageError::Upstream { exit, message, other }) => {
            Close { other: other.clone(), ..Close::error(*exit, message.clone()) }
        }
        Err(error) => Close::error(error.exit(), format!("sstream-{}: {error}", context.name)),
    };
    match &result {
        // There is nobody behind to tell.
        Err(StageError::Outlet(_)) => {
            outlet.tell_close(&close);
            return result;
        }
        // Without a head nothing at all would look like an empty stream.
        Err(StageError::Input(error)) if has_head && error.is_cut_off() => {
            outlet.tell_close(&close);
            outlet.flush()?;
            return result;
        }
        _ => {}
    }
    match outlet.close(&close) {
        // The reader went first; what this stage has to say is still said.
        Ok(()) | Err(OutletError::ReaderGone) => result,
        Err(error) => Err(error.into()),
    }
}

fn drive(input: &mut dyn Input, operator: &mut dyn Operator, back: &RefCell<Back<'_, '_>>) -> Result<(), StageError> {
    let mut tap = Tap(back);
    let mut out = Out::new(&mut tap);
    loop {
        if !input.is_ready() {
            operator.idle(&mut out)?;
            out.finish_block();
            back.borrow_mut().save_idle(operator.durable())?;
            back.borrow_mut().idle()?;
        }
        let begins_trace = input.begins_trace();
        match input.next()? {
            Event::Head(mut head) => {
                let interval_ms = head.interval_ms;
                operator.head(&mut head)?;
                back.borrow_mut().outlet.identify(&mut head, begins_trace);
                back.borrow_mut().head(head, interval_ms, operator.durable())?;
            }
            Event::Block(block) => {
                back.borrow_mut().trace.records_in += block.records;
                out.set_time(block.time);
                operator.block(block, &mut out)?;
            }
            Event::End(end) => {
                let time = end.time;
                out.set_time(time);
                out.set_watermark(end.watermark);
                back.borrow_mut().input_end(end);
                operator.end(time, &mut out)?;
                back.borrow_mut().save(operator.durable())?;
            }
            Event::Close(Close { reason: Reason::Error { exit, message }, other }) => {
                return Err(StageError::Upstream { exit, message, other });
            }
            Event::Close(close) => {
                operator.close(&close, &mut out)?;
                back.borrow_mut().save_close(operator.durable())?;
                back.borrow_mut().check()?;
                return Ok(back.borrow_mut().outlet.close(&close)?);
            }
        }
        back.borrow_mut().check()?;
    }
}
