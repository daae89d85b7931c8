//! One pipeline as far as one of its stages sees it: what its head, ends and
//! close say, added up and kept for the newest batches. Pure: whoever reads the
//! stream, a published file or a trace log feeds it.

mod facts;
mod load;
mod show;
mod totals;

use std::collections::VecDeque;

use serde_json::Value;

use facts::held_of;
pub use facts::{Batch, Facts, Spark, held_to_json, keys};
#[cfg(test)]
use show::show_bytes;
pub use show::{YEAR_10000_MS, show_count, show_held, show_span, show_time, show_watermark};
pub use totals::{DELAY_BOUNDS_MS, DelayCounts, Totals};

use super::delays::delays;
use super::shape::{self, Entry, Mismatch};
use crate::frame::{BatchTime, Close, End, Head, Reason};
use crate::op::Held;

/// How many of the newest batches figures like "records a second" are made of.
const RECENT: usize = 10;

/// For so many more batches room is made at once.
const GROWTH: usize = 4096;

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
    held: Option<Held>,
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
            held: None,
        }
    }

    /// A view of a pipeline with no batch yet, of which single batches are to be
    /// shown.
    pub fn of(facts: &Facts) -> View {
        View { facts: facts.clone(), ..View::new(&Head::new(facts.interval), 0) }
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
        self.held = held_of(end);
        let entries = self.entries(end.trace.as_deref().unwrap_or_default());
        let before = self.batches.back().map_or(&[][..], |batch| &batch.entries);
        let moment = (!self.facts.is_virtual).then_some(end.time.0);
        let delays = delays(&self.facts.stages, &entries, before, moment);
        if let Some(mismatch) = shape::mismatches(&self.facts.stages, &entries).into_iter().next() {
            let known = self.disagreement.get_or_insert(Disagreement { batches: 0, first: end.time, mismatch });
            known.batches += 1;
        }
        let (records, watermark) = (end.records, end.watermark);
        let batch = Batch { time: end.time, records, watermark, delays, entries: entries.into() };
        if self.is_late(&batch) {
            self.totals.late += 1;
            self.behind_since.get_or_insert(batch.time);
        } else {
            self.behind_since = None;
        }
        self.totals.add(&batch, &self.facts);
        if self.batches.len() >= self.limit {
            self.batches.pop_front();
        } else if self.batches.len() == self.batches.capacity() {
            // A day's batches would take twice the room if it doubled.
            self.batches.reserve_exact(GROWTH);
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

    /// How the stream ended, if it has, in words.
    pub fn outcome(&self) -> Option<String> {
        Some(match &self.close.as_ref()?.reason {
            Reason::Error { message, .. } => format!("failed: {message}"),
            Reason::Eof => "finished: the input ended".to_owned(),
            Reason::Stop => "finished: it was asked to stop".to_owned(),
        })
    }

    /// Batches in which records were lost or invented between stages.
    pub fn disagreement(&self) -> Option<&Disagreement> {
        self.disagreement.as_ref()
    }

    /// How much the last stage kept at its newest end, if it keeps something.
    pub fn held(&self) -> Option<Held> {
        self.held
    }

    /// The batch since which all have taken longer than their interval.
    pub fn behind_since(&self) -> Option<BatchTime> {
        self.behind_since
    }

    /// Whether the batch took longer than its interval, so that the next ones
    /// wait. Under a virtual clock no batch is late.
    pub fn is_late(&self, batch: &Batch) -> bool {
        !self.facts.is_virtual && batch.delays.total_ms() > self.facts.interval.length(batch.time.0) as f64
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
}

#[cfg(test)]
mod tests;
