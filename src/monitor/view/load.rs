//! How stages did in the newest batches, and what is to be said of it.

use super::{Batch, RECENT, View, show_span, show_time};
use crate::monitor::shape::Entry;

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

impl View {
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
                let by_clock_ms = count * self.facts.interval.ms() as f64;
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
        let interval = self.facts.interval;
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
