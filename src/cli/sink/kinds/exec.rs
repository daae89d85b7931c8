//! `exec`: a command that gets the batches.

use clap::Args;

use super::{BuiltIn, Opening};
use crate::cli::ToolError;
use crate::cli::cluster::Target;
use crate::cli::command::CommandArgs;
use crate::cli::guarantee::SinkGuarantee;
use crate::sink::Sink;
use crate::sink::kinds::exec::Exec;
use crate::sink::kinds::kept::Kept;

/// A command, run once a batch with the records as lines on its stdin
///
/// It starts when the batch is complete, with the whole batch as its stdin,
/// for empty batches too; SSTREAM_BATCH_TIME is the batch's time in ms. One
/// that fails ends the stage.
///
/// With --keep it is started once, at the first batch, and gets each whole batch on its stdin:
/// a line {"batch":TIME,"records":N,"bytes":B}, the records as JSON, a line {"end":TIME}. When
/// the batch is where it belongs it writes {"end":TIME} to its stdout, and flushes it: that is
/// the sink's commit. When the stream ends its stdin does, and it has to end with 0.
///
/// Under a checkpoint SSTREAM_JOB and SSTREAM_STAGE together are a name that no other sink has,
/// and that is the same after a restart: a command that keeps the newest TIME by it, in the same
/// transaction as the records, leaves out what it has.
#[derive(Args, Debug)]
pub struct ExecArgs {
    /// One command for the whole stream
    #[arg(long, conflicts_with = "json")]
    keep: bool,

    #[command(flatten)]
    command: CommandArgs,
}

pub const NAME: &str = "exec";

/// What holds for the batches of a command that runs once a batch.
pub const RUNS_AGAIN: SinkGuarantee =
    SinkGuarantee::AtLeastOnce("a command that was killed runs again, with the same SSTREAM_BATCH_TIME and records");

/// What a cluster does with commands.
pub fn on_driver() -> Target {
    Target::OnDriver("a command of this machine".to_owned())
}

impl BuiltIn for ExecArgs {
    fn name(&self) -> &str {
        NAME
    }

    fn does(&self) -> &'static str {
        match self.keep {
            true => "gives each batch to one command, empty ones too, which acknowledges it",
            false => "runs a command once a batch, empty ones too",
        }
    }

    fn guarantee(&self) -> Option<SinkGuarantee> {
        let acknowledged = SinkGuarantee::AtLeastOnce(
            "a batch that was not acknowledged comes again, with the same time and records, by which the command \
             can leave out what it has",
        );
        Some(if self.keep { acknowledged } else { RUNS_AGAIN })
    }

    fn target(&self) -> Result<Target, String> {
        Ok(on_driver())
    }

    fn open<'a>(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let command = self.command.clone();
        Ok(match self.keep {
            true => Box::new(Kept::new(command.build_kept(opening.environment)?)),
            false => Box::new(Exec::new(command.build(opening.environment)?, opening.output_of_commands())),
        })
    }
}
