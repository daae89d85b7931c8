//! `sstream-sink sqlite`: batches into a table of a SQLite file, which others may read meanwhile.
//!
//! [`mod@file`] is the database, [`kind`] its options; all that sinks with tables share is in
//! [`sstream_tables`].

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod file;
pub mod kind;

pub use kind::SinkArgs;
