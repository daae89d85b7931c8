//! `sstream explain --checkpoint DIR`: starts the pipeline's sources, stages and sinks under the checkpoint, as a real
//! start does and by the same functions, on a file system that takes nothing down; what they say is told.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::args::{KeepArgs, PartArgs};
use super::first::{SourceIdentity, source_options};
use crate::checkpoint::name::numbered;
use crate::checkpoint::participant::{Participant, StageOptions, Stream};
use crate::checkpoint::rehearsal::Rehearsal;
use crate::checkpoint::source::SourceCheckpoint;
use crate::checkpoint::storage::{Disk, Storage};
use crate::checkpoint::{Error, Result};
use crate::clock::{Clock as _, SystemClock};
use crate::error::Failure as _;
use crate::frame::keys::key;
use crate::interval::Interval;
use crate::stage::checkpoint_number;

/// So often a checkpoint that others write to is looked at again, each time after a pause.
const TRIES: usize = 10;
const PAUSE: Duration = Duration::from_millis(20);

fn rehearsal() -> Arc<dyn Storage> {
    Arc::new(Rehearsal::new(Arc::new(Disk)))
}

/// A restart that is tried out.
pub struct Restart {
    dir: PathBuf,
    storage: Arc<dyn Storage>,
    /// Who has come up, with the locks that they hold.
    up: (Vec<SourceCheckpoint>, Vec<Participant>),
    /// The first refusal of each that would not go on.
    refusals: Vec<Error>,
}

/// A stream as its head tells of it, at some place of the line.
#[derive(Clone, Debug, Default)]
pub struct Line {
    head: Map<String, Value>,
    stages: Vec<Value>,
    /// How far apart batches are to be, and are in this start.
    intervals: (Interval, Interval),
}

/// A stage that takes part, or does not.
#[derive(Clone, Debug)]
pub struct Candidate<'c> {
    /// The stage, as a checkpoint knows it.
    pub arguments: String,
    /// What it is called there behind its number.
    pub tool: String,
    /// `--new`, `--stage-name`.
    pub part: &'c PartArgs,
    /// Whether it has state.
    pub has_state: bool,
    /// Whether it is a sink, and nothing comes after it.
    pub sink: Option<bool>,
    /// How far apart the batches are that come in, and that go out.
    pub intervals: (Interval, Interval),
}

impl Restart {
    /// Under the checkpoint in `dir`.
    pub fn new(dir: PathBuf) -> Restart {
        Restart { dir, storage: rehearsal(), up: (Vec::new(), Vec::new()), refusals: Vec::new() }
    }

    /// The refusals so far.
    pub fn refusals(&self) -> &[Error] {
        &self.refusals
    }

    /// The source would start; the line that it begins, unless it is refused, and what is to be said.
    pub fn source(&mut self, identity: &SourceIdentity, keep: &KeepArgs) -> (Option<Line>, String) {
        let now_ms = SystemClock::new().read().wall_ms();
        let dir = self.dir.clone();
        let options = source_options(identity, keep, &dir, now_ms);
        let mut tries = 0;
        let (source, plan) = loop {
            match SourceCheckpoint::open(self.storage.clone(), &options, &mut |_| false) {
                Ok(opened) => break opened,
                // While the pipeline runs, what one file says may be newer than what another one said.
                Err(Error::Io { .. } | Error::Damaged { .. } | Error::Lost { .. })
                    if tries < TRIES && self.up.0.is_empty() =>
                {
                    tries += 1;
                    std::thread::sleep(PAUSE);
                    self.storage = rehearsal();
                }
                Err(error) => return (None, self.refused(error)),
            }
        };
        let again = plan.last_ms > plan.resume_ms;
        let told = match (plan.is_restart, plan.finish, plan.changed_from) {
            (false, ..) => "begins anew: the checkpoint has nothing of it".to_owned(),
            (true, Some(_), Some(was)) => format!(
                "first finishes what batches of {} began, after {}, and exits 1; started again it goes on with batches of {}",
                was, plan.resume_ms, identity.interval
            ),
            (true, Some(_), None) => format!("first finishes what was closed, after {}, and exits 1", plan.resume_ms),
            (true, None, Some(was)) => {
                format!("goes on after {}, with another interval: it was {}", plan.after_ms, was)
            }
            (true, None, None) if again => {
                format!("goes on after {}: sends again what comes after {}", plan.after_ms, plan.resume_ms)
            }
            (true, None, None) => format!("goes on after {}", plan.after_ms),
        };
        let gone = match plan.gone.is_empty() {
            true => String::new(),
            false => format!("; reads no more of {}", plan.gone.join(", ")),
        };
        let line = Line {
            head: plan.head(),
            stages: vec![identity.arguments.as_str().into()],
            intervals: (identity.interval, plan.interval),
        };
        self.up.0.push(source);
        (Some(line), format!("restart: {told}{gone}"))
    }

    /// A stage would start behind the line, which goes on behind it unless it is refused; what is to be said.
    pub fn stage(&mut self, line: Line, candidate: &Candidate<'_>) -> (Option<Line>, String) {
        let mut line = line;
        let number = checkpoint_number(&line.stages);
        line.stages.push(candidate.arguments.as_str().into());
        if !candidate.has_state && candidate.sink.is_none() {
            return (Some(line), "restart: keeps nothing, and may come and go".to_owned());
        }
        match self.try_stage(&line, number, candidate) {
            Ok(told) => (Some(line), format!("restart: {told}")),
            Err(error) => (None, self.refused(error)),
        }
    }

    fn try_stage(&mut self, line: &Line, number: usize, candidate: &Candidate<'_>) -> Result<String> {
        let Some(stream) = Stream::of_head(&line.head) else { return Ok("takes no part".to_owned()) };
        let part = candidate.part.stage_name.clone().unwrap_or_else(|| numbered(number, &candidate.tool));
        let (pipeline, (comes, goes)) = (Value::Array(line.stages.clone()), candidate.intervals);
        let options = StageOptions {
            part: &part,
            is_pinned: candidate.part.stage_name.is_some(),
            arguments: &candidate.arguments,
            pipeline: &pipeline,
            interval: line.interval(comes),
            new: candidate.part.new,
        };
        let participant = Participant::enter(self.storage.clone(), &stream, &options, &mut |_| false)?;
        let mut is_known = true;
        if candidate.has_state {
            is_known &= participant.is_known(false)?;
            participant.stage(&options, 0, &mut |_, _| {})?;
        }
        if let Some(is_end) = candidate.sink {
            is_known &= participant.is_known(true)?;
            participant.sink(&StageOptions { interval: line.interval(goes), ..options }, is_end)?;
        }
        let name = participant.name();
        self.up.1.push(participant);
        Ok(match is_known {
            true => format!("goes on from what {name} has"),
            false => format!("begins with nothing, as {name}"),
        })
    }

    fn refused(&mut self, error: Error) -> String {
        let text = format!("restart: REFUSED, exit {}: {error}", error.exit().code()).replace('\n', "\n  ");
        self.refusals.push(error);
        text
    }
}

impl Line {
    /// The interval that a stream of the wanted one has in this start.
    fn interval(&self, wanted: Interval) -> Interval {
        let (now, has) = self.intervals;
        if wanted == now { has } else { wanted }
    }

    /// Where the stage that begins it does more than that: it stands there itself, and nothing in front of it.
    pub fn of_this_stage(self) -> Line {
        Line { stages: Vec::new(), ..self }
    }

    /// Behind a join or union; `None` if a side has none.
    pub fn of_sides(sides: &[Option<&Line>]) -> Option<Line> {
        let sides: Vec<&Line> = sides.iter().copied().collect::<Option<_>>()?;
        let mut line = Line { stages: Vec::new(), ..(*sides.first()?).clone() };
        for key in [key::NAME, key::RUN] {
            let all: Vec<&str> = sides.iter().filter_map(|side| side.head.get(key)?.as_str()).collect();
            line.head.insert(key.to_owned(), all.join("+").into());
        }
        line.stages.extend(sides.iter().map(|side| Value::Array(side.stages.clone())));
        Some(line)
    }
}
