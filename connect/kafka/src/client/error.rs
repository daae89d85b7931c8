//! What can go wrong with Kafka.

use sstream::connect::{Exit, Failure, describe};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why the Kafka source or sink ended its stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KafkaError {
    /// A property that there is not, that has another value, or that another
    /// option sets.
    Property {
        /// `-X`, or the file and line.
        place: String,
        /// The property.
        name: String,
        /// What is wrong with it, and what to do.
        message: String,
    },
    /// A file of properties that cannot be read.
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
    /// The client cannot be made of these settings.
    Create {
        /// What librdkafka said.
        message: String,
    },
    /// The brokers refused us, or the library can do no more.
    Fatal {
        /// The brokers as they were given.
        brokers: String,
        /// What librdkafka said.
        message: String,
    },
    /// A question to the brokers had no answer.
    Ask {
        /// What was asked.
        what: String,
        /// What librdkafka said.
        message: String,
    },
    /// The library did not come back from a call.
    Stuck {
        /// What the call was for.
        what: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// There is no such topic, and nothing to wait for.
    NoTopic {
        /// Its name or pattern.
        topic: String,
    },
    /// Messages could not be delivered.
    Delivery {
        /// The topic.
        topic: String,
        /// How many, of those that were on their way.
        failed: u64,
        /// The first one's reason.
        message: String,
    },
    /// A transaction failed.
    Transaction {
        /// What was being done.
        what: &'static str,
        /// The transactional id.
        id: String,
        /// What librdkafka said.
        message: String,
    },
    /// Another sink has begun with the same transactional id.
    Fenced {
        /// The transactional id.
        id: String,
    },
    /// Records that offsets name are not there any more.
    Lost {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The first offset that is gone.
        from: i64,
        /// The first that is there again.
        to: i64,
    },
    /// A partition that offsets name ends before them: it is another one now.
    Shrunk {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// Where to go on.
        position: i64,
        /// Where the partition ends.
        end: i64,
    },
    /// A position in the checkpoint that this source did not write.
    Position,
}

impl KafkaError {
    /// The error of a file of properties.
    pub fn file(path: impl Into<PathBuf>, error: &io::Error) -> KafkaError {
        KafkaError::File { path: path.into(), message: describe(error) }
    }
}

impl fmt::Display for KafkaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KafkaError::Property { place, name, message } => write!(f, "{place}: {name}: {message}"),
            KafkaError::File { path, message } => write!(f, "--properties {}: {message}", path.display()),
            KafkaError::Create { message } => write!(f, "kafka: no client can be made of these settings: {message}"),
            KafkaError::Fatal { brokers, message } => write!(f, "kafka, {brokers}: {message}"),
            KafkaError::Ask { what, message } => write!(f, "kafka: {what}: {message}"),
            KafkaError::Stuck { what, limit } => write!(
                f,
                "kafka: {what}: the client did not come back within {}: start again, which goes on after the last batch \
                 that is done with",
                humantime::format_duration(*limit)
            ),
            KafkaError::NoTopic { topic } => {
                write!(f, "kafka: there is no topic {topic}: create it, or see what there is with kcat -L")
            }
            KafkaError::Delivery { topic, failed: 1, message } => {
                write!(f, "kafka, topic {topic}: a record was not delivered: {message}")
            }
            KafkaError::Delivery { topic, failed, message } => {
                write!(f, "kafka, topic {topic}: {failed} records were not delivered: {message}")
            }
            KafkaError::Transaction { what, id, message } => {
                write!(f, "kafka: {what}, transactional id {id}: {message}")
            }
            KafkaError::Fenced { id } => write!(
                f,
                "kafka: another sink has begun with the transactional id {id}: this one is a leftover and writes no more"
            ),
            KafkaError::Lost { topic, partition, from, to } => write!(
                f,
                "kafka, topic {topic}, partition {partition}: offsets {from} to {} are gone (retention?): give --on-loss \
                 skip to go on after them",
                to - 1
            ),
            KafkaError::Shrunk { topic, partition, position, end } => write!(
                f,
                "kafka, topic {topic}, partition {partition}: ends at offset {end}, before {position}, where this source \
                 is to go on: was the topic made anew? --on-loss skip begins at its first record"
            ),
            KafkaError::Position => {
                f.write_str("checkpoint: the offsets do not say where in Kafka they are: another source wrote them")
            }
        }
    }
}

impl std::error::Error for KafkaError {}

impl Failure for KafkaError {
    fn exit(&self) -> Exit {
        match self {
            KafkaError::Property { .. } => Exit::Usage,
            KafkaError::Lost { .. } | KafkaError::Shrunk { .. } | KafkaError::Position => Exit::Checkpoint,
            KafkaError::File { .. }
            | KafkaError::Create { .. }
            | KafkaError::Fatal { .. }
            | KafkaError::Ask { .. }
            | KafkaError::Stuck { .. }
            | KafkaError::NoTopic { .. }
            | KafkaError::Delivery { .. }
            | KafkaError::Transaction { .. }
            | KafkaError::Fenced { .. } => Exit::World,
        }
    }
}
