//! Where a stage's batches go.

use std::fmt;
use std::io;

use crate::checkpoint;
use crate::checkpoint::participant::SinkCheckpoint;
use crate::error::{Exit, Failure, describe};
use crate::frame::{BatchTime, Block, Close, End, Head, OwnBlock};
use crate::op::{Held, OpError};
use crate::spool::SpoolError;

/// Where a stage's batches go.
pub trait Outlet {
    /// The first thing that comes.
    fn head(&mut self, head: &Head) -> Result<(), OutletError>;

    /// Records of the open batch.
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError>;

    /// The same, of which an outlet may take the buffer.
    fn own_block(&mut self, block: OwnBlock<'_>) -> Result<(), OutletError> {
        self.block(block.block())
    }

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

    /// How much the operator keeps as of the end that comes next. Of interest to who
    /// watches the stage; the stream itself does not depend on it.
    fn holds(&mut self, held: Held) {
        let _ = held;
    }

    /// The stage is over and its stream is cut off: `close` is what became of it. Of
    /// interest to who watches the stage.
    fn cut_off(&mut self, close: &Close) {
        let _ = close;
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

/// What a sink under a checkpoint begins with.
#[derive(Clone, Debug)]
pub struct Under<'u> {
    /// The checkpoint's random id, letters, digits and hyphens: no other checkpoint has it. After
    /// `sstream-checkpoint reset` it is another one, since batches are to be written again that
    /// were written: a sink that keeps its newest batch by job and stage in a system of its own
    /// finds none then, and writes them.
    pub job: &'u str,
    /// What the sink is called in that checkpoint, as `tail.03-files`.
    pub stage: &'u str,
    /// All begin after this time.
    pub resume: BatchTime,
    /// The notes of batches that were committed, oldest first, as far back as they
    /// may matter.
    pub notes: &'u [Vec<u8>],
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
    Checkpoint(checkpoint::Error),
    /// A sink met a bad record, and bad records are not to be skipped.
    Record(OpError),
    /// What else a kind of sink meets, in its own words.
    Kind(Box<dyn Failure>),
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

    /// What only this kind of sink can meet.
    pub fn kind(error: impl Failure) -> OutletError {
        OutletError::Kind(Box::new(error))
    }
}

impl fmt::Display for OutletError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OutletError::ReaderGone => f.write_str("the reader has gone"),
            OutletError::Write { what, error } => write!(f, "{what}: cannot write: {}", describe(error)),
            OutletError::Command { message, .. } => f.write_str(message),
            OutletError::Record(error) => error.fmt(f),
            OutletError::Kind(error) => error.fmt(f),
            OutletError::Checkpoint(error) => error.fmt(f),
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
            OutletError::Kind(error) => error.exit(),
        }
    }
}

impl From<OpError> for OutletError {
    fn from(error: OpError) -> Self {
        OutletError::Record(error)
    }
}

impl From<checkpoint::Error> for OutletError {
    fn from(error: checkpoint::Error) -> Self {
        OutletError::Checkpoint(error)
    }
}

impl From<SpoolError> for OutletError {
    fn from(error: SpoolError) -> OutletError {
        OutletError::kind(error)
    }
}
