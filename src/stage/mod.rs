//! The one loop that every tool runs: read events, feed an operator, write what
//! it gives, keep the trace.
//!
//! Begin reading at [`run`]. The three parts that it ties together are traits:
//! an [`Input`] (frames from a pipe, or a source that cuts batches), an
//! [`Operator`], and an [`Outlet`] (frames to a pipe, a print form, a sink).

mod back;
mod carried;
pub mod checkpoint;
mod error;
pub mod merge;
mod trace;

#[cfg(test)]
mod tests;

use std::cell::RefCell;

pub use checkpoint::CheckpointOptions;
pub use checkpoint::stages as checkpoint_number;
pub use error::StageError;

use crate::clock::Clock;
use crate::error::Failure as _;
use crate::flow::{BadRecords, Input, Outlet, OutletError, Waited};
use crate::frame::{Close, Event, Reason};
use crate::op::{Held, Operator, Out};
use back::{Back, Tap};

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
    /// The most memory that the process may take, in bytes; else a share of the system's.
    pub max_memory: Option<u64>,
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
    let back = RefCell::new(Back::new(outlet, context));
    let result = drive(&back);
    // What takes part in a checkpoint keeps its lock until all is said.
    let Back { outlet, has_head, part, newest, .. } = back.into_inner();
    if let (Some(part), None, Err(_)) = (&part, newest, &result) {
        part.undo(&context.checkpoint);
    }
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
            outlet.cut_off(&close);
            return result;
        }
        // Without a head nothing at all would look like an empty stream.
        Err(StageError::Input(error)) if has_head && error.is_cut_off() => {
            outlet.cut_off(&close);
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
    let gives_buffers = operator.gives_all() && input.buffer().is_some();
    loop {
        if !input.is_ready() {
            operator.idle(&mut out)?;
            out.finish_block();
            back.borrow_mut().save_idle(operator.durable())?;
            back.borrow_mut().idle()?;
        }
        match input.next()? {
            Event::Head(mut head) => {
                let interval = head.interval;
                operator.head(&mut head)?;
                back.borrow_mut().head(head, interval, operator.durable())?;
                // With the state that was loaded; a start without one is spared what looking costs.
                if operator.durable().is_some() {
                    let over = back.borrow_mut().memory.look();
                    back.borrow().check_memory(over, || operator.held())?;
                }
            }
            Event::Block(block) => {
                let (records, bytes) = (block.records, block.bytes.len());
                back.borrow_mut().trace.records_in += records;
                out.set_time(block.time);
                if !gives_buffers {
                    operator.block(block, &mut out)?;
                } else if let Some(buffer) = input.buffer() {
                    out.own_records(records, buffer);
                }
                let over = back.borrow_mut().memory.took(bytes);
                back.borrow().check_memory(over, || operator.held())?;
            }
            Event::End(end) => {
                let time = end.time;
                out.set_time(time);
                out.set_watermark(end.watermark);
                back.borrow_mut().input_end(end);
                if let Some(bytes) = input.waiting() {
                    back.borrow_mut().outlet.holds(Held { keys: None, records: None, bytes });
                }
                operator.end(time, &mut out)?;
                back.borrow_mut().save(operator.durable())?;
            }
            Event::Close(Close { reason: Reason::Error { exit, message }, other }) => {
                return Err(StageError::Upstream { exit, message, other });
            }
            Event::Close(close) => {
                if back.borrow().is_carried_on(&close) {
                    operator.idle(&mut out)?;
                } else {
                    operator.close(&close, &mut out)?;
                }
                back.borrow_mut().save_close(operator.durable())?;
                back.borrow_mut().check()?;
                return Ok(back.borrow_mut().outlet.close(&close)?);
            }
        }
        back.borrow_mut().check()?;
    }
}
