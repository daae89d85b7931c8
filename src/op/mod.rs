//! The operators: what a stage does with batches. No I/O, no clock, no process
//! in here, so that each is tested on batches in memory (see `testing`).
//!
//! An [`Operator`] sees the head, then blocks and ends, then the close, and
//! gives blocks and ends through [`Out`]. One that treats every record by
//! itself is a [`PerRecord`] and becomes an operator by [`Each`], or by
//! [`parallel::Parallel`] on several threads; [`shards`] deals keys over threads.

pub mod alert;
pub mod beside;
pub mod dedup;
pub mod due;
pub mod durable;
pub mod filter;
pub mod flatmap;
pub mod function;
pub mod grouping;
pub mod groups;
pub mod join;
pub mod key_table;
pub mod learn;
pub mod lookup;
pub mod map;
pub mod merge;
pub mod parallel;
pub mod parse;
pub mod partial;
pub mod pass;
pub mod pattern;
pub mod reduce;
pub mod sample;
mod saved;
pub mod sequence;
pub mod shards;
pub mod sides;
pub mod split;
pub mod state;
pub mod text;
mod timed;
pub mod transform;
pub mod union;
mod waiting;
pub mod window;
pub mod within;

#[cfg(test)]
mod durable_tests;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;

use crate::error::{Exit, Failure, describe, printable_line};
use crate::frame::{BatchTime, Block, Close, Head, Watermark};
use crate::spool::SpoolError;

/// A block of output is given on when it has this many bytes.
pub const BLOCK_BYTES: usize = 256 << 10;

/// What a stage does with a stream of batches.
///
/// Each call may give any number of records and of ends: none, or several batches one behind
/// the other. Under a checkpoint all that a call gives goes out once the state after it is saved.
pub trait Operator {
    /// Sees the head before it is passed on. May change the interval, or refuse
    /// the stream.
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        let _ = head;
        Ok(())
    }

    /// Takes records of the open batch.
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError>;

    /// The open batch is complete. By default the output's batch is too.
    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        out.end(time);
        Ok(())
    }

    /// The stream is over; not called for one that failed or was cut off.
    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        let _ = (close, out);
        Ok(())
    }

    /// The state that a checkpoint has to keep, of an operator that has any. An
    /// operator either always has it or never.
    fn durable(&mut self) -> Option<&mut dyn durable::Durable> {
        None
    }

    /// How much it keeps now, of an operator that keeps something that grows.
    fn held(&self) -> Option<Held> {
        None
    }

    /// The stage is about to wait for input: what is still under way should
    /// come out, whole batches among it.
    fn idle(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        let _ = out;
        Ok(())
    }
}

/// An operator that looks at one record at a time and keeps nothing.
pub trait PerRecord {
    /// Takes a block; a result of each record, in order, goes to `out`.
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError>;

    /// The stream is over; not called for one that failed or was cut off.
    fn close(&mut self) -> Result<(), OpError> {
        Ok(())
    }
}

/// Makes an operator of a [`PerRecord`].
pub struct Each<P>(pub P);

impl<P: PerRecord> Operator for Each<P> {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.0.block(block, out)
    }

    fn close(&mut self, _: &Close, _: &mut Out<'_>) -> Result<(), OpError> {
        self.0.close()
    }
}

impl<P: PerRecord + ?Sized> PerRecord for Box<P> {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        (**self).block(block, out)
    }

    fn close(&mut self) -> Result<(), OpError> {
        (**self).close()
    }
}

/// How much an operator keeps from batch to batch, for those who watch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Keys, where there are keys.
    pub keys: Option<u64>,
    /// Records, where records are kept as they are.
    pub records: Option<u64>,
    /// About how many bytes that takes, on disk or in memory; without what a
    /// single value holds beyond its fixed size, as sketches and lists do.
    pub bytes: u64,
}

/// Where the output of an operator goes: the rest of the stage, or a test.
pub trait Downstream {
    /// Takes records of the batch that is open in the output.
    fn block(&mut self, block: Block<'_>);

    /// The output's batch is complete, with so many records, and the records' own time has
    /// come so far.
    fn end(&mut self, time: BatchTime, records: u64, watermark: Option<Watermark>);

    /// The operator keeps so much as of the end that comes next.
    fn holds(&mut self, held: Held) {
        let _ = held;
    }

    /// Whether nobody takes what comes any more. An operator that gives many
    /// records in a call asks now and then.
    fn is_closed(&self) -> bool {
        false
    }

    /// Whether a bad record ends the stage, so that the batch that is open is void.
    fn ends_with_a_bad_record(&self) -> bool {
        false
    }

    /// Takes records of an output in which each has a [place](Out::placed), in the place of
    /// [`Downstream::block`].
    fn placed(&mut self, records: Placed) {
        let _ = records;
    }

    /// What comes next, records that are bad or late, has this place in such an output.
    fn at(&mut self, place: u64) {
        let _ = place;
    }

    /// A record could not be processed. An error means that the stage must fail.
    fn bad_record(&mut self, time: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError>;

    /// A record came when all that it could have changed was closed. An error means that the
    /// stage must fail, as it does where nobody decides.
    fn late_record(&mut self, time: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        let _ = time;
        Err(OpError::late_record(record, reason))
    }
}

/// Records with their places among those of other outputs.
#[derive(Debug, Default)]
pub struct Placed {
    /// The records, each ended by a newline.
    pub bytes: Vec<u8>,
    /// The place of each, and where it ends.
    pub ends: Vec<(u64, usize)>,
}

/// What an operator writes to: collects records into blocks.
pub struct Out<'d> {
    to: &'d mut dyn Downstream,
    time: BatchTime,
    watermark: Option<Watermark>,
    bytes: Vec<u8>,
    block_records: u64,
    batch_records: u64,
    /// The place of each record of the block and where it ends, where that is asked for.
    ends: Option<Vec<(u64, usize)>>,
    place: u64,
}

impl<'d> Out<'d> {
    /// An empty output.
    pub fn new(to: &'d mut dyn Downstream) -> Out<'d> {
        Out {
            to,
            time: BatchTime::default(),
            watermark: None,
            bytes: Vec::new(),
            block_records: 0,
            batch_records: 0,
            ends: None,
            place: 0,
        }
    }

    /// An output that is one of several, to be put in order by the [places](Out::set_place) of records.
    /// It has no ends.
    pub fn placed(to: &'d mut dyn Downstream) -> Out<'d> {
        Out { ends: Some(Vec::new()), ..Out::new(to) }
    }

    /// Says which place, among those of other outputs, belongs to what comes next. An operator of
    /// which there may be several says it: places rise, and each is of one output.
    #[inline]
    pub fn set_place(&mut self, place: u64) {
        self.place = place;
    }

    /// The place of what comes next.
    pub fn place(&self) -> u64 {
        self.place
    }

    /// Says which batch the records to come belong to. The stage does it before
    /// each call of an operator; an operator only to give a batch of another
    /// time than its input's.
    pub fn set_time(&mut self, time: BatchTime) {
        if time != self.time {
            debug_assert!(self.bytes.is_empty(), "a batch without its end");
            self.time = time;
        }
    }

    /// The batch that is open in the output.
    pub fn time(&self) -> BatchTime {
        self.time
    }

    /// How far the records' own time has come: what the input's end says, once it is there, and
    /// what the ends given from now on carry.
    pub fn watermark(&self) -> Option<Watermark> {
        self.watermark
    }

    /// Says how far the records' own time has come. The stage does it before each end of the
    /// input; an operator only where it has another watermark than its input.
    pub fn set_watermark(&mut self, watermark: Option<Watermark>) {
        self.watermark = watermark;
    }

    /// Gives one record, canonical JSON without a newline.
    #[inline]
    pub fn record(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.finish_record();
    }

    /// Room to build a record in, canonical JSON; [`Out::finish_record`] ends it.
    #[inline]
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Ends the record that was built in [`Out::buffer`].
    #[inline]
    pub fn finish_record(&mut self) {
        self.bytes.push(b'\n');
        if let Some(ends) = &mut self.ends {
            ends.push((self.place, self.bytes.len()));
        }
        self.finish_records(1);
    }

    /// Ends records that were built in [`Out::buffer`] with their newlines, which no operator does of
    /// which there may be several.
    #[inline]
    pub fn finish_records(&mut self, records: u64) {
        self.block_records += records;
        if self.bytes.len() >= BLOCK_BYTES {
            self.finish_block();
        }
    }

    /// Gives several records at once, each ended by a newline.
    pub fn records(&mut self, records: u64, bytes: &[u8]) {
        if bytes.len() >= BLOCK_BYTES / 4 || self.bytes.len() + bytes.len() > BLOCK_BYTES {
            self.finish_block();
        }
        if bytes.len() >= BLOCK_BYTES / 4 {
            self.batch_records += records;
            self.to.block(Block { time: self.time, records, bytes });
        } else {
            self.bytes.extend_from_slice(bytes);
            self.block_records += records;
        }
    }

    /// Tells how much is kept as of the end that comes next.
    pub fn holds(&mut self, held: Held) {
        self.to.holds(held);
    }

    /// Ends the output's batch.
    pub fn end(&mut self, time: BatchTime) {
        self.set_time(time);
        self.finish_block();
        self.to.end(time, self.batch_records, self.watermark);
        self.batch_records = 0;
    }

    /// Whether nobody takes what is given any more: the stage ends after this
    /// call of the operator, whatever comes of it.
    pub fn is_closed(&self) -> bool {
        self.to.is_closed()
    }

    /// Whether a bad record ends the stage: then what the record gave before need not be kept
    /// back, since the open batch is void.
    pub fn ends_with_a_bad_record(&self) -> bool {
        self.to.ends_with_a_bad_record()
    }

    /// Sets a record aside that could not be processed, or fails: the user's
    /// choice by `--on-error`.
    pub fn bad_record(&mut self, record: &[u8], reason: &str) -> Result<(), OpError> {
        self.to.at(self.place);
        self.to.bad_record(self.time, record, reason)
    }

    /// Sets a record aside that came when all that it could have changed was closed, or fails:
    /// the user's choice by `--late`.
    pub fn late_record(&mut self, record: &[u8], reason: &str) -> Result<(), OpError> {
        self.to.at(self.place);
        self.to.late_record(self.time, record, reason)
    }

    /// Gives on what there is as a block.
    pub fn finish_block(&mut self) {
        if self.block_records > 0 {
            if let Some(ends) = &mut self.ends {
                let records = Placed { bytes: std::mem::take(&mut self.bytes), ends: std::mem::take(ends) };
                self.block_records = 0;
                return self.to.placed(records);
            }
            self.to.block(Block { time: self.time, records: self.block_records, bytes: &self.bytes });
            self.bytes.clear();
            self.batch_records += self.block_records;
            self.block_records = 0;
        }
    }

    /// What is behind, for the stage.
    pub fn downstream(&mut self) -> &mut dyn Downstream {
        self.to
    }
}

/// Why an operator ends its stage.
#[derive(Debug)]
pub enum OpError {
    /// A record could not be processed, and bad records are not to be skipped.
    BadRecord {
        /// The record, shortened.
        record: String,
        /// Why.
        reason: String,
    },
    /// A record came too late, and late records are not to be dropped.
    LateRecord {
        /// The record, shortened.
        record: String,
        /// For what, and when it was closed.
        reason: String,
    },
    /// The same, as who reads the records says it.
    Record(Box<dyn Failure>),
    /// The stream is not one that this operator, with its arguments, can take.
    Usage(String),
    /// Records held beyond the memory limit could not be kept on disk, or bad
    /// records not be written to their file.
    Storage {
        /// What was tried, and where.
        what: String,
        /// What the system said.
        error: io::Error,
    },
    /// The state that a checkpoint kept is not one of this operator.
    Damaged {
        /// What is wrong with it.
        what: String,
    },
    /// A command that works for the operator failed.
    Command {
        /// The command and what it did.
        message: String,
        /// How to exit: a command that dies is the world's failure, one that
        /// breaks the protocol is wrong usage.
        exit: Exit,
    },
}

impl OpError {
    /// The error for a record that could not be processed.
    pub fn bad_record(record: &[u8], reason: &str) -> OpError {
        OpError::BadRecord { record: shorten(record), reason: printable_line(reason).into_owned() }
    }

    /// The error for a record that came too late.
    pub fn late_record(record: &[u8], reason: &str) -> OpError {
        OpError::LateRecord { record: shorten(record), reason: printable_line(reason).into_owned() }
    }
}

/// A record for a message: its first 200 characters.
fn shorten(record: &[u8]) -> String {
    let text = String::from_utf8_lossy(&record[..record.len().min(1000)]);
    match text.char_indices().nth(200) {
        Some((at, _)) => format!("{}…", printable_line(&text[..at])),
        None => printable_line(&text).into_owned(),
    }
}

impl fmt::Display for OpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpError::BadRecord { record, reason } => write!(
                f,
                "bad record {record}: {reason}: --on-error skip or --on-error FILE goes on without such records"
            ),
            OpError::LateRecord { record, reason } => write!(
                f,
                "late record {record}: {reason}: --late drop or --late FILE goes on without such records, \
                 a longer --watermark waits for them"
            ),
            OpError::Record(error) => error.fmt(f),
            OpError::Usage(message) => f.write_str(message),
            OpError::Storage { what, error } => write!(f, "{what}: {}", describe(error)),
            OpError::Damaged { what } => {
                write!(f, "the checkpoint's state cannot be loaded: {what}: restore it from a copy, or begin a new one")
            }
            OpError::Command { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for OpError {}

impl From<Box<dyn Failure>> for OpError {
    fn from(error: Box<dyn Failure>) -> OpError {
        OpError::Record(error)
    }
}

impl From<SpoolError> for OpError {
    fn from(error: SpoolError) -> OpError {
        let (what, error) = error.into_parts();
        OpError::Storage { what, error }
    }
}

impl Failure for OpError {
    fn exit(&self) -> Exit {
        match self {
            OpError::BadRecord { .. } | OpError::LateRecord { .. } => Exit::BadRecord,
            OpError::Record(error) => error.exit(),
            OpError::Usage(_) => Exit::Usage,
            OpError::Storage { .. } => Exit::World,
            OpError::Damaged { .. } => Exit::Checkpoint,
            OpError::Command { exit, .. } => *exit,
        }
    }
}
