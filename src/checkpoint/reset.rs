//! Letting everything begin again at an older time.
//!
//! What sources recorded stays: they send the batches after that time again, with the
//! same records. States go back to that time, and what sinks committed after it
//! is taken back, so that it is written again.
//!
//! In order: job.json says that there was a reset, then each sink takes back,
//! then each state is cut off. While sinks are still to be done, they leave out
//! what they have; states follow R, which no cut makes newer. So a
//! crash in the middle leaves a checkpoint that works, and doing it again does the rest.

use std::sync::Arc;

use super::inspect::{Inspected, show_spans};
use super::job::Job;
use super::lock::hold_still;
use super::resume::{Spans, intersect};
use super::state::StateLog;
use super::state::files::Nothing;
use super::survey::Survey;
use super::{Error, Result, Times, commits};

/// What a reset would do to a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The folder: `commits/a.02-files`.
    pub folder: String,
    /// What becomes of it.
    pub what: What,
}

/// What becomes of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A source sends so many batches again.
    SendAgain(u64),
    /// A state is cut off; this was its newest batch.
    CutOff(Option<u64>),
    /// A sink takes so many commits back, and writes these batches again.
    TakeBack {
        /// How many batches.
        batches: u64,
        /// The first and the last of them.
        span: Option<(u64, u64)>,
    },
}

/// When everything can begin again, as spans [from, to).
pub fn possible(survey: &Survey) -> Spans {
    let inputs = survey.inputs();
    // A batch that no source has cannot be sent again.
    let last_ms = inputs.sources.iter().map(|source| source.last_ms).max().unwrap_or(survey.job.start_ms);
    let mut spans: Spans = vec![(survey.job.start_ms, last_ms.saturating_add(1))];
    for (source, (_, file, _)) in inputs.sources.iter().zip(&survey.sources) {
        // A stream has batches of one interval: not those from before it was another one.
        let other = source.runs.iter().rev().find(|run| !run.are_of(file.interval));
        let from_ms = other.map_or(source.from_ms, |run| run.last_ms.max(source.from_ms));
        spans = intersect(&spans, &[(from_ms, u64::MAX)]);
    }
    inputs.folders.iter().fold(spans, |spans, folder| intersect(&spans, &folder.covers))
}

/// What a reset to `to_ms` would do, without doing it.
pub fn plan(inspected: &Inspected, to_ms: u64) -> Result<Vec<Change>> {
    let survey = &inspected.survey;
    check(inspected, to_ms)?;
    let mut changes = Vec::new();
    for (name, _, seen) in &survey.sources {
        let batches = seen.runs.iter().filter_map(|run| run.after(to_ms)).map(|run| run.count()).sum();
        changes.push(Change { folder: format!("sources/{name}"), what: What::SendAgain(batches) });
    }
    for (id, _, seen) in &survey.stages {
        changes.push(Change { folder: format!("stages/{id}"), what: What::CutOff(seen.newest_ms) });
    }
    for (id, ..) in &survey.sinks {
        let dir = inspected.layout.commits().join(id.to_string());
        let all = commits::look_at_all(inspected.storage.clone(), &dir)?;
        let newer: Vec<Times> = all.iter().filter_map(|(times, _)| times.after(to_ms)).collect();
        let span = newer.first().zip(newer.last()).map(|(first, last)| (first.first_ms, last.last_ms));
        let batches = newer.iter().map(Times::count).sum();
        changes.push(Change { folder: format!("commits/{id}"), what: What::TakeBack { batches, span } });
    }
    Ok(changes)
}

/// Does it. Refused while the pipeline runs.
pub fn reset(inspected: &Inspected, to_ms: u64) -> Result<Vec<Change>> {
    let Inspected { storage, layout, .. } = inspected;
    // Held to the end of this function.
    let _still = hold_still(&**storage, layout)?;
    let inspected = Inspected::open(Arc::clone(storage), layout.dir())?;
    let changes = plan(&inspected, to_ms)?;
    let survey = inspected.survey;
    let job = Job { resets: survey.job.resets + 1, ..survey.job };
    job.write(&**storage, layout)?;
    for (id, _, seen) in &survey.sinks {
        if seen.done_ms > to_ms {
            commits::take_back(storage.clone(), &layout.commits().join(id.to_string()), to_ms)?;
        }
    }
    for (id, file, _) in &survey.stages {
        let dir = layout.stages().join(id.to_string());
        let times = (file.base_ms, to_ms);
        StateLog::open_with(storage.clone(), &dir, times, (file.interval, 0), &mut Nothing)?;
    }
    Ok(changes)
}

/// Whether everything would resume at `to_ms` after a reset.
fn check(inspected: &Inspected, to_ms: u64) -> Result<()> {
    let survey = &inspected.survey;
    let spans = possible(survey);
    let mut inputs = survey.inputs();
    for ((_, file, seen), folder) in survey.stages.iter().zip(&mut inputs.folders) {
        folder.covers = intersect(&folder.covers, &[(0, file.interval.after(to_ms))]);
        folder.newest_ms = seen.newest_ms.map(|newest_ms| newest_ms.min(to_ms));
    }
    for ((_, file, seen), folder) in survey.sinks.iter().zip(&mut inputs.folders[survey.stages.len()..]) {
        folder.covers = intersect(&folder.covers, &[(0, file.interval.after(to_ms))]);
        folder.newest_ms = seen.last_ms.map(|last_ms| last_ms.min(to_ms));
    }
    let is_covered = spans.iter().any(|(from, to)| (*from..*to).contains(&to_ms));
    if is_covered && survey.resume_of(&inputs).is_ok_and(|resume| resume.resume_ms == to_ms && !resume.finish) {
        return Ok(());
    }
    let covered = match spans.is_empty() {
        true => "  at no time: see sstream-checkpoint ls and verify\n".to_owned(),
        false => format!("{}at the times of batches", show_spans(&spans)),
    };
    Err(Error::NotCovered { dir: inspected.layout.dir().to_owned(), time_ms: to_ms, covered })
}
