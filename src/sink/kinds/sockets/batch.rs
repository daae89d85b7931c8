//! A batch as it is sent: lines, in memory or, where it is large, in a file.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;

use crate::flow::{LineForm, push_lines};
use crate::frame::Block;

/// So much of a file is read at a time.
const PIECE: usize = 64 << 10;

/// A batch that is complete.
#[derive(Debug)]
pub struct Batch {
    /// How many records it has.
    pub records: u64,
    lines: Lines,
    /// What it takes of the memory that all batches may have.
    weight: usize,
}

#[derive(Debug)]
enum Lines {
    Memory(Vec<u8>),
    /// A file without a name, and its length.
    Disk(File, u64),
}

impl Batch {
    /// What it takes of the memory that all batches may have: one on disk takes as much as
    /// the largest in memory, so that there is a limit to both.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// How many bytes it has.
    pub fn length(&self) -> u64 {
        match &self.lines {
            Lines::Memory(bytes) => bytes.len() as u64,
            Lines::Disk(_, length) => *length,
        }
    }

    /// What is there from `offset` on; nothing at the end.
    pub fn piece(&self, offset: u64) -> io::Result<Cow<'_, [u8]>> {
        match &self.lines {
            Lines::Memory(bytes) => Ok(bytes.get(offset as usize..).unwrap_or_default().into()),
            Lines::Disk(file, length) => {
                let mut piece = vec![0; PIECE.min(length.saturating_sub(offset) as usize)];
                file.read_exact_at(&mut piece, offset)?;
                Ok(piece.into())
            }
        }
    }
}

/// The batch that is open.
#[derive(Debug)]
pub struct Open {
    form: LineForm,
    /// So many bytes are held in memory; with more they go to a file in `$TMPDIR`.
    limit: usize,
    memory: Vec<u8>,
    disk: Option<(File, u64)>,
}

impl Open {
    /// Nothing yet.
    pub fn new(form: LineForm, limit: usize) -> Open {
        Open { form, limit, memory: Vec::new(), disk: None }
    }

    /// Takes records.
    pub fn push(&mut self, block: Block<'_>) -> io::Result<()> {
        push_lines(block, self.form, &mut self.memory);
        if self.memory.len() > self.limit { self.write_down() } else { Ok(()) }
    }

    fn write_down(&mut self) -> io::Result<()> {
        let (file, length) = match &mut self.disk {
            Some(disk) => disk,
            None => self.disk.insert((tempfile::tempfile()?, 0)),
        };
        file.write_all(&self.memory)?;
        *length += self.memory.len() as u64;
        self.memory.clear();
        Ok(())
    }

    /// The batch is complete.
    pub fn end(&mut self, records: u64) -> io::Result<Batch> {
        if self.disk.is_some() {
            self.write_down()?;
        }
        let mut bytes = std::mem::take(&mut self.memory);
        let (lines, weight) = match self.disk.take() {
            Some((file, length)) => (Lines::Disk(file, length), self.limit),
            None => {
                bytes.shrink_to_fit();
                let weight = size_of::<Batch>() + bytes.len();
                (Lines::Memory(bytes), weight)
            }
        };
        Ok(Batch { records, lines, weight })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::BatchTime;

    /// All of a batch, as it is sent.
    fn sent(batch: &Batch) -> Vec<u8> {
        let mut sent = Vec::new();
        loop {
            let piece = batch.piece(sent.len() as u64).unwrap();
            if piece.is_empty() {
                return sent;
            }
            sent.extend_from_slice(&piece);
        }
    }

    #[test]
    fn a_large_batch_is_the_same_from_disk() {
        let line = format!("\"{}\"\n", "x".repeat(999));
        for (limit, weight) in [(1 << 20, None), (5_000, Some(5_000))] {
            let mut open = Open::new(LineForm::Text, limit);
            for round in [200, 0, 3] {
                for _ in 0..round {
                    open.push(Block { time: BatchTime(1), records: 1, bytes: line.as_bytes() }).unwrap();
                }
                let batch = open.end(round).unwrap();
                assert_eq!(batch.length(), round * 1000);
                assert_eq!(sent(&batch), format!("{}\n", "x".repeat(999)).repeat(round as usize).as_bytes());
                if let (Some(weight), 200) = (weight, round) {
                    assert_eq!(batch.weight(), weight);
                }
            }
        }
    }
}
