//! What a head says of a pipeline, and what an end says of a batch.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::frame::{BatchTime, End, Head, Watermark};
use crate::interval::Interval;
use crate::monitor::delays::Delays;
use crate::monitor::shape::{self, Entry, Stage};
use crate::op::Held;

/// Keys of heads and ends that are about seeing what goes on.
pub mod keys {
    /// Who wrote a published file: an object with `pid` and `since`, and `run`
    /// where sstream-run was given a name for the pipeline.
    pub const PUBLISHED: &str = "published";
    /// In an end of a published file or a trace log: how much the stage that
    /// wrote it keeps, an object with `keys`, `records` and `bytes`.
    pub const HELD: &str = "held";
    /// In the head of an application on a Spark cluster: an object with `application`, Spark's id of it, and
    /// `page`, where Spark shows it, or null.
    pub const SPARK: &str = "spark";
}

/// What a head says.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The pipeline's id; a join's are both, with a `+`.
    pub id: String,
    /// What the user called it.
    pub name: Option<String>,
    /// What sstream-run calls it.
    pub run: Option<String>,
    /// How far apart batches are.
    pub interval: Interval,
    /// Batch times are no moments.
    pub is_virtual: bool,
    /// The stages up to the one whose stream this is.
    pub stages: Vec<Stage>,
    /// The process that published this, and when it did first, in ms.
    pub publisher: Option<(u32, u64)>,
    /// The directory of the pipeline's checkpoint.
    pub checkpoint: Option<PathBuf>,
    /// What it is on a Spark cluster, if it runs on one.
    pub spark: Option<Spark>,
}

/// An application on a Spark cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spark {
    /// Spark's id of it.
    pub application: String,
    /// The address of Spark's own page about it; none where Spark shows none.
    pub page: Option<String>,
}

impl Spark {
    /// Where more is to be seen of it, for people.
    pub fn place(&self) -> String {
        let page = self.page.as_deref().unwrap_or("no page of Spark's: spark.ui.enabled=false");
        format!("{} ({page})", self.application)
    }
}

impl Facts {
    /// Reads them from a head.
    pub fn of(head: &Head) -> Facts {
        let publisher = head.other.get(keys::PUBLISHED).and_then(|published| {
            let pid = u32::try_from(published.get("pid")?.as_u64()?).ok()?;
            Some((pid, published.get("since")?.as_u64()?))
        });
        Facts {
            id: head.pipeline().unwrap_or_default().to_owned(),
            name: head.name().map(str::to_owned),
            run: (head.other.get(keys::PUBLISHED))
                .and_then(|published| published.get("run")?.as_str().map(str::to_owned)),
            interval: head.interval,
            is_virtual: head.has_virtual_clock(),
            stages: shape::stages(&head.stages),
            publisher,
            checkpoint: head.checkpoint(),
            spark: head.other.get(keys::SPARK).and_then(|spark| {
                let text = |key: &str| spark.get(key).and_then(Value::as_str).map(str::to_owned);
                Some(Spark { application: text("application")?, page: text("page") })
            }),
        }
    }

    /// The name that the user gave it: the run's, or else the source's.
    pub fn called(&self) -> Option<&str> {
        self.run.as_deref().or(self.name.as_deref())
    }

    /// What to call the pipeline: its name, or its first stages.
    pub fn title(&self) -> String {
        let first = |stage: &&Stage| stage.inputs.is_empty();
        self.called().map(str::to_owned).unwrap_or_else(|| {
            let firsts: Vec<&str> = self.stages.iter().filter(first).map(|stage| stage.description.as_str()).collect();
            firsts.join(" + ")
        })
    }
}

/// A batch that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Its time.
    pub time: BatchTime,
    /// Its records at the last stage.
    pub records: u64,
    /// How far the records' own time had come by its end, if they have one.
    pub watermark: Option<Watermark>,
    /// Its delays.
    pub delays: Delays,
    /// Each stage's part, in the order of the stream; empty without a trace.
    pub entries: Box<[Entry]>,
}

impl Batch {
    /// Records that the first stages took in; without a trace those that came
    /// out at the end.
    pub fn input(&self, facts: &Facts) -> u64 {
        if self.entries.is_empty() {
            return self.records;
        }
        let firsts = || facts.stages.iter().zip(&self.entries).filter(|(stage, _)| stage.inputs.is_empty());
        if firsts().count() <= facts.id.split('+').count() {
            return firsts().map(|(_, entry)| entry.records_in).sum();
        }
        // A source that two sides of a join read is one source.
        let mut sources: Vec<(&str, u64)> = Vec::new();
        for (stage, entry) in firsts() {
            match sources.iter_mut().find(|(description, _)| *description == stage.description) {
                Some((_, records)) => *records = entry.records_in.max(*records),
                None => sources.push((&stage.description, entry.records_in)),
            }
        }
        sources.iter().map(|(_, records)| records).sum()
    }

    /// How far the records' own time is behind the batch's, in ms; less than 0 where records
    /// bear times to come.
    pub fn watermark_lag_ms(&self) -> Option<i64> {
        let batch_ms = i64::try_from(self.time.0).unwrap_or(i64::MAX);
        self.watermark.map(|Watermark(ms)| batch_ms.saturating_sub(ms))
    }

    /// When the last stage was done with it, in ms since the epoch.
    pub fn finished_ms(&self) -> Option<u64> {
        self.entries.last().map(|entry| entry.finished_ms)
    }
}

/// How much a stage keeps, as the value of [`keys::HELD`].
pub fn held_to_json(held: Held) -> Value {
    let mut object = json!({ "bytes": held.bytes });
    for (key, count) in [("keys", held.keys), ("records", held.records)] {
        if let Some(count) = count {
            object[key] = count.into();
        }
    }
    object
}

/// How much the stage that wrote an end keeps, if it keeps something.
pub(super) fn held_of(end: &End) -> Option<Held> {
    let object = end.other.get(keys::HELD)?;
    let count = |key: &str| object.get(key).and_then(Value::as_u64);
    Some(Held { keys: count("keys"), records: count("records"), bytes: count("bytes")? })
}
