//! Where the records of a batch come from: [`RecordSource`], which the
//! [cutter](crate::source::engine::cut::Cutter) asks, and [`ReadAgain`], for sources that can
//! read a batch once more from positions.

use std::time::Duration;

use crate::checkpoint::offsets::Position;
use crate::frame::Reason;
use crate::record::forms::Bad;
use crate::source::SourceError;

/// What came of waiting for records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// Something, if only a part of a record.
    Something,
    /// Nothing within the time.
    Timeout,
    /// The process was asked to stop.
    Stop,
    /// The input is over.
    End,
}

/// How much a batch still takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// At most so many records.
    pub records: u64,
    /// About so many bytes of records: the record that reaches this is the last.
    pub bytes: usize,
}

/// Brings the records of the open batch.
///
/// What has come is held until it is taken, so that a rate limit, or a pipe that
/// is full behind, makes the world wait: nothing new comes but by
/// [`RecordSource::wait`].
pub trait RecordSource {
    /// Waits at most `timeout` until something has come. Asked only when nothing
    /// is held.
    fn wait(&mut self, timeout: Duration) -> Result<Came, SourceError>;

    /// After a stop, instead of `wait`: what the input held at the first of these
    /// calls, piece by piece. False when that was all. A source that can go on from
    /// its position at the next start holds nothing.
    fn held(&mut self) -> Result<bool, SourceError>;

    /// Whether there are records that [`RecordSource::take`] gives without
    /// waiting: of those that have come, not those that might.
    fn has_records(&self) -> bool;

    /// Moves held records, in order and as far as there is `room` (at least for one),
    /// to the end of `block`: canonical JSON and a newline each. Bad ones go to
    /// `bad`. Returns how many records there were, perhaps none.
    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError>;

    /// The input is over, and what was held has been taken: gives what only the end completes (a
    /// last line with no newline), and says what stays unread at a stop. Called once.
    fn finish(&mut self, reason: &Reason, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError>;

    /// What was taken so far need not come again: a batch's end has left or, under a checkpoint,
    /// all that was taken is on disk.
    fn batch_left(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    /// Whether somebody waits for [`RecordSource::batch_left`]: then, under a checkpoint, what was
    /// taken is put on disk as soon as nothing more is at hand, and not only at the batch's end.
    fn is_awaited(&self) -> bool {
        false
    }

    /// The last batch's end has left, and the close is next: an error where not all was taken that
    /// was to be, though what was given is whole.
    fn close(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    /// How to read batches again, if this source can. Under a checkpoint, what
    /// comes from any other is kept in a log of its own.
    fn replay(&mut self) -> Option<&mut dyn ReadAgain> {
        None
    }
}

/// A source whose batches can be read again from positions, bytes of its own that
/// the checkpoint keeps.
///
/// A position may be as little as a number:
///
/// ```
/// use std::time::Duration;
/// use sstream::connect::{Bad, Came, Position, ReadAgain, Reason, RecordSource, Room, SourceError, testing};
///
/// /// The numbers below 100: the next one, where the open batch begins, and where a batch
/// /// ends that is read again.
/// #[derive(Default)]
/// struct Numbers {
///     next: u8,
///     batch: u8,
///     again: u8,
/// }
///
/// impl RecordSource for Numbers {
///     fn wait(&mut self, _: Duration) -> Result<Came, SourceError> {
///         Ok(if self.next < 100 { Came::Something } else { Came::End })
///     }
///     fn held(&mut self) -> Result<bool, SourceError> {
///         Ok(self.next < 100)
///     }
///     fn has_records(&self) -> bool {
///         self.next < 100
///     }
///     fn take(&mut self, room: Room, block: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
///         let count = room.records.min(u64::from(100 - self.next)) as u8;
///         (0..count).for_each(|n| block.extend(format!("{}\n", self.next + n).bytes()));
///         self.next += count;
///         Ok(u64::from(count))
///     }
///     fn finish(&mut self, _: &Reason, _: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
///         Ok(0)
///     }
///     fn replay(&mut self) -> Option<&mut dyn ReadAgain> {
///         Some(self)
///     }
/// }
///
/// impl ReadAgain for Numbers {
///     fn restore(&mut self, position: &Position) -> Result<(), SourceError> {
///         let newest = position.since.iter().rev().chain([&position.base]).find_map(|bytes| bytes.last());
///         self.next = newest.copied().unwrap_or(0);
///         self.batch = self.next;
///         Ok(())
///     }
///     fn position(&mut self, delta: &mut Vec<u8>) {
///         if self.next > self.batch {
///             delta.extend([self.batch, self.next]);
///             self.batch = self.next;
///         }
///     }
///     fn base(&mut self, base: &mut Vec<u8>) {
///         base.push(self.batch);
///     }
///     fn begin_again(&mut self, delta: &[u8]) -> Result<(), SourceError> {
///         let &[from, to] = delta else { return Err(SourceError::Position { what: "of numbers" }) };
///         (self.next, self.batch, self.again) = (from, to, to);
///         Ok(())
///     }
///     fn next_again(&mut self, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<Option<u64>, SourceError> {
///         let room = Room { records: u64::from(self.again - self.next), bytes: usize::MAX };
///         Ok(Some(self.take(room, block, bad)?).filter(|records| *records > 0))
///     }
/// }
///
/// assert_eq!(testing::check_replay(Numbers::default, 100), 100);
/// ```
pub trait ReadAgain {
    /// Goes on where the checkpoint's newest batch ended. Called once, before
    /// anything else, on a first start too (with an empty position).
    fn restore(&mut self, position: &Position) -> Result<(), SourceError>;

    /// A batch ends: appends what is needed to read its records again, and to read
    /// on behind it; that is its entry in the offsets. Nothing if nothing was taken, good
    /// or bad, since the last call.
    fn position(&mut self, delta: &mut Vec<u8>);

    /// Appends all that the source knows after the batch that
    /// [`ReadAgain::position`] was last asked for: what a later
    /// [`ReadAgain::restore`] gets as its base.
    fn base(&mut self, base: &mut Vec<u8>);

    /// Begins to read a batch again: `delta` is what [`ReadAgain::position`] gave
    /// for it.
    fn begin_again(&mut self, delta: &[u8]) -> Result<(), SourceError>;

    /// Appends the next block of that batch to `block`, which is empty: the number
    /// of records, `None` when the batch is complete. Same records, same order, to
    /// the byte. What is gone is [`SourceError::Gone`], which names file and range; under
    /// `--on-loss skip` whoever asks then goes on with the next batch.
    fn next_again(&mut self, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<Option<u64>, SourceError>;
}
