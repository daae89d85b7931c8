//! `rate`: records by the clock.

use clap::Args;

use super::{Brings, BuiltIn, Declaration, Made, Opening};
use crate::cli::cluster::{Origin, Spread};
use crate::cli::guarantee::SourceGuarantee;
use crate::cli::source::SourceTool;
use crate::cli::{ToolError, first};
use crate::source::engine::batches::Batches;
use crate::source::kinds::rate::{Rate, RateOptions, numbers_of};

/// Records made at a steady rate, to try a pipeline
///
/// Record n is {"n":n,"time":T}, where T is when it was due, in ms since the
/// epoch. A batch holds exactly the records that are due in its interval,
/// N times the interval, however busy the machine is; the first batch too.
/// When the pipeline is too slow, batches come late and none is left out.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  sstream-source rate 1000 | sstream-reduce count
  sstream-source rate 100000 --batch 1ms --stop-after 10s | sstream-sink null")]
pub struct RateArgs {
    /// Records a second
    #[arg(value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    per_second: u64,
}

pub const KIND: Declaration = Declaration {
    name: "rate",
    brings: Brings::Batches,
    made_of: |_, recorded| {
        let (from, to) = numbers_of(recorded)?;
        Some(Made::Of(format!("the numbers from {from} to {to}")))
    },
    ..Declaration::OF_LINES
};

impl BuiltIn for RateArgs {
    fn declaration(&self) -> &'static Declaration {
        &KIND
    }

    /// The numbers go on, at whatever rate.
    fn words(&self) -> String {
        String::new()
    }

    fn guarantee(&self) -> SourceGuarantee {
        SourceGuarantee::ReadAgain("as they were made, and the numbers go on")
    }

    fn spread(&self, _: &SourceTool) -> Spread {
        Spread::Source(Origin::Received)
    }

    fn open<'a>(&self, tool: &SourceTool, opening: &Opening<'a>) -> Result<Box<dyn Batches + 'a>, ToolError> {
        let Opening { interval, environment, .. } = *opening;
        let options = RateOptions {
            per_second: self.per_second,
            interval,
            block_interval: tool.cut.block_interval,
            trace: !tool.cut.no_trace,
        };
        Ok(Box::new(Rate::new(options, &environment.clock, first::stop_rules(&tool.cut, environment))))
    }
}
