//! One run of a pipeline: its processes from the first one's start until the last
//! one has gone.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, kill_process_group};

use super::cause::{Outcome, outcome};
use super::command::{Pipeline, Shell, StartError};
use super::lines::Lines;
use super::processes::Table;

/// How long the parts of a pipeline have to end.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// After a wish to stop, until SIGTERM goes to all.
    pub stop: Duration,
    /// For what is left of a pipeline that has ended, until SIGTERM; and from
    /// SIGTERM until SIGKILL.
    pub kill: Duration,
}

/// How far the end of a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// It runs.
    Running,
    /// The shell has ended, and some of its processes have not.
    LeftOver,
    /// The first stages were asked to stop; the others drain.
    Stopping,
    /// All were sent SIGTERM.
    Terminated,
    /// All were sent SIGKILL.
    Killed,
}

/// A running pipeline.
pub struct Running<'a> {
    pipeline: &'a Pipeline,
    shell: Shell,
    leader: Pid,
    patience: Patience,
    lines: Lines,
    stderr_is_open: bool,
    step: Step,
    /// When the next step is due.
    deadline: Option<Duration>,
    was_stopped: bool,
    /// First stages that were asked to stop.
    asked: HashSet<Pid>,
    /// Processes whose output nobody reads: since when, and what they were sent.
    unread: HashMap<Pid, (Duration, Option<Signal>)>,
    /// The shell's exit code, as another shell would see it.
    code: Option<u8>,
    /// What processes that outlived the shell ended with.
    orphans: Vec<u8>,
    is_over: bool,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// As its stages say.
    pub outcome: Outcome,
    /// It was asked to stop.
    pub was_stopped: bool,
    /// It did not end by itself.
    pub was_terminated: bool,
}

impl<'a> Running<'a> {
    /// Starts it.
    pub fn start(pipeline: &'a Pipeline, patience: Patience) -> Result<Running<'a>, StartError> {
        let shell = pipeline.start()?;
        let leader = Pid::from_child(&shell.child);
        Ok(Running {
            pipeline,
            shell,
            leader,
            patience,
            lines: Lines::new(pipeline.name.as_deref()),
            stderr_is_open: true,
            step: Step::Running,
            deadline: None,
            was_stopped: false,
            asked: HashSet::new(),
            unread: HashMap::new(),
            code: None,
            orphans: Vec::new(),
            is_over: false,
        })
    }

    /// The stderr of its stages, to be polled.
    pub fn stderr(&self) -> Option<BorrowedFd<'_>> {
        self.stderr_is_open.then(|| self.shell.stderr.as_fd())
    }

    /// When something is to be done, if nothing happens.
    pub fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// Whether it goes on as if nothing had happened.
    pub fn is_undisturbed(&self) -> bool {
        self.step == Step::Running
    }

    /// Passes on what has come on stderr.
    pub fn pass_on(&mut self) {
        let mut buffer = [0; 16 << 10];
        let output = &mut io::stderr();
        while self.stderr_is_open {
            // A stderr that is gone leaves nobody to tell.
            let _ = match self.shell.stderr.read(&mut buffer) {
                Ok(read) if read > 0 => self.lines.take(&buffer[..read], output),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
                _ => {
                    self.stderr_is_open = false;
                    self.lines.finish(output)
                }
            };
        }
    }

    /// Takes note of processes that have ended.
    pub fn reap(&mut self, now: Duration) {
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.leader => {
                    self.code = Some(shell_code(status));
                    if self.step == Step::Running {
                        self.go_to(Step::LeftOver, now + self.patience.kill);
                    }
                }
                Ok(Some((_, status))) => self.orphans.push(shell_code(status)),
                Ok(None) => return,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => {
                    // There are no children. Where orphans are not ours to wait
                    // for, those in the process group are still to be seen.
                    let group_is_gone =
                        || rustix::process::test_kill_process_group(self.leader) == Err(rustix::io::Errno::SRCH);
                    self.is_over = cfg!(target_os = "linux") || group_is_gone();
                    return;
                }
            }
        }
    }

    /// Whether no process of it is left.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Asks the first stages to stop; a second time it ends all at once, and a
    /// third time by force.
    pub fn stop(&mut self, table: &Table, now: Duration) {
        if self.was_stopped || self.step >= Step::Terminated {
            self.next_step(table, now);
        } else {
            self.was_stopped = true;
            self.go_to(Step::Stopping, now + self.patience.stop);
            // What the shell says of a command that a signal has ended.
            self.lines.leave_out("Terminated");
            // The shell ends behind the pipeline that it waits for.
            self.send(self.leader, Signal::TERM);
            self.ask_first_stages(table);
        }
    }

    /// Does what is due.
    pub fn look(&mut self, table: &Table, now: Duration) {
        if self.step == Step::Stopping {
            // One that has only been started now.
            self.ask_first_stages(table);
        }
        self.wake_unread(table, now);
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.next_step(table, now);
        }
    }

    /// How it ended, when it is over.
    pub fn end(mut self) -> Ended {
        self.pass_on();
        let codes = self.shell.codes(self.code.unwrap_or(1));
        let mut outcome = outcome(&codes, &self.pipeline.stages, self.was_stopped);
        let was_terminated = self.step >= Step::Terminated;
        if self.was_stopped && outcome == Outcome::Done {
            // A script that the stop has ended does not tell of its stages.
            outcome = super::cause::outcome(&self.orphans, &[], true);
        }
        Ended { outcome, was_stopped: self.was_stopped, was_terminated }
    }

    fn go_to(&mut self, step: Step, deadline: Duration) {
        (self.step, self.deadline) = (step, Some(deadline));
    }

    fn next_step(&mut self, table: &Table, now: Duration) {
        let (step, signal) = match self.step {
            Step::Running | Step::LeftOver | Step::Stopping => (Step::Terminated, Signal::TERM),
            Step::Terminated | Step::Killed => (Step::Killed, Signal::KILL),
        };
        self.go_to(step, now + self.patience.kill);
        self.send_all(table, signal);
    }

    fn ask_first_stages(&mut self, table: &Table) {
        if table.processes.is_empty() {
            self.send_all(table, Signal::TERM);
        }
        for pid in table.first_stages(self.leader) {
            if self.asked.insert(pid) {
                self.send(pid, Signal::TERM);
            }
        }
    }

    /// Tells writers that nobody reads what they write, with the signal that their
    /// next write would bring; those that do not mind it must end too, lest a
    /// pipeline without its middle stands still for ever.
    fn wake_unread(&mut self, table: &Table, now: Duration) {
        let unread: HashSet<Pid> = table.unread(self.leader).into_iter().collect();
        self.unread.retain(|pid, _| unread.contains(pid));
        for pid in unread {
            let (since, sent) = *self.unread.entry(pid).or_insert((now, None));
            let (signal, due) = match sent {
                None => (Signal::PIPE, Duration::ZERO),
                Some(Signal::PIPE) => (Signal::TERM, self.patience.kill),
                Some(_) => (Signal::KILL, self.patience.kill * 2),
            };
            // Seen twice: a pipeline may just have been starting.
            if now > since && now - since >= due {
                self.unread.insert(pid, (since, Some(signal)));
                self.send(pid, signal);
            }
        }
    }

    fn send(&self, pid: Pid, signal: Signal) {
        // One that is gone, or another user's, is out of reach.
        let _ = kill_process(pid, signal);
    }

    fn send_all(&self, table: &Table, signal: Signal) {
        if self.code.is_none() || table.processes.is_empty() {
            let _ = kill_process_group(self.leader, signal);
        }
        for process in &table.processes {
            if let Some(pid) = Pid::from_raw(process.pid) {
                self.send(pid, signal);
            }
        }
    }
}

/// What a shell makes of a process's end.
fn shell_code(status: WaitStatus) -> u8 {
    let code = status.exit_status().or_else(|| Some(128 + status.terminating_signal()?));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
