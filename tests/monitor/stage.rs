//! Pipelines to look at, the page over them, and what their sinks said.

use serde_json::Value;

use crate::live::{self, Live, free_port};
use crate::support::Folder;

/// Stages of a line publish into its own folder, where nobody else's are.
const PRIVATE: &str = "export XDG_RUNTIME_DIR=$PWD; ";

/// Starts a line of shell in `folder`.
pub fn start(folder: &Folder, line: &str) -> Live {
    live::start_in(folder.clone(), &format!("{PRIVATE}{line}"))
}

/// A running `sstream-ui`.
pub struct Page {
    pub live: Live,
    pub url: String,
}

/// Serves the page over what runs in `folder`.
pub fn page(folder: &Folder, arguments: &str) -> Page {
    let port = free_port();
    let mut live = start(folder, &format!("exec sstream-ui --listen {port} {arguments} 2> ui.log"));
    live.until_holds("ui.log", "the page is at");
    Page { live, url: format!("http://127.0.0.1:{port}/") }
}

/// A batch as the end line of a stream tells it.
#[derive(Clone, Debug)]
pub struct End {
    pub time_ms: u64,
    pub trace: Vec<Entry>,
}

/// What the trace says of a stage.
#[derive(Clone, Debug)]
pub struct Entry {
    pub records_in: u64,
    pub records_out: u64,
    pub busy_ms: f64,
    pub finished_ms: u64,
}

impl End {
    pub fn total_delay_ms(&self) -> u64 {
        self.trace.last().unwrap().finished_ms.saturating_sub(self.time_ms)
    }
}

/// The ends of a stream that a sink passed on into a file.
pub fn ends(stream: &str) -> Vec<End> {
    let whole = stream.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let ends = whole.lines().filter(|line| line.starts_with("{\"end\":"));
    ends.map(|line| {
        let end: Value = serde_json::from_str(line).unwrap();
        let entries = end["trace"].as_array().unwrap().iter().map(|entry| Entry {
            records_in: entry[1].as_u64().unwrap(),
            records_out: entry[2].as_u64().unwrap(),
            busy_ms: entry[4].as_f64().unwrap(),
            finished_ms: entry[5].as_u64().unwrap(),
        });
        End { time_ms: end["end"].as_u64().unwrap(), trace: entries.collect() }
    })
    .collect()
}
