//! Records that are held until they are needed, in memory up to a limit and
//! beyond it on disk: `--memory`.
//!
//! A spool is a queue of blocks in the order of their batches. What does not fit
//! into memory goes to one temporary file in `$TMPDIR`, which has no name any
//! more when the first byte goes into it, so nothing is left behind however the
//! process ends. Disk space of what was discarded is given back at once where
//! the file system can, and else when nothing on disk is needed any more.
//!
//! Reading needs memory for one piece at a time: a block as it was appended, or
//! small neighbours of one batch together.

mod aside;
mod disk;
mod error;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

pub use aside::{Aside, News};
pub use error::SpoolError;

use crate::frame::{BatchTime, Block};
use disk::Disk;

/// How much is held in memory unless `--memory` says otherwise, in bytes.
pub const DEFAULT_MEMORY: usize = 256 << 20;

/// Small blocks of one batch become one piece of at most so many bytes.
const PIECE_BYTES: usize = 256 << 10;

/// A queue of blocks.
///
/// For a sink that has to hold a batch until its end has come:
///
/// ```
/// use sstream::connect::{BatchTime, Block, Spool};
///
/// let mut spool = Spool::new(1 << 20);
/// spool.append(Block { time: BatchTime(1000), records: 2, bytes: b"1\n2\n" }).unwrap();
/// let mut records = 0;
/// let mut blocks = spool.blocks();
/// while let Some(block) = blocks.next().unwrap() {
///     records += block.records;
/// }
/// drop(blocks);
/// assert_eq!(records, 2);
/// spool.discard_through(BatchTime(1000));
/// assert!(spool.is_empty());
/// ```
#[derive(Debug)]
pub struct Spool {
    memory_limit: usize,
    memory_bytes: usize,
    pieces: VecDeque<Piece>,
    records: u64,
    bytes: u64,
    disk: Option<Disk>,
}

#[derive(Debug)]
struct Piece {
    time: BatchTime,
    records: u64,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Memory(Vec<u8>),
    Disk { offset: u64, length: usize },
}

impl Piece {
    fn length(&self) -> usize {
        match &self.place {
            Place::Memory(bytes) => bytes.len(),
            Place::Disk { length, .. } => *length,
        }
    }

    /// What it takes of the limit.
    fn memory(&self) -> usize {
        match &self.place {
            Place::Memory(bytes) => size_of::<Piece>() + bytes.capacity(),
            Place::Disk { .. } => size_of::<Piece>(),
        }
    }
}

impl Spool {
    /// An empty spool that holds at most `memory_limit` bytes in memory.
    pub fn new(memory_limit: usize) -> Spool {
        Spool { memory_limit, memory_bytes: 0, pieces: VecDeque::new(), records: 0, bytes: 0, disk: None }
    }

    /// How many records are held.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The length of all that is held, in bytes with newlines.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The oldest batch that is held.
    pub fn oldest(&self) -> Option<BatchTime> {
        self.pieces.front().map(|piece| piece.time)
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Appends records; batch times never fall.
    pub fn append(&mut self, block: Block<'_>) -> Result<(), SpoolError> {
        debug_assert!(self.pieces.back().is_none_or(|last| last.time <= block.time), "batches out of order");
        let length = block.bytes.len();
        if self.memory_bytes + length + size_of::<Piece>() <= self.memory_limit {
            self.append_to_memory(block);
        } else {
            self.append_to_disk(block)?;
        }
        self.records += block.records;
        self.bytes += length as u64;
        Ok(())
    }

    fn append_to_memory(&mut self, block: Block<'_>) {
        if let Some(Piece { time, records, place: Place::Memory(bytes) }) = self.pieces.back_mut()
            && *time == block.time
            && bytes.len() + block.bytes.len() <= PIECE_BYTES
        {
            let before = bytes.capacity();
            bytes.extend_from_slice(block.bytes);
            *records += block.records;
            self.memory_bytes += bytes.capacity() - before;
            return;
        }
        self.push(block, Place::Memory(block.bytes.to_vec()));
    }

    fn append_to_disk(&mut self, block: Block<'_>) -> Result<(), SpoolError> {
        let disk = match &mut self.disk {
            Some(disk) => disk,
            none => none.insert(Disk::create()?),
        };
        let offset = disk.append(block.bytes)?;
        if let Some(Piece { time, records, place: Place::Disk { offset: start, length } }) = self.pieces.back_mut()
            && *time == block.time
            && *start + *length as u64 == offset
            && *length + block.bytes.len() <= PIECE_BYTES
        {
            *length += block.bytes.len();
            *records += block.records;
            return Ok(());
        }
        self.push(block, Place::Disk { offset, length: block.bytes.len() });
        Ok(())
    }

    fn push(&mut self, block: Block<'_>, place: Place) {
        let piece = Piece { time: block.time, records: block.records, place };
        self.memory_bytes += piece.memory();
        self.pieces.push_back(piece);
    }

    /// All that is held, oldest first. Nothing is taken away.
    pub fn blocks(&self) -> Blocks<'_> {
        Blocks { spool: self, next: 0, end: self.pieces.len(), buffer: Vec::new() }
    }

    /// What is held of the batches in (`after`, `through`], oldest first.
    pub fn blocks_between(&self, after: BatchTime, through: BatchTime) -> Blocks<'_> {
        let next = self.pieces.partition_point(|piece| piece.time <= after);
        let end = self.pieces.partition_point(|piece| piece.time <= through).max(next);
        Blocks { spool: self, next, end, buffer: Vec::new() }
    }

    /// One batch, to be read in any order.
    pub fn batch(&self, time: BatchTime) -> Batch<'_> {
        let first = self.pieces.partition_point(|piece| piece.time < time);
        let end = self.pieces.partition_point(|piece| piece.time <= time);
        Batch { spool: self, first, end }
    }

    fn piece<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<Block<'a>, SpoolError> {
        let piece = &self.pieces[index];
        let bytes = self.part(piece, 0, piece.length(), buffer)?;
        Ok(Block { time: piece.time, records: piece.records, bytes })
    }

    fn part<'a>(
        &'a self,
        piece: &'a Piece,
        start: usize,
        length: usize,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], SpoolError> {
        match (&piece.place, &self.disk) {
            (Place::Memory(bytes), _) => Ok(&bytes[start..start + length]),
            (Place::Disk { offset, .. }, disk) => {
                buffer.resize(length, 0);
                // A piece on disk has a disk.
                disk.as_ref().map_or(Ok(()), |disk| disk.read(offset + start as u64, buffer))?;
                Ok(buffer)
            }
        }
    }

    /// Takes the oldest block away, whose bytes replace those of `buffer`; whether there was one. Where it cannot be
    /// read it stays.
    ///
    /// # Errors
    /// It is on disk, and cannot be read.
    pub fn take_oldest(&mut self, buffer: &mut Vec<u8>) -> Result<bool, SpoolError> {
        if let Some(Piece { place: Place::Disk { offset, length }, .. }) = self.pieces.front() {
            buffer.resize(*length, 0);
            self.disk.as_ref().map_or(Ok(()), |disk| disk.read(*offset, buffer))?;
        }
        let Some(piece) = self.pop() else { return Ok(false) };
        if let Place::Memory(bytes) = piece.place {
            *buffer = bytes;
        }
        Ok(true)
    }

    /// Discards the batches up to and with `time`.
    pub fn discard_through(&mut self, time: BatchTime) {
        while self.pieces.front().is_some_and(|piece| piece.time <= time) {
            self.pop();
        }
        if self.pieces.is_empty() {
            self.pieces.shrink_to(1024);
        }
    }

    /// Forgets the oldest piece.
    fn pop(&mut self) -> Option<Piece> {
        let piece = self.pieces.pop_front()?;
        self.memory_bytes -= piece.memory();
        self.records -= piece.records;
        self.bytes -= piece.length() as u64;
        if let (Place::Disk { offset, length }, Some(disk)) = (&piece.place, &mut self.disk) {
            disk.discard(*offset, *length as u64);
        }
        Some(piece)
    }

    /// Discards everything.
    pub fn clear(&mut self) {
        if let Some(last) = self.pieces.back() {
            self.discard_through(last.time);
        }
    }
}

/// Reads the blocks of a [`Spool`].
#[derive(Debug)]
pub struct Blocks<'s> {
    spool: &'s Spool,
    next: usize,
    end: usize,
    /// What was read from disk.
    buffer: Vec<u8>,
}

impl Blocks<'_> {
    /// The next block, or none at the end.
    #[allow(clippy::should_implement_trait)] // a block may borrow from the buffer
    pub fn next(&mut self) -> Result<Option<Block<'_>>, SpoolError> {
        if self.next == self.end {
            return Ok(None);
        }
        let index = self.next;
        self.next += 1;
        self.spool.piece(index, &mut self.buffer).map(Some)
    }
}

/// One batch of a [`Spool`], as so many blocks.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'s> {
    spool: &'s Spool,
    first: usize,
    end: usize,
}

impl Batch<'_> {
    /// How many blocks it has.
    pub fn blocks(&self) -> usize {
        self.end - self.first
    }

    /// The block `index`; what is on disk is read into `buffer`.
    pub fn block<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<Block<'a>, SpoolError> {
        self.spool.piece(self.first + index, buffer)
    }

    /// `length` bytes of the block `index`, from `start` on.
    pub fn part<'a>(
        &'a self,
        index: usize,
        start: usize,
        length: usize,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], SpoolError> {
        self.spool.part(&self.spool.pieces[self.first + index], start, length, buffer)
    }
}
