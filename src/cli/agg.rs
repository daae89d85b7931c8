//! What the aggregating tools share: how the key and the value are chosen, what
//! is computed, and what stands for an expression.

use clap::Args;

use super::ToolError;
use super::function::ExecTimeout;
use super::program::program;
use crate::agg::{Aggregation, Aggregator, NAMES};
use crate::expr::Function;
use crate::op::grouping::{By, Grouping};
use crate::op::merge::Merge;

/// The variables of an expression that makes one value of two.
pub const MERGE_VARIABLES: [&str; 2] = ["a", "b"];

/// How records become keys and values.
#[derive(Args, Clone, Debug, Default)]
pub struct KeyArgs {
    /// Records are pairs [KEY, VALUE]: the values of each key are aggregated
    #[arg(long, group = "key", help_heading = "Keys and values")]
    pub by_key: bool,

    /// The key is what EXPR, a jq program, makes of a record: every result is one
    #[arg(long, value_name = "EXPR", group = "key", help_heading = "Keys and values")]
    pub by: Option<String>,

    /// The record itself is the key
    #[arg(long, group = "key", help_heading = "Keys and values")]
    pub by_value: bool,

    /// Aggregate what EXPR makes of a record (with --by-key: of a pair's value);
    /// top:N ranks by it and gives the record
    #[arg(long, value_name = "EXPR", help_heading = "Keys and values")]
    pub of: Option<String>,

    /// The relative error of count-distinct and quantile:Q [default: 0.01]
    #[arg(long, value_name = "E", help_heading = "Keys and values")]
    pub error: Option<f64>,
}

/// An expression in the place of an aggregation.
#[derive(Args, Clone, Debug, Default)]
pub struct ExprArgs {
    /// Make one value of two, $a and the later $b, in the place of AGG; has to be
    /// associative, as '$a + $b' is
    #[arg(long, value_name = "EXPR", conflicts_with = "exec")]
    pub expr: Option<String>,

    /// A command in the place of --expr: answers each line {"a":…,"b":…} with a
    /// line of JSON
    #[arg(long, value_name = "CMD")]
    pub exec: Option<String>,

    /// How the command is waited for.
    #[command(flatten)]
    pub timeout: ExecTimeout,
}

impl ExprArgs {
    /// These options as `sstream-reduce` takes them.
    pub fn words(&self) -> Vec<String> {
        let ExprArgs { expr, exec, timeout: ExecTimeout { exec_timeout } } = self;
        let expr = expr.as_ref().map(|expr| format!("--expr={expr}"));
        let exec = exec.as_ref().map(|command| format!("--exec={command}"));
        let timeout = exec_timeout.map(|timeout| format!("--exec-timeout={}ms", timeout.as_millis()));
        [expr, exec, timeout].into_iter().flatten().collect()
    }
}

impl KeyArgs {
    /// Whether a key was chosen.
    pub fn is_keyed(&self) -> bool {
        self.by_key || self.by.is_some() || self.by_value
    }

    /// These options as `sstream-reduce` takes them.
    pub fn words(&self) -> Vec<String> {
        let flags = [(self.by_key, "--by-key"), (self.by_value, "--by-value")];
        let mut words: Vec<String> =
            flags.iter().filter(|(given, _)| *given).map(|(_, flag)| (*flag).to_owned()).collect();
        words.extend(self.by.as_ref().map(|by| format!("--by={by}")));
        words.extend(self.of.as_ref().map(|of| format!("--of={of}")));
        words.extend(self.error.map(|error| format!("--error={error}")));
        words
    }

    /// The key that was chosen, in words.
    pub fn told(&self) -> Option<String> {
        match &self.by {
            Some(by) => Some(format!("the key is what {by} gives")),
            None if self.by_value => Some("the key is the record itself".to_owned()),
            None if self.by_key => Some("takes pairs, [KEY, VALUE]".to_owned()),
            None => None,
        }
    }

    /// The grouping that was chosen.
    pub fn grouping(&self) -> Result<Grouping, ToolError> {
        let by = match &self.by {
            Some(source) => By::Program(program("--by", source, &[])?),
            None if self.by_key => By::Pair,
            None if self.by_value => By::Record,
            None => By::Nothing,
        };
        let of = self.of.as_deref().map(|source| program("--of", source, &[])).transpose()?;
        Ok(Grouping::new(by, of))
    }

    /// The aggregator of a built-in aggregation, with the error that was chosen.
    pub fn built_in(&self, aggregation: Aggregation) -> Result<Aggregator, ToolError> {
        let aggregation = match self.error {
            Some(error) => aggregation.with_error(error).map_err(|error| usage(error.to_string()))?,
            None => aggregation,
        };
        let aggregator = Aggregator::new(aggregation);
        Ok(if self.of.is_some() { aggregator.passing_null() } else { aggregator })
    }

    /// The aggregator that `aggregation` or `expr` ask for; none if neither
    /// does. Starts the command, so it is to be called when all else is checked.
    pub fn aggregator(
        &self,
        aggregation: Option<Aggregation>,
        expr: &ExprArgs,
    ) -> Result<Option<Aggregator>, ToolError> {
        expr.timeout.check(expr.exec.is_some())?;
        let function: Box<dyn Function + Send> = match (aggregation, &expr.expr, &expr.exec) {
            (Some(aggregation), None, None) => return self.built_in(aggregation).map(Some),
            (None, None, None) => return Ok(None),
            (Some(aggregation), ..) => {
                let option = if expr.expr.is_some() { "--expr" } else { "--exec" };
                return Err(usage(format!("give either {option} or an aggregation, not both: drop \"{aggregation}\"")));
            }
            (None, Some(source), _) => Box::new(program("--expr", source, &MERGE_VARIABLES)?),
            (None, None, Some(command)) => Box::new(expr.timeout.start(command, &MERGE_VARIABLES)?),
        };
        self.merging(function).map(Some)
    }

    /// The aggregator that a function of two values makes.
    pub fn merging(&self, function: Box<dyn Function + Send>) -> Result<Aggregator, ToolError> {
        match self.error {
            Some(_) => Err(usage("--error: an expression has none; the option is for count-distinct and quantile:Q")),
            None => Ok(Aggregator::expression(Box::new(Merge::new(function)))),
        }
    }
}

/// The error where nothing says what to compute.
pub fn no_aggregation() -> ToolError {
    usage(format!("what to compute is missing: give one of {}, or --expr EXPR", NAMES.join(", ")))
}

fn usage(message: impl Into<String>) -> ToolError {
    ToolError::Usage(message.into())
}
