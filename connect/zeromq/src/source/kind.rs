//! Options of `sstream-source zeromq`.

use clap::Args;
use sstream::connect::{OnCluster, Opened, SourceGuarantee, SourceKind, SourceParts, ToolError, ValueArgs, duration};

use super::ZeromqSource;
use super::records::{Field, Multipart, Records};
use crate::wire::SocketArgs;
use crate::wire::command::SocketKind;
use crate::wire::peers::{Doors, Settings};

/// What the source takes.
#[derive(Args, Debug)]
pub struct SourceArgs {
    #[command(flatten)]
    socket: SocketArgs,

    /// SUB: receive messages of PUB sockets that begin so, '' for all; several times for several. Without,
    /// PULL: messages of PUSH sockets
    #[arg(long, value_name = "PREFIX", help_heading = "ZeroMQ")]
    subscribe: Vec<String>,

    /// What a part of a message is.
    #[command(flatten, next_help_heading = "ZeroMQ")]
    value: ValueArgs,

    /// What a message of several parts is
    #[arg(long, value_enum, default_value = "joined", help_heading = "ZeroMQ")]
    multipart: Multipart,

    /// What stands between joined parts
    #[arg(long, value_name = "TEXT", default_value = " ", help_heading = "ZeroMQ")]
    separator: String,

    /// Make objects of the value and of this
    #[arg(long, value_enum, value_name = "FIELD", help_heading = "ZeroMQ")]
    with: Option<Field>,

    /// A longer message is a bad record, and its peer is connected to anew
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, default_value = "16MiB", help_heading = "ZeroMQ")]
    max_message: usize,
}

impl SourceKind for SourceArgs {
    const TOOL: &'static str = "sstream-source-zeromq";

    const ABOUT: &'static str = "Messages of ZeroMQ

A message is a record: as text, or with --value json as JSON. With --subscribe this is a SUB socket, without a PULL; \
                                 it connects to ENDPOINTs, or is bound by --bind. ZeroMQ acknowledges nothing: what has \
                                 come and is not in the checkpoint's log yet is lost when this source is killed. What \
                                 the pipeline has no room for waits at the peers, as far as their high-water marks: PUSH \
                                 blocks there, PUB drops, and tells nobody.";

    const EXAMPLES: &'static str = "  \
  sstream-source zeromq tcp://ticker.example:5556 --subscribe trades. --value json --with topic | sstream-reduce --by .topic count
  sstream-source zeromq --bind tcp://*:5557 --curve-key server.key_secret --curve-clients clients --checkpoint ck
";

    const WITHOUT_INPUT: Option<&'static str> = Some("give --value text, json, msgpack or avro");

    fn check(&self) -> Result<(), String> {
        self.value.check()?;
        match self.multipart == Multipart::Array && self.separator != " " {
            true => Err("--separator is for --multipart joined".to_owned()),
            false => Ok(()),
        }
    }

    /// Which messages are received, and what records are made of them.
    fn identity(&self) -> String {
        let mut words = self.socket.identity();
        for prefix in &self.subscribe {
            words.push_str(&format!(" --subscribe {prefix}"));
        }
        words.push_str(self.value.words());
        match self.multipart {
            Multipart::Array => words.push_str(" --multipart array"),
            Multipart::Joined if self.separator != " " => words.push_str(&format!(" --separator {}", self.separator)),
            Multipart::Joined => {}
        }
        if self.with.is_some() {
            words.push_str(" --with topic");
        }
        words
    }

    fn on_cluster(&self) -> OnCluster {
        match self.socket.bind.is_empty() {
            true => OnCluster::Received,
            false => OnCluster::listens(),
        }
    }

    fn guarantee(&self) -> SourceGuarantee {
        SourceGuarantee::Logged
    }

    fn open(&self, parts: SourceParts) -> Result<Opened, ToolError> {
        let settings = Settings {
            kind: if self.subscribe.is_empty() { SocketKind::Pull } else { SocketKind::Sub },
            security: self.socket.security()?,
            longest: self.max_message,
            timeout: self.socket.timeout,
            max_peers: self.socket.max_peers as usize,
            advice: "with --subscribe we are SUB, without PULL, and with --curve-server-key a client of CURVE",
        };
        let records = Records {
            value: self.value.open()?,
            multipart: self.multipart,
            separator: self.separator.clone().into_bytes(),
            has_topic: self.with.is_some(),
        };
        let doors = Doors::open(&self.socket.connect, &self.socket.bind)?;
        Ok(Opened::Records(Box::new(ZeromqSource::open(doors, settings, self.subscribe.clone(), records, &parts)?)))
    }
}
