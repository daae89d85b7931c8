//! The trace of a batch: one entry a stage,
//! `[stage, in, out, set aside, busy ms, finished at ms]`.
//!
//! An end made of several ends of the input carries their entries with counts
//! and busy times summed and the latest moment; a join's are `[left, right]`.
//! Busy excludes waiting on pipes.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::Context;

/// Collects what the next end will carry.
pub(super) struct Trace {
    /// Records since the last end that was written.
    pub(super) records_in: u64,
    /// The entries of the stages before; none while the stream has no trace.
    before: Option<Vec<Value>>,
    /// When the last end was written, and how long the stage had waited by then.
    since: Instant,
    waited: Duration,
}

impl Trace {
    pub(super) fn new() -> Trace {
        Trace { records_in: 0, before: None, since: Instant::now(), waited: Duration::ZERO }
    }

    /// Takes the trace of an input's end.
    pub(super) fn add_input(&mut self, entries: Option<Vec<Value>>) {
        match (&mut self.before, entries) {
            (_, None) => {}
            (Some(before), Some(entries)) => add_all(before, entries),
            (none, entries) => *none = entries,
        }
    }

    /// The trace of an end of the output, if the stream has one.
    pub(super) fn take(&mut self, context: &Context<'_>, records_out: u64) -> Option<Vec<Value>> {
        let aside = context.bad_records.take_count() + context.late_records.take_count();
        let records_in = std::mem::take(&mut self.records_in);
        let mut entries = self.before.take()?;
        let (elapsed, waited) = (self.since.elapsed(), context.waited.total());
        let busy = elapsed.saturating_sub(waited - self.waited);
        (self.since, self.waited) = (Instant::now(), waited);
        entries.push(Value::Array(vec![
            context.name.clone().into(),
            records_in.into(),
            records_out.into(),
            aside.into(),
            milliseconds(busy),
            context.clock.read().wall_ms().into(),
        ]));
        Some(entries)
    }
}

/// A duration in ms, to the microsecond.
fn milliseconds(duration: Duration) -> Value {
    ((duration.as_micros() as f64) / 1000.0).into()
}

/// The sum of two such values, to the microsecond again.
fn add_milliseconds(a: &Value, b: &Value) -> Value {
    let sum = a.as_f64().unwrap_or(0.0) + b.as_f64().unwrap_or(0.0);
    ((sum * 1000.0).round() / 1000.0).into()
}

/// Adds the entries of one end to those of another, stage by stage.
fn add_all(sum: &mut Vec<Value>, more: Vec<Value>) {
    if sum.is_empty() {
        *sum = more;
        return;
    }
    for (entry, other) in sum.iter_mut().zip(more) {
        add(entry, other);
    }
}

fn add(entry: &mut Value, other: Value) {
    let (Value::Array(entry), Value::Array(other)) = (entry, other) else { return };
    let is_stage = entry.first().is_some_and(Value::is_string);
    if !is_stage {
        // A join's [left, right].
        return add_all(entry, other);
    }
    for (index, (mine, theirs)) in entry.iter_mut().zip(other).enumerate().skip(1) {
        *mine = match (mine.as_u64(), theirs.as_u64()) {
            (Some(a), Some(b)) if index == 5 => a.max(b).into(),
            (Some(a), Some(b)) => (a + b).into(),
            _ => add_milliseconds(mine, &theirs),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ends_sum_up_stage_by_stage() {
        let mut sum =
            vec![json!(["source", 1, 2, 0, 1.5, 100]), json!([[["a", 1, 1, 1, 2, 3]], [["b", 1, 1, 1, 2, 3]]])];
        add_all(
            &mut sum,
            vec![json!(["source", 10, 20, 1, 0.25, 90]), json!([[["a", 1, 1, 1, 2, 4]], [["b", 1, 1, 1, 2, 1]]])],
        );
        assert_eq!(
            sum,
            [json!(["source", 11, 22, 1, 1.75, 100]), json!([[["a", 2, 2, 2, 4, 4]], [["b", 2, 2, 2, 4, 3]]])]
        );
    }
}
