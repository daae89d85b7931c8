//! The part of a stage in its stream's checkpoint: a stage with state keeps it
//! there, a sink commits there. What is called when is in
//! [`participant`](crate::checkpoint::participant).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::StageError;
use crate::checkpoint::Result;
use crate::checkpoint::lock::Waiting;
use crate::checkpoint::name::numbered;
use crate::checkpoint::participant::{Participant, StageCheckpoint, StageOptions, Stream};
use crate::checkpoint::storage::Storage;
use crate::console::Console;
use crate::duration::show_ms;
use crate::flow::{Committing, Under};
use crate::frame::{BatchTime, Head};
use crate::interval::Interval;
use crate::keyed_state::{KeyedState, Load};
use crate::op::OpError;
use crate::op::durable::Durable;
use crate::signal::StopSignal;
use crate::store::Files;

/// How often a lock is tried that somebody else holds.
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// Whoever waits longer for a lock says so.
const LONG: Duration = Duration::from_secs(1);

/// State is synced this often while the stage has time.
const SYNC_IDLE: Duration = Duration::from_secs(1);

/// State is synced this often however busy the stage is.
const SYNC_BUSY: Duration = Duration::from_secs(10);

const NEW_WITHOUT_CHECKPOINT: &str =
    "--new: the stream has no checkpoint to begin in: leave it out, or add --checkpoint DIR to the first stage";

/// How a stage takes part in a checkpoint.
pub struct CheckpointOptions {
    /// Where checkpoints are.
    pub storage: Arc<dyn Storage>,
    /// `--stage-name`
    pub name: Option<String>,
    /// What the stage is called without one, behind its number: the tool, or the sink's kind.
    pub tool: String,
    /// The stage's command line, as far as it says what is computed: what must
    /// stay the same from one start to the next.
    pub arguments: String,
    /// `--checkpoint-every`, in ms; 0 for each batch.
    pub every_ms: u64,
    /// `--new`
    pub new: bool,
    /// `--carry`: the file in which the state goes from one process to the next, in the place of a checkpoint.
    pub carry: Option<PathBuf>,
    /// Tells who is waited for.
    pub console: Console,
    /// Ends the waiting.
    pub stop: StopSignal,
}

impl CheckpointOptions {
    /// Waits a little for a lock, as [`Wait`](crate::checkpoint::lock::Wait) wants it.
    pub fn waiting(&self) -> impl FnMut(&Waiting) -> bool {
        wait_with(self.console.clone(), self.stop.clone())
    }
}

/// Waits a little each time that a lock is held; says whose it is if that goes on, and ends when
/// the process is asked to stop.
pub fn wait_with(console: Console, stop: StopSignal) -> impl FnMut(&Waiting) -> bool {
    let since = Instant::now();
    let mut told: Option<Waiting> = None;
    move |waiting: &Waiting| {
        if since.elapsed() >= LONG && told.as_ref() != Some(waiting) {
            let process = waiting.pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
            console.warn(&format!("waits for {}{process} of the run before to end", waiting.lock));
            told = Some(waiting.clone());
        }
        std::thread::sleep(TRY_AGAIN);
        !stop.is_asked()
    }
}

/// Where a stage stands.
pub(super) struct At<'h> {
    /// The head that it writes.
    pub head: &'h Head,
    /// How many stages there are before it.
    pub number: usize,
    /// How far apart the batches are that it gets.
    pub interval: Interval,
}

/// How many stages there are, behind a join along its longest side.
pub fn stages(stages: &[Value]) -> usize {
    let sides = stages.iter().filter_map(Value::as_array).map(|side| self::stages(side)).max().unwrap_or(0);
    sides + stages.iter().filter(|stage| !stage.is_array()).count()
}

/// What a stage has to do with its checkpoint.
pub(super) struct Part {
    state: Option<State>,
    /// Holds the stage's lock.
    participant: Participant,
}

struct State {
    checkpoint: StageCheckpoint,
    /// The newest batch that the stage got.
    newest_ms: u64,
    synced: Instant,
}

impl Part {
    /// Takes part if the stream has a checkpoint and the stage a state or a sink.
    pub fn enter(
        options: &CheckpointOptions,
        at: &At<'_>,
        durable: Option<&mut dyn Durable>,
        sink: Option<&mut dyn Committing>,
    ) -> Result<Option<Part>, StageError> {
        let Some(stream) = Stream::of_head(&at.head.other) else {
            return match options.new {
                true => Err(OpError::Usage(NEW_WITHOUT_CHECKPOINT.to_owned()).into()),
                false => Ok(None),
            };
        };
        if durable.is_none() && sink.is_none() {
            return Ok(None);
        }
        let part = options.name.clone().unwrap_or_else(|| numbered(at.number, &options.tool));
        let pipeline = Value::Array(at.head.stages.clone());
        let stage = StageOptions {
            part: &part,
            is_pinned: options.name.is_some(),
            arguments: &options.arguments,
            pipeline: &pipeline,
            interval: at.interval,
            new: options.new,
        };
        let participant = Participant::enter(options.storage.clone(), &stream, &stage, &mut options.waiting())?;
        let mut part = Part { state: None, participant };
        match part.open(options, &stage, at.head.interval, stream.resume_ms(), (durable, sink)) {
            Ok(()) => Ok(Some(part)),
            Err(error) => {
                part.undo(options);
                Err(error)
            }
        }
    }

    /// Opens or makes the folders.
    fn open(
        &mut self,
        options: &CheckpointOptions,
        stage: &StageOptions<'_>,
        output_interval: Interval,
        resume_ms: u64,
        (durable, sink): (Option<&mut dyn Durable>, Option<&mut dyn Committing>),
    ) -> Result<(), StageError> {
        let participant = &self.participant;
        if let Some(durable) = durable {
            self.state = Some(State::open(options, participant, stage, durable, resume_ms)?);
        }
        let Some(sink) = sink else { return Ok(()) };
        let stage = StageOptions { interval: output_interval, ..stage.clone() };
        let checkpoint = participant.sink(&stage, sink.is_end())?;
        tell_torn(options, participant, checkpoint.torn_bytes());
        let mut notes = Vec::new();
        checkpoint.notes(&mut |_, note| {
            notes.push(note.to_vec());
            Ok(())
        })?;
        let under = Under {
            job: participant.job_id(),
            stage: &participant.name(),
            resume: BatchTime(resume_ms),
            notes: &notes,
        };
        Ok(sink.begin(checkpoint, &under)?)
    }

    /// The stage ends in an error before it has got a whole batch: the checkpoint is as it was
    /// before this start.
    pub fn undo(&self, options: &CheckpointOptions) {
        if let Err(error) = self.participant.undo() {
            options.console.warn(&format!("checkpoint: {error}"));
        }
    }

    /// Whether the stage has a state here.
    pub fn has_state(&self) -> bool {
        self.state.is_some()
    }

    /// The stage is done with the batch, whose end it has not passed on yet.
    pub fn save(&mut self, time: BatchTime, durable: &mut dyn Durable) -> Result<()> {
        let Some(state) = &mut self.state else { return Ok(()) };
        state.newest_ms = time.0;
        if state.checkpoint.is_due(time.0) {
            state.checkpoint.save(time.0, keyed(durable))?;
        }
        state.sync_after(SYNC_BUSY)
    }

    /// The stage has done what it does at a close; `given` is the batch that it gave there.
    pub fn close(&mut self, given: Option<BatchTime>, durable: &mut dyn Durable) -> Result<()> {
        match &mut self.state {
            Some(state) => state.checkpoint.close(given.map_or(state.newest_ms, |time| time.0), keyed(durable)),
            None => Ok(()),
        }
    }

    /// The stage is about to wait.
    pub fn idle(&mut self) -> Result<()> {
        self.state.as_mut().map_or(Ok(()), |state| state.sync_after(SYNC_IDLE))
    }
}

impl State {
    fn open(
        options: &CheckpointOptions,
        participant: &Participant,
        stage: &StageOptions<'_>,
        durable: &mut dyn Durable,
        resume_ms: u64,
    ) -> Result<State, StageError> {
        let (every_ms, interval) = (options.every_ms, stage.interval);
        if !every_ms.is_multiple_of(interval.ms()) {
            let every = show_ms(every_ms);
            let next = show_ms(every_ms.next_multiple_of(interval.ms()));
            let message = format!("--checkpoint-every {every} is no multiple of the interval {interval}: take {next}");
            return Err(OpError::Usage(message).into());
        }
        let mut loading = Loading { durable, has_begun: false, failed: None };
        let checkpoint = participant.stage_with(stage, every_ms, &mut loading)?;
        loading.finish(checkpoint.is_restored())?;
        tell_torn(options, participant, checkpoint.torn_bytes());
        Ok(State { checkpoint, newest_ms: resume_ms, synced: Instant::now() })
    }

    fn sync_after(&mut self, rest: Duration) -> Result<()> {
        if self.synced.elapsed() < rest {
            return Ok(());
        }
        self.checkpoint.sync()?;
        self.synced = Instant::now();
        Ok(())
    }
}

/// Gives an operator what a checkpoint kept.
struct Loading<'d> {
    durable: &'d mut dyn Durable,
    has_begun: bool,
    failed: Option<OpError>,
}

impl Load for Loading<'_> {
    fn keep_in(&mut self, files: Arc<dyn Files>) {
        self.durable.keep_in(files);
    }

    fn files(&mut self, files: &[u8]) -> bool {
        self.begin();
        match self.durable.load_files(files) {
            Ok(are_taken) => are_taken,
            Err(error) => {
                self.failed.get_or_insert(error);
                true
            }
        }
    }

    fn pair(&mut self, key: &[u8], entry: Option<&[u8]>) {
        self.begin();
        if self.failed.is_none() {
            self.failed = self.durable.load(key, entry).err();
        }
    }
}

impl Loading<'_> {
    fn begin(&mut self) {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.durable.track(true);
        }
    }

    fn finish(self, is_restored: bool) -> Result<(), OpError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if !self.has_begun {
            // The state may be empty, which is another thing than none.
            self.durable.track(is_restored);
        }
        if is_restored { self.durable.finish_load() } else { Ok(()) }
    }
}

fn keyed(durable: &mut dyn Durable) -> &mut dyn KeyedState {
    durable
}

fn tell_torn(options: &CheckpointOptions, participant: &Participant, bytes: u64) {
    if bytes > 0 {
        let name = participant.name();
        options.console.warn(&format!("{name}: {bytes} bytes that a crash had not finished writing were cut off"));
    }
}
