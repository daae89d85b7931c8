//! `sstream-NAME` between two pipes, whose operator comes from a crate of its own.

use std::fmt;
use std::path::Path;

use clap::{Args, CommandFactory, FromArgMatches, Parser};

use super::with_about;
use crate::cli::account::{Account, Stream};
use crate::cli::args::{Common, CutArgs, StageArgs, StateArgs};
use crate::cli::first::stop_rules;
use crate::cli::{Environment, Tool, ToolError, run_stage_saved};
use crate::console::Console;
use crate::op::Operator;
use crate::op::durable::Shown;
use crate::source::beside::{FileBeside, Parse};
use crate::source::engine::stop::StopRules;

/// What an operator has around it.
pub struct OperatorParts<'e> {
    /// For messages.
    pub console: Console,
    environment: &'e Environment,
    stop: StopRules,
}

impl OperatorParts<'_> {
    /// A file beside the stream, which is read now, and at the beginning of a batch once more if it has
    /// changed.
    ///
    /// # Errors
    /// It cannot be read, or `parse` does not take it.
    pub fn beside<T>(&self, path: &Path, parse: Box<Parse<T>>) -> Result<FileBeside<T>, ToolError> {
        let (console, clock) = (self.console.clone(), &self.environment.clock);
        FileBeside::open(path, parse, console, clock, self.stop.clone()).map_err(ToolError::Input)
    }
}

/// A tool that takes a stream and gives one: its options (this type, by clap), and what it
/// says of itself once for its help, `sstream explain` and the manual.
///
/// ```
/// use std::collections::HashSet;
/// use std::path::PathBuf;
/// use std::process::ExitCode;
/// use std::rc::Rc;
/// use sstream::connect::{
///     BatchTime, Beside, Block, FileBeside, OpError, Operator, OperatorKind, OperatorParts, Out, ToolError, operator_main,
///     testing,
/// };
///
/// /// Options of the tool.
/// #[derive(clap::Args, Debug)]
/// struct Known {
///     /// Records that pass, one a line
///     file: PathBuf,
/// }
///
/// type Records = HashSet<Vec<u8>>;
///
/// impl OperatorKind for Known {
///     const TOOL: &'static str = "sstream-known";
///     const ABOUT: &'static str = "Passes the records that a file has";
///     const EXAMPLES: &'static str = "  … | sstream-known hosts.jsonl\n";
///
///     fn account(&self) -> Result<Vec<String>, ToolError> {
///         Ok(vec![format!("passes the records of {}", self.file.display())])
///     }
///
///     fn open(self, parts: &OperatorParts<'_>) -> Result<Box<dyn Operator>, ToolError> {
///         let lines = |text: &[u8]| text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
///         let file: FileBeside<Records> = parts.beside(&self.file, Box::new(move |_, text| Ok(lines(text))))?;
///         Ok(Box::new(Passing { file: Box::new(file), records: None }))
///     }
/// }
///
/// struct Passing {
///     file: Box<dyn Beside<Records>>,
///     /// As they are in the open batch.
///     records: Option<Rc<Records>>,
/// }
///
/// impl Operator for Passing {
///     fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
///         let records = self.records.get_or_insert_with(|| self.file.current());
///         block.iter().filter(|record| records.contains(*record)).for_each(|record| out.record(record));
///         Ok(())
///     }
///     fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
///         self.records = None;
///         out.end(time);
///         Ok(())
///     }
/// }
///
/// // The program's main function, and a test of it.
/// let main: fn() -> ExitCode = operator_main::<Known>;
/// testing::check_operator_kind::<Known>();
/// ```
pub trait OperatorKind: Args + fmt::Debug + 'static {
    /// The program, `sstream-NAME`.
    const TOOL: &'static str;

    /// What it is: a line for lists; behind an empty line more, for its help.
    const ABOUT: &'static str;

    /// Examples, a line each, indented by two spaces.
    const EXAMPLES: &'static str;

    /// Options of the kind that say nothing of what is computed, as `"query-timeout"`: their long
    /// names, without the dashes. Under a checkpoint the state of a tool is refused (exit 5) where its command
    /// line is another one than it was; these are left out of the comparison, as `--verbose` is.
    const OF_RUNNING: &'static [&'static str] = &[];

    /// What it does with a batch, lines for `sstream explain`; nothing is opened for it.
    ///
    /// # Errors
    /// Options that do not go together, or mean nothing (exit 2).
    fn account(&self) -> Result<Vec<String>, ToolError>;

    /// Whether its operator has state that a checkpoint keeps: `sstream explain` asks, and opens nothing for it.
    fn has_state(&self) -> bool {
        false
    }

    /// How often an operator with state keeps it in a checkpoint.
    fn saved(&self) -> StateArgs {
        StateArgs::default()
    }

    /// Whether on a cluster it can run once a batch, in one partition, which begins with its state from the batch
    /// before: nothing else may go from batch to batch.
    ///
    /// # Errors
    /// Why not.
    fn on_cluster(&self) -> Result<(), String> {
        Err(format!("{}: not on a cluster yet", Self::TOOL))
    }

    /// Whether the options ask for a stage; if not, [`OperatorKind::run_alone`] does what they ask for.
    fn is_stage(&self) -> bool {
        true
    }

    /// Does what the options ask for, without a stream.
    ///
    /// # Errors
    /// It cannot be done.
    fn run_alone(self) -> Result<(), ToolError> {
        Ok(())
    }

    /// The operator's state, empty, to be loaded and shown; none if it has no state.
    ///
    /// # Errors
    /// What is wrong with the options, or keeps it from being made.
    fn shown(self) -> Result<Option<Box<dyn Shown>>, ToolError> {
        Ok(None)
    }

    /// Makes the operator, before the first batch.
    ///
    /// # Errors
    /// What is wrong with the options, or keeps it from being made.
    fn open(self, parts: &OperatorParts<'_>) -> Result<Box<dyn Operator>, ToolError>;
}

/// An operator as a tool.
#[derive(Debug)]
pub struct OperatorTool<K: OperatorKind> {
    pub(super) kind: K,
    pub(super) stage: StageArgs,
}

impl<K: OperatorKind> CommandFactory for OperatorTool<K> {
    fn command() -> clap::Command {
        let command = StageArgs::augment_args(K::augment_args(clap::Command::new(K::TOOL)));
        with_about(command, K::ABOUT)
    }

    fn command_for_update() -> clap::Command {
        Self::command()
    }
}

impl<K: OperatorKind> FromArgMatches for OperatorTool<K> {
    fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
        Ok(OperatorTool { kind: K::from_arg_matches(matches)?, stage: StageArgs::from_arg_matches(matches)? })
    }

    fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<K: OperatorKind> Parser for OperatorTool<K> {}

impl<K: OperatorKind> Tool for OperatorTool<K> {
    const NAME: &'static str = K::TOOL;
    const EXAMPLES: &'static str = K::EXAMPLES;
    const OF_RUNNING: &'static [&'static str] = K::OF_RUNNING;

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn has_state(&self) -> bool {
        self.kind.has_state()
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.stage.input.cut)
    }

    fn writes_stream(&self) -> bool {
        self.kind.is_stage()
    }

    fn account(&self, _: &mut Stream) -> Account {
        match self.kind.account() {
            Ok(does) => Account { does, ..Account::default() },
            Err(error) => Account::mistake(error),
        }
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        if !self.kind.is_stage() {
            return self.kind.run_alone();
        }
        let saved = self.kind.saved();
        let stop = stop_rules(&self.stage.input.cut, environment);
        let parts = OperatorParts { console: environment.console.clone(), environment, stop };
        let mut operator = self.kind.open(&parts)?;
        run_stage_saved(operator.as_mut(), &self.stage, saved, environment)
    }
}
