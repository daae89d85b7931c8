//! The JSON of `/api/v1`. Under `streaming/` the fields are those of Spark's
//! REST API where they mean the same; delays are in ms, as there.

use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::frame::{BatchTime, Reason};
use crate::monitor::registry::{Life, Pipeline};
use crate::monitor::view::{Batch, View, YEAR_10000_MS, held_to_json};

/// A moment as Spark writes it: `2016-07-23T14:11:50.000GMT`; its ms where that has no date of four digits.
fn date(ms: u64) -> Value {
    if ms >= YEAR_10000_MS {
        return ms.to_string().into();
    }
    let moment = UNIX_EPOCH + Duration::from_millis(ms);
    humantime::format_rfc3339_millis(moment).to_string().replace('Z', "GMT").into()
}

fn state(pipeline: &Pipeline<'_>) -> &'static str {
    match (pipeline.life(), pipeline.view.closed().map(|close| &close.reason)) {
        (Life::Killed, _) => "KILLED",
        (_, Some(Reason::Error { .. })) => "FAILED",
        (_, Some(_)) => "FINISHED",
        (Life::Running, None) => "RUNNING",
        (Life::Closed, None) => "KILLED",
    }
}

/// Why a pipeline is over: what the page shows behind its state.
fn reason(pipeline: &Pipeline<'_>) -> Value {
    pipeline.state().split_once(": ").map(|(_, reason)| reason).into()
}

/// A pipeline, as an entry of the list and at the head of its page.
pub fn application(pipeline: &Pipeline<'_>) -> Value {
    let (view, facts) = (pipeline.view, pipeline.view.facts());
    let since = facts.publisher.map(|(_, since)| since);
    let last = view.batches().back();
    json!({
        "id": pipeline.key(),
        "name": facts.title(),
        "state": state(pipeline),
        "reason": reason(pipeline),
        "startTime": since.map(date),
        "startTimeEpoch": since,
        "batchDuration": facts.interval.ms(),
        "calendar": facts.interval.calendar_text(),
        "isVirtual": facts.is_virtual,
        "numTotalCompletedBatches": view.totals().batches,
        "lastBatchId": last.map(|batch| batch.time.0),
        "lastTotalDelay": last.map(|batch| batch.delays.total_ms()),
        "watermark": last.and_then(|batch| batch.watermark).map(|watermark| watermark.0),
        "watermarkLag": last.and_then(|batch| batch.watermark_lag_ms()),
        "behindSince": view.behind_since().map(|time| time.0),
        "verdict": view.verdict(),
        "disagreement": view.disagreement().map(|found| json!({
            "batches": found.batches,
            "firstBatchId": found.first.0,
            "stage": facts.stages.get(found.mismatch.stage).map(|stage| stage.description.as_str()),
            "given": found.mismatch.given,
            "taken": found.mismatch.taken,
        })),
        "checkpoint": pipeline.end.checkpoint().map(|checkpoint| json!({
            "path": facts.checkpoint,
            "lastCommittedBatchId": checkpoint.committed.map(|time| time.0),
            "lastCommitTime": checkpoint.committed_at_ms,
            "lastSaveTime": checkpoint.saved_at_ms,
            "bytes": checkpoint.bytes,
        })),
        "spark": facts.spark.as_ref().map(|spark| json!({ "application": spark.application, "page": spark.page })),
        "stages": facts.stages.iter().map(|stage| stage.description.as_str()).collect::<Vec<_>>(),
    })
}

/// Spark's streaming statistics.
pub fn statistics(pipeline: &Pipeline<'_>) -> Value {
    let (view, facts) = (pipeline.view, pipeline.view.facts());
    let totals = view.totals();
    let count = totals.batches as f64;
    let mean = |sum: f64| if count > 0.0 { json!(sum / count) } else { Value::Null };
    let receivers = facts.stages.iter().filter(|stage| stage.inputs.is_empty()).count();
    let active = if state(pipeline) == "RUNNING" { receivers } else { 0 };
    json!({
        "startTime": facts.publisher.map(|(_, since)| date(since)),
        "batchDuration": facts.interval.ms(),
        "calendar": facts.interval.calendar_text(),
        "numReceivers": receivers,
        "numActiveReceivers": active,
        "numInactiveReceivers": receivers - active,
        "numTotalCompletedBatches": totals.batches,
        "numRetainedCompletedBatches": view.batches().len(),
        "numActiveBatches": backlog(pipeline),
        "numProcessedRecords": totals.input,
        "numReceivedRecords": totals.input,
        "avgInputRate": mean(totals.input as f64 * 1000.0 / facts.interval.ms().max(1) as f64),
        "avgSchedulingDelay": mean(totals.delays.scheduling_ms),
        "avgProcessingTime": mean(totals.delays.processing_ms),
        "avgTotalDelay": mean(totals.delays.total_ms()),
        "numLateBatches": totals.late,
    })
}

fn backlog(pipeline: &Pipeline<'_>) -> u64 {
    (0..pipeline.view.facts().stages.len()).filter_map(|stage| pipeline.backlog(stage)).sum()
}

/// Spark's receivers: the first stages.
pub fn receivers(pipeline: &Pipeline<'_>) -> Value {
    let (view, facts) = (pipeline.view, pipeline.view.facts());
    let seconds = view.totals().batches as f64 * facts.interval.ms() as f64 / 1000.0;
    let firsts = facts.stages.iter().enumerate().filter(|(_, stage)| stage.inputs.is_empty());
    firsts
        .map(|(index, stage)| {
            let records = view.totals().stages.get(index).map_or(0, |entry| entry.records_in);
            json!({
                "streamId": index,
                "streamName": stage.description,
                "isActive": state(pipeline) == "RUNNING",
                "avgEventRate": (seconds > 0.0).then(|| records as f64 / seconds),
            })
        })
        .collect()
}

fn brief(view: &View, batch: &Batch) -> Map<String, Value> {
    let value = json!({
        "batchId": batch.time.0,
        "batchTime": date(batch.time.0),
        "status": "COMPLETED",
        "batchDuration": batch.time.0 - view.facts().interval.begin(batch.time.0),
        "inputSize": batch.input(view.facts()),
        "outputSize": batch.records,
        "schedulingDelay": batch.delays.scheduling_ms,
        "processingTime": batch.delays.processing_ms,
        "totalDelay": batch.delays.total_ms(),
        "watermark": batch.watermark.map(|watermark| watermark.0),
        "watermarkLag": batch.watermark_lag_ms(),
        "isLate": view.is_late(batch),
        "setAside": batch.entries.iter().map(|entry| entry.aside).sum::<u64>(),
    });
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Spark's batches, the newest first, at most `length`.
pub fn batches(pipeline: &Pipeline<'_>, length: usize) -> Value {
    let view = pipeline.view;
    view.batches().iter().rev().take(length).map(|batch| Value::Object(brief(view, batch))).collect()
}

/// One batch, with each stage's part in it.
pub fn batch(pipeline: &Pipeline<'_>, time: BatchTime) -> Option<Value> {
    let view = pipeline.view;
    let batch = view.batch(time)?;
    let before = view.batch(BatchTime(view.facts().interval.begin(time.0)));
    let busy: f64 = batch.entries.iter().map(|entry| entry.busy_ms).sum();
    let stages: Value = view
        .facts()
        .stages
        .iter()
        .zip(&batch.entries)
        .enumerate()
        .map(|(index, (stage, entry))| {
            json!({
                "stageId": index,
                "description": stage.description,
                "inputs": stage.inputs,
                "recordsIn": entry.records_in,
                "recordsOut": entry.records_out,
                "setAside": entry.aside,
                "busy": entry.busy_ms,
                "share": if busy > 0.0 { entry.busy_ms / busy } else { 0.0 },
                "finished": entry.finished_ms,
                "waited": waited(batch, before, index, &stage.inputs),
            })
        })
        .collect();
    let mut object = brief(view, batch);
    object.insert("stages".into(), stages);
    object.insert("previousBatchId".into(), before.map(|batch| batch.time.0).into());
    let next = view.batch(time.after(view.facts().interval));
    object.insert("nextBatchId".into(), next.map(|batch| batch.time.0).into());
    Some(Value::Object(object))
}

/// How long a batch's end waited before a stage that was still at the batch
/// before.
fn waited(batch: &Batch, before: Option<&Batch>, stage: usize, inputs: &[usize]) -> u64 {
    let arrived = inputs.iter().filter_map(|input| batch.entries.get(*input)).map(|entry| entry.finished_ms).max();
    let was_free = before.and_then(|before| before.entries.get(stage)).map_or(0, |entry| entry.finished_ms);
    arrived.map_or(0, |arrived| was_free.saturating_sub(arrived))
}

/// What each stage gave out in a batch: its first records.
pub fn records(pipeline: &Pipeline<'_>, time: BatchTime) -> Value {
    let members = pipeline.members.iter().filter_map(|(index, feed)| Some((index, feed.sample(time)?)));
    members
        .map(|(index, records)| {
            let lines: Vec<String> = String::from_utf8_lossy(records).lines().map(str::to_owned).collect();
            json!({ "stageId": index, "records": lines })
        })
        .collect()
}

/// Batches after `since` as columns, for charts: a JSON text, since the values of
/// a day would take many times the memory of all that is kept of it.
pub fn columns(pipeline: &Pipeline<'_>, since: Option<BatchTime>) -> String {
    let view = pipeline.view;
    let milliseconds = |ms: f64| (ms * 1000.0).round() / 1000.0;
    type Column<'a> = (&'a str, &'a dyn Fn(&Batch) -> f64);
    let columns: [Column<'_>; 6] = [
        ("batchId", &|batch| batch.time.0 as f64),
        ("inputSize", &|batch| batch.input(view.facts()) as f64),
        ("outputSize", &|batch| batch.records as f64),
        ("schedulingDelay", &|batch| milliseconds(batch.delays.scheduling_ms)),
        ("processingTime", &|batch| milliseconds(batch.delays.processing_ms)),
        ("totalDelay", &|batch| milliseconds(batch.delays.total_ms())),
    ];
    let mut text = String::new();
    for (name, value) in columns {
        let start = if text.is_empty() { '{' } else { ',' };
        // Writing to a String cannot fail.
        let _ = write!(text, "{start}\"{name}\":[");
        for (index, batch) in view.since(since).enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(text, "{comma}{}", value(batch));
        }
        text.push(']');
    }
    text.push('}');
    text
}

/// Each stage: what it is, how it did lately, how far it is behind.
pub fn stages(pipeline: &Pipeline<'_>) -> Value {
    let view = pipeline.view;
    let slowest = view.slowest().map(|(index, _)| index);
    let loads = view.loads();
    view.facts()
        .stages
        .iter()
        .zip(&loads)
        .enumerate()
        .map(|(index, (stage, load))| {
            let member = pipeline.member(index);
            let total = view.totals().stages.get(index).copied().unwrap_or_default();
            let own = member.and_then(|feed| feed.view());
            json!({
                "stageId": index,
                "description": stage.description,
                "inputs": stage.inputs,
                "pid": member.and_then(|feed| feed.pid()),
                "isRunning": member.map(|feed| feed.life() == Life::Running),
                "recordsPerSecond": load.records_per_second,
                "recordsIn": total.records_in,
                "recordsOut": total.records_out,
                "setAside": total.aside,
                "busy": load.busy_ms,
                "share": load.share,
                "isSlowest": slowest == Some(index),
                "backlog": pipeline.backlog(index),
                "state": pipeline.held(index).map(held_to_json),
                "lastBatchId": own.and_then(|view| Some(view.batches().back()?.time.0)),
                "residentBytes": member.and_then(|feed| feed.pid()).and_then(crate::os::resident_bytes),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_that_the_format_allows_has_a_date() {
        for (ms, shown) in [
            (1_469_283_110_000, "2016-07-23T14:11:50.000GMT"),
            (YEAR_10000_MS - 1, "9999-12-31T23:59:59.999GMT"),
            (YEAR_10000_MS, "253402300800000"),
            (u64::MAX, "18446744073709551615"),
        ] {
            assert_eq!(date(ms), shown);
        }
    }
}
