//! `tail`: files that grow.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::files::{self, LookArgs};
use super::{BuiltIn, Declaration, Opening};
use crate::cli::ToolError;
use crate::cli::cluster::Spread;
use crate::cli::first::SourceIdentity;
use crate::cli::guarantee::SourceGuarantee;
use crate::cli::source::SourceTool;
use crate::os;
use crate::source::SourceError;
use crate::source::engine::batches::Batches;
use crate::source::engine::kept::OnLoss;
use crate::source::kinds::files::tail::{Tail, TailOptions};

/// A file that has lost its name is read on with nothing coming for so long.
const DRAIN: Duration = Duration::from_secs(5);

/// Lines that are appended to files
///
/// As tail -F, from the files' beginning unless told, and with nothing lost in a
/// rotation: a file that was renamed is read to its end before the one that takes
/// its place; of one that was truncated (copytruncate) the rest is read from its copy beside
/// it. A pattern may match what a log becomes ('app.log*'): each line comes once. A file that
/// vanishes is waited for; one that cannot be read is left out, and tried again. Only whole lines
/// are taken; a rotated file's last line needs no newline. Lines of several files keep their order
/// within each.
///
/// Under a checkpoint a restart goes on where the run before ended, and finds files
/// that were rotated meanwhile, in the same directory. One that was packed (.gz .bz2 .xz .zst) is known by
/// what it holds, and what was not read of it is read there. What is gone is an error, exit
/// code 5, unless --on-loss skip.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  sstream-source tail /var/log/app.log | sstream-filter ERROR | sstream-window 30s 10s count
  sstream-source tail '/var/log/*/access.log' --from end --input logfmt | sstream-sink print
  sstream-source tail app.log --available-now --checkpoint ck | sstream-sink files out/part   # from cron")]
pub struct TailArgs {
    /// Files, or quoted patterns of files
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// Where to begin in files that are there at the first start
    #[arg(long, value_enum, value_name = "WHERE", default_value = "beginning")]
    from: TailFrom,

    /// How the files are found.
    #[command(flatten)]
    look: LookArgs,
}

/// Where a file is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TailFrom {
    /// All that it holds
    Beginning,
    /// What is appended from now on
    End,
}

pub const KIND: Declaration = Declaration { name: "tail", ..files::OF_FILES };

impl BuiltIn for TailArgs {
    fn declaration(&self) -> &'static Declaration {
        &KIND
    }

    fn words(&self) -> String {
        files::words(&self.paths)
    }

    fn identity(&self, tool: &SourceTool) -> Result<SourceIdentity, ToolError> {
        files::identity(&KIND, &self.paths, tool)
    }

    fn guarantee(&self) -> SourceGuarantee {
        files::GUARANTEE
    }

    fn spread(&self, _: &SourceTool) -> Spread {
        Spread::Refused("tail follows the files of one machine".to_owned())
    }

    fn open<'a>(&self, tool: &SourceTool, opening: &Opening<'a>) -> Result<Box<dyn Batches + 'a>, ToolError> {
        os::raise_open_files();
        let options = TailOptions {
            gone: opening.gone.iter().map(PathBuf::from).collect(),
            from_end: self.from == TailFrom::End,
            scan: self.look.scan.unwrap_or(Duration::from_secs(1)),
            drain: DRAIN,
            available_now: self.look.available_now,
            skip_lost: tool.cut.keep.on_loss() == OnLoss::Skip,
        };
        let console = opening.environment.console.clone();
        let tail = Tail::new(&self.paths, options, console).map_err(SourceError::kind)?;
        files::open(tail, false, self.look.available_now, tool, opening)
    }
}
