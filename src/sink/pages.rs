//! Bytes for the next stage that are not copied into the pipe.
//!
//! A write copies into memory of the pipe, under the pipe's lock, for which the reader waits meanwhile. `vmsplice` puts
//! pages of the writer itself into the pipe; only the reader copies. The price is care: nothing may be written into such a
//! page before it has been read, by somebody who copies. A reader that splices pages on has them in a pipe of its own, and
//! nobody tells the writer when they are free. So a process that copies what it reads promises so with a lock on the pipe
//! ([`os::prepare_to_read`]); that nobody else reads the same pipe meanwhile is taken for granted. Pages are lent only to such
//! a reader, and written into again only if it has its lock still when they have been read: should it end, then what is in the
//! pipe stays as it is, whoever reads it.

use std::io::{self, ErrorKind, IoSlice, Read as _};
use std::os::fd::BorrowedFd;

use rustix::process::Pid;

use crate::os;

/// Fewer bytes are copied for less than it costs to lend their pages.
const LEAST: usize = 64 << 10;

/// At most so many bytes are lent at once: about as many as a source reads, in quotes.
const PIECE: usize = 384 << 10;

/// More pieces than a pipe holds of what a source reads, so that one is free by the time that it is wanted. Of smaller ones all
/// may be in use when the reader is behind; then it is written.
const PIECES: usize = 5;

/// What pieces are aligned to, so that no page of the pipe's is for a few bytes: the usual size of a page.
const PAGE: usize = 4 << 10;

/// Memory whose pages are lent to the reader of one pipe, a piece at a time.
#[derive(Debug)]
pub struct Pages {
    /// All pieces. Never given back: the pipe has pages of it when this process has done with them.
    memory: &'static mut [u8],
    /// For each piece, how many bytes the pipe had got at its end.
    ends: [u64; PIECES],
    /// The piece that is next.
    next: usize,
    /// Who reads; none once nothing is to be lent any more.
    reader: Option<Pid>,
    /// How many bytes the pipe got, lent or written.
    given: u64,
    /// How many of them are known to have been read.
    read: u64,
}

impl Pages {
    /// Pages for the reader of the pipe behind `fd`; none if it has not promised to copy what it reads.
    pub fn of_pipe(fd: BorrowedFd<'_>) -> Option<Pages> {
        let reader = os::copier(fd)?;
        let memory = Vec::leak(vec![0; PIECES * PIECE + PAGE]);
        let begin = memory.as_ptr().align_offset(PAGE);
        let memory = &mut memory[begin..][..PIECES * PIECE];
        let reader = are_lent(memory).unwrap_or(false).then_some(reader);
        Some(Pages { memory, ends: [0; PIECES], next: 0, reader, given: 0, read: 0 })
    }

    /// Whether bytes are so many that it is worth lending them.
    pub fn are_worth(slices: &[IoSlice<'_>]) -> bool {
        slices.iter().map(|slice| slice.len()).sum::<usize>() >= LEAST
    }

    /// Notes bytes that were written.
    pub fn note_written(&mut self, count: usize) {
        self.given += count as u64;
    }

    /// Lends the first of these bytes, and gives how many; none if they are to be written: all pieces are in use, or the
    /// reader is gone.
    ///
    /// # Errors
    /// Those of a write.
    pub fn lend(&mut self, fd: BorrowedFd<'_>, slices: &[IoSlice<'_>]) -> io::Result<Option<usize>> {
        if !self.find_free_piece(fd) {
            return Ok(None);
        }
        let piece = &mut self.memory[self.next * PIECE..][..PIECE];
        let mut length = 0;
        for slice in slices {
            let part = &slice[..slice.len().min(PIECE - length)];
            piece[length..][..part.len()].copy_from_slice(part);
            length += part.len();
        }
        let mut lent = 0;
        while lent < length {
            match os::lend_pages(fd, &mut piece[lent..length]) {
                Ok(count) if count > 0 => lent += count,
                // The next call meets it again, if it is not over.
                _ if lent > 0 => break,
                Err(error) if of_a_write(error.kind()) => return Err(error),
                // A system that has this call forbidden.
                _ => {
                    self.reader = None;
                    return Ok(None);
                }
            }
        }
        self.given += lent as u64;
        self.ends[self.next] = self.given;
        self.next = (self.next + 1) % PIECES;
        Ok(Some(lent))
    }

    /// Whether the next piece is free. What is not known to have been read is asked for.
    fn find_free_piece(&mut self, fd: BorrowedFd<'_>) -> bool {
        let Some(reader) = self.reader else { return false };
        if self.ends[self.next] > self.read {
            let unread = os::bytes_in_pipe(fd);
            // The lock comes after the count: who has it still had it while those bytes were read.
            let Some(unread) = unread.filter(|_| os::copier(fd) == Some(reader)) else {
                self.reader = None;
                return false;
            };
            // Bytes of others only make fewer of it.
            self.read = self.read.max(self.given.saturating_sub(unread));
        }
        self.ends[self.next] <= self.read
    }
}

fn of_a_write(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::BrokenPipe | ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// Whether this system lends pages, or copies them as a write does, which a kernel may: then there would be two copies.
fn are_lent(memory: &mut [u8]) -> io::Result<bool> {
    let (mut reader, writer) = io::pipe()?;
    let byte = &mut memory[..1];
    // Before the first write there is no page.
    byte[0] = 1;
    os::lend_pages(&writer, byte)?;
    byte[0] = 2;
    drop(writer);
    let mut read = [0];
    reader.read_exact(&mut read)?;
    Ok(read == [2])
}
