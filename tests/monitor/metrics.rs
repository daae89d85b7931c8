//! Metrics as Prometheus' own client library reads them: strictly, so that an
//! unknown name, a missing unit or an odd bucket fails.

use std::io::Write as _;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::live::free_port;
use crate::page_json;
use crate::stage::{ends, page, start};
use crate::support::Folder;

/// Reads metrics from stdin and writes a line for each sample: its name, its
/// labels in order, its value.
const READ: &str = "
import sys
if sys.argv[1] == 'openmetrics':
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
else:
    from prometheus_client.parser import text_string_to_metric_families as parse
for family in parse(sys.stdin.read()):
    for sample in family.samples:
        labels = ','.join(f'{name}={value}' for name, value in sorted(sample.labels.items()) if name != 'pipeline')
        print(f'{sample.name}{{{labels}}} {sample.value}')
";

fn has_parser() -> bool {
    let run = Command::new("/usr/bin/python3").args(["-c", "import prometheus_client"]).output();
    let is_there = run.is_ok_and(|run| run.status.success());
    if !is_there {
        eprintln!("skipped: no Prometheus client for /usr/bin/python3: apt-get install python3-prometheus-client");
    }
    is_there
}

/// The samples of a text, by the client library.
#[track_caller]
fn samples(form: &str, text: &str) -> Vec<String> {
    let mut python = Command::new("/usr/bin/python3")
        .args(["-c", READ, form])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "refused:\n{text}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[track_caller]
fn value(samples: &[String], name: &str) -> f64 {
    let found = samples.iter().find_map(|sample| sample.strip_prefix(name)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {name} in {samples:#?}")).parse().unwrap()
}

/// The head and the body of an answer.
fn get(port: u16, accept: &str) -> (String, String) {
    page_json::request(&format!("127.0.0.1:{port}"), "/metrics", accept)
}

const OPENMETRICS: &str = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";

#[test]
fn a_live_stage_and_the_page_speak_openmetrics() {
    if !has_parser() {
        return;
    }
    let (folder, port) = (Folder::new(), free_port());
    // A description with everything that must be escaped.
    let mut line = start(
        &folder,
        &format!(
            "sstream-source rate 200 --batch 100ms | sstream-filter --expr '.n != \"a\\\\b\"' \
             | sstream-state count --by '.n % 7' | sstream-sink --pass null --metrics {port} > stream"
        ),
    );
    line.until("five batches", |line| ends(&line.read("stream")).len() >= 5);
    let page = page(&folder, "");
    let page_port = page.url.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
    for port in [port, page_port] {
        let (head, text) = get(port, OPENMETRICS);
        assert!(head.contains("application/openmetrics-text; version=1.0.0; charset=utf-8"), "{head}");
        let samples = samples("openmetrics", &text);
        assert!(value(&samples, "sstream_batches_total{}") >= 5.0);
        assert_eq!(value(&samples, "sstream_pipeline_up{}"), 1.0);
        assert_eq!(value(&samples, "sstream_batch_interval_seconds{}"), 0.1);
        assert_eq!(value(&samples, "sstream_mismatched_batches_total{}"), 0.0);
        let filter = "stage=01-filter";
        assert_eq!(
            value(&samples, &format!("sstream_stage_info{{description=filter --expr '.n != \"a\\\\b\"',{filter}}}")),
            1.0
        );
        assert_eq!(
            value(&samples, &format!("sstream_stage_records_in_total{{{filter}}}")),
            value(&samples, &format!("sstream_stage_records_out_total{{{filter}}}"))
        );
        let state = "stage=02-state";
        let states = samples.iter().filter(|sample| sample.starts_with("sstream_stage_state_keys")).count();
        // A sink's stage keeps nothing; the page knows of the state beside it.
        assert_eq!(states, usize::from(port == page_port));
        if port == page_port {
            assert_eq!(value(&samples, &format!("sstream_stage_state_keys{{{state}}}")), 7.0);
        }
        let (head, text) = get(port, "text/plain");
        assert!(head.contains("text/plain; version=0.0.4"), "{head}");
        assert!(value(&self::samples("prometheus", &text), "sstream_batches_total{}") >= 5.0);
    }
}

#[test]
fn a_file_of_metrics_has_the_last_word() {
    if !has_parser() {
        return;
    }
    let folder = Folder::new();
    let mut line = start(
        &folder,
        "sstream-source rate 100 --batch 100ms | sstream-filter n \
         | sstream-sink --pass null --metrics-file run.prom > stream",
    );
    line.until("three batches", |line| ends(&line.read("stream")).len() >= 3);
    line.signal(Signal::INT);
    line.exits(0);
    let (ends, samples) = (ends(&line.read("stream")), samples("prometheus", &line.read("run.prom")));
    let records: u64 = ends.iter().map(|end| end.trace[0].records_in).sum();
    assert_eq!(value(&samples, "sstream_batches_total{}"), ends.len() as f64);
    assert_eq!(value(&samples, "sstream_input_records_total{}"), records as f64);
    assert_eq!(value(&samples, "sstream_pipeline_up{}"), 0.0);
    let busy_ms: f64 = ends.iter().map(|end| end.trace[1].busy_ms).sum();
    let busy = value(&samples, "sstream_stage_busy_seconds_total{stage=01-filter}");
    assert!((busy - busy_ms / 1000.0).abs() < 1e-5, "{busy} {busy_ms}");
}
