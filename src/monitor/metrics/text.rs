//! The text forms: OpenMetrics 1.0 for who asks by HTTP, and the older
//! Prometheus form, which is all that node_exporter's textfile collector reads.

use std::fmt::Write as _;

use super::*;
use crate::monitor::checkpoint::{self, Checkpoint};
use crate::monitor::registry::{Life, Pipeline};
use crate::monitor::shape::Entry;
use crate::monitor::view::{DELAY_BOUNDS_MS, DelayCounts, View};
use crate::op::Held;

/// Which text form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Prometheus text 0.0.4.
    Prometheus,
}

impl Format {
    /// What to call it in HTTP.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Format::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// The form for an Accept header: OpenMetrics unless only the older one
    /// will do.
    pub fn accepted(accept: &str) -> Format {
        let only_old = accept.contains("text/plain") && !accept.contains("openmetrics");
        if only_old { Format::Prometheus } else { Format::OpenMetrics }
    }
}

/// A pipeline that metrics are of.
pub struct Subject<'a> {
    /// What its ends say.
    pub view: &'a View,
    /// Whether it still runs.
    pub is_up: bool,
    /// How much stages keep, each with its index, as far as that is known.
    pub held: Vec<(usize, Held)>,
    /// How far its checkpoint is, if it has one.
    pub checkpoint: Option<Checkpoint>,
}

impl<'a> Subject<'a> {
    /// A pipeline as its last stage knows it.
    pub fn of_stage(view: &'a View) -> Subject<'a> {
        let last = view.facts().stages.len().saturating_sub(1);
        Subject {
            view,
            is_up: view.closed().is_none(),
            held: view.held().into_iter().map(|held| (last, held)).collect(),
            checkpoint: view.facts().checkpoint.as_deref().map(checkpoint::look),
        }
    }

    /// A pipeline as all its stages know it.
    pub fn of_pipeline(pipeline: &Pipeline<'a>) -> Subject<'a> {
        let stages = 0..pipeline.view.facts().stages.len();
        Subject {
            view: pipeline.view,
            is_up: pipeline.life() == Life::Running,
            held: stages.filter_map(|stage| Some((stage, pipeline.held(stage)?))).collect(),
            checkpoint: pipeline.end.checkpoint(),
        }
    }
}

/// Writes the metrics of pipelines.
pub fn render(pipelines: &[Subject<'_>], format: Format) -> String {
    let mut text = Text { out: String::new(), format };
    for family in FAMILIES {
        text.describe(family);
        for subject in pipelines {
            let pipeline = Labels::default().with("pipeline", label_of(subject.view));
            text.samples(family, subject, &pipeline);
        }
    }
    if format == Format::OpenMetrics {
        text.out.push_str("# EOF\n");
    }
    text.out
}

fn label_of(view: &View) -> &str {
    let facts = view.facts();
    facts.name.as_deref().unwrap_or(&facts.id)
}

struct Text {
    out: String,
    format: Format,
}

impl Text {
    fn describe(&mut self, family: &Family) {
        let (name, kind) = (self.name(family), self.kind(family.kind));
        // Writing to a String cannot fail.
        let _ = writeln!(self.out, "# TYPE {name} {kind}");
        let unit = ["seconds", "bytes"].into_iter().find(|unit| name.ends_with(&format!("_{unit}")));
        if let (Format::OpenMetrics, Some(unit)) = (self.format, unit) {
            let _ = writeln!(self.out, "# UNIT {name} {unit}");
        }
        let _ = writeln!(self.out, "# HELP {name} {}", family.help);
    }

    /// The older form has no infos, and names a counter as its samples.
    fn name(&self, family: &Family) -> String {
        match (self.format, family.kind) {
            (Format::Prometheus, MetricKind::Counter) => format!("{}_total", family.name),
            (Format::Prometheus, MetricKind::Info) => format!("{}_info", family.name),
            _ => family.name.to_owned(),
        }
    }

    fn kind(&self, kind: MetricKind) -> &'static str {
        match kind {
            MetricKind::Counter => "counter",
            MetricKind::Histogram => "histogram",
            MetricKind::Info if self.format == Format::OpenMetrics => "info",
            MetricKind::Gauge | MetricKind::Info => "gauge",
        }
    }

    fn samples(&mut self, family: &Family, subject: &Subject<'_>, pipeline: &Labels) {
        let Subject { view, is_up, held, checkpoint } = subject;
        let (facts, totals) = (view.facts(), view.totals());
        let last = view.batches().back();
        let stages = |text: &mut Text, value: &dyn Fn(&Entry) -> f64| {
            for (index, entry) in totals.stages.iter().enumerate() {
                let stage = pipeline.clone().with("stage", &stage_label(view, index));
                text.sample(family.name, "_total", &stage, value(entry));
            }
        };
        let states = |text: &mut Text, count: &dyn Fn(&Held) -> Option<u64>| {
            for (index, held) in held {
                let stage = pipeline.clone().with("stage", &stage_label(view, *index));
                text.maybe(family, &stage, count(held).map(|count| count as f64));
            }
        };
        let seconds = |ms: Option<u64>| ms.map(|ms| ms as f64 / 1000.0);
        match family.name {
            name if name == PIPELINE.name => {
                self.sample(name, "_info", &pipeline.clone().with("name", &facts.title()), 1.0);
            }
            name if name == STAGE.name => {
                for (index, stage) in facts.stages.iter().enumerate() {
                    let labels = pipeline.clone().with("stage", &stage_label(view, index));
                    self.sample(name, "_info", &labels.with("description", &stage.description), 1.0);
                }
            }
            name if name == UP.name => self.sample(name, "", pipeline, f64::from(u8::from(*is_up))),
            name if name == INTERVAL.name => self.sample(name, "", pipeline, facts.interval.ms() as f64 / 1000.0),
            name if name == BATCHES.name => self.sample(name, "_total", pipeline, totals.batches as f64),
            name if name == LATE.name => self.sample(name, "_total", pipeline, totals.late as f64),
            name if name == MISMATCHED.name => {
                let batches = view.disagreement().map_or(0, |found| found.batches);
                self.sample(name, "_total", pipeline, batches as f64);
            }
            name if name == INPUT.name => self.sample(name, "_total", pipeline, totals.input as f64),
            name if name == LAST_BATCH.name => {
                self.maybe(family, pipeline, seconds(last.map(|batch| batch.time.0)));
            }
            name if name == LAST_FINISH.name => {
                self.maybe(family, pipeline, seconds(last.and_then(|batch| batch.finished_ms())));
            }
            name if name == WATERMARK.name => {
                let ms = last.and_then(|batch| batch.watermark).map(|watermark| watermark.0 as f64);
                self.maybe(family, pipeline, ms.map(|ms| ms / 1000.0));
            }
            name if name == WATERMARK_LAG.name => {
                let ms = last.and_then(|batch| batch.watermark_lag_ms());
                self.maybe(family, pipeline, ms.map(|ms| ms as f64 / 1000.0));
            }
            name if name == SCHEDULING.name => {
                self.histogram(name, pipeline, &totals.scheduling, totals.delays.scheduling_ms);
            }
            name if name == PROCESSING.name => {
                self.histogram(name, pipeline, &totals.processing, totals.delays.processing_ms);
            }
            name if name == TOTAL.name => self.histogram(name, pipeline, &totals.total, totals.delays.total_ms()),
            name if name == RECORDS_IN.name => stages(self, &|entry| entry.records_in as f64),
            name if name == RECORDS_OUT.name => stages(self, &|entry| entry.records_out as f64),
            name if name == RECORDS_ASIDE.name => stages(self, &|entry| entry.aside as f64),
            name if name == BUSY.name => stages(self, &|entry| entry.busy_ms / 1000.0),
            name if name == STATE_KEYS.name => states(self, &|held| held.keys),
            name if name == STATE_RECORDS.name => states(self, &|held| held.records),
            name if name == STATE_BYTES.name => states(self, &|held| Some(held.bytes)),
            name if name == COMMITTED.name => {
                let committed = checkpoint.and_then(|checkpoint| checkpoint.committed);
                self.maybe(family, pipeline, seconds(committed.map(|time| time.0)));
            }
            name if name == COMMIT.name => {
                self.maybe(family, pipeline, seconds(checkpoint.and_then(|checkpoint| checkpoint.committed_at_ms)));
            }
            name if name == SAVE.name => {
                self.maybe(family, pipeline, seconds(checkpoint.and_then(|checkpoint| checkpoint.saved_at_ms)));
            }
            name if name == CHECKPOINT_BYTES.name => {
                self.maybe(family, pipeline, checkpoint.map(|checkpoint| checkpoint.bytes as f64));
            }
            _ => {}
        }
    }

    /// A gauge's sample, if there is something to say.
    fn maybe(&mut self, family: &Family, labels: &Labels, value: Option<f64>) {
        if let Some(value) = value {
            self.sample(family.name, "", labels, value);
        }
    }

    fn histogram(&mut self, name: &str, pipeline: &Labels, counts: &DelayCounts, sum_ms: f64) {
        let mut total = 0;
        for (index, count) in counts.iter().enumerate() {
            total += count;
            let bound = match DELAY_BOUNDS_MS.get(index) {
                Some(bound) => number(bound / 1000.0),
                None => "+Inf".to_owned(),
            };
            self.sample(name, "_bucket", &pipeline.clone().with("le", &bound), total as f64);
        }
        self.sample(name, "_count", pipeline, total as f64);
        self.sample(name, "_sum", pipeline, sum_ms / 1000.0);
    }

    fn sample(&mut self, name: &str, ending: &str, labels: &Labels, value: f64) {
        let _ = writeln!(self.out, "{name}{ending}{{{}}} {}", labels.0, number(value));
    }
}

/// A float as OpenMetrics wants bounds: always with a point, to the microsecond.
fn number(value: f64) -> String {
    let value = (value * 1e6).round() / 1e6;
    if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value:.1}") } else { value.to_string() }
}

/// `02-window`: unique in a pipeline, and in its order.
fn stage_label(view: &View, index: usize) -> String {
    format!("{index:02}-{}", view.facts().stages.get(index).map_or("", |stage| stage.tool()))
}

/// Label pairs, escaped.
#[derive(Clone, Default)]
struct Labels(String);

impl Labels {
    fn with(mut self, name: &str, value: &str) -> Labels {
        let comma = if self.0.is_empty() { "" } else { "," };
        let _ = write!(self.0, "{comma}{name}=\"");
        for c in value.chars() {
            match c {
                '\\' => self.0.push_str("\\\\"),
                '"' => self.0.push_str("\\\""),
                '\n' => self.0.push_str("\\n"),
                c => self.0.push(c),
            }
        }
        self.0.push('"');
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{BatchTime, End, Head, Watermark};
    use serde_json::json;

    fn view() -> View {
        let mut head = Head::new(1000);
        head.stages = vec!["source tcp".into(), "filter 'a\"b\\c'".into()];
        head.other.insert("pipeline".into(), "abc".into());
        let mut view = View::new(&head, 10);
        let mut end = End::new(BatchTime(5000), 2);
        end.trace = json!([["source", 5, 4, 1, 2.5, 5000], ["filter", 4, 2, 0, 250, 5300]]).as_array().cloned();
        end.watermark = Some(Watermark(-1500));
        view.end(&end);
        view
    }

    fn subject(view: &View, is_up: bool) -> Subject<'_> {
        let held = Held { keys: Some(3), records: Some(4), bytes: 500 };
        let checkpoint = Checkpoint {
            committed: Some(BatchTime(4000)),
            committed_at_ms: Some(5300),
            saved_at_ms: Some(5310),
            bytes: 7000,
        };
        Subject { view, is_up, held: vec![(1, held)], checkpoint: Some(checkpoint) }
    }

    #[test]
    fn both_forms_are_what_their_parsers_want() {
        let view = view();
        let open = render(&[subject(&view, true)], Format::OpenMetrics);
        for line in [
            "# TYPE sstream_stage_busy_seconds counter\n# UNIT sstream_stage_busy_seconds seconds\n",
            "sstream_stage_records_in_total{pipeline=\"abc\",stage=\"01-filter\"} 4.0\n",
            "sstream_stage_info{pipeline=\"abc\",stage=\"01-filter\",description=\"filter 'a\\\"b\\\\c'\"} 1.0\n",
            "sstream_total_delay_seconds_bucket{pipeline=\"abc\",le=\"+Inf\"} 1.0\n",
            "sstream_total_delay_seconds_bucket{pipeline=\"abc\",le=\"0.25\"} 0.0\n",
            "sstream_total_delay_seconds_sum{pipeline=\"abc\"} 0.3\n",
            "sstream_pipeline_up{pipeline=\"abc\"} 1.0\n",
            "sstream_watermark_timestamp_seconds{pipeline=\"abc\"} -1.5\n",
            "sstream_watermark_lag_seconds{pipeline=\"abc\"} 6.5\n",
            "# UNIT sstream_stage_state_bytes bytes\n",
            "sstream_stage_state_keys{pipeline=\"abc\",stage=\"01-filter\"} 3.0\n",
            "sstream_checkpoint_commit_timestamp_seconds{pipeline=\"abc\"} 5.3\n",
        ] {
            assert!(open.contains(line), "{line} in\n{open}");
        }
        assert!(open.ends_with("\n# EOF\n"));
        let old = render(&[subject(&view, false)], Format::Prometheus);
        assert!(old.contains("# TYPE sstream_stage_records_in_total counter\n"));
        assert!(old.contains("# TYPE sstream_pipeline_info gauge\n"));
        assert!(!old.contains("# UNIT") && !old.contains("# EOF"));
    }

    #[test]
    fn every_family_has_samples() {
        let text = render(&[subject(&view(), true)], Format::OpenMetrics);
        for family in FAMILIES {
            assert!(text.contains(&format!("\n{}", family.name)), "{}", family.name);
        }
    }

    #[test]
    fn the_old_form_only_for_who_knows_no_other() {
        assert_eq!(Format::accepted("text/plain;version=0.0.4"), Format::Prometheus);
        assert_eq!(
            Format::accepted("application/openmetrics-text;version=1.0.0,text/plain;q=0.5"),
            Format::OpenMetrics
        );
        assert_eq!(Format::accepted("*/*"), Format::OpenMetrics);
    }
}
