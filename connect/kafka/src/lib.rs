//! Kafka: messages of partitions as a source, a topic as a sink, exactly once under a
//! checkpoint.
//!
//! | module | what it is |
//! |---|---|
//! | [`source`] | the source: batches are sets of offset ranges |
//! | [`sink`] | the sink: a batch is a transaction |
//! | [`client`] | what both share: settings, deadlines, errors |
//!
//! Kafka is spoken by librdkafka, which is built in and has its own threads: it connects,
//! connects again, and holds what it fetched or is to send.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod client;
pub mod sink;
pub mod source;

pub use sink::kind::SinkArgs;
pub use source::kind::SourceArgs;
