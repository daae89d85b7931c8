//! What a checkpoint promises where it is hard to keep: stages that are killed before they
//! have said anything, recorded streams, commands that fail, checkpoints from elsewhere.

use rustix::process::{Pid, Signal, kill_process};

use crate::live::start_in;
use crate::support::{Folder, Ran};

/// A folder with `out`, and a queue of so many batches.
fn folder(batches: usize) -> Folder {
    let folder = Folder::new();
    folder.file("q", "[\"a\"]\n".repeat(batches));
    std::fs::create_dir(folder.path("out")).unwrap();
    folder
}

/// What is in a directory, in order.
fn names(folder: &Folder, directory: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path(directory)).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A stage that is killed before it becomes what it is to be, if there is a file of that name.
fn killed_if(file: &str, command: &str) -> String {
    format!("{{ if [ -e {file} ]; then rm {file}; kill -9 $BASHPID; fi; exec {command}; }}")
}

/// Runs a line of stages by sstream-run under the checkpoint `ck`.
fn run(folder: &Folder, input: &str, stages: &[String]) -> Ran {
    folder.file("line", stages.join(" | "));
    folder
        .shell(
            "XDG_RUNTIME_DIR=$PWD sstream-run --checkpoint ck --batch 1s --restart-delay 1ms --max-restarts 3 --file line",
        )
        .stdin(input)
        .run()
}

#[test]
fn whoever_is_killed_before_its_head_nobody_else_becomes_the_first_stage() {
    let stages: Vec<String> =
        ["sstream-source queue q", "sstream-state --by-value count", "sstream-filter .", "sstream-sink files out/x"]
            .iter()
            .enumerate()
            .map(|(number, command)| killed_if(&format!("boom{number}"), command))
            .collect();
    let quiet = folder(5);
    run(&quiet, "", &stages).exits(0).says_nothing();
    assert_eq!(names(&quiet, "out").len(), 5);
    for number in 0..stages.len() {
        // At the first start, and at a later one.
        for is_later in [false, true] {
            let folder = folder(4);
            if is_later {
                run(&folder, "", &stages).exits(0);
            }
            folder.file("q", "[\"a\"]\n".repeat(5)).file(&format!("boom{number}"), "");
            let ran = run(&folder, "", &stages).exits(0);
            assert_eq!(names(&folder, "ck/sources"), ["queue"], "{number} {is_later} {ran}");
            assert_eq!(names(&folder, "ck/stages"), ["queue.01-state"], "{number} {is_later} {ran}");
            let all =
                |of: &Folder| names(of, "out").iter().map(|name| of.read(&format!("out/{name}"))).collect::<String>();
            assert_eq!((names(&folder, "out"), all(&folder)), (names(&quiet, "out"), all(&quiet)), "{ran}");
        }
    }
}

#[test]
fn a_line_that_reads_stdin_has_its_first_stage_there() {
    let stages = |first: &str| {
        [
            killed_if("boom", first),
            "sstream-state --by-value count --emit changed".to_owned(),
            "sstream-sink files out/x".to_owned(),
        ]
    };
    let folder = folder(0);
    run(&folder, "a\nb\n", &stages("sstream-map --batch 1s .")).exits(0);
    // The source stdin is in the checkpoint already: the state must not take itself for it.
    folder.file("boom", "");
    let ran = run(&folder, "c\n", &stages("sstream-map --batch 1s .")).exits(0);
    assert!(ran.stderr.contains("ended before anything came"), "{ran}");
    assert_eq!(
        (names(&folder, "ck/sources").join(" "), names(&folder, "ck/stages").join(" ")),
        ("stdin".into(), "stdin.01-state".into())
    );
    let all: String = names(&folder, "out").iter().map(|name| folder.read(&format!("out/{name}"))).collect();
    assert_eq!(all.matches("\"c\"").count(), 1, "{all}");
    // An empty input of the whole line is one.
    run(&folder, "", &stages("sstream-map --batch 1s .")).exits(0).says_nothing();
}

#[test]
fn an_empty_pipe_in_a_line_under_a_checkpoint_begins_nothing_unless_it_is_told_to_be_the_first() {
    for (options, code) in [("", 3), ("--input text", 0), ("--checkpoint ck", 0)] {
        let folder = folder(0);
        let line =
            format!("export SSTREAM_CHECKPOINT=ck; true | sstream-filter {options} . | sstream-sink files out/x");
        let ran = folder.run(&line).exits(code);
        assert_eq!(folder.path("ck").exists(), code == 0, "{ran}");
    }
    // What is no pipe, and what is under no checkpoint, is empty.
    let folder = folder(0);
    folder.run("SSTREAM_CHECKPOINT=ck sstream-filter . < /dev/null | sstream-sink text").exits(0).prints("");
    folder.run("true | sstream-filter . | sstream-sink text").exits(0).prints("").says_nothing();
}

#[test]
fn a_stage_that_is_killed_while_it_waits_was_no_empty_input() {
    let folder = folder(1);
    folder.run("sstream-source queue q --checkpoint ck | sstream-sink null").exits(0);
    let mut live = start_in(
        folder.clone(),
        "exec 9> ck/locks/.start; flock 9; { echo $BASHPID > pid; exec sstream-source queue q --checkpoint ck 9>&-; } \
         | { sstream-filter . 9>&-; echo $? > filter; } | { sstream-sink text 9>&-; echo $? > sink; }",
    );
    live.until_holds("stderr", "waits for .start");
    let pid = Pid::from_raw(folder.read("pid").trim().parse().unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    live.until("both ended", |live| ["filter", "sink"].iter().all(|name| !live.read(name).is_empty()));
    assert_eq!((folder.read("filter").trim(), folder.read("sink").trim()), ("3", "3"), "{live}");
}

const COUNTED: &str = "sstream-source queue q --checkpoint ck --retain 10 | tee saved | sstream-state --by-value count \
     | sstream-sink --pass files out/x | sstream-sink text";

#[test]
fn a_recorded_stream_leaves_the_checkpoint_alone_whoever_reads_it() {
    let folder = folder(500);
    folder.run(COUNTED).exits(0);
    let saved = folder.file("before", folder.read("saved")).read("before");
    let kept = |folder: &Folder| folder.run("cd ck && find . -type f | sort | xargs sha256sum").stdout;
    let before = kept(&folder);
    for (reader, code) in [
        ("sstream-state --by-value count", 5),
        ("sstream-filter . | sstream-state --by-value count", 5),
        ("sstream-sink print", 5),
        ("sstream-filter . --output text", 5),
        ("sstream-sink files out/y", 5),
        ("sstream-filter .", 0),
        ("sstream-source replay before | sstream-state --by-value count", 0),
    ] {
        let ran = folder.run(&format!("cat before | {reader} > read")).exits(code);
        assert_eq!(kept(&folder), before, "{ran}");
    }
    assert!(saved.contains("\"checkpoint\""));
    folder.file("q", "[\"a\"]\n".repeat(501));
    folder.run(COUNTED).exits(0).prints("[\"a\",501]\n");
}

#[test]
fn a_sink_that_was_taken_out_after_a_clean_stop_does_not_hold_back_for_ever() {
    let folder = folder(0);
    let run = |batches: usize, sinks: &str| {
        folder.file("q", "[\"a\"]\n".repeat(batches));
        folder.run(&format!("sstream-source queue q --checkpoint ck --verbose | {sinks} --new")).exits(0)
    };
    run(3, "sstream-sink --pass files out/x | sstream-sink --stage-name end text");
    run(4, "sstream-sink --stage-name end text");
    let told = run(5, "sstream-sink --stage-name end text");
    assert!(told.stderr.contains("commits/queue.01-files was not in the last run"), "{told}");
    for batches in 6..8 {
        let ran = run(batches, "sstream-sink --stage-name end text").prints("a\n");
        assert!(ran.stderr.contains("sends 0 batches again"), "{ran}");
    }
}

/// The folders of a checkpoint.
fn folders(folder: &Folder) -> Vec<String> {
    ["sources", "stages", "commits"].iter().flat_map(|kind| names(folder, &format!("ck/{kind}"))).collect()
}

#[test]
fn a_start_that_is_refused_leaves_no_folder_behind() {
    let folder = folder(2);
    for source in ["queue nope", "dir nope", "listen 192.0.2.1:9", "unix nope/x", "exec -- ./nope", "replay nope"] {
        let ran = folder.run(&format!("sstream-source --checkpoint ck {source} > /dev/null"));
        assert!(ran.code() > Some(0) && folders(&folder).is_empty() && !folder.path("ck/job.json").exists(), "{ran}");
    }
    // A stage behind that never got a batch: the one before it was killed, or refused what it got.
    folder.file("head", "");
    let line = "sstream-source queue q --checkpoint ck > first; head -1 first > head; \
        sstream-state --by-value count --output text < head";
    folder.run(line).exits(3);
    assert_eq!(folders(&folder), ["queue"]);
    // So the next start may have another stage and another sink in the place.
    folder.run("sstream-source queue q --checkpoint ck | sstream-sink files out/x").exits(0);
    folder.file("q", "[\"a\"]\n".repeat(3));
    let line = "sstream-source queue q --checkpoint ck --verbose | sstream-sink files out/x";
    let ran = folder.run(line).exits(0);
    assert!(ran.stderr.contains("sends 0 batches again"), "{ran}");
    // Nor does a later start whose new stage is refused what it needs.
    let before = folders(&folder);
    let ran = folder.run(
        "sstream-source queue q --checkpoint ck | sstream-state --new --by-value count \
         --checkpoint-every 1500ms | sstream-sink files out/x",
    );
    assert!(ran.code() == Some(2) && folders(&folder) == before, "{ran}");
}

/// Notes each run of its command, and fails at the batch of 3 s.
const FAILING: &str = "exec --sh 'cat > /dev/null; echo $SSTREAM_BATCH_TIME >> runs; [ $SSTREAM_BATCH_TIME != 3000 ]'";

#[test]
fn commands_that_ended_well_do_not_run_again_because_a_later_one_fails() {
    // With records and without, alone and with the stream passed on, and to nobody.
    for records in ["[\"a\"]\n", "[]\n"] {
        for sink in ["", "--pass"] {
            let folder = folder(0);
            folder.file("q", records.repeat(4));
            let line =
                format!("sstream-source queue q --batch 1s --checkpoint ck | sstream-sink {sink} {FAILING} > out/x");
            for _ in 0..4 {
                folder.run(&line).exits(1);
            }
            let runs = folder.read("runs");
            let count = |time: &str| runs.lines().filter(|line| *line == time).count();
            assert_eq!((count("1000"), count("2000"), count("3000"), count("4000")), (1, 1, 4, 0), "{line}: {runs}");
        }
    }
}

#[test]
fn a_command_that_ended_well_does_not_run_again_because_nobody_reads_on() {
    let folder = folder(3);
    let line = "sstream-source queue q --batch 1s --checkpoint ck \
         | sstream-sink --pass exec --sh 'sleep 0.2; echo $SSTREAM_BATCH_TIME >> runs' | head -1 > first";
    for _ in 0..4 {
        // The sink can be through before it sees that nobody reads on.
        let ran = folder.run(line);
        assert!(matches!(ran.code(), Some(0 | 141)), "{ran}");
    }
    let runs = folder.read("runs");
    assert!(runs.lines().collect::<Vec<_>>().is_sorted_by(|a, b| a < b), "{runs}");
}

#[test]
fn a_checkpoint_that_others_can_write_into_is_refused() {
    let folder = folder(1);
    let line = "sstream-source queue q --checkpoint ck | sstream-sink files out/x";
    folder.run(line).exits(0);
    let stream = folder.run("sstream-source queue q --checkpoint ck; chmod 777 ck").exits(0).stdout;
    let ran = folder.run(line).exits(5);
    assert!(ran.stderr.contains("ck: another user owns this checkpoint or can write into it"), "{ran}");
    let ran = folder.shell("sstream-sink files out/x").stdin(stream).run().exits(5);
    assert!(ran.stderr.contains("another user owns this checkpoint"), "{ran}");
    folder.run(&format!("chmod 700 ck; {line}")).exits(0);
    // An empty directory becomes one.
    folder.run(&format!("mkdir -m 777 new; {}", line.replace(" ck", " new"))).exits(0);
    assert_eq!(folder.run("stat -c %a new").stdout, "700\n");
}

#[test]
fn the_run_that_comes_second_is_the_one_that_waits_or_goes() {
    // However long a command takes, wherever it stands.
    for slow in ["sstream-transform --sh 'sleep 1; cat'", "sstream-map --exec 'sleep 1; cat'"] {
        let folder = folder(0);
        folder.file("log", "a\n");
        let line =
            format!("sstream-source tail log --available-now | {slow} | sstream-filter . | sstream-sink files out/x");
        folder.file("line", line);
        let run = "XDG_RUNTIME_DIR=$PWD sstream-run --restart no --checkpoint ck --file line";
        let mut first = start_in(folder.clone(), run);
        first.until("the sink is there", |_| folder.path("ck/locks/tail.03-files").exists());
        let second = folder.run(run);
        first.exits(0);
        assert!(second.code() == Some(0) || second.code() == Some(1), "{second}");
        assert_eq!(names(&folder, "out").len(), 1, "{second}");
    }
}
