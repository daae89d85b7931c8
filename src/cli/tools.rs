//! The lists of tools: those that `sstream` explains (with itself it is
//! [`front::family`](super::front::family), from which documentation is made), and those that keep state.

use super::alert::AlertTool;
use super::checkpoint::CheckpointTool;
use super::dedup::DedupTool;
use super::described::{Described, describe};
use super::filter::FilterTool;
use super::flatmap::FlatMapTool;
use super::join::JoinTool;
use super::learn::LearnTool;
use super::map::MapTool;
use super::matching::MatchTool;
use super::parse::ParseTool;
use super::reduce::ReduceTool;
use super::run::RunTool;
use super::sample::SampleTool;
use super::saved::Saved;
use super::sink::SinkTool;
use super::source::SourceTool;
use super::state::StateTool;
use super::submit::SubmitTool;
use super::top::TopTool;
use super::transform::TransformTool;
use super::ui::UiTool;
use super::union::UnionTool;
use super::window::WindowTool;
use super::{Tool, ToolError, command};
use crate::op::Out;

/// Every tool but `sstream` itself, by name.
pub fn all() -> Vec<Described> {
    vec![
        describe::<AlertTool>(),
        describe::<CheckpointTool>(),
        describe::<DedupTool>(),
        describe::<FilterTool>(),
        describe::<FlatMapTool>(),
        describe::<JoinTool>(),
        describe::<LearnTool>(),
        describe::<MapTool>(),
        describe::<MatchTool>(),
        describe::<ParseTool>(),
        describe::<ReduceTool>(),
        describe::<RunTool>(),
        describe::<SampleTool>(),
        describe::<SinkTool>(),
        describe::<SourceTool>(),
        describe::<StateTool>(),
        describe::<SubmitTool>(),
        describe::<TopTool>(),
        describe::<TransformTool>(),
        describe::<UiTool>(),
        describe::<UnionTool>(),
        describe::<WindowTool>(),
    ]
}

/// Parses the command line of a tool that keeps state, as a checkpoint has it.
pub type ParseKeeper = fn(&[String]) -> Option<Box<dyn ShowsState>>;

/// How the command line is parsed of the tool of this name (without `sstream-`), if it is one that keeps state.
pub fn with_state(name: &str) -> Option<ParseKeeper> {
    let keepers = [
        keeper::<AlertTool>(),
        keeper::<DedupTool>(),
        keeper::<JoinTool>(),
        keeper::<LearnTool>(),
        keeper::<MatchTool>(),
        keeper::<StateTool>(),
        keeper::<WindowTool>(),
    ];
    keepers.into_iter().find(|(tool, _)| tool.strip_prefix("sstream-") == Some(name)).map(|(_, parse)| parse)
}

/// See [`Tool::show_state`].
pub trait ShowsState {
    /// Gives a state that a checkpoint has of the tool.
    ///
    /// # Errors
    /// As there.
    fn show_state(&self, saved: Saved<'_>, out: &mut Out<'_>) -> Result<(), ToolError>;
}

impl<T: Tool> ShowsState for T {
    fn show_state(&self, saved: Saved<'_>, out: &mut Out<'_>) -> Result<(), ToolError> {
        Tool::show_state(self, saved, out)
    }
}

fn keeper<T: Tool + 'static>() -> (&'static str, ParseKeeper) {
    (T::NAME, |words| {
        let matches = command::<T>().try_get_matches_from(words).ok()?;
        Some(Box::new(T::from_arg_matches(&matches).ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::run;

    #[test]
    fn a_run_waits_for_no_tool_that_is_no_stage() {
        // sstream-top is one that reads a stream, and tells nobody of itself.
        for tool in all().iter().filter(|tool| !tool.is_stage) {
            let name = tool.command.get_name();
            assert!(run::no_stages().iter().any(|other| other == name), "{name}");
        }
    }
}
