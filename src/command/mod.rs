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

mod error;
pub mod input;
pub mod kept;
mod program;
mod retry;
mod running;

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::ops::ControlFlow;
use std::process::{ExitStatus, Stdio};

pub use error::{CommandError, Problem};
pub use program::{Program, find};
pub use retry::Retry;

use crate::flow::{LineForm, push_lines};
use crate::frame::{BatchTime, Block};
use crate::op::OpError;
use crate::op::transform::{BatchRunner, Take};
use crate::signal::StopSignal;
use crate::spool::SpoolError;
use input::BatchFile;
use running::Running;

/// How much of a command's output is read at a time, in bytes.
const READ_BYTES: usize = 256 << 10;

/// In the environment of a program that is a kind of sink, the process that starts it once a
/// batch: a program that is a stage is told so that it is taken for what it is not.
pub const ONCE_A_BATCH: &str = "SSTREAM_ONCE_A_BATCH";

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

#[cfg(test)]
mod tests;
