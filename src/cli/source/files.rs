//! The kinds `dir` and `tail`.

use std::path::PathBuf;
use std::time::Duration;

use super::kind::{LookArgs, TailFrom};
use crate::checkpoint::job::Places;
use crate::cli::args::CutArgs;
use crate::cli::cluster::{Origin, Spread};
use crate::cli::first::SourceIdentity;
use crate::cli::{Environment, ToolError};
use crate::os;
use crate::record::forms::Recipe;
use crate::source::SourceError;
use crate::source::engine::kept::OnLoss;
use crate::source::engine::records::RecordSource;
use crate::source::kinds::files::dir::{Dir, DirOptions};
use crate::source::kinds::files::tail::{Tail, TailOptions};
use crate::source::kinds::files::{Desk, Discovery, Events, FileSource, Lines};

/// A file that has lost its name is read on with nothing coming for so long.
const DRAIN: Duration = Duration::from_secs(5);

/// What such a source is to a checkpoint: paths may come and go, if one stays.
pub fn identity(kind: &str, paths: &[PathBuf], lines: impl Fn(&str, &str) -> SourceIdentity) -> SourceIdentity {
    let all: Vec<String> = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let beside = lines(kind, "").arguments;
    SourceIdentity { places: Some(Places { all: all.clone(), beside, may_go: true }), ..lines(kind, &all.join(" ")) }
}

/// What both kinds are opened with.
pub struct Opening<'c, 'a> {
    /// What makes records of lines.
    pub recipe: Recipe,
    /// The options of raw input.
    pub cut: &'c CutArgs,
    /// What the tool has around it.
    pub environment: &'a Environment,
}

/// What the options of `dir` say.
pub fn dir_options(settle: Duration, new_only: bool, look: &LookArgs, cut: &CutArgs) -> DirOptions {
    DirOptions {
        settle,
        new_only,
        scan: look.scan.unwrap_or(Duration::from_secs(10)),
        available_now: look.available_now,
        skip_lost: cut.keep.on_loss() == OnLoss::Skip,
    }
}

/// What the options of `tail` say.
pub fn tail_options(from: TailFrom, look: &LookArgs, cut: &CutArgs, gone: &[String]) -> TailOptions {
    TailOptions {
        gone: gone.iter().map(PathBuf::from).collect(),
        from_end: from == TailFrom::End,
        scan: look.scan.unwrap_or(Duration::from_secs(1)),
        drain: DRAIN,
        available_now: look.available_now,
        skip_lost: cut.keep.on_loss() == OnLoss::Skip,
    }
}

/// What a cluster does with a `dir`: Spark finds the files, and each is read by the tool where a task runs.
///
/// # Errors
/// Why it would give something else there.
pub fn spread(paths: &[PathBuf], new_only: bool, look: &LookArgs, has_file: bool) -> Result<Spread, String> {
    let [path] = paths else { return Err("several directories: not on a cluster yet".to_owned()) };
    let text = path.to_string_lossy().into_owned();
    if text.contains(['*', '?', '[', '{']) {
        return Err(format!("{text}, a pattern: not on a cluster yet"));
    }
    if look.available_now || look.scan.is_some() {
        return Err("--available-now and --scan: Spark looks for files once a batch, until it is stopped".to_owned());
    }
    if has_file {
        return Err("--with file: not on a cluster yet".to_owned());
    }
    if !new_only {
        return Err("dir takes what is there at the start too, and Spark what is new: add --new-only".to_owned());
    }
    Ok(Spread::Source(Origin::Native {
        kind: "dir".to_owned(),
        settings: [("path".to_owned(), text.as_str().into())].into_iter().collect(),
        // What Spark has found is whole.
        makes: ["--available-now", "--settle=0s"].map(str::to_owned).to_vec(),
        leaves: Some(text),
    }))
}

impl<'a> Opening<'_, 'a> {
    /// Opens a `dir`.
    pub fn dir(&self, paths: &[PathBuf], options: DirOptions) -> Result<Box<dyn RecordSource + 'a>, ToolError> {
        let available_now = options.available_now;
        let dir = Dir::new(paths, options, self.environment.console.clone()).map_err(SourceError::kind)?;
        self.source(dir, true, available_now)
    }

    /// Opens a `tail`.
    pub fn tail(&self, paths: &[PathBuf], options: TailOptions) -> Result<Box<dyn RecordSource + 'a>, ToolError> {
        os::raise_open_files();
        let available_now = options.available_now;
        let tail = Tail::new(paths, options, self.environment.console.clone()).map_err(SourceError::kind)?;
        self.source(tail, false, available_now)
    }

    fn source(
        &self,
        discovery: impl Discovery + 'a,
        one_by_one: bool,
        available_now: bool,
    ) -> Result<Box<dyn RecordSource + 'a>, ToolError> {
        let Opening { recipe, cut, environment } = self;
        let console = environment.console.clone();
        let recipe = Recipe { without_holes: true, ..recipe.clone() };
        let lines = Lines { recipe, max_line: cut.max_line };
        let events = Events::open(environment.stop.clone(), environment.waited.clone(), console.clone())
            .map_err(|error| ToolError::Open { what: "events of files".to_owned(), error })?;
        let desk = Desk::new(lines, one_by_one, console.clone());
        Ok(Box::new(FileSource::new(discovery, desk, Some(events), &environment.clock, available_now, console)))
    }
}
