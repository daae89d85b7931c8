//! `sstream-checkpoint ls`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::change::count;
use super::moment::{date, show};
use super::print;
use crate::checkpoint::inspect::Inspected;
use crate::checkpoint::job::show_pipeline;
use crate::checkpoint::lock::{self, Said};
use crate::cli::ToolError;
use crate::cli::table::table;
use crate::duration::show_size;
use crate::interval::Interval;

/// What is known of a source, a stage or a sink.
struct Folder {
    kind: &'static str,
    name: String,
    arguments: String,
    interval: Interval,
    newest_ms: Option<u64>,
    /// From when to when a restart may begin as far as it is concerned.
    covers: Vec<(u64, u64)>,
    closed: bool,
    bytes: u64,
    held: Option<Said>,
}

/// Lists what is there.
pub fn list(inspected: &Inspected, json: bool) -> Result<(), ToolError> {
    let folders = folders(inspected)?;
    let resume = inspected.survey.resume();
    let again: Vec<(String, u64)> = match &resume {
        Ok(resume) => again(inspected, resume.resume_ms),
        Err(_) => Vec::new(),
    };
    let job = &inspected.survey.job;
    if json {
        let (mut sources, mut stages, mut sinks) = (Vec::new(), Vec::new(), Vec::new());
        for folder in &folders {
            match folder.kind {
                "source" => sources.push(folder.json()),
                "stage" => stages.push(folder.json()),
                _ => sinks.push(folder.json()),
            }
        }
        let resume = resume.as_ref().ok();
        let again: BTreeMap<&str, u64> = again.iter().map(|(name, batches)| (name.as_str(), *batches)).collect();
        let object = json!({
            "checkpoint": inspected.layout.dir().to_string_lossy(), "job": job.id, "start": job.start_ms,
            "resets": job.resets, "pipeline": job.pipeline, "resume": resume.map(|resume| resume.resume_ms),
            "held_back_by": resume.and_then(|resume| resume.held_back_by.clone()),
            "finish": resume.map(|resume| resume.finish), "again": again,
            "sources": sources, "stages": stages, "sinks": sinks,
        });
        print::text(&format!("{object}\n"))?;
    } else {
        let mut text = format!("checkpoint  {}\n", inspected.layout.dir().display());
        text += &format!("pipeline    {}\n", show_pipeline(&job.pipeline));
        text += &format!("began after {}\n", show(job.start_ms));
        if let Ok(resume) = &resume {
            text += &format!("resume      after {}\n", show(resume.resume_ms));
            for (name, batches) in again.iter().filter(|(_, batches)| *batches > 0) {
                text += &format!("            a restart sends {} of {name} again\n", count(*batches));
            }
            if let Some(folder) = &resume.held_back_by {
                text += &format!("            held back by {folder}\n");
            }
            if resume.finish {
                text += "            the next start only finishes what was closed, and exits 1\n";
            }
        }
        let mut rows =
            vec![["KIND", "NAME", "NEWEST", "DATE", "COVERS", "BYTES", "HELD BY", "WHAT"].map(str::to_owned).to_vec()];
        rows.extend(folders.iter().map(Folder::row));
        text.push('\n');
        text += &table(&rows);
        print::text(&text)?;
    }
    // After all that can be told.
    resume.map(drop).map_err(ToolError::from)
}

/// How many batches of each source a restart at `resume_ms` sends again.
fn again(inspected: &Inspected, resume_ms: u64) -> Vec<(String, u64)> {
    let sources = inspected.survey.sources.iter();
    let count = |runs: &[crate::checkpoint::Times]| {
        runs.iter().filter_map(|run| run.after(resume_ms)).map(|run| run.count()).sum()
    };
    sources.map(|(name, _, seen)| (name.clone(), count(&seen.runs))).collect()
}

fn folders(inspected: &Inspected) -> Result<Vec<Folder>, ToolError> {
    let Inspected { storage, layout, survey } = inspected;
    let held: BTreeMap<String, Said> =
        lock::held(&**storage, layout)?.into_iter().map(|held| (held.id.to_string(), held.said)).collect();
    let bytes = |dir: &Path| inspected.bytes(dir);
    let mut folders = Vec::new();
    for (name, file, seen) in &survey.sources {
        folders.push(Folder {
            kind: "source",
            name: name.clone(),
            arguments: file.arguments.clone(),
            interval: file.interval,
            newest_ms: seen.runs.last().map(|run| run.last_ms),
            covers: vec![(seen.from_ms.max(survey.job.start_ms), u64::MAX)],
            closed: seen.closed,
            bytes: bytes(&layout.source(name))?,
            held: held.get(&format!("{name}.source")).cloned(),
        });
    }
    for (id, file, seen) in &survey.stages {
        folders.push(Folder {
            kind: "stage",
            name: id.to_string(),
            arguments: file.arguments.clone(),
            interval: file.interval,
            newest_ms: seen.newest_ms,
            covers: seen.covers.clone(),
            closed: seen.covers.last().is_some_and(|(_, to)| *to == u64::MAX),
            bytes: bytes(&layout.stages().join(id.to_string()))?,
            held: held.get(&id.to_string()).cloned(),
        });
    }
    for (id, file, seen) in &survey.sinks {
        folders.push(Folder {
            kind: "sink",
            name: id.to_string(),
            arguments: file.arguments.clone(),
            interval: file.interval,
            newest_ms: seen.last_ms,
            covers: vec![(file.base_ms, file.interval.after(seen.done_ms.max(file.base_ms)))],
            closed: seen.done_ms == u64::MAX,
            bytes: bytes(&layout.commits().join(id.to_string()))?,
            held: held.get(&id.to_string()).cloned(),
        });
    }
    Ok(folders)
}

impl Folder {
    fn row(&self) -> Vec<String> {
        let newest = self.newest_ms.map_or_else(|| "-".to_owned(), |time_ms| time_ms.to_string());
        let covers = match (self.covers.first(), self.covers.last()) {
            (Some((from, _)), Some((_, u64::MAX))) => format!("from {from} on"),
            (Some((from, _)), Some((_, to))) => format!("{from} to {}", to - 1),
            _ => "nothing".to_owned(),
        };
        let held = match &self.held {
            Some(said) => said.pid.map_or_else(|| "?".to_owned(), |pid| format!("process {pid}")),
            None if self.closed => "- (closed)".to_owned(),
            None => "-".to_owned(),
        };
        vec![
            self.kind.to_owned(),
            self.name.clone(),
            newest,
            self.newest_ms.map_or_else(|| "-".to_owned(), date),
            covers,
            show_size(self.bytes),
            held,
            format!("{} (every {})", self.arguments, self.interval),
        ]
    }

    fn json(&self) -> Value {
        let end = |to: u64| if to == u64::MAX { Value::Null } else { to.into() };
        let covers: Vec<Value> = self.covers.iter().map(|(from, to)| json!([from, end(*to)])).collect();
        let held = self.held.as_ref().map(|said| json!({"pid": said.pid, "run": said.run}));
        json!({
            "name": self.name, "arguments": self.arguments, "interval": self.interval.ms(),
            "calendar": self.interval.calendar_text(), "newest": self.newest_ms,
            "covers": covers, "closed": self.closed, "bytes": self.bytes, "held": held,
        })
    }
}
