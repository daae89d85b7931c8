//! `sstream-reduce`.

use clap::Parser;

use super::account::{Account, Stream};
use super::agg::{ExprArgs, KeyArgs, no_aggregation};
use super::args::{Common, CutArgs, StageArgs};
use super::cluster::{Merging, Spread};
use super::function::{NO_KEY_TO_DEAL, threads};
use super::{Environment, Tool, ToolError, run_stage};
use crate::agg::Aggregation;
use crate::op::grouping::{By, Grouping};
use crate::op::reduce::{Partial, Reduce};
use crate::op::shards::reduce::ShardedReduce;

/// Aggregate each batch: count, reduce, countByValue, reduceByKey and groupByKey
///
/// Gives one result a batch, or with a key one [KEY, RESULT] for each, in order
/// of first appearance. Without a key count of an empty batch is 0, top:N and
/// distinct give the records themselves, and no other aggregation of an empty
/// batch gives anything.
///
/// AGG is one of
/// count, sum, min, max, avg: sums are exact;
/// first, last, collect (an array of all), distinct, count-distinct;
/// top:N, the N greatest; quantile:Q, as quantile:0.99.
#[derive(Parser, Debug)]
#[command(verbatim_doc_comment)]
pub struct ReduceTool {
    /// What to compute: count sum min max avg first last collect distinct
    /// count-distinct top:N quantile:Q
    #[arg(value_name = "AGG", value_parser = Aggregation::parse)]
    aggregation: Option<Aggregation>,

    #[command(flatten)]
    expr: ExprArgs,

    #[command(flatten)]
    key: KeyArgs,

    /// Give partial results in the place of results: [KEY, PARTIAL] or PARTIAL, to be merged by
    /// --partial-in with the same options, elsewhere or later
    #[arg(long, help_heading = "Partial results")]
    partial_out: bool,

    /// Records are partial results, which the same command has made with --partial-out: they are
    /// merged in their order
    #[arg(long, help_heading = "Partial results")]
    partial_in: bool,

    /// Deal the keys over N threads, with the same output; 0: as many as there
    /// are processors
    #[arg(short, long, value_name = "N", default_value = "1", conflicts_with_all = ["exec", "partial_in", "partial_out"], hide_default_value = true)]
    jobs: usize,

    #[command(flatten)]
    stage: StageArgs,
}

impl Tool for ReduceTool {
    const NAME: &'static str = "sstream-reduce";
    const EXAMPLES: &'static str = "  \
  … | sstream-reduce count                       Spark's count
  … | sstream-flatmap --split ' ' | sstream-reduce --by-value count
                                                 countByValue: a word count
  … | sstream-map '[.user, .bytes]' | sstream-reduce --by-key sum
                                                 reduceByKey(_ + _)
  … | sstream-reduce --by .user --of .bytes sum  the same, with no map
  … | sstream-reduce --by-key collect            groupByKey
  … | sstream-reduce --expr '$a + $b'            reduce(_ + _)
  … | sstream-reduce top:10 --of '.[1]'          the 10 pairs with the greatest values
  … | sstream-reduce --by .path --of .ms quantile:0.99
  … | sstream-reduce --partial-out --by .path count
                                                 to be merged on another host:
  … | sstream-reduce --partial-in --by .path count
";

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.stage.input.cut)
    }

    fn account(&self, _: &mut Stream) -> Account {
        let what = self.aggregation.as_ref().map_or("an expression".to_owned(), Aggregation::to_string);
        Account::does(format!("aggregates each batch: {what}; keeps nothing from batch to batch")).and(self.key.told())
    }

    fn spread(&self) -> Spread {
        if self.partial_in || self.partial_out {
            return Spread::Refused(
                "--partial-in, --partial-out: a cluster's own partial results are made so".to_owned(),
            );
        }
        // A command is not started for that.
        let aggregator = match self.expr.exec {
            Some(_) => Ok(true),
            None => self.key.aggregator(self.aggregation.clone(), &self.expr).map(|aggregator| aggregator.is_some()),
        };
        match self.key.grouping().and(aggregator) {
            Ok(true) => {}
            Ok(false) => return Spread::Refused(no_aggregation().to_string()),
            Err(error) => return Spread::Refused(error.to_string()),
        }
        Spread::Aggregation(Merging::new(
            &self.key,
            &self.expr,
            self.aggregation.as_ref(),
            &self.stage.input.cut.on_error,
        ))
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        let part = || {
            let grouping = match (self.partial_in, self.key.is_keyed()) {
                // What key and value are was computed before.
                (true, true) => Grouping::new(By::Pair, None),
                (true, false) => Grouping::new(By::Nothing, None),
                (false, _) => self.key.grouping()?,
            };
            let aggregator = self.key.aggregator(self.aggregation.clone(), &self.expr)?.ok_or_else(no_aggregation)?;
            Ok::<_, ToolError>((grouping, aggregator))
        };
        let here = part()?;
        let partial = Partial { is_taken: self.partial_in, is_given: self.partial_out };
        match threads(self.jobs) {
            1 => run_stage(&mut Reduce::new(here.0, here.1).with_partial(partial), &self.stage, environment),
            _ if !self.key.is_keyed() => Err(ToolError::Usage(NO_KEY_TO_DEAL.to_owned())),
            threads => {
                let aggregators = (0..threads).map(|_| Ok(part()?.1)).collect::<Result<_, ToolError>>()?;
                run_stage(&mut ShardedReduce::new(here.0, aggregators), &self.stage, environment)
            }
        }
    }
}
