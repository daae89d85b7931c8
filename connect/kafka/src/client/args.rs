//! What the Kafka source and sink have in common on the command line.

use std::path::PathBuf;

use clap::Args;

use super::settings::{Property, Settings};
use crate::client::KafkaError;
use sstream::connect::ToolError;

/// How brokers are reached.
#[derive(Args, Clone, Debug)]
pub struct ClientArgs {
    /// Brokers to ask for the others, as localhost:9092, several with commas
    #[arg(long, value_name = "HOST:PORT,…", help_heading = "Kafka")]
    pub brokers: String,

    /// Properties of librdkafka, a NAME=VALUE a line; the place for passwords
    #[arg(long = "properties", value_name = "FILE", help_heading = "Kafka")]
    pub file: Option<PathBuf>,

    /// A property of librdkafka, over those of the file
    #[arg(short = 'X', value_name = "NAME=VALUE", help_heading = "Kafka")]
    pub properties: Vec<Property>,
}

impl ClientArgs {
    /// The option that names a file, if one does.
    pub fn is_of_one_machine(&self) -> Option<&'static str> {
        self.file.as_ref().map(|_| "--properties")
    }

    /// As data.
    pub fn settings(&self) -> Settings {
        Settings { brokers: self.brokers.clone(), file: self.file.clone(), properties: self.properties.clone() }
    }
}

impl From<KafkaError> for ToolError {
    fn from(error: KafkaError) -> Self {
        ToolError::kind(error)
    }
}
