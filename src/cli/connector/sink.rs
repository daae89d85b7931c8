//! `sstream-sink-KIND`: a sink made of what its kind says.

use std::fmt;

use clap::{Args, CommandFactory, FromArgMatches, Parser};

use super::known::Role;
use super::with_about;
use crate::cli::account::{Account, Stream};
use crate::cli::args::{Common, StageArgs};
use crate::cli::cluster::SinkOnCluster;
use crate::cli::guarantee::{self, SinkGuarantee};
use crate::cli::{Environment, Tool, ToolError, input, output, tell_skipped};
use crate::console::Console;
use crate::flow::{BadRecords, Waited};
use crate::op::pass::Pass;
use crate::signal::StopSignal;
use crate::sink::Sink;
use crate::stage;

/// A kind of sink: its options (this type, by clap), and what it says of itself once for
/// its help, `sstream explain` and the manual.
pub trait SinkKind: Args + fmt::Debug + 'static {
    /// The program, `sstream-sink-KIND`.
    const TOOL: &'static str;

    /// What it is: a line for lists; behind an empty line more, for its help.
    const ABOUT: &'static str;

    /// Examples, a line each, indented by two spaces.
    const EXAMPLES: &'static str;

    /// What it does with a batch, in a line for `sstream explain`.
    const DOES: &'static str;

    /// Options that do not go together; what is wrong with them, and what to do.
    ///
    /// # Errors
    /// The message of a wrong usage (exit 2).
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// What holds for its records under a checkpoint.
    fn guarantee(&self) -> SinkGuarantee;

    /// Where it is on a Spark cluster, by `sstream-submit`.
    fn on_cluster(&self) -> SinkOnCluster {
        SinkOnCluster::Driver("it does not say whether it may run on several machines".to_owned())
    }

    /// Makes the sink. The options are checked.
    ///
    /// # Errors
    /// What keeps it from being made; what may pass by itself is waited for instead,
    /// when there is something to send.
    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError>;
}

/// What a sink has around it.
#[derive(Clone, Debug)]
pub struct SinkParts<'a> {
    /// For what a careful person wants to know.
    pub console: Console,
    /// The stage is asked to stop; a sink drains all the same, until its close.
    pub stop: StopSignal,
    /// Counts the time that the world is waited for.
    pub waited: Waited,
    /// What becomes of records that the sink's world refuses.
    pub bad_records: &'a BadRecords,
}

/// A sink as a tool.
#[derive(Debug)]
pub struct SinkTool<K: SinkKind> {
    pub(super) kind: K,
    pub(super) rest: Rest,
}

/// What every sink has.
#[derive(Args, Debug)]
pub(super) struct Rest {
    /// Hand the stream on, each batch's end after the sink is done with it
    #[arg(long)]
    pub(super) pass: bool,

    #[command(flatten)]
    pub(super) stage: StageArgs,
}

impl<K: SinkKind> CommandFactory for SinkTool<K> {
    fn command() -> clap::Command {
        let command = Rest::augment_args(K::augment_args(clap::Command::new(K::TOOL)));
        with_about(command, K::ABOUT)
    }

    fn command_for_update() -> clap::Command {
        Self::command()
    }
}

impl<K: SinkKind> FromArgMatches for SinkTool<K> {
    fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
        Ok(SinkTool { kind: K::from_arg_matches(matches)?, rest: Rest::from_arg_matches(matches)? })
    }

    fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<K: SinkKind> Parser for SinkTool<K> {}

impl<K: SinkKind> Tool for SinkTool<K> {
    const NAME: &'static str = K::TOOL;
    const EXAMPLES: &'static str = K::EXAMPLES;
    const ENDS: bool = true;

    fn common(&self) -> &Common {
        &self.rest.stage.common
    }

    fn writes_stream(&self) -> bool {
        self.rest.pass
    }

    fn account(&self, stream: &mut Stream) -> Account {
        let told = stream.kept.as_ref().and_then(|kept| guarantee::of_sink(kept, Some(&self.kind.guarantee())));
        Account { ends: !self.rest.pass, ..Account::does(K::DOES).and(told) }
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        self.kind.check().map_err(ToolError::Usage)?;
        let name = Role::of(K::TOOL).map_or(K::TOOL, |(_, kind)| kind);
        let SinkTool { kind, rest } = self;
        let (console, stop, waited) =
            (environment.console.clone(), environment.stop.clone(), environment.waited.clone());
        let open: Open<'_> = Box::new(|bad_records| kind.open(SinkParts { console, stop, waited, bad_records }));
        run_sink(name, rest.pass, &rest.stage, environment, open)
    }
}

/// Makes the sink; bad records go where it is told.
type Open<'o> = Box<dyn for<'b> FnOnce(&'b BadRecords) -> Result<Box<dyn Sink + 'b>, ToolError> + 'o>;

/// Runs a stage whose output is a sink; `name` is what it is called in a checkpoint, behind
/// its number.
pub(in crate::cli) fn run_sink(
    name: &str,
    pass: bool,
    arguments: &StageArgs,
    environment: &Environment,
    open: Open<'_>,
) -> Result<(), ToolError> {
    if arguments.common.output.is_some() && !pass {
        return Err(ToolError::Usage(
            "--output is the form of the stream that --pass hands on; the KIND says what a sink writes".to_owned(),
        ));
    }
    let bad_records = crate::cli::bad_records(arguments.input.on_error(), environment)?;
    let mut context = crate::cli::context(environment, bad_records, &arguments.common);
    context.checkpoint.tool = name.to_owned();
    let sink = open(&context.bad_records)?;
    let mut outlet = match pass {
        true => output::open_behind(sink, arguments.common.output, environment)?,
        false => output::open_sink(sink, environment),
    };
    let mut input = input::open(&arguments.input, environment, &context.bad_records)?;
    let result = stage::run(input.as_mut(), &mut Pass, outlet.as_mut(), &context);
    tell_skipped(&context, environment);
    crate::cli::end(result, input.must_restart())
}
