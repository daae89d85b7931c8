//! Pipelines that are started again with other settings under the same checkpoint: another interval, more paths or
//! fewer, a stage without state put in or taken out. What comes out is what it would have been.

use std::fs::OpenOptions;
use std::io::Write as _;

use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use sstream_testkit::wait_until;

use crate::bash::bash;
use crate::support::Folder;

fn append(folder: &Folder, name: &str, lines: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(folder.path(name)).unwrap();
    file.write_all(lines.as_bytes()).unwrap();
}

/// All that files of a directory hold, in order.
fn all(folder: &Folder, directory: &str) -> String {
    let entries = std::fs::read_dir(folder.path(directory)).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.path()).collect();
    names.sort();
    names.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

fn folder() -> Folder {
    let folder = Folder::new();
    for directory in ["raw", "out"] {
        std::fs::create_dir(folder.path(directory)).unwrap();
    }
    folder
}

/// Takes what is there, with `options` at the source and these stages behind it.
fn take(folder: &Folder, source: &str, stages: &str) -> crate::support::Ran {
    folder.run(&format!("sstream-source tail --checkpoint ck --available-now {source} | {stages}"))
}

const COUNT: &str = "sstream-state --by-value --emit changed count | sstream-sink files out/x";

#[test]
fn killed_at_any_moment_and_started_otherwise_each_record_counts_once() {
    let folder = folder();
    append(&folder, "a.log", "");
    let batches = || std::fs::read_dir(folder.path("raw")).unwrap().count();
    let line = |round: usize| {
        let interval = ["100ms", "200ms", "50ms", "100ms"][round % 4];
        let paths = if round % 3 == 1 { "a.log b.log" } else { "a.log" };
        let filter = if round % 2 == 1 { "sstream-filter k | " } else { "" };
        let source = format!("sstream-source tail {paths} --batch {interval} --checkpoint ck");
        format!("{source} | {filter}sstream-sink --pass files raw/x | {filter}{COUNT}")
    };
    let mut written = 0;
    for round in 0..8 {
        let mut command = bash(&[], &line(round), &folder.path(""));
        let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn().unwrap();
        for _ in 0..3 {
            let lines: String = (written..written + 20).map(|number| format!("k{number}\n")).collect();
            append(&folder, "a.log", &lines);
            written += 20;
            let before = batches();
            wait_until("a batch, or the end of what was begun", Duration::from_secs(30), || {
                running.try_wait().unwrap().is_some() || batches() > before
            });
        }
        // It may have ended, with what the interval before began.
        let _ = kill_process_group(Pid::from_child(&running), Signal::KILL);
        running.wait().unwrap();
    }
    // Whatever is to be finished first is, and then all that is there is taken.
    let last = line(8).replace("--checkpoint ck", "--checkpoint ck --available-now");
    let ran = (0..4).map(|_| folder.run(&last)).find(|ran| ran.code() != Some(1)).unwrap();
    let ran = ran.exits(0);
    let mut records: Vec<String> = all(&folder, "raw").lines().map(str::to_owned).collect();
    records.sort();
    let mut expected: Vec<String> = (0..written).map(|number| format!("k{number}")).collect();
    expected.sort();
    assert_eq!(records, expected, "{ran}");
    // And each was counted once by the state.
    let counts = all(&folder, "out");
    assert_eq!((counts.lines().count(), counts.matches(",1]").count()), (written, written), "{counts}{ran}");
}

#[test]
fn a_window_that_another_interval_does_not_fit_is_told_at_the_start_and_the_old_one_goes_on() {
    let folder = folder();
    let window = "sstream-window 30s 10s count | sstream-sink files out/x";
    append(&folder, "a.log", "1\n2\n");
    take(&folder, "a.log --batch 10s", window).exits(0);
    append(&folder, "a.log", "3\n");
    let ran = take(&folder, "a.log --batch 7s", window).exits(2);
    assert!(ran.stderr.contains("is no multiple of the batch interval 7s"), "{ran}");
    take(&folder, "a.log --batch 10s", window).exits(0);
    let ran = take(&folder, "a.log --batch 5s", window).exits(0);
    assert!(!ran.stderr.contains("another pipeline"), "{ran}");
    // Another window is another pipeline, and both are named.
    let ran = take(&folder, "a.log --batch 5s", "sstream-window 1m 10s count | sstream-sink files out/x").exits(5);
    assert!(
        ran.stderr.contains("was: window 30s 10s count") && ran.stderr.contains("now: window 1m 10s count"),
        "{ran}"
    );
}

#[test]
fn paths_come_and_go() {
    let folder = folder();
    append(&folder, "a.log", "a1\n");
    append(&folder, "b.log", "b1\nb2\n");
    let line = |paths: &str, code: i32| take(&folder, paths, "sstream-sink files raw/x").exits(code);
    line("a.log", 0);
    assert_eq!(all(&folder, "raw"), "a1\n");
    line("a.log b.log", 0);
    append(&folder, "a.log", "a2\n");
    append(&folder, "b.log", "b3\n");
    // What comes while a path is not followed waits there.
    line("a.log", 0);
    assert_eq!(all(&folder, "raw"), "a1\nb1\nb2\na2\n");
    line("b.log a.log", 0);
    assert_eq!(all(&folder, "raw"), "a1\nb1\nb2\na2\nb3\n");
    // Where none stays, or the form is another one, it is another pipeline.
    let ran = line("c.log", 5);
    assert!(
        ran.stderr.contains("was: source tail b.log a.log") && ran.stderr.contains("now: source tail c.log"),
        "{ran}"
    );
    line("a.log b.log --input json", 5);
}

#[test]
fn a_stage_without_state_comes_and_goes() {
    let folder = folder();
    let mut expected = String::new();
    for (number, stages) in ["", "sstream-filter . | ", "sstream-map . | sstream-filter . | ", ""].iter().enumerate() {
        append(&folder, "a.log", "k\n");
        take(&folder, "a.log", &format!("{stages}{COUNT}")).exits(0);
        expected.push_str(&format!("[\"k\",{}]\n", number + 1));
        assert_eq!(all(&folder, "out"), expected, "{stages}");
    }
    // One with state does not.
    let ran = take(&folder, "a.log", &format!("sstream-dedup | {COUNT}")).exits(5);
    assert!(ran.stderr.contains("has nothing of this stage"), "{ran}");
}
