//! The kinds `dir` and `tail`.

use std::path::PathBuf;
use std::time::Duration;

use super::kind::{Kind, LookArgs, TailFrom};
use crate::cli::args::{CutArgs, InputForm};
use crate::cli::first::SourceIdentity;
use crate::cli::{Environment, ToolError, input};
use crate::os;
use crate::source::SourceError;
use crate::source::files::dir::{Dir, DirOptions};
use crate::source::files::tail::{Tail, TailOptions};
use crate::source::files::{Desk, Discovery, Events, FileSource, Lines};
use crate::source::kept::OnLoss;
use crate::source::records::RecordSource;

/// A file that has lost its name is read on with nothing coming for so long.
const DRAIN: Duration = Duration::from_secs(5);

/// What such a source is to a checkpoint: the paths are what must stay the same.
pub fn identity(kind: &str, paths: &[PathBuf], lines: impl Fn(&str, &str) -> SourceIdentity) -> SourceIdentity {
    let words: Vec<_> = paths.iter().map(|path| path.to_string_lossy()).collect();
    SourceIdentity { reads_again: true, ..lines(kind, &words.join(" ")) }
}

/// Opens a `dir` or a `tail`.
pub fn open<'a>(
    kind: &Kind,
    form: Option<InputForm>,
    cut: &CutArgs,
    environment: &'a Environment,
) -> Result<Box<dyn RecordSource + 'a>, ToolError> {
    let skip_lost = cut.keep.on_loss() == OnLoss::Skip;
    let console = environment.console.clone();
    let failed = |error| ToolError::Input(SourceError::Path(error));
    match kind {
        Kind::Dir { paths, settle, new_only, look } => {
            let options = DirOptions {
                settle: *settle,
                new_only: *new_only,
                scan: look.scan.unwrap_or(Duration::from_secs(10)),
                available_now: look.available_now,
                skip_lost,
            };
            source(Dir::new(paths, options, console).map_err(failed)?, true, look, form, cut, environment)
        }
        Kind::Tail { paths, from, look } => {
            os::raise_open_files();
            let options = TailOptions {
                from_end: *from == TailFrom::End,
                scan: look.scan.unwrap_or(Duration::from_secs(1)),
                drain: DRAIN,
                available_now: look.available_now,
                skip_lost,
            };
            source(Tail::new(paths, options, console).map_err(failed)?, false, look, form, cut, environment)
        }
        _ => Err(ToolError::Usage("files: neither dir nor tail".to_owned())),
    }
}

fn source<'a>(
    discovery: impl Discovery + 'a,
    one_by_one: bool,
    look: &LookArgs,
    form: Option<InputForm>,
    cut: &CutArgs,
    environment: &'a Environment,
) -> Result<Box<dyn RecordSource + 'a>, ToolError> {
    let console = environment.console.clone();
    let form = form.unwrap_or(InputForm::Text);
    let cut = cut.clone();
    let max_line = cut.max_line;
    let lines = Lines { format: Box::new(move || input::format(form, &cut)), max_line };
    let events = Events::open(environment.stop.clone(), environment.waited.clone(), console.clone())
        .map_err(|error| ToolError::Open { what: "events of files".to_owned(), error })?;
    let desk = Desk::new(lines, one_by_one, console.clone());
    Ok(Box::new(FileSource::new(discovery, desk, Some(events), &environment.clock, look.available_now, console)))
}
