//! `sstream-dedup`.

use clap::Parser;

use super::account::{Account, Stream};
use super::args::{Common, CutArgs, StageArgs, StateArgs, TimeArgs};
use super::cluster::Spread;
use super::program::program;
use super::{Environment, Tool, ToolError, run_stage_timed};
use crate::duration::{self, show_ms};
use crate::op::dedup::{Dedup, Memory};
use crate::op::grouping::{By, Grouping};

/// Drop duplicates: the first record of each key comes out, as it is
///
/// The key is the record, or what --by makes of it. By default it is known for ever;
/// --within 10m forgets it 10 minutes after its first record, by batch times. With --time
/// and --watermark D a key is known until the watermark has passed the time of its first
/// record by D (or by --within), and a record that the watermark has passed is late.
///
/// All keys that are known are in memory: each its bytes and about 40 more. In Spark:
/// dropDuplicates and dropDuplicatesWithinWatermark.
#[derive(Parser, Debug)]
pub struct DedupTool {
    /// The key is what EXPR, a jq program, makes of a record [default: the record]
    #[arg(long, value_name = "EXPR", help_heading = "Keys and values")]
    by: Option<String>,

    /// How long after its first record a key is known; with --time by default the --watermark
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms_or_none, help_heading = "Keys and values")]
    within: Option<u64>,

    #[command(flatten)]
    time: TimeArgs,

    #[command(flatten)]
    saved: StateArgs,

    #[command(flatten)]
    stage: StageArgs,
}

impl DedupTool {
    /// The operator; nothing is opened for it.
    pub(super) fn operator(&self) -> Result<Dedup, ToolError> {
        let by = match &self.by {
            Some(source) => By::Program(program("--by", source, &[])?),
            None => By::Record,
        };
        let timing = self.time.timing_if_wanted(&self.stage.input.cut)?;
        let within_ms = match (self.within, &timing) {
            (None, Some(_)) => Some(self.time.watermark.ok_or_else(|| {
                ToolError::Usage(
                    "how long a key is known is missing: give --within DURATION, for the watermark is another stage's"
                        .to_owned(),
                )
            })?),
            (within, _) => within,
        };
        let within_ms = within_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX));
        Ok(Dedup::new(Grouping::new(by, None), Memory { within_ms, timing }))
    }
}

impl Tool for DedupTool {
    const NAME: &'static str = "sstream-dedup";
    const HAS_TIMES: bool = true;
    const EXAMPLES: &'static str = "  \
  … | sstream-dedup --by .id --within 10m
  … | sstream-dedup --by .id --time .t --watermark 1h
  … | sstream-dedup
";

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn has_state(&self) -> bool {
        true
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.stage.input.cut)
    }

    fn account(&self, _: &mut Stream) -> Account {
        let account = match self.operator() {
            Ok(_) => Account::does("drops duplicates: the first record of each key comes out"),
            Err(error) => return Account::mistake(error),
        };
        account.and(match self.within.or(self.time.watermark) {
            Some(ms) if self.time.is_wanted() => {
                format!("state: each key, until the watermark is {} past its first record", show_ms(ms))
            }
            Some(ms) => format!("state: each key, for {} after its first record", show_ms(ms)),
            None => "state: every key there ever was: --within forgets them".to_owned(),
        })
    }

    fn spread(&self) -> Spread {
        Spread::not_yet("what it has seen is a state of the whole stream")
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        let mut operator = self.operator()?;
        run_stage_timed(&mut operator, &self.stage, self.saved, self.time.late(), environment)
    }
}
