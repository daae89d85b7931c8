//! What a source calls.
//!
//! In order:
//!
//! 1. [`SourceCheckpoint::open`], before the head: it waits for the run before,
//!    and decides where to resume. The head carries [`Plan::head`].
//! 2. The source takes its knowledge from [`Plan::position`].
//! 3. [`SourceCheckpoint::next_again`] until it gives `None`: each batch is sent
//!    again with the same records and ends. With a WAL the records come from
//!    [`SourceCheckpoint::read_again`].
//! 4. If there is [`Plan::finish`]: [`SourceCheckpoint::close`], the close, exit 1.
//! 5. With a WAL: [`SourceCheckpoint::leftover`]: its blocks are the first of the
//!    first new batch ([`SourceCheckpoint::adopt`]).
//! 6. New batches, the first one later than [`Plan::after_ms`]. With a WAL every block goes through
//!    [`SourceCheckpoint::append`] before it leaves. At the end of batch T:
//!    [`SourceCheckpoint::record`] (or [`SourceCheckpoint::record_wal`]; both also
//!    take runs of batches that were missed), then [`SourceCheckpoint::sync`], then the end leaves. Several batches can be
//!    recorded, then synced once, and then their ends leave.
//! 7. [`SourceCheckpoint::close`], before a close `"eof"` or `"stop"` leaves.

mod folder;
pub mod interval;

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::job::{Job, Layout, Places, Retain, SourceFile, random};
use super::lineup;
use super::lock::{self, Generation, Lock, Said, Wait};
use super::log::View;
use super::name::{Id, check_source};
use super::offsets::{Batches, Closed, Offsets, Position};
use super::resume::Resume;
use super::storage::{Storage, absolute, names, remove_folder};
use super::survey::{Commit, Survey, commits_behind, newest_commits, purge_before, reopen_sinks};
use super::wal::{Blocks, Range, Wal};
use super::{Error, Result, Times, commits};
use crate::frame::keys::{key, path_text};
use crate::interval::Interval;
use folder::{Opened, check_same, file_of, gone, make_folder, open_folder, open_job};

/// What a source is.
#[derive(Clone, Debug)]
pub struct SourceOptions<'o> {
    /// `--checkpoint`
    pub dir: &'o Path,
    /// `--name`, or the source's kind.
    pub name: &'o str,
    /// The source as it adds itself to the head's `stages`: what must stay the same.
    pub arguments: &'o str,
    /// What of that may be more than it was, or less.
    pub places: Option<&'o Places>,
    /// How far apart batches are.
    pub interval: Interval,
    /// The time before the first batch if this is the first start: for a wall
    /// clock, the border before now.
    pub start_ms: u64,
    /// `--retain`
    pub retain: Retain,
    /// Whether what comes in cannot be read again, and is kept in a WAL.
    pub wal: bool,
}

/// What to do first.
#[derive(Clone, Debug)]
pub struct Plan {
    /// All begin after this time.
    pub resume_ms: u64,
    /// The token of this run.
    pub run: String,
    /// What the source knew after its newest batch.
    pub position: Position,
    /// New batches come after this time.
    pub after_ms: u64,
    /// After the batches that are sent again, close like this and take nothing
    /// new: the run before had closed, and part of what is to be done at a close is
    /// still to be done. Then exit 1, to be started again.
    pub finish: Option<Closed>,
    /// The newest batch in the log, or the time before the first: batches up to
    /// there are sent again.
    pub last_ms: u64,
    /// How far apart batches are: as the options say, or, while what an older interval began
    /// is finished, that one.
    pub interval: Interval,
    /// Batches were so far apart up to the run before, and are not any more.
    pub changed_from: Option<Interval>,
    /// What the source read in the run before and does not any more.
    pub gone: Vec<String>,
    /// Whether the source has been here before.
    pub is_restart: bool,
    /// The folder that made `resume_ms` older than `last_ms`.
    pub held_back_by: Option<String>,
    /// The folders of sinks that were done with all and were not in the last run: from now on they hold
    /// nothing back, and one that comes back begins with the first batch that comes then.
    pub let_go: Vec<String>,
    /// Bytes of a torn end that a crash left in the logs, cut off now.
    pub torn_bytes: u64,
    checkpoint: String,
    name: String,
}

impl Plan {
    /// The keys of the head that later stages need.
    pub fn head(&self) -> Map<String, Value> {
        let head = json!({
            key::NAME: self.name, key::CHECKPOINT: self.checkpoint, key::RUN: self.run, key::RESUME: self.resume_ms,
        });
        match head {
            Value::Object(head) => head,
            _ => Map::new(),
        }
    }
}

/// A source under a checkpoint.
pub struct SourceCheckpoint {
    storage: Arc<dyn Storage>,
    layout: Layout,
    id: Id,
    run: String,
    interval: Interval,
    offsets: Offsets,
    again: Option<Batches>,
    /// The newest batch that was sent again.
    again_ms: Option<u64>,
    /// The next one, when there is a gap before it.
    behind_gap: Option<(Times, Vec<u8>)>,
    wal: Option<Wal>,
    /// The newest batch with records that is in the offsets.
    last_range: Option<Range>,
    /// Batches of the WAL that are not in the offsets: the WAL is synced first.
    unsynced: Vec<(Times, Option<Range>)>,
    /// Blocks were appended since the last sync.
    has_appended: bool,
    purge_due: bool,
    wal_segments: u64,
    /// Whether this start made the source's folder, and whether it made the job.
    made: (bool, bool),
    _lock: Lock,
}

impl SourceCheckpoint {
    /// Opens or makes the checkpoint, and decides where to resume.
    pub fn open(
        storage: Arc<dyn Storage>,
        options: &SourceOptions<'_>,
        wait: &mut Wait<'_>,
    ) -> Result<(SourceCheckpoint, Plan)> {
        check_source(options.name)?;
        let layout = Layout::new(&absolute(options.dir)?);
        let id = Id::source(options.name)?;
        layout.make(&*storage)?;
        // Held to the end of this function.
        let mut start_lock = lock::take(&*storage, &layout.start_lock(), wait)?;
        start_lock.say(&Said::default())?;
        let path = layout.lock(&id);
        let Some(mut own) = lock::take_free(&*storage, &path, wait)? else {
            let pid = Said::of(&*storage, &path)?.pid;
            return Err(Error::Running { name: options.name.to_owned(), pid });
        };
        let before = own.said()?;
        // From now on a stage of the run before that comes late stops.
        let run = random()?;
        own.say(&Said { run: run.clone(), ..before.clone() })?;
        let generation = lock::wait_for_quiet(&*storage, &layout, options.name, before.generation.as_deref(), wait)?;

        let taken_out = lineup::taken_out(&storage, &layout, options.name, &before.run)?;
        let mut let_go = Vec::new();
        for id in &taken_out {
            if commits::close_again(storage.clone(), &layout.commits().join(id.to_string()))? {
                let_go.push(format!("commits/{id}"));
            }
        }
        let (job, made_job) = open_job(&*storage, &layout, options)?;
        let folder = layout.source(options.name);
        let known = SourceFile::read(&*storage, &folder)?;
        if let Some(known) = &known {
            check_same(options, known, &job)?;
        }
        let was = known.as_ref().map(|known| known.interval).filter(|was| *was != options.interval);
        let joins = matches!(generation, Generation::Joined { .. });
        let (generation, Resume { resume_ms, held_back_by, finish }) = match generation {
            // The others run, and what they write is not to be looked at now.
            Generation::Joined { generation, resume_ms, finish } => {
                (generation, Resume { resume_ms, held_back_by: None, finish })
            }
            Generation::New => {
                let survey = Survey::take(&storage, &layout, job, View::Visible)?;
                let mut resume = survey.resume()?;
                if let Some(was) = was {
                    let intervals = (was, options.interval);
                    resume.finish |= interval::is_under_way(&survey, &resume, options.name, intervals)?;
                }
                (random()?, resume)
            }
        };
        let behind = commits_behind(&storage, &layout, options.name)?;
        let behind_ms = behind.into_iter().flatten().fold(resume_ms, u64::max);
        let is_restart = known.is_some();
        let interval = was.filter(|_| finish).unwrap_or(options.interval);
        let opened = match &known {
            Some(known) => {
                let opened = open_folder(&storage, &folder, known)?;
                if let Some(was) = was.filter(|_| !finish) {
                    if joins {
                        interval::check_joined(options, known, &opened.offsets, resume_ms)?;
                    }
                    interval::tell_folders(&*storage, &layout, options.name, was, interval)?;
                }
                let file = file_of(&SourceOptions { interval, ..options.clone() });
                if file != *known {
                    file.write(&*storage, &folder)?;
                }
                opened
            }
            None => make_folder(&storage, &folder, options, behind_ms.max(options.start_ms))?,
        };
        let Opened { offsets, wal, position, last_range } = opened;
        reopen_sinks(&storage, &layout, options.name, resume_ms, &taken_out)?;
        let generation = Some(generation);
        own.say(&Said { run: run.clone(), generation, resume_ms: Some(resume_ms), finish, pid: None })?;

        let last_ms = offsets.last_ms();
        let after_ms = last_ms.max(behind_ms);
        let plan = Plan {
            resume_ms,
            run,
            position,
            after_ms,
            finish: finish.then(|| offsets.closed().unwrap_or(Closed::Stop)),
            last_ms,
            interval,
            changed_from: was,
            gone: known.as_ref().map_or_else(Vec::new, |known| gone(known, options)),
            is_restart,
            held_back_by,
            let_go,
            torn_bytes: offsets.torn_bytes() + wal.as_ref().map_or(0, Wal::torn_bytes),
            checkpoint: path_text(layout.dir()),
            name: options.name.to_owned(),
        };
        let source = SourceCheckpoint {
            storage,
            layout,
            id,
            run: plan.run.clone(),
            interval,
            again: Some(offsets.after(resume_ms)?),
            again_ms: None,
            behind_gap: None,
            offsets,
            wal_segments: wal.as_ref().map_or(0, Wal::segments),
            wal,
            last_range,
            unsynced: Vec::new(),
            has_appended: false,
            purge_due: true,
            made: (!is_restart, made_job),
            _lock: own,
        };
        drop(start_lock);
        Ok((source, plan))
    }

    /// The source cannot begin: the checkpoint is as it was before this start. Only before the
    /// head has left.
    pub fn undo(self) -> Result<()> {
        let (made_folder, made_job) = self.made;
        if made_folder {
            remove_folder(&*self.storage, &self.layout.source(&self.id.sources()[0]))?;
        }
        // No other source looks for the job meanwhile.
        let start_lock = lock::try_take(&*self.storage, &self.layout.start_lock())?;
        if made_job && start_lock.is_some() && names(&*self.storage, &self.layout.sources())?.is_empty() {
            Job::remove(&*self.storage, &self.layout)?;
        }
        Ok(())
    }

    /// The next batch to send again, with what was recorded for it; several if
    /// they are empty.
    ///
    /// After a close new batches begin after the times that were given at the close.
    /// Sent again, after a reset, what came before and after it is one stream, and such a time is an
    /// empty batch of it.
    pub fn next_again(&mut self) -> Result<Option<(Times, Vec<u8>)>> {
        let Some(again) = &mut self.again else { return Ok(None) };
        let next = match self.behind_gap.take() {
            Some(next) => Some(next),
            None => again.next_batch()?,
        };
        let Some((times, recorded)) = next else {
            self.again = None;
            return Ok(None);
        };
        let gap = self.again_ms.and_then(|before_ms| {
            let first_ms = self.interval.after(before_ms);
            let batches = self.interval.count(before_ms, times.first_ms.saturating_sub(1));
            // Of several runs the first; the next one comes after it.
            Times::runs(first_ms, batches, self.interval).next()
        });
        self.again_ms = Some(gap.unwrap_or(times).last_ms);
        match gap {
            Some(gap) => {
                self.behind_gap = Some((times, recorded));
                Ok(Some((gap, Vec::new())))
            }
            None => Ok(Some((times, recorded))),
        }
    }

    /// With a WAL: the blocks of a batch that [`SourceCheckpoint::next_again`] gave;
    /// `recorded`, which is not empty, is what came with it.
    pub fn read_again(&self, recorded: &[u8]) -> Result<Option<Blocks>> {
        match &self.wal {
            Some(wal) => {
                let path = self.layout.source(&self.id.sources()[0]).join("offsets");
                wal.read(Range::from_bytes(recorded, &path)?).map(Some)
            }
            None => Ok(None),
        }
    }

    /// With a WAL: the blocks that came in before a crash, after the last batch
    /// that ended, if there are any. They belong to the first new batch; once read to
    /// their end they go to [`SourceCheckpoint::adopt`].
    pub fn leftover(&self) -> Result<Option<Blocks>> {
        self.wal.as_ref().map_or(Ok(None), Wal::leftover)
    }

    /// The open batch begins with these.
    pub fn adopt(&mut self, leftover: &Blocks) {
        if let Some(wal) = &mut self.wal {
            wal.adopt(leftover);
        }
    }

    /// With a WAL: keeps a block of the open batch, before it leaves. `block` is
    /// whole records, canonical JSON and a newline each.
    pub fn append(&mut self, records: u32, block: &[u8]) -> Result<()> {
        match &mut self.wal {
            Some(wal) => {
                self.has_appended = true;
                wal.append(records, block)
            }
            None => Ok(()),
        }
    }

    /// Without a WAL: records a batch, or a run of empty ones. `position` is what
    /// the source needs to read it again; `base` is asked now and then for all
    /// that the source knows, this batch included, and none after it.
    pub fn record(&mut self, times: Times, position: &[u8], base: &mut dyn FnMut(&mut Vec<u8>)) -> Result<()> {
        self.purge_due |= self.offsets.record(times, position, base)?;
        Ok(())
    }

    /// With a WAL: ends the open batch, as the batch of `time_ms`.
    pub fn record_wal(&mut self, time_ms: u64) -> Result<()> {
        let range = match &mut self.wal {
            Some(wal) => wal.end()?,
            None => None,
        };
        self.unsynced.push((Times::one(time_ms, self.interval), range));
        Ok(())
    }

    /// With a WAL: records a run of empty batches, before the open one.
    pub fn record_wal_empty(&mut self, times: Times) {
        self.unsynced.push((times, None));
    }

    /// Makes all that was recorded and appended durable: then the ends may leave.
    pub fn sync(&mut self) -> Result<()> {
        if let Some(wal) = &mut self.wal
            && (std::mem::take(&mut self.has_appended) || !self.unsynced.is_empty())
        {
            wal.sync()?;
            for (times, range) in self.unsynced.drain(..) {
                // A base names this batch, and none that is not in the log yet.
                self.last_range = range.or(self.last_range);
                let last_range = self.last_range;
                let bytes = range.map_or_else(Vec::new, Range::to_bytes);
                self.purge_due |= self.offsets.record(times, &bytes, &mut |base| {
                    base.extend(last_range.map_or_else(Vec::new, Range::to_bytes));
                })?;
            }
            let segments = wal.segments();
            self.purge_due |= segments > self.wal_segments;
            self.wal_segments = segments;
        }
        self.offsets.sync()?;
        if std::mem::take(&mut self.purge_due) {
            self.purge()?;
        }
        Ok(())
    }

    /// Says, durably, that the source closes on purpose.
    pub fn close(&mut self, closed: Closed) -> Result<()> {
        self.sync()?;
        self.offsets.close(closed)
    }

    /// What all sinks behind this source have committed; `None` if there is no
    /// sink, or one that has committed nothing. The files are read only if one has
    /// changed since `before`.
    pub fn commit(&self, before: Option<Commit>) -> Result<Option<Commit>> {
        newest_commits(&self.storage, &self.layout, &self.id.sources()[0], before)
    }

    /// Whether the end of the line has come up in this run, so that everybody behind has accepted the head; also if
    /// there was never an end.
    pub fn is_lined_up(&self) -> Result<bool> {
        let source = &self.id.sources()[0];
        let run = &self.run;
        Ok(lineup::end_of(&*self.storage, &self.layout, source, run)?.is_some()
            || !lineup::has_end(&*self.storage, &self.layout, source)?)
    }

    /// Removes what no restart can need.
    fn purge(&mut self) -> Result<()> {
        let Some(cut_ms) = purge_before(&self.storage, &self.layout) else { return Ok(()) };
        if let Some(wal) = &mut self.wal
            && wal.segments() > 1
        {
            let mut after = self.offsets.after(cut_ms)?;
            let mut place = wal.open_batch();
            while let Some((_, recorded)) = after.next_batch()? {
                if !recorded.is_empty() {
                    place = Range::from_bytes(&recorded, self.layout.dir())?.from;
                    break;
                }
            }
            wal.purge(place)?;
            self.wal_segments = wal.segments();
        }
        self.offsets.purge(cut_ms)
    }
}
