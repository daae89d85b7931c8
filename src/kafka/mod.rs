//! What the Kafka source and sink share: the client's settings, what it says
//! while it runs, and errors.
//!
//! Kafka is spoken by librdkafka (the feature `kafka`), which has its own
//! threads: it connects, connects again, and holds what it fetched or is to
//! send. [`settings`] and [`error`] are there without it, so that command lines,
//! man pages and messages are the same however sstream was built.

#[cfg(feature = "kafka")]
pub mod client;
pub mod error;
#[cfg(feature = "kafka")]
pub mod patience;
pub mod settings;

pub use error::KafkaError;
