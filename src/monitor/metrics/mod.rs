//! Metrics of pipelines, as OpenMetrics text and as Prometheus text: one closed
//! set of names, base units.

mod stage;
mod text;

pub use stage::StageMetrics;
pub use text::{Format, Subject, render};

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Grows; its samples end in `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by upper bounds; ends in `_bucket`, `_count`, `_sum`.
    Histogram,
    /// Text in labels; ends in `_info`.
    Info,
}

/// A metric: what stands in the documentation and before its samples.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Its name, without the ending that goes with its kind.
    pub name: &'static str,
    /// What it is.
    pub kind: MetricKind,
    /// Labels beside `pipeline`, which the documentation is compared with.
    #[cfg_attr(not(test), expect(dead_code, reason = "the documentation's part"))]
    pub labels: &'static [&'static str],
    /// What it tells.
    pub help: &'static str,
}

macro_rules! families {
    ($($constant:ident = $name:literal $kind:ident $labels:tt $help:literal;)*) => {
        $(
            #[doc = $help]
            pub const $constant: Family = Family { name: $name, kind: MetricKind::$kind, labels: &$labels, help: $help };
        )*
        /// All there are, in the order in which they are written.
        pub const FAMILIES: &[Family] = &[$($constant),*];
    };
}

families! {
    PIPELINE = "sstream_pipeline" Info ["name"] "A pipeline; name is what --name said, or its first stages.";
    STAGE = "sstream_stage" Info ["stage", "description"] "A stage; description is its command line.";
    UP = "sstream_pipeline_up" Gauge [] "1 while the pipeline runs, 0 when it is over.";
    INTERVAL = "sstream_batch_interval_seconds" Gauge [] "Time between batches.";
    BATCHES = "sstream_batches" Counter [] "Batches that are done.";
    LATE = "sstream_late_batches" Counter [] "Batches whose total delay was longer than the interval.";
    MISMATCHED = "sstream_mismatched_batches" Counter []
        "Batches in which a stage took in another number of records than the one before gave out.";
    INPUT = "sstream_input_records" Counter [] "Records that the first stages took in.";
    LAST_BATCH = "sstream_last_batch_timestamp_seconds" Gauge [] "The newest batch's time.";
    LAST_FINISH = "sstream_last_finish_timestamp_seconds" Gauge [] "When the newest batch was done.";
    WATERMARK = "sstream_watermark_timestamp_seconds" Gauge []
        "How far the records' own time has come: the newest batch's watermark.";
    WATERMARK_LAG = "sstream_watermark_lag_seconds" Gauge []
        "How far the watermark is behind the newest batch's time.";
    SCHEDULING = "sstream_scheduling_delay_seconds" Histogram ["le"] "Time that batches waited.";
    PROCESSING = "sstream_processing_time_seconds" Histogram ["le"] "Time that batches were worked on.";
    TOTAL = "sstream_total_delay_seconds" Histogram ["le"] "From a batch's time until it was done.";
    RECORDS_IN = "sstream_stage_records_in" Counter ["stage"] "Records that came into a stage.";
    RECORDS_OUT = "sstream_stage_records_out" Counter ["stage"] "Records that a stage gave out.";
    RECORDS_ASIDE = "sstream_stage_records_aside" Counter ["stage"] "Bad records that a stage set aside.";
    BUSY = "sstream_stage_busy_seconds" Counter ["stage"] "Time that a stage was at work, not waiting on pipes.";
    STATE_KEYS = "sstream_stage_state_keys" Gauge ["stage"] "Keys that a stage keeps.";
    STATE_RECORDS = "sstream_stage_state_records" Gauge ["stage"] "Records that a stage keeps.";
    STATE_BYTES = "sstream_stage_state_bytes" Gauge ["stage"] "About how many bytes that takes; of a source with --spool, how many wait in it.";
    COMMITTED = "sstream_checkpoint_batch_timestamp_seconds" Gauge [] "The newest batch that all sinks have committed.";
    COMMIT = "sstream_checkpoint_commit_timestamp_seconds" Gauge []
        "When the sink that is the furthest behind last committed.";
    SAVE = "sstream_checkpoint_save_timestamp_seconds" Gauge []
        "When the stage that is the furthest behind last saved its state.";
    CHECKPOINT_BYTES = "sstream_checkpoint_bytes" Gauge [] "What the checkpoint takes on disk.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_exactly_these() {
        let page = include_str!("../../../docs/METRICS.md");
        for family in FAMILIES {
            let labels: Vec<String> = family.labels.iter().map(|label| format!("`{label}`")).collect();
            let kind = format!("{:?}", family.kind).to_lowercase();
            let row = format!("| `{}` | {kind} | {} | {} |", family.name, labels.join(", "), family.help);
            assert!(page.contains(&row), "docs/METRICS.md lacks:\n{row}");
        }
        assert_eq!(page.matches("\n| `sstream_").count(), FAMILIES.len());
    }
}
