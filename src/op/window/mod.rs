//! `window`: the records of the last batches, or what an aggregation makes of
//! them.
//!
//! A window is made of panes: the smallest runs of records that no window cuts
//! through. A pane is a batch in a window of time ([`TimeWindow`], Spark's
//! `WindowedDStream` and `ReducedWindowedDStream`), and some records in a
//! window of records ([`RecordWindow`]). What is kept of a pane, and how the
//! result follows from the panes, is up to [`Panes`]:
//!
//! - [`Plain`]: the records, beyond a limit on disk;
//! - [`Fold`]: partial results, one a key. Sums and counts of the panes that
//!   leave are subtracted; of everything else, partial results are kept in two
//!   stacks. So the work of a slide, averaged over the window's length, grows
//!   with what comes, leaves and is given out, not with the length.

mod fold;
mod plain;
mod records;
mod time;

pub use fold::Fold;
pub use plain::Plain;
pub use records::RecordWindow;
pub use time::TimeWindow;

use super::{OpError, Out};
use crate::frame::Block;

/// What is kept of the panes of a window, oldest first.
pub trait Panes {
    /// Takes records of the open pane.
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError>;

    /// The open pane is complete, and becomes the newest.
    fn end_pane(&mut self, out: &mut Out<'_>) -> Result<(), OpError>;

    /// The oldest pane leaves the window.
    fn evict(&mut self, out: &mut Out<'_>) -> Result<(), OpError>;

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
}

#[cfg(test)]
mod tests;
