//! Options of `sstream-sink kinesis`, and what it says of itself.

use std::time::Duration;

use clap::Args;
use sstream::connect::{
    MemoryArgs, Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, Spool, ToolError, duration, program,
};

use super::KinesisSink;
use super::message::{Chance, Messages};
use super::sender::Sender;
use crate::client::ClientArgs;

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
    #[command(flatten)]
    client: ClientArgs,

    /// The partition key: the result of a jq program, no record without a result; records are spread over
    /// all shards unless told
    #[arg(long, value_name = "EXPR", help_heading = "Kinesis")]
    key: Option<String>,

    /// The data: the result of a jq program; no record without a result
    #[arg(long, value_name = "EXPR", help_heading = "Kinesis")]
    value: Option<String>,

    /// Give up (exit 1) when the service took nothing for so long [default: never]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "Kinesis")]
    retry_for: Option<Duration>,

    #[command(flatten)]
    memory: MemoryArgs,
}

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-kinesis";

    const ABOUT: &'static str = "A Kinesis stream

A string is a record of its text, anything else one of its JSON text. A key is in normal form: 1 and 1.0 are one key, and a \
                                 string is its text. Nothing is sent before a batch's end has come; a batch is done with \
                                 when the service has taken all of it. What it does not take for now is sent again, later \
                                 and later; a record beyond 1 MiB is a bad one.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sink kinesis errors --region eu-central-1
  … | sstream-sink kinesis counts --key '.[0]' --value '{word: .[0], n: .[1]}'
  … | sstream-sink kinesis counts --key .user --endpoint http://localhost:4567
";

    const DOES: &'static str = "sends every record to a stream, a record each";

    fn guarantee(&self) -> SinkGuarantee {
        SinkGuarantee::AtLeastOnce("the records of the last batch may come again")
    }

    fn on_cluster(&self) -> SinkOnCluster {
        SinkOnCluster::Partitions
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let key = self.key.as_deref().map(|source| program("--key", source, &[])).transpose()?;
        let value = self.value.as_deref().map(|source| program("--value", source, &[])).transpose()?;
        let SinkParts { console, stop, waited, bad_records } = parts;
        let client = self.client.client(1, console)?;
        Ok(Box::new(KinesisSink {
            sender: Sender::new(client, self.retry_for, stop, waited),
            messages: Messages { key, value, chance: Chance::new() },
            spool: Spool::new(self.memory.memory),
            bad_records,
        }))
    }
}
