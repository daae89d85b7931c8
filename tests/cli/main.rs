//! The tools as users run them: in bash pipelines, from the command line.

mod join;
mod support;
