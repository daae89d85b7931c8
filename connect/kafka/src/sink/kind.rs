//! Options of `sstream-sink kafka`, and what it says of itself.

use clap::Args;

use super::message::Messages;
use super::{Compression, Kafka, Options, PATIENCE, Partitioner, Parts};
use crate::client::ClientArgs;
use sstream::connect::{
    MemoryArgs, Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, Spool, ToolError, program,
};

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
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

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-kafka";

    const ABOUT: &'static str = "A topic of Kafka

A string is a message of its text, anything else one of its JSON text, and null a message without a value. A key is in \
                                 normal form: 1 and 1.0 are one key, and a string is its text. A batch is done with \
                                 when the brokers have acknowledged all of its messages, which are never reordered or \
                                 doubled while the sink runs.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sink kafka --brokers localhost:9092 --topic errors
  … | sstream-sink kafka --brokers localhost:9092 --topic by-user --key .user
  … | sstream-sink kafka --brokers kafka:9093 --properties client.properties --topic counts --key '.[0]' --value '.[1]'
";

    const DOES: &'static str = "sends every record to a topic, a message each";

    fn guarantee(&self) -> SinkGuarantee {
        SinkGuarantee::ExactlyOnce("for readers with isolation.level=read_committed")
    }

    fn on_cluster(&self) -> SinkOnCluster {
        match self.client.is_of_one_machine() {
            Some(option) => SinkOnCluster::of_one_machine(&format!("{option} is a file")),
            None => SinkOnCluster::Partitions,
        }
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let key = self.key.as_deref().map(|source| program("--key", source, &[])).transpose()?;
        let value = self.value.as_deref().map(|source| program("--value", source, &[])).transpose()?;
        let options = Options {
            topic: self.topic,
            partitioner: self.partitioner,
            compression: self.compression,
            batch_header: !self.no_batch_header,
        };
        let SinkParts { console, waited, bad_records, .. } = parts;
        Ok(Box::new(Kafka::open(Parts {
            settings: self.client.settings(),
            options,
            messages: Messages::new(key, value),
            bad_records,
            spool: Spool::new(self.memory.memory),
            patience: PATIENCE,
            console,
            waited,
        })?))
    }
}
