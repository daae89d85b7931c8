//! Reads what all folders of a checkpoint cover, without changing anything.

use std::path::Path;
use std::sync::Arc;

use super::commits::CommitLog;
use super::job::{Job, Layout, SourceFile, StageFile};
use super::log::{View, first_segment};
use super::name::Id;
use super::offsets::{self, OffsetsSummary};
use super::resume::{Conflict, Folder, Inputs, Resume, Source, intersect, resume};
use super::storage::{Storage, names};
use super::wal::Range;
use super::{Error, Result, commits, state};

/// What is in a checkpoint.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Where it is.
    pub layout: Layout,
    /// What `job.json` says.
    pub job: Job,
    /// The sources, with what their logs say.
    pub sources: Vec<(String, SourceFile, OffsetsSummary)>,
    /// The stages with state, with what they can restore.
    pub stages: Vec<(Id, StageFile, state::StateSummary)>,
    /// The sinks, with their newest commit.
    pub sinks: Vec<(Id, StageFile, commits::CommitSummary)>,
}

impl Survey {
    /// Looks at all folders. `job` is what `job.json` says.
    pub fn take(storage: &Arc<dyn Storage>, layout: &Layout, job: Job, view: View) -> Result<Survey> {
        let mut survey =
            Survey { layout: layout.clone(), job, sources: Vec::new(), stages: Vec::new(), sinks: Vec::new() };
        for name in names(&**storage, &layout.sources())? {
            let folder = layout.source(&name);
            let Some(file) = SourceFile::read(&**storage, &folder)? else { continue };
            let seen = look_at_source(storage, &folder, file.wal, view)?;
            survey.sources.push((name, file, seen));
        }
        for id in ids(&**storage, &layout.stages())? {
            let folder = layout.stages().join(id.to_string());
            let Some(file) = StageFile::read_stage(&**storage, &folder)? else { continue };
            let look = |view| {
                state::look(storage.clone(), &folder, view, file.base_ms, file.interval)?.ok_or_else(|| lost(&folder))
            };
            let mut seen = look(view)?;
            if view == View::Durable {
                // That it goes on after a close is written, and durable before anything else, but nothing says yet
                // that it is: until then the close is what is known to be durable, and covers too much.
                seen.covers = intersect(&seen.covers, &look(View::Visible)?.covers);
            }
            survey.stages.push((id, file, seen));
        }
        for id in ids(&**storage, &layout.commits())? {
            let folder = layout.commits().join(id.to_string());
            let Some(file) = StageFile::read_sink(&**storage, &folder)? else { continue };
            let look = |view| commits::look(storage.clone(), &folder, view)?.ok_or_else(|| lost(&folder));
            let mut seen = look(view)?;
            if view == View::Durable {
                seen.done_ms = seen.done_ms.min(look(View::Visible)?.done_ms);
            }
            survey.sinks.push((id, file, seen));
        }
        Ok(survey)
    }

    /// What the decision where to resume rests on.
    pub fn inputs(&self) -> Inputs {
        let sources = self.sources.iter().map(|(name, _, seen)| Source {
            name: name.clone(),
            from_ms: seen.from_ms,
            runs: seen.runs.clone(),
            last_ms: seen.last_ms(),
            closed: seen.closed,
        });
        let stages = self.stages.iter().map(|(id, _, seen)| Folder {
            name: format!("stages/{id}"),
            sources: id.sources().to_vec(),
            covers: seen.covers.clone(),
            newest_ms: seen.newest_ms,
            is_sink: false,
            end: false,
        });
        let sinks = self.sinks.iter().map(|(id, file, seen)| Folder {
            name: format!("commits/{id}"),
            sources: id.sources().to_vec(),
            covers: vec![(file.base_ms, file.interval.after(seen.done_ms.max(file.base_ms)))],
            newest_ms: seen.last_ms,
            is_sink: true,
            end: file.end == Some(true),
        });
        Inputs { start_ms: self.job.start_ms, sources: sources.collect(), folders: stages.chain(sinks).collect() }
    }

    /// Where to resume.
    pub fn resume(&self) -> Result<Resume> {
        self.resume_of(&self.inputs())
    }

    /// Where to resume by other inputs than those of the survey.
    pub fn resume_of(&self, inputs: &Inputs) -> Result<Resume> {
        resume(inputs).map_err(|conflict| match conflict {
            Conflict::NoTime => Error::NoResume { dir: self.layout.dir().to_owned(), covered: show(inputs) },
            Conflict::Unknown { folder, time_ms, source } => Error::Lost {
                path: self.layout.source(&source).join("offsets"),
                what: format!("the batch {time_ms}, which {folder} has, is not in it"),
            },
        })
    }

    /// The names of all stages with state and sinks.
    pub fn stage_names(&self) -> Vec<String> {
        let stages = self.stages.iter().map(|(id, ..)| id.to_string());
        let mut names: Vec<String> = stages.chain(self.sinks.iter().map(|(id, ..)| id.to_string())).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// What is older than this may go, as far as restarts and the retention of
    /// all sources are concerned; `resume_ms` comes from what is durable.
    pub fn purge_before(&self, resume_ms: u64) -> Option<u64> {
        let mut cut_ms = resume_ms;
        for (_, file, seen) in &self.sources {
            cut_ms = cut_ms.min(seen.last_ms().saturating_sub(file.retain.milliseconds(file.interval)?));
        }
        Some(cut_ms)
    }
}

/// The newest commits of the sinks behind a source, `None` for one that has
/// committed nothing.
pub fn commits_behind(storage: &Arc<dyn Storage>, layout: &Layout, source: &str) -> Result<Vec<Option<u64>>> {
    let mut newest = Vec::new();
    for id in ids(&**storage, &layout.commits())?.into_iter().filter(|id| id.contains(source)) {
        let folder = layout.commits().join(id.to_string());
        if StageFile::read_sink(&**storage, &folder)?.is_some() {
            newest.push(commits::look(storage.clone(), &folder, View::Visible)?.ok_or_else(|| lost(&folder))?.last_ms);
        }
    }
    Ok(newest)
}

/// What all sinks behind a source have committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The newest batch.
    pub time_ms: u64,
    /// When the newest word on it was written, in ms since the epoch.
    pub at_ms: u64,
}

/// Of the sinks behind a source: what all have committed, and when that was
/// written; `before` as it is if no file was written since.
pub fn newest_commits(
    storage: &Arc<dyn Storage>,
    layout: &Layout,
    source: &str,
    before: Option<Commit>,
) -> Result<Option<Commit>> {
    let mut at_ms = 0;
    for id in ids(&**storage, &layout.commits())?.into_iter().filter(|id| id.contains(source)) {
        let folder = layout.commits().join(id.to_string());
        for name in names(&**storage, &folder)? {
            // A file may go while this looks.
            at_ms = at_ms.max(storage.modified_ms(&folder.join(name)).unwrap_or(0));
        }
    }
    if before.is_some_and(|before| before.at_ms == at_ms) {
        return Ok(before);
    }
    let all: Option<Vec<u64>> = commits_behind(storage, layout, source)?.into_iter().collect();
    Ok(all.and_then(|all| all.into_iter().min()).map(|time_ms| Commit { time_ms, at_ms }))
}

/// Lets the sinks behind a source that had closed expect more after `resume_ms`, before
/// the source has any. A sink that is done with a stream covers all times; without this
/// it would go on doing so in a run that ends before it has come up. Those that were taken out of the
/// pipeline stay as they are.
pub fn reopen_sinks(
    storage: &Arc<dyn Storage>,
    layout: &Layout,
    source: &str,
    resume_ms: u64,
    taken_out: &[Id],
) -> Result<()> {
    let is_behind = |id: &Id| id.contains(source) && !taken_out.contains(id);
    for id in ids(&**storage, &layout.commits())?.into_iter().filter(is_behind) {
        let folder = layout.commits().join(id.to_string());
        if let Some(file) = StageFile::read_sink(&**storage, &folder)? {
            CommitLog::open(storage.clone(), &folder, file.interval, resume_ms)?;
        }
    }
    Ok(())
}

/// What may be purged now, by what is durable in all folders; `None` if nothing
/// may, or if it cannot be told now: others write while this looks, and purging
/// can wait.
pub fn purge_before(storage: &Arc<dyn Storage>, layout: &Layout) -> Option<u64> {
    let job = Job::read(&**storage, layout).ok()??;
    let survey = Survey::take(storage, layout, job, View::Durable).ok()?;
    let resume = survey.resume().ok()?;
    survey.purge_before(resume.resume_ms)
}

fn look_at_source(storage: &Arc<dyn Storage>, folder: &Path, wal: bool, view: View) -> Result<OffsetsSummary> {
    let offsets = folder.join("offsets");
    let wal = wal.then(|| folder.join("wal"));
    let first = match &wal {
        Some(wal) => first_segment(&**storage, wal)?.ok_or_else(|| lost(wal))?,
        None => 0,
    };
    let mut usable = |bytes: &[u8]| match &wal {
        Some(wal) => Range::from_bytes(bytes, wal).is_ok_and(|range| range.from.segment >= first),
        None => true,
    };
    offsets::look(storage.clone(), &offsets, view, &mut usable)?.ok_or_else(|| lost(&offsets))
}

fn lost(path: &Path) -> Error {
    Error::Lost { path: path.to_owned(), what: "the log is gone".to_owned() }
}

fn ids(storage: &dyn Storage, dir: &Path) -> Result<Vec<Id>> {
    Ok(names(storage, dir)?.iter().filter_map(|name| Id::parse(name).ok()).collect())
}

fn show(inputs: &Inputs) -> String {
    let mut text = String::new();
    for source in &inputs.sources {
        text += &format!("  sources/{}: from {} on, newest {}\n", source.name, source.from_ms, source.last_ms);
    }
    for folder in &inputs.folders {
        let spans: Vec<String> = folder.covers.iter().rev().take(3).map(|(a, b)| format!("{a} to {}", b - 1)).collect();
        text += &format!("  {}: {}\n", folder.name, spans.join(", "));
    }
    text
}
