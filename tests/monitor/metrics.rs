//! Metrics as Prometheus' own client library reads them: strictly, so that an
//! unknown name, a missing unit or an odd bucket fails.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
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
        // What a batch was is published a moment after the batch has gone on.
        let batches = |text: &str| {
            text.lines().find_map(|line| line.strip_prefix("sstream_batches_total")?.split(' ').nth(1)?.parse().ok())
        };
        line.until("five batches in the metrics", |_| batches(&get(port, OPENMETRICS).1) >= Some(5.0));
        let (head, text) = get(port, OPENMETRICS);
        assert!(head.contains("application/openmetrics-text; version=1.0.0; charset=utf-8"), "{head}");
        let samples = samples("openmetrics", &text);
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

/// As many clients as want to, with requests of one kind to send, and none that reads an answer.
fn clients_that_do_not_read(port: u16, request: &str) -> Vec<TcpStream> {
    let client = |_| {
        let client = socket_with_a_small_buffer(port);
        client.set_nonblocking(true).unwrap();
        // Until nothing more goes: then the answers are stuck too.
        let requests = format!("GET {request} HTTP/1.1\r\nHost: localhost\r\n\r\n").repeat(50);
        for _ in 0..400 {
            if (&client).write(requests.as_bytes()).is_err() {
                break;
            }
        }
        client
    };
    (0..128).map(client).collect()
}

/// A connection that soon has no room for more of an answer.
fn socket_with_a_small_buffer(port: u16) -> TcpStream {
    use rustix::net::{AddressFamily, SocketType, connect, socket, sockopt};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    sockopt::set_socket_recv_buffer_size(&socket, 2048).unwrap();
    connect(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).unwrap();
    TcpStream::from(socket)
}

#[test]
fn clients_that_do_not_read_their_answers_lose_their_places() {
    let (folder, port) = (Folder::new(), free_port());
    let mut line =
        start(&folder, &format!("sstream-source rate 10 --metrics {port} | sstream-sink --pass null > stream"));
    line.until("it serves", |_| TcpStream::connect(("127.0.0.1", port)).is_ok());
    let page = page(&folder, "");
    let page_port = page.url.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
    for (port, path) in [(port, "/metrics"), (page_port, "/metrics"), (page_port, "/api/v1/events")] {
        let clients = clients_that_do_not_read(port, path);
        // Whoever comes now waits for a place, and gets one.
        let (head, _) = get(port, "text/plain");
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        drop(clients);
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

#[test]
fn what_waits_in_a_source_is_among_the_metrics() {
    if !has_parser() {
        return;
    }
    let folder = Folder::new();
    let mut line = start(
        &folder,
        "sstream-source unix socket --spool 1MiB --batch 50ms --output frames --metrics-file run.prom > stream",
    );
    line.until("three batches", |line| ends(&line.read("stream")).len() >= 3);
    line.signal(Signal::INT);
    line.exits(0);
    let samples = samples("prometheus", &line.read("run.prom"));
    assert_eq!(value(&samples, "sstream_stage_state_bytes{stage=00-source}"), 0.0);
}
