//! Options of `sstream-source singer`.

use std::time::Duration;

use clap::{Args, ValueEnum as _};
use sstream::connect::{OnCluster, Opened, Position, SourceGuarantee, SourceKind, SourceParts, ToolError, duration};

use super::SingerSource;
use super::position::take_state;
use super::tap::Settings;

/// What else of a message is in its record, which then is an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Field {
    /// The stream, as a table, that it is of
    Stream,
    /// When the tap has read it, if it says so
    Time,
}

/// What the source takes.
#[derive(Args, Debug)]
pub struct SourceArgs {
    /// The tap and its arguments, behind --
    #[arg(value_name = "TAP", required = true, last = true)]
    command: Vec<String>,

    /// Run the tap again when it has ended, so long after it began [default: its end is the input's]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "Singer")]
    every: Option<Duration>,

    /// Make objects of the record, as value, and of these, several with commas
    #[arg(long, value_enum, value_name = "FIELD,…", value_delimiter = ',', help_heading = "Singer")]
    with: Vec<Field>,
}

impl SourceArgs {
    fn fields(&self) -> Vec<Field> {
        let mut with = self.with.clone();
        with.sort_unstable();
        with.dedup();
        with
    }
}

impl SourceKind for SourceArgs {
    const TOOL: &'static str = "sstream-source-singer";

    const ABOUT: &'static str = "Records of a Singer tap

Runs a tap, a program that reads a database, an API or files and writes messages of Singer; its records are objects. \
                                 Under a checkpoint the newest STATE before a batch's end is kept with the batch, and given \
                                 to the tap by --state when it is run again: what it gave behind that STATE comes again. \
                                 BATCH messages are refused.";

    const EXAMPLES: &'static str = "  \
  sstream-source singer --checkpoint ck -- tap-postgres --config c.json --catalog tables.json | sstream-sink files out/rows
  sstream-source singer --every 5m --with stream -- tap-github --config c.json | sstream-reduce --by .stream count
";

    const WITHOUT_INPUT: Option<&'static str> = Some("records of a tap are JSON");

    fn check(&self) -> Result<(), String> {
        let names_state = |word: &String| matches!(word.as_str(), "--state" | "-s") || word.starts_with("--state=");
        match self.command.iter().any(names_state) {
            true => Err("the tap's --state is ours to give, from the checkpoint: leave it out".to_owned()),
            false => Ok(()),
        }
    }

    /// The tap: how it is configured may be another way after a restart.
    fn identity(&self) -> String {
        let mut words = self.command.first().cloned().unwrap_or_default();
        for (index, field) in self.fields().iter().enumerate() {
            words.push_str(if index == 0 { " --with " } else { "," });
            words.push_str(field.to_possible_value().as_ref().map_or("", clap::builder::PossibleValue::get_name));
        }
        words
    }

    fn show_position(_: &Position, recorded: &[u8]) -> Option<String> {
        Some(match take_state(&mut &*recorded).ok()? {
            Some(state) => format!("up to STATE {}", String::from_utf8_lossy(&state)),
            None => "before the first STATE".to_owned(),
        })
    }

    fn on_cluster(&self) -> OnCluster {
        OnCluster::Refused("a tap's program and its STATE are of this machine".to_owned())
    }

    fn guarantee(&self) -> SourceGuarantee {
        SourceGuarantee::Redelivered("with no STATE for the tap, from its beginning")
    }

    fn has_positions(&self) -> bool {
        true
    }

    fn open(&self, parts: SourceParts) -> Result<Opened, ToolError> {
        let settings =
            Settings { command: self.command.clone(), every: self.every, with: self.fields(), longest: parts.max_line };
        Ok(Opened::Records(Box::new(SingerSource::open(settings, &parts)?)))
    }
}
