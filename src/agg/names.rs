//! What there is to be named on a command line.

use std::ops::RangeInclusive;

/// The `--error` of count-distinct and quantile unless one is given.
pub const DEFAULT_ERROR: f64 = 0.01;

/// The errors that may be asked for: below, a sketch would take megabytes.
pub const ERROR_RANGE: RangeInclusive<f64> = 0.001..=0.5;

/// Every aggregation as it is written on the command line.
pub const NAMES: [&str; 12] = [
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
    "top:N",
    "quantile:Q",
];
