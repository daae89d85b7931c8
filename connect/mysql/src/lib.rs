//! `sstream-sink mysql`: batches into a table of MySQL or MariaDB.
//!
//! | module | what it is |
//! |---|---|
//! | [`kind`] | the options |
//! | [`server`] | the server as a database of tables |
//! | [`session`] | one connection, and what was learnt on it |
//! | [`columns`] | the columns of a table, and values as they take them |
//! | [`fault`] | what the server's errors mean |
//!
//! All that sinks with tables share is in [`sstream_tables`].

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod columns;
pub mod fault;
pub mod kind;
pub mod server;
pub mod session;

pub use kind::SinkArgs;
