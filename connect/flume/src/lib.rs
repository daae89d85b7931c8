//! Flume: events with headers, by the Avro RPC of its avro source and avro sink.
//!
//! | module | what it is |
//! |---|---|
//! | [`source`] | the server, where an agent's avro sink sends to: OK when events are safe |
//! | [`sink`] | the client of an agent's avro source: a batch is calls of `appendBatch`, repeated until OK |
//! | [`avro`] | Avro's binary form, as much as both need |
//! | [`handshake`] | how both ends know that they speak the same protocol |
//! | [`deflate`] | connections that are packed |
//!
//! How messages are read and answered, and how calls are repeated, is what several connectors share:
//! [`sstream_rpc`]. On the connection a message is, as Avro sends it over Netty, a number that its answer has
//! too, how many buffers follow, and each with its length; together they are the message.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod avro;
pub mod deflate;
pub mod handshake;
pub mod sink;
pub mod source;

pub use sink::SinkArgs;
pub use source::SourceArgs;

/// How a connection is packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Compression {
    /// Not at all
    #[default]
    None,
    /// As an agent's compression-type = deflate has it
    Deflate,
}

impl Compression {
    /// Whether it goes with TLS.
    ///
    /// # Errors
    /// It does not.
    pub fn check(self, is_tls: bool) -> Result<(), String> {
        match self == Compression::Deflate && is_tls {
            true => Err(
                "--compression deflate: not with TLS: Flume (1.11) would pack what is encrypted already, which saves \
                 nothing: leave it out, and compression-type at the agent"
                    .to_owned(),
            ),
            false => Ok(()),
        }
    }
}

/// What an event is answered when it is taken.
const OK: i64 = 0;

/// And when it is not, for now.
const FAILED: i64 = 1;
