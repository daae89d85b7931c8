//! What a stage with state, and a sink, call.
//!
//! In order:
//!
//! 1. [`Stream::of_head`]; behind a join, of the head that it made of both sides'.
//!    No checkpoint in the head: none of this.
//! 2. [`Participant::enter`], before the stage reads a batch. It holds the stage's
//!    lock until it is dropped.
//! 3. A stage with state: [`Participant::stage`], which gives the state to load.
//!    At the end of each batch that [`StageCheckpoint::is_due`]:
//!    [`StageCheckpoint::save`], before the end is passed on. When the next read
//!    would block, but at most once a second: [`StageCheckpoint::sync`]. At a close "eof" or
//!    "stop", after the operator has seen it: [`StageCheckpoint::close`], before the close is passed on.
//! 4. A sink: [`Participant::sink`]; it finishes what [`SinkCheckpoint::notes`]
//!    gives. It leaves out each batch that [`SinkCheckpoint::is_committed`], and for the others: makes
//!    the output durable under a temporary name, [`SinkCheckpoint::commit`],
//!    [`SinkCheckpoint::sync`], gives the output its name, passes the end on if it
//!    passes. Several batches can be made durable and committed, then synced once, then
//!    renamed and passed on. At a close "eof" or "stop": [`SinkCheckpoint::close`], before it
//!    is passed on. At a close "error", or none: nothing of the sort.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::commits::CommitLog;
use super::job::{Job, Layout, StageFile, show_pipeline};
use super::lineup;
use super::lock::{self, Lock, Said, Wait};
use super::name::Id;
use super::place::{self, Wanted};
use super::state::files::Pairs;
use super::state::{KeyedState, Load, PairOut, StateLog};
use super::storage::{Storage, check_trusted, make_dir, remove_folder};
use super::survey::purge_before;
use super::{Error, Result};
use crate::frame::keys::{key, text_path};
use crate::interval::Interval;

/// What the head of a stream says of its checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    dir: PathBuf,
    name: String,
    run: String,
    resume_ms: u64,
}

impl Stream {
    /// Reads the keys `checkpoint`, `name`, `run` and `resume` of a head; `None` if there
    /// is no checkpoint. A relative or unchecked name is refused by [`Participant::enter`].
    pub fn of_head(head: &Map<String, Value>) -> Option<Stream> {
        let text = |key: &str| head.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Stream {
            dir: text_path(&text(key::CHECKPOINT)?),
            name: text(key::NAME).unwrap_or_default(),
            run: text(key::RUN).unwrap_or_default(),
            resume_ms: head.get(key::RESUME).and_then(Value::as_u64).unwrap_or(0),
        })
    }

    /// The time after which all begin.
    pub fn resume_ms(&self) -> u64 {
        self.resume_ms
    }
}

/// What a stage is.
#[derive(Clone, Debug)]
pub struct StageOptions<'o> {
    /// Its part of the name: [`super::name::numbered`], or `--stage-name`.
    pub part: &'o str,
    /// Whether that is its name, whatever stands around it.
    pub is_pinned: bool,
    /// The stage as it adds itself to the head's `stages`.
    pub arguments: &'o str,
    /// The pipeline so far, this stage included, in the form of a head's `stages`.
    pub pipeline: &'o Value,
    /// Of a stage with state: how far apart the batches are that it gets. Of a
    /// sink: those that it writes, which behind a window in the same
    /// process are others.
    pub interval: Interval,
    /// `--new`: begin here with nothing if the stage has no folder.
    pub new: bool,
}

/// A process that takes part in a checkpoint.
pub struct Participant {
    storage: Arc<dyn Storage>,
    layout: Layout,
    id: Id,
    /// Its number in the line, if its name has another one.
    number: Option<usize>,
    job: Job,
    output_id: String,
    resume_ms: u64,
    /// The folders that were made in this start.
    made: RefCell<Vec<PathBuf>>,
    _lock: Lock,
}

impl Participant {
    /// Checks that the stream is of the run that the checkpoint is in, and takes
    /// the stage's lock. Nothing is made or changed for a stream from elsewhere.
    pub fn enter(
        storage: Arc<dyn Storage>,
        stream: &Stream,
        options: &StageOptions<'_>,
        wait: &mut Wait<'_>,
    ) -> Result<Participant> {
        let wanted = Id::stage(&stream.name, options.part)?;
        let layout = Layout::new(&stream.dir);
        check_trusted(&*storage, &stream.dir)?;
        check_runs(&*storage, &layout, stream, &wanted)?;
        let id =
            if options.is_pinned { wanted.clone() } else { find_place(&*storage, &layout, stream, options, &wanted)? };
        let number = wanted.numbered().map(|(number, _)| number);
        let number = number.filter(|number| id.numbered().is_some_and(|(named, _)| named != *number));
        let path = layout.lock(&id);
        if Said::of(&*storage, &path)?.run != stream.run {
            check_lineup(&*storage, &layout, stream, &id)?;
        }
        let mut lock = loop {
            match lock::take_free(&*storage, &path, wait)? {
                Some(lock) => break lock,
                None if Said::of(&*storage, &path)?.run == stream.run => {
                    return Err(Error::NameTaken { name: id.to_string() });
                }
                None => {}
            }
        };
        // A stage that was in this run before reads a recorded stream.
        if lock.said()?.run == stream.run {
            return Err(Error::SecondTime { name: id.to_string() });
        }
        // Whoever comes later in the line relies on it, after a power cut too.
        lock.say_durably(&Said { run: stream.run.clone(), ..Said::default() })?;
        // A source that started in between has written its run before it looks
        // at locks: either it waits for this one, or this sees its run.
        check_runs(&*storage, &layout, stream, &id)?;
        let Some(job) = Job::read(&*storage, &layout)? else {
            let source = id.sources()[0].clone();
            return Err(Error::OtherRun { source, dir: stream.dir.clone() });
        };
        let output_id = job.output_id();
        Ok(Participant {
            storage,
            layout,
            id,
            number,
            job,
            output_id,
            resume_ms: stream.resume_ms,
            made: RefCell::default(),
            _lock: lock,
        })
    }

    /// The checkpoint's random id: for names of temporary files that no other
    /// checkpoint's process uses, and for what a sink keeps in a system of its
    /// own. After a reset it ends differently, so that a sink knows nothing any
    /// more of what it had done.
    pub fn job_id(&self) -> &str {
        &self.output_id
    }

    /// What the stage is called: `tail.03-files`.
    pub fn name(&self) -> String {
        self.id.to_string()
    }

    /// Whether the checkpoint has something of it: of the sink, or of the stage with state.
    pub fn is_known(&self, sink: bool) -> Result<bool> {
        let (dir, id) = (if sink { self.layout.commits() } else { self.layout.stages() }, self.id.to_string());
        let read = if sink { StageFile::read_sink } else { StageFile::read_stage };
        Ok(read(&*self.storage, &dir.join(id))?.is_some())
    }

    /// The stage ends in an error before it has been given a whole batch: the folders that it
    /// made for this start go, so that they hold nothing back if the next start is another one.
    pub fn undo(&self) -> Result<()> {
        self.made.take().iter().try_for_each(|dir| remove_folder(&*self.storage, dir))
    }

    /// Opens or makes the state of this stage; `load` is given the keys and values
    /// as they were, in the order of their changes: the last word on a key counts.
    /// It is saved at multiples of `every_ms`, 0 for each batch.
    pub fn stage(&self, options: &StageOptions<'_>, every_ms: u64, load: &mut PairOut<'_>) -> Result<StageCheckpoint> {
        self.stage_with(options, every_ms, &mut Pairs(load))
    }

    /// As [`Participant::stage`], for who may take up files.
    pub fn stage_with(
        &self,
        options: &StageOptions<'_>,
        every_ms: u64,
        load: &mut dyn Load,
    ) -> Result<StageCheckpoint> {
        let dir = self.layout.stages().join(self.id.to_string());
        let intervals = (options.interval, every_ms);
        let known = StageFile::read_stage(&*self.storage, &dir)?;
        let log = match known {
            Some(known) => {
                self.check_same(options, &known)?;
                let times = (known.base_ms, self.resume_ms);
                let log = StateLog::open_with(self.storage.clone(), &dir, times, intervals, load)?;
                let file = StageFile { base_ms: known.base_ms, ..self.file(options, None) };
                if file != known {
                    file.write(&*self.storage, &dir)?;
                }
                log
            }
            None => {
                self.make_folder(options, &dir)?;
                let log = StateLog::create(self.storage.clone(), &dir, intervals.0, intervals.1)?;
                load.keep_in(log.files());
                self.file(options, None).write(&*self.storage, &dir)?;
                log
            }
        };
        Ok(StageCheckpoint { storage: self.storage.clone(), layout: self.layout.clone(), log, purge_due: true })
    }

    /// Opens or makes the commits of this sink; `end` says that nothing comes after it.
    pub fn sink(&self, options: &StageOptions<'_>, end: bool) -> Result<SinkCheckpoint> {
        let dir = self.layout.commits().join(self.id.to_string());
        let known = StageFile::read_sink(&*self.storage, &dir)?;
        let (storage, interval) = (self.storage.clone(), options.interval);
        let (commits, base_ms) = match known {
            Some(known) => {
                let commits = CommitLog::open(storage, &dir, interval, self.resume_ms)?;
                let file = StageFile { base_ms: known.base_ms, ..self.file(options, Some(end)) };
                if file != known {
                    file.write(&*self.storage, &dir)?;
                }
                (commits, known.base_ms)
            }
            None => {
                self.make_folder(options, &dir)?;
                let commits = CommitLog::create(storage, &dir, interval)?;
                self.file(options, Some(end)).write(&*self.storage, &dir)?;
                (commits, self.resume_ms)
            }
        };
        if end && self.job.pipeline != *options.pipeline {
            let job = Job { pipeline: options.pipeline.clone(), ..self.job.clone() };
            job.write(&*self.storage, &self.layout)?;
        }
        let (storage, layout) = (self.storage.clone(), self.layout.clone());
        Ok(SinkCheckpoint { storage, layout, commits, base_ms, purge_due: true })
    }

    fn file(&self, options: &StageOptions<'_>, end: Option<bool>) -> StageFile {
        StageFile {
            arguments: options.arguments.to_owned(),
            interval: options.interval,
            base_ms: self.resume_ms,
            end,
            line: place::tools(options.pipeline),
            number: self.number,
            changing: false,
        }
    }

    /// Begins a folder, if one may begin here.
    fn make_folder(&self, options: &StageOptions<'_>, dir: &Path) -> Result<()> {
        if self.resume_ms > self.job.start_ms && !options.new {
            let (name, resume_ms) = (self.id.to_string(), self.resume_ms);
            return Err(Error::NoFolder { name, resume_ms, pipelines: self.pipelines(options) });
        }
        // What a crash left without its file.
        remove_folder(&*self.storage, dir)?;
        self.made.borrow_mut().push(dir.to_owned());
        make_dir(&*self.storage, dir)
    }

    fn check_same(&self, options: &StageOptions<'_>, known: &StageFile) -> Result<()> {
        let is_interval = known.interval == options.interval || known.changing;
        if known.arguments == options.arguments && is_interval {
            return Ok(());
        }
        let show = |arguments: &str, interval: Interval| format!("{arguments} (a batch each {interval})");
        Err(Error::Mismatch {
            name: self.id.to_string(),
            was: show(&known.arguments, known.interval),
            now: show(options.arguments, options.interval),
            pipelines: self.pipelines(options),
        })
    }

    fn pipelines(&self, options: &StageOptions<'_>) -> Box<(String, String)> {
        Box::new((show_pipeline(&self.job.pipeline), show_pipeline(options.pipeline)))
    }
}

/// The folder that a stage goes on with.
fn find_place(
    storage: &dyn Storage,
    layout: &Layout,
    stream: &Stream,
    options: &StageOptions<'_>,
    wanted: &Id,
) -> Result<Id> {
    let mut is_taken = |id: &Id| Ok(Said::of(storage, &layout.lock(id))?.run == stream.run);
    let folders = place::folders(storage, layout, options.pipeline, &mut is_taken)?;
    let (arguments, new) = (options.arguments, options.new);
    Ok(place::settle(&folders, &Wanted { id: wanted, arguments, new }))
}

fn check_runs(storage: &dyn Storage, layout: &Layout, stream: &Stream, id: &Id) -> Result<()> {
    let runs: Vec<&str> = stream.run.split('+').collect();
    for (index, source) in id.sources().iter().enumerate() {
        let own = runs.get(index).copied().unwrap_or_default();
        let whole = layout.dir().is_absolute() && runs.len() == id.sources().len();
        lock::check_run(storage, layout, source, if whole { own } else { "" })?;
    }
    Ok(())
}

/// Whoever comes once the end of the line is in the run reads a copy of the stream.
fn check_lineup(storage: &dyn Storage, layout: &Layout, stream: &Stream, id: &Id) -> Result<()> {
    for (source, run) in id.sources().iter().zip(stream.run.split('+')) {
        if let Some(end) = lineup::end_of(storage, layout, source, run)? {
            return Err(Error::BehindEnd { name: id.to_string(), end: end.to_string() });
        }
    }
    Ok(())
}

/// The state of a stage under a checkpoint.
pub struct StageCheckpoint {
    storage: Arc<dyn Storage>,
    layout: Layout,
    log: StateLog,
    purge_due: bool,
}

impl StageCheckpoint {
    /// Whether the state is to be saved after the batch of `time_ms`.
    pub fn is_due(&self, time_ms: u64) -> bool {
        self.log.is_due(time_ms)
    }

    /// Saves what changed up to the batch of `time_ms`. Not durable before
    /// [`StageCheckpoint::sync`], which the end of the batch need not wait for.
    pub fn save(&mut self, time_ms: u64, state: &mut dyn KeyedState) -> Result<()> {
        self.purge_due |= self.log.save(time_ms, state)?;
        Ok(())
    }

    /// Saves the state after a close `"eof"` or `"stop"`, durably, before the close
    /// is passed on. `time_ms` is the newest batch that the stage gave at the
    /// close, or else the newest that it got, or else where it resumed.
    pub fn close(&mut self, time_ms: u64, state: &mut dyn KeyedState) -> Result<()> {
        self.log.close(time_ms, state)
    }

    /// Makes all that was saved durable.
    pub fn sync(&mut self) -> Result<()> {
        if self.log.is_synced() {
            return Ok(());
        }
        self.log.sync()?;
        if std::mem::take(&mut self.purge_due)
            && let Some(cut_ms) = purge_before(&self.storage, &self.layout)
        {
            self.log.purge(cut_ms)?;
        }
        Ok(())
    }

    /// Whether it goes on from a state that was saved, be it an empty one.
    pub fn is_restored(&self) -> bool {
        self.log.is_restored()
    }

    /// Bytes of a torn end that a crash left, cut off now.
    pub fn torn_bytes(&self) -> u64 {
        self.log.torn_bytes()
    }
}

/// A sink under a checkpoint.
pub struct SinkCheckpoint {
    storage: Arc<dyn Storage>,
    layout: Layout,
    commits: CommitLog,
    base_ms: u64,
    purge_due: bool,
}

impl SinkCheckpoint {
    /// Whether the batch of `time_ms` was committed before.
    pub fn is_committed(&self, time_ms: u64) -> bool {
        time_ms <= self.commits.last_ms().unwrap_or(0).max(self.base_ms)
    }

    /// The notes that came with commits and may still matter, oldest first.
    pub fn notes(&self, note: &mut dyn FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
        self.commits.notes(note)
    }

    /// Commits a batch whose output is durable. `note` is handed back at the next
    /// start, so that what is still to be done can be done then.
    pub fn commit(&mut self, time_ms: u64, note: &[u8]) -> Result<()> {
        self.commits.commit(time_ms, note)
    }

    /// Says, durably, that all that came was committed, after a close `"eof"` or
    /// `"stop"` and before it is passed on.
    pub fn close(&mut self) -> Result<()> {
        self.sync()?;
        self.commits.close()
    }

    /// Makes all commits durable.
    pub fn sync(&mut self) -> Result<()> {
        if self.commits.is_synced() {
            return Ok(());
        }
        self.purge_due |= self.commits.sync()?;
        if std::mem::take(&mut self.purge_due)
            && let Some(cut_ms) = purge_before(&self.storage, &self.layout)
        {
            self.commits.purge(cut_ms)?;
        }
        Ok(())
    }

    /// Bytes of a torn end that a crash left, cut off now.
    pub fn torn_bytes(&self) -> u64 {
        self.commits.torn_bytes()
    }
}
