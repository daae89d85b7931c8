//! Where the lines of a queue's file are, and how to read one again: what a
//! checkpoint keeps of each batch.

use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;

use crate::checkpoint::offsets::Position;
use crate::source::SourceError;

/// A line of the file, or several of which only the last is not blank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    from: u64,
    to: u64,
    crc32: u32,
    /// The line's number, from 1.
    pub number: u64,
}

impl Line {
    const BYTES: usize = 28;

    /// The line after this one.
    pub fn next(self, line: &[u8]) -> Line {
        let to = self.to + line.len() as u64;
        Line { from: self.to, to, crc32: crc32fast::hash(line), number: self.number + 1 }
    }

    /// Appends it: from, to, number as 8 bytes, and the checksum as 4, little-endian.
    pub fn write(self, out: &mut Vec<u8>) {
        out.extend([self.from, self.to, self.number].map(u64::to_le_bytes).concat());
        out.extend(self.crc32.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Line> {
        let bytes: &[u8; Line::BYTES] = bytes.try_into().ok()?;
        let (numbers, crc32) = bytes.split_last_chunk::<4>()?;
        let mut numbers = numbers.chunks_exact(8).map(|number| number.try_into().map_or(0, u64::from_le_bytes));
        let (from, to, number) = (numbers.next()?, numbers.next()?, numbers.next()?);
        (from < to).then_some(Line { from, to, number, crc32: u32::from_le_bytes(*crc32) })
    }
}

/// The bytes of the file that a batch was, by what a checkpoint keeps of it.
pub fn bytes_of(recorded: &[u8]) -> Option<(u64, u64)> {
    Line::read(recorded).map(|line| (line.from, line.to))
}

/// Reads lines again.
pub struct QueueLines {
    file: File,
    name: String,
    skip_lost: bool,
    begun: Option<(u64, Vec<u8>)>,
}

impl QueueLines {
    /// Of `file`, which messages call `name`.
    pub fn new(file: File, name: &str, skip_lost: bool) -> QueueLines {
        QueueLines { file, name: name.to_owned(), skip_lost, begun: None }
    }

    /// Sets the file to where the newest batch ended, if it is the same file.
    pub fn restore(&mut self, position: &Position) -> Result<Line, SourceError> {
        let newest = position.since.iter().rev().chain([&position.base]).find(|bytes| !bytes.is_empty());
        let line = match newest.map(|bytes| self.line(bytes)) {
            None => Line::default(),
            Some(Ok((line, _))) => line,
            Some(Err(SourceError::Gone { .. })) if self.skip_lost => Line::default(),
            Some(Err(error)) => return Err(error),
        };
        self.file.seek(SeekFrom::Start(line.to)).map_err(|error| SourceError::read(&self.name, error))?;
        Ok(line)
    }

    /// Reads the line again that `delta` names.
    pub fn begin(&mut self, delta: &[u8]) -> Result<(), SourceError> {
        self.begun = None;
        let (line, bytes) = self.line(delta)?;
        self.begun = Some((line.number, bytes));
        Ok(())
    }

    /// Its number and bytes, once.
    pub fn take(&mut self) -> Option<(u64, Vec<u8>)> {
        self.begun.take()
    }

    fn line(&self, position: &[u8]) -> Result<(Line, Vec<u8>), SourceError> {
        let gone = |what: String, reason: &str| SourceError::Gone { what, reason: reason.to_owned() };
        let Some(line) = Line::read(position) else {
            return Err(gone(self.name.clone(), "its position in the checkpoint is none of a queue"));
        };
        let what = format!("{}, line {} (bytes {} to {})", self.name, line.number, line.from, line.to);
        let length = self.file.metadata().map_err(|error| SourceError::read(&self.name, error))?.len();
        if length < line.to {
            return Err(gone(what, "the file is shorter than it was"));
        }
        let mut bytes = vec![0; (line.to - line.from) as usize];
        self.file.read_exact_at(&mut bytes, line.from).map_err(|error| SourceError::read(&self.name, error))?;
        if crc32fast::hash(&bytes) != line.crc32 {
            return Err(gone(what, "this is another line than was read"));
        }
        Ok((line, bytes))
    }
}
