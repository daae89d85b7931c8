//! `sstream-sink`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{CommandFactory as _, Parser, Subcommand};

use super::args::{Common, MemoryArgs, StageArgs};
use super::command::{self, CommandArgs};
use super::kafka::sink::KafkaSinkArgs;
use super::{Environment, Tool, ToolError, input, output, tell_skipped};
use crate::checkpoint::name::check_stage;
use crate::flow::BadRecords;
use crate::op::pass::Pass;
use crate::sink::Sink;
use crate::sink::exec::{CommandOutput, Exec};
use crate::sink::files::{FileNames, Files};
use crate::sink::null::Null;
use crate::sink::print::Print;
use crate::sink::stdout::Stdout;
use crate::sink::text::{LineForm, Lines};
use crate::stage;

/// End a pipeline, or with --pass give it one more output
///
/// A KIND that is not listed is run from PATH, as git does: `sstream-sink s3
/// ARGS` is `sstream-sink exec -- sstream-sink-s3 ARGS`.
#[derive(Parser, Debug)]
#[command(subcommand_value_name = "KIND", subcommand_help_heading = "Kinds", disable_help_subcommand = true)]
pub struct SinkTool {
    #[command(subcommand)]
    kind: Kind,

    /// Hand the stream on, each batch's end after the sink is done with it; what goes to stdout otherwise goes to stderr
    #[arg(long)]
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
        #[arg(short = 'n', value_name = "RECORDS", default_value_t = output::PRINT_LIMIT)]
        limit: u64,

        #[command(flatten)]
        memory: MemoryArgs,
    },
    /// A string as itself and anything else as JSON, one a line, as they come
    Text,
    /// Every record as JSON, one a line, as they come
    Json,
    /// A file a batch, PREFIX-TIME_IN_MS[.SUFFIX], whole or not there
    ///
    /// The directory must be there. A batch is written under a temporary name
    /// that begins with a dot, synced and renamed; a file of that name is
    /// replaced, as the same batch comes again after a restart. An empty batch
    /// has no file.
    Files {
        /// The directory, and how the names begin
        prefix: PathBuf,

        /// How the names end, behind a dot
        suffix: Option<String>,

        /// Every record as JSON, one a line, strings too
        #[arg(long)]
        json: bool,

        /// An empty batch has an empty file
        #[arg(long)]
        empty: bool,
    },
    /// A command, run once a batch with the records as lines on its stdin
    ///
    /// It starts when the batch is complete, with the whole batch as its stdin,
    /// for empty batches too; SSTREAM_BATCH_TIME is the batch's time in ms. One
    /// that fails ends the stage.
    Exec {
        #[command(flatten)]
        command: CommandArgs,
    },
    /// A topic of Kafka
    ///
    /// A string is a message of its text, anything else one of its JSON text, and
    /// null a message without a value. A key is in normal form: 1 and 1.0 are one
    /// key, and a string is its text. A batch is done with when the brokers have
    /// acknowledged all of its messages, which are never reordered or doubled
    /// while the sink runs.
    #[command(before_help = "Examples:
  … | sstream-sink kafka --brokers localhost:9092 --topic errors
  … | sstream-sink kafka --brokers localhost:9092 --topic by-user --key .user
  … | sstream-sink kafka --brokers kafka:9093 --config client.properties --topic counts --key '.[0]' --value '.[1]'")]
    Kafka(KafkaSinkArgs),
    /// Nowhere
    Null,
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

impl Tool for SinkTool {
    const NAME: &'static str = "sstream-sink";
    const EXAMPLES: &'static str = "  \
  … | sstream-sink print -n 20
  … | sstream-sink files /var/spool/errors/batch log     # batch-1469283110000.log, …
  … | sstream-sink exec --sh 'mail -s \"batch $SSTREAM_BATCH_TIME\" root'
  … | sstream-filter ERROR | sstream-sink --pass print | sstream-window 30s 10s count
";

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn writes_stream(&self) -> bool {
        self.pass
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        if self.stage.common.output.is_some() && !self.pass {
            return Err(ToolError::Usage(
                "--output is the form of the stream that --pass hands on; the KIND says what a sink writes".to_owned(),
            ));
        }
        let bad_records = super::bad_records(self.stage.input.on_error(), environment)?;
        let mut context = super::context(environment, bad_records, &self.stage.common);
        context.checkpoint.tool = self.kind.name();
        let sink = self.kind.build(self.pass, environment, &context.bad_records)?;
        let mut outlet = match self.pass {
            true => output::open_behind(sink, self.stage.common.output, environment)?,
            false => output::open_sink(sink, environment),
        };
        let mut input = input::open(&self.stage.input, environment, &context.bad_records)?;
        let result = stage::run(input.as_mut(), &mut Pass, outlet.as_mut(), &context);
        tell_skipped(&context, environment);
        super::end(result, input.must_restart())
    }
}

impl Kind {
    /// What the stage is called in a checkpoint, behind its number.
    fn name(&self) -> String {
        let name = match self {
            Kind::Print { .. } => "print",
            Kind::Text => "text",
            Kind::Json => "json",
            Kind::Files { .. } => "files",
            Kind::Exec { .. } => "exec",
            Kind::Kafka(_) => "kafka",
            Kind::Null => "null",
            Kind::Other(words) => match words.first().and_then(|word| word.to_str()) {
                Some(word) if check_stage(word).is_ok() => word,
                _ => "sink",
            },
        };
        name.to_owned()
    }

    /// With `pass`, stdout belongs to the stream that is passed on.
    fn build<'a>(
        self,
        pass: bool,
        environment: &Environment,
        bad_records: &'a BadRecords,
    ) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let what = if pass { "stderr" } else { "stdout" };
        let output = || {
            if !pass {
                return output::stdout(environment);
            }
            Stdout::error(environment.waited.clone()).map_err(|error| ToolError::Open { what: what.to_owned(), error })
        };
        let command_output = if pass { CommandOutput::Stderr } else { CommandOutput::Stdout };
        Ok(match self {
            Kind::Print { limit, memory } => Box::new(Print::new(output()?, what, limit).with_memory(memory.memory)),
            Kind::Text => Box::new(Lines::new(output()?, what, LineForm::Text)),
            Kind::Json => Box::new(Lines::new(output()?, what, LineForm::Json)),
            Kind::Files { prefix, suffix, json, empty } => Box::new(files(&prefix, suffix.as_deref(), json, empty)?),
            Kind::Exec { command } => Box::new(Exec::new(command.build(environment)?, command_output)),
            Kind::Kafka(arguments) => arguments.build(environment, bad_records)?,
            Kind::Null => Box::new(Null),
            Kind::Other(words) => {
                let command = command::of_kind("sink", &words, &built_in(), environment)?;
                Box::new(Exec::new(command, command_output))
            }
        })
    }
}

fn files(prefix: &Path, suffix: Option<&str>, json: bool, empty: bool) -> Result<Files, ToolError> {
    let names = FileNames::new(prefix, suffix).map_err(ToolError::Usage)?;
    let what = format!("directory {}, which must be there and writable", names.directory().display());
    let form = if json { LineForm::Json } else { LineForm::Text };
    Files::open(names, form, empty).map_err(|error| ToolError::Open { what, error })
}

/// The kinds' names.
fn built_in() -> Vec<String> {
    SinkTool::command().get_subcommands().map(|kind| kind.get_name().to_owned()).collect()
}
