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

/// Brings the records of the open batch, in this order of calls:
///
/// ```text
/// (a position: restore, then begin_again and next_again for each batch to be sent again)
/// wait → Something;  has_records → take, until there are none or the batch is full;  wait …
/// a batch's end: (position), then batch_left
/// the input's end: wait → End.   A stop: wait → Stop, then held → take, until held gives false
/// finish;  the last batch's end;  close
/// ```
///
/// What has come stays in the source until it is taken, so that a rate limit, or a pipe that
/// is full behind, makes the world wait: nothing new comes but by [`RecordSource::wait`], and after
/// a stop by [`RecordSource::held`]. Only where a thread of the source's brings records, up to a limit of
/// its own, may there be some at any moment.
pub trait RecordSource {
    /// Waits at most `timeout` until something has come. Asked only when all that had come
    /// was taken.
    fn wait(&mut self, timeout: Duration) -> Result<Came, SourceError>;

    /// After a stop, in the place of [`RecordSource::wait`] and without waiting: lets come what is there
    /// already and belongs to this run, as lines in a pipe that nobody would read any more. True if
    /// something came; asked again when that was taken, until it gives false. It must end: what comes after
    /// the first call is no part of it. A source that loses nothing by stopping at once, since its next
    /// start goes on where this one ended, gives false.
    fn held(&mut self) -> Result<bool, SourceError>;

    /// Whether there are records that [`RecordSource::take`] gives without
    /// waiting: of those that have come, not those that might.
    fn has_records(&self) -> bool;

    /// Moves records that have come, in order and as far as there is `room` (at least for one),
    /// to the end of `block`: canonical JSON and a newline each. Bad ones go to
    /// `bad`. Returns how many records there were, perhaps none.
    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError>;

    /// The input is over, and all that had come was taken: gives what only the end completes (a
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

    /// How many bytes have come and are in no batch yet, where they wait in the source and it tells: by `--spool`. Who
    /// watches sees it.
    fn waiting(&self) -> Option<u64> {
        None
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
/// /// The numbers below 100: the next one, where the open batch begins, and what is still to be
/// /// given of one that is read again.
/// #[derive(Default)]
/// struct Numbers {
///     next: u8,
///     batch: u8,
///     again: std::ops::Range<u8>,
/// }
///
/// impl RecordSource for Numbers {
///     fn wait(&mut self, _: Duration) -> Result<Came, SourceError> {
///         Ok(if self.next < 100 { Came::Something } else { Came::End })
///     }
///     fn held(&mut self) -> Result<bool, SourceError> {
///         Ok(false)
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
///         self.again = from..to;
///         Ok(())
///     }
///     fn next_again(&mut self, block: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<Option<u64>, SourceError> {
///         let again = std::mem::take(&mut self.again);
///         again.clone().for_each(|n| block.extend(format!("{n}\n").bytes()));
///         Ok(Some(again.len() as u64).filter(|records| *records > 0))
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
    /// for it, and is not empty: a batch for which it gave nothing is not asked for. Where the source goes on afterwards is what [`ReadAgain::restore`] has said, and stays so
    /// whatever becomes of this batch: under `--on-loss skip` one that is gone
    /// ([`SourceError::Gone`]) is left out, and the next one is asked for.
    fn begin_again(&mut self, delta: &[u8]) -> Result<(), SourceError>;

    /// Appends the next block of that batch to `block`, which is empty, about
    /// [`BLOCK_BYTES`](crate::op::BLOCK_BYTES) at most: the number of records, perhaps none where they were
    /// bad ones, and `None` when the batch is complete. Same records, same order, to
    /// the byte. What is gone is [`SourceError::Gone`], which names file and range; under
    /// `--on-loss skip` whoever asks then goes on with the next batch.
    fn next_again(&mut self, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<Option<u64>, SourceError>;
}
