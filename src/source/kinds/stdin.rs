//! Standard input, waited for together with signals.

use std::fs::File;
use std::io::{self, Read, Seek as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileTypeExt as _;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::flow::Waited;
use crate::os;
use crate::progress::Progress;
use crate::signal::{self, StopSignal};
use crate::source::{ByteSource, Got, SourceError};

/// Reads a file descriptor, standard input by default.
pub struct Stdin {
    file: File,
    /// For messages.
    name: String,
    stop: StopSignal,
    waited: Waited,
    /// What is still to be read of what the input held at the stop.
    held: Option<u64>,
    progress: Option<Progress>,
}

impl Stdin {
    /// Standard input, as a descriptor of its own.
    pub fn open(stop: StopSignal, waited: Waited) -> io::Result<Stdin> {
        Ok(Stdin::from_file(os::stdin()?, "stdin", stop, waited))
    }

    /// Whether it is a pipe, or the socket that some shells take for one.
    pub fn is_pipe(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.file_type().is_fifo() || metadata.file_type().is_socket())
    }

    /// Any open file, which messages call `name`.
    pub fn from_file(file: File, name: &str, stop: StopSignal, waited: Waited) -> Stdin {
        os::prepare_to_read(&file);
        Stdin { file, name: name.to_owned(), stop, waited, held: None, progress: None }
    }

    /// Shows on the terminal how far the reading is, if the input is a file and
    /// this process may draw there.
    pub fn show_progress(&mut self) {
        if let Ok(metadata) = self.file.metadata()
            && metadata.is_file()
        {
            let read = self.file.stream_position().unwrap_or(0);
            self.progress = Progress::start(metadata.len().saturating_sub(read));
        }
    }

    fn note_read(&mut self, count: usize) {
        if let Some(progress) = &mut self.progress {
            progress.add(count as u64);
        }
    }

    /// The input itself.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// What messages call the input.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits for bytes, at most for `timeout`, signal or not.
    pub fn read_within(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<Got> {
        self.wait(false, timeout, buffer)
    }

    /// Waits for bytes, at most for `timeout`, or for a signal.
    pub fn read_until_stop(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<Got> {
        self.wait(true, timeout, buffer)
    }

    /// Waits for bytes as long as it takes; 0 at the end. Where the reader of standard
    /// output is watched and goes meanwhile, it is a broken pipe.
    pub fn read_while_read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(reader) = self.stop.reader()
            && self.waited.during(|| wait_readable_unless_gone(self.file.as_fd(), reader))?
        {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.read_blocking(buffer)
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
                Ok(count) => {
                    self.note_read(count);
                    return Ok(count);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// After a stop: what the input held at the first of these calls, piece by
    /// piece; 0 when that was all.
    pub fn read_what_is_held(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let held = match self.held {
            Some(held) => held,
            // A regular file stays where it is; what is not read is not lost.
            None if self.file.metadata().is_ok_and(|metadata| metadata.is_file()) => 0,
            None => os::bytes_waiting(&self.file),
        };
        let limit = buffer.len().min(usize::try_from(held).unwrap_or(usize::MAX));
        let mut read = 0;
        if limit > 0
            && let Got::Bytes(count) = self.read_within(&mut buffer[..limit], Duration::ZERO)?
        {
            read = count;
        }
        self.held = Some(if read == 0 { 0 } else { held - read as u64 });
        Ok(read)
    }

    fn wait(&mut self, wake: bool, timeout: Duration, buffer: &mut [u8]) -> io::Result<Got> {
        let wake = wake.then(|| self.stop.wake());
        match self.waited.during(|| wait_readable(self.file.as_fd(), wake, Some(timeout)))? {
            Ready::Timeout => Ok(Got::Timeout),
            Ready::Wake => Ok(Got::Stop),
            Ready::Input => loop {
                match self.waited.during(|| self.file.read(buffer)) {
                    Ok(0) => return Ok(Got::End),
                    Ok(read) => {
                        self.note_read(read);
                        return Ok(Got::Bytes(read));
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Got::Timeout),
                    Err(error) => return Err(error),
                }
            },
        }
    }
}

impl ByteSource for Stdin {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Got, SourceError> {
        self.read_until_stop(buffer, timeout).map_err(|error| SourceError::read(&self.name, error))
    }

    fn read_held(&mut self, buffer: &mut [u8]) -> Result<Got, SourceError> {
        match self.read_what_is_held(buffer) {
            Ok(0) => Ok(Got::End),
            Ok(count) => Ok(Got::Bytes(count)),
            Err(error) => Err(SourceError::read(&self.name, error)),
        }
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

/// Waits until `input` can be read, or nobody reads `output` any more, and gives
/// whether it is that.
fn wait_readable_unless_gone(input: BorrowedFd<'_>, output: BorrowedFd<'_>) -> io::Result<bool> {
    let mut fds =
        [PollFd::from_borrowed_fd(input, PollFlags::IN), PollFd::from_borrowed_fd(output, PollFlags::empty())];
    loop {
        match poll(&mut fds, None) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(fds[1].revents().intersects(signal::GONE)),
            Err(error) => return Err(error.into()),
        }
    }
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
