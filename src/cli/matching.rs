//! `sstream-match`.

use clap::{Parser, ValueEnum};

use super::account::{Account, Stream};
use super::args::{Common, CutArgs, KeyMemoryArgs, ShareArgs, StageArgs, StateArgs, TimeArgs};
use super::cluster::{Keys, Parts, Spread};
use super::program::program;
use super::saved::Saved;
use super::{Environment, Tool, ToolError, run_stage, run_stage_timed};
use crate::duration;
use crate::op::deal::Deal;
use crate::op::grouping::{By, Grouping};
use crate::op::sequence::{
    Answer, Automaton, Definition, Emit, LargeSequences, Options, Pattern, Rules, Sequences, Skip, select_variables,
};
use crate::op::{Operator, Out};

/// Find sequences of records, by key: three failures and then a success within a minute
///
/// PATTERN: names; a space is the very next record of the key, -> a later one (others
/// between are passed over); * + ? {2} {2,} {2,5} times, as often as can be, or with a
/// further ? as seldom as will do; ( ) and |; !NAME after -> none of these before the
/// next one does, or at the end of the pattern within the time.
///
/// A name means what --define says of it, and without that any record. Results are
/// {"key","start","end","match":{NAME:[records]}}, start and end only with --time.
///
/// With --time records are put in order as the watermark passes them; without it they
/// come in order of arrival, by the times of batches. What is open is held in memory,
/// or as --memory says: each record that some way has taken, once. In SQL: MATCH_RECOGNIZE; in Flink: CEP.
#[derive(Parser, Debug)]
#[command(verbatim_doc_comment)]
pub struct MatchTool {
    /// What to look for: 'fail{3,} -> ok'
    #[arg(value_name = "PATTERN")]
    pattern: String,

    /// What a name means: EXPR is true of the record; $NAME are the records taken so far
    /// under each name, as arrays
    #[arg(long, value_name = "NAME=EXPR", value_parser = parse_definition, help_heading = "Patterns")]
    define: Vec<(String, String)>,

    /// The key of a record, an EXPR: sequences are looked for in each key's records
    #[arg(long, value_name = "EXPR", help_heading = "Patterns")]
    by: Option<String>,

    /// From the first record to the last of a match less than so long
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms, help_heading = "Patterns")]
    within: Option<u64>,

    /// Where the next match may begin: past-last, next, first:NAME, last:NAME [default: past-last]
    #[arg(long, value_name = "WHERE", help_heading = "Patterns")]
    skip: Option<String>,

    /// Every way in which the pattern matches
    #[arg(long, conflicts_with = "skip", help_heading = "Patterns")]
    all: bool,

    /// What comes out
    #[arg(long, value_enum, default_value = "match", help_heading = "Patterns")]
    emit: EmitArg,

    /// What is made of a match: EXPR of $key $start $end and, as arrays, $NAME; every result is a
    /// record
    #[arg(long, value_name = "EXPR", help_heading = "Patterns")]
    select: Option<String>,

    /// So many partial matches of a key may be open; more is an error
    #[arg(long, value_name = "N", default_value = "100000", help_heading = "Memory")]
    max_partial: usize,

    #[command(flatten)]
    memory: KeyMemoryArgs,

    #[command(flatten)]
    time: TimeArgs,

    #[command(flatten)]
    share: ShareArgs,

    #[command(flatten)]
    saved: StateArgs,

    #[command(flatten)]
    stage: StageArgs,
}

/// What `--emit` can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EmitArg {
    /// Matches
    Match,
    /// What was begun and not finished within the time, with "timeout":true
    Timeout,
    /// Both
    Both,
}

fn parse_definition(text: &str) -> Result<(String, String), String> {
    let (name, source) = text.split_once('=').ok_or("is no definition: NAME=EXPR, as 'fail=.status >= 500'")?;
    Ok((name.trim().to_owned(), source.to_owned()))
}

impl MatchTool {
    fn grouping(&self) -> Result<Grouping, ToolError> {
        let by = match &self.by {
            Some(source) => By::Program(program("--by", source, &[])?),
            None => By::Nothing,
        };
        Ok(Grouping::new(by, None))
    }

    /// The operator; nothing is opened for it.
    fn operator(&self) -> Result<Sequences, ToolError> {
        let usage = |reason: String| ToolError::Usage(reason);
        let pattern = Pattern::parse(&self.pattern).map_err(|error| usage(error.to_string()))?;
        let automaton = Automaton::new(&pattern).map_err(|reason| usage(format!("'{}': {reason}", self.pattern)))?;
        let names = pattern.names;
        let finds_timeouts = self.emit != EmitArg::Match;
        if self.within.is_none() && (finds_timeouts || automaton.has_absence()) {
            let what = if finds_timeouts { "--emit timeout" } else { "!NAME at the end of the pattern" };
            return Err(usage(format!("{what} needs --within DURATION, after which the time is over")));
        }
        let name_of = |name: &str| {
            names
                .iter()
                .position(|known| known == name)
                .ok_or_else(|| usage(format!("{name} is no name of the pattern; there are {}", names.join(", "))))
        };
        let mut definitions = vec![Definition::default(); names.len()];
        let mut defined = vec![false; names.len()];
        for (name, source) in &self.define {
            let index = name_of(name)?;
            if std::mem::replace(&mut defined[index], true) {
                return Err(usage(format!("--define {name} is there twice: join them by 'and'")));
            }
            definitions[index] =
                Definition::parse(name, source, &names).map_err(|error| usage(format!("--define {name}: {error}")))?;
        }
        let skip = match self.skip.as_deref() {
            None if self.all => None,
            None | Some("past-last") => Some(Skip::PastLast),
            Some("next") => Some(Skip::Next),
            Some(to) => Some(match to.split_once(':') {
                Some(("first", name)) => {
                    let index = name_of(name)?;
                    if automaton.can_begin_with(index) && !automaton.can_lack(index) {
                        return Err(usage(format!(
                            "--skip first:{name}: a match begins there, and the next one would be the same: take next"
                        )));
                    }
                    Skip::First(index)
                }
                Some(("last", name)) => Skip::Last(name_of(name)?),
                _ => {
                    return Err(usage(format!("--skip {to}: it is past-last, next, first:NAME or last:NAME")));
                }
            }),
        };
        let answer = match &self.select {
            Some(source) => Answer::Select(program("--select", source, &select_variables(&names))?),
            None => Answer::Plain,
        };
        let timing = self.time.timing_if_wanted(&self.stage.input.cut)?;
        let timing = timing.map(|timing| self.share.timing(timing));
        Ok(Sequences::new(Options {
            rules: Rules {
                automaton,
                definitions,
                within_ms: self.within.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX)),
                skip,
                finds_timeouts,
            },
            names,
            grouping: self.share.grouping(self.grouping()?),
            timing,
            emit: Emit { matches: self.emit != EmitArg::Timeout, timeouts: finds_timeouts },
            answer,
            most_partial: self.max_partial,
        }))
    }
}

impl Tool for MatchTool {
    const NAME: &'static str = "sstream-match";
    const HAS_TIMES: bool = true;
    const EXAMPLES: &'static str = "  \
  … | sstream-match 'fail{3,} -> ok' --by .user --within 1m --time .t --watermark 10s \\
        --define 'fail=.type == \"login_failed\"' --define 'ok=.type == \"login\"'
                                                 guessed passwords
  … | sstream-match 'order -> !payment' --by .order --within 1h --define 'order=.type == \"order\"' \\
        --define 'payment=.type == \"payment\"'   an order that nobody paid for within an hour
  … | sstream-match 'top down+ up' --by .share --define 'down=.price < ($down[-1].price // $top[0].price)' \\
        --define 'up=.price > $down[-1].price'   a V in a price
";

    const OF_RUNNING: &'static [&'static str] = &["max-partial"];

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn has_state(&self) -> bool {
        true
    }

    fn show_state(&self, saved: Saved<'_>, out: &mut Out<'_>) -> Result<(), ToolError> {
        let mut sequences = self.operator()?;
        saved.load(&mut sequences)?;
        sequences.show(out).map_err(|error| saved.damaged(&error))
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.stage.input.cut)
    }

    fn account(&self, _: &mut Stream) -> Account {
        let key = self.by.as_ref().map(|by| format!("the key is what {by} gives"));
        let account = match self.operator() {
            Ok(_) => Account::default(),
            Err(error) => Account::mistake(error),
        };
        let ends = match self.within {
            Some(within_ms) => format!("state: what is open, for {} at most", duration::show_ms(within_ms)),
            None => "state: what is open; without --within for ever".to_owned(),
        };
        account.and(format!("finds sequences of records: {}", self.pattern)).and(key).and(ends)
    }

    fn spread(&self) -> Spread {
        let keys = if self.by.is_some() { Keys::Dealt } else { Keys::None };
        match self.operator() {
            Ok(_) if self.memory.memory.is_some() => Spread::Refused(KeyMemoryArgs::NOT_ON_A_CLUSTER.to_owned()),
            Ok(_) => Parts::spread(keys, self.time.watermark.is_some(), &self.time.late()),
            Err(error) => Spread::Refused(error.to_string()),
        }
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        if self.share.deal {
            let timing = self.time.timing_if_wanted(&self.stage.input.cut)?;
            return run_stage(&mut Deal::new(self.grouping()?, timing), &self.stage, environment);
        }
        let operator = self.operator()?;
        let mut operator: Box<dyn Operator> = match self.memory.memory {
            Some(memory) => Box::new(LargeSequences::new(operator, memory)),
            None => Box::new(operator),
        };
        run_stage_timed(operator.as_mut(), &self.stage, self.saved, self.time.late(), environment)
    }
}
