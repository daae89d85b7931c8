//! HTTP: an intake that others POST records to, and a sink that POSTs batches.
//!
//! | module | what it is |
//! |---|---|
//! | [`source`] | the intake: a server whose answers wait until the records are safe |
//! | [`sink`] | the client: a request a batch or a record, repeated until it is taken |
//!
//! The server is hyper on a thread of its own; the client is ureq, which blocks.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod sink;
pub mod source;

pub use sink::kind::SinkArgs;
pub use source::kind::SourceArgs;
