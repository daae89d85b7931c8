//! MQTT 3.1.1 and 5: messages of topics as a source, topics as a sink.
//!
//! | module | what it is |
//! |---|---|
//! | [`source`] | the source: a message is acknowledged when it is safe |
//! | [`sink`] | the sink: a batch is done with when the broker has acknowledged it |
//! | [`client`] | what both share: packets, connections, options, errors |
//!
//! The protocol is spoken by ourselves: when a message is acknowledged, and when nothing more is
//! read, is what this is about.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod client;
pub mod sink;
pub mod source;

pub use sink::kind::SinkArgs;
pub use source::kind::SourceArgs;
