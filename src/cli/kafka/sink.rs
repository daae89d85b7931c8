//! Options of `sstream-sink kafka`.

use clap::Args;

use super::ClientArgs;
use crate::cli::args::MemoryArgs;
use crate::cli::program::program;
use crate::cli::{Environment, ToolError};
use crate::flow::BadRecords;
use crate::kafka::settings::Settings;
use crate::sink::Sink;
use crate::sink::kafka::message::Messages;
use crate::sink::kafka::{Compression, Options, Partitioner};

/// What the sink takes.
#[derive(Args, Debug)]
pub struct KafkaSinkArgs {
    #[command(flatten)]
    client: ClientArgs,

    /// The topic
    #[arg(long)]
    topic: String,

    /// The message's key: the result of a jq program; none without a result
    #[arg(long, value_name = "EXPR")]
    key: Option<String>,

    /// The message's value: the result of a jq program; no message without a result
    #[arg(long, value_name = "EXPR")]
    value: Option<String>,

    /// How the key chooses the partition
    #[arg(long, value_enum, default_value = "murmur2")]
    partitioner: Partitioner,

    /// How messages are compressed
    #[arg(long, value_enum, default_value = "none")]
    compression: Compression,

    /// Leave out the header sstream-batch, which has the batch's time in ms
    #[arg(long)]
    no_batch_header: bool,

    #[command(flatten)]
    memory: MemoryArgs,
}

impl KafkaSinkArgs {
    /// Makes the sink.
    pub fn build<'a>(
        self,
        environment: &Environment,
        bad_records: &'a BadRecords,
    ) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let key = self.key.as_deref().map(|source| program("--key", source, &[])).transpose()?;
        let value = self.value.as_deref().map(|source| program("--value", source, &[])).transpose()?;
        let options = Options {
            topic: self.topic,
            partitioner: self.partitioner,
            compression: self.compression,
            batch_header: !self.no_batch_header,
        };
        open(self.client.settings(), options, Messages::new(key, value), self.memory, environment, bad_records)
    }
}

#[cfg(feature = "kafka")]
fn open<'a>(
    settings: Settings,
    options: Options,
    messages: Messages,
    memory: MemoryArgs,
    environment: &Environment,
    bad_records: &'a BadRecords,
) -> Result<Box<dyn Sink + 'a>, ToolError> {
    use crate::sink::kafka::{Kafka, PATIENCE, Parts};
    let (console, waited) = (environment.console.clone(), environment.waited.clone());
    let (spool, patience) = (crate::spool::Spool::new(memory.memory), PATIENCE);
    Ok(Box::new(Kafka::open(Parts { settings, options, messages, bad_records, spool, patience, console, waited })?))
}

#[cfg(not(feature = "kafka"))]
fn open<'a>(
    _: Settings,
    _: Options,
    _: Messages,
    _: MemoryArgs,
    _: &Environment,
    _: &'a BadRecords,
) -> Result<Box<dyn Sink + 'a>, ToolError> {
    Err(crate::kafka::KafkaError::NotBuilt.into())
}
