//! Looking into a checkpoint without changing it, also while its pipeline runs.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::job::{Job, Layout, StageFile};
use super::lock;
use super::log::View;
use super::name::Id;
use super::offsets::{self, Batches, Position};
use super::state::{self, PairOut};
use super::storage::{Storage, absolute, names};
use super::survey::Survey;
use super::wal::{Blocks, Range};
use super::{Error, Result, Times, commits};

/// Whoever looks while others write may meet a segment that goes, or a torn end
/// that is gone a moment later. It looks again, so often.
const TRIES: usize = 10;
const PAUSE: Duration = Duration::from_millis(20);

/// A checkpoint that is looked into.
pub struct Inspected {
    /// The file system.
    pub storage: Arc<dyn Storage>,
    /// Where its parts are.
    pub layout: Layout,
    /// What is in it.
    pub survey: Survey,
}

/// A batch as a source has it.
#[derive(Clone, Debug)]
pub struct SourceBatch {
    /// The source's name.
    pub name: String,
    /// The source as it adds itself to the head's `stages`.
    pub arguments: String,
    /// The batch, or the run of empty ones that it is in.
    pub times: Times,
    /// What the source needs to get it again.
    pub recorded: Vec<u8>,
    /// Where its records are, of a source with a WAL.
    pub range: Option<Range>,
}

/// What the folder of a stage or a sink has of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Has {
    /// It was made after that batch.
    BeganLater,
    /// The state after it can be restored.
    State,
    /// The state after it cannot be restored.
    NoState,
    /// It is committed, with this note of the sink's own.
    Committed(Vec<u8>),
    /// It is not committed.
    NotCommitted,
    /// The log does not go so far back any more.
    Purged,
    /// The stage gets, or the sink writes, no batch of that time.
    NoBatch,
}

impl Inspected {
    /// Reads what is in the checkpoint in `dir`.
    pub fn open(storage: Arc<dyn Storage>, dir: &Path) -> Result<Inspected> {
        let layout = Layout::new(&absolute(dir)?);
        let survey = settled(&*storage, &layout, || {
            let job = Job::read(&*storage, &layout)?.ok_or_else(|| Error::NoCheckpoint { dir: dir.to_owned() })?;
            Survey::take(&storage, &layout, job, View::Visible)
        })?;
        Ok(Inspected { storage, layout, survey })
    }

    /// Calls `look` again where it may have met what others were writing.
    pub fn settled<T>(&self, look: impl FnMut() -> Result<T>) -> Result<T> {
        settled(&*self.storage, &self.layout, look)
    }

    /// The newest batch of any source.
    pub fn newest_ms(&self) -> Option<u64> {
        self.times().last().copied()
    }

    /// The times of the newest batches of all sources, at most a million, oldest first.
    pub fn times(&self) -> Vec<u64> {
        const MOST: u64 = 1_000_000;
        let mut times: Vec<u64> = Vec::new();
        for (_, _, seen) in &self.survey.sources {
            for run in &seen.runs {
                let newest = Times { first_ms: run.last_ms - (run.count().min(MOST) - 1) * run.step_ms, ..*run };
                times.extend(newest.iter());
            }
        }
        times.sort_unstable();
        times.dedup();
        times
    }

    /// The batch of `time_ms` in each source that has it.
    pub fn batch(&self, time_ms: u64) -> Result<Vec<SourceBatch>> {
        let mut found = Vec::new();
        for (name, file, _) in &self.survey.sources {
            let dir = self.layout.source(name).join("offsets");
            let next =
                self.settled(|| Batches::look(self.storage.clone(), &dir, time_ms.saturating_sub(1))?.next_batch())?;
            let Some((times, recorded)) = next.filter(|(times, _)| times.first_ms <= time_ms) else { continue };
            let range = match file.wal && !recorded.is_empty() {
                true => Some(Range::from_bytes(&recorded, &dir)?),
                false => None,
            };
            let (name, arguments) = (name.clone(), file.arguments.clone());
            found.push(SourceBatch { name, arguments, times, recorded, range });
        }
        Ok(found)
    }

    /// All that the checkpoint has of a source before one of its batches.
    pub fn before(&self, batch: &SourceBatch) -> Result<Position> {
        let dir = self.layout.source(&batch.name).join("offsets");
        self.settled(|| offsets::before(self.storage.clone(), &dir, batch.times.first_ms))
    }

    /// Gives the records of a batch of a source with a WAL to `block`, block by block.
    pub fn records(&self, batch: &SourceBatch, block: &mut dyn FnMut(&[u8])) -> Result<()> {
        let Some(range) = batch.range else { return Ok(()) };
        let dir = self.layout.source(&batch.name).join("wal");
        let mut blocks = Blocks::look(self.storage.clone(), &dir, range)?;
        while let Some((_, bytes)) = blocks.next_block()? {
            block(bytes);
        }
        Ok(())
    }

    /// What each stage with state and each sink has of the batch of `time_ms`.
    pub fn folders(&self, time_ms: u64) -> Result<Vec<(String, Has)>> {
        let mut folders = Vec::new();
        for (id, file, seen) in &self.survey.stages {
            let covers = seen.covers.iter().any(|(from, to)| (*from..*to).contains(&time_ms));
            let has = match covers {
                _ if !file.interval.is_border(time_ms) => Has::NoBatch,
                _ if time_ms < file.base_ms => Has::BeganLater,
                true => Has::State,
                false => Has::NoState,
            };
            folders.push((format!("stages/{id}"), has));
        }
        for (id, file, seen) in &self.survey.sinks {
            let dir = self.layout.commits().join(id.to_string());
            let all = self.settled(|| commits::look_at_all(self.storage.clone(), &dir))?;
            let commit = all.iter().find(|(times, _)| (times.first_ms..=times.last_ms).contains(&time_ms));
            let has = match commit {
                Some((_, note)) => Has::Committed(note.clone()),
                None if !file.interval.is_border(time_ms) => Has::NoBatch,
                None if time_ms <= file.base_ms => Has::BeganLater,
                None if seen.last_ms < Some(time_ms) => Has::NotCommitted,
                None => Has::Purged,
            };
            folders.push((format!("commits/{id}"), has));
        }
        Ok(folders)
    }

    /// The stage with state that is called `name`.
    pub fn stage(&self, name: &str) -> Result<&(Id, StageFile, state::StateSummary)> {
        let stages = &self.survey.stages;
        stages.iter().find(|(id, ..)| id.to_string() == name).ok_or_else(|| {
            let known = stages.iter().map(|(id, ..)| id.to_string()).collect();
            Error::NoStage { name: name.to_owned(), known }
        })
    }

    /// The keys and values of a stage after `time_ms`, in the order of their changes:
    /// the last word on a key counts.
    pub fn state(&self, name: &str, time_ms: u64, give: &mut PairOut<'_>) -> Result<()> {
        let (id, file, seen) = self.stage(name)?;
        let dir = self.layout.stages().join(id.to_string());
        let times = (file.base_ms, time_ms);
        match state::look_at(self.storage.clone(), &dir, times, file.interval, give)? {
            true => Ok(()),
            false => {
                let covered = show_spans(&seen.covers);
                Err(Error::NotCovered { dir, time_ms, covered })
            }
        }
    }

    /// Bytes on disk of a folder, all that is below it.
    pub fn bytes(&self, dir: &Path) -> Result<u64> {
        bytes_below(&*self.storage, dir)
    }
}

/// Times from when to when something can begin again, a line each, the newest first.
pub fn show_spans(spans: &[(u64, u64)]) -> String {
    let line = |(from, to): &(u64, u64)| match *to {
        u64::MAX => format!("  from {from} on\n"),
        to => format!("  from {from} to {}\n", to - 1),
    };
    spans.iter().rev().map(line).collect()
}

fn bytes_below(storage: &dyn Storage, dir: &Path) -> Result<u64> {
    let mut bytes = 0;
    for name in names(storage, dir)? {
        let path = dir.join(name);
        bytes += match storage.list(&path) {
            Ok(_) => bytes_below(storage, &path)?,
            Err(_) => match storage.open(&path, false).and_then(|file| file.size()) {
                Ok(size) => size,
                // Purged in between.
                Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
                Err(error) => return Err(Error::io("cannot read", &path, error)),
            },
        };
    }
    Ok(bytes)
}

/// Calls `look` again where it may have met what others were writing.
pub(super) fn settled<T>(storage: &dyn Storage, layout: &Layout, mut look: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 1..TRIES {
        match look() {
            Err(Error::Damaged { .. } | Error::Lost { .. }) => {}
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
        if lock::held(storage, layout)?.is_empty() {
            break;
        }
        thread::sleep(PAUSE);
    }
    look()
}
