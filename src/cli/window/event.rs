//! The options of windows of event time, of sessions and of cumulating windows.

use clap::{Args, ValueEnum};

use super::{Extent as Positional, WindowTool};
use crate::agg::{Aggregation, Aggregator};
use crate::cli::ToolError;
use crate::cli::args::check_key_memory;
use crate::cli::cluster::{Keys, Parts, Spread};
use crate::cli::function::threads;
use crate::cli::program::program;
use crate::duration;
pub use crate::interval::Extent;
use crate::op::deal::Deal;
use crate::op::window::event::{Emit, EventWindow, Gap, LargeEventWindow, Layout, Options, TimeOutput, Windows};

/// Which windows, and when they come out.
#[derive(Args, Clone, Debug)]
pub struct EventArgs {
    /// Windows of a key's records that are no further apart than this: 30m, or EXPR, the gap
    /// behind each record in ms
    #[arg(long, value_name = "GAP", conflicts_with = "cumulate", help_heading = "Windows")]
    session: Option<String>,

    /// A session is no longer than this
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms, requires = "session", help_heading = "Windows")]
    max: Option<u64>,

    /// Windows from each multiple of LEN on, up to each STEP within it
    #[arg(long, num_args = 2, value_names = ["LEN", "STEP"], value_parser = Extent::parse, help_heading = "Windows")]
    cumulate: Option<Vec<Extent>>,

    /// Let windows begin so long after the multiples of SLIDE since 1970; it may be negative
    #[arg(long, value_name = "DURATION", value_parser = parse_offset, allow_hyphen_values = true, help_heading = "Windows")]
    offset: Option<i64>,

    /// Which windows of event time come out when [default: closed]
    #[arg(long, value_enum, help_heading = "Windows")]
    emit: Option<EmitArg>,

    /// How start and end are written [default: ms]
    #[arg(long, value_enum, value_name = "ms|rfc3339", help_heading = "Windows")]
    time_output: Option<TimeOutputArg>,
}

/// What `--emit` can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EmitArg {
    /// Each window once, when the watermark has passed its end
    Closed,
    /// With each batch the windows that it changed
    Changed,
    /// With each batch all windows; none is ever forgotten
    All,
}

/// What `--time-output` can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TimeOutputArg {
    /// Milliseconds since 1970
    Ms,
    /// As 2016-07-23T14:11:50Z, in the zone of --time-zone
    Rfc3339,
}

fn parse_offset(text: &str) -> Result<i64, String> {
    let (sign, length) = match text.strip_prefix('-') {
        Some(length) => (-1, length),
        None => (1, text),
    };
    let ms = duration::parse_ms_or_none(length)?;
    Ok(sign * i64::try_from(ms).map_err(|_| "is too long".to_owned())?)
}

impl EventArgs {
    /// Whether the windows are others than LEN and SLIDE say.
    pub(super) fn has_own_windows(&self) -> bool {
        self.session.is_some() || self.cumulate.is_some()
    }

    /// Whether these windows are meant.
    pub(super) fn is_wanted(&self) -> bool {
        self.has_own_windows() || self.offset.is_some() || self.emit.is_some() || self.time_output.is_some()
    }
}

impl WindowTool {
    /// What comes out, in words.
    pub(super) fn event_told(&self, gives: &str) -> String {
        let by = if self.time.is_wanted() { "event time" } else { "batch time" };
        let windows = match (&self.event.session, &self.event.cumulate) {
            (Some(gap), _) => format!("sessions by {by}: a key's records no further than {gap} apart"),
            (None, Some(_)) => format!("cumulating windows by {by}"),
            (None, None) => format!("windows by {by}"),
        };
        let when = match self.event.emit {
            None | Some(EmitArg::Closed) => "each once the watermark has passed its end",
            Some(EmitArg::Changed) => "those that a batch changed, with it",
            Some(EmitArg::All) => "all of them with each batch",
        };
        format!("{windows}; gives {gives}, {when}")
    }

    /// What is held, and for how long.
    pub(super) fn event_kept(&self) -> String {
        match (self.event.emit, self.time.watermark) {
            (Some(EmitArg::All), _) => {
                "state: a partial result a window and key, for ever: --emit closed or changed lets go of what is over"
            }
            _ if !self.time.is_wanted() => "state: a partial result a window and key, until it is over",
            (_, Some(_)) => "state: a partial result a window and key, until the watermark has passed its end",
            (Some(EmitArg::Changed), None) => {
                "state: a partial result a window and key, until the stream's watermark has passed its end; for ever if \
                 it has none: --watermark"
            }
            (_, None) => "state: a partial result a window and key, until the stream's watermark has passed its end",
        }
        .to_owned()
    }

    /// What deals records to parts, of windows of events.
    pub(super) fn dealing(&self) -> Result<Deal, ToolError> {
        let timing = self.time.watermark.map(|_| self.time.timing(&self.stage.input.cut.zone)).transpose()?;
        Ok(Deal::new(self.keys.grouping()?, timing))
    }

    /// How they are spread over a cluster.
    pub(super) fn event_spread(&self) -> Spread {
        let keys = match self.keys.is_keyed() {
            true if self.keys.by_key && self.keys.of.is_none() && self.time.watermark.is_none() => Keys::OfPairs,
            true => Keys::Dealt,
            false => Keys::None,
        };
        match self.shown() {
            Ok(_) if self.memory.is_some() => Spread::Refused(
                "--memory: a cluster keeps what is open in its own memory, spread over --parts".to_owned(),
            ),
            Ok(_) => Parts::spread(keys, self.time.watermark.is_some(), &self.time.late()),
            Err(error) => Spread::Refused(error.to_string()),
        }
    }

    /// The operator of which most may be on disk.
    pub(super) fn large_window(&self, window: EventWindow, memory: usize) -> Result<LargeEventWindow, ToolError> {
        let refused = |what: &str| Err(ToolError::Usage(format!("--memory: {what}")));
        if threads(self.share.jobs(self.jobs)) > 1 {
            return refused("with --jobs all that is open is in memory: leave one of them out");
        }
        match self.event.emit {
            Some(EmitArg::Changed | EmitArg::All) => {
                refused("windows that are not closed are all in memory: it needs --emit closed")
            }
            _ => match check_key_memory(memory) {
                Err(least) => refused(&format!("of windows of events {least}")),
                Ok(()) => Ok(LargeEventWindow::new(window, memory)),
            },
        }
    }

    /// The operator.
    pub(super) fn event_window(
        &self,
        length: Option<Positional>,
        slide: Option<Positional>,
        aggregator: Option<Aggregator>,
    ) -> Result<EventWindow, ToolError> {
        let EventArgs { session, max, cumulate, offset, emit, time_output } = &self.event;
        // By the times of batches there are sessions and cumulating windows; all else is of event
        // time, by --time or as a stage before says.
        let is_by_batch = self.event.has_own_windows() && !self.time.is_wanted();
        let timing = if is_by_batch { None } else { Some(self.time.timing(&self.stage.input.cut.zone)?) };
        let timing = timing.map(|timing| self.share.timing(timing));
        if is_by_batch && session.is_some() {
            self.time.check_no_zone(&self.stage.input.cut)?;
        }
        let zone = self.stage.input.cut.zone.time_zone.as_ref();
        let offset_ms = offset.unwrap_or(0);
        let usage = |reason: String| ToolError::Usage(reason);
        let time = |extent: Positional| match extent {
            Positional::Time(extent) => Ok(extent),
            Positional::Records(_) => {
                Err(usage("windows of so many records know no --time: give LEN and SLIDE as durations".to_owned()))
            }
        };
        let windows = match (session, cumulate.as_deref(), length) {
            (Some(gap), ..) if offset.is_some() => {
                return Err(usage(format!("--offset does not go with --session {gap}: sessions begin with a record")));
            }
            (Some(gap), ..) => Windows::Sessions {
                gap: match gap.starts_with(|first: char| first.is_ascii_digit()) {
                    true => duration::parse_ms(gap)
                        .map(|ms| Gap::Fixed(i64::try_from(ms).unwrap_or(i64::MAX)))
                        .map_err(|reason| usage(format!("--session {gap}: {reason}")))?,
                    false => Gap::Of(program("--session", gap, &[])?),
                },
                most_ms: max.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX)),
            },
            (None, Some(&[length, step]), _) => {
                Windows::Paned(Layout::cumulating(length, step, offset_ms, zone).map_err(usage)?)
            }
            (None, _, length) => {
                let length = length.map(time).transpose()?.ok_or_else(|| usage("LEN is missing".to_owned()))?;
                let slide = slide.map(time).transpose()?.unwrap_or(length);
                Windows::Paned(Layout::sliding(length, slide, offset_ms, zone).map_err(usage)?)
            }
        };
        let collect = || Aggregator::new(Aggregation::Collect);
        Ok(EventWindow::new(Options {
            windows,
            timing,
            emit: match emit {
                None | Some(EmitArg::Closed) => Emit::Closed,
                Some(EmitArg::Changed) => Emit::Changed,
                Some(EmitArg::All) => Emit::All,
            },
            grouping: self.share.grouping(self.keys.grouping()?),
            aggregator: aggregator.unwrap_or_else(collect),
            time_output: match time_output {
                None | Some(TimeOutputArg::Ms) => TimeOutput::Milliseconds,
                Some(TimeOutputArg::Rfc3339) => TimeOutput::Rfc3339(self.stage.input.cut.zone.zone()),
            },
        }))
    }
}
