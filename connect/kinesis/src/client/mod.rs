//! How Kinesis is spoken with: signed requests, and who we are.

pub mod args;
pub mod call;
pub mod credentials;
pub mod error;
pub mod json;
pub mod patience;
pub mod sign;

pub use args::ClientArgs;
pub use call::{Answer, Client, Fault, error_of};
pub use error::KinesisError;
