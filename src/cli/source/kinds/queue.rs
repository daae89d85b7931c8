//! `queue`: a file of batches.

use std::fs::File;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::saved::{self, bytes_of_file, is_seekable, open_file, read_whole};
use super::{Brings, BuiltIn, Declaration, Opening};
use crate::cli::account::{Begins, describe_interval};
use crate::cli::cluster::{Origin, Spread};
use crate::cli::first::SourceIdentity;
use crate::cli::guarantee::SourceGuarantee;
use crate::cli::source::SourceTool;
use crate::cli::{ToolError, first};
use crate::source::engine::batches::Batches;
use crate::source::engine::kept::OnLoss;
use crate::source::engine::pace::Pace;
use crate::source::kinds::queue::{self, Queue};
use crate::source::kinds::until_stop::UntilStop;

/// A file of batches: each line a JSON array of records
///
/// Spark's queueStream. Blank lines are skipped; [] is an empty batch. By
/// default the clock is virtual: batches come as fast as they are read, and
/// the first one's interval starts at --start.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  sstream-source queue --batch 1s batches.jsonl | sstream-sink print
  printf '[1,2]\\n[]\\n[3]\\n' | sstream-source queue - | sstream-reduce sum
  sstream-source queue --clock wall batches.jsonl | sstream-window 30s 10s count")]
pub struct QueueArgs {
    /// The file, or - for standard input
    file: PathBuf,

    /// Give batches as fast as they are read, or by the wall clock
    #[arg(long, value_enum, default_value = "virtual")]
    clock: ClockKind,

    /// Where the first batch's interval starts, in ms since the epoch; 0 unless told
    #[arg(long, value_name = "TIME")]
    start: Option<u64>,
}

/// Kinds of clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClockKind {
    /// As fast as input comes
    Virtual,
    /// Real time
    Wall,
}

/// What stands behind the file where the clock is not the usual one.
const BY_THE_WALL_CLOCK: &str = " --clock wall";

pub const KIND: Declaration = Declaration {
    name: "queue",
    brings: Brings::Batches,
    made_of: |words, recorded| {
        Some(bytes_of_file(words.trim_end_matches(BY_THE_WALL_CLOCK), queue::bytes_of(recorded)?))
    },
    ..Declaration::OF_LINES
};

impl BuiltIn for QueueArgs {
    fn declaration(&self) -> &'static Declaration {
        &KIND
    }

    fn words(&self) -> String {
        format!("{}{}", self.file.display(), if self.clock == ClockKind::Wall { BY_THE_WALL_CLOCK } else { "" })
    }

    fn identity(&self, tool: &SourceTool) -> Result<SourceIdentity, ToolError> {
        let virtual_start_ms = (self.clock == ClockKind::Virtual).then_some(self.start.unwrap_or(0));
        Ok(SourceIdentity { virtual_start_ms, ..tool.identity_of(KIND.name, &self.words())? })
    }

    fn guarantee(&self) -> SourceGuarantee {
        saved::guarantee(&self.file)
    }

    fn reads_stdin(&self) -> bool {
        saved::is_stdin(&self.file)
    }

    fn check(&self, _: &SourceTool) -> Result<(), String> {
        match (self.clock, self.start) {
            (ClockKind::Wall, Some(_)) => {
                Err("--start: by the wall clock batches start at the present: leave out --start or --clock wall"
                    .to_owned())
            }
            _ => Ok(()),
        }
    }

    fn begins(&self, lines: Begins) -> Begins {
        match self.clock {
            ClockKind::Virtual => {
                let interval = lines.interval.map_or_else(String::new, describe_interval);
                let does = format!("batches of {interval} from a file, as fast as they go (virtual clock)");
                Begins { does, ..lines }
            }
            ClockKind::Wall => lines,
        }
    }

    fn spread(&self, _: &SourceTool) -> Spread {
        match self.clock {
            _ if self.reads_stdin() => {
                Spread::Refused("standard input is that of one machine: give the file's name".to_owned())
            }
            ClockKind::Virtual => Spread::Source(Origin::Queue(self.file.clone(), self.start.unwrap_or(0))),
            ClockKind::Wall => Spread::not_yet("queue by the wall clock"),
        }
    }

    fn open<'a>(&self, tool: &SourceTool, opening: &Opening<'a>) -> Result<Box<dyn Batches + 'a>, ToolError> {
        let Opening { interval, environment, .. } = *opening;
        let (clock, stop) = (&environment.clock, first::stop_rules(&tool.cut, environment));
        let pace = match self.clock {
            ClockKind::Virtual => Pace::virtual_from(self.start.unwrap_or(0), clock, stop.clone()),
            ClockKind::Wall => Pace::wall(clock, stop.clone()),
        };
        let (file, name) = open_file(&self.file)?;
        let again = file.as_ref().filter(|_| is_seekable(&self.file)).map(File::try_clone).transpose();
        let again = again.map_err(|error| ToolError::Open { what: name.clone(), error })?;
        let reader = UntilStop::new(read_whole(file, &name, environment)?, clock, stop);
        let queue = Queue::new(reader, &name, interval, !tool.cut.no_trace, pace);
        Ok(Box::new(match again {
            Some(file) => queue.read_again_from(file, tool.cut.keep.on_loss() == OnLoss::Skip),
            None => queue,
        }))
    }
}
