//! A batch as it is sent: lines, in memory or, where it is large, in a file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, PoisonError};

use crate::flow::{LineForm, push_lines};
use crate::frame::Block;

/// So much of a file is read at a time.
const PIECE: usize = 64 << 10;

/// So much is written to a file at a time: little enough to be in the processor's cache still.
const WRITTEN: usize = 512 << 10;

/// A file with more in it is not kept when its batch is through.
const LARGEST_KEPT: u64 = 256 << 20;

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
    Disk(Disk),
}

/// Lines in a file without a name.
#[derive(Debug)]
struct Disk {
    /// There until it is dropped.
    file: Option<File>,
    /// How many bytes of it there are.
    length: u64,
    kept: Kept,
}

/// A file that a batch was in, for the next one. To write over what the system has in memory takes a third of the
/// time that it needs to find memory and room on the disk.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Option<File>>>);

impl Kept {
    fn put(&self, file: Option<File>) -> Option<File> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), file)
    }
}

impl Disk {
    fn new(kept: &Kept) -> io::Result<Disk> {
        let file = kept.put(None).map_or_else(tempfile::tempfile, Ok)?;
        Ok(Disk { file: Some(file), length: 0, kept: kept.clone() })
    }

    fn file(&self) -> io::Result<&File> {
        self.file.as_ref().ok_or_else(|| io::Error::other("it is gone"))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file()?.write_all_at(bytes, self.length)?;
        self.length += bytes.len() as u64;
        Ok(())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.length <= LARGEST_KEPT {
            self.kept.put(self.file.take());
        }
    }
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
            Lines::Disk(disk) => disk.length,
        }
    }

    /// What is there from `offset` on, perhaps read into `buffer`; nothing at the end.
    pub fn piece<'p>(&'p self, offset: u64, buffer: &'p mut Vec<u8>) -> io::Result<&'p [u8]> {
        match &self.lines {
            Lines::Memory(bytes) => Ok(bytes.get(offset as usize..).unwrap_or_default()),
            Lines::Disk(disk) => {
                buffer.resize(PIECE, 0);
                let piece = &mut buffer[..PIECE.min(disk.length.saturating_sub(offset) as usize)];
                disk.file()?.read_exact_at(piece, offset)?;
                Ok(piece)
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
    disk: Option<Disk>,
    kept: Kept,
}

impl Open {
    /// Nothing yet.
    pub fn new(form: LineForm, limit: usize) -> Open {
        Open { form, limit, memory: Vec::new(), disk: None, kept: Kept::default() }
    }

    /// Takes records.
    pub fn push(&mut self, block: Block<'_>) -> io::Result<()> {
        push_lines(block, self.form, &mut self.memory);
        let most = if self.disk.is_some() { WRITTEN } else { self.limit };
        if self.memory.len() > most { self.write_down() } else { Ok(()) }
    }

    fn write_down(&mut self) -> io::Result<()> {
        let disk = match &mut self.disk {
            Some(disk) => disk,
            None => self.disk.insert(Disk::new(&self.kept)?),
        };
        disk.write(&self.memory)?;
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
            Some(disk) => (Lines::Disk(disk), self.limit),
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
        let (mut sent, mut buffer) = (Vec::new(), Vec::new());
        loop {
            let piece = batch.piece(sent.len() as u64, &mut buffer).unwrap();
            if piece.is_empty() {
                return sent;
            }
            sent.extend_from_slice(piece);
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
