//! Every kind of feed, and servers that do not do as they should.

use std::time::Duration;

use sstream_testkit::wait_until;

use crate::server::{Server, is_possible, stop};

fn numbers(range: std::ops::RangeInclusive<u64>) -> String {
    range.map(|number| format!("{number}\n")).collect()
}

#[test]
fn lines_and_messages_are_records() {
    if !is_possible() {
        return;
    }
    for (file, url) in [("lines", "http://$A/lines"), ("messages", "'ws://'$A'/messages?hello=1' --send subscribe")] {
        let server = Server::start();
        server.folder.file(file, numbers(1..=1000));
        let pipeline = server.begin(&format!("sstream-source feed {url} --batch 100ms --output text >got"));
        server.wait_for("got", 1000);
        server.folder.run(&format!("echo later >>{file}")).exits(0);
        server.wait_for("got", 1001);
        stop(pipeline);
        assert_eq!(server.folder.read("got"), numbers(1..=1000) + "later\n");
        if file == "messages" {
            assert_eq!(server.folder.read("hello"), "subscribe\n");
        }
    }
}

#[test]
fn events_have_ids_and_types() {
    if !is_possible() {
        return;
    }
    let server = Server::start();
    server.folder.file("events", "{ \"n\": 1.50 }\nnone\n2\n");
    let line = "sstream-source feed http://$A/events --events --value json --with id,event --batch 100ms --on-error bad --output text >got";
    let pipeline = server.begin(line);
    server.wait_for("got", 2);
    stop(pipeline);
    let record = |id: u64, value: &str| format!("{{\"id\":\"{id}\",\"event\":\"add\",\"value\":{value}}}\n");
    assert_eq!(server.folder.read("got"), record(1, "{\"n\":1.50}") + &record(3, "2"));
    assert!(server.folder.read("bad").contains("\"record\":\"none\""), "{}", server.folder.read("bad"));
}

/// Before a server's "no more" nothing is lost, and then the pipeline ends.
#[test]
fn a_server_may_say_that_there_is_no_more() {
    if !is_possible() {
        return;
    }
    let server = Server::start();
    let mut pipeline = server.begin("sstream-source feed http://$A/over --events | sstream-sink null");
    assert!(pipeline.wait(Duration::from_secs(30)).unwrap().success(), "{}", pipeline.said());
}

#[test]
fn pages_are_asked_for_behind_a_cursor() {
    if !is_possible() {
        return;
    }
    let server = Server::start();
    server.folder.file("items", numbers(1..=25));
    let line = "sstream-source feed http://$A/items --every 200ms --value json --each '.items[]' --cursor .next \
                --batch 100ms --checkpoint ck | sstream-sink files out/part";
    let pipeline = server.begin(line);
    let out = || server.folder.run("cat out/part-*").stdout;
    wait_until("all came", Duration::from_secs(30), || out() == numbers(1..=25));
    stop(pipeline);
    server.folder.run("seq 26 40 >>items").exits(0);
    let pipeline = server.begin(line);
    wait_until("the rest came", Duration::from_secs(30), || out() == numbers(1..=40));
    stop(pipeline);
    assert!(server.folder.read("asked").contains("/items?cursor=25"), "{}", server.folder.read("asked"));
    assert_eq!(out(), numbers(1..=40));
}

#[test]
fn what_has_not_changed_is_read_once() {
    if !is_possible() {
        return;
    }
    let server = Server::start();
    server.folder.file("page", "a\nb");
    let line =
        "sstream-source feed http://$A/page --every 100ms --batch 100ms --checkpoint ck | sstream-sink files out/part";
    let out = || server.folder.run("cat out/part-*").stdout;
    for _ in 0..2 {
        let asked = server.folder.read("asked").lines().count();
        let pipeline = server.begin(line);
        server.wait_for("asked", asked + 5);
        wait_until("it came", Duration::from_secs(30), || out() == "a\nb\n");
        stop(pipeline);
        assert_eq!(out(), "a\nb\n", "once, by the ETag, over a restart too");
    }
    server.folder.file("page", "c\n");
    let pipeline = server.begin(line);
    wait_until("it came", Duration::from_secs(30), || out() == "a\nb\nc\n");
    stop(pipeline);
}

#[test]
fn a_server_that_stalls_or_has_no_time_is_asked_again() {
    if !is_possible() {
        return;
    }
    for (file, url) in
        [("lines", "http://$A/lines"), ("messages", "ws://$A/messages"), ("events", "http://$A/events --events")]
    {
        let server = Server::start();
        server.folder.file(file, "one\n").file("statuses", "503\n");
        let pipeline = server.begin(&format!("sstream-source feed {url} --stall 1s --batch 100ms --output text >got"));
        server.wait_for("got", 1);
        assert!(
            pipeline.said().contains("503 Service Unavailable: as you wished: trying again, in 5s"),
            "{}",
            pipeline.said()
        );
        // Pings of a WebSocket are answered still: it has its own sign of life.
        if file == "messages" {
            server.folder.run("kill -STOP -- -$(cat server.group)").exits(0);
        } else {
            server.folder.file("silent", "");
        }
        wait_until("it has stalled", Duration::from_secs(30), || {
            pipeline.said().contains("stalled: nothing came for 1s")
        });
        server.folder.run("rm -f silent; kill -CONT -- -$(cat server.group)").exits(0);
        wait_until("it goes on", Duration::from_secs(60), || pipeline.said().matches("goes on, after").count() == 2);
        stop(pipeline);
        if file == "events" {
            assert_eq!(server.folder.read("got"), "one\n");
            assert!(
                server.folder.read("asked").contains("\"Last-Event-ID\": \"1\""),
                "{}",
                server.folder.read("asked")
            );
        }
    }
}

#[test]
fn what_will_not_pass_ends_the_stage() {
    if !is_possible() {
        return;
    }
    let server = Server::start();
    for (url, status, says) in [
        ("http://$A/lines", "403", "--bearer-file"),
        ("http://$A/lines", "301 Location: /there", "it has moved"),
        ("http://$A/nothing --every 1s", "", "404"),
        ("ws://$A/messages", "401", "--bearer-file"),
    ] {
        server.folder.file("statuses", if status.is_empty() { String::new() } else { format!("{status}\n") });
        let mut pipeline = server.begin(&format!("sstream-source feed {url} | sstream-sink null"));
        assert_eq!(pipeline.wait(Duration::from_secs(30)).unwrap().code(), Some(1));
        assert!(pipeline.said().contains(says), "{says} is not in {}", pipeline.said());
    }
}

/// A pipeline that stands still costs no memory: nothing more is read.
#[test]
fn behind_a_stopped_sink_memory_is_bounded() {
    if !is_possible() {
        return;
    }
    let server = Server::start();
    server.folder.run("seq -f '%0600.0f' 100000 >lines").exits(0);
    let pipeline = server.begin(
        "sstream-source feed http://$A/lines --stall 10m --batch 100ms | { while ! [ -e go ]; do sleep 0.1; done; exec sstream-sink text; } >got",
    );
    wait_until("it has asked", Duration::from_secs(30), || !server.folder.read("asked").is_empty());
    let source = pipeline.processes().into_iter().find(|process| process.name.starts_with("sstream-source")).unwrap();
    std::thread::sleep(Duration::from_secs(3));
    let status = std::fs::read_to_string(format!("/proc/{}/status", source.pid)).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kb: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak_kb < 64 << 10, "{peak_kb} kB");
    server.folder.file("go", "");
    server.wait_for("got", 100_000);
    stop(pipeline);
}
