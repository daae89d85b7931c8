//! `sstream-filter`.

use clap::Parser;

use super::account::{Account, Stream};
use super::args::{Common, CutArgs, StageArgs};
use super::cluster::Spread;
use super::function::{FunctionArgs, run_per_record};
use super::program::program;
use super::{Environment, Tool, ToolError};
use crate::op::filter::{Filter, FilterBy, Test};
use crate::op::parallel::AnyPerRecord;
use crate::op::pattern::{Matcher, PatternError, PatternOptions};

/// Keep the records that match a pattern, as grep does: Spark's filter
///
/// The pattern is a regular expression, matched on the text of a string and on
/// the JSON text of anything else.
#[derive(Parser, Debug)]
#[command(group = clap::ArgGroup::new("function").args(["expr", "exec"]).conflicts_with_all(PATTERN_OPTIONS))]
pub struct FilterTool {
    /// A regular expression
    #[arg(required_unless_present_any = ["regexp", "expr", "exec"])]
    pattern: Option<String>,

    /// A pattern; several times: any of them
    #[arg(short = 'e', long, value_name = "PATTERN", allow_hyphen_values = true)]
    regexp: Vec<String>,

    /// Patterns are plain text, no regular expressions
    #[arg(short = 'F', long)]
    fixed_strings: bool,

    /// Upper and lower case are the same
    #[arg(short, long)]
    ignore_case: bool,

    /// Keep the records that do not match
    #[arg(short = 'v', long)]
    invert_match: bool,

    /// A match must be a whole word
    #[arg(short, long)]
    word_regexp: bool,

    /// A match must be the whole text
    #[arg(short = 'x', long)]
    line_regexp: bool,

    /// Match the pattern on what this jq program gives, as '.level', not on the
    /// whole record; null, which is what a missing field is, never matches
    #[arg(long, value_name = "EXPR")]
    field: Option<String>,

    /// Keep the records on which this jq program is true (anything but null and
    /// false), in the place of a pattern
    #[arg(long, value_name = "EXPR")]
    expr: Option<String>,

    #[command(flatten)]
    function: FunctionArgs,

    #[command(flatten)]
    stage: StageArgs,
}

/// What is about a pattern, and so has no use where there is none.
const PATTERN_OPTIONS: [&str; 7] =
    ["pattern", "regexp", "field", "fixed_strings", "ignore_case", "word_regexp", "line_regexp"];

impl FilterTool {
    fn matcher(&self) -> Result<Matcher, ToolError> {
        let options = PatternOptions {
            fixed: self.fixed_strings,
            ignore_case: self.ignore_case,
            word: self.word_regexp,
            whole: self.line_regexp,
        };
        let patterns: Vec<String> = self.pattern.iter().chain(&self.regexp).cloned().collect();
        Matcher::new(&patterns, options).map_err(|error| match error {
            PatternError::Syntax { .. } => ToolError::Usage(format!("{error}: -F takes it as plain text")),
            error => error.into(),
        })
    }

    fn operator(&self) -> Result<AnyPerRecord, ToolError> {
        let invert = self.invert_match;
        if let Some(function) = self.function.exec.function("--expr", self.expr.as_deref())? {
            return Ok(Box::new(FilterBy::new(function, Test::Truthy, invert)));
        }
        let matcher = self.matcher()?;
        Ok(match &self.field {
            Some(source) => {
                let function = Box::new(program("--field", source, &[])?);
                Box::new(FilterBy::new(function, Test::Matches(matcher), invert))
            }
            None => Box::new(Filter::new(matcher, invert)),
        })
    }
}

impl Tool for FilterTool {
    const NAME: &'static str = "sstream-filter";
    const EXAMPLES: &'static str = "  \
  nc -lk 9999 | sstream-filter ERROR
  sstream-filter -i -e warn -e error < app.log
  … | sstream-filter -v '^#'                            all but comments
  … | sstream-filter --field .level 'ERROR|FATAL'       of JSON: --input json
  … | sstream-filter --expr '.price > 100'
  … | sstream-filter --exec 'python3 -u allowed.py'     answers true or false
";

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.stage.input.cut)
    }

    fn account(&self, _: &mut Stream) -> Account {
        Account::does("keeps the records that match; no state")
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
