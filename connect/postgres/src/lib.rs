//! `sstream-sink postgres`: batches into a table of PostgreSQL, by COPY.
//!
//! | module | what it is |
//! |---|---|
//! | [`kind`] | the options |
//! | [`server`] | the server as a database of tables |
//! | [`copy`] | rows in the form of COPY |
//! | [`parameter`] | values as parameters, as text |
//! | [`fault`] | what the server's errors mean |
//!
//! All that sinks with tables share is in [`sstream_tables`].

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod copy;
pub mod fault;
pub mod kind;
pub mod parameter;
pub mod server;

pub use kind::SinkArgs;
