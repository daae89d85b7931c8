//! `sstream-sample`.

use clap::Parser;

use super::account::{Account, Stream};
use super::args::{Common, CutArgs, StageArgs};
use super::cluster::Spread;
use super::program::program;
use super::{Environment, Tool, ToolError, run_stage};
use crate::op::grouping::{By, Grouping};
use crate::op::sample::{Choice, Fraction, Sample};

/// Take a sample: a part of the records, a part of the keys, or so many records a second
///
/// FRACTION, as 1/10, 0.1 or 10%, takes each record with that probability. With --by EXPR it takes
/// that part of the keys, with all of their records: the same keys in every batch, run and host, by
/// a hash that docs/SAMPLING.md describes. --rate N takes at most N records a second of batch time,
/// in a batch of any interval what comes due in it, every record with the same chance; they are in
/// memory until the batch ends.
///
/// What is drawn depends on --seed, the batch's time and the record's place in it alone: a batch that
/// comes again after a crash gives the same sample. In Spark: sample, without replacement.
#[derive(Parser, Debug)]
pub struct SampleTool {
    /// What part is taken: 1/10, 0.1 or 10%
    #[arg(value_parser = Fraction::parse, required_unless_present = "rate")]
    fraction: Option<Fraction>,

    /// Take at most N records a second of batch time
    #[arg(long, value_name = "N", conflicts_with_all = ["fraction", "by"], value_parser = clap::value_parser!(u64).range(1..))]
    rate: Option<u64>,

    /// Take FRACTION of the keys that EXPR, a jq program, makes of the records
    #[arg(long, value_name = "EXPR")]
    by: Option<String>,

    /// Another number takes another sample
    #[arg(long, value_name = "N", default_value = "0")]
    seed: u64,

    #[command(flatten)]
    stage: StageArgs,
}

impl SampleTool {
    fn operator(&self) -> Result<Sample, ToolError> {
        let choice = match (self.fraction, self.rate, &self.by) {
            (Some(fraction), _, Some(source)) => {
                Choice::Keys(fraction, Box::new(Grouping::new(By::Program(program("--by", source, &[])?), None)))
            }
            (Some(fraction), _, None) => Choice::Records(fraction),
            (None, Some(rate), _) => Choice::Rate(rate),
            (None, None, _) => return Err(ToolError::Usage("FRACTION is missing: 1/10, or --rate N".to_owned())),
        };
        Ok(Sample::new(choice, self.seed))
    }
}

impl Tool for SampleTool {
    const NAME: &'static str = "sstream-sample";
    const EXAMPLES: &'static str = "  \
  … | sstream-sample 1/10
  … | sstream-sample 1% --by .user                      all records of one user in a hundred
  … | sstream-sample --rate 100 | sstream-sink print    what a person can read
";

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.stage.input.cut)
    }

    fn account(&self, _: &mut Stream) -> Account {
        let does = match (self.rate, &self.by) {
            (Some(rate), _) => {
                format!("takes at most {rate} records a second of batch time, every record with the same chance")
            }
            (None, Some(_)) => "takes a part of the keys, the same always".to_owned(),
            (None, None) => "takes each record with the same probability".to_owned(),
        };
        match self.operator() {
            Ok(_) => Account::does(format!("{does}; no state: a batch that comes again gives the same sample")),
            Err(error) => Account::mistake(error),
        }
    }

    fn spread(&self) -> Spread {
        match self.by {
            Some(_) => Spread::EachRecord,
            None => Spread::WholeBatch,
        }
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        run_stage(&mut self.operator()?, &self.stage, environment)
    }
}
