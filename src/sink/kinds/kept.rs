//! A command as a sink that runs once for the whole stream, and acknowledges each batch.

use crate::command::kept::KeptCommand;
use crate::flow::{OutletError, Under};
use crate::frame::{BatchTime, Block};
use crate::sink::Sink;

/// Gives a command each batch, an empty one too. The batch is done with when the command has
/// acknowledged it; one that fails ends the stage.
pub struct Kept {
    command: KeptCommand,
}

impl Kept {
    /// Talks to `command`.
    pub fn new(command: KeptCommand) -> Kept {
        Kept { command }
    }
}

impl Sink for Kept {
    fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
        self.command.works_for(under.job, under.stage);
        Ok(None)
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        Ok(self.command.block(block)?)
    }

    fn end(&mut self, time: BatchTime, records: u64) -> Result<(), OutletError> {
        Ok(self.command.deliver(time, records)?)
    }

    fn close(&mut self, complete: bool) -> Result<(), OutletError> {
        // Otherwise it is stopped: to a command that sees the end of its input all was well.
        if complete { Ok(self.command.close()?) } else { Ok(()) }
    }

    fn commits_each(&self) -> bool {
        true
    }
}
