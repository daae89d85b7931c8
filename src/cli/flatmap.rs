//! `sstream-flatmap`.

use clap::Parser;

use super::account::{Account, Stream};
use super::args::{Common, CutArgs, StageArgs};
use super::cluster::Spread;
use super::function::{FunctionArgs, run_per_record};
use super::{Environment, Tool, ToolError};
use crate::op::flatmap::FlatMap;
use crate::op::function::Part;
use crate::op::parallel::AnyPerRecord;
use crate::op::split::Split;
use crate::op::text::Find;

/// Make any number of records of each record: Spark's flatMap and flatMapValues
///
/// EXPR is a jq program; every result of it is a record, and of an array every
/// item is one. A record on which it fails is a bad record (see --on-error) and
/// gives nothing.
#[derive(Parser, Debug)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["expr", "split", "find", "exec"]))]
pub struct FlatMapTool {
    /// A jq program: 'split(" ")', '.items[]', 'range(0; .)'
    expr: Option<String>,

    /// Of pairs [KEY, VALUE]: give EXPR the value, and keep the key with each
    /// result (flatMapValues)
    #[arg(long)]
    values: bool,

    /// Give the pieces of a record's text between matches, as Scala's split does:
    /// without empty ones at the end; of an empty text itself
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    split: Option<String>,

    /// Give all matches in a record's text, as grep -o does
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    find: Option<String>,

    #[command(flatten)]
    function: FunctionArgs,

    #[command(flatten)]
    stage: StageArgs,
}

impl FlatMapTool {
    fn operator(&self) -> Result<AnyPerRecord, ToolError> {
        let part = if self.values { Part::Value } else { Part::Record };
        if let Some(pattern) = &self.split {
            return Ok(Box::new(Split::new(pattern, part)?));
        }
        if let Some(pattern) = &self.find {
            return Ok(Box::new(Find::new(pattern, part)?));
        }
        let Some(function) = self.function.exec.function("EXPR", self.expr.as_deref())? else {
            return Err(ToolError::Usage("no EXPR: --help has examples".to_owned()));
        };
        Ok(Box::new(FlatMap::new(function, part)))
    }
}

impl Tool for FlatMapTool {
    const NAME: &'static str = "sstream-flatmap";
    const EXAMPLES: &'static str = "  \
  sstream-flatmap --split ' ' < log | sstream-reduce --by-value count
  … | sstream-flatmap --split '\\s+'                     any white space between words
  … | sstream-flatmap --find '#\\w+'                     all hashtags
  … | sstream-flatmap '.items'                          each item of an array
  … | sstream-flatmap --values '.tags'                  of pairs: flatMapValues
  … | sstream-flatmap --exec 'python3 -u tokens.py'     answers arrays
";

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.stage.input.cut)
    }

    fn account(&self, _: &mut Stream) -> Account {
        Account::does("makes records of each record; no state")
    }

    fn spread(&self) -> Spread {
        // A command is not started for that.
        match self.function.exec.exec.is_none().then(|| self.operator()).transpose() {
            Ok(_) => Spread::EachRecord,
            Err(error) => Spread::Refused(error.to_string()),
        }
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        run_per_record(&|| self.operator(), &self.function, &self.stage, environment)
    }
}
