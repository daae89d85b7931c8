//! Groups of options that several tools share.

mod bad;
mod batch;
mod files;
mod form;
mod input;
mod keep;
mod memory;
mod multiline;
mod share;
mod time;
mod zone;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub use batch::Batching;
pub use files::FileArgs;
pub use form::{FormArgs, InputForm};
pub use input::{CutArgs, InputArgs, LimitArgs};
pub use keep::{KeepArgs, OnLossArg};
pub use memory::{KeyMemoryArgs, check_key_memory};
pub use multiline::{MultilineArgs, MultilineForm};
pub use share::ShareArgs;
pub use time::TimeArgs;
pub use zone::ZoneArgs;

use crate::checkpoint::name::check_stage;
use crate::console::Level;
use crate::stage::CheckpointOptions;
use crate::{duration, os};

/// How much a tool says.
#[derive(Args, Clone, Debug)]
pub struct Messages {
    /// Say what happens, on stderr
    #[arg(long, conflicts_with = "quiet", help_heading = "Messages")]
    pub verbose: bool,

    /// Say nothing but errors, on stderr
    #[arg(long, help_heading = "Messages")]
    pub quiet: bool,

    /// Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes
    /// before it [default: SSTREAM_CONFIG]
    #[arg(long, value_name = "FILE", help_heading = "Messages")]
    pub config: Option<PathBuf>,
}

impl Messages {
    /// Those of these options that say nothing of what is computed.
    pub const OF_RUNNING: &[&str] = &["verbose", "quiet", "config"];

    /// How much to say: the options, or SSTREAM_LOG.
    pub fn level(&self) -> Level {
        match (self.quiet, self.verbose, std::env::var("SSTREAM_LOG").as_deref()) {
            (true, _, _) => Level::Error,
            (_, true, _) => Level::Info,
            (_, _, Ok("quiet" | "error")) => Level::Error,
            (_, _, Ok("verbose" | "info" | "debug")) => Level::Info,
            _ => Level::Warn,
        }
    }
}

/// What every stage has.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Options of messages.
    #[command(flatten)]
    pub messages: Messages,

    /// The output's form; by default print on a terminal and frames anywhere else
    #[arg(long, value_enum, value_name = "FORM", help_heading = "Output")]
    pub output: Option<OutputForm>,

    /// Options of watching.
    #[command(flatten)]
    pub watch: WatchArgs,

    /// Options of the part in a checkpoint.
    #[command(flatten)]
    pub part: PartArgs,

    /// Most memory the process takes: with more the tool ends with exit 1 [default: three quarters
    /// of the machine's, or of its control group's if that is less]
    #[arg(long, value_name = "SIZE", value_parser = parse_max_memory, help_heading = "Memory")]
    pub max_memory: Option<usize>,
}

/// Parses a limit of memory, where the system tells how much is taken.
fn parse_max_memory(text: &str) -> Result<usize, String> {
    let bytes = duration::parse_size(text)?;
    match os::anonymous_bytes() {
        Some(_) => Ok(bytes),
        None => Err("this system does not tell how much memory a process takes: only Linux does".to_owned()),
    }
}

impl Common {
    /// Those of these options that say nothing of what is computed.
    pub const OF_RUNNING: &[&str] = &["output", "max-memory"];

    /// What a tool that is no stage has.
    pub const NONE: Common = Common {
        messages: Messages { verbose: false, quiet: false, config: None },
        output: None,
        watch: WatchArgs { trace_log: None, metrics: None, metrics_file: None },
        part: PartArgs { new: false, stage_name: None },
        max_memory: None,
    };
}

/// How to see what a stage does, beside sstream-top and sstream-ui.
#[derive(Args, Clone, Debug)]
pub struct WatchArgs {
    /// Append each batch's trace to FILE, for sstream-top FILE and sstream-ui FILE
    #[arg(long, value_name = "FILE", help_heading = "Monitoring")]
    pub trace_log: Option<PathBuf>,

    /// Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address, help_heading = "Monitoring")]
    pub metrics: Option<SocketAddr>,

    /// Keep metrics in FILE, for node_exporter's textfile collector
    #[arg(long, value_name = "FILE.prom", help_heading = "Monitoring")]
    pub metrics_file: Option<PathBuf>,
}

impl WatchArgs {
    /// Those of these options that say nothing of what is computed.
    pub const OF_RUNNING: &[&str] = &["trace-log", "metrics", "metrics-file"];
}

/// How a stage takes part in its stream's checkpoint: one with state, and one
/// that writes anything but frames.
#[derive(Args, Clone, Debug)]
pub struct PartArgs {
    /// Begin here with nothing where the checkpoint of the stream has gone on
    /// without this stage
    #[arg(long, help_heading = "Checkpoint")]
    pub new: bool,

    /// The stage's name in the checkpoint of the stream, if there is one, in the
    /// place of its number and tool, as 03-files
    #[arg(long, value_name = "NAME", value_parser = parse_stage_name, help_heading = "Checkpoint")]
    pub stage_name: Option<String>,
}

impl PartArgs {
    /// Those of these options that say nothing of what is computed.
    pub const OF_RUNNING: &[&str] = &["new", "stage-name"];
}

fn parse_stage_name(name: &str) -> Result<String, String> {
    check_stage(name).map(|()| name.to_owned()).map_err(|error| error.to_string())
}

/// How often a stage keeps its state in the checkpoint.
#[derive(Args, Clone, Debug, Default)]
pub struct StateArgs {
    /// Keep the state in the stream's checkpoint, if there is one, only at multiples of this:
    /// less is written, and more is sent again after a restart [default: each batch]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms, help_heading = "Checkpoint")]
    pub checkpoint_every: Option<u64>,

    /// Begin with the state in FILE, if it is there, and leave there what is next: a stage of which a
    /// process each does some batches, as on a cluster
    #[arg(long, value_name = "FILE", hide = true)]
    pub carry: Option<PathBuf>,
}

impl StateArgs {
    /// Those of these options that say nothing of what is computed.
    pub const OF_RUNNING: &[&str] = &["checkpoint-every", "carry"];

    /// Tells the stage of them.
    pub fn tell(self, options: &mut CheckpointOptions) {
        options.every_ms = self.checkpoint_every.unwrap_or(0);
        options.carry = self.carry;
    }
}

/// Parses an address to listen at: `9102`, `127.0.0.1:9102`, `[::]:9102`.
pub fn parse_address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    text.replacen("localhost:", "127.0.0.1:", 1)
        .parse()
        .map_err(|_| "an address is a port, as 9102, or ADDRESS:PORT, as 0.0.0.0:9102 or [::1]:9102".to_owned())
}

/// Forms of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputForm {
    /// The first 10 records of each batch, as Spark prints them
    Print,
    /// The stream format, for another sstream tool
    Frames,
    /// A string as itself and anything else as JSON, one a line
    Text,
    /// Every record as JSON, one a line
    Json,
}

impl OutputForm {
    /// The form's name, where it is one of records: one that ends the stream.
    pub fn of_records(self) -> Option<&'static str> {
        match self {
            OutputForm::Print => Some("print"),
            OutputForm::Frames => None,
            OutputForm::Text => Some("text"),
            OutputForm::Json => Some("json"),
        }
    }
}

/// What a tool between two pipes has.
#[derive(Args, Clone, Debug)]
pub struct StageArgs {
    /// Options of the input.
    #[command(flatten)]
    pub input: InputArgs,

    /// Options of every tool.
    #[command(flatten)]
    pub common: Common,
}

/// How much is held in memory.
#[derive(Args, Clone, Copy, Debug)]
pub struct MemoryArgs {
    /// Records held in memory; what is more goes to a file in $TMPDIR
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, default_value = "256MiB", help_heading = "Memory")]
    pub memory: usize,
}

impl MemoryArgs {
    /// Those of these options that say nothing of what is computed.
    pub const OF_RUNNING: &[&str] = &["memory"];
}

/// The options of the groups that all tools share which say nothing of what a stage
/// computes: a restart may have others.
pub const OF_RUNNING: [&[&str]; 10] = [
    Messages::OF_RUNNING,
    Common::OF_RUNNING,
    WatchArgs::OF_RUNNING,
    PartArgs::OF_RUNNING,
    StateArgs::OF_RUNNING,
    MemoryArgs::OF_RUNNING,
    CutArgs::OF_RUNNING,
    MultilineArgs::OF_RUNNING,
    LimitArgs::OF_RUNNING,
    KeepArgs::OF_RUNNING,
];
