//! Options of `sstream-source mqtt`.

use std::time::Duration;

use clap::{Args, ValueEnum as _};
use rustix::rand::{GetRandomFlags, getrandom};
use sstream::connect::{Opened, Places, SourceGuarantee, SourceKind, SourceParts, ToolError, ValueArgs, duration};

use super::MqttSource;
use super::receiver::Subscription;
use super::records::{Field, Records};
use crate::client::ClientArgs;

/// What the source takes.
#[derive(Args, Debug)]
pub struct SourceArgs {
    /// How the broker is reached.
    #[command(flatten)]
    pub client: ClientArgs,

    /// A topic, or a filter: a/+/c, a/#, $share/GROUP/a/#; several times for several
    #[arg(long, value_name = "FILTER", required = true, value_parser = parse_filter, help_heading = "MQTT")]
    pub topic: Vec<String>,

    /// The QoS that is asked for: 0 at most once, 1 at least once, 2 exactly once as far as the broker
    #[arg(long, value_name = "0|1|2", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=2), help_heading = "MQTT")]
    pub qos: u8,

    /// Whose session it is, which the broker keeps while we are away; without, what is sent
    /// meanwhile is lost
    #[arg(long, value_name = "ID", help_heading = "MQTT")]
    pub client_id: Option<String>,

    /// How long the broker is to keep the session (version 5)
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "7d", help_heading = "MQTT")]
    pub session_expiry: Duration,

    /// So many messages of QoS 1 and 2 may be on their way at a time (version 5)
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u16).range(1..), help_heading = "MQTT")]
    pub receive_maximum: u16,

    /// While the pipeline is held up, let so much more wait on disk, beyond 16 MiB in memory; without this the broker is
    /// held up, which may drop what it has (QoS 0) or the connection
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, help_heading = "MQTT")]
    pub spool: Option<usize>,

    /// What a message's payload is.
    #[command(flatten, next_help_heading = "MQTT")]
    pub value: ValueArgs,

    /// Make objects of the value and of these, several with commas
    #[arg(long, value_enum, value_name = "FIELD,…", value_delimiter = ',', help_heading = "MQTT")]
    pub with: Vec<Field>,
}

/// As the standard has it.
fn parse_filter(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > usize::from(u16::MAX) || text.contains('\0') {
        return Err("a filter has a character at least, and 65535 bytes at most".to_owned());
    }
    let levels: Vec<&str> = text.split('/').collect();
    for (index, level) in levels.iter().enumerate() {
        let is_last = index + 1 == levels.len();
        if (level.contains('#') && (*level != "#" || !is_last)) || (level.contains('+') && *level != "+") {
            return Err(format!("'{level}': + and # stand for whole levels, # for the last ones, as a/+/c and a/#"));
        }
    }
    Ok(text.to_owned())
}

impl SourceArgs {
    /// What becomes of what the topics have.
    fn beside_topics(&self) -> String {
        let mut words = String::new();
        if let Some(id) = &self.client_id {
            words.push_str(&format!(" --client-id {id}"));
        }
        if self.qos != 1 {
            words.push_str(&format!(" --qos {}", self.qos));
        }
        words.push_str(self.value.words());
        for (index, field) in self.with.iter().enumerate() {
            words.push_str(if index == 0 { " --with " } else { "," });
            words.push_str(field.to_possible_value().as_ref().map_or("", clap::builder::PossibleValue::get_name));
        }
        words
    }
}

impl SourceKind for SourceArgs {
    const TOOL: &'static str = "sstream-source-mqtt";

    const ABOUT: &'static str = "Messages of MQTT

A message is a record: its payload as text, or with --value json as JSON. It is acknowledged when it is safe: in the \
                                 checkpoint's log, on disk, or without --checkpoint when its batch has left. With \
                                 --client-id the broker keeps what comes while this source is away. A broker that is away \
                                 is waited for.";

    const EXAMPLES: &'static str = "  \
  sstream-source mqtt mqtt://localhost --topic 'sensors/#' --value json --with topic | sstream-reduce --by .topic count
  sstream-source mqtt mqtts://broker.example --topic '$share/us/events' --client-id us-1 --user-file user --checkpoint ck
";

    const WITHOUT_INPUT: Option<&'static str> = Some("give --value text, json, msgpack or avro");

    fn check(&self) -> Result<(), String> {
        if self.client_id.as_ref().is_some_and(|id| id.is_empty() || id.len() > usize::from(u16::MAX)) {
            return Err("--client-id: it has a character at least, and 65535 bytes at most".to_owned());
        }
        self.value.check()?;
        self.client.check()
    }

    /// Which messages are read, and what records are made of them.
    fn identity(&self) -> String {
        let mut words = String::new();
        for filter in &self.topic {
            words.push_str(&format!(" --topic {filter}"));
        }
        words.push_str(&self.beside_topics());
        words.trim_start().to_owned()
    }

    /// One that was read has to stay: a session that the broker keeps goes on with it.
    fn places(&self) -> Option<Places> {
        Some(Places {
            all: self.topic.iter().map(ToString::to_string).collect(),
            beside: self.beside_topics(),
            may_go: false,
        })
    }

    fn guarantee(&self) -> SourceGuarantee {
        match self.client_id.is_some() && self.qos > 0 {
            true => SourceGuarantee::Redelivered("where the broker has the session"),
            false => SourceGuarantee::Logged,
        }
    }

    fn open(&self, parts: SourceParts) -> Result<Opened, ToolError> {
        let expiry = u32::try_from(self.session_expiry.as_secs()).unwrap_or(u32::MAX);
        let subscription = Subscription {
            filters: self.topic.clone(),
            qos: self.qos,
            client_id: self.client_id.clone().unwrap_or_else(random_id),
            session_expiry_s: self.client_id.is_some().then_some(expiry),
            receive_maximum: self.receive_maximum,
        };
        let records = Records::new(self.value.open()?, self.with.clone());
        let (settings, spool) = (self.client.settings()?, self.spool.map(|limit| limit as u64));
        Ok(Opened::Records(Box::new(MqttSource::open(settings, subscription, records, spool, &parts)?)))
    }
}

/// A client that nobody else is.
pub fn random_id() -> String {
    let mut bytes = [0u8; 8];
    // Without chance: one that somebody else may be.
    let _ = getrandom(&mut bytes, GetRandomFlags::empty());
    format!("sstream-{:016x}", u64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters() {
        for right in ["a", "a/+/c", "#", "a/#", "+", "$share/g/a/#", "/", "a//b"] {
            assert_eq!(parse_filter(right).as_deref(), Ok(right));
        }
        for wrong in ["", "a#", "a/#/b", "a+/b", "a/b+"] {
            assert!(parse_filter(wrong).is_err(), "{wrong}");
        }
    }
}
