//! Whole pipelines under a checkpoint: a join killed again and again, a stage
//! that is left over from the run before, Ctrl-C.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::live::{Live, start_in};
use crate::support::Folder;

/// A queue's file: batch after batch of pairs, some empty.
fn queue(name: &str, batches: u64) -> String {
    let batch = |number: u64| {
        let pair = |n: u64| format!("[\"k{}\",\"{name}{number}\"]", (number * 3 + n) % 7);
        let pairs: Vec<String> = (0..number * 5 % 4).map(pair).collect();
        format!("[{}]\n", pairs.join(","))
    };
    (0..batches).map(batch).collect()
}

const JOINED: &str = "export SSTREAM_CHECKPOINT=checkpoint
sstream-join --type full <(sstream-source queue a --name a | sstream-state count --emit changed) \
     <(sstream-source queue b --name b | sstream-map '[.[0], .[1]]') \
   | sstream-sink --pass files one/out | sstream-state --by '.[0]' count | sstream-sink files two/out";

fn joined_folder() -> Folder {
    let folder = Folder::new();
    folder.file("a", queue("a", 300)).file("b", queue("b", 230));
    for name in ["one", "two"] {
        std::fs::create_dir(folder.path(name)).unwrap();
    }
    folder
}

fn files(folder: &Folder, directory: &str) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder.path(directory)).unwrap().map(|entry| entry.unwrap().path());
    // A temporary file may be gone by now.
    let read = |path: PathBuf| {
        let content = std::fs::read_to_string(&path).ok()?;
        Some((path.file_name()?.to_string_lossy().into_owned(), content))
    };
    let mut files: Vec<_> = entries.filter_map(read).collect();
    files.sort();
    files
}

#[test]
fn a_join_of_two_sources_is_exactly_once_however_often_all_is_killed() {
    let quiet = joined_folder();
    quiet.run(JOINED).exits(0).says_nothing();
    assert!(files(&quiet, "two").len() > 250);
    let disturbed = joined_folder();
    let mut killed = 0;
    loop {
        let mut live = start_in(disturbed.clone(), JOINED);
        // Not sooner than the pipeline can be up, and then at any moment.
        let life = Duration::from_millis(60 + killed * 37 % 100 + killed * 20);
        let started = Instant::now();
        while started.elapsed() < life && live.ended().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let ended = live.ended();
        drop(live);
        if ended.is_some() {
            break;
        }
        killed += 1;
        assert!(killed < 200, "no progress: {}", disturbed.read("stderr"));
    }
    // What a crash inside of a close left is finished, and then there is nothing more.
    disturbed.run(JOINED).exits(0);
    for name in ["one", "two"] {
        assert!(files(&disturbed, name) == files(&quiet, name), "{name} after {killed} kills");
    }
    assert!(killed > 0);
}

/// A line whose source and sink write their process ids into files.
fn slow_line(options: &str) -> String {
    format!(
        "(echo $BASHPID > source.pid; exec sstream-source queue q --clock wall --batch 50ms --checkpoint checkpoint) \
         | sstream-state count{options} | (echo $BASHPID > sink.pid; exec sstream-sink files out/b)"
    )
}

fn pid(folder: &Folder, name: &str) -> Pid {
    Pid::from_raw(folder.read(name).trim().parse().unwrap()).unwrap()
}

fn slow_folder(batches: u64) -> Folder {
    let folder = Folder::new();
    folder.file("q", "[[\"k\",1]]\n".repeat(usize::try_from(batches).unwrap()));
    std::fs::create_dir(folder.path("out")).unwrap();
    folder
}

fn last_file(folder: &Folder) -> String {
    files(folder, "out").pop().map(|(_, content)| content).unwrap_or_default()
}

fn until_files(live: &mut Live, folder: &Folder, count: usize) {
    live.until("enough files", |_| {
        files(folder, "out").iter().filter(|(name, _)| name.starts_with('b')).count() >= count
    });
}

#[test]
fn a_stage_left_over_is_waited_for() {
    let folder = slow_folder(60);
    let mut live = start_in(folder.clone(), &slow_line(""));
    until_files(&mut live, &folder, 5);
    let sink = pid(&folder, "sink.pid");
    kill_process(sink, Signal::STOP).unwrap();
    kill_process(pid(&folder, "source.pid"), Signal::KILL).unwrap();
    let mut next = start_in(folder.clone(), &slow_line(""));
    next.until_holds("stderr", "waits for queue.02-files");
    kill_process(sink, Signal::CONT).unwrap();
    next.exits(0);
    drop(live);
    assert_eq!(last_file(&folder), "[\"k\",60]\n");
    let counts: Vec<u64> = files(&folder, "out")
        .iter()
        .map(|(_, content)| content.trim_start_matches("[\"k\",").trim_end_matches("]\n").parse().unwrap())
        .collect();
    assert!(counts.is_sorted(), "{counts:?}");
}

#[test]
fn ctrl_c_closes_and_the_next_start_goes_on_with_the_same_state() {
    let folder = slow_folder(60);
    let mut live = start_in(folder.clone(), &slow_line(""));
    until_files(&mut live, &folder, 5);
    live.signal(Signal::INT);
    live.until("ended", |live| live.ended().is_some());
    let stopped = files(&folder, "out").len();
    assert!(last_file(&folder) != "[\"k\",60]\n", "stopped too late after {stopped}");
    let mut live = start_in(folder.clone(), &slow_line(" --checkpoint-every 100ms"));
    live.exits(0);
    assert_eq!(last_file(&folder), "[\"k\",60]\n");
    assert!(files(&folder, "out").len() >= 60, "{live}");
}

#[test]
fn options_of_a_part_are_checked() {
    let folder = slow_folder(1);
    folder.run("sstream-sink --stage-name a.b null < q").exits(2).says("letters, digits");
    folder
        .run("sstream-source queue q --checkpoint c | sstream-state count --checkpoint-every 1500ms --output text")
        .exits(2)
        .says("no multiple of the interval 1s: take 2s");
    // Without a checkpoint a name means nothing, and there is nothing to begin anew in.
    folder
        .run("sstream-source queue q | sstream-state --stage-name x count --output text")
        .exits(0)
        .prints("[\"k\",1]\n");
    folder
        .run("sstream-source queue q | sstream-state --new count --output text")
        .exits(2)
        .says("sstream-state: --new: the stream has no checkpoint to begin in");
}

/// What a log has got since the run before, as one batch: by count, since a second of the wall clock may end within.
const SOURCE: &str = "sstream-source tail log --input json --available-now --batch 20000n";

#[test]
fn a_state_goes_on_with_another_number_of_threads() {
    for (keyed, new_keys) in [
        ("sstream-state sum", [1009, 1509, 2009, 2509]),
        ("sstream-dedup --by '.[0]'", [1009, 500, 500, 500]),
        ("sstream-window 10m --time '.[1]' --watermark 0s --emit all --by '.[0]' count", [1009, 1509, 2009, 2509]),
    ] {
        let folder = Folder::new();
        let line = |jobs: &str, checkpoint: &str| {
            let line = format!("{SOURCE} --checkpoint {checkpoint} | {keyed} {jobs} --output json");
            folder.run(&line).exits(0).says_nothing().stdout
        };
        let mut log = String::new();
        for (part, jobs) in ["-j 2", "", "-j 3", "-j 2"].into_iter().enumerate() {
            // More than one piece for the threads, and new keys in between.
            log.extend((0..20_000).map(|n| format!("[\"key {}\",{n}]\n", n * 7919 % (1009 + 500 * part))));
            folder.file("log", &log);
            let one = line("", "one");
            assert_eq!(one.lines().count(), new_keys[part], "{keyed}");
            assert!(line(jobs, "several") == one, "{keyed}, part {part}");
        }
    }
}

/// Runs a stage with several sizes of memory, one run behind the other, and compares with one that has all in memory.
fn goes_on_with_any_memory(folder: &Folder, keyed: &str, name: &str, least: &str) {
    let line = |memory: &str, checkpoint: &str| {
        let line = format!("{SOURCE} --checkpoint {checkpoint} | {keyed} {memory} --output json");
        folder.run(&line).exits(0).says_nothing().stdout
    };
    let stage = format!("tail.01-{name}");
    let mut log = String::new();
    let least = format!("--memory {least}");
    for (part, memory) in ["--memory 64KiB", "--memory 100KiB", "", &least].into_iter().enumerate() {
        log.extend(
            (0..20_000).map(|n| format!("[\"key {}\",{}]\n", n * 7919 % (5003 + 500 * part), part * 20_000 + n)),
        );
        folder.file("log", &log);
        let small = line("", "small");
        assert!(!small.is_empty() && line(memory, "large") == small, "{name}, part {part}");
        folder.run("sstream-checkpoint verify large").exits(0).says_nothing();
        let state = |checkpoint| folder.run(&format!("sstream-checkpoint state {checkpoint} {stage} | sort")).stdout;
        assert!(state("large") == state("small"), "{name}, part {part}");
        assert!(folder.path(&format!("large/stages/{stage}/files")).exists());
    }
    assert!(!folder.path(&format!("small/stages/{stage}/files")).exists());
}

#[test]
fn keys_beyond_memory_give_the_same_and_go_on_with_any_memory() {
    // Not by batches: both lines have times of their own then.
    for within in ["", "--within 1h --time '.[1]' --watermark 1d"] {
        goes_on_with_any_memory(&Folder::new(), &format!("sstream-dedup --by '.[0]' {within}"), "dedup", "4KiB");
    }
    let refused = "sstream-dedup --memory 1MiB -j 2 < /dev/null";
    Folder::new().run(refused).exits(2).says("--memory does not go with --jobs");
}

#[test]
fn sequences_beyond_memory_give_the_same_and_go_on_with_any_memory() {
    let names = "--define 'a=.[1] % 3 == 0' --define 'b=.[1] % 2 == 0'";
    for (pattern, options) in [
        ("a -> b", "--within 7s --emit both --time '.[1]' --watermark 2s"),
        ("b? a -> b{1,2}", "--within 20s --time '.[1]' --watermark 2s"),
        ("a -> b", "--all --within 1d"),
    ] {
        let keyed = format!("sstream-match '{pattern}' --by '.[0]' {names} {options}");
        goes_on_with_any_memory(&Folder::new(), &keyed, "match", "24KiB");
    }
}

#[test]
fn a_state_beyond_memory_gives_the_same_and_goes_on_with_any_memory() {
    let folder = Folder::new();
    goes_on_with_any_memory(&folder, "sstream-state sum --emit changed", "state", "4KiB");
    // One that counts: others may be left of a stop.
    let named =
        folder.run("sstream-checkpoint verify large | sed -n 's|^ok  *\\(.*[.]run\\):.*|\\1|p' | head -n 1").stdout;
    let path = folder.path(&format!("large/{}", named.trim()));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let ran = folder.run("sstream-checkpoint verify large").exits(5);
    assert!(ran.stdout.contains("DAMAGED  stages/tail.01-state/files/"), "{ran}");
    folder.run("sstream-state count --memory 4095").exits(2).says("it is at least 4.0 KiB");
}

#[test]
fn windows_beyond_memory_give_the_same_and_go_on_with_any_memory() {
    for windows in ["3s", "3s 1s", "--session 700ms"] {
        let keyed = format!("sstream-window {windows} --by '.[0]' --time '.[1]' --watermark 2s count");
        goes_on_with_any_memory(&Folder::new(), &keyed, "window", "24KiB");
    }
}

#[test]
fn a_join_beyond_memory_gives_the_same_and_goes_on_with_any_memory() {
    let folder = Folder::new();
    let line = |memory: &str, checkpoint: &str| {
        let side = |log: &str| {
            format!(
                "<(sstream-source tail {log} --name {log} --input json --available-now --batch 1d --checkpoint {checkpoint})"
            )
        };
        let line = format!(
            "sstream-join {} {} --type full --by '.[0]' --within -1s..2s --time '.[1]' --watermark 3s {memory} --output json",
            side("a"),
            side("b"),
        );
        folder.run(&line).exits(0).says_nothing().stdout
    };
    let (mut a, mut b) = (String::new(), String::new());
    for (part, memory) in ["--memory 64KiB", "--memory 100KiB", "", "--memory 24KiB"].into_iter().enumerate() {
        let numbers = part * 3_000..(part + 1) * 3_000;
        a.extend(numbers.clone().map(|n| format!("[\"key {}\",{n}]\n", n * 7919 % 1001)));
        b.extend(numbers.map(|n| format!("[\"key {}\",{n}]\n", n * 6007 % 1301)));
        folder.file("a", &a);
        folder.file("b", &b);
        let small = line("", "small");
        assert!(!small.is_empty() && line(memory, "large") == small, "part {part}");
        folder.run("sstream-checkpoint verify large").exits(0).says_nothing();
        let state = |checkpoint| {
            folder.run(&format!("sstream-checkpoint state {checkpoint} a+b.01-join | sort")).exits(0).stdout
        };
        assert!(state("large") == state("small"), "part {part}");
    }
    assert!(folder.path("large/stages/a+b.01-join/files").exists());
    let refused = "sstream-join a b --by .k --within 0s..1s --time .t --memory 1MiB -j 2";
    folder.run(refused).exits(2).says("with --jobs all that waits for partners is in memory");
}
