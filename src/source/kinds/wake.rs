//! A bell that threads of a source ring, and that is waited for together with
//! signals.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::stdin::{Ready, wait_readable};
use crate::os;
use crate::signal::StopSignal;

/// The end that is waited at, by a source whose records are brought by threads of its own.
///
/// ```
/// use std::time::Duration;
/// use sstream::connect::{Bell, Ready, Wake};
///
/// let wake = Wake::new().unwrap();
/// let bell: Bell = wake.bell();
/// std::thread::spawn(move || bell.ring());
/// assert_eq!(wake.wait(None, Duration::from_secs(60)).unwrap(), Ready::Input);
/// ```
#[derive(Debug)]
pub struct Wake {
    read: OwnedFd,
    bell: Bell,
}

/// The end that is rung, from any thread.
#[derive(Clone, Debug)]
pub struct Bell(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// There is a byte in the pipe, or about to be.
    rung: AtomicBool,
    write: OwnedFd,
}

impl Bell {
    /// Wakes who waits, or who waits next.
    pub fn ring(&self) {
        if !self.0.rung.swap(true, Ordering::AcqRel) {
            // One byte in an empty pipe cannot fail.
            let _ = rustix::io::write(&self.0.write, b"r");
        }
    }
}

impl Wake {
    /// A pipe.
    pub fn new() -> io::Result<Wake> {
        let (read, write) = os::pipe_without_waiting()?;
        Ok(Wake { read, bell: Bell(Arc::new(Inner { rung: AtomicBool::new(false), write })) })
    }

    /// The other end.
    pub fn bell(&self) -> Bell {
        self.bell.clone()
    }

    /// Waits for the bell ([`Ready::Input`]), a signal, or `timeout`. What is rung
    /// for after this has returned wakes the next wait.
    pub fn wait(&self, stop: Option<&StopSignal>, timeout: Duration) -> io::Result<Ready> {
        let ready = wait_readable(self.read.as_fd(), stop.map(StopSignal::wake), Some(timeout))?;
        if ready == Ready::Input {
            // Emptied before the flag falls: a ring in between is seen by who
            // looks after this, which everybody does.
            let _ = rustix::io::read(&self.read, &mut [0; 8]);
            self.bell.0.rung.store(false, Ordering::Release);
        }
        Ok(ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_heard_once_and_never_lost() {
        let wake = Wake::new().unwrap();
        let bell = wake.bell();
        assert_eq!(wake.wait(None, Duration::ZERO).unwrap(), Ready::Timeout);
        for _ in 0..3 {
            bell.ring();
            bell.ring();
            assert_eq!(wake.wait(None, Duration::from_secs(10)).unwrap(), Ready::Input);
            assert_eq!(wake.wait(None, Duration::ZERO).unwrap(), Ready::Timeout);
        }
        let (stop, stopper) = StopSignal::manual().unwrap();
        stopper.stop();
        assert_eq!(wake.wait(Some(&stop), Duration::from_secs(10)).unwrap(), Ready::Wake);
    }
}
