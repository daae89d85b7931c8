//! `sstream-run` over real pipelines: kills, restarts, stops, systemd, cron.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::live::{self, Live};
use crate::support::{Folder, shell};

/// A pipeline of three stages that notes each start, what is left of the run
/// before at that moment, and its stages' numbers.
const THREE: &str = "for pid in $(cat pids 2>/dev/null); do [ -e /proc/$pid ] && echo $pid >> left; done; : > pids; \
    echo start >> starts; \
    { echo $BASHPID >> pids; exec sstream-source rate 100 --batch 20ms; } \
    | { echo $BASHPID >> pids; exec sstream-map .n; } \
    | { echo $BASHPID >> pids; exec sstream-sink text >> out; }";

fn lines(live: &Live, name: &str) -> usize {
    live.read(name).lines().count()
}

fn pids(live: &Live) -> Vec<Pid> {
    live.read("pids").lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)).collect()
}

/// Which of a pipeline's stages, in the order of the line: what a pid runs.
fn pid_of(live: &mut Live, tool: &str) -> Pid {
    let mut found = None;
    live.until(&format!("{tool} runs"), |live| {
        found = pids(live).into_iter().find(|pid| {
            let command = std::fs::read_to_string(format!("/proc/{pid}/comm"));
            command.is_ok_and(|command| command.trim() == tool)
        });
        found.is_some()
    });
    found.unwrap()
}

/// A run, which a test ends by a signal: its pipeline is a group of its own, and goes on
/// where only sstream-run is killed.
fn run(options: &str, pipeline: &str) -> Live {
    live::start(&format!("XDG_RUNTIME_DIR=$PWD exec sstream-run {options} '{pipeline}'"))
}

/// A signal to sstream-run alone, whose process leads the line's group.
fn signal(live: &Live, signal: Signal) {
    live.signal(signal);
}

#[test]
fn exit_codes() {
    for (pipeline, code, says) in [
        ("sstream-source queue q --output text | cat", 0, ""),
        ("cat q | sstream-filter --input text x --output text | head -n 1 > first", 0, ""),
        ("sstream-source queue q | sstream-window 10 | sstream-sink null", 2, "command 2 of 3, sstream-window,"),
        (
            "echo {bad | sstream-filter --input json x | sstream-sink null",
            4,
            "command 2 of 3, sstream-filter, ended with exit code 4, a bad record",
        ),
        ("sstream-source queue q | sstream-sink null; exit 5", 5, "ended with exit code 5, checkpoint"),
        ("cat q | sstream-map . | sstream-map error | sstream-sink null", 4, "stage 2, sstream-map: "),
        ("nosuchcommand | sstream-filter x", 127, "command 1 of 2, nosuchcommand, was not found"),
        ("cat | | cat", 2, "line 1: syntax error near unexpected token"),
        ("", 2, "PIPELINE is empty"),
    ] {
        let folder = Folder::new();
        folder.file("q", "[\"x1\",\"x2\"]\n[\"x3\"]\n");
        let ran = folder.run(&format!("sstream-run '{pipeline}'")).exits(code);
        assert!(ran.stderr.contains(says), "{ran}");
        assert!(!ran.stderr.contains("again in"), "{ran}");
        assert_eq!(ran.stderr.is_empty(), says.is_empty(), "{ran}");
    }
    // Those after which it would start again, if it were not for --restart no.
    for (pipeline, code, says) in [
        ("sstream-source exec -- false | { exec sstream-filter x; } & kill -KILL $!; wait $!", 137, "SIGKILL"),
        ("(exit 1) | sstream-filter --input text x", 1, "command 1 of 2"),
        (
            "head -c 200 saved | sstream-filter x | sstream-sink null",
            3,
            "command 2 of 3, sstream-filter, ended with exit code 3",
        ),
        ("./wget | sstream-filter x", 1, "command 1 of 2, wget, ended with exit code 4"),
    ] {
        let folder = Folder::new();
        folder.run("sstream-source rate 100 --batch 10ms --stop-after 100ms > saved").exits(0);
        folder.file("wget", "#!/bin/sh\nexit 4\n").run("chmod +x wget").exits(0);
        let ran = folder.run(&format!("sstream-run --restart no '{pipeline}'")).exits(code);
        assert!(ran.stderr.lines().last().unwrap().starts_with("sstream-run: "), "{ran}");
        assert!(ran.stderr.contains(says), "{ran}");
    }
}

#[test]
fn restarts_are_counted_and_given_up() {
    let ran = shell("sstream-run --restart-delay 1ms --max-restarts 3 'echo x >> starts; exit 1'").exits(1);
    assert_eq!(ran.folder.read("starts"), "x\nx\nx\nx\n");
    assert!(ran.stderr.ends_with(": given up after 3 restarts in a row\n"), "{ran}");
    assert!(ran.stderr.contains("starting again in 4ms"), "{ran}");
    let ran = shell("sstream-run --restart always --restart-delay 1ms --max-restarts 2 'echo x >> starts'").exits(0);
    assert_eq!(ran.folder.read("starts"), "x\nx\nx\n");
    ran.says_nothing();
    for code in [2, 4, 5] {
        let ran = shell(&format!("sstream-run --restart always 'echo x >> starts; exit {code}'")).exits(code);
        assert_eq!(ran.folder.read("starts"), "x\n");
    }
}

#[test]
fn any_killed_stage_restarts_all_of_the_pipeline_once_nothing_is_left() {
    let mut line = run("--restart-delay 10ms", THREE);
    let tools = ["sstream-map", "sstream-sink", "sstream-source", "sstream-map"];
    for (kills, tool) in tools.into_iter().enumerate() {
        line.until("three stages", |line| lines(line, "starts") == kills + 1 && pids(line).len() == 3);
        let before = lines(&line, "out");
        line.until("records", |line| lines(line, "out") > before);
        let pid = pid_of(&mut line, tool);
        kill_process(pid, Signal::KILL).unwrap();
        line.until("started again", |line| lines(line, "starts") == kills + 2);
        let told = format!("{tool}, was ended by SIGKILL (exit code 137): starting again in");
        // The shell's own names stand for `{ … exec tool; }`.
        let told = told.split_once(", ").unwrap().1;
        assert_eq!(line.stderr().matches(told).count(), kills + 1, "{line}");
    }
    signal(&line, Signal::TERM);
    line.exits(0);
    assert_eq!(line.read("left"), "", "{line}");
}

#[test]
fn with_a_checkpoint_every_record_is_in_one_file() {
    let folder = Folder::new();
    let numbers = || (1..=100).map(|number| number.to_string());
    folder.file("q", numbers().map(|number| format!("[\"{number}\"]\n")).collect::<String>());
    let line = "mkdir out; XDG_RUNTIME_DIR=$PWD exec sstream-run --checkpoint cp --batch 50ms --restart-delay 10ms \
        'sstream-source queue q --clock wall | { echo $BASHPID > pids; exec sstream-map .; } | sstream-sink files out/x'";
    let mut line = live::start_in(folder, line);
    let files = |line: &Live| {
        let mut paths: Vec<_> = std::fs::read_dir(line.path("out")).into_iter().flatten().flatten().collect();
        paths.sort_by_key(std::fs::DirEntry::path);
        paths.iter().filter_map(|entry| std::fs::read_to_string(entry.path()).ok()).collect::<String>()
    };
    for done in [3, 9] {
        line.until("files", |line| files(line).lines().count() >= done);
        let pid = pid_of(&mut line, "sstream-map");
        kill_process(pid, Signal::KILL).unwrap();
        line.until("killed", |line| pids(line) != [pid]);
    }
    line.exits(0);
    assert_eq!(files(&line).lines().map(str::to_owned).collect::<Vec<_>>(), numbers().collect::<Vec<_>>(), "{line}");
}

#[test]
fn a_killed_shell_takes_the_pipeline_with_it() {
    let mut line = run("--restart-delay 10ms --kill-after 100ms", &format!("echo $$ > shell; {THREE}"));
    line.until("three stages", |line| pids(line).len() == 3 && lines(line, "out") > 0);
    let shell: i32 = line.read("shell").trim().parse().unwrap();
    kill_process(Pid::from_raw(shell).unwrap(), Signal::KILL).unwrap();
    line.until("started again", |line| lines(line, "starts") == 2);
    assert_eq!(line.read("left"), "", "{line}");
    assert!(line.stderr().contains("were made to end"), "{line}");
    // Or the pipeline, which has a group of its own, would go on after this test.
    signal(&line, Signal::TERM);
    line.exits(0);
}

#[test]
fn a_writer_that_seldom_writes_does_not_hold_up_a_restart() {
    let mut line = run(
        "--restart-delay 10ms",
        "echo start >> starts; sleep 1000 | { echo $BASHPID > pids; exec sstream-filter --input text x; } | sstream-sink null",
    );
    let pid = pid_of(&mut line, "sstream-filter");
    kill_process(pid, Signal::KILL).unwrap();
    line.until("started again", |line| lines(line, "starts") == 2);
    assert!(line.stderr().contains("command 2 of 3") && line.stderr().contains("137"), "{line}");
    signal(&line, Signal::TERM);
    line.exits(0);
}

#[test]
fn a_stop_signals_the_first_stages_only_and_nothing_is_lost() {
    for stop in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut line = run(
            "",
            "sstream-source rate 1000 --batch 20ms | tee frames | sstream-map .n | sstream-sink text > out; echo x > more",
        );
        line.until("records", |line| lines(line, "out") > 20);
        signal(&line, stop);
        line.exits(0);
        let frames = line.read("frames");
        assert!(frames.ends_with("{\"close\":\"stop\"}\n"), "{line}");
        let given = frames.lines().filter(|frame| frame.starts_with("{\"n\"")).count();
        assert_eq!(lines(&line, "out"), given, "{line}");
        assert_eq!((line.stderr().as_str(), line.read("more").as_str()), ("", ""), "{line}");
    }
}

#[test]
fn a_foreign_first_command_is_ended_and_the_others_drain() {
    let mut line = run(
        "--stop-file stop",
        "while :; do echo x$((n++)); sleep 0.01; done | tee given | sstream-filter --input text x --batch 20ms | sstream-sink text > out",
    );
    line.until("records", |line| lines(line, "out") > 3);
    std::fs::write(line.path("stop"), "").unwrap();
    line.exits(0);
    assert_eq!(line.read("out"), line.read("given"));
    assert_eq!(line.stderr(), "");
}

#[test]
fn a_script_drains_too() {
    let folder = Folder::new();
    folder.file("script", "#!/bin/bash\nsstream-source rate 500 --batch 20ms | tee frames | sstream-sink text > out\n");
    let run = live::start_in(folder.clone(), "XDG_RUNTIME_DIR=$PWD exec sstream-run --file script");
    let by_name = {
        let folder = Folder::new();
        folder.file(
            "script",
            "#!/bin/bash\nsstream-source rate 500 --batch 20ms | tee frames | sstream-sink text > out\n",
        );
        folder.run("chmod +x script").exits(0);
        live::start_in(folder, "XDG_RUNTIME_DIR=$PWD exec sstream-run ./script")
    };
    for mut line in [run, by_name] {
        line.until("records", |line| lines(line, "out") > 10);
        signal(&line, Signal::TERM);
        line.exits(0);
        let given = line.read("frames").lines().filter(|frame| frame.starts_with("{\"n\"")).count();
        assert_eq!(lines(&line, "out"), given, "{line}");
    }
}

/// The last stage reads nothing and ends only if it must.
const STUCK: &str = "sstream-source rate 1000 --batch 10ms | { echo $BASHPID > pids; exec sleep 1000; }";

#[test]
fn what_does_not_drain_is_ended_after_a_while_or_by_a_second_signal() {
    let started = Instant::now();
    let mut line = run("--stop-timeout 100ms", STUCK);
    pid_of(&mut line, "sleep");
    signal(&line, Signal::TERM);
    line.exits(1);
    assert!(line.stderr().contains("did not end by itself"), "{line}");
    let mut line = run("", STUCK);
    pid_of(&mut line, "sleep");
    signal(&line, Signal::TERM);
    // Systemd may send it twice; that is one wish.
    signal(&line, Signal::TERM);
    std::thread::sleep(Duration::from_millis(2500));
    assert!(line.ended().is_none(), "{line}");
    signal(&line, Signal::TERM);
    line.exits(1);
    // Some do not mind SIGTERM.
    let immune = "trap \"\" TERM PIPE; echo $BASHPID > pids; while :; do sleep 0.1; done";
    let mut line =
        run("--stop-timeout 50ms --kill-after 50ms", &format!("sstream-source rate 9 --batch 10ms | {{ {immune}; }}"));
    line.until_holds("pids", "\n");
    signal(&line, Signal::INT);
    line.exits(1);
    assert!(started.elapsed() < Duration::from_secs(25), "{line}");
}

#[test]
fn nothing_is_left_over() {
    let mut line = run("--kill-after 50ms", "sleep 1000 & echo $! > one; setsid sleep 1000 & echo $! > two; true");
    line.exits(0);
    for name in ["one", "two"] {
        assert!(!Path::new("/proc").join(line.read(name).trim()).exists(), "{name}: {line}");
    }
    assert!(line.stderr().contains("some of the pipeline's processes went on"), "{line}");
}

#[test]
fn variables_names_and_whole_lines() {
    let ran = shell(
        "NOTIFY_SOCKET= WATCHDOG_USEC=1 sstream-run --name orders --checkpoint cp --batch 250ms \
         'env | grep -E \"^(SSTREAM|NOTIFY|WATCHDOG)\" | sort; printf \"a b\" >&2; echo c >&2; echo $1 $0' x",
    );
    let ran = ran.exits(0).prints("SSTREAM_BATCH=250ms\nSSTREAM_CHECKPOINT=cp\nSSTREAM_RUN=orders\nx sstream-run\n");
    assert_eq!(ran.stderr, "orders: a bc\n");
    // Stdin is the pipeline's.
    shell("echo x | sstream-run 'sstream-filter x --output text'").exits(0).prints("x\n").says_nothing();
}

#[test]
fn ps_and_stop_know_the_name() {
    let mut line = run("--name orders", THREE);
    line.until("shown", |line| {
        let folder = line.path("").display().to_string();
        shell(&format!("XDG_RUNTIME_DIR={folder} sstream ps")).stdout.contains(" orders ")
    });
    let folder = line.path("").display().to_string();
    shell(&format!("XDG_RUNTIME_DIR={folder} sstream stop orders 2>/dev/null")).exits(0);
    line.exits(0);
}

/// What systemd is told, until `is_enough`.
#[track_caller]
fn told(socket: &UnixDatagram, mut is_enough: impl FnMut(&[String]) -> bool) -> Vec<String> {
    let mut messages = Vec::new();
    let started = Instant::now();
    let mut buffer = [0; 1000];
    while !is_enough(&messages) {
        assert!(started.elapsed() < Duration::from_secs(20), "{messages:?}");
        if let Ok(length) = socket.recv(&mut buffer) {
            messages.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
        }
    }
    messages
}

#[test]
fn systemd_is_told() {
    let folder = Folder::new();
    let socket = UnixDatagram::bind(folder.path("notify")).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let mut line = live::start_in(
        folder,
        &format!(
            "export XDG_RUNTIME_DIR=$PWD NOTIFY_SOCKET=$PWD/notify WATCHDOG_USEC=1000000; exec sstream-run '{THREE}'"
        ),
    );
    let has = |part: &'static str| move |messages: &[String]| messages.iter().any(|message| message.contains(part));
    let messages = told(&socket, has("READY=1"));
    assert_eq!(pids(&line).len(), 3, "{messages:?}");
    told(&socket, |messages| {
        has("STATUS=batch ")(messages) && has("records/s")(messages) && has("WATCHDOG=1")(messages)
    });
    // A stage that stands still is not a pipeline that gets on.
    let map = pid_of(&mut line, "sstream-map");
    kill_process(map, Signal::STOP).unwrap();
    let started = Instant::now();
    // It may have got on right before it was stopped; what was told of that has come by then.
    told(&socket, |_| started.elapsed() > Duration::from_millis(2500));
    while socket.recv(&mut [0; 1000]).is_ok() {}
    let quiet = told(&socket, |_| started.elapsed() > Duration::from_millis(4000));
    assert!(!quiet.iter().any(|message| message == "WATCHDOG=1"), "{quiet:?}");
    kill_process(map, Signal::CONT).unwrap();
    told(&socket, has("WATCHDOG=1"));
    // Restarts feed it too.
    kill_process(map, Signal::KILL).unwrap();
    told(&socket, has("STATUS=starting again in 1s"));
    told(&socket, has("WATCHDOG=1"));
    line.until("started again", |line| lines(line, "starts") == 2);
    told(&socket, has("STATUS=batch "));
    signal(&line, Signal::TERM);
    told(&socket, has("STOPPING=1"));
    line.exits(0);
}

/// The units and the crontab that are to be copied, with the tools and directories
/// of this test in the place of the system's.
fn contrib(name: &str, places: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    places.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{name}: {from}");
        text.replace(from, to)
    })
}

#[test]
fn systemd_accepts_the_units() {
    let folder = Folder::new();
    let tools = Path::new(env!("CARGO_BIN_EXE_sstream-run")).parent().unwrap().display().to_string();
    for name in ["sstream-errors.service", "sstream@.service", "sstream-once@.service", "sstream-shard@.service"] {
        folder.file(name, contrib(&format!("systemd/{name}"), &[("/usr/local/bin", &tools)]));
    }
    folder.file("sstream-once@.timer", contrib("systemd/sstream-once@.timer", &[]));
    let units =
        "sstream-errors.service sstream@a.service sstream-once@a.service sstream-once@a.timer sstream-shard@1.service";
    let ran = folder
        .run(&format!("command -v systemd-analyze >/dev/null || exit 99; systemd-analyze verify --man=no {units}"));
    if ran.code() == Some(99) {
        eprintln!("skipped: there is no systemd-analyze; scripts/setup test installs it");
        return;
    }
    ran.exits(0).says_nothing();
}

#[test]
fn cron_hears_nothing_unless_something_went_wrong() {
    let folder = Folder::new();
    let place = folder.path("").display().to_string();
    let tools = Path::new(env!("CARGO_BIN_EXE_sstream-run")).parent().unwrap().display().to_string();
    let table =
        contrib("cron/sstream", &[("/etc/sstream", &place), ("/var/lib/sstream", &place), ("/usr/local/bin", &tools)]);
    let variable = |name: &str| table.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap();
    let entry = table.lines().last().unwrap().splitn(7, ' ').last().unwrap();
    let line = format!(
        "env -i HOME=/ LOGNAME=root SHELL={shell} PATH={path} {shell} -c \"$ENTRY\"",
        shell = variable("SHELL"),
        path = variable("PATH"),
    );
    let line = format!("ENTRY='{entry}'; {line}");
    folder.file("q", "[\"an error\",\"x\"]\n");
    folder.file(
        "errors.sh",
        format!("cd {place}\nsstream-source queue q | sstream-filter error | sstream-sink files out\n"),
    );
    folder.run(&line).exits(0).prints("").says_nothing();
    assert_eq!(folder.read("out-1000"), "an error\n");
    folder.file(
        "errors.sh",
        format!("cd {place}\nsstream-source queue none | sstream-filter error | sstream-sink files out\n"),
    );
    let ran = folder.run(&line);
    assert!(ran.code().is_some_and(|code| code != 0) && ran.stderr.contains("errors: sstream-source: "), "{ran}");
    assert!(ran.stderr.lines().last().unwrap().contains("command 1 of 3, sstream-source"), "{ran}");
    // What the examples run is at least shell.
    for name in ["errors.sh", "shard.sh"] {
        folder
            .file(name, contrib(&format!("pipelines/{name}"), &[]))
            .run(&format!("bash -n {name}"))
            .exits(0)
            .says_nothing();
    }
}
