//! What a Kafka sink is opened with.

use std::time::Duration;

use sstream::connect::{BadRecords, Console, Spool, Waited};

use super::Options;
use super::message::Messages;
use crate::client::settings::Settings;

/// What a Kafka sink works with.
pub struct Parts<'a> {
    /// How brokers are reached.
    pub settings: Settings,
    /// What is to be done.
    pub options: Options,
    /// Makes messages of records.
    pub messages: Messages,
    /// What becomes of records that are no message.
    pub bad_records: &'a BadRecords,
    /// Holds a batch until its end has come.
    pub spool: Spool,
    /// How long a call into the client may take before it counts as lost.
    pub patience: Duration,
    /// For what a careful person wants to know.
    pub console: Console,
    /// Counts the time that brokers are waited for.
    pub waited: Waited,
}
