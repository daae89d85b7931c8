//! Options of event time.

use clap::{Args, ValueEnum};

use super::{CutArgs, ZoneArgs, bad};
use crate::cli::ToolError;
use crate::cli::program::program;
use crate::duration;
use crate::event::{TimeForm, TimeUnit, Timing, Watermarks};
use crate::flow::OnError;

/// When records happened, and how far they have come.
#[derive(Args, Clone, Debug)]
pub struct TimeArgs {
    /// The time of a record, an EXPR: go by it in the place of when records arrive
    #[arg(long, value_name = "EXPR", help_heading = "Event time")]
    pub time: Option<String>,

    /// What a number counts since 1970 [default: ms]
    #[arg(long, value_enum, value_name = "s|ms|us|ns", help_heading = "Event time")]
    pub time_unit: Option<TimeUnitArg>,

    /// How a string is to be read, as strptime does: '%d/%b/%Y:%H:%M:%S %z'; without it RFC 3339
    #[arg(long, value_name = "FORMAT", help_heading = "Event time")]
    pub time_format: Option<String>,

    /// Wait so long, by the greatest time so far, for records that come out of order: the
    /// watermark is so far behind; by default that of the stream
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms_or_none, help_heading = "Event time")]
    pub watermark: Option<u64>,

    /// When no record has come for so long, let the watermark go on with the batches
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms, requires = "watermark", help_heading = "Event time")]
    pub idle: Option<u64>,

    /// Records that come when all they could change is closed: drop (counted), fail, or a FILE to
    /// append them to [default: drop]
    #[arg(long, value_name = "drop|fail|FILE", value_parser = bad::late(), help_heading = "Event time")]
    pub late: Option<OnError>,
}

/// Choices of `--time-unit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TimeUnitArg {
    /// Seconds
    S,
    /// Milliseconds
    Ms,
    /// Microseconds
    Us,
    /// Nanoseconds
    Ns,
}

impl TimeArgs {
    /// What becomes of late records.
    pub fn late(&self) -> OnError {
        self.late.clone().unwrap_or(OnError::Skip)
    }

    /// Whether the tool is to go by event time.
    pub fn is_wanted(&self) -> bool {
        self.time.is_some() || self.first_given().is_some()
    }

    /// The first of the options given that say nothing without event time.
    pub fn first_given(&self) -> Option<&'static str> {
        [
            (self.time_unit.is_some(), "--time-unit"),
            (self.time_format.is_some(), "--time-format"),
            (self.watermark.is_some(), "--watermark"),
            (self.late.is_some(), "--late"),
        ]
        .into_iter()
        .find_map(|(given, option)| given.then_some(option))
    }

    /// As [`TimeArgs::timing`], if event time is wanted.
    pub fn timing_if_wanted(&self, cut: &CutArgs) -> Result<Option<Timing>, ToolError> {
        if self.is_wanted() {
            return self.timing(&cut.zone).map(Some);
        }
        self.check_no_zone(cut)?;
        Ok(None)
    }

    /// Refuses a zone where there is nothing that it could be of.
    pub fn check_no_zone(&self, cut: &CutArgs) -> Result<(), ToolError> {
        match cut.zone.time_zone {
            Some(_) if !cut.has_batches_of_zone() => Err(ToolError::Usage(
                "--time-zone is of the times that records tell: say by --time EXPR what they are; or of batches of a \
                 first stage, as --batch 1d"
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }

    /// How the stream tells its time: by `--time`, or, where only other options ask for event time,
    /// as a stage before says.
    ///
    /// # Errors
    /// Not a program; or an option says how times are written where no EXPR reads one.
    pub fn timing(&self, zone: &ZoneArgs) -> Result<Timing, ToolError> {
        self.timing_by("--time", self.time.as_deref(), zone)
    }

    /// The same by another EXPR, of the option so named.
    pub fn timing_by(&self, option: &str, source: Option<&str>, zone: &ZoneArgs) -> Result<Timing, ToolError> {
        let program = source.map(|source| program(option, source, &[])).transpose()?;
        let form = [(self.time_unit.is_some(), "--time-unit"), (self.time_format.is_some(), "--time-format")];
        if let (None, Some((_, given))) = (&program, form.iter().find(|(is_given, _)| *is_given)) {
            return Err(ToolError::Usage(format!(
                "{given} says how the times of {option} are written: give {option} EXPR too; those that a stage before \
                 makes are read as it made them"
            )));
        }
        let unit = match self.time_unit {
            Some(TimeUnitArg::S) => TimeUnit::Seconds,
            Some(TimeUnitArg::Ms) | None => TimeUnit::Milliseconds,
            Some(TimeUnitArg::Us) => TimeUnit::Microseconds,
            Some(TimeUnitArg::Ns) => TimeUnit::Nanoseconds,
        };
        let form = TimeForm { unit, format: self.time_format.clone(), zone: zone.zone() };
        let watermarks = match self.watermark {
            Some(delay_ms) => Watermarks::own(delay_ms, self.idle),
            None => Watermarks::of_input(),
        };
        Ok(Timing::new(program, form, watermarks))
    }
}
