//! The state of a stage that is a program of its own: only that program can read it, and is asked.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cli::ToolError;
use crate::cli::connector::found::Found;
use crate::cli::connector::mark::SHOW_STATE;
use crate::error::Exit;
use crate::frame::{BatchTime, Block};
use crate::op::{BLOCK_BYTES, Downstream};

/// Gives the records of a state that a connector's program keeps; `words` is its command line as
/// the checkpoint has it.
///
/// # Errors
/// The program cannot be run, or cannot show it.
pub fn give(
    found: &Found,
    (dir, stage, time_ms): (&Path, &str, u64),
    words: &[String],
    to: &mut dyn Downstream,
) -> Result<(), ToolError> {
    let cannot = |error| ToolError::Open { what: found.path().display().to_string(), error };
    let mut command = Command::new(found.path());
    command.arg(SHOW_STATE).arg(dir).arg(stage).arg(time_ms.to_string()).args(words);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(cannot)?;
    let (mut records, mut bytes) = (0, Vec::new());
    if let Some(stdout) = child.stdout.take() {
        let mut lines = BufReader::new(stdout);
        while !to.is_closed() && lines.read_until(b'\n', &mut bytes).map_err(cannot)? > 0 {
            records += 1;
            if bytes.len() >= BLOCK_BYTES {
                to.block(Block { time: BatchTime(time_ms), records, bytes: &bytes });
                (records, bytes) = (0, Vec::new());
            }
        }
    }
    if records > 0 {
        to.block(Block { time: BatchTime(time_ms), records, bytes: &bytes });
    }
    let mut said = String::new();
    if let Some(stderr) = &mut child.stderr {
        stderr.read_to_string(&mut said).map_err(cannot)?;
    }
    let status = child.wait().map_err(cannot)?;
    if status.success() || to.is_closed() {
        return Ok(());
    }
    let exit = status.code().map_or(Exit::World, |code| Exit::from_code(code.unsigned_abs().into()));
    Err(ToolError::Command { message: format!("{stage}: {}", said.trim_end()), exit })
}
