//! Standard output (or error) without a buffer of its own: the writers behind
//! it know best when to write.

use std::fs::File;
use std::io::{self, IoSlice, IsTerminal as _, Write};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};

use crate::flow::Waited;
use crate::os;
use crate::record::push_visible;
use crate::signal;

/// Writes to a descriptor and counts the time that this takes as waiting.
#[derive(Debug)]
pub struct Stdout {
    file: File,
    waited: Waited,
    /// Whether it is a pipe or a socket.
    has_reader: bool,
    /// Whether it is a terminal, which is to obey nothing that stands in a record.
    is_terminal: bool,
}

impl Stdout {
    /// Standard output, as a descriptor of its own.
    pub fn open(waited: Waited) -> io::Result<Stdout> {
        let file = os::stdout()?;
        os::enlarge_pipe(&file);
        Ok(Stdout::of(file, waited))
    }

    /// Standard error, for sinks that pass the stream on.
    pub fn error(waited: Waited) -> io::Result<Stdout> {
        Ok(Stdout::of(os::stderr()?, waited))
    }

    fn of(file: File, waited: Waited) -> Stdout {
        Stdout { has_reader: signal::has_reader(file.as_fd()), is_terminal: file.is_terminal(), file, waited }
    }

    /// A descriptor that somebody set to non-blocking is waited for, as if it
    /// were not.
    fn when_writable(&self, write: impl Fn(&File) -> io::Result<usize>) -> io::Result<usize> {
        self.waited.during(|| {
            loop {
                match write(&self.file) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        poll(&mut [PollFd::new(&self.file, PollFlags::OUT)], None)?;
                    }
                    done => return done,
                }
            }
        })
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_terminal {
            let mut shown = Vec::with_capacity(bytes.len());
            push_visible(bytes, &mut shown);
            let mut rest = &shown[..];
            while !rest.is_empty() {
                let count = self.when_writable(|mut file| file.write(rest))?;
                rest = &rest[count..];
            }
            return Ok(bytes.len());
        }
        self.when_writable(|mut file| file.write(bytes))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.is_terminal {
            return slices.iter().find(|slice| !slice.is_empty()).map_or(Ok(0), |slice| self.write(slice));
        }
        self.when_writable(|mut file| file.write_vectored(slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a sink writes to.
pub trait Output: Write {
    /// Whether nobody will read what is written, which a write finds out too.
    fn is_reader_gone(&self) -> bool {
        false
    }

    /// Makes durable what was written, where it is a file; elsewhere there is nothing to do.
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for Stdout {
    fn is_reader_gone(&self) -> bool {
        self.has_reader && signal::is_reader_gone(self.file.as_fd())
    }

    fn sync(&mut self) -> io::Result<()> {
        match self.file.metadata()?.is_file() {
            true => self.file.sync_data(),
            false => Ok(()),
        }
    }
}

impl Output for Vec<u8> {}

impl<W: Output> Output for &mut W {
    fn is_reader_gone(&self) -> bool {
        (**self).is_reader_gone()
    }

    fn sync(&mut self) -> io::Result<()> {
        (**self).sync()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// No file of /proc can be made durable, and says so when it is asked to be.
    #[test]
    fn a_file_is_made_durable_and_a_pipe_is_left_alone() {
        let mut file = Stdout::of(File::open("/proc/self/status").unwrap(), Waited::default());
        assert!(file.sync().is_err());
        let (_reader, writer) = io::pipe().unwrap();
        Stdout::of(File::from(std::os::fd::OwnedFd::from(writer)), Waited::default()).sync().unwrap();
    }
}
