//! The Kafka source: messages of partitions become records, and a batch is a set
//! of offset ranges, so that it can be read again, the same. (With `--assign group` the
//! brokers deal the partitions out and keep the offsets: `GroupSource`.)
//!
//! Constraints, and what follows from them:
//!
//! - *A batch is the same on every replay.* Partitions are assigned, not
//!   subscribed to, and our checkpoint owns the offsets. Each batch's entry there
//!   ([`ledger`]) has its ranges in the order in which they were taken, and a replay
//!   takes them in that order, each from its partition's own queue.
//! - *Offsets have gaps*: markers of transactions, messages of aborted ones, what
//!   compaction removed. So a range ends behind its last message, which a
//!   replay finds again; it never waits for an offset that nobody can give it.
//! - *A broker may be away at any time.* Nothing here blocks on one while batches
//!   are being cut: questions are asked by threads of their own (`scout`, `marks`),
//!   and messages are taken from what the client has fetched.
//! - *Memory is bounded*: each partition's queue in the client is, and what is
//!   taken from them is about a block.

mod again;
mod arrivals;
mod ask;
mod group;
pub mod kind;
pub mod ledger;
mod marks;
pub mod message;
mod on_spark;
mod piped;
mod queues;
mod scout;
pub mod selection;
pub mod start;
mod stream;

pub use group::GroupSource;
pub use piped::Piped;
pub use stream::KafkaSource;

use message::Form;
use selection::Selection;
use start::StartAt;

use crate::client::KafkaError;
use sstream::connect::{OnLoss, SourceError};

/// Which messages of transactions are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Isolation {
    /// Those of transactions that were committed, and those outside of any
    #[default]
    #[value(name = "read_committed")]
    ReadCommitted,
    /// All, as they are written
    #[value(name = "read_uncommitted")]
    ReadUncommitted,
}

impl Isolation {
    /// The client library's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Isolation::ReadCommitted => "read_committed",
            Isolation::ReadUncommitted => "read_uncommitted",
        }
    }
}

/// Who says which partitions are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Assign {
    /// This source, which keeps its own offsets: each message in one batch
    #[default]
    Own,
    /// The brokers, among all members of --group, whose offsets count: each message at least once
    Group,
}

/// What the source is to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which partitions of which topics.
    pub selection: Selection,
    /// Where to begin, without a position in a checkpoint.
    pub from: StartAt,
    /// Take what is there, and stop.
    pub available_now: bool,
    /// A group that is told the progress, for those who watch lag.
    pub group: Option<String>,
    /// What a record is made of.
    pub form: Form,
    /// Messages a second of each partition.
    pub max_rate_per_partition: Option<u64>,
    /// Which messages of transactions.
    pub isolation: Isolation,
    /// What becomes of lost records.
    pub on_loss: OnLoss,
}

impl From<KafkaError> for SourceError {
    fn from(error: KafkaError) -> Self {
        SourceError::kind(error)
    }
}

#[cfg(test)]
mod tests;
