//! `sstream-map`.

use clap::Parser;

use super::account::{Account, Stream};
use super::args::{Common, CutArgs, StageArgs};
use super::cluster::Spread;
use super::function::{FunctionArgs, run_per_record};
use super::program::program;
use super::{Environment, Tool, ToolError};
use crate::op::function::Part;
use crate::op::map::{Map, Role};
use crate::op::parallel::AnyPerRecord;
use crate::op::text::Extract;

/// Make records of each record: Spark's map and mapValues
///
/// EXPR is a jq program, and every result of it is a record: one, none, or
/// several. A record on which it fails is a bad record (see --on-error) and
/// gives nothing.
#[derive(Parser, Debug)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["expr", "key", "extract", "exec"]))]
pub struct MapTool {
    /// A jq program: '.user.id', '{user, n: (.price * .count)}', 'ascii_downcase'
    expr: Option<String>,

    /// Of pairs [KEY, VALUE]: give EXPR the value, and keep the key with each
    /// result (mapValues)
    #[arg(long)]
    values: bool,

    /// Give [KEY, RECORD], where KEY is what this jq program makes of the record
    #[arg(long, value_name = "EXPR", conflicts_with = "values")]
    key: Option<String>,

    /// Give an object of the named groups of the first match in a record's text,
    /// null for groups that took no part; a record that does not match gives
    /// nothing
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    extract: Option<String>,

    #[command(flatten)]
    function: FunctionArgs,

    #[command(flatten)]
    stage: StageArgs,
}

impl MapTool {
    fn operator(&self) -> Result<AnyPerRecord, ToolError> {
        let part = if self.values { Part::Value } else { Part::Record };
        if let Some(pattern) = &self.extract {
            return Ok(Box::new(Extract::new(pattern, part)?));
        }
        if let Some(source) = &self.key {
            return Ok(Box::new(Map::new(Box::new(program("--key", source, &[])?), Role::Key)));
        }
        let Some(function) = self.function.exec.function("EXPR", self.expr.as_deref())? else {
            return Err(ToolError::Usage("no EXPR: --help has examples".to_owned()));
        };
        Ok(Box::new(Map::new(function, Role::Record(part))))
    }
}

impl Tool for MapTool {
    const NAME: &'static str = "sstream-map";
    const EXAMPLES: &'static str = "  \
  … | sstream-map '.user.id'
  … | sstream-map '[.user, .price * .count]'            pairs, for sum --by-key
  … | sstream-map --key .user                           pairs [user, record]
  … | sstream-map --values '.price'                     of pairs: mapValues
  sstream-map --extract '(?<verb>[A-Z]+) (?<path>/\\S*)' < access.log
  … | sstream-map --exec 'python3 -u enrich.py'         a function in any language
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
