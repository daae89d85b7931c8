//! `window`: the records of the last batches, or what an aggregation makes of
//! them.
//!
//! A window is made of panes: runs of records that no window cuts through. A
//! pane is a batch in a window of time ([`TimeWindow`], Spark's
//! `WindowedDStream` and `ReducedWindowedDStream`), and some records of one
//! batch in a window of records ([`RecordWindow`]). What is kept of a pane, and
//! how the result follows from the panes, is up to [`Panes`]:
//!
//! - [`Plain`]: the records, beyond a limit on disk;
//! - [`Fold`]: partial results, one a key. Sums and counts of the panes that
//!   leave are subtracted; of everything else, partial results are kept in two
//!   stacks. So the work of a slide, averaged over the window's length, grows
//!   with what comes, leaves and is given out, not with the length.
//!
//! Both windows keep their panes in a [`row`], which is also what a checkpoint
//! keeps of them.

pub mod event;
mod fold;
mod plain;
mod records;
mod row;
mod show;
mod time;

pub use fold::{Fold, ShardedFold};
pub use plain::Plain;
pub use records::RecordWindow;
pub use show::show_entry;
pub use time::TimeWindow;

use std::io;

use super::{Held, OpError, Out};
use crate::frame::Block;

/// What is kept of the panes of a window, oldest first.
pub trait Panes {
    /// Takes records of the open pane.
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError>;

    /// The open pane is complete, and becomes the newest.
    fn end_pane(&mut self, out: &mut Out<'_>) -> Result<(), OpError>;

    /// The oldest pane leaves the window.
    fn evict(&mut self, out: &mut Out<'_>) -> Result<(), OpError>;

    /// How much all panes take.
    fn held(&self) -> Held;

    /// Gives the window's result: any number of records.
    fn give(&mut self, out: &mut Out<'_>) -> Result<(), OpError>;

    /// The stream is over: what works for the window is ended.
    fn close(&mut self) -> Result<(), OpError> {
        Ok(())
    }

    /// Gives the window's result where it must be told from the next window in
    /// the same batch: plain records become one array.
    fn give_one(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.give(out)
    }

    /// How many panes, from the oldest on, are combined with those that follow
    /// them. A restart has to combine the same panes in the same way: an
    /// expression may not be quite as associative as it should be, as a sum of
    /// floats is not.
    fn combined(&self) -> usize {
        0
    }

    /// Gives what there is of a complete pane, 0 being the oldest, in chunks for
    /// [`Panes::load`].
    ///
    /// # Errors
    /// What is held on disk cannot be read.
    fn save(&mut self, pane: usize, chunk: &mut dyn FnMut(&[u8])) -> io::Result<()>;

    /// Takes a chunk that [`Panes::save`] gave, the first of a pane or a further
    /// one: panes and chunks come in order, before the first record.
    ///
    /// # Errors
    /// [`OpError::Damaged`] if it is no such chunk; others where it cannot be kept.
    fn load(&mut self, is_first: bool, chunk: &[u8]) -> Result<(), OpError>;

    /// The oldest of the panes that were loaded is not to be there.
    fn unload(&mut self);

    /// All panes were loaded, of which so many are [combined](Panes::combined).
    ///
    /// # Errors
    /// [`OpError::Damaged`] if they are no panes of such a window; others where a
    /// command that combines values fails.
    fn finish_load(&mut self, combined: usize) -> Result<(), OpError>;
}

/// The error of entries that are not what was saved.
fn damaged(what: &str) -> OpError {
    OpError::Damaged { what: what.to_owned() }
}

#[cfg(test)]
mod durable_tests;
#[cfg(test)]
mod tests;
