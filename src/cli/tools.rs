//! The list of the tools that `sstream` explains; with itself it is
//! [`front::family`](super::front::family), from which documentation is made.

use super::checkpoint::CheckpointTool;
use super::connector::known;
use super::dedup::DedupTool;
use super::filter::FilterTool;
use super::flatmap::FlatMapTool;
use super::join::JoinTool;
use super::map::MapTool;
use super::matching::MatchTool;
use super::reduce::ReduceTool;
use super::run::RunTool;
use super::sink::SinkTool;
use super::source::SourceTool;
use super::state::StateTool;
use super::top::TopTool;
use super::transform::TransformTool;
use super::ui::UiTool;
use super::union::UnionTool;
use super::window::WindowTool;
use super::{Tool, command};

/// What documentation wants to know of a tool.
#[derive(Debug)]
pub struct Described {
    /// The definition of its command line.
    pub command: clap::Command,
    /// Its examples, a line each, indented by two spaces.
    pub examples: &'static str,
    /// Kinds that are programs of their own, and what each is.
    pub connectors: Vec<(&'static str, &'static str)>,
}

/// Every tool but `sstream` itself, by name.
pub fn all() -> Vec<Described> {
    vec![
        describe::<CheckpointTool>(),
        describe::<DedupTool>(),
        describe::<FilterTool>(),
        describe::<FlatMapTool>(),
        describe::<JoinTool>(),
        describe::<MapTool>(),
        describe::<MatchTool>(),
        describe::<ReduceTool>(),
        describe::<RunTool>(),
        describe::<SinkTool>(),
        describe::<SourceTool>(),
        describe::<StateTool>(),
        describe::<TopTool>(),
        describe::<TransformTool>(),
        describe::<UiTool>(),
        describe::<UnionTool>(),
        describe::<WindowTool>(),
    ]
}

/// What documentation wants to know of one tool.
pub fn describe<T: Tool>() -> Described {
    let connectors = T::CONNECTORS.into_iter().flat_map(known::kinds).collect();
    Described { command: command::<T>(), examples: T::EXAMPLES, connectors }
}
