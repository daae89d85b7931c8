//! The streams of a tool that reads several: files, FIFOs, `<(…)` and `-`.

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Read};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{Common, StateArgs};
use super::{Environment, ToolError, context, output, tell_skipped};
use crate::duration;
use crate::flow::{BadRecords, OnError};
use crate::op::sides::Merge;
use crate::os;
use crate::source::kinds::stdin::wait_readable;
use crate::spool::DEFAULT_MEMORY;
use crate::stage::merge::{self, MergeOptions, SideInput};

/// What tools on several streams have.
#[derive(Args, Clone, Debug)]
pub struct MergeArgs {
    /// How much of the open batches is kept in memory; what is beyond goes to a file in TMPDIR
    /// [default: 256MiB]
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, help_heading = "Memory")]
    pub memory: Option<usize>,
}

/// Runs an operator on the streams of `paths`, each called by a word before its
/// path (`left`), if there is one.
pub fn run_merge(
    merge: &mut dyn Merge,
    paths: &[PathBuf],
    words: &[&str],
    arguments: &MergeArgs,
    (common, on_error): (&Common, OnError),
    environment: &Environment,
) -> Result<(), ToolError> {
    let kept = (StateArgs::default(), OnError::Skip);
    run_merge_saved(merge, paths, words, arguments, (common, on_error), kept, environment)
}

/// The same for one with state, with what becomes of late records.
pub fn run_merge_saved(
    merge: &mut dyn Merge,
    paths: &[PathBuf],
    words: &[&str],
    arguments: &MergeArgs,
    (common, on_error): (&Common, OnError),
    (state, late): (StateArgs, OnError),
    environment: &Environment,
) -> Result<(), ToolError> {
    let inputs = inputs(paths, words)?;
    let mut outlet = output::open_after_heads(common.output, environment)?;
    let bad_records = super::bad_records(on_error, environment)?;
    let mut context = context(environment, bad_records, common);
    state.tell(&mut context.checkpoint);
    context.late_records = BadRecords::late(environment.description.clone(), late);
    let options = MergeOptions { memory: arguments.memory.unwrap_or(DEFAULT_MEMORY), stop: environment.stop.clone() };
    let result = merge::run(inputs, merge, outlet.as_mut(), &context, &options);
    tell_skipped(&context, environment);
    Ok(result?)
}

/// Checks the paths, and opens none: a FIFO waits for its writer.
fn inputs(paths: &[PathBuf], words: &[&str]) -> Result<Vec<SideInput>, ToolError> {
    let mut pipes: Vec<((u64, u64), &Path)> = Vec::new();
    let mut inputs = Vec::new();
    for (index, path) in paths.iter().enumerate() {
        let is_stdin = path == Path::new("-");
        if is_stdin && io::stdin().is_terminal() {
            return Err(ToolError::Usage("-: stdin is a terminal: pipe a framed stream in".to_owned()));
        }
        let failed = |error| ToolError::Open { what: path.display().to_string(), error };
        let metadata = if is_stdin { os::stdin().and_then(|file| file.metadata()) } else { fs::metadata(path) };
        let metadata = metadata.map_err(failed)?;
        if metadata.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        if is_stdin || metadata.file_type().is_fifo() {
            let pipe = (metadata.dev(), metadata.ino());
            if let Some((_, other)) = pipes.iter().find(|(other, _)| *other == pipe) {
                return Err(ToolError::Usage(format!(
                    "{} and {} are one pipe, of which each would get a part: copy the stream with tee",
                    other.display(),
                    path.display()
                )));
            }
            pipes.push((pipe, path));
        }
        let shown = if is_stdin { "stdin".to_owned() } else { path.display().to_string() };
        let name = words.get(index).map_or(shown.clone(), |word| format!("{word} {shown}"));
        let path = path.clone();
        let open = move || -> io::Result<Box<dyn Read + Send>> {
            let file = if is_stdin { os::stdin()? } else { File::open(path)? };
            os::prepare_to_read(&file);
            Ok(Box::new(Waiting(file)))
        };
        inputs.push(SideInput { name, open: Box::new(open) });
    }
    Ok(inputs)
}

/// A file that is waited for even where somebody set it to non-blocking.
struct Waiting(File);

impl Read for Waiting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    wait_readable(self.0.as_fd(), None, None)?;
                }
                done => return done,
            }
        }
    }
}
