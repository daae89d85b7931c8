//! `sstream-join`.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use super::account::{Account, Stream};
use super::args::{Common, CutArgs, StageArgs};
use super::cluster::Spread;
use super::first::stop_rules;
use super::saved::Saved;
use super::sides::{MergeArgs, run_merge};
use super::{Environment, Tool, ToolError, run_stage};
use crate::op::Out;
use crate::op::join::{Join, JoinType};
use crate::op::lookup::{Lookup, LookupType};
use crate::source::beside::FileBeside;
use crate::source::pairs;
use within::WithinArgs;

mod within;

/// Join two streams of pairs by key, batch by batch, or a stream with a file
///
/// Gives [key,[a,b]], with null for what a side lacks. Results come in order of
/// the first appearance of their key, on the left side and then on the right one.
/// A batch comes out when both sides have ended it; one that a side lacks, before its
/// first or after its close, is empty. A side that is ahead of the other is held
/// back. Beside the batches the keys are in memory, each with some 40 bytes, and 16 bytes a record.
///
/// With --within records meet by key and time, whatever their batches: those of one key
/// (--by) whose right time is at least FROM and at most TO after the left one. What has met
/// none comes out when the watermark says that none can come. In memory is each record until
/// then; with --memory the rest is on disk, but for what waits of one key.
///
/// With --static each pair of stdin meets the pairs of a file, in the order of
/// the stream. The file is looked at when a batch begins, and read again when it
/// has changed; to replace it safely write another one and rename it.
#[derive(Parser, Debug)]
#[command(override_usage = "sstream-join [OPTIONS] A B\n       sstream-join [OPTIONS] --static FILE")]
#[command(mut_arg("memory", |memory| memory.help(MEMORY)))]
pub struct JoinTool {
    /// The left stream, framed: a file, a FIFO, <(…), or - for stdin
    #[arg(
        value_name = "A",
        requires = "right",
        required_unless_present = "static_file",
        conflicts_with = "static_file"
    )]
    left: Option<PathBuf>,

    /// The right stream, of the same interval
    #[arg(value_name = "B", required_unless_present = "static_file")]
    right: Option<PathBuf>,

    /// Which keys are in the result, and how
    #[arg(long = "type", value_enum, value_name = "TYPE", default_value = "inner")]
    kind: JoinKind,

    /// Join stdin with this file, JSON lines [key,value]
    #[arg(long = "static", value_name = "FILE", id = "static_file")]
    static_file: Option<PathBuf>,

    #[command(flatten)]
    within: WithinArgs,

    #[command(flatten)]
    merge: MergeArgs,

    #[command(flatten)]
    stage: StageArgs,
}

/// What --memory is of, here.
const MEMORY: &str = "How much of the open batches is kept in memory; what is beyond goes to a file in TMPDIR \
    [default: 256MiB]. With --within also how much of what waits for partners [default: all]";

/// Types of joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum JoinKind {
    /// Keys that both sides have: every combination of their values
    Inner,
    /// Every key of A
    Left,
    /// Every key of B
    Right,
    /// Every key
    Full,
    /// Every key once, with all its values: [key,[[a…],[b…]]]
    Cogroup,
    /// Records of A that meet one of B, as they are
    Semi,
    /// Records of A that meet none
    Anti,
}

impl Tool for JoinTool {
    const NAME: &'static str = "sstream-join";
    const HAS_SIDES: bool = true;
    const HAS_TIMES: bool = true;
    const EXAMPLES: &'static str = "  \
  sstream-join <(sstream-source queue orders.jsonl) <(sstream-source queue payments.jsonl)
  … | sstream-join --type left - prices.frames
  … | sstream-join --static users.jsonl
";

    const OF_RUNNING: &'static [&'static str] = &["jobs"];

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn has_state(&self) -> bool {
        self.within.is_wanted()
    }

    fn show_state(&self, saved: Saved<'_>, out: &mut Out<'_>) -> Result<(), ToolError> {
        let mut join = self.within_operator()?;
        saved.load(&mut join)?;
        join.show(out);
        Ok(())
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.stage.input.cut)
    }

    fn account(&self, _: &mut Stream) -> Account {
        if self.static_file.is_some() {
            return Account::does("joins each batch with a file of pairs, read again when it changes");
        }
        if self.within.is_wanted() {
            return match self.within_operator() {
                Ok(_) => Account::does("joins two streams by key and time").and(
                    "state: each record, until the watermark says that none can come that it would meet".to_owned(),
                ),
                Err(error) => Account::mistake(error),
            };
        }
        let kind = self.kind.to_possible_value().map_or_else(String::new, |kind| kind.get_name().to_owned());
        Account::does(format!("{kind} join of two streams, batch by batch; keeps the open batch of each side"))
    }

    fn spread(&self) -> Spread {
        if self.static_file.is_some() {
            let reason = "--static: the file is read again when it changes, which executors would see at other times";
            return Spread::Refused(reason.to_owned());
        }
        match self.within.is_wanted() {
            true => self.within_spread(),
            false => Spread::Join,
        }
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        let Some(path) = &self.static_file else {
            self.check_framed_only()?;
            if self.within.is_wanted() {
                return self.run_within(environment);
            }
            self.within.check_unused(&self.stage.input.cut)?;
            let mut join = Join::new(match self.kind {
                JoinKind::Inner => JoinType::Inner,
                JoinKind::Left => JoinType::Left,
                JoinKind::Right => JoinType::Right,
                JoinKind::Full => JoinType::Full,
                JoinKind::Cogroup => JoinType::Cogroup,
                JoinKind::Semi => JoinType::Semi,
                JoinKind::Anti => JoinType::Anti,
            });
            let common = (&self.stage.common, self.stage.input.on_error());
            let streams: Vec<PathBuf> = self.left.into_iter().chain(self.right).collect();
            return run_merge(&mut join, &streams, &["left", "right"], &self.merge, common, environment);
        };
        self.within.check_unused(&self.stage.input.cut)?;
        if self.merge.memory.is_some() {
            return Err(ToolError::Usage(
                "--memory: with --static no batch is kept, and the file is in memory".to_owned(),
            ));
        }
        let kind = match self.kind {
            JoinKind::Inner => LookupType::Inner,
            JoinKind::Left => LookupType::Left,
            JoinKind::Semi => LookupType::Semi,
            JoinKind::Anti => LookupType::Anti,
            JoinKind::Right | JoinKind::Full | JoinKind::Cogroup => {
                return Err(ToolError::Usage(
                    "--static: a file has no batches, so there are no --type right, full and cogroup: take inner, \
                     left, semi or anti"
                        .to_owned(),
                ));
            }
        };
        let stop = stop_rules(&self.stage.input.cut, environment);
        let pairs =
            FileBeside::open(path, Box::new(pairs::parse), environment.console.clone(), &environment.clock, stop);
        let pairs = pairs.map_err(ToolError::Input)?;
        run_stage(&mut Lookup::new(pairs, kind), &self.stage, environment)
    }
}

impl JoinTool {
    /// Options that say how raw input is cut have no meaning here.
    fn check_framed_only(&self) -> Result<(), ToolError> {
        let input = &self.stage.input;
        let given = input.input.is_some().then_some("--input").or(input.cut.of_first_stage());
        match given {
            Some(option) => Err(ToolError::Usage(format!(
                "{option}: A and B are framed, their batches were cut by their first stages: give {option} there"
            ))),
            None => Ok(()),
        }
    }
}
