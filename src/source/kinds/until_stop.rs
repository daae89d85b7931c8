//! A reader for sources whose input is not cut into lines by the clock: ends
//! when the input does, or when the source is to stop.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use rustix::fs::OFlags;

use crate::clock::Clock;
use crate::source::Got;
use crate::source::engine::stop::StopRules;
use crate::source::kinds::stdin::Stdin;

/// What an [`UntilStop`] reader and the source behind it tell each other.
#[derive(Clone, Debug, Default)]
pub struct Stopping {
    stopped: Rc<Cell<bool>>,
    deferred: Rc<Cell<bool>>,
}

impl Stopping {
    /// Whether the reader has ended, or would, because of a stop.
    pub fn is_stopped(&self) -> bool {
        self.stopped.get()
    }

    /// Puts a stop off, or no more: something is begun that must be read whole.
    pub fn defer(&self, deferred: bool) {
        self.deferred.set(deferred);
    }
}

/// Reads a descriptor until its end or a stop, and at a stop still what it
/// holds at that moment.
pub struct UntilStop<'a> {
    input: Stdin,
    clock: &'a dyn Clock,
    stop: StopRules,
    stopping: Stopping,
    last_bytes: Duration,
}

impl<'a> UntilStop<'a> {
    /// A reader of `input`, with what the source needs to know of it.
    pub fn new(input: Stdin, clock: &'a dyn Clock, stop: StopRules) -> (UntilStop<'a>, Stopping) {
        let stopping = Stopping::default();
        let last_bytes = clock.read().monotonic;
        (UntilStop { input, clock, stop, stopping: stopping.clone(), last_bytes }, stopping)
    }
}

/// Opens a file without waiting for anything: a FIFO may be without a writer for long, and
/// whoever reads it then waits for that.
pub fn open_at_once(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)
}

/// Reads a file to its end, or a FIFO until its writers have gone. A stop before that is an
/// error, since nothing can be done with a part.
pub fn read_to_end(path: &Path, clock: &dyn Clock, stop: StopRules) -> io::Result<(File, Vec<u8>)> {
    let file = open_at_once(path)?;
    let name = path.display().to_string();
    let input = Stdin::from_file(file.try_clone()?, &name, stop.signal.clone(), stop.waited.clone());
    let (mut reader, stopping) = UntilStop::new(input, clock, stop);
    let mut content = Vec::new();
    reader.read_to_end(&mut content)?;
    if stopping.is_stopped() {
        return Err(io::Error::other("stopped before all of it had come"));
    }
    Ok((file, content))
}

impl Read for UntilStop<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stopping.deferred.get() {
            return self.input.read_blocking(buffer);
        }
        while !self.stopping.is_stopped() {
            let now = self.clock.read().monotonic;
            if self.stop.is_due(now, self.last_bytes) {
                self.stopping.stopped.set(true);
                break;
            }
            match self.input.read_until_stop(buffer, self.stop.wait(now, self.last_bytes))? {
                Got::Bytes(count) => {
                    self.last_bytes = self.clock.read().monotonic;
                    return Ok(count);
                }
                Got::End => return Ok(0),
                Got::Stop => self.stopping.stopped.set(true),
                Got::Timeout | Got::Over | Got::Turn => {}
            }
        }
        self.input.read_what_is_held(buffer)
    }
}
