//! What agents send becomes records, and is answered when it is safe.

use std::time::Duration;

use sstream_testkit::flume::AGENT;
use sstream_testkit::shell::Folder;
use sstream_testkit::wait_until;

use crate::raw::{OK, Raw, call};
use crate::support::{Agent, FILE, Source, is_possible, records};

fn numbers(count: u32) -> Vec<String> {
    (1..=count).map(|n| format!("\"{n}\"")).collect()
}

#[test]
fn flumes_own_client_is_understood() {
    if !is_possible() {
        return;
    }
    for (options, properties) in [("", ""), ("--compression deflate", "compression-type = deflate")] {
        let folder = Folder::new();
        folder.run("seq 1000 >lines").exits(0);
        let source = Source::start(&folder, &format!("--batch 100ms {options}"));
        source.client("lines", properties).exits(0);
        let (records, said) = source.stop();
        assert_eq!((records, &*said), (numbers(1000), ""), "{options}");
    }
}

#[test]
fn who_packs_at_one_end_alone_is_told() {
    if !is_possible() {
        return;
    }
    for (options, properties) in [("", "compression-type = deflate"), ("--compression deflate", "")] {
        let folder = Folder::new();
        folder.run("seq 10 >lines").exits(0);
        let source = Source::start(&folder, &format!("--batch 100ms {options}"));
        source.client("lines", &format!("connect-timeout = 2000\nrequest-timeout = 2000\n{properties}"));
        let (records, said) = source.stop();
        assert!(records.is_empty() && said.contains("compression-type"), "{options}: {said}");
    }
}

/// An agent that follows a file: exec source, file channel, avro sink.
#[test]
fn an_agents_events_have_their_headers() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.run("seq 500 >log").exits(0);
    let source = Source::start(&folder, "--batch 100ms --value json --with headers,client");
    let port = source.port;
    let agent = Agent::start(
        &folder,
        &format!(
            "sources.s.type = exec
            sources.s.command = tail -n +1 -F log
            sources.s.interceptors = i
            sources.s.interceptors.i.type = static
            sources.s.interceptors.i.key = app
            sources.s.interceptors.i.value = tests
            sinks.k.type = avro
            sinks.k.hostname = 127.0.0.1
            sinks.k.port = {port}
            {FILE}"
        ),
    );
    let out = || records(&folder.read("out"));
    wait_until("all came", Duration::from_secs(60), || out().len() >= 500);
    folder.run("echo '{ \"n\": 1.50 }' >>log").exits(0);
    wait_until("the line came", Duration::from_secs(60), || out().len() >= 501);
    drop(agent);
    let record =
        |value: &str| format!("{{\"headers\":{{\"app\":\"tests\"}},\"client\":\"127.0.0.1\",\"value\":{value}}}");
    let expected: Vec<String> = (1..=500).map(|n| record(&n.to_string())).chain([record("{\"n\":1.50}")]).collect();
    assert_eq!(source.stop().0, expected);
}

#[test]
fn calls_without_a_handshake_behind_the_first_one() {
    let folder = Folder::new();
    let source = Source::start(&folder, "--batch 100ms");
    let mut raw = Raw::known(source.port);
    assert_eq!(raw.exchange(&call(&["one", "two"])), OK);
    assert_eq!(raw.exchange(&call(&[])), OK);
    let large = "x".repeat(100_000);
    assert_eq!(raw.exchange(&call(&[&large])), OK);
    // `append`: one event.
    assert_eq!(raw.exchange(b"\0\x0cappend\0\x08four"), OK);
    let refused = raw.exchange(b"\0\x08stop");
    assert!(String::from_utf8_lossy(&refused).contains("there is no message stop here"));
    assert_eq!(source.stop().0, ["\"one\"", "\"two\"", &format!("\"{large}\""), "\"four\""]);
}

/// Under a checkpoint OK waits for the disk and not for the batch's end, which is a minute away; a
/// kill right after it loses nothing.
#[test]
fn answered_is_safe() {
    let folder = Folder::new();
    folder.run("mkdir out").exits(0);
    let line = "sstream-source flume $PORT --checkpoint ck --batch 1m 2>>err | sstream-sink files out/part";
    let source = Source::start_line(&folder, line);
    assert_eq!(Raw::known(source.port).exchange(&call(&["one"])), OK);
    source.pipeline().signal_all(rustix::process::Signal::KILL);
    drop(source);
    let again = Source::start_line(&folder, line);
    assert_eq!(Raw::known(again.port).exchange(&call(&["two"])), OK);
    again.stop();
    folder.run("cat out/part-*").prints("one\ntwo\n");
}

/// Without a checkpoint OK waits until the batch's end has left.
#[test]
fn without_a_checkpoint_the_batch_is_waited_for() {
    let folder = Folder::new();
    let source = Source::start(&folder, "--batch 2s");
    assert_eq!(Raw::known(source.port).exchange(&call(&["one"])), OK);
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
    folder.run("echo one >lines").exits(0);
    let source = Source::start(&folder, "--batch 1h");
    let client = {
        let line = format!("{AGENT} client -H 127.0.0.1 -p {} -F lines", source.port);
        let directory = folder.path("");
        std::thread::spawn(move || {
            std::process::Command::new("bash").args(["-c", &line]).current_dir(directory).output().unwrap()
        })
    };
    wait_until("it is taken", Duration::from_secs(60), || folder.read("out").contains("\"one\""));
    let (records, _) = source.stop();
    let client = client.join().unwrap();
    assert!(client.status.success(), "{}", String::from_utf8_lossy(&client.stderr));
    assert_eq!(records, ["\"one\""]);
}
