//! A process that does not outlive the interest in it.

use std::io;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::signal::StopSignal;

/// How long a command that is not wanted any more has to end by itself.
const GRACE: Duration = Duration::from_secs(1);

/// How often it is looked after within that time.
const LOOK: Duration = Duration::from_millis(5);

/// A running command that leads a process group. Dropping it ends the group.
pub(super) struct Running {
    child: Child,
    group: Option<Pid>,
    stop: StopSignal,
}

impl Running {
    /// Starts a command that was told to lead a process group.
    pub(super) fn start(command: &mut Command, stop: StopSignal) -> io::Result<Running> {
        let child = command.spawn()?;
        let group = Pid::from_raw(child.id().cast_signed());
        if let Some(group) = group {
            stop.adopt(group);
        }
        Ok(Running { child, group, stop })
    }

    /// Its stdout, if that is a pipe.
    pub(super) fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Its stdin, if that is a pipe.
    pub(super) fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// How it ended; `None` if it runs.
    pub(super) fn status(&mut self) -> io::Result<Option<ExitStatus>> {
        if !self.has_ended() {
            return Ok(None);
        }
        // What it has started goes with it.
        self.signal(Signal::KILL);
        self.release();
        self.child.wait().map(Some)
    }

    /// Waits for its end.
    pub(super) fn wait(mut self) -> io::Result<ExitStatus> {
        if let Some(group) = self.group {
            // Not waited for yet, its number cannot be another process's when
            // it is released.
            while let Err(rustix::io::Errno::INTR) =
                waitid(WaitId::Pid(group), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
            {}
        }
        self.release();
        self.child.wait()
    }

    fn release(&mut self) {
        if let Some(group) = self.group.take() {
            self.stop.release(group);
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // A group that is gone is what is wanted.
            let _ = kill_process_group(group, signal);
        }
    }

    /// Whether the group's leader has ended; it is not waited for yet.
    pub(super) fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        self.group.is_none_or(|group| !matches!(waitid(WaitId::Pid(group), options), Ok(None)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.group.is_none() {
            return;
        }
        self.signal(Signal::TERM);
        let since = Instant::now();
        while !self.has_ended() && since.elapsed() < GRACE {
            std::thread::sleep(LOOK);
        }
        self.signal(Signal::KILL);
        self.release();
        let _ = self.child.wait();
    }
}
