//! `sstream-sink`.

mod serve;
mod sockets;

use std::ffi::OsString;

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};
use jiff::tz::TimeZone;

use crate::checkpoint::name::check_stage;
use crate::cli::account::{Account, Stream};
use crate::cli::args::{Common, CutArgs, FileArgs, MemoryArgs, StageArgs};
use crate::cli::cluster::{Spread, Target};
use crate::cli::command::{self, CommandArgs};
use crate::cli::connector::known::{self, Role};
use crate::cli::connector::run_sink;
use crate::cli::guarantee::{self, SinkGuarantee, WRITTEN};
use crate::cli::{Environment, Tool, ToolError, output};
use crate::flow::LineForm;
use crate::sink::Sink;
use crate::sink::kinds::exec::{CommandOutput, Exec};
use crate::sink::kinds::files::Layout;
use crate::sink::kinds::kept::Kept;
use crate::sink::kinds::null::Null;
use crate::sink::kinds::print::{Print, Style};
use crate::sink::kinds::text::Lines;
use crate::sink::stdout::Stdout;
use serve::ServeArgs;
use sockets::{ListenArgs, TcpArgs, UnixArgs};

/// End a pipeline, or with --pass give it one more output
///
/// A KIND that is not listed is run from PATH, as git does: `sstream-sink s3
/// ARGS` is `sstream-sink exec -- sstream-sink-s3 ARGS`.
#[derive(Parser, Debug)]
#[command(subcommand_value_name = "KIND", subcommand_help_heading = "Kinds", disable_help_subcommand = true)]
pub struct SinkTool {
    #[command(subcommand)]
    kind: ChosenSink,

    /// Hand the stream on, each batch's end after the sink is done with it; what goes to stdout otherwise goes to stderr
    #[arg(long)]
    pass: bool,

    #[command(flatten)]
    stage: StageArgs,
}

/// Kinds of sinks.
#[derive(Subcommand, Debug)]
enum ChosenSink {
    /// The first records of each batch, as Spark prints them
    Print {
        /// How many records of a batch
        #[arg(short = 'n', value_name = "RECORDS", default_value_t = output::PRINT_LIMIT)]
        limit: u64,

        /// As who prints
        #[arg(long, value_enum, value_name = "STYLE", default_value = "spark")]
        style: PrintStyle,

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
    /// has no file. A URL (s3:// gs:// az:// hdfs://) is written to by sstream-sink objects, a connector that files becomes.
    ///
    /// With --layout spark a batch is a directory PREFIX-TIME_IN_MS[.SUFFIX], as Spark's saveAsTextFiles makes it: its lines
    /// are in part-00000, and _SUCCESS is in it from the moment on at which it is seen. An empty batch has one too. A
    /// directory of that name is replaced as a whole, if it has a _SUCCESS.
    Files {
        #[command(flatten)]
        files: FileArgs,

        /// Every record as JSON, one a line, strings too
        #[arg(long)]
        json: bool,
    },
    /// A command, run once a batch with the records as lines on its stdin
    ///
    /// It starts when the batch is complete, with the whole batch as its stdin,
    /// for empty batches too; SSTREAM_BATCH_TIME is the batch's time in ms. One
    /// that fails ends the stage.
    ///
    /// With --keep it is started once, at the first batch, and gets each whole batch on its stdin:
    /// a line {"batch":TIME,"records":N,"bytes":B}, the records as JSON, a line {"end":TIME}. When
    /// the batch is where it belongs it writes {"end":TIME} to its stdout, and flushes it: that is
    /// the sink's commit. When the stream ends its stdin does, and it has to end with 0.
    ///
    /// Under a checkpoint SSTREAM_JOB and SSTREAM_STAGE together are a name that no other sink has,
    /// and that is the same after a restart: a command that keeps the newest TIME by it, in the same
    /// transaction as the records, leaves out what it has.
    Exec {
        /// One command for the whole stream
        #[arg(long, conflicts_with = "json")]
        keep: bool,

        #[command(flatten)]
        command: CommandArgs,
    },
    /// Lines to clients that connect to a TCP port
    ///
    /// As `nc -lk`, for many clients at once: each gets the batches that are complete from then on, whole
    /// ones. Listens on 127.0.0.1 unless a host is given: 0.0.0.0:9999 serves everybody. Port 0 is any free
    /// port, which stderr tells.
    ///
    /// The pipeline does not wait for clients: what comes while nobody is connected goes nowhere, and one that
    /// is too slow misses whole batches, as stderr says; one that has begun a batch and takes none of
    /// it while --buffer fills is cut off. With --on-slow block nothing is dropped, and the pipeline
    /// waits: for the slowest client, and while nobody is connected, as `nc -l` does; what was under way to a client that
    /// went comes again, from the batch's begin, to the next one.
    ///
    /// At the end of the stream the last batches are delivered: a client that takes nothing of them for 5 s is
    /// left without the rest.
    Listen(ListenArgs),
    /// Lines to a TCP server, to which it connects
    ///
    /// When the server is not there, or goes, it is tried again after 0.1 s, 0.2 s and so on up to every 10 s,
    /// as stderr says, and the pipeline waits. What is not known to be at the server's system
    /// by then is sent again, from the begin of its batch. TCP does not tell whether a program has read it: what
    /// a server had not read when it died is lost.
    ///
    /// Asked to stop, a server that is away is waited for 10 s; then the tool ends with exit 1, and under a
    /// checkpoint the batches come again.
    Tcp(TcpArgs),
    /// Lines to clients that connect to a Unix socket
    ///
    /// As listen, at a path; with --connect as tcp, to a server there. A socket that was left there by a process that is
    /// gone is replaced; the file is removed at the end.
    Unix(UnixArgs),
    /// A web page that shows the newest batch, for whoever opens it
    ///
    /// The newest batch as a table, its numbers as bars, and as curves over the batches before it. Pairs, objects, numbers and a top list
    /// are each shown as what they are. On 127.0.0.1 unless a host is given; port 0 is any free port, and stderr
    /// tells the address. /latest.json has the newest batch, /batches.json all that the history holds, /events each new
    /// one as a server-sent event, /ws as a WebSocket's message: {"batch":TIME,"records":N,"rows":[...]}.
    ///
    /// The pipeline waits for nobody: who takes batches more slowly than the history is long is told how many it
    /// missed. Whoever reaches the port sees the records.
    Serve(ServeArgs),
    /// Nowhere
    Null,
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

/// As who prints.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum PrintStyle {
    /// As Spark's print: times in ms, pairs as (key,value)
    Spark,
    /// As PySpark's pprint: local times (TZ), ('key', value), True, None
    Python,
}

impl Tool for SinkTool {
    const NAME: &'static str = "sstream-sink";
    const EXAMPLES: &'static str = "  \
  … | sstream-sink print -n 20
  … | sstream-sink files /var/spool/errors/batch log     # batch-1469283110000.log, …
  … | sstream-sink exec --sh 'mail -s \"batch $SSTREAM_BATCH_TIME\" root'
  … | sstream-sink exec --keep -- python3 to-database.py
  … | sstream-sink listen 9999                           # nc localhost 9999, in as many terminals as you like
  … | sstream-filter ERROR | sstream-sink --pass print | sstream-window 30s 10s count
";

    const ENDS: bool = true;

    const CONNECTORS: Option<Role> = Some(Role::Sink);
    const KIND_OF_FILES: Option<&'static str> = Some("files");

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn writes_stream(&self) -> bool {
        self.pass
    }

    fn elsewhere(&self) -> Option<&[OsString]> {
        match &self.kind {
            ChosenSink::Other(words) => Some(words),
            _ => None,
        }
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.stage.input.cut)
    }

    fn account(&self, stream: &mut Stream) -> Account {
        let told = stream.kept.as_ref().and_then(|kept| guarantee::of_sink(kept, self.kind.guarantee().as_ref()));
        let passes = self.pass.then(|| "passes the stream on, each batch when this sink is done with it".to_owned());
        Account { ends: !self.pass, ..Account::does(self.kind.does()).and(told).and(passes) }
    }

    fn sink(&self) -> Option<(String, bool)> {
        Some((self.kind.name(), !self.pass))
    }

    fn spread(&self) -> Spread {
        let target = match &self.kind {
            // One more says that there are more.
            ChosenSink::Print { limit, .. } => Target::Driver(Some(limit.saturating_add(1))),
            ChosenSink::Text
            | ChosenSink::Json
            | ChosenSink::Listen(_)
            | ChosenSink::Tcp(_)
            | ChosenSink::Unix(_)
            | ChosenSink::Serve(_)
            | ChosenSink::Null => Target::Driver(None),
            ChosenSink::Files { files, json } => match files.names() {
                Ok(names) if names.layout() == Layout::Spark => {
                    return Spread::Refused("--layout spark: on a cluster a batch is a file".to_owned());
                }
                Ok(_) => Target::Files {
                    prefix: files.prefix.display().to_string(),
                    suffix: files.suffix.clone(),
                    json: *json,
                    empty: files.empty,
                },
                Err(message) => return Spread::Refused(message),
            },
            ChosenSink::Exec { .. } | ChosenSink::Other(_) => Target::OnDriver("a command of this machine".to_owned()),
        };
        Spread::Sink { target, pass: self.pass }
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        let name = self.kind.name();
        let SinkTool { kind, pass, stage } = self;
        run_sink(&name, pass, &stage, environment, Box::new(|_| kind.build(pass, environment)))
    }
}

impl ChosenSink {
    /// What it does with a stream.
    fn does(&self) -> &'static str {
        match self {
            ChosenSink::Print { .. } => "prints the first records of each batch",
            ChosenSink::Text | ChosenSink::Json => "writes every record, a line each",
            ChosenSink::Files { files, .. } if files.layout == Layout::Spark => {
                "writes a directory a batch, as Spark does, whole or not there"
            }
            ChosenSink::Files { .. } => "writes a file a batch, whole or not there",
            ChosenSink::Exec { keep: true, .. } => {
                "gives each batch to one command, empty ones too, which acknowledges it"
            }
            ChosenSink::Exec { .. } => "runs a command once a batch, empty ones too",
            ChosenSink::Listen(_) => "gives each batch, a line a record, to all who are connected",
            ChosenSink::Tcp(_) => "sends each batch to a server, a line a record",
            ChosenSink::Unix(unix) if unix.connects() => "sends each batch to a server, a line a record",
            ChosenSink::Unix(_) => "gives each batch, a line a record, to all who are connected",
            ChosenSink::Serve(_) => "shows the newest batches on a web page",
            ChosenSink::Null => "takes everything and does nothing",
            ChosenSink::Other(_) => "hands each batch to a program of that name",
        }
    }

    /// What holds for its records under a checkpoint, if there is anything to promise.
    fn guarantee(&self) -> Option<SinkGuarantee> {
        match self {
            ChosenSink::Print { .. } | ChosenSink::Text | ChosenSink::Json => Some(WRITTEN),
            ChosenSink::Files { .. } => Some(SinkGuarantee::ExactlyOnce("whatever dies")),
            ChosenSink::Exec { keep: true, .. } => Some(SinkGuarantee::AtLeastOnce(
                "a batch that was not acknowledged comes again, with the same time and records, by which the command \
                 can leave out what it has",
            )),
            ChosenSink::Exec { .. } | ChosenSink::Other(_) => Some(SinkGuarantee::AtLeastOnce(
                "a command that was killed runs again, with the same SSTREAM_BATCH_TIME and records",
            )),
            ChosenSink::Listen(listen) => Some(listen.guarantee()),
            ChosenSink::Tcp(tcp) => Some(tcp.guarantee()),
            ChosenSink::Unix(unix) => Some(unix.guarantee()),
            ChosenSink::Serve(_) => Some(serve::SHOWN),
            ChosenSink::Null => None,
        }
    }

    /// What the stage is called in a checkpoint, behind its number.
    fn name(&self) -> String {
        let name = match self {
            ChosenSink::Print { .. } => "print",
            ChosenSink::Text => "text",
            ChosenSink::Json => "json",
            ChosenSink::Files { .. } => "files",
            ChosenSink::Exec { .. } => "exec",
            ChosenSink::Listen(_) => "listen",
            ChosenSink::Tcp(_) => "tcp",
            ChosenSink::Unix(_) => "unix",
            ChosenSink::Serve(_) => "serve",
            ChosenSink::Null => "null",
            ChosenSink::Other(words) => match words.first().and_then(|word| word.to_str()) {
                Some(word) if check_stage(word).is_ok() => word,
                _ => "sink",
            },
        };
        name.to_owned()
    }

    /// With `pass`, stdout belongs to the stream that is passed on.
    fn build<'a>(self, pass: bool, environment: &Environment) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let what = if pass { "stderr" } else { "stdout" };
        let output = || {
            if !pass {
                return output::stdout(environment);
            }
            Stdout::error(environment.waited.clone()).map_err(|error| ToolError::Open { what: what.to_owned(), error })
        };
        let command_output = if pass { CommandOutput::Stderr } else { CommandOutput::Stdout };
        Ok(match self {
            ChosenSink::Print { limit, style, memory } => {
                let style = match style {
                    PrintStyle::Spark => Style::Spark,
                    PrintStyle::Python => Style::Python(TimeZone::system()),
                };
                Box::new(Print::new(output()?, what, limit).with_style(style).with_memory(memory.memory))
            }
            ChosenSink::Text => Box::new(Lines::new(output()?, what, LineForm::Text)),
            ChosenSink::Json => Box::new(Lines::new(output()?, what, LineForm::Json)),
            ChosenSink::Files { files, json } => {
                Box::new(files.open(if json { LineForm::Json } else { LineForm::Text })?)
            }
            ChosenSink::Exec { keep: true, command } => Box::new(Kept::new(command.build_kept(environment)?)),
            ChosenSink::Exec { keep: false, command } => {
                Box::new(Exec::new(command.build(environment)?, command_output))
            }
            ChosenSink::Listen(listen) => Box::new(listen.open(environment)?),
            ChosenSink::Tcp(tcp) => Box::new(tcp.open(environment)?),
            ChosenSink::Unix(unix) => Box::new(unix.open(environment)?),
            ChosenSink::Serve(serve) => Box::new(serve.open(environment)?),
            ChosenSink::Null => Box::new(Null),
            ChosenSink::Other(words) => {
                let command = command::of_kind(Role::Sink, &words, &built_in(), environment)?;
                Box::new(Exec::new(command, command_output))
            }
        })
    }
}

/// The kinds' names, those of connectors too.
fn built_in() -> Vec<String> {
    let command = SinkTool::command();
    let kinds = command.get_subcommands().map(clap::Command::get_name);
    kinds.chain(known::kinds(Role::Sink).map(|(kind, _)| kind)).map(str::to_owned).collect()
}
