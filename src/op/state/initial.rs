//! States to begin with.

use std::fmt;

use super::State;
use super::values::Values;
use crate::agg::{AggError, Aggregation};
use crate::record::{self, Kind, normal_key};

/// Why a pair cannot be a state to begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InitialError {
    /// The same key is there already.
    Twice,
    /// From its result the aggregation could not go on.
    NotPossible {
        /// The aggregation.
        aggregation: String,
    },
    /// It is no result of the aggregation.
    NotAResult {
        /// The aggregation.
        aggregation: String,
        /// What its results are.
        expected: &'static str,
    },
    /// The value cannot be aggregated.
    Value(AggError),
}

impl fmt::Display for InitialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InitialError::Twice => f.write_str("this key was there before: each key may have one state"),
            InitialError::NotPossible { aggregation } => write!(
                f,
                "{aggregation} cannot go on from a result: count, sum, min, max, first, last, collect, distinct, \
                 top:N without --of, and expressions can"
            ),
            InitialError::NotAResult { aggregation, expected } => {
                write!(f, "this is no result of {aggregation}, which is {expected}")
            }
            InitialError::Value(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for InitialError {}

impl State {
    /// Gives a key a state to begin with: a result of the aggregation from which
    /// it goes on, or what the function is to see as `$state`. To be called
    /// before the first batch, to which these keys then belong.
    ///
    /// avg, count-distinct and quantile cannot go on from a result, as it does
    /// not say what it came of.
    pub fn begin_with(&mut self, key: &[u8], value: &[u8]) -> Result<(), InitialError> {
        let is_ranked = self.grouping.has_of();
        let (index, is_new) = self.entries.insert_key(key);
        if !is_new {
            return Err(InitialError::Twice);
        }
        let begun = match &mut self.entries.values {
            Values::Computed(states) => {
                states[index] = value.into();
                Ok(value != b"null")
            }
            Values::Aggregated { aggregator, accumulators } => {
                let aggregation = aggregator.aggregation().cloned();
                match values_of(aggregation.as_ref(), value, is_ranked) {
                    Ok(Partial::Count(count)) => {
                        accumulators.add_count(index, count);
                        Ok(true)
                    }
                    Ok(Partial::Value) => {
                        accumulators.add_by(aggregator, index, value, value).map(|()| true).map_err(InitialError::Value)
                    }
                    Ok(Partial::Elements) => {
                        let added = record::elements(value)
                            .try_for_each(|element| accumulators.add_by(aggregator, index, element, element));
                        added.map(|()| record::elements(value).next().is_some()).map_err(InitialError::Value)
                    }
                    Err(error) => Err(error),
                }
            }
        };
        if begun != Ok(true) {
            self.entries.drop(index);
        }
        begun.map(|_| ())
    }
}

/// What an aggregation goes on from.
enum Partial {
    Count(u64),
    /// The result is as good as the values it came of.
    Value,
    /// The result is an array of the values.
    Elements,
}

fn values_of(aggregation: Option<&Aggregation>, value: &[u8], is_ranked: bool) -> Result<Partial, InitialError> {
    let Some(aggregation) = aggregation else { return Ok(Partial::Value) };
    let not_a_result = |expected| Err(InitialError::NotAResult { aggregation: aggregation.to_string(), expected });
    match aggregation {
        Aggregation::Count => {
            let count = std::str::from_utf8(&normal_key(value)).ok().and_then(|text| text.parse().ok());
            count.map_or_else(|| not_a_result("a number from 0 on"), |count| Ok(Partial::Count(count)))
        }
        Aggregation::Sum | Aggregation::Min | Aggregation::Max | Aggregation::First | Aggregation::Last => {
            Ok(Partial::Value)
        }
        Aggregation::Top { .. } if is_ranked => Err(InitialError::NotPossible { aggregation: aggregation.to_string() }),
        Aggregation::Collect | Aggregation::Distinct | Aggregation::Top { .. } => {
            if record::kind(value) == Some(Kind::Array) { Ok(Partial::Elements) } else { not_a_result("an array") }
        }
        Aggregation::Avg | Aggregation::CountDistinct { .. } | Aggregation::Quantile { .. } => {
            Err(InitialError::NotPossible { aggregation: aggregation.to_string() })
        }
    }
}
