//! `sstream-checkpoint state`: a state as its tool would give it.

use clap::FromArgMatches as _;

use super::moment::Moment;
use super::print::Printer;
use crate::checkpoint::inspect::Inspected;
use crate::cli::front::shell;
use crate::cli::state::StateTool;
use crate::cli::{ToolError, command};
use crate::error::Exit;
use crate::op::durable::Durable as _;
use crate::op::state::State;
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
    let mut state = operator(&file.arguments)?;
    state.track(true);
    let mut loaded = Ok(());
    inspected.state(stage, time_ms, &mut |key, entry| {
        if loaded.is_ok() {
            loaded = state.load(key, entry);
        }
    })?;
    loaded
        .and_then(|()| state.finish_load())
        .map_err(|error| ToolError::Command { message: format!("{stage}: {error}"), exit: Exit::Checkpoint })?;
    state.show(&mut Out::new(to));
    Ok(())
}

/// The operator that a stage was, by its arguments as the checkpoint has them.
fn operator(arguments: &str) -> Result<State, ToolError> {
    let unknown = |reason: &str| ToolError::Command {
        message: format!("{arguments}: this version cannot show its state: {reason}"),
        exit: Exit::Usage,
    };
    let pipelines = shell::parse(arguments).map_err(|error| unknown(&error.0))?;
    let words = match pipelines.as_slice() {
        [pipeline] => match pipeline.as_slice() {
            [command] => &command.words,
            _ => return Err(unknown("it is not one command")),
        },
        _ => return Err(unknown("it is not one command")),
    };
    match words.first().map(String::as_str) {
        Some("state") => {
            let parsed = command::<StateTool>().try_get_matches_from(words);
            let parsed = parsed.and_then(|matches| StateTool::from_arg_matches(&matches));
            parsed.map_err(|_| unknown("its options are not known"))?.without_function()
        }
        _ => Err(unknown("it keeps one of its own kind")),
    }
}
