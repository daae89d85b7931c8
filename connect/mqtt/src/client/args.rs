//! Options of source and sink: how a broker is reached.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use rustls::ClientConfig;
use sstream::connect::{Secret, ToolError, duration};

use super::address::BrokerAddress;
use super::packet::{Version, Will};

/// How a broker is reached.
#[derive(Args, Debug)]
pub struct ClientArgs {
    #[allow(rustdoc::broken_intra_doc_links)] // it is the option's text
    /// The broker: mqtt://HOST[:PORT], or mqtts:// with TLS
    #[arg(value_name = "URL")]
    pub broker: BrokerAddress,

    /// The version of the protocol
    #[arg(long, value_enum, value_name = "VERSION", default_value = "5", help_heading = "MQTT")]
    pub mqtt_version: Version,

    /// User and password, as user:password in this file
    #[arg(long, value_name = "FILE", help_heading = "MQTT")]
    pub user_file: Option<PathBuf>,

    /// Believe brokers whose certificates these have signed (PEM), and not the system's
    #[arg(long, value_name = "FILE", help_heading = "MQTT")]
    pub ca: Option<PathBuf>,

    /// A last will: the topic of a message of QoS 1 that the broker sends when this end was killed or cut
    /// off; after a stop it sends none
    #[arg(long, value_name = "TOPIC", value_parser = parse_topic, help_heading = "MQTT")]
    pub will_topic: Option<String>,

    /// What the last will says
    #[arg(long, value_name = "TEXT", default_value = "gone", requires = "will_topic", value_parser = parse_text, help_heading = "MQTT")]
    pub will: String,

    /// The broker keeps the last will, for who subscribes later
    #[arg(long, requires = "will_topic", help_heading = "MQTT")]
    pub will_retained: bool,

    /// A broker that does not answer for so long is gone
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "30s", help_heading = "MQTT")]
    pub timeout: Duration,
}

/// How a broker is reached, with what was read from files.
#[derive(Clone)]
pub struct Settings {
    /// Where.
    pub broker: BrokerAddress,
    /// In which version.
    pub version: Version,
    /// `user:password`.
    pub user: Option<Secret>,
    /// How TLS is spoken, where it is.
    pub tls: Option<Arc<ClientConfig>>,
    /// What the broker is to tell others when we are gone.
    pub will: Option<Will>,
    /// How long an answer is waited for.
    pub timeout: Duration,
}

/// A topic that a message may be sent to.
pub fn parse_topic(text: &str) -> Result<String, String> {
    match text.is_empty() || text.len() > usize::from(u16::MAX) || text.contains(['+', '#', '\0']) {
        true => Err("a topic has a character at least, 65535 bytes at most, and neither + nor #".to_owned()),
        false => Ok(text.to_owned()),
    }
}

fn parse_text(text: &str) -> Result<String, String> {
    match text.len() > usize::from(u16::MAX) {
        true => Err("it has 65535 bytes at most".to_owned()),
        false => Ok(text.to_owned()),
    }
}

impl ClientArgs {
    /// Options that do not go together.
    pub fn check(&self) -> Result<(), String> {
        match self.ca.is_some() && !self.broker.tls {
            true => Err("--ca is for mqtts://".to_owned()),
            false => Ok(()),
        }
    }

    /// With the files read.
    ///
    /// # Errors
    /// Wrong usage: a file that cannot be read, or holds something else.
    pub fn settings(&self) -> Result<Settings, ToolError> {
        let user = self.user_file.as_deref().map(|path| Secret::read("--user-file", path)).transpose()?;
        if user.as_ref().is_some_and(|user| !user.reveal().contains(':')) {
            return Err(ToolError::Usage("--user-file: it is to hold user:password".to_owned()));
        }
        let tls = self.broker.tls.then(|| sstream_tls::client(self.ca.as_deref())).transpose()?.map(Arc::new);
        let will =
            self.will_topic.clone().map(|topic| Will { topic, payload: self.will.clone(), retain: self.will_retained });
        Ok(Settings { broker: self.broker.clone(), version: self.mqtt_version, user, tls, will, timeout: self.timeout })
    }
}
