//! Another interval than in the run before.
//!
//! What batches of the old interval began is finished with that interval: if some are to be sent
//! again, the start sends them again, closes, and takes nothing new. The next one finds all folders at the newest
//! batch, and nothing under way: the times of new batches are multiples of the new interval from there on.
//!
//! A folder covers the times up to the next batch, by the interval in its file. From now on the next one comes by another interval, so the
//! files say so before the source's own does. Whether a stage gets batches of the source's interval, or of a window's
//! slide that happened to be the same, is not known here: the new one is the least that they can be apart, until the
//! stage comes up and says what it is.

use std::path::Path;

use super::SourceOptions;
use crate::checkpoint::job::{Layout, SourceFile, StageFile};
use crate::checkpoint::name::Id;
use crate::checkpoint::offsets::{Offsets, OffsetsSummary};
use crate::checkpoint::resume::Resume;
use crate::checkpoint::storage::{Storage, names};
use crate::checkpoint::survey::Survey;
use crate::checkpoint::{Error, Result};
use crate::interval::Interval;

/// Whether what the interval before began has to be finished first.
pub fn is_under_way(survey: &Survey, resume: &Resume, name: &str, (was, now): (Interval, Interval)) -> Result<bool> {
    let is_newer = |seen: &OffsetsSummary| seen.runs.last().is_some_and(|run| run.last_ms > resume.resume_ms);
    let is_under_way = survey.sources.iter().any(|(_, _, seen)| is_newer(seen));
    if is_under_way && survey.sinks.is_empty() && survey.sources.iter().all(|(_, _, seen)| seen.closed) {
        // A run came to its end, and nobody was there to say that it is done with: it would come again and again.
        return Err(Error::Interval { name: name.to_owned(), was, now, why: "there is no sink that would say so" });
    }
    Ok(is_under_way)
}

/// Refuses a source that joins a run of others which do not finish, while it would have to.
pub(super) fn check_joined(
    options: &SourceOptions<'_>,
    known: &SourceFile,
    offsets: &Offsets,
    resume_ms: u64,
) -> Result<()> {
    if offsets.after(resume_ms)?.next_batch()?.is_none() {
        return Ok(());
    }
    let (was, now) = (known.interval, options.interval);
    let why = "the other sources of the pipeline have the interval that they had";
    Err(Error::Interval { name: options.name.to_owned(), was, now, why })
}

/// Tells the folders behind the source that batches come by another interval.
pub(super) fn tell_folders(
    storage: &dyn Storage,
    layout: &Layout,
    source: &str,
    was: Interval,
    now: Interval,
) -> Result<()> {
    type Read = fn(&dyn Storage, &Path) -> Result<Option<StageFile>>;
    let readers: [(_, Read); 2] = [(layout.stages(), StageFile::read_stage), (layout.commits(), StageFile::read_sink)];
    for (dir, read) in readers {
        let ids = names(storage, &dir)?.into_iter().filter_map(|name| Id::parse(&name).ok());
        for id in ids.filter(|id| id.contains(source)) {
            let folder = dir.join(id.to_string());
            if let Some(file) = read(storage, &folder)?
                && (file.interval == was || file.changing)
            {
                StageFile { interval: now, changing: true, ..file }.write(storage, &folder)?;
            }
        }
    }
    Ok(())
}
