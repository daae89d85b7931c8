//! Kinesis: records of a stream's shards as a source, a stream as a sink.
//!
//! | module | what it is |
//! |---|---|
//! | [`source`] | the source: batches are sets of ranges of sequence numbers |
//! | [`sink`] | the sink: records in calls of up to 500 |
//! | [`client`] | what both share: requests and who signs them, credentials, errors |
//!
//! Kinesis is spoken by hand, JSON over HTTP: of its API six calls are needed.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod client;
pub mod sink;
pub mod source;

pub use sink::kind::SinkArgs;
pub use source::kind::SourceArgs;
