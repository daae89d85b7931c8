//! The list of the tools that `sstream` explains; with itself it is
//! [`front::family`](super::front::family), from which documentation is made.

use super::account::{Account, Begins, Stream};
use super::args::CutArgs;
use super::checkpoint::CheckpointTool;
use super::connector::known::{self, Role};
use super::dedup::DedupTool;
use super::filter::FilterTool;
use super::flatmap::FlatMapTool;
use super::join::JoinTool;
use super::learn::LearnTool;
use super::map::MapTool;
use super::matching::MatchTool;
use super::parse::ParseTool;
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
    /// Whether it takes part in a stream.
    pub is_stage: bool,
    /// Its examples, a line each, indented by two spaces.
    pub examples: &'static str,
    /// Kinds that are programs of their own, and what each is.
    pub connectors: Vec<(&'static str, &'static str)>,
    /// Its options, parsed by its own definition.
    pub parse: Parse,
}

/// Parses a command line by a tool's own definition.
pub type Parse = fn(&[&str]) -> Result<Box<dyn Parsed>, clap::Error>;

/// A tool with the options of some command line, which runs nothing.
pub trait Parsed {
    /// See [`Tool::elsewhere`].
    fn elsewhere(&self) -> Option<(Role, usize)>;
    /// See [`Tool::cut`].
    fn cut(&self) -> Option<&CutArgs>;
    /// See [`Tool::begins`].
    fn begins(&self) -> Option<Begins>;
    /// See [`Tool::reads_stdin`].
    fn reads_stdin(&self) -> bool;
    /// See [`Tool::account`]; `--output` is in it.
    fn account(&self, stream: &mut Stream) -> Account;
}

struct Options<T>(T);

impl<T: Tool> Parsed for Options<T> {
    fn elsewhere(&self) -> Option<(Role, usize)> {
        Some((T::CONNECTORS?, self.0.elsewhere()?.len()))
    }

    fn cut(&self) -> Option<&CutArgs> {
        self.0.cut()
    }

    fn begins(&self) -> Option<Begins> {
        self.0.begins()
    }

    fn reads_stdin(&self) -> bool {
        self.0.reads_stdin()
    }

    fn account(&self, stream: &mut Stream) -> Account {
        self.0.account(stream).with_output(self.0.common(), stream)
    }
}

/// Every tool but `sstream` itself, by name.
pub fn all() -> Vec<Described> {
    vec![
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
pub fn describe<T: Tool + 'static>() -> Described {
    let connectors = T::CONNECTORS.into_iter().flat_map(known::kinds).collect();
    Described {
        command: command::<T>(),
        is_stage: T::IS_STAGE,
        examples: T::EXAMPLES,
        connectors,
        parse: |words| {
            let matches = command::<T>().try_get_matches_from(words)?;
            Ok(Box::new(Options(T::from_arg_matches(&matches)?)))
        },
    }
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
