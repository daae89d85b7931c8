//! `replay`: a saved stream.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;

use super::saved::{self, bytes_of_file, is_seekable, open_file, read_whole};
use super::{Brings, BuiltIn, Declaration, Opening};
use crate::cli::account::Begins;
use crate::cli::cluster::Spread;
use crate::cli::first::SourceIdentity;
use crate::cli::guarantee::SourceGuarantee;
use crate::cli::source::SourceTool;
use crate::cli::{ToolError, first};
use crate::frame::{BatchTime, Event, FrameReader};
use crate::interval::Interval;
use crate::source::SourceError;
use crate::source::engine::batches::Batches;
use crate::source::kinds::replay::{self, Replay, Speed};
use crate::source::kinds::until_stop::UntilStop;

/// A saved framed stream, once more
///
/// Batches keep their times, ends and contents; the checkpoint of the saved
/// stream is left out. A stop takes effect between two batches.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  nc -lk 9999 | sstream-filter '' > saved.frames
  sstream-source replay saved.frames | sstream-window 30s 10s count
  sstream-source replay --speed 10x saved.frames | sstream-sink print")]
pub struct ReplayArgs {
    /// The file, or - for standard input
    file: PathBuf,

    /// How fast: 1x keeps to the batches' times, max is as fast as it goes
    #[arg(long, default_value_t = Speed::Max)]
    speed: Speed,
}

pub const KIND: Declaration = Declaration {
    name: "replay",
    brings: Brings::Batches,
    made_of: |words, recorded| Some(bytes_of_file(words, replay::bytes_of(recorded)?)),
    ..Declaration::OF_LINES
};

impl BuiltIn for ReplayArgs {
    fn declaration(&self) -> &'static Declaration {
        &KIND
    }

    fn words(&self) -> String {
        self.file.display().to_string()
    }

    /// Under a checkpoint the saved stream is looked into.
    fn identity(&self, tool: &SourceTool) -> Result<SourceIdentity, ToolError> {
        let lines = tool.identity_of(KIND.name, &self.words())?;
        let (interval, start_ms) = match tool.cut.keep.dir() {
            Some(_) => look_into(&self.file)?,
            None => (lines.interval, 0),
        };
        Ok(SourceIdentity { interval, virtual_start_ms: Some(start_ms), ..lines })
    }

    fn guarantee(&self) -> SourceGuarantee {
        saved::guarantee(&self.file)
    }

    fn reads_stdin(&self) -> bool {
        saved::is_stdin(&self.file)
    }

    fn check(&self, tool: &SourceTool) -> Result<(), String> {
        let cut = &tool.cut;
        let given = [(cut.zone.time_zone.is_some(), "--time-zone"), (cut.batch.is_some(), "--batch")];
        if let Some((_, option)) = given.iter().find(|(is_given, _)| *is_given) {
            return Err(format!("{option}: replay keeps the batches of the saved stream: leave it out"));
        }
        match cut.keep.dir() {
            Some(_) if self.reads_stdin() => {
                Err("--checkpoint: standard input cannot be replayed again after a restart: give the file's name"
                    .to_owned())
            }
            Some(_) if !is_seekable(&self.file) => Err(format!(
                "--checkpoint: {} cannot be read again after a restart: save it in a file",
                self.file.display()
            )),
            _ => Ok(()),
        }
    }

    fn begins(&self, lines: Begins) -> Begins {
        let does = "gives the batches of a saved stream again, with their times".to_owned();
        Begins { interval: None, does, ..lines }
    }

    fn spread(&self, _: &SourceTool) -> Spread {
        Spread::not_yet("replay")
    }

    fn open<'a>(&self, tool: &SourceTool, opening: &Opening<'a>) -> Result<Box<dyn Batches + 'a>, ToolError> {
        let environment = opening.environment;
        let (clock, stop) = (&environment.clock, first::stop_rules(&tool.cut, environment));
        let (file, name) = open_file(&self.file)?;
        let reader = UntilStop::new(read_whole(file, &name, environment)?, clock, stop.clone());
        Ok(Box::new(Replay::new(reader, &name, self.speed, clock, stop)))
    }
}

/// The interval of a saved stream, and where its first batch begins.
fn look_into(path: &Path) -> Result<(Interval, u64), ToolError> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| ToolError::Open { what: name.clone(), error })?;
    let failed = |error| ToolError::Input(SourceError::frames(&name, error));
    let mut reader = FrameReader::new(file);
    let interval = match reader.next().map_err(failed)? {
        Event::Head(head) => head.interval,
        // A stream that failed before it began.
        _ => return Ok((Interval::Fixed(1), 0)),
    };
    let first = match reader.next().map_err(failed)? {
        Event::Block(block) => block.time,
        Event::End(end) => end.time,
        Event::Head(_) | Event::Close(_) => BatchTime(interval.after(0)),
    };
    Ok((interval, interval.begin(first.0)))
}
