//! Signals to sstream-run itself, as something to poll: a wish to stop, and the
//! end of a child. Those that are ignored stay so, as in [`signal`].

use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use signal_hook::consts::SIGCHLD;
use signal_hook::low_level::pipe;

use crate::signal;

/// Two signals this far apart are two wishes, not one that came twice.
const APART: Duration = Duration::from_secs(1);

/// The signals that came.
#[derive(Debug)]
pub struct Signals {
    stop: UnixStream,
    child: UnixStream,
    last_wish: Option<Duration>,
}

impl Signals {
    /// Sets the handlers.
    pub fn install() -> io::Result<Signals> {
        let (stop, wish) = UnixStream::pair()?;
        for signal in signal::wishes_to_stop() {
            pipe::register(signal, wish.try_clone()?)?;
        }
        let (child, ended) = UnixStream::pair()?;
        pipe::register(SIGCHLD, ended)?;
        stop.set_nonblocking(true)?;
        child.set_nonblocking(true)?;
        Ok(Signals { stop, child, last_wish: None })
    }

    /// What to poll.
    pub fn descriptors(&self) -> [BorrowedFd<'_>; 2] {
        [self.stop.as_fd(), self.child.as_fd()]
    }

    /// Forgets that a child ended, before it is waited for.
    pub fn clear_child(&mut self) {
        drain(&mut self.child);
    }

    /// Whether there is a new wish to stop.
    pub fn take_stop_wish(&mut self, now: Duration) -> bool {
        if !drain(&mut self.stop) {
            return false;
        }
        let is_new = self.last_wish.is_none_or(|last| now.saturating_sub(last) >= APART);
        self.last_wish = Some(now);
        is_new
    }
}

fn drain(stream: &mut UnixStream) -> bool {
    let mut buffer = [0; 64];
    let mut has_some = false;
    while matches!(stream.read(&mut buffer), Ok(read) if read > 0) {
        has_some = true;
    }
    has_some
}
