//! What source and sink share.

pub mod address;
pub mod args;
pub mod error;
pub mod link;
pub mod packet;

pub use args::ClientArgs;
pub use error::MqttError;
