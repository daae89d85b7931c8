//! `sstream-join --within`: a join by key and time.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{JoinKind, JoinTool};
use crate::cli::args::{CutArgs, StateArgs, TimeArgs, ZoneArgs, check_key_memory};
use crate::cli::cluster::{Keys, Parts, Spread};
use crate::cli::function::threads;
use crate::cli::program::program;
use crate::cli::sides::run_merge_saved;
use crate::cli::{Environment, ToolError, run_stage};
use crate::duration;
use crate::op::deal::Deal;
use crate::op::sides::Merge;
use crate::op::within::{IntervalJoin, LargeIntervalJoin, Range, ShardedIntervalJoin, SideOptions, Type, by};

/// Which records meet.
#[derive(Args, Clone, Debug)]
pub(super) struct WithinArgs {
    /// Records meet whose right time is so much after their left one: 0s..1h, -5s..5s
    #[arg(long, value_name = "FROM..TO", value_parser = parse_range, allow_hyphen_values = true, help_heading = "By time")]
    within: Option<Range>,

    /// The key of a record, an EXPR, on both sides
    #[arg(long, value_name = "EXPR", help_heading = "By time")]
    by: Option<String>,

    /// The same on the left side
    #[arg(long, value_name = "EXPR", help_heading = "By time")]
    by_left: Option<String>,

    /// And on the right side
    #[arg(long, value_name = "EXPR", help_heading = "By time")]
    by_right: Option<String>,

    /// The time of a left record
    #[arg(long, value_name = "EXPR", help_heading = "By time")]
    time_left: Option<String>,

    /// The time of a right record
    #[arg(long, value_name = "EXPR", help_heading = "By time")]
    time_right: Option<String>,

    /// How late a left record may come
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms_or_none, help_heading = "By time")]
    watermark_left: Option<u64>,

    /// How late a right record may come
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms_or_none, help_heading = "By time")]
    watermark_right: Option<u64>,

    /// Give the records of this side with their keys, by which they are dealt to the parts of a join on a
    /// cluster, in the place of what is done with them; A and B are -
    #[arg(long, value_name = "left|right", conflicts_with = "dealt", hide = true)]
    deal: Option<SideArg>,

    /// Be such a part: take sides as --deal gives them
    #[arg(long, hide = true)]
    dealt: bool,

    #[command(flatten)]
    time: TimeArgs,

    #[command(flatten)]
    saved: StateArgs,

    /// Deal the keys over N threads, with the same output; 0: as many as there
    /// are processors
    #[arg(short, long, value_name = "N", default_value = "1", hide_default_value = true, help_heading = "By time")]
    jobs: usize,
}

/// A side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SideArg {
    /// A
    Left,
    /// B
    Right,
}

fn parse_range(text: &str) -> Result<Range, String> {
    let signed = |text: &str| {
        let (sign, length) = match text.strip_prefix('-') {
            Some(length) => (-1, length),
            None => (1, text),
        };
        let ms = duration::parse_ms_or_none(length).map_err(|reason| format!("{text}: {reason}"))?;
        Ok::<i64, String>(sign * i64::try_from(ms).map_err(|_| "is too long".to_owned())?)
    };
    let (from, to) = text.split_once("..").ok_or("is no range: FROM..TO, as 0s..1h or -5s..5s")?;
    let range = Range { from_ms: signed(from)?, to_ms: signed(to)? };
    if range.from_ms > range.to_ms {
        return Err(format!("{from} is after {to}: nothing would meet"));
    }
    Ok(range)
}

impl WithinArgs {
    /// Whether records meet by time.
    pub(super) fn is_wanted(&self) -> bool {
        self.within.is_some() || self.first_given().is_some() || self.time.is_wanted()
    }

    /// Refuses these options in a join that does not go by time.
    pub(super) fn check_unused(&self, cut: &CutArgs) -> Result<(), ToolError> {
        let others = [
            (self.within.is_some(), "--within"),
            (self.time.time.is_some(), "--time"),
            (cut.zone.time_zone.is_some() && !cut.has_batches_of_zone(), "--time-zone"),
            (self.saved.checkpoint_every.is_some(), "--checkpoint-every"),
            (self.saved.carry.is_some(), "--carry"),
            (self.deal.is_some(), "--deal"),
            (self.dealt, "--dealt"),
            (self.jobs != 1, "--jobs"),
        ];
        let other = others.into_iter().find_map(|(given, option)| given.then_some(option));
        match other.or_else(|| self.first_given()).or_else(|| self.time.first_given()) {
            None => Ok(()),
            Some(given) => Err(ToolError::Usage(format!(
                "{given} is of joins of two streams by time, with --within FROM..TO: leave it out"
            ))),
        }
    }

    fn first_given(&self) -> Option<&'static str> {
        [
            (self.by.is_some() || self.by_left.is_some() || self.by_right.is_some(), "--by"),
            (self.time_left.is_some() || self.time_right.is_some(), "--time"),
            (self.watermark_left.is_some() || self.watermark_right.is_some(), "--watermark"),
        ]
        .into_iter()
        .find_map(|(given, option)| given.then_some(option))
    }

    /// What one side is told.
    fn side(
        &self,
        word: &str,
        own: [Option<&String>; 2],
        watermark: Option<u64>,
        zone: &ZoneArgs,
    ) -> Result<SideOptions, ToolError> {
        let [key, time] = own;
        let key = key.or(self.by.as_ref()).ok_or_else(|| {
            ToolError::Usage(format!("the key of a {word} record is missing: --by EXPR, or --by-{word} EXPR"))
        })?;
        let mut arguments = self.time.clone();
        arguments.time = time.or(self.time.time.as_ref()).cloned();
        arguments.watermark = watermark.or(self.time.watermark);
        if arguments.time.is_none() && (self.time_left.is_some() || self.time_right.is_some()) {
            // How times are written is said of the other side, which has its own EXPR.
            (arguments.time_unit, arguments.time_format) = (None, None);
        }
        Ok(SideOptions { grouping: by(program("--by", key, &[])?), timing: arguments.timing(zone)? })
    }
}

impl JoinTool {
    /// The operator; nothing is opened for it.
    pub(crate) fn within_operator(&self) -> Result<IntervalJoin, ToolError> {
        let (kind, range, sides) = self.within_options()?;
        Ok(IntervalJoin::new(kind, range, sides))
    }

    fn within_options(&self) -> Result<(Type, Range, [SideOptions; 2]), ToolError> {
        let arguments = &self.within;
        let range = arguments.within.ok_or_else(|| {
            let given = arguments.first_given().unwrap_or("--time");
            ToolError::Usage(format!("{given} is of a join by time, and --within FROM..TO is missing, as 0s..1h"))
        })?;
        let kind = match self.kind {
            JoinKind::Inner => Type::Inner,
            JoinKind::Left => Type::Left,
            JoinKind::Right => Type::Right,
            JoinKind::Full => Type::Full,
            JoinKind::Semi => Type::Semi,
            JoinKind::Anti => Type::Anti,
            JoinKind::Cogroup => {
                return Err(ToolError::Usage(
                    "--type cogroup puts the values of a batch together, and --within knows no batches: take full"
                        .to_owned(),
                ));
            }
        };
        let [left, right] = [SideArg::Left, SideArg::Right].map(|side| self.within_side(side));
        let sides = [left?, right?].map(|side| match arguments.dealt {
            true => SideOptions { grouping: side.grouping.dealt(), timing: side.timing.of_parts() },
            false => side,
        });
        Ok((kind, range, sides))
    }

    fn within_side(&self, side: SideArg) -> Result<SideOptions, ToolError> {
        let (arguments, zone) = (&self.within, &self.stage.input.cut.zone);
        match side {
            SideArg::Left => {
                let own = [arguments.by_left.as_ref(), arguments.time_left.as_ref()];
                arguments.side("left", own, arguments.watermark_left, zone)
            }
            SideArg::Right => {
                let own = [arguments.by_right.as_ref(), arguments.time_right.as_ref()];
                arguments.side("right", own, arguments.watermark_right, zone)
            }
        }
    }

    /// How the join is spread over a cluster.
    pub(super) fn within_spread(&self) -> Spread {
        let WithinArgs { time, watermark_left, watermark_right, .. } = &self.within;
        let own = [watermark_left, watermark_right].map(|own| own.or(time.watermark).is_some());
        match self.within_operator() {
            Ok(_) if self.merge.memory.is_some() => Spread::Refused(
                "--memory: a cluster keeps what waits for partners in its own memory, spread over --parts".to_owned(),
            ),
            Ok(_) => Parts::spread(Keys::DealtSides, own.contains(&true), &time.late()),
            Err(error) => Spread::Refused(error.to_string()),
        }
    }

    pub(super) fn run_within(self, environment: &Environment) -> Result<(), ToolError> {
        if let Some(side) = self.within.deal {
            let SideOptions { grouping, timing } = self.within_side(side)?;
            if [&self.left, &self.right].iter().any(|side| side.as_deref() != Some(Path::new("-"))) {
                return Err(ToolError::Usage("--deal: the side is read from stdin: A and B are -".to_owned()));
            }
            return run_stage(&mut Deal::new(grouping, Some(timing)), &self.stage, environment);
        }
        // A part of a cluster is one thread's.
        let threads = if self.within.dealt { 1 } else { threads(self.within.jobs) };
        let mut merge = self.merge.clone();
        let mut join: Box<dyn Merge> = match (threads, &mut merge.memory) {
            (1, None) => Box::new(self.within_operator()?),
            (1, Some(memory)) => {
                check_key_memory(*memory)
                    .map_err(|least| ToolError::Usage(format!("--memory: of a join by time {least}")))?;
                // A part is for the open batches.
                let batches = *memory / 4;
                Box::new(LargeIntervalJoin::new(self.within_operator()?, std::mem::replace(memory, batches) - batches))
            }
            (_, Some(_)) => {
                return Err(ToolError::Usage(
                    "--memory: with --jobs all that waits for partners is in memory: leave one of them out".to_owned(),
                ));
            }
            (threads, None) => {
                let (.., sides) = self.within_options()?;
                let joins = (0..threads).map(|_| self.within_operator()).collect::<Result<_, _>>()?;
                Box::new(ShardedIntervalJoin::new(sides.map(|side| side.grouping), joins))
            }
        };
        let common = (&self.stage.common, self.stage.input.on_error());
        let kept = (self.within.saved, self.within.time.late());
        let streams: Vec<PathBuf> = self.left.into_iter().chain(self.right).collect();
        run_merge_saved(join.as_mut(), &streams, &["left", "right"], &merge, common, kept, environment)
    }
}
