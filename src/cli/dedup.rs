//! `sstream-dedup`.

use clap::Parser;

use super::account::{Account, Stream};
use super::args::{Common, CutArgs, KeyMemoryArgs, ShareArgs, StageArgs, StateArgs, TimeArgs};
use super::cluster::{Keys, Parts, Spread};
use super::function::threads;
use super::program::program;
use super::saved::Saved;
use super::{Environment, Tool, ToolError, run_stage, run_stage_timed};
use crate::duration::{self, show_ms};
use crate::op::deal::Deal;
use crate::op::dedup::{Dedup, LargeDedup, Memory, ShardedDedup};
use crate::op::grouping::{By, Grouping};
use crate::op::{Operator, Out};

/// Drop duplicates: the first record of each key comes out, as it is
///
/// The key is the record, or what --by makes of it. By default it is known for ever;
/// --within 10m forgets it 10 minutes after its first record, by batch times. With --time
/// and --watermark D a key is known until the watermark has passed the time of its first
/// record by D (or by --within), and a record that the watermark has passed is late.
///
/// All keys that are known are in memory: each its bytes and about 40 more; with --memory
/// the rest is on disk. In Spark: dropDuplicates and dropDuplicatesWithinWatermark.
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

    /// Deal the keys over N threads, with the same output; 0: as many as there
    /// are processors
    #[arg(short, long, value_name = "N", default_value = "1", conflicts_with = "memory", hide_default_value = true)]
    jobs: usize,

    #[command(flatten)]
    memory: KeyMemoryArgs,

    #[command(flatten)]
    share: ShareArgs,

    #[command(flatten)]
    saved: StateArgs,

    #[command(flatten)]
    stage: StageArgs,
}

impl DedupTool {
    fn grouping(&self) -> Result<Grouping, ToolError> {
        let by = match &self.by {
            Some(source) => By::Program(program("--by", source, &[])?),
            None => By::Record,
        };
        Ok(Grouping::new(by, None))
    }

    /// The operator; nothing is opened for it.
    fn operator(&self) -> Result<Dedup, ToolError> {
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
        let timing = timing.map(|timing| self.share.timing(timing));
        Ok(Dedup::new(self.share.grouping(self.grouping()?), Memory { within_ms, timing }))
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

    const OF_RUNNING: &'static [&'static str] = &["jobs"];

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn has_state(&self) -> bool {
        true
    }

    fn show_state(&self, saved: Saved<'_>, out: &mut Out<'_>) -> Result<(), ToolError> {
        let mut dedup = self.operator()?;
        saved.load(&mut dedup)?;
        dedup.show(out);
        Ok(())
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
        match self.operator() {
            Ok(_) if self.memory.memory.is_some() => Spread::Refused(KeyMemoryArgs::NOT_ON_A_CLUSTER.to_owned()),
            Ok(_) => Parts::spread(Keys::Dealt, self.time.watermark.is_some(), &self.time.late()),
            Err(error) => Spread::Refused(error.to_string()),
        }
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        if self.share.deal {
            let timing = self.time.timing_if_wanted(&self.stage.input.cut)?;
            return run_stage(&mut Deal::new(self.grouping()?, timing).with_one_key(), &self.stage, environment);
        }
        let mut operator: Box<dyn Operator> = match (self.memory.memory, threads(self.share.jobs(self.jobs))) {
            (Some(memory), _) => Box::new(LargeDedup::new(self.operator()?, memory)),
            (None, 1) => Box::new(self.operator()?),
            (None, threads) => {
                let dedups = (0..threads).map(|_| self.operator()).collect::<Result<_, _>>()?;
                Box::new(ShardedDedup::new(self.grouping()?, dedups))
            }
        };
        run_stage_timed(operator.as_mut(), &self.stage, self.saved, self.time.late(), environment)
    }
}
