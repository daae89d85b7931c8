//! What clients log becomes records, and is answered when it is safe.

use std::time::Duration;

use sstream_testkit::shell::Folder;
use sstream_testkit::wait_until;

use crate::support::{PEER, Source, is_possible, records};

#[test]
fn entries_become_records() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let source = Source::start(&folder, "--batch 200ms --with category,client");
    source.run("printf 'one\\ntwo \"\\n' | send --batch 2").prints("OK\n");
    source.run("echo drei é | send --old --category web").prints("OK\n");
    source.run("true | send").prints("");
    let (records, said) = source.stop();
    assert_eq!(
        records,
        [
            "{\"category\":\"tests\",\"client\":\"127.0.0.1\",\"value\":\"one\"}",
            "{\"category\":\"tests\",\"client\":\"127.0.0.1\",\"value\":\"two \\\"\"}",
            "{\"category\":\"web\",\"client\":\"127.0.0.1\",\"value\":\"drei é\"}"
        ]
    );
    assert_eq!(said, "");
}

#[test]
fn values_are_json_where_that_is_wished() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let source = Source::start(&folder, "--batch 200ms --value json --on-error bad");
    source.run("printf '{ \"n\": 1.50 }\\n{\\n3\\n' | send --batch 3").prints("OK\n");
    assert_eq!(source.stop().0, ["{\"n\":1.50}", "3"]);
    assert!(folder.read("bad").contains("\"record\":\"{\""), "{}", folder.read("bad"));
}

#[test]
fn what_fb303_asks_is_answered() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let source = Source::start(&folder, "--batch 200ms");
    for (method, answer) in [
        ("getName", "sstream"),
        ("getStatus", "2"),
        ("getStatusDetails", ""),
        ("getCounters", "{}"),
        ("getOptions", "{}"),
    ] {
        for form in ["", "--old"] {
            source.run(&format!("ask {method} {form}")).prints(&format!("{answer}\n"));
        }
    }
    let since: i64 = source.run("ask aliveSince").stdout.trim().parse().unwrap();
    assert!(since > 1_700_000_000, "{since}");
    let refused = source.run("ask getCpuProfile").stdout;
    assert!(refused.contains("there is no method getCpuProfile here"), "{refused}");
    // Nobody else stops it.
    source.run("ask shutdown");
    source.run("echo one | send").prints("OK\n");
    assert_eq!(source.stop().0, ["\"one\""]);
}

/// Under a checkpoint OK waits for the disk and not for the batch's end, which is a minute away; a
/// kill right after it loses nothing.
#[test]
fn answered_is_safe() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.run("mkdir out").exits(0);
    let line = "sstream-source scribe $PORT --checkpoint ck --batch 1m 2>>err | sstream-sink files out/part";
    let source = Source::start_line(&folder, line);
    source.run("echo one | send").prints("OK\n");
    source.pipeline().signal_all(rustix::process::Signal::KILL);
    drop(source);
    let again = Source::start_line(&folder, line);
    again.run("echo two | send").prints("OK\n");
    again.stop();
    folder.run("cat out/part-*").prints("one\ntwo\n");
}

/// Without a checkpoint OK waits until the batch's end has left.
#[test]
fn without_a_checkpoint_the_batch_is_waited_for() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let source = Source::start(&folder, "--batch 2s");
    source.run("echo one | send").prints("OK\n");
    let out = folder.read("out");
    assert!(records(&out) == ["\"one\""], "{out}");
    let place = out.lines().position(|line| line == "\"one\"").unwrap();
    assert!(out.lines().skip(place).any(|line| line.starts_with("{\"end\":")), "{out}");
    assert_eq!(source.stop().0, ["\"one\""]);
}

/// What waits at a stop is taken, and answered.
#[test]
fn a_stop_answers_who_waits() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let source = Source::start(&folder, "--batch 1h");
    let waiting = {
        let line = format!("echo one | {PEER} send {} >{}", source.port, folder.path("answer").display());
        std::thread::spawn(move || std::process::Command::new("bash").args(["-c", &line]).status().unwrap())
    };
    wait_until("it is taken", Duration::from_secs(120), || folder.read("out").contains("\"one\""));
    let (records, _) = source.stop();
    assert!(waiting.join().unwrap().success());
    assert_eq!((records, folder.read("answer")), (vec!["\"one\"".to_owned()], "OK\n".to_owned()));
}
