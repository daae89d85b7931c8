//! The command line: options, help, exit codes, and the way from parsed options
//! to running objects. Man pages and completions are made from these
//! definitions too.
//!
//! Parsing gives plain data, which [`Tool::run`] checks and makes objects of, so
//! that a wrong option opens no file.

// Doc comments in here are help texts too, where [key,value] is no link and <name> no tag.
#![allow(rustdoc::broken_intra_doc_links, rustdoc::invalid_html_tags)]

pub mod account;
pub mod agg;
pub mod alert;
pub mod args;
pub mod checkpoint;
pub mod cluster;
pub mod command;
pub mod config;
pub mod connector;
pub mod dedup;
pub(crate) mod describe;
pub mod described;
pub mod docs;
mod error;
pub mod filter;
pub mod first;
pub mod flatmap;
pub mod front;
pub mod function;
pub mod guarantee;
pub mod input;
pub mod join;
pub mod learn;
pub mod map;
pub mod matching;
pub mod nearest;
pub mod output;
pub mod parse;
mod process;
pub mod program;
pub mod reduce;
pub mod restart;
pub mod run;
pub mod sample;
pub mod saved;
pub mod sides;
pub mod sink;
pub mod source;
pub mod state;
pub mod submit;
pub mod table;
pub mod tools;
pub mod top;
pub mod transform;
pub mod ui;
pub mod union;
mod usage;
mod watch;
pub mod window;

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::rc::Rc;
use std::sync::Arc;

pub use error::ToolError;
pub use process::main;

use crate::checkpoint::storage::Disk;
use crate::clock::SystemClock;
use crate::console::Console;
use crate::error::Exit;
use crate::flow::{BadRecords, OnError, Waited};
use crate::monitor::watch::Watch;
use crate::op::{Operator, Out};
use crate::signal::StopSignal;
use crate::stage::{self, CheckpointOptions, Context, StageError};
use account::{Account, Begins, Stream};
use args::{Common, CutArgs, InputForm, Messages, StageArgs, StateArgs};
use cluster::Spread;
use connector::found;
use connector::known::{self, Role};
use first::SourceIdentity;
use saved::Saved;

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

    /// Whether it ends a pipeline, and writes a stream only with `--pass`.
    const ENDS: bool = false;

    /// Whether it reads several streams, each of which may stand in `<(…)`.
    const HAS_SIDES: bool = false;

    /// The kinds of connectors that it becomes, if it does.
    const CONNECTORS: Option<Role> = None;

    /// Its kind that names files, if it has one: where these are URLs a connector has it.
    const KIND_OF_FILES: Option<&'static str> = None;

    /// Options of its own that say nothing of what it computes, as those of
    /// [`args::OF_RUNNING`] do: a restart under a checkpoint may have others.
    const OF_RUNNING: &'static [&'static str] = &[];

    /// Whether it goes by times that records have: `--time-zone` is of these, too.
    const HAS_TIMES: bool = false;

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

    /// Becomes another program, where the command line asks for one: before anything
    /// is opened, and before signals are taken care of. Comes back if it does not.
    fn become_other(&self) -> Result<(), ToolError> {
        match (Self::CONNECTORS, self.elsewhere()) {
            (Some(role), Some(words)) => found::become_it(role, words),
            _ => Ok(()),
        }
    }

    /// What of the command line is a connector's: the kind, and all behind it.
    fn elsewhere(&self) -> Option<&[OsString]> {
        None
    }

    /// How raw input becomes batches, where it may.
    fn cut(&self) -> Option<&CutArgs> {
        None
    }

    /// How it begins a stream, if it always does.
    fn begins(&self) -> Option<Begins> {
        None
    }

    /// What it is to a checkpoint as a first stage; `form` is what `--input` says. Lines that come in by a
    /// pipe, unless it says otherwise.
    ///
    /// # Errors
    /// It cannot be told: an option is wrong, or what it names is not there.
    fn source(&self, form: Option<InputForm>) -> Result<SourceIdentity, ToolError> {
        let cut = self.cut().ok_or_else(|| ToolError::Usage("begins no stream".to_owned()))?;
        let form = form.unwrap_or(InputForm::Text);
        Ok(SourceIdentity::of_lines("stdin", "stdin", form, cut, cut.interval()?))
    }

    /// Whether it has state that a checkpoint keeps.
    fn has_state(&self) -> bool {
        false
    }

    /// Gives the records of a state that a checkpoint has of it, in the state's order. Nothing is started for that.
    ///
    /// # Errors
    /// The state is not there, or damaged; or with these options the tool has none.
    fn show_state(&self, saved: Saved<'_>, out: &mut Out<'_>) -> Result<(), ToolError> {
        let _ = (saved, out);
        Err(ToolError::Usage(format!("{} has no state", Self::NAME)))
    }

    /// Of a sink, what it is called in a checkpoint, and whether nothing comes after it.
    fn sink(&self) -> Option<(String, bool)> {
        None
    }

    /// Whether it reads a stream from standard input.
    fn reads_stdin(&self) -> bool {
        Self::IS_STAGE
    }

    /// What it would do with a stream, in words; the stream becomes the one that comes out.
    fn account(&self, stream: &mut Stream) -> Account {
        let _ = stream;
        Account::ends("passes no stream on")
    }

    /// What of it runs where on a cluster, for `sstream-submit`.
    fn spread(&self) -> Spread {
        Spread::Refused(format!("{} is no stage of a stream that a cluster could run", Self::NAME))
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
    /// Whether records have times, which `--time-zone` may be of: see [`Tool::HAS_TIMES`].
    pub has_times: bool,
    /// Whether the next stage has the first bytes of a stream already.
    pub is_announced: Rc<Cell<bool>>,
}

impl Environment {
    /// The stage's name in traces: the tool without `sstream-`, and a connector's
    /// without its kind.
    pub fn stage_name(&self) -> String {
        let tool = self.console.tool();
        match Role::of(tool) {
            Some((Role::Source, _)) => "source".to_owned(),
            Some((Role::Sink, _)) => "sink".to_owned(),
            Some((Role::Operator, name)) => name.to_owned(),
            None => tool.to_owned(),
        }
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
    let connectors: String =
        T::CONNECTORS.into_iter().flat_map(known::kinds).map(|(kind, about)| format!("\n  {kind}  {about}")).collect();
    let after = format!(
        "Connectors, programs of their own ({} KIND --help says more):{connectors}\n\nExit codes: {}\nMore in {}(1).",
        T::NAME,
        Exit::SUMMARY,
        T::NAME
    );
    let command = if connectors.is_empty() { command } else { command.after_long_help(after) };
    // `sstream-source KIND --batch 1s` is as good as `--batch 1s KIND`.
    command
        .subcommand_help_heading("Kinds")
        .mut_args(|argument| if argument.is_positional() { argument } else { argument.global(true) })
}

/// Runs an operator between standard input and output.
pub fn run_stage(
    operator: &mut dyn Operator,
    arguments: &StageArgs,
    environment: &Environment,
) -> Result<(), ToolError> {
    run_stage_saved(operator, arguments, StateArgs::default(), environment)
}

/// The same for an operator with state.
pub fn run_stage_saved(
    operator: &mut dyn Operator,
    arguments: &StageArgs,
    state: StateArgs,
    environment: &Environment,
) -> Result<(), ToolError> {
    run_stage_timed(operator, arguments, state, OnError::Skip, environment)
}

/// The same for an operator of event time, with what becomes of `late` records.
pub fn run_stage_timed(
    operator: &mut dyn Operator,
    arguments: &StageArgs,
    state: StateArgs,
    late: OnError,
    environment: &Environment,
) -> Result<(), ToolError> {
    let bad_records = bad_records(arguments.input.on_error(), environment)?;
    let mut context = context(environment, bad_records, &arguments.common);
    state.tell(&mut context.checkpoint);
    context.late_records = BadRecords::late(environment.description.clone(), late);
    // First the output, so that a reader who goes is noticed while the input is waited for.
    let mut outlet = output::open(arguments.common.output, environment)?;
    let mut input = input::open(&arguments.input, environment, &context.bad_records)?;
    let result = stage::run(input.as_mut(), operator, outlet.as_mut(), &context);
    tell_skipped(&context, environment);
    end(result, input.must_restart())
}

/// How a tool ends whose stage has ended like this.
pub fn end(result: Result<(), StageError>, must_restart: bool) -> Result<(), ToolError> {
    result?;
    if must_restart { Err(ToolError::Restart) } else { Ok(()) }
}

/// What becomes of bad records. A file for them that cannot be written is told now, not
/// when the first one comes.
pub fn bad_records(choice: OnError, environment: &Environment) -> Result<BadRecords, ToolError> {
    choice.check().map_err(|(path, error)| ToolError::Open {
        what: format!("--on-error {}: cannot be written", path.display()),
        error,
    })?;
    Ok(BadRecords::new(environment.description.clone(), choice))
}

/// The stage's context.
pub fn context<'e>(environment: &'e Environment, bad_records: BadRecords, common: &Common) -> Context<'e> {
    Context {
        description: environment.description.clone(),
        name: environment.stage_name(),
        clock: &environment.clock,
        waited: environment.waited.clone(),
        bad_records,
        late_records: BadRecords::late(environment.description.clone(), OnError::Skip),
        max_memory: common.max_memory.map(|bytes| bytes as u64),
        checkpoint: CheckpointOptions {
            storage: Arc::new(Disk),
            name: common.part.stage_name.clone(),
            tool: environment.stage_name(),
            arguments: environment.identity.clone(),
            every_ms: 0,
            new: common.part.new,
            carry: None,
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
    let late = context.late_records.total();
    if late > 0 && !context.late_records.is_fatal() {
        let were = if late == 1 { "late record was" } else { "late records were" };
        environment.console.warn(&format!("{late} {were} set aside, as --late says"));
    }
}
