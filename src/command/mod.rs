//! Commands that run once a batch: `sstream-transform -- CMD` and
//! `sstream-sink exec -- CMD`.
//!
//! A command starts when its batch is complete, with the whole batch as its
//! stdin. That stdin is a file without a name (see [`input`]) and no pipe, so
//! that a batch that was cut off never looks whole to a command: not even where
//! this process is killed while the command reads. It also means that nothing
//! has to be fed while output is read, so no amount of either can block.
//!
//! A command has a process group of its own: Ctrl-C does not reach it, and a
//! pipeline that drains ends well. It ends with this process where that can be:
//! on every error, and on a second Ctrl-C.
//!
//! One that is kept for the whole stream is in [`kept`].

pub mod input;
pub mod kept;
mod retry;
mod running;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::ops::ControlFlow;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::error::{Exit, Failure, describe};
use crate::flow::{LineForm, OutletError, push_lines};
use crate::frame::{BatchTime, Block};
use crate::op::OpError;
use crate::op::transform::{BatchRunner, Take};
use crate::signal::StopSignal;
use crate::spool::SpoolError;
use input::BatchFile;
pub use retry::Retry;
use running::Running;

/// How much of a command's output is read at a time, in bytes.
const READ_BYTES: usize = 256 << 10;

/// In the environment of a program that is a kind of sink, the process that starts it once a
/// batch: a program that is a stage is told so that it is taken for what it is not.
pub const ONCE_A_BATCH: &str = "SSTREAM_ONCE_A_BATCH";

/// A program with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    words: Vec<OsString>,
    shown: String,
    is_kind: bool,
    /// What more it finds in its environment.
    environment: Vec<(&'static str, String)>,
}

impl Program {
    /// A program, found in PATH unless its name has a `/`, and its arguments.
    pub fn new(words: Vec<OsString>) -> Program {
        let shown: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        let shown = shorten(&shown.join(" "));
        Program { words, shown, is_kind: false, environment: Vec::new() }
    }

    /// The same, of the name of a kind.
    pub fn of_kind(words: Vec<OsString>) -> Program {
        Program { is_kind: true, ..Program::new(words) }
    }

    /// A script for `/bin/sh -c`.
    pub fn shell(script: &str) -> Program {
        let words = vec!["/bin/sh".into(), "-c".into(), script.into()];
        Program { shown: shorten(script), ..Program::new(words) }
    }

    /// Looks whether there is such a program, so that a misspelt one is told
    /// before a batch is waited for.
    pub fn check(&self) -> Result<(), CommandError> {
        match self.words.first().and_then(|name| find(name)) {
            Some(_) => Ok(()),
            None => Err(self.failed(Problem::NotFound)),
        }
    }

    /// Whose batches it gets: together these tell one writer from any other, whatever is
    /// started again.
    fn works_for(&mut self, job: &str, stage: &str) {
        self.environment = vec![("SSTREAM_JOB", job.to_owned()), ("SSTREAM_STAGE", stage.to_owned())];
    }

    /// To be started, in a process group of its own.
    fn command(&self) -> Result<Command, CommandError> {
        let Some((name, arguments)) = self.words.split_first() else { return Err(self.failed(Problem::NotFound)) };
        let mut command = Command::new(name);
        command
            .args(arguments)
            // A pipeline that the command may run is none of our checkpoint's,
            // and has an interval of its own.
            .env_remove("SSTREAM_CHECKPOINT")
            .env_remove("SSTREAM_BATCH")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .process_group(0);
        if self.is_kind {
            command.env(ONCE_A_BATCH, std::process::id().to_string());
        }
        Ok(command)
    }

    fn failed(&self, problem: Problem) -> CommandError {
        CommandError::Failed { command: self.shown.clone(), problem }
    }
}

/// A command for a message, on one line of some length.
fn shorten(command: &str) -> String {
    let line = command.replace('\n', " ");
    match line.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// The file that a program's name stands for, as a shell would find it.
pub fn find(name: &OsStr) -> Option<PathBuf> {
    let is_program = |path: &Path| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    if name.is_empty() || name.as_encoded_bytes().contains(&b'/') {
        return Some(PathBuf::from(name)).filter(|path| is_program(path));
    }
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|path| is_program(path))
}

/// How a command gets batches, and what counts as success.
#[derive(Clone, Debug)]
pub struct CommandOptions {
    /// How a record becomes a line of stdin.
    pub form: LineForm,
    /// Exit statuses that are no failure; none given: 0 is the only one, and
    /// messages name no option for others.
    pub accept: Option<Vec<u8>>,
    /// How much of a batch is held in memory, in bytes; more goes to disk.
    pub memory_limit: usize,
    /// What is done where it fails.
    pub retry: Retry,
}

/// A command that runs once a batch.
pub struct BatchCommand {
    program: Program,
    options: CommandOptions,
    stop: StopSignal,
    batch: BatchFile,
    lines: Vec<u8>,
    output: Vec<u8>,
}

impl BatchCommand {
    /// A command; `stop` ends it together with the process.
    pub fn new(program: Program, options: CommandOptions, stop: StopSignal) -> BatchCommand {
        let batch = BatchFile::new(options.memory_limit);
        BatchCommand { program, options, stop, batch, lines: Vec::new(), output: Vec::new() }
    }

    /// The command is told for whom it works, in its environment.
    pub fn works_for(&mut self, job: &str, stage: &str) {
        self.program.works_for(job, stage);
    }

    /// Takes records of the batch that the next run will be about.
    pub fn block(&mut self, block: Block<'_>) -> Result<(), SpoolError> {
        if self.options.form == LineForm::Json {
            return self.batch.write(block.bytes);
        }
        self.lines.clear();
        push_lines(block, self.options.form, &mut self.lines);
        self.batch.write(&self.lines)
    }

    /// Runs the command on the batch, to its end. What it writes goes to
    /// `stdout`.
    pub fn run(&mut self, time: BatchTime, stdout: impl Fn() -> Stdio) -> Result<(), CommandError> {
        let batch = self.batch.take()?;
        self.options.retry.run(|| {
            let running = self.start(batch.as_ref(), time, stdout())?;
            self.finish(running, time)
        })
    }

    fn start(&self, batch: Option<&File>, time: BatchTime, stdout: Stdio) -> Result<Running, CommandError> {
        let mut command = self.program.command()?;
        let started = stdin(batch).and_then(|stdin| {
            command.env("SSTREAM_BATCH_TIME", time.to_string()).stdin(stdin).stdout(stdout);
            Running::start(&mut command, self.stop.clone())
        });
        started.map_err(|error| self.program.failed(Problem::Start(error)))
    }

    fn finish(&self, running: Running, time: BatchTime) -> Result<(), CommandError> {
        let status = running.wait().map_err(Problem::Wait);
        let judged = status.and_then(|status| judge(status, Some(time), self.options.accept.as_deref()));
        judged.map_err(|problem| self.program.failed(problem))
    }

    /// Runs the command on the batch and gives what it writes to `take`, as it
    /// comes; where it may be run again, when it has ended well.
    fn pipe(&mut self, time: BatchTime, take: &mut Take<'_>) -> Result<(), OpError> {
        let batch = self.batch.take()?;
        if self.options.retry.times > 0 {
            let mut output = self.options.retry.run(|| {
                let output = input::create()?;
                let stdout = output.try_clone().map_err(|error| self.program.failed(Problem::Start(error)))?;
                self.finish(self.start(batch.as_ref(), time, stdout.into())?, time)?;
                Ok(output)
            })?;
            output.rewind().map_err(|error| self.program.failed(Problem::Read(error)))?;
            return self.give(&mut output, take).map(drop);
        }
        let mut running = self.start(batch.as_ref(), time, Stdio::piped())?;
        if let Some(stdout) = running.take_stdout() {
            let mut stdout = File::from(std::os::fd::OwnedFd::from(stdout));
            crate::os::enlarge_pipe(&stdout);
            if self.give(&mut stdout, take)?.is_break() {
                return Ok(());
            }
        }
        Ok(self.finish(running, time)?)
    }

    /// Gives what can be read to `take`, until no more is wanted.
    fn give(&mut self, from: &mut File, take: &mut Take<'_>) -> Result<ControlFlow<()>, OpError> {
        self.output.resize(READ_BYTES, 0);
        loop {
            let count = match from.read(&mut self.output) {
                Ok(0) => return Ok(ControlFlow::Continue(())),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.program.failed(Problem::Read(error)).into()),
            };
            if take(&self.output[..count])?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
}

/// The batch from its start, for one more run; nothing if it is empty.
fn stdin(batch: Option<&File>) -> io::Result<Stdio> {
    let Some(mut batch) = batch else { return Ok(Stdio::null()) };
    batch.rewind()?;
    Ok(batch.try_clone()?.into())
}

/// What it means that a command ended so, on a batch or at the end of the stream. `accept`: exit
/// statuses that are no failure, where there is that option.
fn judge(status: ExitStatus, time: Option<BatchTime>, accept: Option<&[u8]>) -> Result<(), Problem> {
    let is_accepted = |code: i32| accept.unwrap_or(&[0]).iter().any(|accepted| i32::from(*accepted) == code);
    match status.code() {
        Some(code) if is_accepted(code) => Ok(()),
        _ => Err(Problem::Status { status, time, accept: accept.map(<[u8]>::to_vec) }),
    }
}

impl BatchRunner for BatchCommand {
    fn block(&mut self, block: Block<'_>) -> Result<(), OpError> {
        Ok(BatchCommand::block(self, block)?)
    }

    fn run(&mut self, time: BatchTime, take: &mut Take<'_>) -> Result<(), OpError> {
        self.pipe(time, take)
    }
}

/// Why a batch could not be run through a command.
#[derive(Debug)]
pub enum CommandError {
    /// The command failed.
    Failed {
        /// The command, as a user would write it, shortened.
        command: String,
        /// What happened.
        problem: Problem,
    },
    /// The batch could not be kept for it.
    Batch(SpoolError),
}

/// What can happen to a command.
#[derive(Debug)]
pub enum Problem {
    /// There is no such program.
    NotFound,
    /// It could not be started.
    Start(io::Error),
    /// Its output could not be read.
    Read(io::Error),
    /// How it ended could not be found out.
    Wait(io::Error),
    /// It said that it failed, or was killed.
    Status {
        /// How it ended.
        status: ExitStatus,
        /// On which batch; at the end of the stream on none.
        time: Option<BatchTime>,
        /// What `--accept` takes as success, where there is that option.
        accept: Option<Vec<u8>>,
    },
    /// It could not be written to.
    Write(io::Error),
    /// It was kept for more, and reads or writes no more.
    Ended {
        /// How it ended; `None` if it runs on.
        status: Option<ExitStatus>,
        /// Which batch it has not acknowledged.
        time: BatchTime,
    },
    /// It wrote a line that acknowledges nothing.
    Answer {
        /// The line, shortened.
        line: String,
        /// Which batch it had; none if it was asked for nothing.
        time: Option<BatchTime>,
    },
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CommandError::Failed { command, problem } => write!(f, "{command}: {problem}"),
            CommandError::Batch(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::NotFound => f.write_str("command not found: is it installed, in PATH, and executable?"),
            Problem::Start(error) => write!(f, "cannot be started: {}", describe(error)),
            Problem::Read(error) => write!(f, "its output cannot be read: {}", describe(error)),
            Problem::Write(error) => write!(f, "the batch cannot be written to it: {}", describe(error)),
            Problem::Wait(error) => write!(f, "cannot be waited for: {}", describe(error)),
            Problem::Status { status, time, accept } => {
                describe_end(*status, f)?;
                match time {
                    Some(time) => write!(f, ", batch {time}")?,
                    None => f.write_str(" at the end of the stream")?,
                }
                let (Some(code), Some(accept)) = (status.code(), accept) else { return Ok(()) };
                write!(f, ": if that is no failure: --accept ")?;
                accept.iter().try_for_each(|accepted| write!(f, "{accepted},"))?;
                write!(f, "{code}")
            }
            Problem::Ended { status, time } => {
                match status {
                    Some(status) => describe_end(*status, f)?,
                    None => f.write_str("closed its input or output")?,
                }
                write!(f, " before it had acknowledged batch {time}: it has to answer each batch, until its input ends")
            }
            Problem::Answer { line, time: Some(time) } => {
                write!(f, "answered `{line}` to batch {time}, where only {{\"end\":{time}}} is an answer")
            }
            Problem::Answer { line, time: None } => write!(
                f,
                "wrote `{line}`, where nothing was asked: its stdout is for the ends of batches, messages belong on \
                 stderr"
            ),
        }
    }
}

fn describe_end(status: ExitStatus, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(code) = status.code() {
        return write!(f, "exit {code}");
    }
    let signal = status.signal().unwrap_or_default();
    write!(f, "killed by signal {signal}")?;
    match signal_hook::low_level::signal_name(signal) {
        Some(name) => write!(f, " ({name})"),
        None => Ok(()),
    }
}

impl CommandError {
    /// Whether the command may do better another time.
    fn may_pass(&self) -> bool {
        match self {
            CommandError::Failed { problem, .. } => !matches!(problem, Problem::NotFound),
            CommandError::Batch(_) => false,
        }
    }
}

impl std::error::Error for CommandError {}

impl Failure for CommandError {
    fn exit(&self) -> Exit {
        match self {
            CommandError::Failed { problem: Problem::NotFound, .. } => Exit::Usage,
            CommandError::Failed { .. } => Exit::World,
            CommandError::Batch(error) => error.exit(),
        }
    }
}

impl From<SpoolError> for CommandError {
    fn from(error: SpoolError) -> CommandError {
        CommandError::Batch(error)
    }
}

impl From<CommandError> for OpError {
    fn from(error: CommandError) -> OpError {
        match error {
            CommandError::Batch(error) => error.into(),
            failed => OpError::Command { message: failed.to_string(), exit: failed.exit() },
        }
    }
}

impl From<CommandError> for OutletError {
    fn from(error: CommandError) -> OutletError {
        match error {
            CommandError::Batch(error) => error.into(),
            failed => OutletError::Command { message: failed.to_string(), exit: failed.exit() },
        }
    }
}

#[cfg(test)]
mod tests;
