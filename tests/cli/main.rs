//! The tools as users run them: in bash pipelines, from the command line.

// Helpers stand outside of test functions.
#![allow(clippy::unwrap_used)]

mod join;
mod support;
