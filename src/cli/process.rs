//! The process of a tool, from its arguments to its exit code: the only place that
//! ends it.

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use std::rc::Rc;

use super::args::OutputForm;
use super::{Environment, Tool, ToolError, command, config, describe, usage, watch};
use crate::clock::SystemClock;
use crate::console::{Console, Level};
use crate::error::{Exit, Failure as _};
use crate::flow::{OutletError, Waited};
use crate::frame::{Close, MAGIC};
use crate::monitor::watch::Watch;
use crate::os;
use crate::run::RunError;
use crate::signal::{self, StopSignal};
use crate::stage::StageError;

/// The main function of every tool.
pub fn main<T: Tool>() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let command = command::<T>();
    let expanded = match config::expand(&command, arguments.clone()) {
        Ok(expanded) => expanded,
        Err(message) => return refuse::<T>(&message, &arguments),
    };
    let arguments = &expanded.words;
    let parsed = command.try_get_matches_from(arguments).and_then(|matches| T::from_arg_matches(&matches));
    let tool = match parsed {
        Ok(tool) => tool,
        Err(error) => return wrong_usage::<T>(&error, &expanded),
    };
    let console = Console::new(T::NAME, tool.messages().level());
    set_panic_hook(console.clone());
    let writes_frames = tool.writes_stream() && matches!(tool.common().output, None | Some(OutputForm::Frames));
    let is_announced = Rc::new(Cell::new(false));
    let result = tool.become_other().and_then(|()| work(tool, &console, arguments, is_announced.clone()));
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
                tell_next_stage(error.exit(), &format!("{}: {error}", T::NAME), is_announced.get());
            }
            error.exit().code().into()
        }
    }
}

/// Runs the tool with all that it has around it.
fn work<T: Tool>(
    tool: T,
    console: &Console,
    arguments: &[OsString],
    is_announced: Rc<Cell<bool>>,
) -> Result<(), ToolError> {
    let stop = match T::TAKES_SIGNALS {
        true => StopSignal::manual().map(|(stop, _)| stop),
        false => StopSignal::install(),
    };
    let environment = Environment {
        console: console.clone(),
        clock: SystemClock::new(),
        stop: stop.map_err(|error| ToolError::Open { what: "signals: cannot set the handlers".to_owned(), error })?,
        waited: Waited::default(),
        description: describe::description::<T>(arguments),
        identity: describe::identity::<T>(arguments),
        watch: RefCell::new(Watch::nobody(console.clone())),
        is_announced,
    };
    watch::open(&tool.common().watch, &environment)?;
    tool.run(&environment)
}

/// Help and version are no errors; anything else is told as every other error
/// is, and the next stage is told too.
fn wrong_usage<T: Tool>(error: &clap::Error, expanded: &config::Expanded) -> ExitCode {
    if !error.use_stderr() {
        return match os::stdout().and_then(|_| error.print()) {
            Ok(()) => Exit::Done.code().into(),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => signal::die_of_broken_pipe(),
            Err(error) => {
                let error = ToolError::Open { what: "stdout".to_owned(), error };
                Console::new(T::NAME, Level::Error).error(&error.to_string());
                error.exit().code().into()
            }
        };
    }
    refuse::<T>(&expanded.with_place(usage::explain(error, T::NAME)), &expanded.words)
}

/// A command line that is wrong: told to people, and to the next stage if there is one.
fn refuse<T: Tool>(message: &str, arguments: &[OsString]) -> ExitCode {
    Console::new(T::NAME, Level::Error).error(message);
    if T::IS_STAGE && seems_to_write_frames::<T>(arguments) {
        tell_next_stage(Exit::Usage, &format!("{}: {message}", T::NAME), false);
    }
    Exit::Usage.code().into()
}

/// Whether a command line that cannot be parsed asks for frames.
fn seems_to_write_frames<T: Tool>(arguments: &[OsString]) -> bool {
    let mut is_stream = !T::ENDS;
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

/// A tool that fails before its head writes one line in its place, or the rest of it.
fn tell_next_stage(exit: Exit, message: &str, is_announced: bool) {
    if io::stdout().is_terminal() {
        return;
    }
    let mut line = Vec::new();
    Close::error(exit, message).write(&mut line, true);
    // If there is nobody to read it, there is nobody to tell.
    let rest = if is_announced { &line[MAGIC.len()..] } else { &line[..] };
    let _ = io::Write::write_all(&mut io::stdout(), rest);
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
