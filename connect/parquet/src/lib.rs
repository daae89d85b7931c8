//! `sstream-sink parquet`: batches as files of Parquet, with typed columns, in Hive's layout.
//!
//! | module | what it is |
//! |---|---|
//! | [`kind`] | the options, and what the sink says of itself |
//! | [`sink`] | the sink: batches into groups, groups into files, exactly once |
//! | [`schema`] | columns and their types: told, read, or guessed from records |
//! | [`rows`] | records into columns: values with definition and repetition levels |
//! | [`partition`] | which folder a record belongs to |
//! | [`store`] | files: those that are written, those that are shown, rows that wait for their file |

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod error;
pub mod kind;
pub mod partition;
pub mod rows;
pub mod schema;
pub mod sink;
pub mod store;

pub use kind::SinkArgs;
