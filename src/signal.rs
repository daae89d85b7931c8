//! SIGINT, SIGTERM and SIGHUP: one flag that a first stage looks at, and the
//! way out for somebody who presses Ctrl-C again.
//!
//! Ctrl-C and systemd signal the whole process group. The first stage stops
//! reading, sends its last batch and closes; every later stage ignores the flag
//! and drains until that close has come. A second SIGINT a second or more after
//! the first ends the process at once; SIGTERM counts once however often it
//! comes. Handlers are set even where a signal was inherited as ignored, as
//! shells do for background jobs.
//!
//! Commands that a stage runs are in process groups of their own, so that Ctrl-C
//! does not reach them while the stage drains; where it ends at once they end
//! with it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Two SIGINT this far apart are two wishes, not one keystroke or one group
/// signal that came twice.
const APART: Duration = Duration::from_secs(1);

/// Whether the process was asked to stop.
#[derive(Clone, Debug)]
pub struct StopSignal {
    asked: Arc<AtomicBool>,
    /// Becomes readable with the first signal, for poll.
    wake: Arc<OwnedFd>,
    groups: Groups,
}

impl StopSignal {
    /// Sets the handlers. A thread of its own waits for signals, so that the
    /// second Ctrl-C works wherever the stage hangs.
    pub fn install() -> io::Result<StopSignal> {
        let (stop, notify) = StopSignal::manual()?;
        let groups = stop.groups.clone();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        std::thread::Builder::new().name("signals".into()).stack_size(64 << 10).spawn(move || {
            let mut first_interrupt: Option<Instant> = None;
            for signal in signals.forever() {
                notify.stop();
                if signal == SIGINT {
                    if first_interrupt.is_some_and(|first| first.elapsed() >= APART) {
                        groups.terminate();
                        let _ = signal_hook::low_level::emulate_default_handler(SIGINT);
                    }
                    first_interrupt.get_or_insert_with(Instant::now);
                }
            }
        })?;
        Ok(stop)
    }

    /// One that no signal sets but its [`Stopper`], for tests and for the
    /// rules that stop a source.
    pub fn manual() -> io::Result<(StopSignal, Stopper)> {
        let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let asked = Arc::new(AtomicBool::new(false));
        let stop = StopSignal { asked: asked.clone(), wake: Arc::new(read), groups: Groups::default() };
        Ok((stop, Stopper { asked, wake: write }))
    }

    /// Whether a signal has come.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }

    /// Readable from the first signal on.
    pub fn wake(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// A process group that ends when the process is made to end at once.
    pub fn adopt(&self, group: Pid) {
        self.groups.lock().push(group);
    }

    /// Forgets a process group, before its leader is waited for: its number may
    /// be another's after that.
    pub fn release(&self, group: Pid) {
        self.groups.lock().retain(|other| *other != group);
    }
}

/// Process groups of commands that run.
#[derive(Clone, Debug, Default)]
struct Groups(Arc<Mutex<Vec<Pid>>>);

impl Groups {
    fn lock(&self) -> MutexGuard<'_, Vec<Pid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn terminate(&self) {
        for group in self.lock().iter() {
            // One that is gone by itself is as well.
            let _ = kill_process_group(*group, Signal::TERM);
        }
    }
}

/// The other end of a [`StopSignal`].
#[derive(Debug)]
pub struct Stopper {
    asked: Arc<AtomicBool>,
    wake: OwnedFd,
}

impl Stopper {
    /// Asks the process to stop.
    pub fn stop(&self) {
        if !self.asked.swap(true, Ordering::AcqRel) {
            // The flag is what counts; a byte in an empty pipe cannot fail.
            let _ = rustix::io::write(&self.wake, b"s");
        }
    }
}

/// Ends the process as SIGPIPE would have: its reader has gone, and that is no
/// error to speak of.
pub fn die_of_broken_pipe() -> ! {
    let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGPIPE);
    std::process::exit(141)
}
