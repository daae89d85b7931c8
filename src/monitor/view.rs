//! One pipeline as far as one of its stages sees it: what its head, ends and
//! close say, added up and kept for the newest batches. Pure: whoever reads the
//! stream, a published file or a trace log feeds it.

use std::collections::VecDeque;

use serde_json::Value;

use super::delays::{Delays, delays};
use super::shape::{self, Entry, Mismatch, Stage};
use crate::duration;
use crate::frame::{BatchTime, Close, End, Head};

/// How many of the newest batches figures like "records a second" are made of.
const RECENT: usize = 10;

/// Head keys that are about seeing what goes on.
pub mod keys {
    /// A random id that a pipeline's first stage gives it.
    pub const PIPELINE: &str = "pipeline";
    /// Who wrote a published file: an object with `pid` and `since`, and `run`
    /// where sstream-run was given a name for the pipeline.
    pub const PUBLISHED: &str = "published";
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
    /// Milliseconds between batches.
    pub interval_ms: u64,
    /// Batch times are no moments.
    pub is_virtual: bool,
    /// The stages up to the one whose stream this is.
    pub stages: Vec<Stage>,
    /// The process that published this, and when it did first, in ms.
    pub publisher: Option<(u32, u64)>,
}

impl Facts {
    /// Reads them from a head.
    pub fn of(head: &Head) -> Facts {
        let publisher = head.other.get(keys::PUBLISHED).and_then(|published| {
            let pid = u32::try_from(published.get("pid")?.as_u64()?).ok()?;
            Some((pid, published.get("since")?.as_u64()?))
        });
        Facts {
            id: head.text(keys::PIPELINE).unwrap_or_default().to_owned(),
            name: head.text("name").map(str::to_owned),
            run: (head.other.get(keys::PUBLISHED))
                .and_then(|published| published.get("run")?.as_str().map(str::to_owned)),
            interval_ms: head.interval_ms,
            is_virtual: head.has_virtual_clock(),
            stages: shape::stages(&head.stages),
            publisher,
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

    /// When the last stage was done with it, in ms since the epoch.
    pub fn finished_ms(&self) -> Option<u64> {
        self.entries.last().map(|entry| entry.finished_ms)
    }
}

/// Upper bounds of delays for counting batches, in ms.
pub const DELAY_BOUNDS_MS: [f64; 14] =
    [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1e3, 2.5e3, 5e3, 1e4, 6e4];

/// Batches by the first bound that they are within; the last count is of those
/// beyond all bounds.
pub type DelayCounts = [u64; DELAY_BOUNDS_MS.len() + 1];

/// Sums since the first end.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Ends.
    pub batches: u64,
    /// Records that the first stages took in.
    pub input: u64,
    /// Delays of all batches, in ms.
    pub delays: Delays,
    /// Batches by scheduling delay.
    pub scheduling: DelayCounts,
    /// Batches by processing time.
    pub processing: DelayCounts,
    /// Batches by total delay.
    pub total: DelayCounts,
    /// Batches whose total delay was longer than the interval.
    pub late: u64,
    /// Each stage's parts, summed; `finished_ms` is the latest.
    pub stages: Vec<Entry>,
}

/// Batches whose stages do not agree on what went from one to the next.
#[derive(Clone, Debug)]
pub struct Disagreement {
    /// How many batches.
    pub batches: u64,
    /// The first of them.
    pub first: BatchTime,
    /// What is wrong with that one.
    pub mismatch: Mismatch,
}

/// How one stage did in the newest batches.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StageLoad {
    /// Records in, a second.
    pub records_per_second: f64,
    /// Time at work, ms a batch.
    pub busy_ms: f64,
    /// Part of the interval at work: above 1 it cannot keep up.
    pub share: f64,
}

/// One pipeline, or the part of one up to some stage.
#[derive(Clone, Debug)]
pub struct View {
    facts: Facts,
    /// The stages as they stand in the head.
    head: Vec<Value>,
    limit: usize,
    batches: VecDeque<Batch>,
    totals: Totals,
    close: Option<Close>,
    disagreement: Option<Disagreement>,
    behind_since: Option<BatchTime>,
}

impl View {
    /// A view that keeps at most `limit` batches, and at least a few.
    pub fn new(head: &Head, limit: usize) -> View {
        View {
            facts: Facts::of(head),
            head: head.stages.clone(),
            limit: limit.max(RECENT),
            batches: VecDeque::new(),
            totals: Totals::default(),
            close: None,
            disagreement: None,
            behind_since: None,
        }
    }

    /// A view of a pipeline with no batch yet, of which single batches are to be
    /// shown.
    pub fn of(facts: &Facts) -> View {
        View { facts: facts.clone(), ..View::new(&Head::new(facts.interval_ms), 0) }
    }

    /// Makes a batch of another view the newest one.
    pub fn show(&mut self, batch: &Batch) {
        self.batches.clear();
        self.batches.push_back(batch.clone());
    }

    /// Takes an end. One that was seen already changes nothing, so that a file
    /// that was begun anew can be read from its start.
    pub fn end(&mut self, end: &End) {
        if self.batches.back().is_some_and(|last| end.time <= last.time) {
            return;
        }
        let entries = self.entries(end.trace.as_deref().unwrap_or_default());
        let before = self.batches.back().map_or(&[][..], |batch| &batch.entries);
        let moment = (!self.facts.is_virtual).then_some(end.time.0);
        let delays = delays(&self.facts.stages, &entries, before, moment);
        if let Some(mismatch) = shape::mismatches(&self.facts.stages, &entries).into_iter().next() {
            let known = self.disagreement.get_or_insert(Disagreement { batches: 0, first: end.time, mismatch });
            known.batches += 1;
        }
        let batch = Batch { time: end.time, records: end.records, delays, entries: entries.into() };
        if self.is_late(&batch) {
            self.totals.late += 1;
            self.behind_since.get_or_insert(batch.time);
        } else {
            self.behind_since = None;
        }
        self.add(&batch);
        if self.batches.len() >= self.limit {
            self.batches.pop_front();
        }
        self.batches.push_back(batch);
    }

    /// The entries of a trace, in the order of the stages; none without a trace.
    fn entries(&mut self, trace: &[Value]) -> Vec<Entry> {
        if trace.is_empty() {
            return Vec::new();
        }
        if let Some(entries) = shape::aligned(&self.head, trace) {
            return entries;
        }
        // A head that does not fit: the trace itself says what the stages are.
        let (stages, entries) = shape::entries(trace).unwrap_or_default().into_iter().unzip();
        self.facts.stages = stages;
        entries
    }

    fn add(&mut self, batch: &Batch) {
        let totals = &mut self.totals;
        totals.batches += 1;
        totals.input += batch.input(&self.facts);
        totals.delays.scheduling_ms += batch.delays.scheduling_ms;
        totals.delays.processing_ms += batch.delays.processing_ms;
        for (counts, delay_ms) in [
            (&mut totals.scheduling, batch.delays.scheduling_ms),
            (&mut totals.processing, batch.delays.processing_ms),
            (&mut totals.total, batch.delays.total_ms()),
        ] {
            counts[DELAY_BOUNDS_MS.partition_point(|bound| *bound < delay_ms)] += 1;
        }
        totals.stages.resize(totals.stages.len().max(batch.entries.len()), Entry::default());
        for (sum, entry) in totals.stages.iter_mut().zip(&batch.entries) {
            sum.records_in += entry.records_in;
            sum.records_out += entry.records_out;
            sum.aside += entry.aside;
            sum.busy_ms += entry.busy_ms;
            sum.finished_ms = sum.finished_ms.max(entry.finished_ms);
        }
    }

    /// Takes the close.
    pub fn close(&mut self, close: &Close) {
        self.close = Some(close.clone());
    }

    /// What the head says.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The newest batches, oldest first.
    pub fn batches(&self) -> &VecDeque<Batch> {
        &self.batches
    }

    /// The batch of this time.
    pub fn batch(&self, time: BatchTime) -> Option<&Batch> {
        let index = self.batches.partition_point(|batch| batch.time < time);
        self.batches.get(index).filter(|batch| batch.time == time)
    }

    /// Batches after `time`, oldest first.
    pub fn since(&self, time: Option<BatchTime>) -> impl Iterator<Item = &Batch> {
        let start = time.map_or(0, |time| self.batches.partition_point(|batch| batch.time <= time));
        self.batches.range(start..)
    }

    /// Sums since the first end.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// How the stream ended, if it has.
    pub fn closed(&self) -> Option<&Close> {
        self.close.as_ref()
    }

    /// Batches in which records were lost or invented between stages.
    pub fn disagreement(&self) -> Option<&Disagreement> {
        self.disagreement.as_ref()
    }

    /// The batch since which all have taken longer than their interval.
    pub fn behind_since(&self) -> Option<BatchTime> {
        self.behind_since
    }

    /// Whether the batch took longer than its interval, so that the next ones
    /// wait. Under a virtual clock no batch is late.
    pub fn is_late(&self, batch: &Batch) -> bool {
        !self.facts.is_virtual && batch.delays.total_ms() > self.facts.interval_ms as f64
    }

    /// Keeps fewer batches.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit.max(RECENT);
        let surplus = self.batches.len().saturating_sub(self.limit);
        if surplus > 0 {
            self.batches.drain(..surplus);
            self.batches.shrink_to(self.limit);
        }
    }

    /// How each stage did in the newest batches.
    pub fn loads(&self) -> Vec<StageLoad> {
        let start = self.batches.len().saturating_sub(RECENT);
        let recent: Vec<&Batch> = self.batches.range(start..).filter(|batch| !batch.entries.is_empty()).collect();
        let count = recent.len() as f64;
        (0..self.facts.stages.len())
            .map(|stage| {
                let parts: Vec<&Entry> = recent.iter().filter_map(|batch| batch.entries.get(stage)).collect();
                let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return StageLoad::default() };
                let records: u64 = parts.iter().map(|part| part.records_in).sum();
                let busy_ms = parts.iter().map(|part| part.busy_ms).sum::<f64>() / count;
                // Real time goes by at the clock's pace, or at that of the work.
                let worked_ms = last.finished_ms.saturating_sub(first.finished_ms) as f64 + first.busy_ms;
                let by_clock_ms = count * self.facts.interval_ms as f64;
                let span_ms = if self.facts.is_virtual { worked_ms } else { worked_ms.max(by_clock_ms) };
                StageLoad {
                    records_per_second: records as f64 * 1000.0 / span_ms.max(1.0),
                    busy_ms,
                    share: busy_ms * count / if self.facts.is_virtual { span_ms.max(1.0) } else { by_clock_ms },
                }
            })
            .collect()
    }

    /// The stage that works longest, with how it did in the newest batches.
    pub fn slowest(&self) -> Option<(usize, StageLoad)> {
        let loads = self.loads().into_iter().enumerate();
        loads.filter(|(_, load)| load.busy_ms > 0.0).max_by(|(_, a), (_, b)| a.busy_ms.total_cmp(&b.busy_ms))
    }

    /// In a sentence: does the pipeline keep up, since when not, by how much,
    /// and which stage is the slowest.
    pub fn verdict(&self) -> String {
        let Some(last) = self.batches.back() else { return "no batch yet".to_owned() };
        if last.entries.is_empty() {
            return "no trace: the first stage runs with --no-trace".to_owned();
        }
        let interval = duration::show_ms(self.facts.interval_ms);
        let total = show_span(last.delays.total_ms());
        let mut text = match self.behind_since {
            _ if self.facts.is_virtual => "runs as fast as it can".to_owned(),
            None => format!("keeps up: total delay {total}, interval {interval}"),
            Some(since) => {
                format!("behind since {}: total delay {total}, interval {interval}", show_time(since))
            }
        };
        if let Some((stage, load)) = self.slowest() {
            text.push_str(&format!(
                "; slowest is {}: {} of work a batch, {:.0} % of {}",
                self.facts.stages[stage].description,
                show_span(load.busy_ms),
                load.share * 100.0,
                if self.facts.is_virtual { "the time" } else { "the interval" }
            ));
        }
        text
    }
}

/// A span of ms as people read it: `0.4 ms`, `35 ms`, `3.2 s`, `4 min 10 s`.
pub fn show_span(ms: f64) -> String {
    let seconds = ms / 1000.0;
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        _ if seconds < 60.0 => format!("{seconds:.1} s"),
        _ if seconds < 3600.0 => format!("{} min {} s", seconds as u64 / 60, seconds as u64 % 60),
        _ => format!("{} h {} min", seconds as u64 / 3600, seconds as u64 % 3600 / 60),
    }
}

/// A batch's time as `2016-07-23 14:11:50Z`, with ms where they are not zero.
pub fn show_time(time: BatchTime) -> String {
    let moment = std::time::UNIX_EPOCH + std::time::Duration::from_millis(time.0);
    let text = if time.0.is_multiple_of(1000) {
        humantime::format_rfc3339_seconds(moment).to_string()
    } else {
        humantime::format_rfc3339_millis(moment).to_string()
    };
    text.replacen('T', " ", 1)
}

#[cfg(test)]
mod tests;
