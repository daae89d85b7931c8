//! The operators: what a stage does with batches. No I/O, no clock, no process
//! in here, so that each is tested on batches in memory (see `testing`).
//!
//! An [`Operator`] sees the head, then blocks and ends, then the close, and
//! gives blocks and ends through [`Out`]. One that treats every record by
//! itself is a [`PerRecord`] and becomes an operator by [`Each`], or by
//! [`parallel::Parallel`] on several threads; [`shards`] deals keys over threads.

pub mod alert;
pub mod beside;
pub mod deal;
pub mod dedup;
pub mod due;
pub mod durable;
mod error;
pub mod filter;
pub mod flatmap;
pub mod function;
pub mod grouping;
pub mod groups;
pub mod join;
pub mod key_table;
mod large;
pub mod learn;
pub mod lookup;
pub mod map;
pub mod merge;
mod out;
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

pub use error::OpError;
pub use out::{BLOCK_BYTES, Downstream, Out, Placed};

use crate::frame::{BatchTime, Block, Close, Head};

/// What a stage does with a stream of batches.
///
/// Each call may give any number of records and of ends: none, or several batches one behind
/// the other. Under a checkpoint all that a call gives goes out once the state after it is saved.
///
/// ```
/// use sstream::connect::{BatchTime, Block, Downstream, Held, OpError, Operator, Out, Watermark};
///
/// /// The longest record so far, with each batch.
/// #[derive(Default)]
/// struct Longest(Vec<u8>);
///
/// impl Operator for Longest {
///     fn block(&mut self, block: Block<'_>, _: &mut Out<'_>) -> Result<(), OpError> {
///         for record in block {
///             if record.len() > self.0.len() {
///                 self.0 = record.to_vec();
///             }
///         }
///         Ok(())
///     }
///     fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
///         out.record(&self.0);
///         out.end(time);
///         Ok(())
///     }
///     fn held(&self) -> Option<Held> {
///         Some(Held { records: Some(1), bytes: self.0.len() as u64, ..Held::default() })
///     }
/// }
///
/// /// Where a test has it write to.
/// #[derive(Default)]
/// struct Given(String);
///
/// impl Downstream for Given {
///     fn block(&mut self, block: Block<'_>) {
///         self.0 += str::from_utf8(block.bytes).unwrap();
///     }
///     fn end(&mut self, time: BatchTime, records: u64, _: Option<Watermark>) {
///         self.0 += &format!("{time}: {records}\n");
///     }
///     fn bad_record(&mut self, _: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
///         Err(OpError::bad_record(record, reason))
///     }
/// }
///
/// let (time, mut given) = (BatchTime(1000), Given::default());
/// let mut out = Out::new(&mut given);
/// out.set_time(time);
/// let mut longest = Longest::default();
/// longest.block(Block { time, records: 2, bytes: b"\"abc\"\n1\n" }, &mut out).unwrap();
/// longest.end(time, &mut out).unwrap();
/// assert_eq!(given.0, "\"abc\"\n1000: 1\n");
/// ```
pub trait Operator {
    /// Sees the head before it is passed on. May change the interval, or refuse
    /// the stream.
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        let _ = head;
        Ok(())
    }

    /// Takes records of the open batch.
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError>;

    /// Whether it gives each block as it is, so that it need not be asked: always or never.
    fn gives_all(&self) -> bool {
        false
    }

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
