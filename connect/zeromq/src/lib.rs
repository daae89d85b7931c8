//! ZeroMQ: messages of PUB and PUSH sockets as a source, PUB and PUSH as a sink.
//!
//! | module | what it is |
//! |---|---|
//! | [`source`] | the source: SUB or PULL |
//! | [`sink`] | the sink: PUB or PUSH |
//! | [`wire`] | what both share: the protocol (ZMTP 3), endpoints, keys, options, errors |
//!
//! The protocol is spoken by ourselves: what is dropped, when nothing more is read, and what the other
//! end has read when we stop, is what this is about.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod sink;
pub mod source;
pub mod wire;

pub use sink::kind::SinkArgs;
pub use source::kind::SourceArgs;
