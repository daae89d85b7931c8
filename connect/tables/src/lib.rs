//! What sinks that write into tables of databases share: which columns a record has, one
//! transaction a batch with the batch's time in it, and what is done where a database is away, refuses a row or
//! wants a transaction to be tried again.
//!
//! | module | what it is |
//! |---|---|
//! | [`args`] | the options that all of these sinks have |
//! | [`statement`] | `--sql`: statements with named parameters |
//! | [`rows`] | records as rows of values with columns |
//! | [`types`] | the types of `--create`, told from values |
//! | [`value`] | a JSON value as a database wants it |
//! | [`sink`] | the sink itself, over a [`Database`] |
//! | [`patience`] | how a database that is away is waited for |
//! | [`fault`] | what a database says, in four words |
//!
//! # Exactly once
//!
//! A table `sstream_commits` beside the others has a row for each sink, with its newest batch. It is
//! written first in each transaction, so that of two transactions for one batch, as after a
//! connection was cut while it committed, the second waits for the first and then finds that there is
//! nothing to do. The same row says after a restart which batch is the newest.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod args;
pub mod fault;
pub mod patience;
pub mod rows;
pub mod sink;
pub mod statement;
pub mod types;
pub mod value;

pub use args::{Table, TableArgs, Target};
pub use fault::{Failed, Fault};
pub use rows::Rows;
pub use sink::{Database, TableSink, Writer};
pub use statement::Statement;
pub use types::ColumnType;
pub use value::{Value, exact_float};
