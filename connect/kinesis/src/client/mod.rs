//! How Kinesis is spoken with: signed requests, and who we are.

pub mod args;
pub mod call;
pub mod error;
pub mod patience;
pub mod sign;

pub use sstream_aws::{credentials, json};

pub use args::ClientArgs;
pub use call::{Answer, Client, Fault, error_of};
pub use error::KinesisError;
