//! `sstream-source`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand, ValueEnum};

use super::args::{Common, CutArgs, InputForm};
use super::{Environment, Tool, ToolError, input, output, tell_skipped};
use crate::op::pass::Pass;
use crate::source::pace::Pace;
use crate::source::queue::Queue;
use crate::stage::{self, BadRecords, Input};

/// Begin a pipeline: read records from somewhere and cut them into batches
#[derive(Parser, Debug)]
pub struct SourceTool {
    #[command(subcommand)]
    kind: Kind,

    /// What a line is
    #[arg(long, value_enum, value_name = "FORM", default_value = "text", global = true, help_heading = "Raw input")]
    input: InputForm,

    #[command(flatten)]
    cut: CutArgs,

    #[command(flatten)]
    common: Common,
}

/// Kinds of sources.
#[derive(Subcommand, Debug)]
enum Kind {
    /// Lines of standard input
    Stdin,

    /// A file of batches: each line a JSON array of records
    Queue {
        /// The file, or - for standard input
        file: PathBuf,

        /// Give batches as fast as they are read, or by the wall clock
        #[arg(long, value_enum, default_value = "virtual")]
        clock: ClockKind,

        /// Where the first batch's interval starts, in ms since the epoch
        #[arg(long, value_name = "TIME", default_value = "0")]
        start: u64,
    },
}

/// Kinds of clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ClockKind {
    /// As fast as input comes
    Virtual,
    /// Real time
    Wall,
}

impl Tool for SourceTool {
    const NAME: &'static str = "sstream-source";
    const EXAMPLES: &'static str = "  \
  sstream-source queue --batch 1s batches.jsonl | sstream-sink print
";

    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        let bad_records = BadRecords::new(environment.description.clone(), self.cut.on_error.clone());
        let context = super::context(environment, bad_records);
        let interval_ms = self.cut.interval_ms()?;
        let mut input: Box<dyn Input + '_> = match &self.kind {
            Kind::Stdin => {
                let format = input::format(self.input, &self.cut);
                let stdin = Box::new(input::stdin(environment)?);
                input::cutter(stdin, format, Vec::new(), &self.cut, interval_ms, environment, &context.bad_records)
            }
            Kind::Queue { file, clock, start } => {
                let stop = input::stop_rules(&self.cut, environment);
                let pace = match clock {
                    ClockKind::Virtual => Pace::virtual_from(*start, &environment.clock, stop),
                    ClockKind::Wall => Pace::wall(&environment.clock, stop),
                };
                let name = file.display().to_string();
                Box::new(Queue::new(open(file)?, &name, interval_ms, !self.cut.no_trace, pace))
            }
        };
        let mut outlet = output::open(self.common.output, environment)?;
        let result = stage::run(input.as_mut(), &mut Pass, outlet.as_mut(), &context);
        tell_skipped(&context, environment);
        Ok(result?)
    }
}

/// Opens a file for reading by lines; `-` is standard input.
fn open(path: &Path) -> Result<Box<dyn BufRead>, ToolError> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    match File::open(path) {
        Ok(file) => Ok(Box::new(BufReader::new(file))),
        Err(error) => Err(ToolError::Open { what: path.display().to_string(), error }),
    }
}
