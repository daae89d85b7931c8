//! How raw input becomes records and batches.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::batch::Batching;
use super::{FormArgs, InputForm, KeepArgs, MultilineArgs, ZoneArgs, bad};
use crate::cli::ToolError;
use crate::duration;
use crate::flow::OnError;
use crate::interval::Interval;
use crate::record::forms::Recipe;
use crate::source::engine::cut::Count;
use crate::source::engine::limits::LimitOptions;

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
    /// The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month
    /// end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the
    /// first of them [default: SSTREAM_BATCH, or 1s]
    #[arg(long, value_name = "DURATION|COUNT", value_parser = Batching::parse, help_heading = "Raw input")]
    pub batch: Option<Batching>,

    /// Where days begin.
    #[command(flatten)]
    pub zone: ZoneArgs,

    /// How long a record may wait for its block to fill
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "200ms", help_heading = "Raw input")]
    pub block_interval: Duration,

    /// A longer line is a bad record
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, default_value = "1MiB", help_heading = "Raw input")]
    pub max_line: usize,

    /// How records are written.
    #[command(flatten)]
    pub form: FormArgs,

    /// Which lines are one event.
    #[command(flatten)]
    pub events: MultilineArgs,

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
    #[arg(long, value_name = "fail|skip|FILE", default_value = "fail", value_parser = bad::on_error(), help_heading = "Bad records")]
    pub on_error: OnError,
}

impl CutArgs {
    /// Those of these options that say nothing of what is computed.
    pub const OF_RUNNING: &[&str] =
        &["block-interval", "no-trace", "skip-missed", "stop-file", "idle-timeout", "stop-after", "on-error"];

    /// Where batches end: the option, or SSTREAM_BATCH, or after one second.
    pub fn batching(&self) -> Result<Batching, ToolError> {
        let zoned = self.given_batching()?.in_zone(self.zone.time_zone.as_ref());
        zoned.map_err(|reason| ToolError::Usage(format!("--batch with --time-zone: {reason}")))
    }

    fn given_batching(&self) -> Result<Batching, ToolError> {
        match (self.batch, std::env::var("SSTREAM_BATCH")) {
            (Some(batching), _) => Ok(batching),
            (None, Ok(text)) if !text.is_empty() => {
                Batching::parse(&text).map_err(|reason| ToolError::Usage(format!("SSTREAM_BATCH={text}: {reason}")))
            }
            _ => Ok(Batching::default()),
        }
    }

    /// How far apart batches are.
    pub fn interval(&self) -> Result<Interval, ToolError> {
        self.batching().map(Batching::interval)
    }

    /// Whether `--batch` has a use for `--time-zone`.
    pub fn has_batches_of_zone(&self) -> bool {
        self.zone.time_zone.is_some() && self.batch.is_some_and(Batching::goes_by_zone)
    }

    /// Refuses a zone where a tool has nothing that it could be of but batches, and these are the same in all.
    pub fn check_zone(&self) -> Result<(), ToolError> {
        match (&self.zone.time_zone, self.given_batching()?) {
            (Some(_), batching) if !batching.goes_by_zone() => Err(ToolError::Usage(format!(
                "--time-zone: batches of {batching} are no others in another zone: it is for --batch 1h, 1d, 1w, 1month"
            ))),
            _ => Ok(()),
        }
    }

    /// When a batch is full, where that is by count.
    pub fn count(&self) -> Option<Count> {
        self.batching().ok().and_then(Batching::count)
    }

    /// The first of the options given that mean nothing where batches are cut
    /// already.
    pub fn of_first_stage(&self) -> Option<&'static str> {
        let given = [
            (self.batch.is_some(), "--batch"),
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
        ];
        given
            .into_iter()
            .find_map(|(given, option)| given.then_some(option))
            .or(self.form.given())
            .or(self.events.given())
    }

    /// Options that do not go with the form of raw input, or with each other.
    pub fn check(&self, form: Option<InputForm>) -> Result<(), ToolError> {
        let form = form.unwrap_or(InputForm::Text);
        self.form.check(form, self.max_line)?;
        if let Some((option, what)) = self.events.given().zip(form.frames_itself()) {
            let message = format!("{option}: {what} say themselves where they end: leave it out");
            return Err(ToolError::Usage(message));
        }
        let by_clock = [
            (self.limits.backpressure, "--backpressure"),
            (self.limits.max_batch.is_some(), "--max-batch"),
            (self.skip_missed, "--skip-missed"),
        ];
        if let (Some(_), Some((_, option))) = (self.count(), by_clock.iter().find(|(given, _)| *given)) {
            return Err(ToolError::Usage(format!(
                "{option} is of batches that end by the clock: leave it out, or the count"
            )));
        }
        self.events.check()
    }

    /// What makes records of raw lines in this form.
    pub fn recipe(&self, form: Option<InputForm>) -> Recipe {
        let form = form.unwrap_or(InputForm::Text);
        Recipe {
            form: form.of_records(),
            csv: self.form.csv(form),
            numbers: self.form.numbers,
            coding: self.form.coding(form),
            joining: self.events.joining(self.max_line),
            ..Recipe::default()
        }
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
    /// Those of these options that say nothing of what is computed.
    pub const OF_RUNNING: &[&str] = &["max-rate", "max-batch", "backpressure"];

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
