//! What can be wrong with an aggregation's definition, and with its values.

use std::fmt;

use super::names::{ERROR_RANGE, NAMES};
use crate::error::{Exit, Failure};
use crate::record::{NumberError, number};

/// Why a value could not be aggregated, or a saved result not be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AggError {
    /// A sum, average or quantile met something that is no number. The
    /// beginning of it is kept for the message.
    NotANumber {
        /// The value's JSON, cut short.
        value: String,
    },
    /// A sum or average met a number with an exponent beyond what is added up.
    OutOfRange {
        /// The number, cut short.
        value: String,
    },
    /// The expression that combines two values failed.
    Expression {
        /// What the expression engine says.
        message: String,
    },
    /// The expression that combines two values gave no result for them.
    NoResult,
    /// The expression that combines two values gave several results for them.
    ManyResults,
    /// The command that stands for the expression failed.
    Command {
        /// The command and what it did.
        message: String,
        /// How to exit.
        exit: Exit,
    },
    /// Two accumulators that belong to different aggregations met.
    Mixed,
    /// The aggregation cannot take values back.
    NotSubtractable,
    /// A record is not a partial result of this aggregation.
    NoPartial,
    /// Saved bytes are not what this aggregation saves.
    Damaged,
}

impl AggError {
    pub(super) fn not_a_number(value: &[u8]) -> AggError {
        AggError::NotANumber { value: beginning(value) }
    }

    pub(super) fn from_number(error: NumberError, value: &[u8]) -> AggError {
        match error {
            NumberError::NotANumber => AggError::not_a_number(value),
            NumberError::OutOfRange => AggError::OutOfRange { value: beginning(value) },
        }
    }
}

/// The beginning of `value`, as much as a message needs.
fn beginning(value: &[u8]) -> String {
    const LONGEST: usize = 60;
    let text = String::from_utf8_lossy(&value[..value.len().min(LONGEST)]);
    if value.len() > LONGEST { format!("{text}…") } else { text.into_owned() }
}

impl fmt::Display for AggError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AggError::NotANumber { value } => {
                let advice = number::advice_on_text(value.as_bytes());
                write!(f, "not a number: {value}: {}", advice.unwrap_or("choose a number of the record with --of EXPR"))
            }
            AggError::OutOfRange { value } => write!(f, "{}: {value}", NumberError::OutOfRange),
            AggError::Expression { message } | AggError::Command { message, .. } => f.write_str(message),
            AggError::NoPartial => f.write_str(
                "not a partial result of this aggregation: --partial-in takes what the same command gave with --partial-out",
            ),
            AggError::NoResult => {
                f.write_str("the expression gives no result for $a and $b: it has to give one (null is one)")
            }
            AggError::ManyResults => {
                f.write_str("the expression gives several results for $a and $b: it has to give one")
            }
            AggError::Mixed => f.write_str("results of different aggregations cannot be merged"),
            AggError::NotSubtractable => f.write_str("only count, sum and avg can take values back"),
            AggError::Damaged => f.write_str("the saved result is damaged or another aggregation's"),
        }
    }
}

impl std::error::Error for AggError {}

impl Failure for AggError {
    fn exit(&self) -> Exit {
        match self {
            AggError::NotANumber { .. }
            | AggError::OutOfRange { .. }
            | AggError::Expression { .. }
            | AggError::NoResult
            | AggError::ManyResults
            | AggError::NoPartial => Exit::BadRecord,
            AggError::Command { exit, .. } => *exit,
            AggError::Mixed | AggError::NotSubtractable => Exit::World,
            AggError::Damaged => Exit::Checkpoint,
        }
    }
}

/// Why a text does not define an aggregation.
#[derive(Clone, Debug, PartialEq)]
pub enum DefinitionError {
    /// There is no aggregation of this name.
    Unknown {
        /// The name as it was given.
        name: String,
        /// The name that was probably meant.
        near: Option<&'static str>,
    },
    /// The aggregation needs an argument: `top:N`, `quantile:Q`.
    NoArgument {
        /// A form that would be right.
        example: &'static str,
    },
    /// The aggregation takes no argument.
    NeedlessArgument {
        /// The aggregation's name.
        name: &'static str,
    },
    /// The N of `top:N` is not a number from 1 on.
    BadCount {
        /// What stands there.
        argument: String,
    },
    /// The Q of `quantile:Q` is not a number from 0 to 1.
    BadQuantile {
        /// What stands there.
        argument: String,
    },
    /// `--error` is out of its range.
    BadError {
        /// The error that was asked for.
        error: f64,
    },
    /// `--error` was given to an aggregation that is always exact.
    NeedlessError {
        /// The aggregation's name.
        name: &'static str,
    },
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DefinitionError::Unknown { name, near: Some(near) } => {
                write!(f, "no aggregation \"{name}\": did you mean \"{near}\"?")
            }
            DefinitionError::Unknown { name, near: None } => {
                write!(f, "no aggregation \"{name}\": there are {}", NAMES.join(", "))
            }
            DefinitionError::NoArgument { example } => {
                let name = example.split(':').next().unwrap_or(example);
                write!(f, "\"{name}\" needs an argument, as in \"{example}\"")
            }
            DefinitionError::NeedlessArgument { name } => {
                write!(f, "\"{name}\" takes no argument: write just \"{name}\"")
            }
            DefinitionError::BadCount { argument } => {
                write!(f, "\"top:{argument}\": how many has to be a number from 1 on, as in \"top:10\"")
            }
            DefinitionError::BadQuantile { argument } => write!(
                f,
                "\"quantile:{argument}\": the quantile has to be a number from 0 to 1, as in \"quantile:0.99\""
            ),
            DefinitionError::BadError { error } => {
                write!(f, "--error {error}: has to be from {} to {}", ERROR_RANGE.start(), ERROR_RANGE.end())
            }
            DefinitionError::NeedlessError { name } => {
                write!(f, "--error: \"{name}\" is exact; the option is for count-distinct and quantile:Q")
            }
        }
    }
}

impl std::error::Error for DefinitionError {}

impl Failure for DefinitionError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}
