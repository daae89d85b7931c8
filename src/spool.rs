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

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use crate::error::{Exit, Failure, describe};
use crate::frame::{BatchTime, Block};
use crate::os;

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

    /// Discards the batches up to and with `time`.
    pub fn discard_through(&mut self, time: BatchTime) {
        while self.pieces.front().is_some_and(|piece| piece.time <= time)
            && let Some(piece) = self.pieces.pop_front()
        {
            self.memory_bytes -= piece.memory();
            self.records -= piece.records;
            self.bytes -= piece.length() as u64;
            if let (Place::Disk { offset, length }, Some(disk)) = (&piece.place, &mut self.disk) {
                disk.discard(*offset, *length as u64);
            }
        }
        if self.pieces.is_empty() {
            self.pieces.shrink_to(1024);
        }
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

/// The part of a spool that is on disk.
#[derive(Debug)]
struct Disk {
    file: File,
    directory: PathBuf,
    end: u64,
    /// How much of the file is still needed.
    used: u64,
}

impl Disk {
    fn create() -> Result<Disk, SpoolError> {
        let directory = std::env::temp_dir();
        match tempfile::tempfile_in(&directory) {
            Ok(file) => Ok(Disk { file, directory, end: 0, used: 0 }),
            Err(error) => Err(SpoolError { doing: "create", directory, error }),
        }
    }

    fn append(&mut self, bytes: &[u8]) -> Result<u64, SpoolError> {
        let offset = self.end;
        self.file.write_all_at(bytes, offset).map_err(|error| self.failed("write", error))?;
        self.end += bytes.len() as u64;
        self.used += bytes.len() as u64;
        Ok(offset)
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SpoolError> {
        self.file.read_exact_at(buffer, offset).map_err(|error| self.failed("read", error))
    }

    fn discard(&mut self, offset: u64, length: u64) {
        self.used -= length;
        // Where neither works, the space is given back with the file.
        if self.used > 0 {
            os::punch_hole(&self.file, offset, length);
        } else if self.file.set_len(0).is_ok() {
            self.end = 0;
        }
    }

    fn failed(&self, doing: &'static str, error: io::Error) -> SpoolError {
        SpoolError { doing, directory: self.directory.clone(), error }
    }
}

/// Records beyond the memory limit could not be kept on disk.
#[derive(Debug)]
pub struct SpoolError {
    /// create, write or read.
    doing: &'static str,
    directory: PathBuf,
    error: io::Error,
}

impl SpoolError {
    /// The error of `doing` something with a temporary file in `directory`.
    pub fn new(doing: &'static str, directory: PathBuf, error: io::Error) -> SpoolError {
        SpoolError { doing, directory, error }
    }

    /// What was tried and where, and what the system said.
    pub fn into_parts(self) -> (String, io::Error) {
        (self.what(), self.error)
    }

    fn what(&self) -> String {
        let SpoolError { doing, directory, .. } = self;
        format!("temporary file in {}, for records beyond --memory: cannot {doing} it", directory.display())
    }
}

impl fmt::Display for SpoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: TMPDIR names another directory", self.what(), describe(&self.error))
    }
}

impl std::error::Error for SpoolError {}

impl Failure for SpoolError {
    fn exit(&self) -> Exit {
        Exit::World
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contents(mut blocks: Blocks<'_>) -> Vec<(u64, String)> {
        let mut records = Vec::new();
        while let Some(block) = blocks.next().unwrap() {
            let before = records.len();
            records.extend(block.iter().map(|record| (block.time.0, String::from_utf8(record.to_vec()).unwrap())));
            assert_eq!((records.len() - before) as u64, block.records);
        }
        records
    }

    #[derive(Clone, Debug)]
    enum Step {
        Append { later: u64, records: Vec<u32> },
        Discard { later: u64 },
        Clear,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (0..3u64, prop::collection::vec(any::<u32>(), 1..60))
                .prop_map(|(later, records)| Step::Append { later, records }),
            2 => (0..4u64).prop_map(|later| Step::Discard { later }),
            1 => Just(Step::Clear),
        ]
    }

    proptest! {
        #[test]
        fn a_spool_is_a_queue_wherever_it_keeps_things(limit in 0..2000usize, steps in prop::collection::vec(step(), 0..40)) {
            let mut spool = Spool::new(limit);
            let mut model: Vec<(u64, String)> = Vec::new();
            let mut time = 1000;
            for step in steps {
                match step {
                    Step::Append { later, records } => {
                        time += later;
                        let bytes: String = records.iter().map(|record| format!("{record}\n")).collect();
                        let block = Block { time: BatchTime(time), records: records.len() as u64, bytes: bytes.as_bytes() };
                        spool.append(block).unwrap();
                        model.extend(records.iter().map(|record| (time, record.to_string())));
                    }
                    Step::Discard { later } => {
                        let through = time.saturating_sub(later);
                        spool.discard_through(BatchTime(through));
                        model.retain(|(time, _)| *time > through);
                    }
                    Step::Clear => {
                        spool.clear();
                        model.clear();
                    }
                }
                prop_assert_eq!(&contents(spool.blocks()), &model);
                prop_assert_eq!(spool.records(), model.len() as u64);
                prop_assert_eq!(spool.bytes(), model.iter().map(|(_, record)| record.len() as u64 + 1).sum::<u64>());
                let (after, through) = (time - 2, time - 1);
                let part: Vec<_> = model.iter().filter(|(time, _)| *time > after && *time <= through).cloned().collect();
                prop_assert_eq!(contents(spool.blocks_between(BatchTime(after), BatchTime(through))), part);
            }
        }
    }

    #[test]
    fn a_batch_is_read_in_any_order_wherever_it_is() {
        for limit in [0, 300, 1 << 20] {
            let mut spool = Spool::new(limit);
            for time in [1, 2, 2, 4] {
                let bytes = format!("\"{time} {}\"\n", "x".repeat(PIECE_BYTES - 100));
                spool.append(Block { time: BatchTime(time), records: 1, bytes: bytes.as_bytes() }).unwrap();
            }
            assert_eq!([0, 1, 2, 3, 4, 5].map(|time| spool.batch(BatchTime(time)).blocks()), [0, 1, 2, 0, 1, 0]);
            spool.discard_through(BatchTime(1));
            let (batch, mut buffer) = (spool.batch(BatchTime(2)), Vec::new());
            for index in [1, 0] {
                assert_eq!(batch.block(index, &mut buffer).unwrap().records, 1);
                assert_eq!(batch.part(index, 0, 4, &mut buffer).unwrap(), b"\"2 x");
                assert_eq!(batch.part(index, PIECE_BYTES - 99, 3, &mut buffer).unwrap(), b"xx\"");
            }
        }
    }

    #[test]
    fn memory_stays_below_the_limit_and_disk_space_comes_back() {
        let limit = 1 << 20;
        let mut spool = Spool::new(limit);
        let bytes = "\"0123456789\"\n".repeat(1000);
        for batch in 1..=200 {
            spool.append(Block { time: BatchTime(batch), records: 1000, bytes: bytes.as_bytes() }).unwrap();
            assert!(spool.memory_bytes <= limit + 200 * size_of::<Piece>());
        }
        assert!(spool.disk.as_ref().unwrap().end > 1 << 20);
        spool.discard_through(BatchTime(150));
        assert_eq!(contents(spool.blocks()).len(), 50_000);
        spool.clear();
        assert_eq!((spool.memory_bytes, spool.disk.as_ref().unwrap().end), (0, 0));
        assert_eq!(spool.disk.as_ref().unwrap().file.metadata().unwrap().len(), 0);
    }
}
