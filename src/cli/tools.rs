//! The list of the tools that `sstream` explains; with itself it is
//! [`front::family`](super::front::family), from which documentation is made.

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
use super::sink::SinkTool;
use super::source::SourceTool;
use super::state::StateTool;
use super::submit::SubmitTool;
use super::top::TopTool;
use super::transform::TransformTool;
use super::ui::UiTool;
use super::union::UnionTool;
use super::window::WindowTool;

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
