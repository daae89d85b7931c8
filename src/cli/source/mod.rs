//! `sstream-source`.

mod external;
mod kind;

use std::fs::File;
use std::path::Path;

use clap::Parser;

use super::args::{Common, CutArgs, InputForm};
use super::{Environment, Tool, ToolError, input, output, tell_skipped};
use crate::op::pass::Pass;
use crate::source::pace::Pace;
use crate::source::queue::Queue;
use crate::source::rate::{Rate, RateOptions};
use crate::source::receive::Surroundings;
use crate::source::replay::Replay;
use crate::source::stdin::Stdin;
use crate::source::until_stop::UntilStop;
use crate::source::{ByteSource, exec, listen, tcp, udp, unix};
use crate::stage::{self, BadRecords, Context, Input};
use kind::{ClockKind, Kind};

/// Begin a pipeline: read records from somewhere and cut them into batches
///
/// A KIND that is not listed here is run from PATH: `sstream-source mykind ARGS`
/// is `sstream-source exec -- sstream-source-mykind ARGS`.
#[derive(Parser, Debug)]
#[command(mut_args(|argument| argument.global(true)))]
pub struct SourceTool {
    #[command(subcommand)]
    kind: Kind,

    /// What a line is; text unless told
    #[arg(long, value_enum, value_name = "FORM", help_heading = "Raw input")]
    input: Option<InputForm>,

    #[command(flatten)]
    cut: CutArgs,

    #[command(flatten)]
    common: Common,
}

impl Tool for SourceTool {
    const NAME: &'static str = "sstream-source";
    const EXAMPLES: &'static str = "  \
  sstream-source tcp localhost:9999 | sstream-filter ERROR
  sstream-source listen 9999 --batch 10s | sstream-window 30s 10s count
  sstream-source queue --batch 1s batches.jsonl | sstream-sink print
  sstream-source exec -- journalctl -f | sstream-filter -i error
";

    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        self.check()?;
        let bad_records = BadRecords::new(environment.description.clone(), self.cut.on_error.clone());
        let context = super::context(environment, bad_records, &self.common);
        let mut input = self.open(environment, &context)?;
        let mut outlet = output::open(self.common.output, environment)?;
        let result = stage::run(input.as_mut(), &mut Pass, outlet.as_mut(), &context);
        // A source may have a program to end or a file to remove.
        drop(input);
        tell_skipped(&context, environment);
        Ok(result?)
    }
}

impl SourceTool {
    /// Options that do not fit this kind.
    fn check(&self) -> Result<(), ToolError> {
        let brings_batches = match self.kind {
            Kind::Queue { .. } => Some("queue"),
            Kind::Rate { .. } => Some("rate"),
            Kind::Replay { .. } => Some("replay"),
            _ => None,
        };
        let has_many_clients = match self.kind {
            Kind::Listen { .. } => Some("listen"),
            Kind::Udp { .. } => Some("udp"),
            Kind::Unix { .. } => Some("unix"),
            _ => None,
        };
        let message = match (brings_batches, has_many_clients, &self.kind) {
            (Some(kind), _, _) if self.input.is_some() => {
                format!("--input: {kind} does not read lines of text: leave it out")
            }
            (_, Some(kind), _) if self.input == Some(InputForm::Csv) => format!(
                "--input csv: {kind} takes lines of several clients in turn, whose headers and rows would mix: send json \
                 or logfmt"
            ),
            (_, _, Kind::Replay { .. }) if self.cut.batch.is_some() => {
                "--batch: replay keeps the batches of the saved stream: leave it out".to_owned()
            }
            (_, _, Kind::Queue { clock: ClockKind::Wall, start: Some(_), .. }) => {
                "--start: by the wall clock batches start at the present: leave out --start or --clock wall".to_owned()
            }
            _ if self.cut.columns.is_some() && self.input != Some(InputForm::Csv) => {
                "--columns names the columns of csv: add --input csv".to_owned()
            }
            _ => return Ok(()),
        };
        Err(ToolError::Usage(message))
    }

    fn open<'a>(
        &self,
        environment: &'a Environment,
        context: &'a Context<'_>,
    ) -> Result<Box<dyn Input + 'a>, ToolError> {
        let around = Surroundings {
            stop: environment.stop.clone(),
            waited: environment.waited.clone(),
            console: environment.console.clone(),
            max_line: self.cut.max_line,
        };
        let interval_ms = self.cut.interval_ms()?;
        let clock = &environment.clock;
        let stop = input::stop_rules(&self.cut, environment);
        let trace = !self.cut.no_trace;
        let source: Box<dyn ByteSource> = match &self.kind {
            Kind::Stdin => Box::new(input::stdin(environment)?),
            Kind::Tcp { address } => Box::new(tcp::open(address, &around)?),
            Kind::Listen { address } => Box::new(listen::open(&address.0, &around)?),
            Kind::Udp { address } => Box::new(udp::open(&address.0, &around)?),
            Kind::Unix { path } => Box::new(unix::open(path, &around)?),
            Kind::Exec { command } => Box::new(exec::open(command, &around)?),
            Kind::Other(words) => Box::new(exec::open(&external::command(words)?, &around)?),
            Kind::Rate { per_second } => {
                let block_interval = self.cut.block_interval;
                let options = RateOptions { per_second: *per_second, interval_ms, block_interval, trace };
                return Ok(Box::new(Rate::new(options, clock, stop)));
            }
            Kind::Queue { file, clock: kind, start } => {
                let (file, name) = open_file(file, environment)?;
                let reader = UntilStop::new(file, clock, stop.clone());
                let pace = match kind {
                    ClockKind::Virtual => Pace::virtual_from(start.unwrap_or(0), clock, stop),
                    ClockKind::Wall => Pace::wall(clock, stop),
                };
                return Ok(Box::new(Queue::new(reader, &name, interval_ms, trace, pace)));
            }
            Kind::Replay { file, speed } => {
                let (file, name) = open_file(file, environment)?;
                let reader = UntilStop::new(file, clock, stop.clone());
                return Ok(Box::new(Replay::new(reader, &name, *speed, clock, stop)));
            }
        };
        let format = input::format(self.input.unwrap_or(InputForm::Text), &self.cut);
        let lines = input::lines(source, format, Vec::new(), &self.cut, environment);
        Ok(input::cutter(lines, false, &self.cut, interval_ms, environment, &context.bad_records))
    }
}

/// Opens a file to be read whole, and gives its name for messages; `-` is
/// standard input.
fn open_file(path: &Path, environment: &Environment) -> Result<(Stdin, String), ToolError> {
    if path == Path::new("-") {
        return Ok((input::stdin(environment)?, "stdin".to_owned()));
    }
    let name = path.display().to_string();
    match File::open(path) {
        Ok(file) => {
            let input = Stdin::from_file(file, &name, environment.stop.clone(), environment.waited.clone());
            Ok((input, name))
        }
        Err(error) => Err(ToolError::Open { what: name, error }),
    }
}
