//! Running a pipeline under supervision: `sstream-run`.
//!
//! | module | what it does |
//! |---|---|
//! | [`command`] | the shell that runs the pipeline, and what each stage ended with |
//! | [`running`] | one run: stderr, a stop, what is left over, until the last process has gone |
//! | [`processes`] | the pipeline's processes: its first stages, writers without readers; pure |
//! | [`cause`] | which stage's exit code is the reason of a failure; pure |
//! | [`restart`] | whether and when to start it again; pure |
//! | [`lines`] | lines of stderr, whole, with the pipeline's name |
//! | [`progress`] | what its stages publish: ready, batch, lag, overdue |
//! | [`notify`] | telling systemd |
//! | [`signals`] | signals, as something to poll |
//!
//! One thread, one poll. The next run starts only when no process of the one
//! before is left, so that none of them still holds a lock of the checkpoint.

pub mod cause;
pub mod command;
pub mod lines;
pub mod notify;
pub mod processes;
pub mod progress;
pub mod restart;
pub mod running;
pub mod signals;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::clock::Clock;
use crate::console::Console;
use crate::duration::show_ms;
use crate::error::{Exit, describe};
use crate::os;
use cause::{Cause, Outcome};
use command::{Pipeline, StartError};
use notify::Notifier;
use processes::Table;
use progress::Progress;
use restart::{Next, RestartRules, Restarts};
use running::{Ended, Patience, Running};
use signals::Signals;

/// How often processes and the stop file are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// How a pipeline is to be supervised.
#[derive(Clone, Debug)]
pub struct Rules {
    /// When to start it again.
    pub restart: RestartRules,
    /// How long to wait for its parts to end.
    pub patience: Patience,
    /// Stops it when this file is there.
    pub stop_file: Option<PathBuf>,
    /// Tools of the family that are no stages, so that nobody waits for their heads.
    pub no_stages: Vec<String>,
    /// Tools that begin a stream, so that it has a head at once.
    pub sources: Vec<String>,
}

/// Why `sstream-run` ends otherwise than well.
#[derive(Debug)]
pub enum RunError {
    /// The pipeline cannot be started.
    Start(StartError),
    /// It failed.
    Failed {
        /// Which stage, and how.
        cause: Cause,
        /// What was tried.
        restarts: u32,
        /// It would have been started again, but not so often.
        is_given_up: bool,
    },
    /// It was asked to stop and had to be ended.
    NotDrained,
    /// Whoever reads its output has gone.
    ReaderGone,
    /// Signals or sockets do not work.
    System {
        /// Which.
        what: &'static str,
        /// What the system said.
        error: io::Error,
    },
}

impl RunError {
    /// The exit code: the pipeline's own, where it has one.
    pub fn code(&self) -> u8 {
        match self {
            RunError::Start(error) if error.is_usage() => Exit::Usage.code(),
            RunError::Start(_) | RunError::System { .. } | RunError::NotDrained => Exit::World.code(),
            RunError::Failed { cause, .. } => cause.code,
            RunError::ReaderGone => Outcome::ReaderGone.code(),
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Start(error) => error.fmt(f),
            RunError::Failed { cause, restarts, is_given_up: true } => {
                write!(f, "{cause}: given up after {restarts} restarts in a row")
            }
            RunError::Failed { cause, restarts, .. } if *restarts > 0 && cause.is_final() => {
                write!(f, "{cause}: not started again, since it would end so again")
            }
            RunError::Failed { cause, .. } => cause.fmt(f),
            RunError::NotDrained => {
                f.write_str("the pipeline did not end by itself after it was asked to stop, and was made to end")
            }
            RunError::ReaderGone => f.write_str("whoever reads the pipeline's output has gone"),
            RunError::System { what, error } => write!(f, "{what}: {}", describe(error)),
        }
    }
}

impl std::error::Error for RunError {}

/// Runs a pipeline until it is done, or fails for good, or is asked to stop.
pub fn supervise(pipeline: &Pipeline, rules: &Rules, clock: &dyn Clock, console: &Console) -> Result<(), RunError> {
    let system = |what| move |error| RunError::System { what, error };
    pipeline.check().map_err(RunError::Start)?;
    os::adopt_orphans();
    let mut supervisor = Supervisor {
        pipeline,
        rules,
        clock,
        signals: Signals::install().map_err(system("signals: cannot set the handlers"))?,
        notifier: Notifier::from_environment().map_err(system("NOTIFY_SOCKET: cannot reach systemd"))?,
        is_ready: false,
        fed: Duration::ZERO,
    };
    let mut restarts = Restarts::new(rules.restart);
    loop {
        let started = clock.read().monotonic;
        let ended = supervisor.run_once()?;
        let next = match ended.was_stopped {
            true => Next::End,
            false => restarts.next(&ended.outcome, clock.read().monotonic.saturating_sub(started)),
        };
        if ended.was_terminated && !ended.was_stopped {
            console.warn("some of the pipeline's processes went on after it had ended, and were made to end");
        }
        let Next::StartAfter(delay) = next else {
            return result(ended, restarts.in_a_row(), next == Next::GiveUp);
        };
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        let again = format!("starting again in {}", show_ms(delay_ms));
        match &ended.outcome {
            Outcome::Failed(cause) => console.warn(&format!("{cause}: {again}")),
            _ => console.info(&format!("the pipeline has ended: {again}")),
        }
        supervisor.notifier.status(&again);
        if supervisor.wait_for_stop(delay) {
            return Ok(());
        }
    }
}

fn result(ended: Ended, restarts: u32, is_given_up: bool) -> Result<(), RunError> {
    match ended.outcome {
        _ if ended.was_stopped && ended.was_terminated => Err(RunError::NotDrained),
        Outcome::Done => Ok(()),
        Outcome::ReaderGone => Err(RunError::ReaderGone),
        Outcome::Failed(cause) => Err(RunError::Failed { cause, restarts, is_given_up }),
    }
}

struct Supervisor<'a> {
    pipeline: &'a Pipeline,
    rules: &'a Rules,
    clock: &'a dyn Clock,
    signals: Signals,
    notifier: Notifier,
    /// Whether systemd has been told that the pipeline works.
    is_ready: bool,
    /// When the watchdog was fed.
    fed: Duration,
}

impl Supervisor<'_> {
    fn run_once(&mut self) -> Result<Ended, RunError> {
        let mut running = Running::start(self.pipeline, self.rules.patience).map_err(RunError::Start)?;
        let mut progress = self.notifier.is_heard().then(|| {
            Progress::new(&self.pipeline.stages, &self.rules.no_stages, &self.rules.sources, self.clock.read())
        });
        let mut looked = self.now();
        let mut is_file_seen = false;
        loop {
            let due = running.deadline().map_or(looked + LOOK, |deadline| deadline.min(looked + LOOK));
            self.wait(due.saturating_sub(self.now()), running.stderr())?;
            running.pass_on();
            let now = self.now();
            self.signals.clear_child();
            running.reap(now);
            if running.is_over() {
                return Ok(running.end());
            }
            let is_wished = self.signals.take_stop_wish(now);
            let is_file_new = !is_file_seen && self.has_stop_file();
            is_file_seen |= is_file_new;
            if !is_wished && now < due {
                continue;
            }
            looked = now;
            let table = Table::read();
            if is_wished || is_file_new {
                self.notifier.stopping();
                running.stop(&table, now);
            }
            running.look(&table, now);
            if let Some(progress) = &mut progress {
                self.tell_systemd(&running, progress, &table);
            }
        }
    }

    fn tell_systemd(&mut self, running: &Running<'_>, progress: &mut Progress, table: &Table) {
        let now = self.clock.read();
        let seen = progress.look(table, now);
        if seen.is_ready && !self.is_ready {
            self.is_ready = true;
            self.notifier.ready();
        }
        if running.is_undisturbed() {
            self.notifier.status(if seen.status.is_empty() { "no batch yet" } else { &seen.status });
        } else {
            self.notifier.status("stopping");
        }
        self.feed_watchdog(now.monotonic, seen.overdue);
    }

    /// Tells systemd that the pipeline gets on, unless its next batch has been
    /// overdue for half of the time that systemd gives it.
    fn feed_watchdog(&mut self, now: Duration, overdue: Duration) {
        if let Some(watchdog) = self.notifier.watchdog()
            && overdue < watchdog / 2
            && now.saturating_sub(self.fed) >= watchdog / 4
        {
            self.fed = now;
            self.notifier.feed_watchdog();
        }
    }

    /// Waits; true if it is asked to stop meanwhile.
    fn wait_for_stop(&mut self, delay: Duration) -> bool {
        let end = self.now().saturating_add(delay);
        loop {
            let now = self.now();
            if self.signals.take_stop_wish(now) || self.has_stop_file() {
                self.notifier.stopping();
                return true;
            }
            if now >= end {
                return false;
            }
            self.feed_watchdog(now, Duration::ZERO);
            if self.wait(LOOK.min(end - now), None).is_err() {
                return false;
            }
        }
    }

    /// Waits for a signal, the end of a process, or something on stderr.
    fn wait(&self, timeout: Duration, stderr: Option<std::os::fd::BorrowedFd<'_>>) -> Result<(), RunError> {
        let descriptors = self.signals.descriptors().into_iter().chain(stderr);
        let mut polled: Vec<PollFd<'_>> =
            descriptors.map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN)).collect();
        let timeout = Timespec::try_from(timeout.min(LOOK)).ok();
        match poll(&mut polled, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(RunError::System { what: "poll", error: error.into() }),
        }
    }

    fn now(&self) -> Duration {
        self.clock.read().monotonic
    }

    fn has_stop_file(&self) -> bool {
        self.rules.stop_file.as_ref().is_some_and(|file| file.exists())
    }
}
