//! Options of `sstream-source kinesis`.

use std::time::Duration;

use clap::{Args, ValueEnum as _};
use sstream::connect::{
    OnLoss, Opened, Position, Shard as Share, SourceGuarantee, SourceKind, SourceParts, ToolError, ValueArgs, ValueForm,
};

use super::KinesisSource;
use super::ledger::show;
use super::pool::{Reading, THREADS};
use super::records::{Field, Form};
use super::start::StartAt;
use super::stream::Options;
use crate::client::ClientArgs;

/// What the source takes.
#[derive(Args, Debug)]
pub struct SourceArgs {
    #[command(flatten)]
    client: ClientArgs,

    /// Where to begin without a checkpoint: latest, beginning, -2h, or 2026-11-20T12:00:00Z [default: latest,
    /// and beginning under --available-now]
    #[arg(long, value_name = "PLACE", allow_hyphen_values = true, help_heading = "Kinesis")]
    from: Option<StartAt>,

    /// One of N shares of the shards, the I-th: on the second of three hosts 2/3
    #[arg(long, value_name = "I/N", help_heading = "Kinesis")]
    shard: Option<Share>,

    /// What is there, and no more: then stop
    #[arg(long, help_heading = "Kinesis")]
    available_now: bool,

    /// What a record's data is.
    #[command(flatten, next_help_heading = "Kinesis")]
    value: ValueArgs,

    /// Make objects of the value and of these, several with commas
    #[arg(long, value_enum, value_name = "FIELD,…", value_delimiter = ',', help_heading = "Kinesis")]
    with: Vec<Field>,

    /// Read each shard so many times a second at most, of the 5 that all who read it have together
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000), help_heading = "Kinesis")]
    reads: u32,
}

impl SourceArgs {
    /// What an object has beside the value: each field once, in the order in which they stand there.
    fn fields(&self) -> Vec<Field> {
        let mut fields = self.with.clone();
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    fn options(&self, value: ValueForm, on_loss: OnLoss) -> Options {
        let by_default = if self.available_now { StartAt::Beginning } else { StartAt::Latest };
        let form = Form { value, with: self.fields() };
        let pace = Duration::from_secs(1) / self.reads;
        Options {
            from: self.from.clone().unwrap_or(by_default),
            share: self.shard,
            reading: Reading { form, pace, available_now: self.available_now, on_loss },
        }
    }
}

impl SourceKind for SourceArgs {
    const TOOL: &'static str = "sstream-source-kinesis";

    const ABOUT: &'static str = "Records of a Kinesis stream

A record of the stream is a record: its data as text, or with --value json as JSON; aggregates of the Kinesis Producer \
                                 Library are opened. The sequence numbers are this source's own, in its checkpoint. Shards \
                                 that are split or merged are followed in order, parents to their end before children. \
                                 Credentials come by the usual chain: environment, profile, container, instance.";

    const EXAMPLES: &'static str = "  \
  sstream-source kinesis clicks --region eu-central-1 --checkpoint ck | sstream-filter ERROR
  sstream-source kinesis clicks --from -2h --value json --with key,time | sstream-window 1m 10s count
  sstream-source kinesis clicks --endpoint http://localhost:4567 --from beginning --shard 2/3
";

    const WITHOUT_INPUT: Option<&'static str> = Some("give --value text, json, msgpack or avro");

    fn check(&self) -> Result<(), String> {
        self.value.check()
    }

    /// Which records are read, and what is made of them.
    fn identity(&self) -> String {
        let mut words = self.client.stream.clone();
        if let Some(shard) = &self.shard {
            words.push_str(&format!(" --shard {shard}"));
        }
        words.push_str(self.value.words());
        for (index, field) in self.fields().iter().enumerate() {
            words.push_str(if index == 0 { " --with " } else { "," });
            words.push_str(field.to_possible_value().as_ref().map_or("", clap::builder::PossibleValue::get_name));
        }
        words
    }

    fn guarantee(&self) -> SourceGuarantee {
        SourceGuarantee::ReadAgain("from the stream, by their sequence numbers")
    }

    fn show_position(_: &Position, recorded: &[u8]) -> Option<String> {
        show(recorded).ok()
    }

    fn open(&self, parts: SourceParts) -> Result<Opened, ToolError> {
        let client = self.client.client(THREADS, parts.console.clone())?;
        let options = self.options(self.value.open()?, parts.on_loss);
        Ok(Opened::Records(Box::new(KinesisSource::open(client, options, parts)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches as _;

    fn identity(options: &str) -> String {
        let words = format!("x clicks {options}");
        let matches = SourceArgs::augment_args(clap::Command::new("x")).get_matches_from(words.split_whitespace());
        SourceArgs::from_arg_matches(&matches).unwrap().identity()
    }

    #[test]
    fn the_identity_is_what_is_read_and_what_becomes_of_it() {
        assert_eq!(identity("--from beginning --region r --endpoint http://h:1 --reads 2"), "clicks");
        assert_eq!(identity("--value json --shard 1/2"), "clicks --shard 1/2 --value json");
        assert_eq!(identity("--with time,key,time"), identity("--with key,time"), "what is the same source");
    }
}
