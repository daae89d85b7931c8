//! Options of `sstream-source kafka`.

use clap::{Args, ValueEnum as _};

use crate::client::ClientArgs;
use crate::source::ledger::show;
use crate::source::message::{Field, Form};
use crate::source::selection::{PartitionSet, Selection, TopicPattern};
use crate::source::start::StartAt;
use crate::source::{Assign, GroupSource, Isolation, KafkaSource, Options, Piped, on_spark};
use sstream::connect::{
    OnCluster, OnLoss, Opened, Places, Position, Shard, SourceGuarantee, SourceKind, SourceParts, ToolError, ValueArgs,
    ValueForm,
};

/// What the source takes.
#[derive(Args, Debug)]
pub struct SourceArgs {
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

    /// What a message's value is.
    #[command(flatten, next_help_heading = "Kafka")]
    pub value: ValueArgs,

    /// Make objects of the value and of these, several with commas
    #[arg(long, value_enum, value_name = "FIELD,…", value_delimiter = ',', help_heading = "Kafka")]
    pub with: Vec<Field>,

    /// At most so many messages a second of each partition
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Kafka")]
    pub max_rate_per_partition: Option<u64>,

    /// Which messages of transactions
    #[arg(long, value_enum, default_value = "read_committed", help_heading = "Kafka")]
    pub isolation: Isolation,

    /// Read no brokers, but messages that Spark has read
    #[arg(long, hide = true)]
    pub messages_on_stdin: bool,
}

impl SourceArgs {
    /// What an object has beside the value: each field once, in the order in which they stand there.
    fn fields(&self) -> Vec<Field> {
        let mut fields = self.with.clone();
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// As data; a value is of this form.
    pub fn options(&self, value: ValueForm, on_loss: OnLoss) -> Options {
        let by_default = if self.available_now { StartAt::Beginning } else { StartAt::End };
        Options {
            selection: Selection { topics: self.topic.clone(), partitions: self.partitions.clone(), shard: self.shard },
            from: self.from.clone().unwrap_or(by_default),
            available_now: self.available_now,
            group: self.group.clone(),
            form: Form { value, with: self.fields() },
            max_rate_per_partition: self.max_rate_per_partition,
            isolation: self.isolation,
            on_loss,
        }
    }

    /// Each topic, or pattern of topics, once.
    fn topics(&self) -> Vec<String> {
        let mut topics: Vec<String> = Vec::new();
        for topic in self.topic.iter().map(TopicPattern::to_string) {
            if !topics.contains(&topic) {
                topics.push(topic);
            }
        }
        topics
    }

    /// What is read of the topics, and what becomes of it.
    fn beside_topics(&self) -> String {
        let mut words = String::new();
        if let Some(partitions) = &self.partitions {
            words.push_str(&format!(" --partitions {partitions}"));
        }
        if let Some(shard) = &self.shard {
            words.push_str(&format!(" --shard {shard}"));
        }
        words.push_str(self.value.words());
        for (index, field) in self.fields().iter().enumerate() {
            words.push_str(if index == 0 { " --with " } else { "," });
            words.push_str(field.to_possible_value().as_ref().map_or("", clap::builder::PossibleValue::get_name));
        }
        if self.isolation == Isolation::ReadUncommitted {
            words.push_str(" --isolation read_uncommitted");
        }
        words
    }
}

impl SourceKind for SourceArgs {
    const TOOL: &'static str = "sstream-source-kafka";

    const ABOUT: &'static str = "Messages of Kafka

A message is a record: its value as text, or with --value json as JSON; null where it has none. The offsets are this \
                                 source's own, not a consumer group's. Brokers that are away are waited for; new \
                                 partitions are taken up as they are found, every 10 s \
                                 (-X topic.metadata.refresh.interval.ms=…), and read from their beginning.";

    const EXAMPLES: &'static str = "  \
  sstream-source kafka --brokers localhost:9092 --topic sfb | sstream-filter ERROR
  sstream-source kafka --brokers localhost:9092 --topic '/log-.*/' --from -2h --value json --with key,timestamp
  sstream-source kafka --brokers kafka:9093 --properties client.properties --topic events --shard 2/3
  sstream-source kafka --brokers kafka:9092 --topic orders --value avro --schema schemas
";

    const WITHOUT_INPUT: Option<&'static str> = Some("give --value text, json, msgpack or avro");

    fn check(&self) -> Result<(), String> {
        self.value.check()?;
        if self.assign == Assign::Own {
            return Ok(());
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
        .find_map(|(is_wrong, message)| is_wrong.then(|| Err(message.to_owned())))
        .unwrap_or(Ok(()))
    }

    /// Which messages are read, and what records are made of them.
    fn identity(&self) -> String {
        format!("--topic {}{}", self.topics().join(","), self.beside_topics())
    }

    /// Offsets are known by topic: of one that was not read before nothing is, so it begins as --from says. One that
    /// was read has to stay, for what is not done with of it.
    fn places(&self) -> Option<Places> {
        Some(Places { all: self.topics(), beside: self.beside_topics(), may_go: false })
    }

    fn guarantee(&self) -> SourceGuarantee {
        match self.assign {
            _ if self.messages_on_stdin => SourceGuarantee::Logged,
            Assign::Own => SourceGuarantee::ReadAgain("from the topic, by their offsets"),
            Assign::Group => SourceGuarantee::Redelivered("where the brokers have the group"),
        }
    }

    fn on_cluster(&self) -> OnCluster {
        on_spark::on_cluster(self)
    }

    fn show_position(before: &Position, recorded: &[u8]) -> Option<String> {
        show(before, recorded).ok()
    }

    fn open(&self, parts: SourceParts) -> Result<Opened, ToolError> {
        let (settings, options) = (self.client.settings(), self.options(self.value.open()?, parts.on_loss));
        if self.messages_on_stdin {
            return Ok(Opened::Records(Box::new(Piped::new(std::io::stdin(), options.form))));
        }
        let SourceParts { console, stop, waited, .. } = parts;
        Ok(Opened::Records(match self.assign {
            Assign::Own => Box::new(KafkaSource::open(&settings, options, console, stop, waited)?),
            Assign::Group => Box::new(GroupSource::open(&settings, &options, console, stop, waited)?),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches as _;

    fn parse(options: &str) -> SourceArgs {
        let words = format!("x --brokers h:1 --topic t {options}");
        let matches = SourceArgs::augment_args(clap::Command::new("x")).get_matches_from(words.split_whitespace());
        SourceArgs::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn an_object_has_each_of_its_fields_once() {
        let given = parse("--with offset,key,key");
        assert_eq!(given.options(ValueForm::Text, OnLoss::Fail).form.with, [Field::Key, Field::Offset]);
        assert_eq!(given.identity(), parse("--with key,offset").identity(), "what is the same source");
    }

    #[test]
    fn topics_may_be_more_than_they_were() {
        let follow = |now: &str, was: &str| parse(now).places().unwrap().follow(&parse(was).places().unwrap());
        assert!(follow("--topic u", "") && follow("--topic u,v --value json", "--value json --topic v"));
        assert!(!follow("", "--topic u"), "what is not done with of it could not be read again");
        assert!(!follow("--topic u --value json", ""));
    }

    #[test]
    fn the_identity_is_what_is_read_and_what_becomes_of_it() {
        assert_eq!(parse("--from beginning --group g -X a=b").identity(), "--topic t");
        assert_eq!(parse("--topic t,u,t").identity(), "--topic t,u");
        assert_eq!(parse("--value json --partitions 0,2").identity(), "--topic t --partitions 0,2 --value json");
    }
}
