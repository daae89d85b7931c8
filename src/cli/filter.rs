//! `sstream-filter`.

use clap::Parser;

use super::args::{Common, StageArgs};
use super::{Environment, Tool, ToolError, run_stage};
use crate::op::Each;
use crate::op::filter::{Filter, Matcher, PatternOptions};

/// Keep the records that match a pattern, as grep does
///
/// The pattern is a regular expression, matched on the text of a string and on
/// the JSON text of anything else.
#[derive(Parser, Debug)]
pub struct FilterTool {
    /// A regular expression
    #[arg(required_unless_present = "regexp")]
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

    #[command(flatten)]
    stage: StageArgs,
}

impl Tool for FilterTool {
    const NAME: &'static str = "sstream-filter";
    const EXAMPLES: &'static str = "  \
  nc -lk 9999 | sstream-filter ERROR
  sstream-filter -i -e warn -e error < app.log
  … | sstream-filter -v '^#'
";

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        let options = PatternOptions {
            fixed: self.fixed_strings,
            ignore_case: self.ignore_case,
            word: self.word_regexp,
            whole: self.line_regexp,
        };
        let patterns: Vec<String> = self.pattern.into_iter().chain(self.regexp).collect();
        let matcher = Matcher::new(&patterns, options).map_err(ToolError::Usage)?;
        run_stage(&mut Each(Filter::new(matcher, self.invert_match)), &self.stage, environment)
    }
}
