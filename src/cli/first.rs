//! What a first stage has beside its input: its checkpoint, its name, and how fast
//! it may be.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::{CutArgs, InputForm, KeepArgs};
use super::{Environment, ToolError};
use crate::checkpoint::job::Places;
use crate::checkpoint::lock::Waiting;
use crate::checkpoint::source::{Plan, SourceCheckpoint, SourceOptions};
use crate::checkpoint::storage::Disk;
use crate::clock::Clock as _;
use crate::flow::{BadRecords, Input};
use crate::interval::Interval;
use crate::source::SourceError;
use crate::source::engine::batches::Batches;
use crate::source::engine::first::FirstStage;
use crate::source::engine::kept::{Kept, KeptParts, is_interrupted};
use crate::source::engine::stop::StopRules;

/// How long a lock is waited for between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// Waiting that takes longer is told.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a source is to its checkpoint.
#[derive(Clone, Debug)]
pub struct SourceIdentity {
    /// Its kind, which is its name unless `--name` says another.
    pub kind: String,
    /// What must stay the same from run to run, as `source tcp localhost:9999`.
    pub arguments: String,
    /// What of that may be more from run to run, or less.
    pub places: Option<Places>,
    /// How far apart batches are.
    pub interval: Interval,
    /// Where a virtual clock begins, in ms since the epoch; none for the wall clock.
    pub virtual_start_ms: Option<u64>,
    /// Whether its batches can be read again.
    pub reads_again: bool,
}

impl SourceIdentity {
    /// Of raw lines that come in by a pipe, or a receiver, in real time.
    pub fn of_lines(kind: &str, words: &str, form: InputForm, cut: &CutArgs, interval: Interval) -> SourceIdentity {
        SourceIdentity {
            kind: kind.to_owned(),
            arguments: format!("source {words}{}", form_arguments(form, cut)),
            places: None,
            interval,
            virtual_start_ms: cut.count().map(|_| 0),
            reads_again: false,
        }
    }
}

/// For a connector's program, which says to `sstream explain` what its source is.
impl SourceIdentity {
    /// As JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "kind": self.kind, "arguments": self.arguments, "interval": self.interval.ms(), "calendar": self.interval.calendar_text(),
            "start": self.virtual_start_ms, "reads_again": self.reads_again,
            "places": self.places.as_ref().map(|places| &places.all),
            "beside": self.places.as_ref().map(|places| &places.beside),
            "may_go": self.places.as_ref().map(|places| places.may_go),
        })
    }

    /// Reads what [`SourceIdentity::to_json`] wrote.
    pub fn of_json(json: &Value) -> Option<SourceIdentity> {
        let places = json["places"].as_array().map(|places| Places {
            all: places.iter().filter_map(|place| Some(place.as_str()?.to_owned())).collect(),
            beside: json["beside"].as_str().unwrap_or_default().to_owned(),
            may_go: json["may_go"].as_bool() == Some(true),
        });
        Some(SourceIdentity {
            kind: json["kind"].as_str()?.to_owned(),
            arguments: json["arguments"].as_str()?.to_owned(),
            places,
            interval: Interval::of_parts(json["interval"].as_u64()?, json["calendar"].as_str())?,
            virtual_start_ms: json["start"].as_u64(),
            reads_again: json["reads_again"].as_bool()?,
        })
    }
}

/// What the options say of what a record is.
pub fn form_arguments(form: InputForm, cut: &CutArgs) -> String {
    let form = if form == InputForm::Text { String::new() } else { format!(" --input {}", form.name()) };
    let events: String = cut.events.words().map(|(option, value)| format!(" {option} {value}")).collect();
    // Numbers in the place of moments: no run goes on with the other kind of times.
    let count = if cut.count().is_some() { " --batch COUNT" } else { "" };
    format!("{form}{}{events}{count}", cut.form.words())
}

/// A source that may begin: its checkpoint is open, if it has one.
pub struct Begun {
    identity: SourceIdentity,
    checkpoint: Option<(SourceCheckpoint, Plan)>,
}

/// Opens the checkpoint, if there is to be one: before the source opens anything that the
/// run before may still have. `None` if it was asked to stop while it waited for that.
pub fn begin(identity: SourceIdentity, cut: &CutArgs, environment: &Environment) -> Result<Option<Begun>, ToolError> {
    let keep = &cut.keep;
    keep.check_dir()?;
    let Some(dir) = keep.dir() else {
        return match keep.needs_dir() {
            Some(option) => Err(ToolError::Usage(format!("{option}: there is no checkpoint: add --checkpoint DIR"))),
            None => Ok(Some(Begun { identity, checkpoint: None })),
        };
    };
    let options = source_options(&identity, keep, &dir, environment.clock.read().wall_ms());
    let rules = stop_rules(cut, environment);
    let mut waiter = Waiter { environment, since: None, told: None };
    let mut wait = |waiting: &Waiting| {
        let now = environment.clock.read().monotonic;
        waiter.tell(waiting, now);
        !rules.is_due(now, now) && rules.pause(&environment.clock, LOOK).is_ok()
    };
    match SourceCheckpoint::open(Arc::new(Disk), &options, &mut wait) {
        Ok(opened) => Ok(Some(Begun { identity, checkpoint: Some(opened) })),
        Err(error) if is_interrupted(&error) => {
            environment.console.info(&error.to_string());
            Ok(None)
        }
        Err(error) => Err(ToolError::Input(SourceError::Checkpoint(error))),
    }
}

/// What a source is to the checkpoint in `dir`.
pub fn source_options<'o>(
    identity: &'o SourceIdentity,
    keep: &'o KeepArgs,
    dir: &'o Path,
    now_ms: u64,
) -> SourceOptions<'o> {
    let start_ms = identity.virtual_start_ms.unwrap_or(now_ms);
    SourceOptions {
        dir,
        name: keep.name.as_deref().unwrap_or(&identity.kind),
        arguments: &identity.arguments,
        places: identity.places.as_ref(),
        interval: identity.interval,
        start_ms: identity.interval.up_to(start_ms),
        retain: keep.retain.unwrap_or_default(),
        wal: !identity.reads_again,
    }
}

/// When a source stops of itself.
pub fn stop_rules(arguments: &CutArgs, environment: &Environment) -> StopRules {
    StopRules {
        signal: environment.stop.clone(),
        file: arguments.stop_file.clone(),
        idle: arguments.idle_timeout,
        after: arguments.stop_after,
        started: environment.clock.read().monotonic,
        waited: environment.waited.clone(),
    }
}

impl Begun {
    /// What the source read in the run before and does not any more.
    pub fn gone(&self) -> &[String] {
        self.checkpoint.as_ref().map_or(&[], |(_, plan)| &plan.gone)
    }

    /// How far apart batches are: while what an older interval began is finished, that one.
    pub fn interval(&self) -> Interval {
        self.checkpoint.as_ref().map_or(self.identity.interval, |(_, plan)| plan.interval)
    }

    /// What the source opens, now that it may. Should that fail, the checkpoint is as it was
    /// before this start, so that the next one may have another source.
    pub fn open<T>(
        &mut self,
        environment: &Environment,
        open: impl FnOnce() -> Result<T, ToolError>,
    ) -> Result<T, ToolError> {
        open().inspect_err(|_| {
            if let Some((checkpoint, _)) = self.checkpoint.take()
                && let Err(error) = checkpoint.undo()
            {
                environment.console.warn(&format!("checkpoint: {error}"));
            }
        })
    }

    /// The input of the stage that these batches begin.
    pub fn input<'a>(
        self,
        batches: Box<dyn Batches + 'a>,
        cut: &CutArgs,
        environment: &'a Environment,
        bad_records: &'a BadRecords,
    ) -> Box<dyn Input + 'a> {
        let interval = self.interval();
        let mut batches = batches;
        if let Some((checkpoint, plan)) = self.checkpoint {
            let parts = KeptParts {
                checkpoint,
                plan,
                is_wall: self.identity.virtual_start_ms.is_none(),
                is_counted: cut.count().is_some(),
                skip_missed: cut.skip_missed,
                on_loss: cut.keep.on_loss(),
                clock: &environment.clock,
                stop: stop_rules(cut, environment),
                bad_records,
                console: environment.console.clone(),
            };
            batches = Box::new(Kept::new(batches, parts));
        }
        let mut first = FirstStage::new(batches, &environment.clock, cut.keep.name.clone());
        if cut.limits.backpressure {
            first = first.with_backpressure(interval.ms());
        }
        Box::new(first)
    }
}

/// Says who is waited for, when it takes long.
struct Waiter<'e> {
    environment: &'e Environment,
    since: Option<Duration>,
    told: Option<String>,
}

impl Waiter<'_> {
    fn tell(&mut self, waiting: &Waiting, now: Duration) {
        let since = *self.since.get_or_insert(now);
        if now < since + PATIENCE || self.told.as_ref() == Some(&waiting.lock) {
            return;
        }
        let process = waiting.pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
        self.environment.console.warn(&format!(
            "checkpoint: waits for {}{process} of the run before to end: it holds its lock",
            waiting.lock
        ));
        self.told = Some(waiting.lock.clone());
    }
}
