//! `sstream-top`.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::thread;

use clap::Parser;

use super::account::{Account, Stream};
use super::args::{Common, Messages};
use super::{Environment, Tool, ToolError, input};
use crate::console::Console;
use crate::error::describe;
use crate::flow::{InputError, OutletError};
use crate::frame::{FrameError, Reason};
use crate::monitor::follow::FollowError;
use crate::monitor::registry::Life;
use crate::monitor::sources::{LogError, Sources};
use crate::monitor::top::tee::{PassError, Passing, Shown};
use crate::monitor::top::{RETAIN, lines, terminal};
use crate::monitor::view::View;
use crate::sink::stdout::Stdout;
use crate::source::SourceError;
use crate::stage::StageError;

/// Show what a pipeline does, as it does it
///
/// In a pipeline it passes the stream on byte for byte and shows what comes by.
/// With NAME it shows a running pipeline, with FILE a trace log. Where there is
/// no terminal it says a line a batch on stderr.
#[derive(Parser, Debug)]
pub struct TopTool {
    /// Pipelines by --name, id or process, or trace logs by file
    #[arg(value_name = "NAME|FILE")]
    names: Vec<OsString>,

    /// Show all running pipelines
    #[arg(long, conflicts_with = "names")]
    all: bool,

    /// A line a batch on stderr, even where there is a terminal
    #[arg(long)]
    lines: bool,

    #[command(flatten)]
    messages: Messages,
}

impl Tool for TopTool {
    const NAME: &'static str = "sstream-top";
    const EXAMPLES: &'static str = "  \
  nc -lk 9999 | sstream-filter ERROR | sstream-top | sstream-window 30s 10s count
  sstream-top --all
  sstream-top trace.jsonl
";

    fn common(&self) -> &Common {
        &Common::NONE
    }

    fn messages(&self) -> &Messages {
        &self.messages
    }

    fn writes_stream(&self) -> bool {
        self.is_stage()
    }

    fn reads_stdin(&self) -> bool {
        self.names.is_empty()
    }

    fn account(&self, _: &mut Stream) -> Account {
        Account::does("shows what comes by; the stream passes byte for byte")
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        if self.is_stage() { self.run_in_pipeline(environment) } else { self.run_beside(environment) }
    }
}

impl TopTool {
    /// Whether it stands in a pipeline.
    fn is_stage(&self) -> bool {
        !self.all && self.names.is_empty() && !io::stdin().is_terminal()
    }

    /// The terminal to draw on. Whoever sends stderr elsewhere wants lines there.
    fn terminal(&self) -> Option<std::fs::File> {
        if self.lines || !io::stderr().is_terminal() { None } else { terminal::open() }
    }

    fn run_in_pipeline(self, environment: &Environment) -> Result<(), ToolError> {
        let stdin = input::FramedStdin(input::stdin(environment)?);
        let stdout = Stdout::open(environment.waited.clone());
        let stdout = stdout.map_err(|error| ToolError::Open { what: "stdout".to_owned(), error })?;
        // The last one in a pipeline on a terminal shows, and prints no frames.
        let output = (!io::stdout().is_terminal()).then_some(stdout);
        let passing = Passing::default();
        let console = &environment.console;
        let terminal = self.terminal();
        let was_screen = terminal.is_some();
        let result = match terminal {
            None => passing.pass(stdin, output, |view| tell(console, view)),
            Some(terminal) => thread::scope(|scope| {
                let (over, mut shown) = (passing.clone(), Shown::new(passing.clone()));
                // Without a screen the stream flows on all the same.
                let show = move || drop(terminal::run(terminal, &mut shown, &|| over.is_over()));
                let _ = thread::Builder::new().name("screen".into()).spawn_scoped(scope, show);
                passing.pass(stdin, output, |_| ())
            }),
        };
        if let Some(summary) = passing.with_view(lines::summary) {
            console.warn(&summary);
        }
        match result {
            Ok(close) => match close.reason {
                Reason::Error { exit, message } => {
                    // Said before, by the stage that failed; but the screen was
                    // over it.
                    if was_screen {
                        console.error(&message);
                    }
                    Err(StageError::Upstream { exit, message, other: close.other }.into())
                }
                Reason::Eof | Reason::Stop => Ok(()),
            },
            Err(PassError::Output(error)) => Err(StageError::Outlet(OutletError::write("stdout", error)).into()),
            Err(PassError::Input(error)) => Err(not_a_stream(error)),
        }
    }

    fn run_beside(self, environment: &Environment) -> Result<(), ToolError> {
        let mut sources = sources(&self.names, RETAIN)?;
        if let (false, Some(name)) = (self.names.is_empty() || !sources.pipelines().is_empty(), self.names.first()) {
            return Err(ToolError::Usage(format!(
                "{}: neither a running pipeline of this user nor a file: sstream ps lists what runs",
                name.display()
            )));
        }
        let stop = environment.stop.clone();
        match self.terminal() {
            Some(terminal) => terminal::run(terminal, &mut sources, &|| stop.is_asked())
                .map_err(|error| ToolError::Open { what: "terminal".to_owned(), error }),
            None => {
                tell_until_over(&mut sources, environment);
                Ok(())
            }
        }
    }
}

/// Says a batch in a line.
fn tell(console: &Console, view: &View) {
    if let Some(line) = lines::line(view) {
        console.warn(&line);
    }
    if let Some(lost) = lines::disagreement(view) {
        console.warn(&lost);
    }
}

/// Says each batch of what runs in a line, until nothing runs any more.
fn tell_until_over(sources: &mut Sources, environment: &Environment) {
    let mut told = std::collections::HashMap::new();
    loop {
        sources.refresh();
        let mut is_running = false;
        for pipeline in sources.pipelines() {
            // A trace log without a close may still be written; who wants to wait
            // for that has tail -f.
            is_running |= pipeline.life() == Life::Running && pipeline.end.pid().is_some();
            let last = told.get(&pipeline.key()).copied();
            let mut view = View::of(pipeline.view.facts());
            for batch in pipeline.view.since(last) {
                view.show(batch);
                tell(&environment.console, &view);
                told.insert(pipeline.key(), batch.time);
            }
        }
        let wake = environment.stop.wake();
        let tick = std::time::Duration::from_millis(250);
        let is_asked = crate::source::kinds::stdin::wait_readable(wake, None, Some(tick))
            .is_ok_and(|ready| ready == crate::source::kinds::stdin::Ready::Input);
        if is_asked || !is_running {
            return;
        }
    }
}

/// Opens what a viewer was told to look at.
pub(super) fn sources(names: &[OsString], limit: usize) -> Result<Sources, ToolError> {
    Sources::open(names, limit).map_err(|LogError { path, error }| {
        let path = path.display();
        match error {
            FollowError::Read(error) => ToolError::Usage(format!("{path}: {}", describe(&error))),
            FollowError::NotALog(wrong) => ToolError::Usage(format!(
                "{path}, line {}: expected {}: is this a file that --trace-log wrote?",
                wrong.line, wrong.expected
            )),
        }
    })
}

fn not_a_stream(error: FrameError) -> ToolError {
    match error {
        FrameError::Malformed { offset: 0, .. } => ToolError::Input(SourceError::Malformed {
            place: "input".to_owned(),
            message: "is no stream of batches: put sstream-top behind the first sstream tool, not before it".to_owned(),
        }),
        error => StageError::Input(InputError::Frame(error)).into(),
    }
}
