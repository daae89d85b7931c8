//! `sstream-window`.

use clap::Parser;

use super::account::{Account, Stream};
use super::agg::{ExprArgs, KeyArgs, MERGE_VARIABLES};
use super::args::{Common, CutArgs, ShareArgs, StageArgs, StateArgs, TimeArgs};
use super::cluster::Spread;
use super::function::{NO_KEY_TO_DEAL, threads};
use super::program::program;
use super::saved::Saved;
use super::{Environment, Tool, ToolError, run_stage, run_stage_timed};
use crate::agg::{Aggregation, Aggregator};
use crate::duration;
use crate::op::window::event::{EventWindow, ShardedEventWindow};
use crate::op::window::{Fold, Panes, Plain, RecordWindow, ShardedFold, TimeWindow, show_entry};
use crate::op::{Operator, Out};
use event::EventArgs;

mod account;
mod event;

/// Slide a window over the batches: its records, or what an aggregation makes of them
///
/// LEN and SLIDE are durations, as 30s and 10s: multiples of the input's batch
/// interval. At each batch time that is a multiple of SLIDE (by default the
/// interval) the batches of the last LEN make one batch. Over batches of a calendar (--batch 1d
/// --time-zone Europe/Berlin at the first stage) they are that calendar's, as 1month 1d. Or both are numbers of
/// records, as 100n and 10n: after every 10th record the newest 100 make a
/// window.
///
/// With --time windows are of event time: [start, start + LEN), at multiples of SLIDE, by
/// when records say that they happened. A window comes out once the watermark has passed
/// its end, as {"start","end","key","result"}. --session and --cumulate are other windows
/// than those of one length, by event time or by batches.
///
/// AGG is count, sum, min, max, avg, first, last, collect, distinct,
/// count-distinct, top:N or quantile:Q; without it the window's records come
/// out, beyond --memory kept on disk. In Spark: window, countByWindow,
/// reduceByWindow, reduceByKeyAndWindow, groupByKeyAndWindow,
/// countByValueAndWindow.
#[derive(Parser, Debug)]
pub struct WindowTool {
    /// How far the window reaches back: 30s, or 100n for records; not with --session or
    /// --cumulate
    #[arg(value_name = "LEN")]
    length: Option<String>,

    /// How far apart windows are: 10s, or 10n for records; it begins with a digit and may be left out
    #[arg(value_name = "SLIDE")]
    slide: Option<String>,

    /// What to compute of the window's records
    #[arg(value_name = "AGG")]
    aggregation: Option<String>,

    #[command(flatten)]
    event: EventArgs,

    #[command(flatten)]
    time: TimeArgs,

    #[command(flatten)]
    keys: KeyArgs,

    #[command(flatten)]
    expr: ExprArgs,

    /// Deal the keys over N threads, with the same output; 0: as many as there
    /// are processors
    #[arg(short, long, value_name = "N", default_value = "1", conflicts_with = "exec", hide_default_value = true)]
    jobs: usize,

    /// Hold about so many bytes in memory: of records that come out as they are [default: 256MiB], or of what is open by
    /// event time [default: all]; what is more goes to files in $TMPDIR or the checkpoint
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, help_heading = "Memory")]
    memory: Option<usize>,

    #[command(flatten)]
    share: ShareArgs,

    #[command(flatten)]
    saved: StateArgs,

    #[command(flatten)]
    stage: StageArgs,
}

/// So much of the records of windows is in memory, where nobody says.
const MEMORY: usize = 256 << 20;

/// A window's length or slide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Time(event::Extent),
    Records(u64),
}

impl Extent {
    fn parse(text: &str) -> Result<Extent, String> {
        match text.strip_suffix('n') {
            // Half of the range, so that positions in the stream can be added.
            Some(records) => match records.parse::<i64>() {
                Ok(records @ 1..) => Ok(Extent::Records(records.unsigned_abs())),
                _ => Err("is no number of records, as 100n is".to_owned()),
            },
            None => event::Extent::parse(text).map(Extent::Time),
        }
    }
}

/// The arguments that say which windows and what is computed.
struct Positionals {
    length: Option<Extent>,
    slide: Option<Extent>,
    aggregation: Option<Aggregation>,
}

impl WindowTool {
    fn positionals(&self) -> Result<Positionals, ToolError> {
        let begins_with_digit = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
        let mut texts = [&self.length, &self.slide, &self.aggregation].into_iter().flatten().map(String::as_str);
        let mut next = texts.next();
        let mut extent = |what: &str| match next {
            Some(text) if begins_with_digit(text) => {
                let extent = Extent::parse(text);
                next = texts.next();
                extent.map(Some).map_err(|reason| ToolError::Usage(format!("{what} '{text}': {reason}")))
            }
            _ => Ok(None),
        };
        let (length, slide) = (extent("LEN")?, extent("SLIDE")?);
        let wrong = |text: &str| {
            ToolError::Usage(format!(
                "'{text}' does not begin with a digit: the arguments are LEN [SLIDE] [AGG], as 30s 10s count"
            ))
        };
        let aggregation = match (next, texts.next()) {
            (Some(text), Some(_)) => return Err(wrong(text)),
            (Some(text), None) => {
                let parsed = Aggregation::parse(text).map_err(|error| ToolError::Usage(error.to_string()));
                if length.is_none() && !self.event.has_own_windows() && parsed.is_err() {
                    return Err(wrong(text));
                }
                Some(parsed?)
            }
            (None, _) => None,
        };
        match (length, self.event.has_own_windows()) {
            (Some(_), true) => Err(ToolError::Usage(
                "LEN and SLIDE do not go with --session or --cumulate, which say what the windows are".to_owned(),
            )),
            (None, false) => Err(ToolError::Usage(
                "LEN is missing: how far the window reaches back, as 30s (or --session GAP, or --cumulate LEN STEP)"
                    .to_owned(),
            )),
            _ => Ok(Positionals { length, slide, aggregation }),
        }
    }

    fn panes(&self, aggregation: Option<Aggregation>) -> Result<Box<dyn Panes>, ToolError> {
        let grouping = self.keys.grouping()?;
        let chooses_value = self.keys.is_keyed() || self.keys.of.is_some() || self.keys.error.is_some();
        let aggregator = || self.keys.aggregator(aggregation.clone(), &self.expr);
        let threads = threads(self.jobs);
        match aggregator()? {
            Some(_) if threads > 1 && self.keys.is_keyed() => {
                let fold = || Ok(aggregator()?.map(|aggregator| Fold::new(aggregator, grouping.clone())));
                let folds = (0..threads).filter_map(|_| fold().transpose()).collect::<Result<_, ToolError>>()?;
                Ok(Box::new(ShardedFold::new(grouping, folds)))
            }
            _ if threads > 1 => Err(ToolError::Usage(NO_KEY_TO_DEAL.to_owned())),
            Some(aggregator) => Ok(Box::new(Fold::new(aggregator, grouping))),
            None if !chooses_value => Ok(Box::new(Plain::new(self.memory.unwrap_or(MEMORY)))),
            None => Err(ToolError::Usage(
                "a key or a value was chosen, but nothing to compute of it: add an aggregation, as count or sum"
                    .to_owned(),
            )),
        }
    }
}

impl WindowTool {
    /// What makes partial results of the panes, to read them; a command is not
    /// needed for that, and not started.
    fn without_command(&self) -> Result<Option<Aggregator>, ToolError> {
        let aggregation = self.positionals()?.aggregation;
        match &self.expr.exec {
            Some(_) => self.keys.merging(Box::new(program("--expr", "$b", &MERGE_VARIABLES)?)).map(Some),
            None => self.keys.aggregator(aggregation, &self.expr),
        }
    }
}

impl Tool for WindowTool {
    const NAME: &'static str = "sstream-window";
    const HAS_TIMES: bool = true;
    const EXAMPLES: &'static str = "  \
  nc -lk 9999 | sstream-filter ERROR | sstream-window 30s 10s count
  … | sstream-flatmap --split ' ' | sstream-window 30s 10s --by-value count
  … | sstream-window 5m 1m --by .host --of .ms quantile:0.99
  … | sstream-window 100n 10n --expr '$a + $b'
";

    const OF_RUNNING: &'static [&'static str] = &["jobs"];

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn has_state(&self) -> bool {
        true
    }

    fn show_state(&self, saved: Saved<'_>, out: &mut Out<'_>) -> Result<(), ToolError> {
        let damaged = |error| saved.damaged(&error);
        if let Some(mut window) = self.shown()? {
            saved.load(&mut window)?;
            return window.show(out).map_err(damaged);
        }
        let aggregator = self.without_command()?;
        // By the bytes of their keys, entries are in the order of the panes.
        let entries = saved.entries()?;
        entries.iter().try_for_each(|(key, entry)| show_entry(key, entry, aggregator.as_ref(), out)).map_err(damaged)
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.stage.input.cut)
    }

    fn account(&self, stream: &mut Stream) -> Account {
        self.told(stream)
    }

    fn spread(&self) -> Spread {
        self.window_spread()
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        if self.share.deal {
            return run_stage(&mut self.dealing()?, &self.stage, environment);
        }
        let mut operator = self.operator()?;
        run_stage_timed(operator.as_mut(), &self.stage, self.saved, self.time.late(), environment)
    }
}

impl WindowTool {
    /// Whether windows are of event time, sessions or cumulating ones.
    fn is_of_events(&self) -> bool {
        let cut = &self.stage.input.cut;
        let has_zone_of_times = cut.zone.time_zone.is_some() && !cut.has_batches_of_zone();
        self.time.is_wanted() || has_zone_of_times || self.event.is_wanted()
    }

    /// A window of events to load a state into and look at it, if it is one; no command is started.
    fn shown(&self) -> Result<Option<EventWindow>, ToolError> {
        if !self.is_of_events() {
            return Ok(None);
        }
        let Positionals { length, slide, .. } = self.positionals()?;
        self.event_window(length, slide, self.without_command()?).map(Some)
    }

    /// The operator that was asked for.
    fn operator(&self) -> Result<Box<dyn Operator>, ToolError> {
        let Positionals { length, slide, aggregation } = self.positionals()?;
        if self.is_of_events() {
            let window = || {
                let aggregator = self.keys.aggregator(aggregation.clone(), &self.expr)?;
                self.event_window(length, slide, aggregator)
            };
            if let Some(memory) = self.memory {
                return Ok(Box::new(self.large_window(window()?, memory)?));
            }
            return match threads(self.share.jobs(self.jobs)) {
                1 => Ok(Box::new(window()?)),
                _ if !self.keys.is_keyed() => Err(ToolError::Usage(NO_KEY_TO_DEAL.to_owned())),
                threads => {
                    let windows = (0..threads).map(|_| window()).collect::<Result<_, _>>()?;
                    Ok(Box::new(ShardedEventWindow::new(self.keys.grouping()?, windows)))
                }
            };
        }
        let panes = self.panes(aggregation)?;
        let window: Box<dyn Operator> = match (length, slide) {
            (Some(Extent::Time(length)), None) => Box::new(TimeWindow::new(length, None, panes)),
            (Some(Extent::Time(length)), Some(Extent::Time(slide))) => {
                Box::new(TimeWindow::new(length, Some(slide), panes))
            }
            (Some(Extent::Records(length)), None) => Box::new(RecordWindow::new(length, length, panes)),
            (Some(Extent::Records(length)), Some(Extent::Records(slide))) => {
                Box::new(RecordWindow::new(length, slide, panes))
            }
            _ => {
                return Err(ToolError::Usage(
                    "LEN and SLIDE are either both durations, as 30s 10s, or both numbers of records, as 100n 10n"
                        .to_owned(),
                ));
            }
        };
        Ok(window)
    }
}
