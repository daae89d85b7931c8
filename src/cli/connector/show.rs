//! The state of a stage that is a program of its own, for `sstream-checkpoint state`: only that
//! program can read it, and is asked by `sstream-NAME --show-state DIR STAGE T ARGUMENTS`.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::FromArgMatches as _;

use super::mark::SHOW_STATE;
use super::operator::{OperatorKind, OperatorTool};
use crate::checkpoint::inspect::Inspected;
use crate::checkpoint::storage::Disk;
use crate::cli::checkpoint::print::Printer;
use crate::cli::saved::Saved;
use crate::cli::{ToolError, command};
use crate::console::{Console, Level};
use crate::error::{Exit, Failure as _};
use crate::op::Out;

/// Answers, if the command line begins with [`SHOW_STATE`].
pub fn asked<K: OperatorKind>() -> Option<ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let [program, option, dir, stage, time, rest @ ..] = arguments.as_slice() else { return None };
    if option != SHOW_STATE {
        return None;
    }
    let words = std::iter::once(program).chain(rest).cloned().collect();
    let exit = match show::<K>(Path::new(dir), stage, time, words) {
        Ok(()) => Exit::Done,
        Err(error) => {
            Console::new(K::TOOL, Level::Error).error(&error.to_string());
            error.exit()
        }
    };
    Some(exit.code().into())
}

fn show<K: OperatorKind>(dir: &Path, stage: &OsStr, time: &OsStr, words: Vec<OsString>) -> Result<(), ToolError> {
    let wrong = |what: &str| ToolError::Usage(format!("{SHOW_STATE}: {what}"));
    let stage = stage.to_str().ok_or_else(|| wrong("no such stage"))?;
    let time_ms = time.to_str().and_then(|time| time.parse().ok()).ok_or_else(|| wrong("no such time"))?;
    let matches = command::<OperatorTool<K>>().try_get_matches_from(words);
    let tool = matches.and_then(|matches| OperatorTool::<K>::from_arg_matches(&matches));
    let tool = tool.map_err(|error| wrong(error.to_string().lines().next().unwrap_or_default()))?;
    let mut shown = tool.kind.shown()?.ok_or_else(|| wrong("the stage has no state"))?;
    let inspected = Inspected::open(Arc::new(Disk), dir)?;
    Saved { inspected: &inspected, stage, time_ms }.load(shown.as_mut())?;
    let mut printer = Printer::new();
    let mut out = Out::new(&mut printer);
    shown.show(&mut out).map_err(ToolError::kind)?;
    out.finish_block();
    printer.finish()
}
