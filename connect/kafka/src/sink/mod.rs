//! The Kafka sink: records become messages of a topic.
//!
//! [`message`] makes keys and values of records; `batches` takes them, `producer`
//! sends messages, and `transactions` makes a transaction of a batch.

mod batches;
pub mod kind;
pub mod message;
mod parts;
mod producer;

mod transactions;

pub use batches::{Kafka, PATIENCE};
pub use parts::Parts;

use crate::client::KafkaError;
use sstream::connect::OutletError;

/// Which partition a message with a key goes to; one without goes to any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Partitioner {
    /// As Java's clients do
    #[default]
    Murmur2,
    /// As librdkafka's clients do
    Crc32,
    /// As Sarama's clients do
    Fnv1a,
    /// Any, with and without a key
    Random,
}

impl Partitioner {
    /// librdkafka's name for it.
    pub fn property(self) -> &'static str {
        match self {
            Partitioner::Murmur2 => "murmur2_random",
            Partitioner::Crc32 => "consistent_random",
            Partitioner::Fnv1a => "fnv1a_random",
            Partitioner::Random => "random",
        }
    }
}

/// How messages are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Compression {
    /// Not at all
    #[default]
    None,
    /// gzip
    Gzip,
    /// Snappy
    Snappy,
    /// LZ4
    Lz4,
    /// Zstandard
    Zstd,
}

impl Compression {
    /// librdkafka's name for it.
    pub fn property(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Snappy => "snappy",
            Compression::Lz4 => "lz4",
            Compression::Zstd => "zstd",
        }
    }
}

/// What the sink is to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// The topic.
    pub topic: String,
    /// Which partition.
    pub partitioner: Partitioner,
    /// How messages are compressed.
    pub compression: Compression,
    /// Whether each message has its batch's time in a header.
    pub batch_header: bool,
}

/// The header with the batch's time, in ms since the epoch.
pub const BATCH_HEADER: &str = "sstream-batch";

impl From<KafkaError> for OutletError {
    fn from(error: KafkaError) -> Self {
        OutletError::kind(error)
    }
}
