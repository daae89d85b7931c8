//! A command as a sink: it runs once a batch, with the batch as its stdin.

use std::process::Stdio;

use crate::command::BatchCommand;
use crate::flow::{OutletError, Under};
use crate::frame::{BatchTime, Block};
use crate::sink::Sink;

/// Where the command's stdout goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandOutput {
    /// To the sink's own.
    Stdout,
    /// To stderr, since stdout belongs to the stream that is passed on.
    Stderr,
}

/// Runs a command on each batch, an empty one too. The batch is done with when
/// the command has ended well; one that fails ends the stage.
pub struct Exec {
    command: BatchCommand,
    output: CommandOutput,
}

impl Exec {
    /// Runs `command`.
    pub fn new(command: BatchCommand, output: CommandOutput) -> Exec {
        Exec { command, output }
    }
}

impl Sink for Exec {
    fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
        self.command.works_for(under.job, under.stage);
        Ok(None)
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        Ok(self.command.block(block)?)
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        let stdout = || match self.output {
            CommandOutput::Stdout => Stdio::inherit(),
            CommandOutput::Stderr => Stdio::from(std::io::stderr()),
        };
        Ok(self.command.run(time, stdout)?)
    }

    fn commits_each(&self) -> bool {
        true
    }
}
