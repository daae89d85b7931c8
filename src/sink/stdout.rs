//! Standard output (or error) without a buffer of its own: the writers behind
//! it know best when to write.

use std::fs::File;
use std::io::{self, IoSlice, IsTerminal as _, Write};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};

use super::pages::Pages;
use crate::flow::Waited;
use crate::frame::write_all;
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
    /// For much at once, once its reader was seen to copy what it reads.
    pages: Option<Pages>,
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
        let (has_reader, is_terminal) = (signal::has_reader(file.as_fd()), file.is_terminal());
        Stdout { has_reader, is_terminal, file, waited, pages: None }
    }

    /// Writes `head` and what is in `buffer`, for which there may be another one then, whose bytes say nothing.
    pub fn write_buffer(&mut self, head: &[u8], buffer: &mut Vec<u8>) -> io::Result<()> {
        let pages = self.pages_for(head.len() + buffer.len());
        if pages.is_some_and(|(pages, file)| pages.take_buffer(file.as_fd(), head, buffer)) {
            return self.lend();
        }
        write_all(&mut [IoSlice::new(head), IoSlice::new(buffer)], |slices| match self.is_terminal {
            true => self.write_vectored(slices),
            false => self.write_now(slices),
        })
    }

    /// Pages to lend so many bytes by, if that is worth it and the reader was seen to copy what it reads.
    fn pages_for(&mut self, count: usize) -> Option<(&mut Pages, &File)> {
        if !self.has_reader || !Pages::are_worth(count) {
            return None;
        }
        if self.pages.is_none() {
            self.pages = Pages::of_pipe(self.file.as_fd());
        }
        Some((self.pages.as_mut()?, &self.file))
    }

    /// Lends what pages have taken.
    fn lend(&mut self) -> io::Result<()> {
        let Stdout { pages: Some(pages), file, waited, .. } = self else { return Ok(()) };
        waited.during(|| pages.lend(file.as_fd()))?;
        let rest = &mut pages.finish().map(IoSlice::new);
        write_all(rest, |slices| write_when_writable(file, waited, slices))
    }

    fn lend_or_write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let pages = self.pages_for(slices.iter().map(|slice| slice.len()).sum());
        match pages.map_or(0, |(pages, file)| pages.take_copy(file.as_fd(), slices)) {
            0 => self.write_now(slices),
            taken => self.lend().map(|()| taken),
        }
    }

    fn write_now(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = write_when_writable(&self.file, &self.waited, slices)?;
        if let Some(pages) = &mut self.pages {
            pages.note_written(written);
        }
        Ok(written)
    }
}

/// A descriptor that somebody set to non-blocking is waited for, as if it were not.
fn write_when_writable(mut file: &File, waited: &Waited, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    waited.during(|| {
        loop {
            match file.write_vectored(slices) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    poll(&mut [PollFd::new(file, PollFlags::OUT)], None)?;
                }
                done => return done,
            }
        }
    })
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_terminal {
            let mut shown = Vec::with_capacity(bytes.len());
            push_visible(bytes, &mut shown);
            let mut rest = &shown[..];
            while !rest.is_empty() {
                let count = self.lend_or_write(&[IoSlice::new(rest)])?;
                rest = &rest[count..];
            }
            return Ok(bytes.len());
        }
        self.lend_or_write(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.is_terminal {
            return slices.iter().find(|slice| !slice.is_empty()).map_or(Ok(0), |slice| self.write(slice));
        }
        self.lend_or_write(slices)
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
