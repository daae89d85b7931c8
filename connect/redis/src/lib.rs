//! `sstream-sink redis`: commands made of records, a batch in one transaction.
//!
//! | module | what it is |
//! |---|---|
//! | [`kind`] | the options |
//! | [`template`] | records become commands |
//! | [`protocol`] | RESP, Redis' protocol: forty lines of it are wanted |
//! | [`connection`] | a connection, with or without TLS, and what its errors mean |
//! | [`sink`] | batches become transactions |

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod connection;
pub mod kind;
pub mod protocol;
pub mod sink;
pub mod template;

pub use kind::SinkArgs;
