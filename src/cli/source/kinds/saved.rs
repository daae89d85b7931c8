//! What `queue` and `replay` have in common: one file that is read from its beginning to its end.

use std::fs::File;
use std::path::Path;

use super::{FileRange, Made};
use crate::cli::guarantee::SourceGuarantee;
use crate::cli::{Environment, ToolError, input};
use crate::source::kinds::stdin::Stdin;
use crate::source::kinds::until_stop::open_at_once;

/// Whether a file can be read again from anywhere: not standard input, nor a FIFO. One that
/// is not there yet may be.
pub fn is_seekable(path: &Path) -> bool {
    !is_stdin(path) && path.metadata().map_or(true, |metadata| metadata.is_file())
}

/// Whether it is standard input.
pub fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// What holds after a crash.
pub fn guarantee(path: &Path) -> SourceGuarantee {
    if is_seekable(path) { SourceGuarantee::ReadAgain("from the file") } else { SourceGuarantee::Logged }
}

/// What a batch of such a file was made of.
pub fn bytes_of_file(file: &str, (from, to): (u64, u64)) -> Made {
    Made::OfBytes(vec![FileRange { path: file.into(), from, to }])
}

/// Opens a file to be read whole, and gives its name for messages; `-` is standard
/// input, and no file.
pub fn open_file(path: &Path) -> Result<(Option<File>, String), ToolError> {
    if is_stdin(path) {
        return Ok((None, "stdin".to_owned()));
    }
    let name = path.display().to_string();
    match open_at_once(path) {
        Ok(file) => Ok((Some(file), name)),
        Err(error) => Err(ToolError::Open { what: name, error }),
    }
}

/// What reads a file, or standard input.
pub fn read_whole(file: Option<File>, name: &str, environment: &Environment) -> Result<Stdin, ToolError> {
    let input = match file {
        Some(file) => Stdin::from_file(file, name, environment.stop.clone(), environment.waited.clone()),
        None => input::stdin(environment)?,
    };
    Ok(input::with_progress(input, environment))
}
