//! Records become events of an agent.

use std::time::Duration;

use sstream_testkit::needs::free_port;
use sstream_testkit::shell::Folder;
use sstream_testkit::wait_until;

use crate::raw::{FAILED, FalseAgent, OK, call};
use crate::support::{Agent, MEMORY, is_possible};

/// Two batches.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.file("batches", "[\"a\",{\"host\":\"x\",\"n\":1.50}]\n[]\n[\"c d\"]\n");
    folder
}

/// Waits until the agent has written so many lines; all of them.
fn got(folder: &Folder, lines: usize) -> String {
    let got = || folder.run("cat got/*").stdout;
    wait_until("all came", Duration::from_secs(60), || got().lines().count() >= lines);
    got()
}

#[test]
fn records_become_events_with_headers() {
    if !is_possible() {
        return;
    }
    let (folder, port) = (folder(), free_port());
    let agent = Agent::collector(&folder, port, &format!("sinks.k.sink.serializer = HEADER_AND_TEXT\n{MEMORY}"));
    folder
        .run(&format!(
            "sstream-source queue batches --batch 1s | \
             sstream-sink flume 127.0.0.1:{} 127.0.0.1:{port} --header 'host=.host? // empty' --header app='\"tests\"'",
            free_port()
        ))
        .exits(0)
        .says_nothing();
    // A HashMap's order is its own.
    let text = got(&folder, 3).replace("{app=tests, host=x}", "{host=x, app=tests}");
    assert_eq!(text, "{app=tests} a\n{host=x, app=tests} {\"host\":\"x\",\"n\":1.50}\n{app=tests} c d\n");
    drop(agent);
}

#[test]
fn connections_are_packed_where_the_agent_wants_it() {
    if !is_possible() {
        return;
    }
    let (folder, port) = (folder(), free_port());
    let agent = Agent::collector(&folder, port, &format!("sources.s.compression-type = deflate\n{MEMORY}"));
    folder
        .run(&format!("seq 20000 | sstream-sink flume 127.0.0.1:{port} --compression deflate --per-call 7000"))
        .exits(0)
        .says_nothing();
    let numbers: String = (1..=20000).map(|n| format!("{n}\n")).collect();
    assert_eq!(got(&folder, 20000), numbers);
    let wrong =
        folder.run(&format!("seq 3 | sstream-sink flume 127.0.0.1:{port} --timeout 2s --retry-for 3s")).exits(1);
    assert!(wrong.stderr.contains("given up after") || wrong.stderr.contains("packed"), "{wrong}");
    drop(agent);
}

/// An agent that is not there yet; and values and bad records.
#[test]
fn an_agent_that_is_away_is_waited_for() {
    if !is_possible() {
        return;
    }
    let (folder, port) = (folder(), free_port());
    let ran = folder.run("seq 3 | sstream-sink flume 127.0.0.1:1 --retry-for 1s").exits(1);
    assert!(ran.stderr.contains("trying again") && ran.stderr.contains("given up after"), "{ran}");
    let sending = {
        let line = format!(
            "sstream-source queue batches --batch 1s | sstream-sink flume 127.0.0.1:{port} --value '.n // empty' --on-error bad 2>err"
        );
        let folder = folder.path("");
        std::thread::spawn(move || sstream_testkit::pipeline::run(&folder, &line))
    };
    wait_until("it is tried", Duration::from_secs(60), || folder.read("err").contains("trying again"));
    let agent = Agent::collector(&folder, port, MEMORY);
    assert!(sending.join().unwrap().0.success());
    assert_eq!(got(&folder, 1), "1.50\n");
    assert!(folder.read("err").contains("goes on, after"), "{}", folder.read("err"));
    assert!(folder.read("bad").contains("\"record\":\"a\""), "{}", folder.read("bad"));
    drop(agent);
}

/// FAILED, as of a channel that is full, an error, and an answer that is lost: the call is made again, until it
/// is taken.
#[test]
fn what_was_not_answered_ok_is_sent_again() {
    let agent = FalseAgent::start(&[FAILED, b"\0\x01\0\x08full", b"", OK]);
    let folder = Folder::new();
    let ran = folder.run(&format!("seq 3 | sstream-sink flume 127.0.0.1:{}", agent.port)).exits(0);
    assert!(ran.stderr.contains("it says FAILED") && ran.stderr.contains("goes on, after"), "{ran}");
    assert_eq!(agent.calls.join().unwrap(), vec![call(&["1", "2", "3"]); 4]);
}
