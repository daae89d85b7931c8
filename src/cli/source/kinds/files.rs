//! What `dir` and `tail` have in common.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{Brings, Declaration, FileRange, Made, Opening};
use crate::checkpoint::job::Places;
use crate::cli::first::SourceIdentity;
use crate::cli::guarantee::SourceGuarantee;
use crate::cli::source::SourceTool;
use crate::cli::source::with::WithField;
use crate::cli::{ToolError, input};
use crate::duration;
use crate::record::forms::Recipe;
use crate::source::engine::batches::Batches;
use crate::source::kinds::files::position::Record;
use crate::source::kinds::files::{Desk, Discovery, Events, FileSource, Lines};

/// How files are found.
#[derive(Args, Clone, Debug)]
pub struct LookArgs {
    /// Take what is there at the start, in batches, and stop; exit code 1 if something could not be read
    #[arg(long)]
    pub available_now: bool,

    /// How often to look for files, for file systems with no events [default: 10s; tail 1s]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub scan: Option<Duration>,
}

/// What both are.
pub const OF_FILES: Declaration = Declaration {
    name: "",
    brings: Brings::Files,
    knows: &[WithField::File, WithField::Line, WithField::Offset],
    made_of: |_, recorded| {
        let record = Record::read(recorded)?;
        let ranges = record.ranges.iter().map(|range| {
            let file = record.files.get(range.file)?;
            Some(FileRange { path: file.path.clone(), from: range.from.offset, to: range.to.end() })
        });
        Some(Made::OfBytes(ranges.collect::<Option<_>>()?))
    },
};

/// What both promise.
pub const GUARANTEE: SourceGuarantee = SourceGuarantee::ReadAgain("from the files, which must stay there until then");

/// What such a source is to a checkpoint, behind its kind.
pub fn words(paths: &[PathBuf]) -> String {
    texts(paths).join(" ")
}

/// What such a source is to a checkpoint: paths may come and go, if one stays.
pub fn identity(kind: &Declaration, paths: &[PathBuf], tool: &SourceTool) -> Result<SourceIdentity, ToolError> {
    let beside = tool.identity_of(kind.name, "")?.arguments;
    let places = Places { all: texts(paths), beside, may_go: true };
    Ok(SourceIdentity { places: Some(places), ..tool.identity_of(kind.name, &words(paths))? })
}

fn texts(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| path.to_string_lossy().into_owned()).collect()
}

/// The batches of what such a kind finds.
///
/// # Errors
/// The system has no events of files.
pub fn open<'a>(
    discovery: impl Discovery + 'a,
    one_by_one: bool,
    available_now: bool,
    tool: &SourceTool,
    opening: &Opening<'a>,
) -> Result<Box<dyn Batches + 'a>, ToolError> {
    let Opening { interval, environment, bad_records, .. } = *opening;
    let console = environment.console.clone();
    let recipe = Recipe { without_holes: true, ..tool.recipe() };
    let lines = Lines { recipe, max_line: tool.cut.max_line };
    let events = Events::open(environment.stop.clone(), environment.waited.clone(), console.clone())
        .map_err(|error| ToolError::Open { what: "events of files".to_owned(), error })?;
    let desk = Desk::new(lines, one_by_one, console.clone());
    let source = FileSource::new(discovery, desk, Some(events), &environment.clock, available_now, console);
    Ok(input::cutter(Box::new(source), false, &tool.cut, interval, environment, bad_records))
}
