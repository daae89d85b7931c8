//! `sstream-state`.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use super::account::{Account, Stream};
use super::agg::{ExprArgs, KeyArgs, MERGE_VARIABLES, no_aggregation};
use super::args::{Common, CutArgs, KeyMemoryArgs, ShareArgs, StageArgs, StateArgs, TimeArgs};
use super::cluster::{Keys, Merging, Parts, Spread, absolute};
use super::first::stop_rules;
use super::function::{ExecTimeout, threads};
use super::program::program;
use super::saved::Saved;
use super::{Environment, Tool, ToolError, run_stage, run_stage_timed};
use crate::agg::Aggregation;
use crate::duration;
use crate::op::Out;
use crate::op::deal::Deal;
use crate::op::grouping::Grouping;
use crate::op::state::{Emit, InitialError, LargeState, ShardedState, State, Update, VARIABLES};
use crate::record;
use crate::source::kinds::until_stop::read_to_end;

/// Keep a state for each key over all batches: updateStateByKey and mapWithState
///
/// The state is the result of AGG over all values of a key so far, or what
/// --expr makes of it. Results are [KEY, STATE], in the order in which keys came
/// first. Without --by or --by-value records are pairs [KEY, VALUE].
///
/// AGG is one of
/// count, sum, min, max, avg: sums are exact;
/// first, last, collect (an array of all), distinct, count-distinct;
/// top:N, the N greatest; quantile:Q, as quantile:0.99.
///
/// All keys are held in memory, about 50 bytes and the key for a count, 70 for a
/// sum; with --memory the rest is on disk. --timeout lets go of keys that have no
/// values any more.
#[derive(Parser, Debug)]
#[command(verbatim_doc_comment)]
pub struct StateTool {
    /// What to compute: count sum min max avg first last collect distinct
    /// count-distinct top:N quantile:Q
    #[arg(value_name = "AGG", value_parser = Aggregation::parse)]
    aggregation: Option<Aggregation>,

    /// The new state, from $key, $values (an array of the batch's) and $state (null for
    /// a new key), in the place of AGG; null or no result drops the key
    #[arg(long, value_name = "EXPR", group = "update")]
    expr: Option<String>,

    /// Make one value of two, $a and the later $b, in the place of AGG; has to be
    /// associative, as '$a + $b' is
    #[arg(long, value_name = "EXPR", group = "update")]
    merge: Option<String>,

    /// A command in the place of --expr: answers each line {"key":…,"values":…,"state":…}
    /// with a line of JSON
    #[arg(long, value_name = "CMD", group = "update")]
    exec: Option<String>,

    #[command(flatten)]
    timeout_of_exec: ExecTimeout,

    /// What comes out
    #[arg(long, value_enum, default_value = "all", help_heading = "State")]
    emit: EmitArg,

    /// Drop a key when its last value is longer ago than this, by batch times, or with --time
    /// when the watermark has passed its greatest time by more than this
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms_or_none, help_heading = "State")]
    timeout: Option<u64>,

    /// Begin with the states in FILE: a pair [KEY, STATE] of JSON a line
    #[arg(long, value_name = "FILE", help_heading = "State")]
    initial: Option<PathBuf>,

    #[command(flatten)]
    time: TimeArgs,

    #[command(flatten)]
    key: KeyArgs,

    /// Deal the keys over N threads, with the same output; 0: as many as there
    /// are processors
    #[arg(short, long, value_name = "N", default_value = "1", conflicts_with_all = ["exec", "memory"], hide_default_value = true)]
    jobs: usize,

    #[command(flatten)]
    memory: KeyMemoryArgs,

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
    /// Every key, with every batch, as updateStateByKey does; --expr runs for all of them
    All,
    /// The keys that have values in the batch, once each
    Changed,
    /// One state for each value, with that value applied, as mapWithState does
    Each,
    /// The last states of keys that time out
    Timeout,
}

impl EmitArg {
    fn emit(self) -> Emit {
        match self {
            EmitArg::All => Emit::All,
            EmitArg::Changed => Emit::Changed,
            EmitArg::Each => Emit::Each,
            EmitArg::Timeout => Emit::Timeout,
        }
    }
}

impl StateTool {
    fn update(&self) -> Result<Update, ToolError> {
        let no_error = || match self.key.error {
            Some(_) => {
                let message = "--error: an expression has none; the option is for count-distinct and quantile:Q";
                Err(ToolError::Usage(message.to_owned()))
            }
            None => Ok(()),
        };
        self.timeout_of_exec.check(self.exec.is_some())?;
        match (&self.aggregation, &self.expr, &self.merge, &self.exec) {
            (Some(aggregation), None, None, None) => self.key.built_in(aggregation.clone()).map(Update::Aggregation),
            (Some(aggregation), ..) => {
                let message = format!("give either an expression or an aggregation, not both: drop \"{aggregation}\"");
                Err(ToolError::Usage(message))
            }
            (None, Some(source), ..) => {
                no_error()?;
                Ok(Update::Function(Box::new(program("--expr", source, &VARIABLES)?)))
            }
            (None, _, Some(source), _) => {
                let program = program("--merge", source, &MERGE_VARIABLES)?;
                self.key.merging(Box::new(program)).map(Update::Aggregation)
            }
            (None, _, _, Some(command)) => {
                no_error()?;
                Ok(Update::Function(Box::new(self.timeout_of_exec.start(command, &VARIABLES)?)))
            }
            (None, None, None, None) => Err(no_aggregation()),
        }
    }
}

impl StateTool {
    /// The operator to load a state into and look at it. A function or a command
    /// is not needed for that, and not started.
    fn without_function(&self) -> Result<State, ToolError> {
        let update = match (&self.expr, &self.exec) {
            (None, None) => self.update()?,
            _ => Update::Function(Box::new(program("--expr", ".", &VARIABLES)?)),
        };
        self.timed(State::new(self.grouping()?, update, self.emit.emit(), self.timeout))
    }

    fn grouping(&self) -> Result<Grouping, ToolError> {
        self.key.grouping().map(|grouping| self.share.grouping(grouping))
    }
}

impl StateTool {
    /// By event time, if that is asked for.
    fn timed(&self, state: State) -> Result<State, ToolError> {
        if !self.time.is_wanted() {
            self.time.check_no_zone(&self.stage.input.cut)?;
            return match self.timeout {
                Some(0) => Err(ToolError::Usage("--timeout 0s: by batch times it is at least 1ms".to_owned())),
                _ => Ok(state),
            };
        }
        if self.timeout.is_none() {
            return Err(ToolError::Usage(
                "--time says when keys time out, and needs --timeout DURATION: without it a state knows no time"
                    .to_owned(),
            ));
        }
        if self.initial.is_some() {
            return Err(ToolError::Usage(
                "--initial: its states have no time, as --time wants them to have".to_owned(),
            ));
        }
        Ok(state.with_timing(self.share.timing(self.time.timing(&self.stage.input.cut.zone)?)))
    }
}

impl Tool for StateTool {
    const NAME: &'static str = "sstream-state";
    const HAS_TIMES: bool = true;
    const EXAMPLES: &'static str = "  \
  … | sstream-flatmap --split ' ' | sstream-state --by-value count
                                                 updateStateByKey: words so far
  … | sstream-map '[.user, .bytes]' | sstream-state sum --emit changed
                                                 only the keys that changed
  … | sstream-state sum --emit each              mapWithState: a running sum
  … | sstream-state sum --initial totals.json    go on from [KEY, SUM] lines
  … | sstream-state --by .session last --timeout 30m --emit timeout
                                                 the last record of each session
  … | sstream-state --expr '($state // 0) + ($values | length) | select(. < 100)'
                                                 any function; null drops the key
";

    const OF_RUNNING: &'static [&'static str] = &["jobs"];

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn has_state(&self) -> bool {
        true
    }

    fn show_state(&self, saved: Saved<'_>, out: &mut Out<'_>) -> Result<(), ToolError> {
        let mut state = self.without_function()?;
        saved.load(&mut state)?;
        state.show(out);
        Ok(())
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.stage.input.cut)
    }

    fn account(&self, _: &mut Stream) -> Account {
        let emit = self.emit.to_possible_value().map_or_else(String::new, |emit| emit.get_name().to_owned());
        let ages = match self.timeout {
            Some(timeout_ms) => format!("drops keys without values for {}", duration::show_ms(timeout_ms)),
            None => "keys stay for ever: --timeout lets go of those that are over".to_owned(),
        };
        let pairs = || "takes pairs, [KEY, VALUE]".to_owned();
        Account::does(format!("state: one for each key over all batches; gives {emit} of them each batch"))
            .and(ages)
            .and(self.key.told().unwrap_or_else(pairs))
    }

    fn spread(&self) -> Spread {
        if let Err(error) = self.check_emit().and_then(|()| self.without_function()) {
            return Spread::Refused(error.to_string());
        }
        if self.memory.memory.is_some() {
            return Spread::Refused(KeyMemoryArgs::NOT_ON_A_CLUSTER.to_owned());
        }
        let keeps_more = self.timeout.is_some() || self.initial.is_some() || self.emit != EmitArg::All;
        if keeps_more || self.expr.is_some() || self.exec.is_some() {
            let is_of_pairs = !self.key.by_value && self.key.by.is_none() && self.time.watermark.is_none();
            let keys = if is_of_pairs { Keys::OfPairs } else { Keys::Dealt };
            let mut spread = Parts::spread(keys, self.time.watermark.is_some(), &self.time.late());
            if let Spread::Carried(parts) = &mut spread {
                parts.initial = self.initial.as_deref().map(absolute);
            }
            return spread;
        }
        let keys = KeyArgs { by_key: !self.key.by_value && self.key.by.is_none(), ..self.key.clone() };
        let expr = ExprArgs { expr: self.merge.clone(), ..ExprArgs::default() };
        Spread::State(Merging::new(&keys, &expr, self.aggregation.as_ref(), &self.stage.input.cut.on_error))
    }

    fn run(mut self, environment: &Environment) -> Result<(), ToolError> {
        self.check_emit()?;
        self.key.by_key |= !self.key.is_keyed();
        if self.share.deal {
            let timing = self.time.timing_if_wanted(&self.stage.input.cut)?;
            return run_stage(&mut Deal::new(self.grouping()?, timing), &self.stage, environment);
        }
        let state = || self.timed(State::new(self.grouping()?, self.update()?, self.emit.emit(), self.timeout));
        if let Some(memory) = self.memory.memory {
            let mut state = LargeState::new(state()?, memory);
            self.load_initial(environment, &mut |key, value| state.begin_with(key, value))?;
            return run_stage_timed(&mut state, &self.stage, self.saved, self.time.late(), environment);
        }
        match threads(self.share.jobs(self.jobs)) {
            1 => {
                let mut state = state()?;
                self.load_initial(environment, &mut |key, value| state.begin_with(key, value))?;
                run_stage_timed(&mut state, &self.stage, self.saved, self.time.late(), environment)
            }
            threads => {
                let states = (0..threads).map(|_| state()).collect::<Result<_, _>>()?;
                let mut sharded = ShardedState::new(self.grouping()?, states);
                self.load_initial(environment, &mut |key, value| sharded.begin_with(key, value))?;
                run_stage_timed(&mut sharded, &self.stage, self.saved, self.time.late(), environment)
            }
        }
    }
}

impl StateTool {
    fn check_emit(&self) -> Result<(), ToolError> {
        if self.emit == EmitArg::Timeout && self.timeout.is_none() {
            let message = "--emit timeout needs --timeout DURATION, after which keys time out";
            return Err(ToolError::Usage(message.to_owned()));
        }
        Ok(())
    }
}

/// Takes a key's state to begin with.
type BeginWith<'b> = dyn FnMut(&[u8], &[u8]) -> Result<(), InitialError> + 'b;

impl StateTool {
    /// Gives the pairs of `--initial`, one a line. A pipe may keep it waiting until the stage is to stop.
    fn load_initial(&self, environment: &Environment, begin_with: &mut BeginWith<'_>) -> Result<(), ToolError> {
        let Some(path) = &self.initial else { return Ok(()) };
        let stop = stop_rules(&self.stage.input.cut, environment);
        let shown = path.display();
        let (_, content) = read_to_end(path, &environment.clock, stop)
            .map_err(|error| ToolError::Open { what: format!("--initial {shown}: cannot read"), error })?;
        let mut pair = Vec::new();
        for (index, line) in content.split(|&byte| byte == b'\n').enumerate() {
            let line = record::without_mark(line);
            if line.trim_ascii().is_empty() {
                continue;
            }
            let wrong = |reason: String| ToolError::Usage(format!("--initial {shown}, line {}: {reason}", index + 1));
            pair.clear();
            record::canonicalize(line, &mut pair).map_err(|error| wrong(error.to_string()))?;
            let (key, value) =
                record::pair(&pair).ok_or_else(|| wrong("not a pair, an array of key and state".into()))?;
            begin_with(key, value).map_err(|error| wrong(error.to_string()))?;
        }
        Ok(())
    }
}
