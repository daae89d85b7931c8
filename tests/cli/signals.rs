//! Signals to whole process groups, and how pipelines end.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::live::{self, Live, free_port, is_listening};
use crate::support::{Shell, shell};

/// Longer than two SIGINT must be apart to be two wishes.
const APART: Duration = Duration::from_millis(1200);

/// The exit codes of all commands of a pipeline, in a file.
const STATUSES: &str = "; echo ${PIPESTATUS[@]} > statuses";

/// A saved stream of two batches.
fn saved() -> String {
    shell("printf '[\"x1\",\"x2\"]\\n[\"x3\"]\\n' | sstream-source queue - --no-trace").exits(0).stdout
}

#[test]
fn ctrl_c_drains_and_shows_the_last_window() {
    let port = free_port();
    let mut line = live::start(&format!(
        "nc -lk 127.0.0.1 {port} | tee copy | sstream-filter ERROR --batch 10s --output frames \
         | sstream-window 30s 10s count --output text{STATUSES}"
    ));
    line.until("listening", |_| is_listening(port));
    let mut client = live::start(&format!("printf 'ERROR 1\\nother\\nERROR 2\\n' | nc -N 127.0.0.1 {port}"));
    client.exits(0);
    line.until_holds("copy", "ERROR 2");
    line.signal(Signal::INT);
    line.exits(0);
    assert_eq!(line.stdout().lines().last(), Some("2"), "{line}");
    assert!(line.read("statuses").trim().ends_with(" 0 0"), "{}{line}", line.read("statuses"));
}

#[test]
fn every_signal_stops_and_a_shell_that_ignored_interrupts_does_not_matter() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut line = live::start("trap '' INT TERM; exec sstream-source rate 10 --batch 20ms --no-trace");
        line.until_holds("stdout", "{\"end\"");
        line.signal(signal);
        line.exits(0);
        assert!(line.stdout().ends_with("{\"close\":\"stop\"}\n"), "{line}");
        assert_eq!(line.stderr(), "");
    }
}

#[test]
fn a_hangup_that_was_ignored_at_the_start_is_ignored() {
    for tool in ["exec", "exec sstream-run"] {
        let quote = if tool == "exec" { "" } else { "'" };
        let mut line =
            live::start(&format!("trap '' HUP; {tool} {quote}sstream-source rate 10 --batch 20ms --no-trace{quote}"));
        line.until_holds("stdout", "{\"end\"");
        line.signal(Signal::HUP);
        let written = line.stdout().len();
        line.until("going on", |line| line.stdout().len() > written + 1000);
        line.signal(Signal::TERM);
        line.exits(0);
        assert!(line.stdout().ends_with("{\"close\":\"stop\"}\n"), "{line}");
    }
}

/// A later stage whose first one is busy and does not mind signals: it goes on
/// when the file `go` is there.
fn stuck() -> Live {
    let mut line = live::start(
        "{ trap '' INT TERM; printf '%s\\n' '{\"sstream\":1,\"interval\":1000,\"stages\":[\"x\"]}'; \
         until [ -e go ]; do read -t 0.02 < fifo; done; printf '%s\\n' '{\"close\":\"eof\"}'; } 2>/dev/null \
         | { echo $BASHPID > pid; exec sstream-filter x; }",
    );
    line.until_holds("stdout", "sstream");
    line
}

#[test]
fn a_second_ctrl_c_ends_a_stage_that_hangs() {
    let mut line = stuck();
    let started = Instant::now();
    line.until("ended", |line| {
        line.signal(Signal::INT);
        let pid = line.read("pid");
        !std::path::Path::new("/proc").join(pid.trim()).exists()
            || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default().contains(") Z ")
    });
    assert!(started.elapsed() >= Duration::from_secs(1), "after {:?}", started.elapsed());
    assert!(!line.stdout().contains("close"), "{line}");
}

#[test]
fn sigterm_counts_once() {
    let mut line = stuck();
    let started = Instant::now();
    line.until("over", |line| {
        line.signal(Signal::TERM);
        started.elapsed() > APART
    });
    std::fs::write(line.path("go"), "").unwrap();
    line.until_holds("stdout", "{\"close\":\"eof\"}\n");
}

#[test]
fn a_stream_that_just_stops_is_told_down_the_line() {
    let cut = &saved()[..saved().len() - 25];
    let line = format!(
        "cat cut | sstream-filter x | sstream-window 1s 1s count | sstream-sink print > out{STATUSES}; cat statuses"
    );
    let ran = Shell::new(&line).file("cut", cut).run().exits(0).prints("0 3 3 3\n");
    assert_eq!(ran.stderr.matches("cut off").count(), 3, "{ran}");
    assert!(ran.stderr.contains("dropped the unfinished batch 2000"), "{ran}");
}

#[test]
fn a_failing_stage_sends_its_exit_code_down_the_line() {
    let line = format!(
        "echo '{{bad' | sstream-filter --input json --batch 1h x | sstream-window 1h count | sstream-sink text{STATUSES}; \
         cat statuses"
    );
    shell(&line).exits(0).prints("0 4 4 4\n").says("sstream-filter: ");
    let line =
        format!("echo x | sstream-filter '(' | sstream-window 1s 1s count | sstream-sink text{STATUSES}; cat statuses");
    let ran = shell(&line).exits(0);
    assert!(ran.stdout.ends_with(" 2 2 2\n"), "{ran}");
}

#[test]
fn a_reader_that_goes_is_no_error() {
    // 141: as SIGPIPE would have ended them.
    for line in [
        "sstream-source rate 1000 --batch 10ms | sstream-filter n | head -n 1",
        "yes '[\"x\"]' | head -n 100000 | sstream-source queue - | sstream-filter x --output text | head -n 1",
    ] {
        let ran = shell(&format!("{line} > out{STATUSES}; cat statuses")).exits(0).says_nothing();
        assert!(ran.stdout.ends_with("141 141 0\n"), "{ran}");
    }
}

#[test]
fn a_reader_that_goes_is_noticed_where_nothing_passes() {
    // The batches are so long that no end comes either.
    for line in [
        "tail -f log | sstream-filter . --batch 1h --output text",
        "sstream-source tail log --batch 1h | sstream-filter . --output text",
        "sstream-source tail log --batch 1h | sstream-sink text",
        "sstream-source tail log --batch 1h --output json",
        "sstream-source tail log --batch 1h",
        "sstream-run 'sstream-source tail log --batch 1h | sstream-filter . --output text'",
    ] {
        // The reader reads what is there and goes; then nothing comes any more.
        let mut line =
            live::start(&format!("echo a > log; {{ {line}; echo over > over; }} 2> /dev/null | head -c 1 > out"));
        line.exits(0);
        line.until_holds("over", "over");
    }
    let tail = "<(sstream-source rate 1 --batch 1h 2> /dev/null)";
    for line in ["sstream-source listen 0 --output print", &format!("sstream-union {tail} {tail} --output text")] {
        live::start(&format!("{line} 2> /dev/null | true")).exits(141);
    }
}

#[test]
fn a_sink_that_writes_no_stdout_does_not_care_who_reads_it() {
    let line = "{ echo a; sleep 0.3; echo b; } | { sstream-sink files out --batch 1h; echo $? > status; } | true; \
                until [ -s status ]; do sleep 0.01; done; cat out-* status";
    shell(line).exits(0).prints("a\nb\n0\n");
}

#[test]
fn a_full_disk_is_an_error() {
    for line in [
        "sstream-source rate 1000 --batch 10ms",
        "sstream-source rate 1000 --batch 10ms --output text",
        "echo x | sstream-filter x",
        "echo x | sstream-filter x --output print",
    ] {
        shell(&format!("{line} > /dev/full")).exits(1).says("stdout: cannot write: No space left on device");
    }
}
