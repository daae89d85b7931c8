//! `dir`: whole files.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::files::{self, LookArgs};
use super::{BuiltIn, Declaration, Opening};
use crate::cli::ToolError;
use crate::cli::cluster::{Origin, Spread, WHOLE_AT_ONCE};
use crate::cli::first::SourceIdentity;
use crate::cli::guarantee::SourceGuarantee;
use crate::cli::source::SourceTool;
use crate::cli::source::with::WithField;
use crate::duration;
use crate::source::SourceError;
use crate::source::engine::batches::Batches;
use crate::source::engine::kept::OnLoss;
use crate::source::kinds::files::dir::{Dir, DirOptions};

/// Every file of a directory, once and whole
///
/// Spark's textFileStream. The files that are there at the start come first, by
/// their time of change, then those that come. A file that is renamed into the
/// directory is taken at once, so write it elsewhere on the same disk, or under a
/// name that is left alone, and rename it. One that is written in place is taken when it
/// was not changed for --settle; so is a renamed one where the file system has no events
/// (over a network). Names with a dot at the beginning, *.tmp and *._COPYING_ are left
/// alone. A file that is renamed within the directories is the same file; a
/// new one under an old name is another; what is changed after it was taken is not taken
/// again. A packed file (.gz .bz2 .xz .zst) is read as what it holds. A file that cannot be read is left
/// out, and tried again. A last line with no newline is
/// a record, and each csv file has its own header.
///
/// PATH is a directory, or a quoted pattern of directories or files: 'in/*.log',
/// '/data/*/in', '/data/**/*.csv'. URLs (s3:// gs:// az:// hdfs://) are read by sstream-source objects, a connector
/// that dir becomes. Under a checkpoint a restart reads the files of
/// the newest batches again: leave them where they are until then.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  sstream-source dir spool --batch 10s | sstream-filter ERROR
  cp report .report && mv .report spool/report     # in another terminal
  sstream-source dir '/data/*/in' --input csv --checkpoint ck | sstream-sink files out/rows
  sstream-source dir 'in/*.log' --available-now --checkpoint ck | sstream-sink text    # from cron")]
pub struct DirArgs {
    /// Directories, or quoted patterns of directories or files
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// A file that is written in place is whole when it was not changed for so long
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "2s")]
    settle: Duration,

    /// Leave what is there at the first start
    #[arg(long)]
    new_only: bool,

    /// How the files are found.
    #[command(flatten)]
    look: LookArgs,
}

pub const KIND: Declaration = Declaration { name: "dir", ..files::OF_FILES };

impl BuiltIn for DirArgs {
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

    fn spread(&self, tool: &SourceTool) -> Spread {
        self.native(tool).map_or_else(Spread::Refused, Spread::Source)
    }

    fn open<'a>(&self, tool: &SourceTool, opening: &Opening<'a>) -> Result<Box<dyn Batches + 'a>, ToolError> {
        let options = DirOptions {
            settle: self.settle,
            new_only: self.new_only,
            scan: self.look.scan.unwrap_or(Duration::from_secs(10)),
            available_now: self.look.available_now,
            skip_lost: tool.cut.keep.on_loss() == OnLoss::Skip,
        };
        let console = opening.environment.console.clone();
        let dir = Dir::new(&self.paths, options, console).map_err(SourceError::kind)?;
        files::open(dir, true, self.look.available_now, tool, opening)
    }
}

impl DirArgs {
    /// What a cluster does with it: Spark finds the files, and each is read by the tool where a task runs.
    ///
    /// # Errors
    /// Why it would give something else there.
    fn native(&self, tool: &SourceTool) -> Result<Origin, String> {
        if tool.cut.limits.max_rate.is_some() {
            return Err(WHOLE_AT_ONCE.to_owned());
        }
        let [path] = &self.paths[..] else { return Err("several directories: not on a cluster yet".to_owned()) };
        let text = path.to_string_lossy().into_owned();
        if text.contains(['*', '?', '[', '{']) {
            return Err(format!("{text}, a pattern: not on a cluster yet"));
        }
        if self.look.available_now || self.look.scan.is_some() {
            return Err(
                "--available-now and --scan: Spark looks for files once a batch, until it is stopped".to_owned()
            );
        }
        if tool.with.contains(&WithField::File) {
            return Err("--with file: not on a cluster yet".to_owned());
        }
        if !self.new_only {
            return Err("dir takes what is there at the start too, and Spark what is new: add --new-only".to_owned());
        }
        Ok(Origin::Native {
            kind: KIND.name.to_owned(),
            settings: [("path".to_owned(), text.as_str().into())].into_iter().collect(),
            // What Spark has found is whole.
            makes: ["--available-now", "--settle=0s"].map(str::to_owned).to_vec(),
            leaves: Some(text),
            needs_jars: false,
        })
    }
}
