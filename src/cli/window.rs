//! `sstream-window`.

use clap::Parser;

use super::agg::{ExprArgs, KeyArgs, MERGE_VARIABLES};
use super::args::{Common, MemoryArgs, StageArgs, StateArgs};
use super::program::program;
use super::{Environment, Tool, ToolError, run_stage_saved};
use crate::agg::{Aggregation, Aggregator};
use crate::duration;
use crate::op::Operator;
use crate::op::window::{Fold, Panes, Plain, RecordWindow, TimeWindow};

/// Slide a window over the batches: its records, or what an aggregation makes of them
///
/// LEN and SLIDE are durations, as 30s and 10s: multiples of the input's batch
/// interval. At each batch time that is a multiple of SLIDE (by default the
/// interval) the batches of the last LEN make one batch. Or both are numbers of
/// records, as 100n and 10n: after every 10th record the newest 100 make a
/// window.
///
/// AGG is count, sum, min, max, avg, first, last, collect, distinct,
/// count-distinct, top:N or quantile:Q; without it the window's records come
/// out, beyond --memory kept on disk. In Spark: window, countByWindow,
/// reduceByWindow, reduceByKeyAndWindow, groupByKeyAndWindow,
/// countByValueAndWindow.
#[derive(Parser, Debug)]
pub struct WindowTool {
    /// How far the window reaches back: 30s, or 100n for records
    #[arg(value_name = "LEN", value_parser = Extent::parse)]
    length: Extent,

    /// How far apart windows are: 10s, or 10n for records; it begins with a digit and may be left out
    #[arg(value_name = "SLIDE")]
    slide: Option<String>,

    /// What to compute of the window's records
    #[arg(value_name = "AGG")]
    aggregation: Option<String>,

    #[command(flatten)]
    keys: KeyArgs,

    #[command(flatten)]
    expr: ExprArgs,

    #[command(flatten)]
    memory: MemoryArgs,

    #[command(flatten)]
    saved: StateArgs,

    #[command(flatten)]
    stage: StageArgs,
}

/// A window's length or slide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// In ms.
    Time(u64),
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
            None => duration::parse_ms(text).map(Extent::Time),
        }
    }
}

impl WindowTool {
    /// The slide, if there is one, and the aggregation, if there is one.
    fn positionals(&self) -> Result<(Option<Extent>, Option<Aggregation>), ToolError> {
        let begins_with_digit = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
        // Where SLIDE is left out, AGG stands in its place.
        let (slide, aggregation) = match (self.slide.as_deref(), self.aggregation.as_deref()) {
            (Some(first), None) if !begins_with_digit(first) => (None, Some(first)),
            both => both,
        };
        let slide = match slide {
            Some(text) if !begins_with_digit(text) => Err(ToolError::Usage(format!(
                "SLIDE '{text}' does not begin with a digit: the arguments are LEN [SLIDE] [AGG], as 30s 10s count"
            ))),
            Some(text) => {
                Extent::parse(text).map(Some).map_err(|reason| ToolError::Usage(format!("SLIDE '{text}': {reason}")))
            }
            None => Ok(None),
        }?;
        let aggregation = aggregation.map(Aggregation::parse).transpose();
        Ok((slide, aggregation.map_err(|error| ToolError::Usage(error.to_string()))?))
    }

    fn panes(&self, aggregation: Option<Aggregation>) -> Result<Box<dyn Panes>, ToolError> {
        let grouping = self.keys.grouping()?;
        let chooses_value = self.keys.is_keyed() || self.keys.of.is_some() || self.keys.error.is_some();
        match self.keys.aggregator(aggregation, &self.expr)? {
            Some(aggregator) => Ok(Box::new(Fold::new(aggregator, grouping))),
            None if !chooses_value => Ok(Box::new(Plain::new(self.memory.memory))),
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
    pub(super) fn without_command(&self) -> Result<Option<Aggregator>, ToolError> {
        let (_, aggregation) = self.positionals()?;
        match &self.expr.exec {
            Some(_) => self.keys.merging(Box::new(program("--expr", "$b", &MERGE_VARIABLES)?)).map(Some),
            None => self.keys.aggregator(aggregation, &self.expr),
        }
    }
}

impl Tool for WindowTool {
    const NAME: &'static str = "sstream-window";
    const EXAMPLES: &'static str = "  \
  nc -lk 9999 | sstream-filter ERROR | sstream-window 30s 10s count
  … | sstream-flatmap --split ' ' | sstream-window 30s 10s --by-value count
  … | sstream-window 5m 1m --by .host --of .ms quantile:0.99
  … | sstream-window 100n 10n --expr '$a + $b'
";

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        let (slide, aggregation) = self.positionals()?;
        let panes = self.panes(aggregation)?;
        let mut operator: Box<dyn Operator> = match (self.length, slide) {
            (Extent::Time(length_ms), None) => Box::new(TimeWindow::new(length_ms, None, panes)),
            (Extent::Time(length_ms), Some(Extent::Time(slide_ms))) => {
                Box::new(TimeWindow::new(length_ms, Some(slide_ms), panes))
            }
            (Extent::Records(length), None) => Box::new(RecordWindow::new(length, length, panes)),
            (Extent::Records(length), Some(Extent::Records(slide))) => {
                Box::new(RecordWindow::new(length, slide, panes))
            }
            _ => {
                return Err(ToolError::Usage(
                    "LEN and SLIDE are either both durations, as 30s 10s, or both numbers of records, as 100n 10n"
                        .to_owned(),
                ));
            }
        };
        run_stage_saved(operator.as_mut(), &self.stage, self.saved, environment)
    }
}
