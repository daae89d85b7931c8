//! `sstream-checkpoint`.

mod change;
mod diff;
mod elsewhere;
mod list;
mod moment;
pub(super) mod print;
pub(super) mod readable;
mod show;
mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Parser, Subcommand};

use super::args::{Common, Messages};
use super::{Environment, Tool, ToolError};
use crate::checkpoint::inspect::Inspected;
use crate::checkpoint::storage::Disk;
use moment::Moment;

/// Look into a checkpoint, check it, and let it begin again at an older time
///
/// DIR is what --checkpoint names. All but reset and forget only read, also while the
/// pipeline runs, and in a DIR that cannot be written.
///
/// A time T is a batch's, in milliseconds (1469283110000) or as a date
/// (2016-07-23T14:11:50Z); or -1 for the newest batch, -2 for the one before.
#[derive(Parser, Debug)]
#[command(arg_required_else_help = true)]
pub struct CheckpointTool {
    #[command(subcommand)]
    action: Action,

    #[command(flatten)]
    messages: Messages,
}

/// What to do.
#[derive(Subcommand, Debug)]
enum Action {
    /// What is there: sources, stages, sinks, who runs, and where a restart would resume
    Ls {
        /// The checkpoint
        dir: PathBuf,
        /// As one JSON object
        #[arg(long)]
        json: bool,
    },
    /// What is known of batch T: where it came from, and who has it
    Show {
        /// The checkpoint
        dir: PathBuf,
        /// The batch
        #[arg(value_name = "T", allow_negative_numbers = true, default_value = "-1")]
        time: Moment,
        /// The records too, of sources whose records the checkpoint keeps
        #[arg(long)]
        records: bool,
        /// As one JSON object
        #[arg(long)]
        json: bool,
    },
    /// The state of a stage after batch T, in lines of JSON
    ///
    /// Of sstream-state [KEY, STATE]. Of sstream-window [[PANE, KEY], RESULT], or
    /// [[PANE], RECORD] where it keeps records, as far as the next windows need them:
    /// PANE is the time of a batch, or how many records had come. Of sstream-learn the model, or
    /// what there is of each group. Of sstream-sql [[TABLE, PRIMARY KEY…], ROW].
    State {
        /// The checkpoint
        dir: PathBuf,
        /// The stage, as ls lists it
        stage: String,
        /// The batch; the newest that can be restored unless told
        #[arg(value_name = "T", allow_negative_numbers = true)]
        time: Option<Moment>,
    },
    /// Which keys of a state came, went and changed from batch T1 to T2
    #[command(override_usage = "sstream-checkpoint diff <DIR> [STAGE] <T1> <T2>")]
    Diff {
        /// The checkpoint
        dir: PathBuf,
        /// The stage, if there are several, and the two batches
        #[arg(value_name = "[STAGE] T1 T2", allow_negative_numbers = true, num_args = 2..=3, required = true)]
        of: Vec<String>,
        /// Each key as a JSON object with what it was and is
        #[arg(long)]
        json: bool,
    },
    /// Check every checksum of every file: exit 0 if all is well, 5 if something is damaged
    Verify {
        /// The checkpoint
        dir: PathBuf,
    },
    /// Let all begin again after batch T: batches are sent again, states go back,
    /// sinks write again
    Reset {
        /// The checkpoint
        dir: PathBuf,
        /// The batch after which all begin
        #[arg(long, value_name = "T", allow_negative_numbers = true)]
        to: Moment,
        /// Do it; without this, say what would be done
        #[arg(long)]
        yes: bool,
    },
    /// Let a stage go that holds the others back, with its state or its commits
    Forget {
        /// The checkpoint
        dir: PathBuf,
        /// The stage, as ls lists it
        stage: String,
        /// Do it; without this, say what would be done
        #[arg(long)]
        yes: bool,
    },
}

impl Tool for CheckpointTool {
    const NAME: &'static str = "sstream-checkpoint";
    const EXAMPLES: &'static str = "  \
  sstream-checkpoint ls /var/lib/errors           what is there, and who holds a restart back
  sstream-checkpoint show /var/lib/errors -1      the newest batch, and who has it
  sstream-checkpoint state /var/lib/errors tail.02-state | jq -c 'select(.[1] > 100)'
  sstream-checkpoint diff /var/lib/errors -2 -1   what the newest batch changed
  sstream-checkpoint verify /var/lib/errors
  sstream-checkpoint reset /var/lib/errors --to 2026-11-20T03:00:00Z
";

    const SUBCOMMAND: &'static str = "COMMAND";
    const IS_STAGE: bool = false;

    fn common(&self) -> &Common {
        &Common::NONE
    }

    fn messages(&self) -> &Messages {
        &self.messages
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        match self.action {
            Action::Ls { dir, json } => list::list(&open(&dir)?, json),
            Action::Show { dir, time, records, json } => show::show(&open(&dir)?, time, records, json),
            Action::State { dir, stage, time } => readable::print(&open(&dir)?, &stage, time),
            Action::Diff { dir, of, json } => diff::diff(&open(&dir)?, &of, json),
            Action::Verify { dir } => verify::verify(&dir),
            Action::Reset { dir, to, yes } => change::reset(&open(&dir)?, to, yes, environment),
            Action::Forget { dir, stage, yes } => change::forget(&open(&dir)?, &stage, yes, environment),
        }
    }
}

fn open(dir: &Path) -> Result<Inspected, ToolError> {
    Ok(Inspected::open(Arc::new(Disk), dir)?)
}
