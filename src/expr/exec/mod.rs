//! `--exec`: a command that stands for a program.
//!
//! The command runs once for the whole stream. It reads JSON lines and answers
//! each with exactly one JSON line; docs/EXEC.md is its author's page. Here the
//! two pipes are kept from ever waiting for each other: both ends are
//! non-blocking, one poll waits for both, and everything has a deadline. So
//! whatever the command does wrong (it is slow, buffers, answers too much, too
//! little or not JSON, dies, will not end) is an error and never a hang.
//!
//! Requests are written ahead of their answers, a block of records at a time:
//! a round trip for each would cost more than the command itself.

mod error;
pub(crate) mod pipe;

use std::ops::ControlFlow;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::{Answer, Each, EachOfMany, ExprError, Function};
use crate::record::{Canonicalizer, push_string};
pub use error::ExecError;
use error::shown;
use pipe::{Lines, Outgoing, Ready, set_nonblocking, wait};

/// How long `--exec-timeout` is unless told.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// How often an exit is looked for while waiting: processes have no
/// descriptor that could be polled everywhere.
const EXIT_POLL: Duration = Duration::from_millis(5);

/// What may not reach the command: it is no stage of a pipeline, and a tool
/// that it runs is none of this one.
const HIDDEN_VARIABLES: [&str; 2] = ["SSTREAM_CHECKPOINT", "SSTREAM_BATCH"];

/// A running command that answers each JSON line with one JSON line.
#[derive(Debug)]
pub struct Exec {
    command: String,
    timeout: Duration,
    /// The keys of a request's object; none: the request is the record.
    variables: Vec<String>,
    child: Child,
    /// `None` once it is closed, by either side.
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    outgoing: Outgoing,
    lines: Lines,
    canonicalizer: Canonicalizer,
    answer: Vec<u8>,
    /// Lines answered so far, for messages.
    answered: u64,
    is_reaped: bool,
}

fn shell(command: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command).process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
    for name in HIDDEN_VARIABLES {
        shell.env_remove(name);
    }
    shell
}

impl Exec {
    /// Starts `command` by `/bin/sh -c`, in a process group of its own, so that
    /// Ctrl-C lets it answer what is still to come. Its stderr is the tool's.
    ///
    /// With `variables` a request is an object of them, else it is the record.
    /// `timeout` bounds the wait for each answer, and for the end.
    ///
    /// # Errors
    /// [`ExecError::Start`].
    pub fn start(command: &str, variables: &[&str], timeout: Duration) -> Result<Exec, ExecError> {
        let failed = |error| ExecError::Start { command: shown(command.as_bytes()), error };
        let mut child = shell(command).spawn().map_err(failed)?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed(std::io::ErrorKind::BrokenPipe.into()));
        };
        let exec = Exec {
            command: shown(command.as_bytes()),
            timeout,
            variables: variables.iter().map(|name| name.to_string()).collect(),
            child,
            stdin: Some(stdin),
            stdout,
            outgoing: Outgoing::default(),
            lines: Lines::default(),
            canonicalizer: Canonicalizer::default(),
            answer: Vec::new(),
            answered: 0,
            is_reaped: false,
        };
        // From here on dropping ends the command.
        exec.stdin.as_ref().map_or(Ok(()), set_nonblocking).map_err(failed)?;
        set_nonblocking(&exec.stdout).map_err(failed)?;
        Ok(exec)
    }

    /// Queues one request line.
    fn ask(&mut self, record: &[u8], variables: &[&[u8]]) {
        let line = self.outgoing.buffer();
        if self.variables.is_empty() {
            line.extend_from_slice(record);
        } else {
            line.push(b'{');
            for (index, (name, value)) in self.variables.iter().zip(variables).enumerate() {
                if index > 0 {
                    line.push(b',');
                }
                push_string(name.as_bytes(), line);
                line.push(b':');
                line.extend_from_slice(value);
            }
            line.push(b'}');
        }
        line.push(b'\n');
        self.outgoing.end_line();
    }

    /// Sends the queued requests and gives each answer with its index.
    fn exchange(&mut self, each: &mut dyn FnMut(usize, &[u8])) -> Result<(), ExecError> {
        let count = self.outgoing.lines();
        let mut answered = 0;
        let mut deadline = Instant::now() + self.timeout;
        // What is there before anything was asked is no answer.
        self.receive()?;
        loop {
            while let Some(line) = self.lines.next_line() {
                if answered == self.outgoing.lines_sent() {
                    return Err(ExecError::TooMuch { command: self.command.clone(), line: shown(line) });
                }
                self.answer.clear();
                let canonical = self.canonicalizer.canonicalize(line, &mut self.answer);
                if let Err(error) = canonical {
                    let (line, reason) = (shown(line), error.to_string());
                    return Err(ExecError::NotJson { command: self.command.clone(), line, reason });
                }
                each(answered, &self.answer);
                answered += 1;
                self.answered += 1;
                deadline = Instant::now() + self.timeout;
            }
            if answered == count && self.outgoing.is_sent() {
                self.outgoing.clear();
                return Ok(());
            }
            if self.lines.is_at_end() {
                return Err(self.ended_early());
            }
            let stdin = self.stdin.as_ref().filter(|_| !self.outgoing.is_sent());
            let ready = wait(stdin, Some(&self.stdout), deadline).map_err(|error| self.io(error))?;
            match ready {
                Ready::Nothing => {
                    let (command, timeout) = (self.command.clone(), self.timeout);
                    return Err(ExecError::Silent { command, timeout, line: self.answered + 1 });
                }
                Ready::Some { writable, readable } => {
                    if writable && self.send()? {
                        deadline = Instant::now() + self.timeout;
                    }
                    if readable {
                        self.receive()?;
                    }
                }
            }
        }
    }

    /// Writes what the pipe takes; whether it took anything. That the command
    /// no longer reads is not an error yet: its answers may still be there.
    fn send(&mut self) -> Result<bool, ExecError> {
        let Some(stdin) = &mut self.stdin else { return Ok(false) };
        match self.outgoing.send(stdin) {
            Ok(sent) => Ok(sent),
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                self.stdin = None;
                Ok(false)
            }
            Err(error) => Err(self.io(error)),
        }
    }

    /// Reads what is there.
    fn receive(&mut self) -> Result<(), ExecError> {
        let limit_reached = self.lines.receive(&mut self.stdout).map_err(|error| self.io(error))?;
        if limit_reached {
            return Err(ExecError::TooLong { command: self.command.clone(), line: self.answered + 1 });
        }
        Ok(())
    }

    fn io(&self, error: std::io::Error) -> ExecError {
        ExecError::Pipe { command: self.command.clone(), error }
    }

    /// Its output has ended while an answer was due.
    fn ended_early(&mut self) -> ExecError {
        self.stdin = None;
        let deadline = Instant::now() + self.timeout.min(Duration::from_secs(1));
        let status = self.wait_for_exit(deadline).ok().flatten();
        ExecError::Ended { command: self.command.clone(), status, answered: self.answered }
    }

    /// Waits for the exit until `deadline`, reading on meanwhile; `None` if it
    /// still runs then.
    fn wait_for_exit(&mut self, deadline: Instant) -> Result<Option<ExitStatus>, ExecError> {
        loop {
            let status = self.child.try_wait().map_err(|error| self.io(error))?;
            // What it wrote before its exit is there by now.
            self.receive()?;
            if let Some(line) = self.lines.next_line() {
                return Err(ExecError::TooMuch { command: self.command.clone(), line: shown(line) });
            }
            if status.is_some() {
                self.is_reaped = true;
                return Ok(status);
            }
            let now = Instant::now();
            if now >= deadline {
                return Ok(None);
            }
            let stdout = (!self.lines.is_at_end()).then_some(&self.stdout);
            wait(None, stdout, deadline.min(now + EXIT_POLL)).map_err(|error| self.io(error))?;
        }
    }

    /// Kills the command and whatever it has started.
    fn kill(&mut self) {
        if self.is_reaped {
            return;
        }
        let group = rustix::process::Pid::from_child(&self.child);
        // It may have ended by itself just now: then nothing is left to do.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        drop(self.child.wait());
        self.is_reaped = true;
    }
}

impl Function for Exec {
    // There is one answer a line: whether more are wanted is of no interest.
    fn call(&mut self, record: &[u8], variables: &[&[u8]], each: &mut Each<'_>) -> Result<(), ExprError> {
        self.ask(record, variables);
        Ok(self.exchange(&mut |_, answer| {
            let _ = each(answer);
        })?)
    }

    fn call_many(&mut self, records: &[&[u8]], each: &mut EachOfMany<'_>) -> Result<(), ExprError> {
        for record in records {
            self.ask(record, &[]);
        }
        let mut flow = ControlFlow::Continue(());
        Ok(self.exchange(&mut |index, answer| {
            if flow.is_continue() {
                flow = each(index, Answer::Result(answer));
            }
        })?)
    }

    fn call_many_with(
        &mut self,
        count: usize,
        variables: &[&[u8]],
        each: &mut dyn FnMut(usize, Answer<'_>),
    ) -> Result<(), ExprError> {
        for variables in variables.chunks(count) {
            self.ask(b"null", variables);
        }
        Ok(self.exchange(&mut |index, answer| each(index, Answer::Result(answer)))?)
    }

    /// Closes the command's stdin and waits for its exit, at most as long as
    /// the timeout; then it is killed, which is an error.
    fn close(&mut self) -> Result<(), ExprError> {
        if self.is_reaped {
            return Ok(());
        }
        self.stdin = None;
        match self.wait_for_exit(Instant::now() + self.timeout)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(ExecError::Failed { command: self.command.clone(), status }.into()),
            None => {
                self.kill();
                let (command, timeout) = (self.command.clone(), self.timeout);
                Err(ExecError::StillRuns { command, timeout }.into())
            }
        }
    }
}

impl Drop for Exec {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests;
