//! SIGINT, SIGTERM and SIGHUP: one flag that a first stage looks at, and the
//! way out for somebody who presses Ctrl-C again.
//!
//! Ctrl-C and systemd signal the whole process group. The first stage stops
//! reading, sends its last batch and closes; every later stage ignores the flag
//! and drains until that close has come. A second SIGINT a second or more after
//! the first ends the process at once; SIGTERM counts once however often it
//! comes.
//!
//! A SIGHUP that was ignored when the process was started stays so: that is what
//! nohup is for, and a stop when the terminal is closed would be what its user
//! meant to prevent. SIGINT and SIGTERM get their handlers even then: a shell
//! ignores SIGINT for every job that a script puts into the background, and a stop
//! that drains loses nothing, so that whoever sends one of them is obeyed.
//!
//! A reader of standard output that has gone is told to a first stage in the same
//! way ([`StopSignal::watch_reader`]), since it may have nothing to write for long.
//!
//! Commands that a stage runs are in process groups of their own, so that Ctrl-C
//! does not reach them while the stage drains; where it ends at once they end
//! with it.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::FileType;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::os;

/// Two SIGINT this far apart are two wishes, not one keystroke or one group
/// signal that came twice.
const APART: Duration = Duration::from_secs(1);

/// A process that is there for so long is done with its start; one that ends before is spared what follows.
const STARTED: Duration = Duration::from_millis(50);

/// Whether the process was asked to stop.
///
/// ```
/// use std::time::Duration;
/// use sstream::connect::{Ready, StopSignal, wait_readable};
///
/// let (stop, stopper) = StopSignal::manual().unwrap();
/// let wait = || wait_readable(stop.wake(), None, Some(Duration::from_millis(1))).unwrap();
/// assert_eq!(wait(), Ready::Timeout);
/// stopper.stop();
/// assert_eq!(wait(), Ready::Input);
/// assert!(stop.is_asked());
/// ```
#[derive(Clone, Debug)]
pub struct StopSignal {
    asked: Arc<AtomicBool>,
    /// Becomes readable with the first signal, for poll.
    wake: Arc<OwnedFd>,
    stopper: Arc<Stopper>,
    groups: Groups,
    /// Whether the reader of standard output is watched.
    has_reader: Arc<AtomicBool>,
}

impl StopSignal {
    /// Sets the handlers. A thread of its own waits for signals, so that the
    /// second Ctrl-C works wherever the stage hangs.
    pub fn install() -> io::Result<StopSignal> {
        let (stop, notify) = StopSignal::manual()?;
        let groups = stop.groups.clone();
        let mut signals = Signals::new(wishes_to_stop())?;
        std::thread::Builder::new().name("signals".into()).stack_size(64 << 10).spawn(move || {
            // This thread has nothing to do yet; a signal that comes meanwhile waits as long.
            std::thread::sleep(STARTED);
            os::let_go_of_code();
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
    pub fn manual() -> io::Result<(StopSignal, Arc<Stopper>)> {
        let (read, write) = os::pipe()?;
        let asked = Arc::new(AtomicBool::new(false));
        let stopper = Arc::new(Stopper { asked: asked.clone(), wake: write });
        let stop = StopSignal {
            asked,
            wake: Arc::new(read),
            stopper: stopper.clone(),
            groups: Groups::default(),
            has_reader: Arc::default(),
        };
        Ok((stop, stopper))
    }

    /// Asks the process to stop, too, when nobody reads its standard output any
    /// more: a source that has nothing to write would find out only much later.
    pub fn watch_reader(&self) -> io::Result<()> {
        if !has_reader(rustix::stdio::stdout()) || self.has_reader.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let notify = self.stopper.clone();
        let watch = move || {
            while !wait_for_reader_to_go() {}
            notify.stop();
        };
        std::thread::Builder::new().name("reader".into()).stack_size(64 << 10).spawn(watch).map(drop)
    }

    /// Standard output, where its reader is watched: a wait for input ends too when
    /// [`is_reader_gone`].
    pub fn reader(&self) -> Option<BorrowedFd<'static>> {
        self.has_reader.load(Ordering::Acquire).then(rustix::stdio::stdout)
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

/// What asks a process to stop, by its [`StopSignal`].
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

/// The signals that ask the process to stop: not SIGHUP where it is ignored, which
/// can be told only where there is /proc.
pub fn wishes_to_stop() -> Vec<c_int> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let is_ignored = |signal: c_int| ignored >> (signal - 1) & 1 == 1;
    [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| *signal != SIGHUP || !is_ignored(SIGHUP)).collect()
}

/// Whether a descriptor is one whose reader can go: a pipe or a socket.
pub fn has_reader(output: BorrowedFd<'_>) -> bool {
    rustix::fs::fstat(output)
        .is_ok_and(|stat| matches!(FileType::from_raw_mode(stat.st_mode), FileType::Fifo | FileType::Socket))
}

/// Whether nobody reads what is written to `output` any more.
pub fn is_reader_gone(output: BorrowedFd<'_>) -> bool {
    // Asked for nothing, it says what it says unasked.
    let mut fds = [PollFd::from_borrowed_fd(output, PollFlags::empty())];
    let now = rustix::event::Timespec::default();
    poll(&mut fds, Some(&now)).is_ok() && fds[0].revents().intersects(GONE)
}

/// What poll says of a pipe or socket whose other end is closed.
pub const GONE: PollFlags = PollFlags::ERR.union(PollFlags::HUP);

/// Waits until nobody reads standard output any more; false if the wait ended
/// otherwise.
fn wait_for_reader_to_go() -> bool {
    let mut fds = [PollFd::from_borrowed_fd(rustix::stdio::stdout(), PollFlags::empty())];
    !matches!(poll(&mut fds, None), Ok(0) | Err(Errno::INTR))
}

/// Ends the process as SIGPIPE would have: its reader has gone, and that is no
/// error to speak of.
pub fn die_of_broken_pipe() -> ! {
    let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGPIPE);
    std::process::exit(141)
}
