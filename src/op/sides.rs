//! Operators on several streams at once: what a join or a union does with the
//! batches of one time. Which batches those are, and when they are there, is
//! the stage's business.

use super::durable::Durable;
use super::{OpError, Out};
use crate::frame::{BatchTime, Block, Close, Head, Watermark};

/// What a stage does with one batch of each of its sides.
pub trait Merge {
    /// Sees the head that was made of all sides', before it is passed on. May refuse the
    /// streams.
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        let _ = head;
        Ok(())
    }

    /// The watermark that each side's end of the batch has, before [`Merge::batch`].
    fn watermarks(&mut self, said: &[Option<Watermark>]) {
        let _ = said;
    }

    /// Takes the batches of one time, a side each, in order; one that a side
    /// lacks is empty. What goes to `out` is the batch of that time; its end
    /// follows from the stage. [`Out::watermark`] is the least of the sides', of which one that
    /// has ended well counts no more.
    fn batch(&mut self, time: BatchTime, sides: &[&dyn Whole], out: &mut Out<'_>) -> Result<(), OpError>;

    /// All sides are over; not called for a stream that failed or was cut off. May give
    /// further batches, with their ends.
    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        let _ = (close, out);
        Ok(())
    }

    /// The state that a checkpoint has to keep, of one that has any.
    fn durable(&mut self) -> Option<&mut dyn Durable> {
        None
    }
}

/// A whole batch, wherever it is kept: in memory or, beyond a limit, on disk.
pub trait Whole {
    /// How many blocks it has.
    fn blocks(&self) -> usize;

    /// The block `index`; `buffer` is room for bytes that must be fetched.
    fn block<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<Block<'a>, OpError>;

    /// Part of a block, as [`Whole::block`].
    fn part<'a>(&'a self, place: Place, buffer: &'a mut Vec<u8>) -> Result<&'a [u8], OpError>;
}

/// Where some bytes of a batch stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The block.
    pub block: usize,
    /// Where they begin in it.
    pub start: usize,
    /// How many they are.
    pub length: usize,
}

#[cfg(test)]
pub mod testing {
    //! Batches in memory, of one record a block, and what a [`Merge`] makes of
    //! them.

    use super::*;
    use crate::op::testing::Collected;

    impl Whole for Vec<String> {
        fn blocks(&self) -> usize {
            self.len()
        }

        fn block<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<Block<'a>, OpError> {
            *buffer = format!("{}\n", self[index]).into_bytes();
            Ok(Block { time: BatchTime(1000), records: 1, bytes: buffer })
        }

        fn part<'a>(&'a self, place: Place, _buffer: &'a mut Vec<u8>) -> Result<&'a [u8], OpError> {
            Ok(&self[place.block].as_bytes()[place.start..place.start + place.length])
        }
    }

    /// One batch of each side; what comes out.
    pub fn run(merge: &mut dyn Merge, sides: &[Vec<String>]) -> Collected {
        let mut collected = Collected::default();
        let mut out = Out::new(&mut collected);
        let time = BatchTime(1000);
        out.set_time(time);
        let sides: Vec<&dyn Whole> = sides.iter().map(|side| side as &dyn Whole).collect();
        merge.batch(time, &sides, &mut out).unwrap();
        out.end(time);
        collected
    }
}
