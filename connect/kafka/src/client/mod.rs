//! What the Kafka source and sink share: the client's settings, what it says
//! while it runs, deadlines for its calls, and errors.

mod args;
mod error;
pub mod listener;
pub mod patience;
pub mod settings;

pub use args::ClientArgs;
pub use error::KafkaError;
