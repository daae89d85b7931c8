//! The two pipes of a command, neither of which may block.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::process::{ChildStdin, ChildStdout};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

/// Bytes read at a time.
const READ_SIZE: usize = 64 * 1024;

/// The longest answer: a command that writes on and on with no newline must
/// not fill the memory.
const ANSWER_MAX: usize = 256 * 1024 * 1024;

/// Makes reads and writes return at once.
pub(crate) fn set_nonblocking(fd: impl AsFd) -> io::Result<()> {
    let flags = fcntl_getfl(&fd)?;
    Ok(fcntl_setfl(&fd, flags | OFlags::NONBLOCK)?)
}

/// What a wait has come to.
pub(crate) enum Ready {
    /// The deadline has passed.
    Nothing,
    /// At least one pipe can be used (or has failed, which using it will tell).
    Some { writable: bool, readable: bool },
}

/// Waits until one of the pipes can be used or `deadline` has come.
pub(crate) fn wait(stdin: Option<&ChildStdin>, stdout: Option<&ChildStdout>, deadline: Instant) -> io::Result<Ready> {
    loop {
        let mut fds = Vec::with_capacity(2);
        fds.extend(stdout.map(|stdout| PollFd::new(stdout, PollFlags::IN)));
        fds.extend(stdin.map(|stdin| PollFd::new(stdin, PollFlags::OUT)));
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).map_err(|_| io::Error::from(ErrorKind::InvalidInput))?;
        match poll(&mut fds, Some(&timeout)) {
            // A signal is not for us to look at: the tool drains on.
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
            Ok(0) => return Ok(Ready::Nothing),
            Ok(_) => {
                let mut is_ready = fds.iter().map(|fd| !fd.revents().is_empty());
                let readable = stdout.is_some() && is_ready.next() == Some(true);
                let writable = stdin.is_some() && is_ready.next() == Some(true);
                return Ok(Ready::Some { writable, readable });
            }
        }
    }
}

/// Request lines on their way.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
    /// Where each line ends.
    ends: Vec<usize>,
    lines_sent: usize,
}

impl Outgoing {
    /// Where to write a line to; [`Outgoing::end_line`] behind its newline.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub(crate) fn end_line(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// Lines queued, sent or not.
    pub(crate) fn lines(&self) -> usize {
        self.ends.len()
    }

    /// Lines that the command can have read.
    pub(crate) fn lines_sent(&self) -> usize {
        self.lines_sent
    }

    pub(crate) fn is_sent(&self) -> bool {
        self.sent == self.bytes.len()
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.sent = 0;
        self.ends.clear();
        self.lines_sent = 0;
    }

    /// Writes what `stdin` takes now; whether it took anything.
    pub(crate) fn send(&mut self, stdin: &mut ChildStdin) -> io::Result<bool> {
        let before = self.sent;
        let result = self.write(stdin);
        // Even if it failed in the end: what went through can be answered.
        while self.ends.get(self.lines_sent).is_some_and(|end| *end <= self.sent) {
            self.lines_sent += 1;
        }
        result.map(|()| self.sent > before)
    }

    fn write(&mut self, stdin: &mut ChildStdin) -> io::Result<()> {
        while !self.is_sent() {
            match stdin.write(&self.bytes[self.sent..]) {
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Lines that came.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    bytes: Vec<u8>,
    /// Where the first line begins that was not taken.
    start: usize,
    /// Up to where no newline was found.
    searched: usize,
    at_end: bool,
}

impl Lines {
    /// Whether the command has closed its output.
    pub(crate) fn is_closed(&self) -> bool {
        self.at_end
    }

    /// Whether the command has closed its output, and all lines are taken.
    pub(crate) fn is_at_end(&self) -> bool {
        self.at_end && self.start == self.bytes.len()
    }

    /// Takes a line, without its newline; at the end one that has none, too.
    pub(crate) fn next_line(&mut self) -> Option<&[u8]> {
        let start = self.start;
        match memchr::memchr(b'\n', &self.bytes[self.searched..]) {
            Some(at) => {
                let end = self.searched + at;
                self.start = end + 1;
                self.searched = self.start;
                Some(&self.bytes[start..end])
            }
            None if self.at_end && start < self.bytes.len() => {
                self.start = self.bytes.len();
                self.searched = self.start;
                Some(&self.bytes[start..])
            }
            None => {
                self.searched = self.bytes.len();
                None
            }
        }
    }

    /// Reads what `stdout` has now; whether a line is longer than may be.
    pub(crate) fn receive(&mut self, stdout: &mut ChildStdout) -> io::Result<bool> {
        self.bytes.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        while !self.at_end && self.bytes.len() <= ANSWER_MAX {
            let filled = self.bytes.len();
            self.bytes.resize(filled + READ_SIZE, 0);
            let result = stdout.read(&mut self.bytes[filled..]);
            self.bytes.truncate(filled + result.as_ref().copied().unwrap_or(0));
            match result {
                Ok(0) => self.at_end = true,
                // Lines are best worked on before there are more.
                Ok(read) if memchr::memchr(b'\n', &self.bytes[filled..filled + read]).is_some() => break,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(self.bytes.len() > ANSWER_MAX)
    }
}
