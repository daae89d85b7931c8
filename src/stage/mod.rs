//! The one loop that every tool runs: read events, feed an operator, write what
//! it gives, keep the trace.
//!
//! Begin reading at [`run`]. The three parts that it ties together are traits:
//! an [`Input`] (frames from a pipe, or a source that cuts batches), an
//! [`Operator`], and an [`Outlet`] (frames to a pipe, a print form, a sink).

mod bad;
pub mod checkpoint;
pub mod merge;
mod trace;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

pub use bad::{BadRecords, OnError};
pub use checkpoint::CheckpointOptions;

use crate::checkpoint::participant::SinkCheckpoint;
use crate::clock::Clock;
pub use crate::error::describe;
use crate::error::{Exit, Failure};
use crate::frame::{BatchTime, Block, Close, End, Event, FrameError, Head, Reason};
use crate::kafka::KafkaError;
use crate::monitor::watch::{Watch, Watched};
use crate::op::durable::Durable;
use crate::op::{Downstream, Held, OpError, Operator, Out};
use crate::sink::Under;
use crate::source::SourceError;
use checkpoint::Part;
use trace::Trace;

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

/// Why the input ended otherwise than by a close.
#[derive(Debug)]
pub enum InputError {
    /// A framed stream that is cut off, malformed or unreadable.
    Frame(FrameError),
    /// The same, of one of several streams.
    Side {
        /// Which.
        name: String,
        /// What it lacks.
        error: FrameError,
    },
    /// A source failed.
    Source(SourceError),
}

impl InputError {
    /// Whether the stream just stopped, with no close.
    fn is_cut_off(&self) -> bool {
        matches!(self, InputError::Frame(error) | InputError::Side { error, .. }
            if matches!(error, FrameError::CutOff { .. }))
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InputError::Frame(error) => error.fmt(f),
            // The message speaks of the input; here there are several.
            InputError::Side { name, error } => write!(f, "{name}{}", error.to_string().trim_start_matches("input")),
            InputError::Source(error) => error.fmt(f),
        }
    }
}

impl From<FrameError> for InputError {
    fn from(error: FrameError) -> Self {
        InputError::Frame(error)
    }
}

impl From<SourceError> for InputError {
    fn from(error: SourceError) -> Self {
        InputError::Source(error)
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

/// Why an outlet ended its stage.
#[derive(Debug)]
pub enum OutletError {
    /// The reader has gone, which is no error to speak of.
    ReaderGone,
    /// Writing failed.
    Write {
        /// Where to.
        what: String,
        /// What the system said.
        error: io::Error,
    },
    /// A command that a sink runs failed.
    Command {
        /// The command and what it did.
        message: String,
        /// How to exit.
        exit: Exit,
    },
    /// A commit failed.
    Checkpoint(crate::checkpoint::Error),
    /// A sink met a bad record, and bad records are not to be skipped.
    Record(OpError),
    /// Kafka did not take it.
    Kafka(KafkaError),
}

impl From<OpError> for OutletError {
    fn from(error: OpError) -> Self {
        OutletError::Record(error)
    }
}

impl From<KafkaError> for OutletError {
    fn from(error: KafkaError) -> Self {
        OutletError::Kafka(error)
    }
}

impl OutletError {
    /// The error of a write to `what`; a broken pipe means that the reader has
    /// gone.
    pub fn write(what: impl Into<String>, error: io::Error) -> OutletError {
        match error.kind() {
            io::ErrorKind::BrokenPipe => OutletError::ReaderGone,
            _ => OutletError::Write { what: what.into(), error },
        }
    }
}

impl std::error::Error for OutletError {}

impl Failure for OutletError {
    fn exit(&self) -> Exit {
        match self {
            OutletError::Command { exit, .. } => *exit,
            OutletError::Checkpoint(error) => error.exit(),
            OutletError::ReaderGone | OutletError::Write { .. } => Exit::World,
            OutletError::Record(error) => error.exit(),
            OutletError::Kafka(error) => error.exit(),
        }
    }
}

impl fmt::Display for OutletError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OutletError::ReaderGone => f.write_str("the reader has gone"),
            OutletError::Write { what, error } => write!(f, "{what}: cannot write: {}", describe(error)),
            OutletError::Command { message, .. } => f.write_str(message),
            OutletError::Record(error) => error.fmt(f),
            OutletError::Kafka(error) => error.fmt(f),
            OutletError::Checkpoint(error) => error.fmt(f),
        }
    }
}

impl From<crate::checkpoint::Error> for OutletError {
    fn from(error: crate::checkpoint::Error) -> Self {
        OutletError::Checkpoint(error)
    }
}

/// How a stage ended otherwise than well.
#[derive(Debug)]
pub enum StageError {
    /// Its input failed.
    Input(InputError),
    /// Its inputs do not go together.
    Merge(merge::MergeError),
    /// Its operator failed.
    Op(OpError),
    /// Its output failed.
    Outlet(OutletError),
    /// The checkpoint cannot be used.
    Checkpoint(crate::checkpoint::Error),
    /// A stage before it failed and has said so.
    Upstream {
        /// How that stage ended, and this one does.
        exit: Exit,
        /// What it said.
        message: String,
        /// What else its close had.
        other: Map<String, Value>,
    },
}

impl fmt::Display for StageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StageError::Input(error) => error.fmt(f),
            StageError::Merge(error) => error.fmt(f),
            StageError::Op(error) => error.fmt(f),
            StageError::Outlet(error) => error.fmt(f),
            StageError::Checkpoint(error) => error.fmt(f),
            StageError::Upstream { exit, message, .. } => write!(f, "a stage before failed (exit {exit}): {message}"),
        }
    }
}

impl std::error::Error for StageError {}

impl Failure for StageError {
    fn exit(&self) -> Exit {
        match self {
            StageError::Input(InputError::Frame(error) | InputError::Side { error, .. }) => error.exit(),
            StageError::Input(InputError::Source(error)) => error.exit(),
            StageError::Merge(error) => error.exit(),
            StageError::Op(error) => error.exit(),
            StageError::Outlet(error) => error.exit(),
            // Whoever asked it to stop finds nothing done.
            StageError::Checkpoint(crate::checkpoint::Error::Interrupted) => Exit::World,
            StageError::Checkpoint(error) => error.exit(),
            StageError::Upstream { exit, .. } => *exit,
        }
    }
}

impl From<crate::checkpoint::Error> for StageError {
    fn from(error: crate::checkpoint::Error) -> Self {
        StageError::Checkpoint(error)
    }
}

impl From<InputError> for StageError {
    fn from(error: InputError) -> Self {
        StageError::Input(error)
    }
}

impl From<merge::MergeError> for StageError {
    fn from(error: merge::MergeError) -> Self {
        StageError::Merge(error)
    }
}

impl From<OpError> for StageError {
    fn from(error: OpError) -> Self {
        StageError::Op(error)
    }
}

impl From<OutletError> for StageError {
    fn from(error: OutletError) -> Self {
        StageError::Outlet(error)
    }
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
                back.borrow_mut().input_end(end);
                out.set_time(time);
                operator.end(time, &mut out)?;
                back.borrow_mut().save(time, operator.durable())?;
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

/// The half of a stage behind the operator.
struct Back<'o, 'c> {
    outlet: Watched<'o>,
    context: &'o Context<'c>,
    trace: Trace,
    /// Unknown keys of the ends since the last one that was written.
    other: Map<String, Value>,
    /// The first error of the outlet: operators need not look at it.
    failed: Option<OutletError>,
    has_head: bool,
    /// The stage's part in a checkpoint.
    part: Option<Part>,
    /// An end that the operator has given and that waits for its state to be
    /// saved. There is one at most, for such an operator ends one batch in a call.
    held: Option<(BatchTime, u64)>,
}

impl<'o, 'c> Back<'o, 'c> {
    fn new(outlet: Watched<'o>, context: &'o Context<'c>) -> Self {
        Back {
            outlet,
            context,
            trace: Trace::new(),
            other: Map::new(),
            failed: None,
            has_head: false,
            part: None,
            held: None,
        }
    }

    /// Writes the head, once the stage has its place in the checkpoint: nobody
    /// behind it begins before.
    fn head(&mut self, mut head: Head, interval_ms: u64, durable: Option<&mut dyn Durable>) -> Result<(), StageError> {
        let number = checkpoint::stages(&head.stages);
        head.stages.push(self.context.description.clone().into());
        let at = checkpoint::At { head: &head, number, interval_ms };
        self.part = Part::enter(&self.context.checkpoint, &at, durable, self.outlet.committing())?;
        self.has_head = true;
        Ok(self.outlet.head(&head)?)
    }

    fn input_end(&mut self, end: End) {
        self.trace.add_input(end.trace);
        self.other.extend(end.other);
    }

    /// The stage is about to wait.
    fn idle(&mut self) -> Result<(), StageError> {
        self.flush()?;
        Ok(self.part.as_mut().map_or(Ok(()), Part::idle)?)
    }

    fn flush(&mut self) -> Result<(), OutletError> {
        self.check()?;
        self.outlet.flush()
    }

    /// The operator is done with a batch of its input.
    fn save(&mut self, time: BatchTime, durable: Option<&mut dyn Durable>) -> Result<(), StageError> {
        if let (Some(part), Some(durable)) = (&mut self.part, durable) {
            part.save(time, durable)?;
        }
        self.release();
        Ok(())
    }

    /// The operator is done with its input.
    fn save_close(&mut self, durable: Option<&mut dyn Durable>) -> Result<(), StageError> {
        if let (Some(part), Some(durable)) = (&mut self.part, durable) {
            part.close(self.held.map(|(time, _)| time), durable)?;
        }
        self.release();
        Ok(())
    }

    /// Writes the end that was held.
    fn release(&mut self) {
        if let Some((time, records)) = self.held.take() {
            self.end(time, records);
        }
    }

    fn end(&mut self, time: BatchTime, records: u64) {
        self.attempt(|outlet| outlet.finish_batch(time, records));
        let trace = self.trace.take(self.context, records);
        let end = End { time, records, trace, other: std::mem::take(&mut self.other) };
        self.attempt(|outlet| outlet.end(&end));
        // A batch that is done goes on at once: the next one may take long, and
        // be here already.
        self.attempt(|outlet| outlet.batch_done());
    }

    fn check(&mut self) -> Result<(), OutletError> {
        self.failed.take().map_or(Ok(()), Err)
    }

    fn attempt(&mut self, write: impl FnOnce(&mut dyn Outlet) -> Result<(), OutletError>) {
        if self.failed.is_none() {
            self.failed = write(&mut self.outlet).err();
        }
    }
}

/// Lets the operator's output and the loop share one [`Back`].
struct Tap<'b, 'o, 'c>(&'b RefCell<Back<'o, 'c>>);

impl Downstream for Tap<'_, '_, '_> {
    fn block(&mut self, block: Block<'_>) {
        self.0.borrow_mut().attempt(|outlet| outlet.block(block));
    }

    fn end(&mut self, time: BatchTime, records: u64) {
        let mut back = self.0.borrow_mut();
        if back.part.as_ref().is_some_and(Part::has_state) {
            back.held = Some((time, records));
        } else {
            back.end(time, records);
        }
    }

    fn holds(&mut self, held: Held) {
        self.0.borrow_mut().outlet.tell_held(held);
    }

    fn is_closed(&self) -> bool {
        self.0.borrow().failed.is_some()
    }

    fn bad_record(&mut self, time: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        self.0.borrow().context.bad_records.take(time, record, reason)
    }
}
