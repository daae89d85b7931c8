//! The text forms: OpenMetrics 1.0 for who asks by HTTP, and the older
//! Prometheus form, which is all that node_exporter's textfile collector reads.

use std::fmt::Write as _;

use super::*;
use crate::monitor::shape::Entry;
use crate::monitor::view::{DELAY_BOUNDS_MS, DelayCounts, View};

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

/// Writes the metrics of pipelines, each with whether it still runs.
pub fn render(pipelines: &[(&View, bool)], format: Format) -> String {
    let mut text = Text { out: String::new(), format };
    for family in FAMILIES {
        text.describe(family);
        for (view, is_up) in pipelines {
            let pipeline = Labels::default().with("pipeline", label_of(view));
            text.samples(family, view, *is_up, &pipeline);
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
        if self.format == Format::OpenMetrics && name.ends_with("_seconds") {
            let _ = writeln!(self.out, "# UNIT {name} seconds");
        }
        let _ = writeln!(self.out, "# HELP {name} {}", family.help);
    }

    /// The older form has no infos, and names a counter as its samples.
    fn name(&self, family: &Family) -> String {
        match (self.format, family.kind) {
            (Format::Prometheus, Kind::Counter) => format!("{}_total", family.name),
            (Format::Prometheus, Kind::Info) => format!("{}_info", family.name),
            _ => family.name.to_owned(),
        }
    }

    fn kind(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Counter => "counter",
            Kind::Histogram => "histogram",
            Kind::Info if self.format == Format::OpenMetrics => "info",
            Kind::Gauge | Kind::Info => "gauge",
        }
    }

    fn samples(&mut self, family: &Family, view: &View, is_up: bool, pipeline: &Labels) {
        let (facts, totals) = (view.facts(), view.totals());
        let last = view.batches().back();
        let stages = |text: &mut Text, value: &dyn Fn(&Entry) -> f64| {
            for (index, entry) in totals.stages.iter().enumerate() {
                let stage = pipeline.clone().with("stage", &stage_label(view, index));
                text.sample(family.name, "_total", &stage, value(entry));
            }
        };
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
            name if name == UP.name => self.sample(name, "", pipeline, f64::from(u8::from(is_up))),
            name if name == INTERVAL.name => self.sample(name, "", pipeline, facts.interval_ms as f64 / 1000.0),
            name if name == BATCHES.name => self.sample(name, "_total", pipeline, totals.batches as f64),
            name if name == LATE.name => self.sample(name, "_total", pipeline, totals.late as f64),
            name if name == MISMATCHED.name => {
                let batches = view.disagreement().map_or(0, |found| found.batches);
                self.sample(name, "_total", pipeline, batches as f64);
            }
            name if name == INPUT.name => self.sample(name, "_total", pipeline, totals.input as f64),
            name if name == LAST_BATCH.name => {
                if let Some(batch) = last {
                    self.sample(name, "", pipeline, batch.time.0 as f64 / 1000.0);
                }
            }
            name if name == LAST_FINISH.name => {
                if let Some(finished) = last.and_then(|batch| batch.finished_ms()) {
                    self.sample(name, "", pipeline, finished as f64 / 1000.0);
                }
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
            _ => {}
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
    use crate::frame::{BatchTime, End, Head};
    use crate::monitor::view::keys;
    use serde_json::json;

    fn view() -> View {
        let mut head = Head::new(1000);
        head.stages = vec!["source tcp".into(), "filter 'a\"b\\c'".into()];
        head.other.insert(keys::PIPELINE.into(), "abc".into());
        let mut view = View::new(&head, 10);
        let mut end = End::new(BatchTime(5000), 2);
        end.trace = json!([["source", 5, 4, 1, 2.5, 5000], ["filter", 4, 2, 0, 250, 5300]]).as_array().cloned();
        view.end(&end);
        view
    }

    #[test]
    fn both_forms_are_what_their_parsers_want() {
        let view = view();
        let open = render(&[(&view, true)], Format::OpenMetrics);
        for line in [
            "# TYPE sstream_stage_busy_seconds counter\n# UNIT sstream_stage_busy_seconds seconds\n",
            "sstream_stage_records_in_total{pipeline=\"abc\",stage=\"01-filter\"} 4.0\n",
            "sstream_stage_info{pipeline=\"abc\",stage=\"01-filter\",description=\"filter 'a\\\"b\\\\c'\"} 1.0\n",
            "sstream_total_delay_seconds_bucket{pipeline=\"abc\",le=\"+Inf\"} 1.0\n",
            "sstream_total_delay_seconds_bucket{pipeline=\"abc\",le=\"0.25\"} 0.0\n",
            "sstream_total_delay_seconds_sum{pipeline=\"abc\"} 0.3\n",
            "sstream_pipeline_up{pipeline=\"abc\"} 1.0\n",
        ] {
            assert!(open.contains(line), "{line} in\n{open}");
        }
        assert!(open.ends_with("\n# EOF\n"));
        let old = render(&[(&view, false)], Format::Prometheus);
        assert!(old.contains("# TYPE sstream_stage_records_in_total counter\n"));
        assert!(old.contains("# TYPE sstream_pipeline_info gauge\n"));
        assert!(!old.contains("# UNIT") && !old.contains("# EOF"));
    }

    #[test]
    fn every_family_has_samples() {
        let text = render(&[(&view(), true)], Format::OpenMetrics);
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
