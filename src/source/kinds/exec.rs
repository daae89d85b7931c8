//! Runs a program as a receiver: its standard output is the input. Exit code 0
//! ends the stream; a program that ends otherwise is started again.
//!
//! It runs in a process group of its own, so that Ctrl-C reaches the source
//! first. At a stop the group gets SIGTERM, and what the program still says
//! then is read.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};

use crate::command::find;
use crate::error::{Exit, Failure, describe};
use crate::source::SourceError;
use crate::source::kinds::receive::backoff::Backoff;
use crate::source::kinds::receive::connection::{Connection, Over, Stream};
use crate::source::kinds::receive::{Outbox, Receiver, Surroundings};

/// What counts in a first stage only, and the program is none of this pipeline.
const NOT_INHERITED: [&str; 2] = ["SSTREAM_CHECKPOINT", "SSTREAM_BATCH"];

/// How long a program may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);

/// Opens the source; `command` is a program and its arguments.
pub fn open(command: &[OsString], around: &Surroundings) -> Result<Receiver, SourceError> {
    let program = command.first().map_or(OsStr::new(""), OsString::as_os_str);
    let name = format!("exec {}", program.to_string_lossy());
    // A program that is not there will not be there at the next attempt either.
    if find(program).is_none() {
        return Err(SourceError::NoProgram { program: program.to_string_lossy().into_owned() });
    }
    Receiver::start(&name, around, async |outbox| {
        tokio::spawn(receive(command.to_vec(), name.clone(), outbox));
        Ok(())
    })
}

async fn receive(command: Vec<OsString>, name: String, outbox: Outbox) {
    let mut backoff = Backoff::new();
    loop {
        let started = Instant::now();
        let ended = match run_once(&command, &name, &outbox).await {
            Ok(Run::Stopped) => return,
            Ok(Run::Ended(status)) if status.success() => return,
            Ok(Run::Frames) => {
                if let Some(place) = outbox.place().await {
                    place.fail(SourceError::kind(NoLines { name }));
                }
                return;
            }
            Ok(Run::Ended(status)) => describe_end(status),
            Err(error) => describe(&error),
        };
        backoff.ended(started);
        if !backoff.wait(&format!("{name}: {ended}"), &outbox).await {
            return;
        }
    }
}

fn describe_end(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (_, signal) => format!("ended by signal {}", signal.unwrap_or_default()),
    }
}

/// The program is a stage, and gives batches: as lines they would be records that nobody
/// wants.
#[derive(Debug)]
struct NoLines {
    name: String,
}

impl fmt::Display for NoLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = self.name.trim_start_matches("exec ");
        write!(
            f,
            "{}: its output is a stream of batches, no lines: it is a first stage itself: begin the pipeline with \
             {program} ARGS | …",
            self.name
        )
    }
}

impl std::error::Error for NoLines {}

impl Failure for NoLines {
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

enum Run {
    Stopped,
    /// It gives no lines.
    Frames,
    Ended(ExitStatus),
}

async fn run_once(command: &[OsString], name: &str, outbox: &Outbox) -> io::Result<Run> {
    let (output, child_output) = crate::os::pipe()?;
    let output = Stream::Pipe(pipe::Receiver::from_owned_fd(output)?);
    let mut connection = Connection::new(output, name, outbox).of_lines_only();
    let mut program = Program::start(command, child_output.into())?;
    outbox.console.info(&format!("{name}: started"));
    let over = connection.forward(outbox).await?;
    if connection.is_of_batches() {
        return Ok(Run::Frames);
    }
    let status = tokio::select! {
        biased;
        () = outbox.stopped() => None,
        // It has closed its output, and should end now.
        status = program.child.wait(), if over == Over::End => Some(status?),
    };
    if let Some(status) = status {
        program.group = None;
        connection.end(outbox, (!status.success()).then(|| describe_end(status))).await;
        return Ok(Run::Ended(status));
    }
    program.signal(Signal::TERM);
    let rest = async {
        if over == Over::Stop {
            connection.forward_whole_lines(outbox).await?;
        }
        program.child.wait().await
    };
    match tokio::time::timeout(GRACE, rest).await {
        Ok(_) => program.group = None,
        Err(_) => {
            outbox.console.warn(&format!("{name}: did not end within 5s of SIGTERM: killed"));
            program.signal(Signal::KILL);
        }
    }
    if connection.is_of_batches() {
        return Ok(Run::Frames);
    }
    connection.tell_unfinished(outbox);
    Ok(Run::Stopped)
}

/// A running program, which does not outlive this value.
struct Program {
    child: Child,
    /// Its process group, until it has ended.
    group: Option<Pid>,
}

impl Program {
    fn start(command: &[OsString], output: Stdio) -> io::Result<Program> {
        let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(output).process_group(0);
        for variable in NOT_INHERITED {
            command.env_remove(variable);
        }
        let child = command.spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Ok(Program { child, group })
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // A group that is gone needs no signal.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
    }
}
