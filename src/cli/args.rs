//! Groups of options that several tools share.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::checkpoint::job::Retain;
use crate::checkpoint::name::{check_source, check_stage};
use crate::console::Level;
use crate::duration;
use crate::source::kept::OnLoss;
use crate::source::limits::LimitOptions;
use crate::stage::OnError;

/// How much a tool says.
#[derive(Args, Clone, Debug)]
pub struct Messages {
    /// Say what happens, on stderr
    #[arg(long, conflicts_with = "quiet", help_heading = "Messages")]
    pub verbose: bool,

    /// Say nothing but errors, on stderr
    #[arg(long, help_heading = "Messages")]
    pub quiet: bool,
}

impl Messages {
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
}

impl Common {
    /// What a tool that is no stage has.
    pub const NONE: Common = Common {
        messages: Messages { verbose: false, quiet: false },
        output: None,
        watch: WatchArgs { trace_log: None, metrics: None, metrics_file: None },
        part: PartArgs { new: false, stage_name: None },
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

fn parse_stage_name(name: &str) -> Result<String, String> {
    check_stage(name).map(|()| name.to_owned()).map_err(|error| error.to_string())
}

/// How often a stage keeps its state in the checkpoint.
#[derive(Args, Clone, Copy, Debug)]
pub struct StateArgs {
    /// Keep the state in the stream's checkpoint, if there is one, only at multiples of this:
    /// less is written, and more is sent again after a restart [default: each batch]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms, help_heading = "Checkpoint")]
    pub checkpoint_every: Option<u64>,
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

/// How raw input becomes records and batches. Framed input is what it is.
#[derive(Args, Clone, Debug)]
pub struct InputArgs {
    /// Raw input in this form, so that the clock need not wait for the first byte
    #[arg(long, value_enum, value_name = "FORM", help_heading = "Raw input")]
    pub input: Option<InputForm>,

    /// The options that do not depend on how input is told apart.
    #[command(flatten)]
    pub cut: CutArgs,
}

impl InputArgs {
    /// What becomes of bad records.
    pub fn on_error(&self) -> OnError {
        self.cut.on_error.clone()
    }
}

/// How raw lines become batches.
#[derive(Args, Clone, Debug)]
pub struct CutArgs {
    /// The interval between batches [default: SSTREAM_BATCH, or 1s]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms, help_heading = "Raw input")]
    pub batch: Option<u64>,

    /// How long a record may wait for its block to fill
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "200ms", help_heading = "Raw input")]
    pub block_interval: Duration,

    /// A longer line is a bad record
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, default_value = "1MiB", help_heading = "Raw input")]
    pub max_line: usize,

    /// The columns' names for csv; by default the first line names them
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Raw input")]
    pub columns: Option<Vec<String>>,

    /// Stop, as a signal would, when this file is there
    #[arg(long, value_name = "PATH", help_heading = "Stopping")]
    pub stop_file: Option<PathBuf>,

    /// Stop when nothing has come for so long
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "Stopping")]
    pub idle_timeout: Option<Duration>,

    /// Stop so long after the start
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "Stopping")]
    pub stop_after: Option<Duration>,

    /// Send more than a million missed batches (a suspend, a clock set) as empty ones
    #[arg(long, help_heading = "Raw input")]
    pub skip_missed: bool,

    /// Leave the trace out of the stream's ends
    #[arg(long, help_heading = "Raw input")]
    pub no_trace: bool,

    /// How much is taken at most.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// What a restart needs.
    #[command(flatten)]
    pub keep: KeepArgs,

    /// Bad records: fail, skip, or a FILE to append them to
    #[arg(long, value_name = "fail|skip|FILE", default_value = "fail", value_parser = parse_on_error, help_heading = "Bad records")]
    pub on_error: OnError,
}

impl CutArgs {
    /// The interval: the option, or SSTREAM_BATCH, or one second.
    pub fn interval_ms(&self) -> Result<u64, super::ToolError> {
        match (self.batch, std::env::var("SSTREAM_BATCH")) {
            (Some(interval_ms), _) => Ok(interval_ms),
            (None, Ok(text)) if !text.is_empty() => duration::parse_ms(&text)
                .map_err(|reason| super::ToolError::Usage(format!("SSTREAM_BATCH={text}: {reason}"))),
            _ => Ok(1000),
        }
    }
}

impl CutArgs {
    /// The first of the options given that mean nothing where batches are cut
    /// already.
    pub fn of_first_stage(&self) -> Option<&'static str> {
        [
            (self.batch.is_some(), "--batch"),
            (self.columns.is_some(), "--columns"),
            (self.stop_file.is_some(), "--stop-file"),
            (self.idle_timeout.is_some(), "--idle-timeout"),
            (self.stop_after.is_some(), "--stop-after"),
            (self.skip_missed, "--skip-missed"),
            (self.no_trace, "--no-trace"),
            (self.limits.max_rate.is_some(), "--max-rate"),
            (self.limits.max_batch.is_some(), "--max-batch"),
            (self.limits.backpressure, "--backpressure"),
            (self.keep.checkpoint.is_some(), "--checkpoint"),
            (self.keep.name.is_some(), "--name"),
            (self.keep.retain.is_some(), "--retain"),
            (self.keep.on_loss.is_some(), "--on-loss"),
        ]
        .into_iter()
        .find_map(|(given, option)| given.then_some(option))
    }
}

/// How much a first stage takes at most. What is more waits where it is.
#[derive(Args, Clone, Debug)]
pub struct LimitArgs {
    /// Take at most so many records a second; what is more waits in the input
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Raw input")]
    pub max_rate: Option<u64>,

    /// A batch that has so many bytes of records takes no more; what is more comes in the next ones
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, help_heading = "Raw input")]
    pub max_batch: Option<usize>,

    /// When batches take longer than their interval, take only what the pipeline keeps up with
    #[arg(long, help_heading = "Raw input")]
    pub backpressure: bool,
}

impl LimitArgs {
    /// What the source itself keeps to.
    pub fn options(&self) -> LimitOptions {
        LimitOptions { max_rate: self.max_rate, max_batch: self.max_batch }
    }

    /// The first of the options given.
    pub fn given(&self) -> Option<&'static str> {
        [
            (self.max_rate.is_some(), "--max-rate"),
            (self.max_batch.is_some(), "--max-batch"),
            (self.backpressure, "--backpressure"),
        ]
        .into_iter()
        .find_map(|(given, option)| given.then_some(option))
    }
}

/// What a first stage keeps for a restart.
#[derive(Args, Clone, Debug)]
pub struct KeepArgs {
    /// Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]
    #[arg(long, value_name = "DIR", help_heading = "Checkpoint")]
    pub checkpoint: Option<PathBuf>,

    /// The source's name in the checkpoint, and the pipeline's where it is shown [default: its kind]
    #[arg(long, value_name = "NAME", value_parser = parse_source_name, help_heading = "Checkpoint")]
    pub name: Option<String>,

    /// Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]
    #[arg(long, value_name = "100|12h|all", value_parser = parse_retain, help_heading = "Checkpoint")]
    pub retain: Option<Retain>,

    /// What a restart needs and is gone (a file removed): fail, or skip it [default: fail]
    #[arg(long, value_enum, value_name = "fail|skip", help_heading = "Checkpoint")]
    pub on_loss: Option<OnLossArg>,
}

/// Choices of `--on-loss`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnLossArg {
    /// Stop with exit code 5
    Fail,
    /// Leave it out, with a warning
    Skip,
}

impl KeepArgs {
    /// Where the checkpoint is: the option, or SSTREAM_CHECKPOINT.
    pub fn dir(&self) -> Option<PathBuf> {
        let from_environment = || std::env::var_os("SSTREAM_CHECKPOINT").filter(|dir| !dir.is_empty());
        self.checkpoint.clone().or_else(|| from_environment().map(PathBuf::from))
    }

    /// The first of the options given that mean nothing without a checkpoint.
    pub fn needs_dir(&self) -> Option<&'static str> {
        [(self.retain.is_some(), "--retain"), (self.on_loss.is_some(), "--on-loss")]
            .into_iter()
            .find_map(|(given, option)| given.then_some(option))
    }

    /// What becomes of what is gone.
    pub fn on_loss(&self) -> OnLoss {
        match self.on_loss {
            Some(OnLossArg::Skip) => OnLoss::Skip,
            Some(OnLossArg::Fail) | None => OnLoss::Fail,
        }
    }
}

fn parse_source_name(name: &str) -> Result<String, String> {
    check_source(name).map(|()| name.to_owned()).map_err(|error| error.to_string())
}

fn parse_retain(text: &str) -> Result<Retain, String> {
    text.parse()
}

fn parse_on_error(text: &str) -> Result<OnError, std::convert::Infallible> {
    Ok(match text {
        "fail" => OnError::Fail,
        "skip" => OnError::Skip,
        path => OnError::File(path.into()),
    })
}

/// How much is held in memory.
#[derive(Args, Clone, Copy, Debug)]
pub struct MemoryArgs {
    /// Records held in memory; what is more goes to a file in $TMPDIR
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, default_value = "256MiB", help_heading = "Memory")]
    pub memory: usize,
}

/// Forms of raw input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InputForm {
    /// Each line a string
    Text,
    /// Each line a JSON value
    Json,
    /// Each row an object
    Csv,
    /// Each line key=value pairs, an object
    Logfmt,
}
