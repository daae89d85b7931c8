//! Who was in a run, by what the locks of stages say: also those that nobody holds any more.
//!
//! A stage writes the run into its lock, durably, before its head leaves; so whoever stands
//! behind it in the line comes later, and the end of the line last. Once the end is in
//! a run, everybody is who belongs to it: nobody else enters, and a sink that is
//! not in it has been taken out of the pipeline.

use std::sync::Arc;

use super::job::{Layout, StageFile};
use super::lock::Said;
use super::name::Id;
use super::storage::{Storage, names};
use super::{Result, commits};

/// The run of the source called `source` that the stage was last in; empty where nobody knows.
fn last_run(storage: &dyn Storage, layout: &Layout, id: &Id, source: &str) -> Result<String> {
    let said = Said::of(storage, &layout.lock(id))?;
    let runs: Vec<&str> = said.run.split('+').collect();
    let index = id.sources().iter().position(|name| name == source).filter(|_| runs.len() == id.sources().len());
    Ok(index.map_or_else(String::new, |index| runs[index].to_owned()))
}

/// The sinks behind a source.
fn sinks(storage: &dyn Storage, layout: &Layout, source: &str) -> Result<Vec<(Id, StageFile)>> {
    let mut sinks = Vec::new();
    for id in names(storage, &layout.commits())?.iter().filter_map(|name| Id::parse(name).ok()) {
        if id.contains(source)
            && let Some(file) = StageFile::read_sink(storage, &layout.commits().join(id.to_string()))?
        {
            sinks.push((id, file));
        }
    }
    Ok(sinks)
}

/// The end of the line that is in a run of the source called `source`, if it has come so far.
pub fn end_of(storage: &dyn Storage, layout: &Layout, source: &str, run: &str) -> Result<Option<Id>> {
    for (id, file) in sinks(storage, layout, source)? {
        if file.end == Some(true) && !run.is_empty() && last_run(storage, layout, &id, source)? == run {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Whether a source has ever had an end of the line behind it.
pub fn has_end(storage: &dyn Storage, layout: &Layout, source: &str) -> Result<bool> {
    Ok(sinks(storage, layout, source)?.iter().any(|(_, file)| file.end == Some(true)))
}

/// The sinks behind a source that were taken out of the pipeline after they had done all that
/// there was: `run`, the last one, came to its end without them.
pub fn taken_out(storage: &Arc<dyn Storage>, layout: &Layout, source: &str, run: &str) -> Result<Vec<Id>> {
    let Some(end) = end_of(&**storage, layout, source, run)? else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    for (id, _) in sinks(&**storage, layout, source)? {
        let last = last_run(&**storage, layout, &id, source)?;
        let is_elsewhere = id.sources().iter().any(|name| !end.contains(name));
        if is_elsewhere || last.is_empty() || last == run {
            continue;
        }
        if commits::is_done(storage.clone(), &layout.commits().join(id.to_string()))? {
            out.push(id);
        }
    }
    Ok(out)
}
