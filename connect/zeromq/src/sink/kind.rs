//! Options of `sstream-sink zeromq`, and what it says of itself.

use std::time::Duration;

use clap::{Args, ValueEnum};
use sstream::connect::{
    MemoryArgs, Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, Spool, ToolError, Wake, duration, program,
};

use super::ZeromqSink;
use super::desk::{Desk, Way};
use super::message::Messages;
use super::publisher::{Patience, Publisher};
use super::sender::Sender;
use crate::wire::command::SocketKind;
use crate::wire::peers::{Doors, Settings};
use crate::wire::{SocketArgs, ZeromqError};

/// Peers say no more than this, in bytes: subscriptions.
const LONGEST: usize = 64 << 10;

/// What becomes of messages for a subscriber that is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnSlow {
    /// It does not get them, which is told
    Drop,
    /// The pipeline waits for it
    Block,
}

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
    #[command(flatten)]
    socket: SocketArgs,

    /// PUB: every peer gets what begins as it has subscribed to. Without, PUSH: each message goes to one
    /// peer, in turns
    #[arg(long, help_heading = "ZeroMQ")]
    publish: bool,

    /// PUB with a first part, the topic: the result, a string, of a jq program; no message without a
    /// result. One topic for all is '"alerts"'
    #[arg(long, value_name = "EXPR", help_heading = "ZeroMQ")]
    topic: Option<String>,

    /// What is sent: the result of a jq program; no message without a result
    #[arg(long, value_name = "EXPR", help_heading = "ZeroMQ")]
    value: Option<String>,

    /// An array is a message of several parts, one for each of its values
    #[arg(long, help_heading = "ZeroMQ")]
    multipart: bool,

    /// The high-water mark: so many messages may wait for a peer (and 4 MiB of them)
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..), help_heading = "ZeroMQ")]
    hwm: u32,

    /// PUB: what becomes of messages for a subscriber at its high-water mark [default: drop]
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "ZeroMQ")]
    on_slow: Option<OnSlow>,

    /// Send nothing before so many peers are there, or as PUB have subscribed: who comes later has
    /// missed what was sent
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "ZeroMQ")]
    peers: u32,

    /// In the end what waits for peers may take so long
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "10s", help_heading = "ZeroMQ")]
    linger: Duration,

    /// Give up (exit 1) when nobody was there for so long [default: never]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "ZeroMQ")]
    retry_for: Option<Duration>,

    #[command(flatten)]
    memory: MemoryArgs,
}

impl SinkArgs {
    fn way(&self) -> Way {
        match (self.publish || self.topic.is_some(), self.on_slow) {
            (false, _) => Way::Push,
            (true, Some(OnSlow::Block)) => Way::Block,
            (true, _) => Way::Drop,
        }
    }
}

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-zeromq";

    const ABOUT: &'static str = "Messages to peers of ZeroMQ

A string is a message of its text, anything else one of its JSON text. With --publish or --topic this is a PUB socket, \
                                 without a PUSH; it connects to ENDPOINTs, or is bound by --bind. Nothing is sent before a \
                                 batch's end has come. ZeroMQ acknowledges nothing: as PUSH a batch is done with when the \
                                 library at the other end has read it, and what a lost peer had not read goes to others; \
                                 PUB drops what a slow subscriber does not take, and tells how much, unless --on-slow block.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sink zeromq tcp://worker.example:5557
  … | sstream-sink zeromq --bind tcp://*:5556 --topic '\"counts.\" + .[0]' --value '.[1]' --hwm 10000
";

    const DOES: &'static str = "sends every record to peers, a message each";

    fn check(&self) -> Result<(), String> {
        match self.way() == Way::Push && self.on_slow.is_some() {
            true => Err("--on-slow is for PUB, by --publish or --topic: PUSH always waits".to_owned()),
            false => Ok(()),
        }
    }

    fn guarantee(&self) -> SinkGuarantee {
        match self.way() {
            Way::Push => SinkGuarantee::AtLeastOnce(
                "as far as the library at the other end has read it; what it has and did not hand out is lost with it",
            ),
            Way::Block => SinkGuarantee::AtLeastOnce("for who has subscribed, as far as the library there has read it"),
            Way::Drop => {
                SinkGuarantee::AtLeastOnce("as far as it was queued for who has subscribed; PUB promises no more")
            }
        }
    }

    fn on_cluster(&self) -> SinkOnCluster {
        match (self.socket.bind.is_empty(), self.way()) {
            (false, _) => SinkOnCluster::of_one_machine("--bind is an address"),
            (true, Way::Push) => SinkOnCluster::Partitions,
            (true, Way::Block | Way::Drop) => SinkOnCluster::Driver(
                "PUB sends to who has subscribed by then, and on executors it begins anew with each batch".to_owned(),
            ),
        }
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let way = self.way();
        let topic = self.topic.as_deref().map(|source| program("--topic", source, &[])).transpose();
        let topic = topic.map_err(|error| match error {
            ToolError::Usage(message) => {
                let topic = self.topic.as_deref().unwrap_or_default();
                ToolError::Usage(format!("{message} (it is a jq program: one topic for all is '\"{topic}\"')"))
            }
            other => other,
        })?;
        let value = self.value.as_deref().map(|source| program("--value", source, &[])).transpose()?;
        let settings = Settings {
            kind: if way == Way::Push { SocketKind::Push } else { SocketKind::Pub },
            security: self.socket.security()?,
            longest: LONGEST,
            timeout: self.socket.timeout,
            max_peers: self.socket.max_peers as usize,
            advice: "with --publish or --topic we are PUB, without PUSH, and with --curve-server-key a client of CURVE",
        };
        let name = self.socket.identity();
        let wake = Wake::new().map_err(|error| ZeromqError::system(&error))?;
        let desk = Desk::new(wake.bell(), way, self.hwm as usize);
        let doors = Doors::open(&self.socket.connect, &self.socket.bind)?;
        let SinkParts { console, stop, waited, bad_records, .. } = parts;
        let sender = Sender::start(doors, settings, desk.clone(), console.clone())?;
        let publisher = Publisher {
            name,
            desk,
            way,
            sender,
            wake,
            patience: Patience { peers: self.peers as usize, retry_for: self.retry_for, linger: self.linger },
            has_begun: false,
            told: None,
            console,
            stop,
            waited,
        };
        let messages = Messages { topic, value, multipart: self.multipart };
        Ok(Box::new(ZeromqSink { publisher, messages, spool: Spool::new(self.memory.memory), bad_records }))
    }
}
