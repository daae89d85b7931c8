//! What can go wrong with a broker.

use std::fmt;

use sstream::connect::{Exit, Failure, OutletError, SourceError, ToolError};

/// Why the source or the sink ended its stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MqttError {
    /// The broker answers, and does not let us in, or not to a topic.
    Refused {
        /// The broker.
        broker: String,
        /// What it refused, and why.
        what: String,
        /// What to do.
        advice: &'static str,
    },
    /// Its certificate is not believed.
    Certificate {
        /// The broker.
        broker: String,
        /// What is wrong with it.
        message: String,
    },
    /// It was tried for long enough.
    GaveUp {
        /// The broker.
        broker: String,
        /// What came of it the last time.
        message: String,
    },
    /// The system has no thread, or no pipe, left.
    System {
        /// What it said.
        message: String,
    },
}

impl fmt::Display for MqttError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MqttError::Refused { broker, what, advice } => write!(f, "{broker}: {what}: {advice}"),
            MqttError::Certificate { broker, message } => {
                write!(f, "{broker}: {message}: name who signs its certificate by --ca")
            }
            MqttError::GaveUp { broker, message } => write!(
                f,
                "{broker}: {message}: given up; not all of a batch was acknowledged: with --checkpoint a restart sends \
                 it again"
            ),
            MqttError::System { message } => write!(f, "mqtt: {message}"),
        }
    }
}

impl std::error::Error for MqttError {}

impl Failure for MqttError {
    fn exit(&self) -> Exit {
        Exit::World
    }
}

impl From<MqttError> for SourceError {
    fn from(error: MqttError) -> Self {
        SourceError::kind(error)
    }
}

impl From<MqttError> for OutletError {
    fn from(error: MqttError) -> Self {
        OutletError::kind(error)
    }
}

impl From<MqttError> for ToolError {
    fn from(error: MqttError) -> Self {
        ToolError::Kind(Box::new(error))
    }
}

/// The words of a code that a broker refuses with, of either version.
pub fn words(code: u8) -> String {
    let words = match code {
        1 | 0x84 => "it does not speak this version: see --mqtt-version",
        2 | 0x85 => "it does not take this client id",
        3 | 0x88 => "it is not available",
        4 | 0x86 => "user or password are wrong",
        5 | 0x87 => "not authorized",
        0x80 => "refused",
        0x89 => "it is busy",
        0x8A => "banned",
        0x8B => "it is shutting down",
        0x8E => "another client came with this client id",
        0x8F => "the topic filter is none that it takes",
        0x90 => "the topic is none that it takes",
        0x93 => "more messages at a time than it takes",
        0x95 => "the packet is too large",
        0x97 => "a quota is exceeded",
        0x99 => "the payload is of a form that it does not take",
        0x9A => "it keeps no messages",
        0x9B => "it does not have this QoS",
        0x9E => "it has no shared subscriptions",
        0xA2 => "it has no wildcards",
        code => return format!("code {code:#04x}"),
    };
    words.to_owned()
}

/// Whether a broker that refuses with this code may not do so later.
pub fn may_pass(code: u8) -> bool {
    matches!(code, 3 | 0x88 | 0x89 | 0x8B | 0x97)
}

/// What to do when a broker ends a connection for this reason; nothing where it may go better the
/// next time.
pub fn remedy(code: u8) -> Option<&'static str> {
    match code {
        // They would take the session from each other for ever.
        0x8E => Some("each pipeline needs a --client-id of its own"),
        0x9A => Some("do without --retained and --will-retained"),
        0x9B => Some("ask for another --qos"),
        0x9E | 0xA1 | 0xA2 => Some("name topics without them"),
        0x81 | 0x82 | 0x84..=0x87 | 0x90 | 0x95 | 0x9C | 0x9D => Some("see what its log says"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_will_not_pass_has_a_remedy() {
        assert!(remedy(0x8E).is_some_and(|advice| advice.contains("--client-id")));
        assert!([0x9B, 0x9A, 0x95, 0x87].iter().all(|code| remedy(*code).is_some()));
        assert!([0x88, 0x8B, 0x8D, 0x97].iter().all(|code| remedy(*code).is_none() && !words(*code).is_empty()));
    }
}
