//! The process of a tool, from its arguments to its exit code: the only place that
//! ends it.

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use std::rc::Rc;

use super::args::OutputForm;
use super::connector::remote;
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
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let mut command = command::<T>();
    if let Some(place) = remote::place(&command, T::KIND_OF_FILES, &arguments) {
        arguments[place] = remote::KIND.into();
    }
    let expanded = match config::expand(&command, arguments.clone()) {
        Ok(expanded) => expanded,
        Err(message) => return refuse::<T>(&message, &arguments),
    };
    let arguments = &expanded.words;
    let tool = match parse::<T>(&mut command, arguments) {
        Ok(tool) => tool,
        Err(error) => return wrong_usage::<T>(&error, &expanded),
    };
    let identity = describe::identity::<T>(&command, arguments);
    drop(command);
    let console = Console::new(T::NAME, tool.messages().level());
    set_panic_hook(console.clone());
    let writes_frames = tool.writes_stream() && matches!(tool.common().output, None | Some(OutputForm::Frames));
    let is_announced = Rc::new(Cell::new(false));
    let result = tool.become_other().and_then(|()| work(tool, &console, arguments, identity, is_announced.clone()));
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

/// Reads a command line, by the definition of one kind alone where that will do: what all kinds share is copied into
/// each before anything is read, which would be most of what a start costs.
fn parse<T: Tool>(command: &mut clap::Command, arguments: &[OsString]) -> Result<T, clap::Error> {
    let read = |command: &mut clap::Command| {
        command.try_get_matches_from_mut(arguments).and_then(|matches| T::from_arg_matches(&matches))
    };
    match command.has_subcommands().then(|| read(&mut of_named::<T>(command, arguments))) {
        Some(Ok(tool)) => Ok(tool),
        // Help, and what is wrong, are told by the whole definition.
        Some(Err(_)) | None => read(command),
    }
}

/// The definition with those kinds only that are among the words: what it accepts, the whole one accepts and reads
/// the same, as a kind that is no word was not chosen.
fn of_named<T: Tool>(command: &clap::Command, words: &[OsString]) -> clap::Command {
    let is_named = |kind: &&clap::Command| words.iter().any(|word| word == kind.get_name());
    clap::Command::new(T::NAME)
        .args(command.get_arguments())
        .groups(command.get_groups())
        .subcommands(command.get_subcommands().filter(is_named))
        .allow_external_subcommands(command.is_allow_external_subcommands_set())
        .arg_required_else_help(command.is_arg_required_else_help_set())
        .subcommand_required(command.is_subcommand_required_set())
        .disable_help_subcommand(true)
}

/// Runs the tool with all that it has around it.
fn work<T: Tool>(
    tool: T,
    console: &Console,
    arguments: &[OsString],
    identity: String,
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
        identity,
        watch: RefCell::new(Watch::nobody(console.clone())),
        has_times: T::HAS_TIMES,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::checkpoint::CheckpointTool;
    use crate::cli::front::FrontTool;
    use crate::cli::learn::LearnTool;
    use crate::cli::sink::SinkTool;
    use crate::cli::source::SourceTool;

    /// Reads a line by the kinds that it names, and by the whole definition.
    fn both<T: Tool + std::fmt::Debug>(line: &str) -> [Result<String, String>; 2] {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let told = |parsed: Result<T, clap::Error>| match parsed {
            Ok(tool) => Ok(format!("{tool:?}")),
            Err(error) => Err(format!("{}\n{}", error, usage::explain(&error, T::NAME))),
        };
        let whole = command::<T>().try_get_matches_from(&words).and_then(|matches| T::from_arg_matches(&matches));
        [told(parse::<T>(&mut command::<T>(), &words)), told(whole)]
    }

    #[test]
    fn what_the_kinds_of_a_line_accept_is_read_as_all_of_them_read_it() {
        for line in [
            "sstream-source stdin --batch 2s --unpack",
            "sstream-source --batch 2s --output frames tcp localhost:9999",
            "sstream-source --stage-name tcp stdin",
            "sstream-source --stage-name tcp listn 9999",
            "sstream-source tail tail queue",
            "sstream-source exec sh --unpack -- tcp",
            "sstream-source kafka --topic stdin",
            "sstream-source",
            "sstream-source --help",
            "sstream-source tcp -h",
            "sstream-source tcp",
            "sstream-source tcp localhost:9 --unpack",
            "sstream-source stdin --bach 1s",
            "sstream-source --version",
            "sstream-source help",
        ] {
            let [named, whole] = both::<SourceTool>(line);
            assert_eq!(named, whole, "{line}");
        }
        for line in ["sstream-sink print", "sstream-sink", "sstream-sink text out --pass", "sstream-sink redis x"] {
            let [named, whole] = both::<SinkTool>(line);
            assert_eq!(named, whole, "{line}");
        }
        for line in ["sstream-learn", "sstream-learn kmeans --k 2 --random 3", "sstream-learn linear --help"] {
            let [named, whole] = both::<LearnTool>(line);
            assert_eq!(named, whole, "{line}");
        }
        for line in ["sstream-checkpoint", "sstream-checkpoint show ck", "sstream-checkpoint --verbose list"] {
            let [named, whole] = both::<CheckpointTool>(line);
            assert_eq!(named, whole, "{line}");
        }
        for line in ["sstream", "sstream ps", "sstream --list", "sstream filter x", "sstream explain a | b"] {
            let [named, whole] = both::<FrontTool>(line);
            assert_eq!(named, whole, "{line}");
        }
    }

    #[test]
    fn kinds_that_a_line_does_not_name_are_not_built() {
        let words = ["sstream-source", "--stage-name", "tcp", "stdin"].map(OsString::from);
        let command = of_named::<SourceTool>(&command::<SourceTool>(), &words);
        let kinds: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(kinds, ["stdin", "tcp"]);
    }
}
