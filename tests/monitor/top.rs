//! `sstream-top`, in a pipeline and beside one.

use crate::live::Live;
use crate::page_json;
use crate::screen::Screen;
use crate::stage::{page, start};
use crate::support::Folder;

/// A tool between two stages that loses a record of every batch, and makes the
/// stream look well: block and end count what is left.
const LIAR: &str = "jq -c --unbuffered 'if type == \"object\" and has(\"bytes\") then .records = 1 | .bytes = 2 \
    elif type == \"object\" and has(\"end\") then .records = 1 elif . == 2 then empty else . end'";

/// Two records a batch.
const QUEUE: &str = "printf '[1,2]\\n[1,2]\\n[1,2]\\n' | sstream-source queue -";

#[test]
fn the_reader_at_the_end_knows_when_a_record_was_lost() {
    let folder = Folder::new();
    let line = format!("{QUEUE} | {LIAR} | sstream-filter . --trace-log log | sstream-top --lines > /dev/null 2> top");
    let mut live = start(&folder, &line);
    live.exits(0);
    let told = folder.read("top");
    let lost = "batch 1000: filter . --trace-log log took in 1 records, the stages before it gave 2: records were \
                lost, or a tool between them changed the stream";
    // In full at the first batch, counted at the end.
    assert_eq!(told.matches(lost).count(), 1, "{told}");
    assert!(told.contains("in 3 batches records went missing between stages"), "{told}");

    // The same from the log, by the page.
    let page = page(&folder, "log");
    let applications = page_json::get(&page.url, "api/v1/applications");
    let found = &applications[0]["disagreement"];
    assert_eq!(
        (&found["batches"], &found["stage"], &found["given"], &found["taken"]),
        (&3.into(), &"filter . --trace-log log".into(), &2.into(), &1.into())
    );
}

#[test]
fn honest_stages_are_not_accused() {
    let folder = Folder::new();
    let line = format!(
        "{QUEUE} | sstream-map '[., 1]' | sstream-window 2s 1s count --by-key | sstream-join - <({QUEUE} | sstream-map '[., 2]') \
         | sstream-top --lines > /dev/null 2> top"
    );
    start(&folder, &line).exits(0);
    let told = folder.read("top");
    assert!(told.contains("3 batches") && !told.contains("missing") && !told.contains("took in"), "{told}");
}

/// Inside of a pipeline too it knows how far each stage is behind, and what the
/// stages keep.
#[test]
fn in_a_pipeline_it_shows_backlog_and_state() {
    let folder = Folder::new();
    let slow = "'while read -r line; do sleep 0.1; echo \"$line\"; done'";
    let mut screen = Screen::start(
        &folder,
        140,
        30,
        &format!(
            "sstream-source rate 40 --batch 200ms | sstream-map --exec {slow} --exec-timeout 1m | sstream-state count --by '.n % 3' \
             | sstream-top | sstream-sink null"
        ),
    );
    screen.until_shows("3 keys, ");
    let mut behind = 0;
    let text = loop {
        let text = screen.until_shows("▶ map --exec");
        let row = text.lines().find(|line| line.contains("▶ map --exec")).unwrap();
        behind = behind.max(row.split_whitespace().last().and_then(|cell| cell.parse().ok()).unwrap_or(0));
        if behind >= 2 {
            break text;
        }
    };
    assert!(text.contains("behind since ") && text.contains("state count --by"), "{text}");
    screen.press("C-c");
}

/// How many threads a process has; none when it has ended, waited for or not.
fn threads(pid: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let is_over = status.contains("State:\tZ");
    let threads = status.lines().find_map(|line| line.strip_prefix("Threads:")?.trim().parse().ok());
    if is_over { 0 } else { threads.unwrap_or(0) }
}

/// Reading from a terminal that was closed comes back at once, with nothing: who
/// then reads again never ends, and has a processor to itself.
#[test]
fn it_ends_with_its_terminal() {
    let folder = Folder::new();
    let mut source = start(&folder, "exec sstream-source rate 100 --batch 100ms > stream");
    source.until_holds("stream", "{\"end\":");
    let mut screen = Screen::start(&folder, 140, 30, "(echo $BASHPID > pid; exec sstream-top)");
    screen.until_shows("source rate 100");
    let pid = folder.read("pid").trim().to_owned();
    screen.hang_up();
    source.until("sstream-top has ended", |_| threads(&pid) == 0);
}

#[test]
fn in_a_pipeline_the_stream_flows_on_without_a_terminal() {
    let folder = Folder::new();
    let mut source = start(&folder, "mkfifo in; exec sstream-source rate 100 --batch 100ms > in");
    source.until("the FIFO", |source| source.path("in").exists());
    let mut screen = Screen::start(&folder, 140, 30, "(echo $BASHPID > pid; exec sstream-top < in > out)");
    screen.until_shows("source rate 100");
    let pid = folder.read("pid").trim().to_owned();
    let drawing = threads(&pid);
    screen.hang_up();
    source.until("nobody draws", |_| threads(&pid) < drawing);
    let batches = |source: &Live| source.read("out").matches("{\"end\":").count();
    let before = batches(&source);
    source.until("more batches", |source| batches(source) > before + 1);
    assert_eq!(threads(&pid), drawing - 1);
}
