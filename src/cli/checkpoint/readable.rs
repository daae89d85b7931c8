//! `sstream-checkpoint state`: a state as its tool would give it.

use std::ffi::OsStr;

use super::elsewhere;
use super::moment::Moment;
use super::print::Printer;
use crate::checkpoint::inspect::Inspected;
use crate::cli::ToolError;
use crate::cli::connector::found::{self, Found, Named};
use crate::cli::connector::known::Role;
use crate::cli::front::shell;
use crate::cli::saved::Saved;
use crate::cli::tools::{self, ShowsState};
use crate::error::Exit;
use crate::op::{Downstream, Out};

/// Prints the state of a stage.
pub fn print(inspected: &Inspected, stage: &str, moment: Option<Moment>) -> Result<(), ToolError> {
    let time_ms = match moment {
        Some(moment) => moment.time_ms(inspected)?,
        None => newest_ms(inspected, stage)?,
    };
    let mut printer = Printer::new();
    give(inspected, stage, time_ms, &mut printer)?;
    printer.finish()
}

/// The newest batch whose state can be restored, or where the stage began.
fn newest_ms(inspected: &Inspected, stage: &str) -> Result<u64, ToolError> {
    let (_, file, seen) = inspected.stage(stage)?;
    Ok(seen.newest_ms.unwrap_or(file.base_ms))
}

/// Gives the records of a stage's state after `time_ms`, in the state's order.
pub fn give(inspected: &Inspected, stage: &str, time_ms: u64, to: &mut dyn Downstream) -> Result<(), ToolError> {
    let (_, file, _) = inspected.stage(stage)?;
    match Keeper::of(&file.arguments)? {
        Keeper::BuiltIn(tool) => {
            let mut out = Out::new(to);
            tool.show_state(Saved { inspected, stage, time_ms }, &mut out)?;
            out.finish_block();
            Ok(())
        }
        Keeper::Elsewhere(found, words) => {
            elsewhere::give(&found, (inspected.layout.dir(), stage, time_ms), &words, to)
        }
    }
}

/// A tool with state, as it was started.
enum Keeper {
    BuiltIn(Box<dyn ShowsState>),
    /// A program of its own, with its command line.
    Elsewhere(Found, Vec<String>),
}

impl Keeper {
    /// By its arguments as the checkpoint has them.
    fn of(arguments: &str) -> Result<Keeper, ToolError> {
        let unknown = |reason: &str| ToolError::Command {
            message: format!("{arguments}: this version cannot show its state: {reason}"),
            exit: Exit::Usage,
        };
        let pipelines = shell::parse(arguments).map_err(|error| unknown(&error.0))?;
        let [pipeline] = pipelines.as_slice() else { return Err(unknown("it is not one command")) };
        let [shell::Command { words, .. }] = pipeline.as_slice() else { return Err(unknown("it is not one command")) };
        let none = || unknown("no tool has that state and those options");
        let name = words.first().ok_or_else(none)?;
        if let Some(parse) = tools::with_state(name) {
            return parse(words).map(Keeper::BuiltIn).ok_or_else(none);
        }
        match found::kind(Role::Operator, OsStr::new(name))? {
            Named::Connector(found) => Ok(Keeper::Elsewhere(found, words[1..].to_vec())),
            Named::Lines | Named::Nothing => Err(none()),
        }
    }
}
