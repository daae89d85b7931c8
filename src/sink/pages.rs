//! Bytes for the next stage that are not copied into the pipe.
//!
//! A write copies into memory of the pipe, under the pipe's lock, for which the reader waits meanwhile. `vmsplice` puts
//! pages of the writer itself into the pipe; only the reader copies. The price is care: nothing may be written into such a
//! page before it has been read, by somebody who copies. A reader that splices pages on has them in a pipe of its own, and
//! nobody tells the writer when they are free. So a process that copies what it reads promises so with a lock on the pipe
//! ([`os::prepare_to_read`]); that nobody else reads the same pipe meanwhile is taken for granted. Pages are lent only to such
//! a reader, and written into again only if it has its lock still when they have been read: should it end, then what is in the
//! pipe stays as it is, whoever reads it.
//!
//! A block that comes in a buffer of its own is lent as it is, and whoever made it gets another buffer; any other is copied
//! into memory that is kept for that.

use std::io::{self, ErrorKind, IoSlice, Read as _};
use std::os::fd::BorrowedFd;

use rustix::process::Pid;

use crate::os;

/// Fewer bytes are copied for less than it costs to lend their pages.
const LEAST: usize = 64 << 10;

/// At most so many bytes are copied to be lent at once: about as many as a source reads, in quotes.
const COPIED: usize = 384 << 10;

/// A buffer of a block is kept with at most so much room; a longer block, which has a long record in it, is written.
const ROOM: usize = 768 << 10;

/// More pieces than a pipe holds of what a source reads, so that one is free by the time that it is wanted. Of smaller ones all
/// may be in use when the reader is behind; then it is written.
const PIECES: usize = 5;

/// Memory whose pages are lent to the reader of one pipe, a piece at a time.
#[derive(Debug)]
pub struct Pages {
    /// Never given back: the pipe has pages of it when this process has done with them.
    pieces: &'static mut [Piece; PIECES],
    /// The piece that is next.
    next: usize,
    /// Who reads; none once nothing is to be lent any more.
    reader: Option<Pid>,
    /// How many bytes the pipe got, lent or written.
    given: u64,
    /// How many of them are known to have been read.
    read: u64,
}

/// What is lent at once.
#[derive(Debug, Default)]
struct Piece {
    /// What goes before the other bytes.
    head: Vec<u8>,
    bytes: Vec<u8>,
    /// How many bytes of both have been lent.
    lent: usize,
    /// How many bytes the pipe had got with the last of them.
    end: u64,
}

impl Piece {
    fn length(&self) -> usize {
        self.head.len() + self.bytes.len()
    }

    /// What has not been lent.
    fn rest(&mut self) -> [&mut [u8]; 2] {
        let of_head = self.lent.min(self.head.len());
        let of_bytes = self.lent - of_head;
        [&mut self.head[of_head..], &mut self.bytes[of_bytes..]]
    }
}

impl Pages {
    /// Pages for the reader of the pipe behind `fd`; none if it has not promised to copy what it reads.
    pub fn of_pipe(fd: BorrowedFd<'_>) -> Option<Pages> {
        let reader = os::copier(fd)?;
        let reader = are_lent().unwrap_or(false).then_some(reader);
        Some(Pages { pieces: Box::leak(Box::default()), next: 0, reader, given: 0, read: 0 })
    }

    /// Whether so many bytes are worth lending.
    pub fn are_worth(count: usize) -> bool {
        count >= LEAST
    }

    /// Notes bytes that were written.
    pub fn note_written(&mut self, count: usize) {
        self.given += count as u64;
    }

    /// Takes the first of these bytes to be [lent](Pages::lend), copied, and gives how many; none if they are to be written:
    /// all pieces are in use, or the reader is gone.
    pub fn take_copy(&mut self, fd: BorrowedFd<'_>, slices: &[IoSlice<'_>]) -> usize {
        let Some(piece) = self.free_piece(fd) else { return 0 };
        piece.bytes.clear();
        for slice in slices {
            piece.bytes.extend_from_slice(&slice[..slice.len().min(COPIED - piece.bytes.len())]);
        }
        piece.bytes.len()
    }

    /// Takes a buffer to be [lent](Pages::lend), behind `head`, and leaves another in its place, whose bytes say nothing; false if
    /// both are to be written.
    pub fn take_buffer(&mut self, fd: BorrowedFd<'_>, head: &[u8], buffer: &mut Vec<u8>) -> bool {
        if buffer.len() > ROOM {
            return false;
        }
        let Some(piece) = self.free_piece(fd) else { return false };
        piece.head.extend_from_slice(head);
        buffer.shrink_to(ROOM);
        std::mem::swap(&mut piece.bytes, buffer);
        // The next block is as long, most likely.
        buffer.clear();
        buffer.reserve_exact(piece.bytes.capacity());
        true
    }

    /// Lends what was taken.
    ///
    /// # Errors
    /// The reader is gone.
    pub fn lend(&mut self, fd: BorrowedFd<'_>) -> io::Result<()> {
        let piece = &mut self.pieces[self.next];
        while self.reader.is_some() && piece.lent < piece.length() {
            match os::lend_pages(fd, piece.rest()) {
                Ok(0) => self.reader = None,
                Ok(count) => {
                    piece.lent += count;
                    self.given += count as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.reader = None;
                    if error.kind() == ErrorKind::BrokenPipe {
                        return Err(error);
                    }
                    // What the system has against it, a write will say, if that does not go either.
                }
            }
        }
        Ok(())
    }

    /// What was taken is lent, but for what this gives, which is to be written: the system lends no more, and nothing is lent any
    /// more.
    pub fn finish(&mut self) -> [&[u8]; 2] {
        let piece = &mut self.pieces[self.next];
        piece.end = self.given;
        self.next = (self.next + 1) % PIECES;
        piece.rest().map(|rest| &*rest)
    }

    /// The next piece, if it is free, with nothing lent of it and no head. What is not known to have been read is asked for.
    fn free_piece(&mut self, fd: BorrowedFd<'_>) -> Option<&mut Piece> {
        let reader = self.reader?;
        if self.pieces[self.next].end > self.read {
            let unread = os::bytes_in_pipe(fd);
            // The lock comes after the count: who has it still had it while those bytes were read.
            let Some(unread) = unread.filter(|_| os::copier(fd) == Some(reader)) else {
                self.reader = None;
                return None;
            };
            // Bytes of others only make fewer of it.
            self.read = self.read.max(self.given.saturating_sub(unread));
        }
        let piece = &mut self.pieces[self.next];
        if piece.end > self.read {
            return None;
        }
        piece.lent = 0;
        piece.head.clear();
        Some(piece)
    }
}

/// Whether this system lends pages, or copies them as a write does, which a kernel may: then there would be two copies.
fn are_lent() -> io::Result<bool> {
    let (mut reader, writer) = io::pipe()?;
    // Read before it is given back.
    let mut byte = vec![1];
    os::lend_pages(&writer, [&mut byte, &mut []])?;
    byte[0] = 2;
    drop(writer);
    let mut read = [0];
    reader.read_exact(&mut read)?;
    Ok(read == [2])
}
