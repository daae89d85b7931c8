//! Where records come from: [`engine`] makes batches of records, whatever brings them;
//! [`kinds`] has who brings them, a file or folder a kind.

pub mod beside;
pub mod engine;
mod error;
pub mod kinds;
pub mod pairs;

pub use engine::bytes::{ByteSource, Client, Got, Torn};
pub use error::SourceError;
