//! An aggregation as the command line names it: plain data.

use std::fmt;

use strsim::osa_distance;

use super::error::DefinitionError;
use super::names::{DEFAULT_ERROR, ERROR_RANGE, NAMES};

/// What is computed from the values of a batch, window or key.
#[derive(Clone, Debug, PartialEq)]
pub enum Aggregation {
    /// How many values there are.
    Count,
    /// Their exact sum.
    Sum,
    /// The least in jq's order, as it is written; the first of equals.
    Min,
    /// The greatest in jq's order, as it is written; the first of equals.
    Max,
    /// The exact sum divided by the count.
    Avg,
    /// The oldest value.
    First,
    /// The newest value.
    Last,
    /// All values, in order.
    Collect,
    /// The different values, in order of first appearance.
    Distinct,
    /// How many different values there are.
    CountDistinct {
        /// Relative standard error once there are too many to count exactly.
        error: f64,
    },
    /// The greatest values in jq's order, greatest first; of equals the first.
    Top {
        /// How many.
        count: usize,
    },
    /// The least value with at least this share of the values at or below it.
    Quantile {
        /// The share.
        share: Share,
        /// Relative error of the result once there are too many values to keep.
        error: f64,
    },
}

/// A decimal fraction from 0 to 1, exact: 0.07 of 100 values are 7, which
/// floats make a little more than 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    numerator: u64,
    places: u32,
}

impl Share {
    /// Digits behind the point that are taken at most.
    const MAX_PLACES: usize = 18;

    fn parse(text: &str) -> Option<Share> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let is_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        let fraction = fraction.trim_end_matches('0');
        if whole.is_empty() && fraction.is_empty()
            || !is_digits(whole)
            || !is_digits(fraction)
            || fraction.len() > Share::MAX_PLACES
        {
            return None;
        }
        let numerator = format!("{whole}{fraction}").parse().ok()?;
        let share = Share { numerator, places: fraction.len() as u32 };
        (numerator <= share.denominator()).then_some(share)
    }

    fn denominator(self) -> u64 {
        10u64.pow(self.places)
    }

    /// Which of `count` sorted values is the quantile, counted from 0: the
    /// first that has at least this share of the values at or below it.
    pub fn rank(self, count: u64) -> u64 {
        let at_or_below = u128::from(self.numerator) * u128::from(count);
        let needed = at_or_below.div_ceil(u128::from(self.denominator())) as u64;
        needed.max(1) - 1
    }
}

impl Aggregation {
    /// Reads an aggregation as it is written on the command line: `count`,
    /// `top:10`, `quantile:0.99`.
    pub fn parse(text: &str) -> Result<Aggregation, DefinitionError> {
        let (name, argument) = match text.split_once(':') {
            Some((name, argument)) => (name, Some(argument)),
            None => (text, None),
        };
        let aggregation = match (name, argument) {
            ("top", Some(argument)) => return parse_top(argument),
            ("quantile", Some(argument)) => return parse_quantile(argument),
            ("top", None) => return Err(DefinitionError::NoArgument { example: "top:10" }),
            ("quantile", None) => {
                return Err(DefinitionError::NoArgument { example: "quantile:0.99" });
            }
            ("count", _) => Aggregation::Count,
            ("sum", _) => Aggregation::Sum,
            ("min", _) => Aggregation::Min,
            ("max", _) => Aggregation::Max,
            ("avg", _) => Aggregation::Avg,
            ("first", _) => Aggregation::First,
            ("last", _) => Aggregation::Last,
            ("collect", _) => Aggregation::Collect,
            ("distinct", _) => Aggregation::Distinct,
            ("count-distinct", _) => Aggregation::CountDistinct { error: DEFAULT_ERROR },
            _ => {
                return Err(DefinitionError::Unknown { name: text.to_string(), near: near(name) });
            }
        };
        match argument {
            Some(_) => Err(DefinitionError::NeedlessArgument { name: aggregation.name() }),
            None => Ok(aggregation),
        }
    }

    /// Sets the relative error of count-distinct and quantile.
    pub fn with_error(self, error: f64) -> Result<Aggregation, DefinitionError> {
        if !ERROR_RANGE.contains(&error) {
            return Err(DefinitionError::BadError { error });
        }
        match self {
            Aggregation::CountDistinct { .. } => Ok(Aggregation::CountDistinct { error }),
            Aggregation::Quantile { share, .. } => Ok(Aggregation::Quantile { share, error }),
            exact => Err(DefinitionError::NeedlessError { name: exact.name() }),
        }
    }

    /// The name, without argument.
    pub fn name(&self) -> &'static str {
        match self {
            Aggregation::Count => "count",
            Aggregation::Sum => "sum",
            Aggregation::Min => "min",
            Aggregation::Max => "max",
            Aggregation::Avg => "avg",
            Aggregation::First => "first",
            Aggregation::Last => "last",
            Aggregation::Collect => "collect",
            Aggregation::Distinct => "distinct",
            Aggregation::CountDistinct { .. } => "count-distinct",
            Aggregation::Top { .. } => "top",
            Aggregation::Quantile { .. } => "quantile",
        }
    }

    /// Whether values can be taken back out of a result, so that a window can
    /// slide by subtracting what leaves it.
    pub fn is_subtractable(&self) -> bool {
        matches!(self, Aggregation::Count | Aggregation::Sum | Aggregation::Avg)
    }

    /// Whether the result without a key is records of its own, not one value.
    pub fn gives_records(&self) -> bool {
        matches!(self, Aggregation::Top { .. } | Aggregation::Distinct)
    }
}

/// The form that [`Aggregation::parse`] reads.
impl fmt::Display for Aggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Aggregation::Top { count } => write!(f, "top:{count}"),
            Aggregation::Quantile { share, .. } => {
                let Share { numerator, places: _ } = share;
                let places = share.places as usize;
                let digits = format!("{numerator:0width$}", width = places + 1);
                let (whole, fraction) = digits.split_at(digits.len() - places);
                let point = if places > 0 { "." } else { "" };
                write!(f, "quantile:{whole}{point}{fraction}")
            }
            other => f.write_str(other.name()),
        }
    }
}

fn parse_top(argument: &str) -> Result<Aggregation, DefinitionError> {
    match argument.parse() {
        Ok(count) if count > 0 => Ok(Aggregation::Top { count }),
        _ => Err(DefinitionError::BadCount { argument: argument.to_string() }),
    }
}

fn parse_quantile(argument: &str) -> Result<Aggregation, DefinitionError> {
    match Share::parse(argument) {
        Some(share) => Ok(Aggregation::Quantile { share, error: DEFAULT_ERROR }),
        None => Err(DefinitionError::BadQuantile { argument: argument.to_string() }),
    }
}

/// What other tools call it, or the name at most two typing errors away.
fn near(name: &str) -> Option<&'static str> {
    match name {
        "average" | "mean" => return Some("avg"),
        "minimum" => return Some("min"),
        "maximum" => return Some("max"),
        "list" | "group" | "groupByKey" | "array" => return Some("collect"),
        "unique" | "uniq" => return Some("distinct"),
        "percentile" | "median" | "p99" => return Some("quantile:Q"),
        "total" => return Some("sum"),
        _ => {}
    }
    NAMES
        .into_iter()
        .map(|candidate| {
            let bare = candidate.split(':').next().unwrap_or(candidate);
            (osa_distance(name, bare), candidate)
        })
        .min()
        .filter(|(errors, candidate)| *errors <= 2 && *errors < candidate.len())
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        for text in [
            "count",
            "sum",
            "min",
            "max",
            "avg",
            "first",
            "last",
            "collect",
            "distinct",
            "count-distinct",
            "top:10",
            "quantile:0.99",
            "quantile:0",
            "quantile:1",
            "quantile:0.05",
        ] {
            assert_eq!(Aggregation::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Aggregation::parse("quantile:.50").unwrap().to_string(), "quantile:0.5");
    }

    #[test]
    fn errors_help() {
        for (text, message) in [
            ("cuont", "no aggregation \"cuont\": did you mean \"count\"?"),
            ("summ", "no aggregation \"summ\": did you mean \"sum\"?"),
            ("mean", "no aggregation \"mean\": did you mean \"avg\"?"),
            ("tpo:3", "no aggregation \"tpo:3\": did you mean \"top:N\"?"),
            ("countdistinct", "no aggregation \"countdistinct\": did you mean \"count-distinct\"?"),
            (
                "frobnicate",
                "no aggregation \"frobnicate\": there are count, sum, min, max, avg, first, last, \
                 collect, distinct, count-distinct, top:N, quantile:Q",
            ),
            ("top", "\"top\" needs an argument, as in \"top:10\""),
            ("count:3", "\"count\" takes no argument: write just \"count\""),
            ("top:0", "\"top:0\": how many has to be a number from 1 on, as in \"top:10\""),
            ("quantile:99", "\"quantile:99\": the quantile has to be a number from 0 to 1, as in \"quantile:0.99\""),
        ] {
            assert_eq!(Aggregation::parse(text).unwrap_err().to_string(), message);
        }
        for bad in ["quantile:", "quantile:.", "quantile:-1", "quantile:1.01", "quantile:x", "top:", "top:-1", ""] {
            assert!(Aggregation::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_error_option_is_for_sketches() {
        let quantile = Aggregation::parse("quantile:0.5").unwrap().with_error(0.05);
        assert!(matches!(quantile, Ok(Aggregation::Quantile { error: 0.05, .. })));
        assert!(Aggregation::Sum.with_error(0.05).is_err());
        for error in [0.0, -1.0, 1.0, f64::NAN, 0.0001] {
            assert!(Aggregation::CountDistinct { error: 0.01 }.with_error(error).is_err());
        }
    }

    #[test]
    fn ranks_are_exact() {
        let rank = |share: &str, count| Share::parse(share).unwrap().rank(count);
        assert_eq!(rank("0", 10), 0);
        assert_eq!(rank("1", 10), 9);
        assert_eq!(rank("0.5", 10), 4);
        assert_eq!(rank("0.5", 11), 5);
        assert_eq!(rank("0.07", 100), 6);
        assert_eq!(rank("0.071", 100), 7);
        assert_eq!(rank("0.99", 1), 0);
        assert_eq!(rank("0.999999999999999999", u64::MAX), u64::MAX - 19);
    }
}
