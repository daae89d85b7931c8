//! The command line: options, help, exit codes, and the way from parsed options
//! to running objects. Man pages and completions are made from these
//! definitions too.
//!
//! Parsing gives plain data, which [`Tool::run`] checks and makes objects of, so
//! that a wrong option opens no file.

// Doc comments in here are help texts too, where [key,value] is no link and <name> no tag.
#![allow(rustdoc::broken_intra_doc_links, rustdoc::invalid_html_tags)]

pub mod agg;
pub mod args;
pub mod checkpoint;
pub mod command;
mod describe;
pub mod filter;
pub mod first;
pub mod flatmap;
pub mod front;
pub mod function;
pub mod input;
pub mod join;
pub mod kafka;
pub mod map;
pub mod output;
pub mod reduce;
pub mod run;
pub mod sides;
pub mod sink;
pub mod source;
pub mod state;
pub mod table;
pub mod tools;
pub mod top;
pub mod transform;
pub mod ui;
pub mod union;
mod usage;
mod watch;
pub mod window;

use std::cell::RefCell;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use std::sync::Arc;

use crate::checkpoint::storage::Disk;
use crate::clock::SystemClock;
use crate::console::Console;
use crate::error::{Exit, Failure};
use crate::frame::Close;
use crate::kafka::KafkaError;
use crate::monitor::watch::Watch;
use crate::op::Operator;
use crate::run::RunError;
use crate::signal::{self, StopSignal};
use crate::source::SourceError;
use crate::stage::{self, BadRecords, CheckpointOptions, Context, OutletError, StageError, Waited};
use args::{Common, Messages, OutputForm, StageArgs, StateArgs};

/// A tool of the family: its options, and what it does with them.
pub trait Tool: clap::Parser {
    /// The binary's name.
    const NAME: &'static str;

    /// Examples, with which the help begins.
    const EXAMPLES: &'static str;

    /// What its subcommands are called, if it has some.
    const SUBCOMMAND: &'static str = "KIND";

    /// Whether the tool may write frames to stdout, and so tells wrong usage to
    /// the stage behind it.
    const IS_STAGE: bool = true;

    /// Whether the tool takes care of signals itself.
    const TAKES_SIGNALS: bool = false;

    /// The options that every stage has; [`Common::NONE`] for other tools.
    fn common(&self) -> &Common;

    /// How much the tool says.
    fn messages(&self) -> &Messages {
        &self.common().messages
    }

    /// Whether the tool writes frames unless it is told otherwise, and so tells
    /// its failure to the stage behind it.
    fn writes_stream(&self) -> bool {
        Self::IS_STAGE
    }

    /// Does the work.
    fn run(self, environment: &Environment) -> Result<(), ToolError>;
}

/// What a running tool has around it.
pub struct Environment {
    /// For messages.
    pub console: Console,
    /// The time.
    pub clock: SystemClock,
    /// Signals.
    pub stop: StopSignal,
    /// Waiting on pipes.
    pub waited: Waited,
    /// The command line, as it is told in the head: `filter ERROR`.
    pub description: String,
    /// The same without the options that say nothing of what is computed: what
    /// a checkpoint knows the stage by.
    pub identity: String,
    /// Who will watch the stage.
    pub watch: RefCell<Watch>,
}

impl Environment {
    /// The stage's name in traces: the tool without `sstream-`.
    pub fn stage_name(&self) -> String {
        self.console.tool().trim_start_matches("sstream-").to_owned()
    }
}

/// Why a tool ends otherwise than well.
#[derive(Debug)]
pub enum ToolError {
    /// The options do not fit together, or do not fit the input.
    Usage(String),
    /// There is nothing to read but what a person might type.
    Terminal {
        /// The tool's name.
        tool: &'static str,
    },
    /// Something that is to be read or written cannot be opened.
    Open {
        /// What.
        what: String,
        /// What the system said.
        error: io::Error,
    },
    /// The source cannot be opened, or the input not told to be framed or raw.
    Input(SourceError),
    /// A command that works for the tool cannot be started.
    Command {
        /// The command and what it did.
        message: String,
        /// How to exit.
        exit: Exit,
    },
    /// Kafka is not to be had with these options.
    Kafka(KafkaError),
    /// The checkpoint cannot be looked into or changed.
    Checkpoint(crate::checkpoint::Error),
    /// The stage failed while it ran.
    Stage(StageError),
    /// All that the run before had begun to close is closed; the tool is to be started again.
    Restart,
    /// The pipeline failed that the tool runs.
    Pipeline(RunError),
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ToolError::Usage(message) | ToolError::Command { message, .. } => f.write_str(message),
            ToolError::Terminal { tool } => write!(
                f,
                "stdin is a terminal: pipe a stream or lines in, or type lines with --input text: see {tool} --help"
            ),
            ToolError::Open { what, error } => write!(f, "{what}: {}", stage::describe(error)),
            ToolError::Input(error) => error.fmt(f),
            ToolError::Kafka(error) => error.fmt(f),
            ToolError::Checkpoint(error) => error.fmt(f),
            ToolError::Stage(error) => error.fmt(f),
            ToolError::Restart => f.write_str(
                "checkpoint: the run before was cut off while it closed, and what was left of that is done now: start \
                 again to go on",
            ),
            ToolError::Pipeline(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ToolError {}

impl Failure for ToolError {
    fn exit(&self) -> Exit {
        match self {
            ToolError::Usage(_) | ToolError::Terminal { .. } => Exit::Usage,
            ToolError::Open { .. } | ToolError::Restart => Exit::World,
            ToolError::Input(error) => error.exit(),
            ToolError::Kafka(error) => error.exit(),
            ToolError::Checkpoint(error) => error.exit(),
            ToolError::Command { exit, .. } => *exit,
            ToolError::Stage(error) => error.exit(),
            ToolError::Pipeline(error) => Exit::from_code(error.code().into()),
        }
    }
}

impl From<SourceError> for ToolError {
    fn from(error: SourceError) -> Self {
        ToolError::Input(error)
    }
}

impl From<KafkaError> for ToolError {
    fn from(error: KafkaError) -> Self {
        ToolError::Kafka(error)
    }
}

impl From<crate::checkpoint::Error> for ToolError {
    fn from(error: crate::checkpoint::Error) -> Self {
        ToolError::Checkpoint(error)
    }
}

impl From<RunError> for ToolError {
    fn from(error: RunError) -> Self {
        ToolError::Pipeline(error)
    }
}

impl From<StageError> for ToolError {
    fn from(error: StageError) -> Self {
        ToolError::Stage(error)
    }
}

/// The definition of a tool's command line, with examples and exit codes.
pub fn command<T: Tool>() -> clap::Command {
    let command = T::command()
        .name(T::NAME)
        .bin_name(T::NAME)
        .version(env!("CARGO_PKG_VERSION"))
        .before_long_help(format!("Examples:\n{}", T::EXAMPLES.trim_end()))
        .after_help(format!("{} --help says more, and has examples.", T::NAME))
        .after_long_help(format!("Exit codes: {}\nMore in {}(1).", Exit::SUMMARY, T::NAME))
        .help_template("{before-help}{about-with-newline}\n{usage-heading} {usage}\n\n{all-args}{after-help}")
        .max_term_width(100);
    if !command.has_subcommands() {
        return command;
    }
    let command = command.subcommand_value_name(T::SUBCOMMAND).disable_help_subcommand(true);
    if T::SUBCOMMAND != "KIND" {
        return command;
    }
    // `sstream-source KIND --batch 1s` is as good as `--batch 1s KIND`.
    command
        .subcommand_help_heading("Kinds")
        .mut_args(|argument| if argument.is_positional() { argument } else { argument.global(true) })
}

/// The main function of every tool.
pub fn main<T: Tool>() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let parsed = command::<T>().try_get_matches_from(&arguments).and_then(|matches| T::from_arg_matches(&matches));
    let tool = match parsed {
        Ok(tool) => tool,
        Err(error) => return wrong_usage::<T>(&error, &arguments),
    };
    let console = Console::new(T::NAME, tool.messages().level());
    set_panic_hook(console.clone());
    let writes_frames = tool.writes_stream() && matches!(tool.common().output, None | Some(OutputForm::Frames));
    let stop = match T::TAKES_SIGNALS {
        true => StopSignal::manual().map(|(stop, _)| stop),
        false => StopSignal::install(),
    };
    let result = match stop {
        Ok(stop) => {
            let environment = Environment {
                console: console.clone(),
                clock: SystemClock::new(),
                stop,
                waited: Waited::default(),
                description: describe::description::<T>(&arguments),
                identity: describe::identity::<T>(&arguments),
                watch: RefCell::new(Watch::nobody(console.clone())),
            };
            watch::open(&tool.common().watch, &environment).and_then(|()| tool.run(&environment))
        }
        Err(error) => Err(ToolError::Open { what: "signals: cannot set the handlers".to_owned(), error }),
    };
    match result {
        Ok(()) => Exit::Done.code().into(),
        Err(ToolError::Stage(StageError::Outlet(OutletError::ReaderGone))) => signal::die_of_broken_pipe(),
        Err(ToolError::Stage(error @ StageError::Upstream { .. })) => error.exit().code().into(),
        // Whoever runs it sees what it would see of the pipeline itself.
        Err(ToolError::Pipeline(error)) => {
            if !matches!(error, RunError::ReaderGone) {
                console.error(&error.to_string());
            }
            error.code().into()
        }
        Err(error) => {
            if let ToolError::Terminal { .. } = error {
                show_short_help::<T>();
            }
            console.error(&error.to_string());
            // A stage that had begun has told the next one already.
            if writes_frames && !matches!(error, ToolError::Stage(_) | ToolError::Restart) {
                tell_next_stage(error.exit(), &format!("{}: {error}", T::NAME));
            }
            error.exit().code().into()
        }
    }
}

/// Runs an operator between standard input and output.
pub fn run_stage(
    operator: &mut dyn Operator,
    arguments: &StageArgs,
    environment: &Environment,
) -> Result<(), ToolError> {
    run_stage_saved(operator, arguments, StateArgs { checkpoint_every: None }, environment)
}

/// The same for an operator with state.
pub fn run_stage_saved(
    operator: &mut dyn Operator,
    arguments: &StageArgs,
    state: StateArgs,
    environment: &Environment,
) -> Result<(), ToolError> {
    let bad_records = BadRecords::new(environment.description.clone(), arguments.input.on_error());
    let mut context = context(environment, bad_records, &arguments.common);
    context.checkpoint.every_ms = state.checkpoint_every.unwrap_or(0);
    let mut input = input::open(&arguments.input, environment, &context.bad_records)?;
    let mut outlet = output::open(arguments.common.output, environment)?;
    let result = stage::run(input.as_mut(), operator, outlet.as_mut(), &context);
    tell_skipped(&context, environment);
    end(result, input.must_restart())
}

/// How a tool ends whose stage has ended like this.
pub fn end(result: Result<(), StageError>, must_restart: bool) -> Result<(), ToolError> {
    result?;
    if must_restart { Err(ToolError::Restart) } else { Ok(()) }
}

/// The stage's context.
pub fn context<'e>(environment: &'e Environment, bad_records: BadRecords, common: &Common) -> Context<'e> {
    Context {
        description: environment.description.clone(),
        name: environment.stage_name(),
        clock: &environment.clock,
        waited: environment.waited.clone(),
        bad_records,
        watch: RefCell::new(environment.watch.replace(Watch::nobody(environment.console.clone()))),
        checkpoint: CheckpointOptions {
            storage: Arc::new(Disk),
            name: common.part.stage_name.clone(),
            tool: environment.stage_name(),
            arguments: environment.identity.clone(),
            every_ms: 0,
            new: common.part.new,
            console: environment.console.clone(),
            stop: environment.stop.clone(),
        },
    }
}

/// Says how many bad records were left out.
pub fn tell_skipped(context: &Context<'_>, environment: &Environment) {
    let skipped = context.bad_records.total();
    if skipped > 0 && !context.bad_records.is_fatal() {
        let were = if skipped == 1 { "bad record was" } else { "bad records were" };
        environment.console.warn(&format!("{skipped} {were} set aside, as --on-error says"));
    }
}

/// Help and version are no errors; anything else is told as every other error
/// is, and the next stage is told too.
fn wrong_usage<T: Tool>(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    if !error.use_stderr() {
        return match error.print() {
            Ok(()) => Exit::Done.code().into(),
            Err(_) => Exit::World.code().into(),
        };
    }
    let message = usage::explain(error, T::NAME);
    Console::new(T::NAME, crate::console::Level::Error).error(&message);
    if T::IS_STAGE && seems_to_write_frames::<T>(arguments) {
        tell_next_stage(Exit::Usage, &format!("{}: {message}", T::NAME));
    }
    Exit::Usage.code().into()
}

/// Whether a command line that cannot be parsed asks for frames.
fn seems_to_write_frames<T: Tool>(arguments: &[OsString]) -> bool {
    let mut is_stream = T::NAME != "sstream-sink";
    let mut words = arguments.iter().map(|argument| argument.to_string_lossy());
    while let Some(word) = words.next() {
        let form = match word.strip_prefix("--output") {
            Some("") => words.next(),
            Some(value) => value.strip_prefix('=').map(|form| form.to_owned().into()),
            None => None,
        };
        if form.is_some_and(|form| ["print", "text", "json"].contains(&&*form)) {
            return false;
        }
        is_stream |= word == "--pass";
    }
    is_stream
}

/// Somebody has started a tool to see what it does.
fn show_short_help<T: Tool>() {
    let usage = command::<T>().render_usage();
    let help = format!("Examples:\n{}\n\n{usage}\n", T::EXAMPLES.trim_end());
    // Without stderr there is nobody to read it.
    let _ = io::Write::write_all(&mut io::stderr(), help.as_bytes());
}

/// A tool that fails before its head writes one line in its place.
fn tell_next_stage(exit: Exit, message: &str) {
    if io::stdout().is_terminal() {
        return;
    }
    let mut line = Vec::new();
    Close::error(exit, message).write(&mut line, true);
    // If there is nobody to read it, there is nobody to tell.
    let _ = io::Write::write_all(&mut io::stdout(), &line);
    let _ = io::Write::flush(&mut io::stdout());
}

/// A panic is a bug; users get a sentence and no trace.
fn set_panic_hook(console: Console) {
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        let what = info.payload_as_str().unwrap_or("a panic");
        console.error(&format!("internal error at {place}: {what}: please report this, with the command line"));
    }));
}
