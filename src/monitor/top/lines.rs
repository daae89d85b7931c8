//! A line a batch, where there is no terminal to draw on.

use crate::monitor::view::{View, show_span, show_time};

/// The newest batch of a pipeline in a line.
pub fn line(view: &View) -> Option<String> {
    let batch = view.batches().back()?;
    let stages = &view.facts().stages;
    let time = if view.facts().is_virtual { batch.time.to_string() } else { show_time(batch.time) };
    let mut line = format!("batch {time}: {} in, {} out", batch.input(view.facts()), batch.records);
    if batch.entries.is_empty() {
        return Some(line);
    }
    line.push_str(&format!(
        ", scheduling delay {}, processing time {}, total delay {}",
        show_span(batch.delays.scheduling_ms),
        show_span(batch.delays.processing_ms),
        show_span(batch.delays.total_ms())
    ));
    let slowest = batch.entries.iter().zip(stages).max_by(|(a, _), (b, _)| a.busy_ms.total_cmp(&b.busy_ms));
    if let Some((entry, stage)) = slowest {
        line.push_str(&format!(", slowest {} ({})", stage.description, show_span(entry.busy_ms)));
    }
    if view.is_late(batch) {
        line.push_str(", late");
    }
    Some(line)
}

/// What there is to say when a stream is over.
pub fn summary(view: &View) -> String {
    let totals = view.totals();
    let mean = |sum: f64| show_span(sum / totals.batches.max(1) as f64);
    let mut text = format!(
        "{} batches, {} records in; mean processing time {}, mean total delay {}, {} late",
        totals.batches,
        totals.input,
        mean(totals.delays.processing_ms),
        mean(totals.delays.total_ms()),
        totals.late
    );
    if let Some(found) = view.disagreement() {
        text.push_str(&format!("; in {} batches records went missing between stages", found.batches));
    }
    text
}

/// What is wrong with what stages told of a batch, if that batch is the first.
pub fn disagreement(view: &View) -> Option<String> {
    let found = view.disagreement().filter(|found| found.batches == 1)?;
    let stage = view.facts().stages.get(found.mismatch.stage)?;
    Some(format!(
        "batch {}: {} took in {} records, the stages before it gave {}: records were lost, or a tool between them changed \
         the stream",
        found.first, stage.description, found.mismatch.taken, found.mismatch.given
    ))
}
