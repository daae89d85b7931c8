//! Options of `sstream-sink mqtt`, and what it says of itself.

use std::time::Duration;

use clap::Args;
use sstream::connect::{
    MemoryArgs, Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, Spool, ToolError, duration, program,
};

use super::MqttSink;
use super::message::Messages;
use super::publisher::{Publisher, Sending};
use crate::client::ClientArgs;
use crate::source::kind::random_id;

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
    #[command(flatten)]
    client: ClientArgs,

    /// The topic: the result, a string, of a jq program; no message without a result. One topic for
    /// all is '"alerts"'
    #[arg(long, value_name = "EXPR", help_heading = "MQTT")]
    topic: String,

    /// The payload: the result of a jq program; no message without a result
    #[arg(long, value_name = "EXPR", help_heading = "MQTT")]
    value: Option<String>,

    /// The QoS: 0 at most once, 1 at least once, 2 exactly once as far as the broker
    #[arg(long, value_name = "0|1|2", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=2), help_heading = "MQTT")]
    qos: u8,

    /// The broker keeps the last message of each topic, for who subscribes later
    #[arg(long, help_heading = "MQTT")]
    retained: bool,

    /// Who we are to the broker; one of our own unless told
    #[arg(long, value_name = "ID", help_heading = "MQTT")]
    client_id: Option<String>,

    /// Give up (exit 1) when the broker was away for so long [default: never]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "MQTT")]
    retry_for: Option<Duration>,

    #[command(flatten)]
    memory: MemoryArgs,
}

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-mqtt";

    const ABOUT: &'static str = "Topics of MQTT

A string is a message of its text, anything else one of its JSON text, and null an empty one, which ends what the \
                                 broker keeps by --retained. Nothing is sent before a batch's end has come; a batch is done \
                                 with when the broker has acknowledged all of it. A broker that is away is waited for.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sink mqtt mqtt://localhost --topic '\"alerts\"'
  … | sstream-sink mqtt mqtts://broker.example --topic '\"counts/\" + .[0]' --value '.[1]' --retained --user-file user
";

    const DOES: &'static str = "sends every record to a topic, a message each";

    fn check(&self) -> Result<(), String> {
        self.client.check()
    }

    fn guarantee(&self) -> SinkGuarantee {
        match self.qos {
            0 => SinkGuarantee::AtLeastOnce("as far as the broker has read it; QoS 0 promises no more"),
            _ => SinkGuarantee::AtLeastOnce("the messages of the last batch may come again"),
        }
    }

    /// The last message of a topic is kept; and a client is one at a time.
    fn on_cluster(&self) -> SinkOnCluster {
        match self.retained || self.client_id.is_some() {
            true => SinkOnCluster::Whole,
            false => SinkOnCluster::Partitions,
        }
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let topic = program("--topic", &self.topic, &[]).map_err(|error| match error {
            ToolError::Usage(message) => {
                let topic = &self.topic;
                ToolError::Usage(format!("{message} (it is a jq program: one topic for all is '\"{topic}\"')"))
            }
            other => other,
        })?;
        let value = self.value.as_deref().map(|source| program("--value", source, &[])).transpose()?;
        let sending = Sending {
            qos: self.qos,
            retain: self.retained,
            client_id: self.client_id.clone().unwrap_or_else(random_id),
            retry_for: self.retry_for,
        };
        let SinkParts { console, stop, waited, bad_records, .. } = parts;
        Ok(Box::new(MqttSink {
            publisher: Publisher::new(self.client.settings()?, sending, console, stop, waited)?,
            messages: Messages { topic, value },
            spool: Spool::new(self.memory.memory),
            bad_records,
            has_client_id: self.client_id.is_some(),
        }))
    }
}
