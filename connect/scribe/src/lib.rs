//! Scribe: log entries, each with a category, by Thrift's framed transport.
//!
//! | module | what it is |
//! |---|---|
//! | [`source`] | the server: `Log` is answered OK when its entries are safe |
//! | [`sink`] | the client: a batch is calls of `Log`, repeated until they are answered OK |
//! | [`thrift`] | Thrift's binary protocol, as much as both need |
//!
//! How messages are read and answered, and how calls are repeated, is what several connectors share:
//! [`sstream_rpc`].

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod sink;
pub mod source;
pub mod thrift;

pub use sink::SinkArgs;
pub use source::SourceArgs;
