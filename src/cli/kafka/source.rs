//! Options of `sstream-source kafka`.

use clap::{Args, ValueEnum as _};

use super::ClientArgs;
use crate::source::engine::kept::OnLoss;
use crate::source::kafka::message::{Field, Form, ValueForm};
use crate::source::kafka::selection::{PartitionSet, Selection, Shard, TopicPattern};
use crate::source::kafka::start::StartAt;
use crate::source::kafka::{Assign, Isolation, Options};

/// What the source takes.
#[derive(Args, Debug)]
pub struct KafkaSourceArgs {
    /// How brokers are reached.
    #[command(flatten)]
    pub client: ClientArgs,

    /// Topics, several with commas; /REGEX/ is every topic whose name matches
    #[arg(long, value_name = "TOPIC,…", required = true, value_delimiter = ',', help_heading = "Kafka")]
    pub topic: Vec<TopicPattern>,

    /// Where to begin without a checkpoint: beginning, end, -2h,
    /// 2026-11-20T12:00:00Z, or offsets as 0:1500,1:1720 [default: end, and
    /// beginning under --available-now]
    #[arg(long, value_name = "PLACE", allow_hyphen_values = true, help_heading = "Kafka")]
    pub from: Option<StartAt>,

    /// These partitions only, as 0,2,4-7
    #[arg(long, value_name = "NUMBERS", help_heading = "Kafka")]
    pub partitions: Option<PartitionSet>,

    /// One of N shares of the partitions, the I-th: on the second of three hosts 2/3
    #[arg(long, value_name = "I/N", help_heading = "Kafka")]
    pub shard: Option<Shard>,

    /// What is there, and no more: then stop
    #[arg(long, help_heading = "Kafka")]
    pub available_now: bool,

    /// Tell this consumer group the progress, for those who watch lag
    #[arg(long, value_name = "GROUP", help_heading = "Kafka")]
    pub group: Option<String>,

    /// Who deals out the partitions
    #[arg(long, value_enum, default_value = "own", help_heading = "Kafka")]
    pub assign: Assign,

    /// What a message's value is
    #[arg(long, value_enum, default_value = "text", help_heading = "Kafka")]
    pub value: ValueForm,

    /// Make objects of the value and of these, several with commas
    #[arg(long, value_enum, value_name = "FIELD,…", value_delimiter = ',', help_heading = "Kafka")]
    pub with: Vec<Field>,

    /// At most so many messages a second of each partition
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Kafka")]
    pub max_rate_per_partition: Option<u64>,

    /// Which messages of transactions
    #[arg(long, value_enum, default_value = "read_committed", help_heading = "Kafka")]
    pub isolation: Isolation,
}

impl KafkaSourceArgs {
    /// Options that do not go together; what is wrong with them.
    pub fn check(&self) -> Option<&'static str> {
        if self.assign == Assign::Own {
            return None;
        }
        [
            (self.group.is_none(), "--assign group: among whom? add --group GROUP"),
            (self.partitions.is_some(), "--partitions: with --assign group the brokers deal them out: leave it out"),
            (self.shard.is_some(), "--shard: with --assign group the brokers deal partitions out: leave it out"),
            (self.available_now, "--available-now needs offsets of its own: leave out --assign group"),
            (
                self.max_rate_per_partition.is_some(),
                "--max-rate-per-partition: not with --assign group: give --max-rate",
            ),
            (
                !matches!(self.from, None | Some(StartAt::Beginning | StartAt::End)),
                "--from: with --assign group it is beginning or end, for what the group has no offset of",
            ),
        ]
        .into_iter()
        .find_map(|(is_wrong, message)| is_wrong.then_some(message))
    }

    /// As data.
    pub fn options(&self, on_loss: OnLoss) -> Options {
        let by_default = if self.available_now { StartAt::Beginning } else { StartAt::End };
        Options {
            selection: Selection { topics: self.topic.clone(), partitions: self.partitions.clone(), shard: self.shard },
            from: self.from.clone().unwrap_or(by_default),
            available_now: self.available_now,
            group: self.group.clone(),
            form: Form { value: self.value, with: self.with.clone() },
            max_rate_per_partition: self.max_rate_per_partition,
            isolation: self.isolation,
            on_loss,
        }
    }

    /// What must stay the same under a checkpoint: which messages are read, and what
    /// records are made of them.
    pub fn words(&self) -> String {
        let mut words = String::from("kafka");
        for (index, topic) in self.topic.iter().enumerate() {
            words.push_str(if index == 0 { " --topic " } else { "," });
            words.push_str(&topic.to_string());
        }
        if let Some(partitions) = &self.partitions {
            words.push_str(&format!(" --partitions {partitions}"));
        }
        if let Some(shard) = &self.shard {
            words.push_str(&format!(" --shard {shard}"));
        }
        if self.value == ValueForm::Json {
            words.push_str(" --value json");
        }
        for (index, field) in self.with.iter().enumerate() {
            words.push_str(if index == 0 { " --with " } else { "," });
            words.push_str(field.to_possible_value().as_ref().map_or("", clap::builder::PossibleValue::get_name));
        }
        if self.isolation == Isolation::ReadUncommitted {
            words.push_str(" --isolation read_uncommitted");
        }
        words
    }
}
