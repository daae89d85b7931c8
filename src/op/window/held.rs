//! Records of panes, first in, first out: in memory up to a limit, beyond that
//! in unlinked temporary files.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;

use crate::op::OpError;

/// Records are moved in pieces of about this many bytes.
const PIECE: usize = 256 << 10;

/// A file is given up as a whole, when nothing in it is held any more.
const SEGMENT: u64 = 64 << 20;

/// A queue of panes.
pub struct Held {
    memory_limit: usize,
    in_memory: usize,
    /// The panes that are complete, oldest first, then the open one.
    panes: VecDeque<Pane>,
    segments: VecDeque<Segment>,
    /// How many segments were given up.
    segments_gone: u64,
    buffer: Vec<u8>,
}

#[derive(Default)]
struct Pane {
    pieces: Vec<Piece>,
}

struct Piece {
    records: u64,
    place: Place,
}

enum Place {
    Memory(Vec<u8>),
    Disk { segment: u64, offset: u64, bytes: usize },
}

struct Segment {
    file: File,
    bytes: u64,
    /// How many pieces in it are held.
    pieces: u64,
}

impl Held {
    /// An empty queue, of which about `memory_limit` bytes may be in memory.
    pub fn new(memory_limit: usize) -> Held {
        Held {
            memory_limit,
            in_memory: 0,
            panes: VecDeque::from([Pane::default()]),
            segments: VecDeque::new(),
            segments_gone: 0,
            buffer: Vec::new(),
        }
    }

    /// Appends records to the open pane.
    pub fn append(&mut self, records: u64, bytes: &[u8]) -> Result<(), OpError> {
        self.in_memory += bytes.len();
        let Some(open) = self.panes.back_mut() else { return Ok(()) };
        match open.pieces.last_mut() {
            Some(Piece { records: so_far, place: Place::Memory(piece) }) if piece.len() < PIECE => {
                piece.extend_from_slice(bytes);
                *so_far += records;
            }
            _ => open.pieces.push(Piece { records, place: Place::Memory(bytes.to_vec()) }),
        }
        if self.in_memory > self.memory_limit { self.spill() } else { Ok(()) }
    }

    /// Moves the newest piece to disk, once it is worth a write.
    fn spill(&mut self) -> Result<(), OpError> {
        let Some(piece) = self.panes.back_mut().and_then(|open| open.pieces.last_mut()) else { return Ok(()) };
        let Place::Memory(bytes) = &piece.place else { return Ok(()) };
        if bytes.len() < PIECE {
            return Ok(());
        }
        if self.segments.back().is_none_or(|segment| segment.bytes >= SEGMENT) {
            let file = tempfile::tempfile().map_err(failed)?;
            self.segments.push_back(Segment { file, bytes: 0, pieces: 0 });
        }
        let number = self.segments_gone + self.segments.len() as u64 - 1;
        let Some(segment) = self.segments.back_mut() else { return Ok(()) };
        segment.file.write_all(bytes).map_err(failed)?;
        let length = bytes.len();
        piece.place = Place::Disk { segment: number, offset: segment.bytes, bytes: length };
        segment.bytes += length as u64;
        segment.pieces += 1;
        self.in_memory -= length;
        Ok(())
    }

    /// The open pane is complete.
    pub fn end_pane(&mut self) {
        self.panes.push_back(Pane::default());
    }

    /// Lets go of the oldest complete pane.
    pub fn evict(&mut self) {
        let Some(pane) = self.panes.pop_front() else { return };
        for piece in pane.pieces {
            match piece.place {
                Place::Memory(bytes) => self.in_memory -= bytes.len(),
                Place::Disk { segment, .. } => {
                    if let Some(segment) = self.segments.get_mut((segment - self.segments_gone) as usize) {
                        segment.pieces -= 1;
                    }
                }
            }
        }
        while self.segments.front().is_some_and(|segment| segment.pieces == 0) {
            self.segments.pop_front();
            self.segments_gone += 1;
        }
    }

    /// Gives all records, oldest first, in pieces of whole records.
    pub fn read(&mut self, mut each: impl FnMut(u64, &[u8])) -> Result<(), OpError> {
        for piece in self.panes.iter().flat_map(|pane| &pane.pieces) {
            match &piece.place {
                Place::Memory(bytes) => each(piece.records, bytes),
                Place::Disk { segment, offset, bytes } => {
                    let index = (segment - self.segments_gone) as usize;
                    let Some(segment) = self.segments.get(index) else { continue };
                    self.buffer.resize(*bytes, 0);
                    segment.file.read_exact_at(&mut self.buffer, *offset).map_err(failed)?;
                    each(piece.records, &self.buffer);
                }
            }
        }
        Ok(())
    }

    /// How many bytes of records are in memory.
    #[cfg(test)]
    fn in_memory(&self) -> usize {
        self.in_memory
    }
}

fn failed(error: io::Error) -> OpError {
    let folder = std::env::temp_dir();
    OpError::Storage { what: format!("{}: cannot keep records beyond --memory there", folder.display()), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(held: &mut Held) -> (u64, Vec<u8>) {
        let (mut records, mut bytes) = (0, Vec::new());
        held.read(|more, piece| {
            records += more;
            bytes.extend_from_slice(piece);
        })
        .unwrap();
        (records, bytes)
    }

    #[test]
    fn what_is_beyond_the_limit_comes_back_from_disk_in_order() {
        let mut held = Held::new(1 << 20);
        let line = |n: u64| format!("{n:0>999}\n");
        let pane = |n: u64| (0..600).map(|i| line(n * 600 + i)).collect::<String>();
        for n in 0..8 {
            for piece in pane(n).as_bytes().chunks(50_000) {
                held.append(50, piece).unwrap();
            }
            held.end_pane();
            assert!(held.in_memory() < (1 << 20) + 2 * PIECE, "{}", held.in_memory());
        }
        assert!(!held.segments.is_empty());
        for n in 0..8 {
            let want: String = (n..8).map(pane).collect();
            let (records, bytes) = all(&mut held);
            assert_eq!(records, (8 - n) * 600);
            assert!(bytes == want.as_bytes(), "from pane {n}");
            held.evict();
        }
        assert_eq!((held.in_memory(), held.segments.len()), (0, 0));
    }
}
