//! `sstream-sink`.

use clap::{Parser, Subcommand};

use super::args::{Common, StageArgs};
use super::{Environment, Tool, ToolError, input, output, tell_skipped};
use crate::op::pass::Pass;
use crate::sink::frames::Frames;
use crate::sink::print::Print;
use crate::sink::stdout::Stdout;
use crate::sink::text::{LineForm, Lines};
use crate::sink::{Sink, SinkOutlet};
use crate::stage::{self, BadRecords};

/// End a pipeline, or with --pass give it one more output
#[derive(Parser, Debug)]
pub struct SinkTool {
    #[command(subcommand)]
    kind: Kind,

    /// Hand the stream on, each batch's end after the sink is done with it
    #[arg(long, global = true)]
    pass: bool,

    #[command(flatten)]
    stage: StageArgs,
}

/// Kinds of sinks.
#[derive(Subcommand, Debug)]
enum Kind {
    /// The first records of each batch, as Spark prints them
    Print {
        /// How many records of a batch
        #[arg(short = 'n', default_value_t = output::PRINT_LIMIT)]
        limit: u64,
    },
    /// A string as itself and anything else as JSON, one a line
    Text,
    /// Every record as JSON, one a line
    Json,
}

impl Tool for SinkTool {
    const NAME: &'static str = "sstream-sink";
    const EXAMPLES: &'static str = "  \
  … | sstream-sink print
";

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn writes_stream(&self) -> bool {
        self.pass
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        let bad_records = BadRecords::new(environment.description.clone(), self.stage.input.on_error());
        let context = super::context(environment, bad_records);
        let mut input = input::open(&self.stage.input, environment, &context.bad_records)?;
        let stdout = |pass: bool| {
            let waited = environment.waited.clone();
            if pass { Stdout::error(waited) } else { Stdout::open(waited) }
        };
        let opened = |error| ToolError::Open { what: "stdout".to_owned(), error };
        // Standard output belongs to the stream that is passed on.
        let lines = || stdout(self.pass).map_err(opened);
        let what = if self.pass { "stderr" } else { "stdout" };
        let sink: Box<dyn Sink> = match &self.kind {
            Kind::Print { limit } => Box::new(Print::new(lines()?, what, *limit)),
            Kind::Text => Box::new(Lines::new(lines()?, what, LineForm::Text)),
            Kind::Json => Box::new(Lines::new(lines()?, what, LineForm::Json)),
        };
        let pass = if self.pass { Some(Frames::new(stdout(false).map_err(opened)?)) } else { None };
        let mut outlet = SinkOutlet::new(sink, pass);
        let result = stage::run(input.as_mut(), &mut Pass, &mut outlet, &context);
        tell_skipped(&context, environment);
        Ok(result?)
    }
}
