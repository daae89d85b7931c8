//! `sstream-checkpoint state`: a state as its tool would give it.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use super::elsewhere;
use super::moment::Moment;
use super::print::Printer;
use crate::checkpoint::inspect::Inspected;
use crate::cli::alert::AlertTool;
use crate::cli::connector::found::{self, Found, Named};
use crate::cli::connector::known::Role;
use crate::cli::dedup::DedupTool;
use crate::cli::front::shell;
use crate::cli::join::JoinTool;
use crate::cli::learn::{LearnTool, Made};
use crate::cli::matching::MatchTool;
use crate::cli::state::StateTool;
use crate::cli::window::WindowTool;
use crate::cli::{self, ToolError, command};
use crate::error::{Exit, Failure as _};
use crate::op::durable::Durable;
use crate::op::window::show_entry;
use crate::op::{Downstream, OpError, Out};

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
    let damaged = |error: OpError| ToolError::Command { message: format!("{stage}: {error}"), exit: error.exit() };
    let tool = Tool::of(&file.arguments)?;
    if let Tool::Elsewhere(found, words) = &tool {
        return elsewhere::give(found, (inspected.layout.dir(), stage, time_ms), words, to);
    }
    let mut out = Out::new(to);
    match tool {
        Tool::Elsewhere(..) => {}
        Tool::State(tool) => {
            let mut state = tool.without_function()?;
            load(inspected, stage, time_ms, &mut state)?;
            state.show(&mut out);
        }
        Tool::Dedup(tool) => {
            let mut dedup = tool.operator()?;
            load(inspected, stage, time_ms, &mut dedup)?;
            dedup.show(&mut out);
        }
        Tool::Alert(tool) => {
            let mut alert = tool.operator()?;
            load(inspected, stage, time_ms, &mut alert)?;
            alert.show(&mut out);
        }
        Tool::Match(tool) => {
            let mut sequences = tool.operator()?;
            load(inspected, stage, time_ms, &mut sequences)?;
            sequences.show(&mut out).map_err(damaged)?;
        }
        Tool::Join(tool) => {
            let mut join = tool.within_operator()?;
            load(inspected, stage, time_ms, &mut join)?;
            join.show(&mut out);
        }
        Tool::Learn(tool) => {
            if let Made::Learns(mut learner, _) = tool.made()?
                && let Some(durable) = learner.durable()
            {
                load(inspected, stage, time_ms, durable)?;
                learner.show(&mut out);
            }
        }
        Tool::Window(tool) => {
            if let Some(mut window) = tool.shown()? {
                load(inspected, stage, time_ms, &mut window)?;
                return window.show(&mut out).map_err(damaged);
            }
            let aggregator = tool.without_command()?;
            // Its keys are in the order of the panes.
            let mut entries = BTreeMap::new();
            inspected.state(stage, time_ms, &mut |key, entry| {
                match entry {
                    Some(entry) => entries.insert(key.to_vec(), entry.to_vec()),
                    None => entries.remove(key),
                };
            })?;
            for (key, entry) in &entries {
                show_entry(key, entry, aggregator.as_ref(), &mut out).map_err(damaged)?;
            }
            out.finish_block();
        }
    }
    Ok(())
}

/// A tool with state, as it was started.
enum Tool {
    State(Box<StateTool>),
    Window(Box<WindowTool>),
    Dedup(Box<DedupTool>),
    Alert(Box<AlertTool>),
    Match(Box<MatchTool>),
    Join(Box<JoinTool>),
    Learn(Box<LearnTool>),
    /// A program of its own, with its command line.
    Elsewhere(Found, Vec<String>),
}

/// Loads a state as it was after a batch.
///
/// # Errors
/// It is not there, or damaged.
pub fn load(inspected: &Inspected, stage: &str, time_ms: u64, state: &mut dyn Durable) -> Result<(), ToolError> {
    let damaged = |error: OpError| ToolError::Command { message: format!("{stage}: {error}"), exit: error.exit() };
    state.track(true);
    let mut loaded = Ok(());
    inspected.state(stage, time_ms, &mut |key, entry| {
        if loaded.is_ok() {
            loaded = state.load(key, entry);
        }
    })?;
    loaded.and_then(|()| state.finish_load()).map_err(damaged)
}

impl Tool {
    /// By its arguments as the checkpoint has them.
    fn of(arguments: &str) -> Result<Tool, ToolError> {
        let unknown = |reason: &str| ToolError::Command {
            message: format!("{arguments}: this version cannot show its state: {reason}"),
            exit: Exit::Usage,
        };
        let pipelines = shell::parse(arguments).map_err(|error| unknown(&error.0))?;
        let [pipeline] = pipelines.as_slice() else { return Err(unknown("it is not one command")) };
        let [shell::Command { words, .. }] = pipeline.as_slice() else { return Err(unknown("it is not one command")) };
        match words.first().map(String::as_str) {
            Some("state") => parse(words).map(Box::new).map(Tool::State),
            Some("window") => parse(words).map(Box::new).map(Tool::Window),
            Some("dedup") => parse(words).map(Box::new).map(Tool::Dedup),
            Some("alert") => parse(words).map(Box::new).map(Tool::Alert),
            Some("match") => parse(words).map(Box::new).map(Tool::Match),
            Some("learn") => parse(words).map(Box::new).map(Tool::Learn),
            Some("join") => parse(words).map(Box::new).map(Tool::Join),
            Some(name) => match found::kind(Role::Operator, OsStr::new(name))? {
                Named::Connector(found) => Some(Tool::Elsewhere(found, words[1..].to_vec())),
                Named::Lines | Named::Nothing => None,
            },
            None => None,
        }
        .ok_or_else(|| unknown("no tool has that state and those options"))
    }
}

fn parse<T: cli::Tool>(words: &[String]) -> Option<T> {
    let matches = command::<T>().try_get_matches_from(words).ok()?;
    T::from_arg_matches(&matches).ok()
}
