//! Standard input, waited for together with signals.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::{ByteSource, Got, SourceError};
use crate::os;
use crate::signal::StopSignal;
use crate::stage::Waited;

/// Reads a file descriptor, standard input by default.
pub struct Stdin {
    file: File,
    stop: StopSignal,
    waited: Waited,
}

impl Stdin {
    /// Standard input, as a descriptor of its own.
    pub fn open(stop: StopSignal, waited: Waited) -> io::Result<Stdin> {
        let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        os::enlarge_pipe(&file);
        Ok(Stdin { file, stop, waited })
    }

    /// Any open file.
    pub fn from_file(file: File, stop: StopSignal, waited: Waited) -> Stdin {
        os::enlarge_pipe(&file);
        Stdin { file, stop, waited }
    }
}

impl Stdin {
    fn wait(&mut self, wake: bool, timeout: Duration, buffer: &mut [u8]) -> io::Result<Got> {
        let wake = wake.then(|| self.stop.wake());
        match self.waited.during(|| wait_readable(self.file.as_fd(), wake, Some(timeout)))? {
            Ready::Timeout => Ok(Got::Timeout),
            Ready::Wake => Ok(Got::Stop),
            Ready::Input => loop {
                match self.waited.during(|| self.file.read(buffer)) {
                    Ok(0) => return Ok(Got::End),
                    Ok(read) => return Ok(Got::Bytes(read)),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Got::Timeout),
                    Err(error) => return Err(error),
                }
            },
        }
    }
}

impl Stdin {
    /// Waits for bytes, signal or not.
    pub fn read_within(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Got, SourceError> {
        self.wait(false, timeout, buffer).map_err(|error| SourceError::read("stdin", error))
    }

    /// Waits for bytes as long as it takes; 0 at the end.
    pub fn read_blocking(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.waited.during(|| self.file.read(buffer)) {
                // Somebody set the descriptor to non-blocking.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.waited.during(|| wait_readable(self.file.as_fd(), None, None))?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }
}

impl ByteSource for Stdin {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Got, SourceError> {
        self.wait(true, timeout, buffer).map_err(|error| SourceError::read("stdin", error))
    }

    fn read_now(&mut self, buffer: &mut [u8]) -> Result<Got, SourceError> {
        self.read_within(buffer, Duration::ZERO)
    }

    fn waiting(&self) -> u64 {
        // A regular file stays where it is; what is not read is not lost.
        let is_file = self.file.metadata().is_ok_and(|metadata| metadata.is_file());
        if is_file { 0 } else { os::bytes_waiting(&self.file) }
    }
}

/// What a wait ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// There is something to read, or an end.
    Input,
    /// The other descriptor is readable.
    Wake,
    /// Neither came in time.
    Timeout,
}

/// Waits until `input` can be read, until `wake` can be, or for `timeout`.
/// `wake` goes first, so that a signal is seen however fast the input is.
pub fn wait_readable(
    input: BorrowedFd<'_>,
    wake: Option<BorrowedFd<'_>>,
    timeout: Option<Duration>,
) -> io::Result<Ready> {
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    let input = PollFd::from_borrowed_fd(input, PollFlags::IN);
    let mut both = [input.clone(), wake.map_or(input, |wake| PollFd::from_borrowed_fd(wake, PollFlags::IN))];
    let count = 1 + usize::from(wake.is_some());
    let fds = &mut both[..count];
    match poll(fds, timeout.as_ref()) {
        Ok(0) | Err(Errno::INTR) => Ok(Ready::Timeout),
        Ok(_) if wake.is_some() && !fds[1].revents().is_empty() => Ok(Ready::Wake),
        Ok(_) => Ok(Ready::Input),
        Err(error) => Err(error.into()),
    }
}
