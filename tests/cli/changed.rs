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
            // Before there is anything of which the next one may come.
            let before = batches();
            append(&folder, "a.log", &lines);
            written += 20;
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

/// All files below a directory, with what is in them.
fn tree(path: &std::path::Path, found: &mut Vec<(std::path::PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(path).unwrap().flatten() {
        match entry.path().is_dir() {
            true => tree(&entry.path(), found),
            false => found.push((entry.path(), std::fs::read(entry.path()).unwrap())),
        }
    }
}

#[test]
fn what_explain_says_beforehand_is_what_a_start_does() {
    let folder = folder();
    let sinks = "sstream-sink --pass files raw/x | sstream-sink files out/x";
    let line = |source: &str, stages: &str| format!("sstream-source {source} --available-now | {stages}");
    append(&folder, "a.log", "k\n");
    append(&folder, "b.log", "k\n");
    folder
        .run(&line("tail a.log --batch 10s --checkpoint ck", &format!("sstream-window 30s 10s count | {sinks}")))
        .exits(0);
    let window = |options: &str| format!("sstream-window {options} | {sinks}");
    for (source, stages, code, says) in [
        ("tail a.log --batch 10s", window("30s 10s count"), 0, "1. sstream-source tail a.log"),
        ("tail a.log --batch 10s", window("30s 10s count"), 0, "restart: goes on from what tail.01-window has"),
        ("tail a.log --batch 5s", window("30s 10s count"), 0, "with another interval: it was 10s"),
        ("tail a.log --batch 7s", window("30s 10s count"), 2, "MISTAKE: the window's length 30s is no multiple"),
        ("tail a.log b.log --batch 10s", window("30s 10s count"), 0, "restart: goes on after"),
        ("tail c.log --batch 10s", window("30s 10s count"), 5, "now: source tail c.log"),
        ("tail a.log --batch 10s", window("1m 10s count"), 5, "was: window 30s 10s count"),
        ("tail a.log --batch 10s", window("30s 10s --by-value count"), 5, "restart: not known, for a stage before it"),
        (
            "tail a.log --batch 10s",
            format!("sstream-filter k | sstream-map . | {}", window("30s 10s count")),
            0,
            "restart: keeps nothing, and may come and go",
        ),
        (
            "tail a.log --batch 10s",
            format!("sstream-dedup | {}", window("30s 10s count")),
            5,
            "has nothing of this stage",
        ),
        (
            "tail a.log --batch 10s",
            format!("sstream-dedup --new | {}", window("30s 10s count")),
            0,
            "begins with nothing",
        ),
        ("tail a.log --batch 10s --input json", window("30s 10s count"), 5, "now: source tail a.log --input json"),
    ] {
        let mut before = Vec::new();
        tree(&folder.path("ck"), &mut before);
        let pipeline = line(source, &stages);
        let ran = folder.run(&format!("sstream explain --checkpoint ck '{pipeline}'")).exits(code);
        assert!(ran.stdout.contains(says), "{says}: {ran}");
        let mut after = Vec::new();
        tree(&folder.path("ck"), &mut after);
        assert!(before == after, "explaining changed the checkpoint: {ran}");
        // What a start does, on a copy.
        let copied = "rm -rf try && mkdir try && cp -a ck a.log b.log try && cd try && mkdir raw out";
        let started = pipeline.replace("--available-now", "--available-now --checkpoint ck");
        folder.run(&format!("{copied} && {started}")).exits(code);
    }
    // Without a checkpoint all begins anew; nothing is made there.
    let ran = folder.run("sstream explain --checkpoint none 'sstream-source tail a.log | sstream-state --by-value count | sstream-sink files o'");
    let ran = ran.exits(0);
    assert!(
        ran.stdout.contains("begins anew") && ran.stdout.contains("begins with nothing, as tail.01-state"),
        "{ran}"
    );
    assert!(!folder.path("none").exists());
}
