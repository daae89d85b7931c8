//! Messages become records.

use std::time::Duration;

use sstream_testkit::wait_until;

use crate::world::{World, is_possible, numbers, stop};

#[test]
fn pushed_messages_are_records_whoever_is_bound() {
    if !is_possible() {
        return;
    }
    for (ours, theirs) in
        [("$E", "$E --bind"), ("--bind $E", "$E"), ("ipc://s", "ipc://s --bind"), ("--bind ipc://s", "ipc://s")]
    {
        let world = World::new();
        let pipeline = world.begin(&format!("sstream-source zeromq {ours} --batch 100ms --output text >got"));
        world.run(&format!("seq 10000 | $peer push {theirs}")).exits(0);
        world.wait_for("got", 10_000);
        stop(pipeline);
        assert_eq!(world.folder.read("got"), numbers(1..=10_000), "{ours}");
        assert!(!world.folder.path("s").exists() || ours == "ipc://s", "a socket is left");
    }
}

#[test]
fn several_endpoints_of_every_kind() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let pipeline =
        world.begin("sstream-source zeromq ipc://a ipc://b --bind $E --bind ipc://c --batch 100ms --output text >got");
    for (endpoint, numbers) in
        [("ipc://a --bind", "1 100"), ("ipc://b --bind", "101 200"), ("$E", "201 300"), ("ipc://c", "301 400")]
    {
        world.run(&format!("seq {numbers} | $peer push {endpoint}")).exits(0);
    }
    world.wait_for("got", 400);
    stop(pipeline);
    world.run("sort -n got").prints(&numbers(1..=400));
}

#[test]
fn subscriptions_topics_and_parts() {
    if !is_possible() {
        return;
    }
    let sent = "a.b\\t{ \"n\": 1.50 }\\nc\\t0\\na\\t2\\t3\\nab\\tno\\n";
    for (options, got, bad) in [
        ("--with topic --value json", "{\"topic\":\"a.b\",\"value\":{\"n\":1.50}}\n", 2),
        ("", "a.b { \"n\": 1.50 }\na 2 3\nab no\n", 0),
        ("--separator ''", "a.b{ \"n\": 1.50 }\na23\nabno\n", 0),
        ("--multipart array", "[\"a.b\",\"{ \\\"n\\\": 1.50 }\"]\n[\"a\",\"2\",\"3\"]\n[\"ab\",\"no\"]\n", 0),
        (
            "--multipart array --with topic --value json",
            "{\"topic\":\"a.b\",\"value\":[{\"n\":1.50}]}\n{\"topic\":\"a\",\"value\":[2,3]}\n",
            1,
        ),
    ] {
        let world = World::new();
        let line = "sstream-source zeromq $E --subscribe a --subscribe zz --batch 100ms --on-error bad --output text";
        let pipeline = world.begin(&format!("{line} {options} >got"));
        world.run(&format!("printf '{}' | $peer xpub $E --bind", sent.replace("\\\"", "\""))).exits(0);
        world.wait_for("got", got.lines().count());
        world.wait_for("bad", bad);
        stop(pipeline);
        assert_eq!(world.folder.read("got"), got, "{options}");
    }
}

/// Whoever is bound to an endpoint goes away and comes back, as another process.
#[test]
fn a_peer_that_goes_away_is_waited_for() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let pipeline = world.begin("sstream-source zeromq $E --batch 100ms --output text >got");
    for round in 0..3u64 {
        world.run(&format!("seq {} {} | $peer push $E --bind", round * 100 + 1, round * 100 + 100)).exits(0);
        world.wait_for("got", (round as usize + 1) * 100);
    }
    stop(pipeline);
    assert_eq!(world.folder.read("got"), numbers(1..=300));
    let said = world.folder.read("err");
    assert!(said.contains("trying again") && said.contains("goes on, after"), "{said}");
}

/// A peer that does nothing more, as behind a cut line, is found out.
#[test]
fn a_peer_that_falls_silent_is_connected_to_anew() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let pipeline = world.begin("sstream-source zeromq $E --timeout 3s --batch 100ms --output text >got");
    let peer = world.begin("{ echo 1; while ! [ -e more ]; do sleep 0.1; done; echo 2; } | $peer push $E --bind");
    world.wait_for("got", 1);
    // Between messages nothing is wrong with silence: pings are answered.
    std::thread::sleep(Duration::from_secs(7));
    assert!(!pipeline.said().contains("no answer"), "{}", pipeline.said());
    peer.signal_all(rustix::process::Signal::STOP);
    wait_until("it is missed", Duration::from_secs(120), || pipeline.said().contains("no answer"));
    peer.signal_all(rustix::process::Signal::CONT);
    // What it sends before that may go to the connection that is over.
    wait_until("it is there again", Duration::from_secs(120), || pipeline.said().contains("goes on, after"));
    world.folder.file("more", "");
    world.wait_for("got", 2);
    stop(pipeline);
    assert_eq!(world.folder.read("got"), "1\n2\n");
}

/// At a stop what peers have sent by then is taken: all that is missing is what libzmq had taken from
/// its queue and had not sent yet, 8 KiB at most.
#[test]
fn a_stop_takes_what_was_sent() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let line = "sstream-source zeromq --bind $E --batch 100ms --checkpoint ck | sstream-sink files out/part";
    let peer = world.begin("seq -f '%0100.0f' 300000 | $peer push $E");
    let count = || world.run("cat out/part-* 2>/dev/null | wc -l").stdout.trim().parse::<u64>().unwrap();
    for at_least in [1, 100_000, 299_000] {
        let pipeline = world.begin(line);
        world.wait_for_port();
        wait_until("some came", Duration::from_secs(60), || count() >= at_least);
        stop(pipeline);
    }
    drop(peer);
    let got: Vec<u64> = world.run("cat out/part-*").stdout.lines().map(|line| line.parse().unwrap()).collect();
    assert!(got.is_sorted_by(|one, next| one < next), "each once, and in order");
    // A message is 102 bytes on the wire.
    assert!(got.len() >= 300_000 - 2 * 8192 / 102, "{} are missing", 300_000 - got.len());
}

/// A pipeline that stands still costs no memory: nothing more is read, and PUSH blocks.
#[test]
fn behind_a_stopped_sink_memory_is_bounded() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let pipeline = world.begin(
        "sstream-source zeromq --bind $E --batch 100ms | { while ! [ -e go ]; do sleep 0.1; done; exec sstream-sink text; } >got",
    );
    world.wait_for_port();
    let peer = world.begin("seq -f '%0600.0f' 150000 | $peer push $E; echo >all-sent");
    std::thread::sleep(Duration::from_secs(3));
    assert!(!world.folder.path("all-sent").exists(), "PUSH is to block");
    let source = pipeline.processes().into_iter().find(|process| process.name.starts_with("sstream-source")).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", source.pid)).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kb: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak_kb < 64 << 10, "{peak_kb} kB");
    world.folder.file("go", "");
    world.wait_for("got", 150_000);
    drop(peer);
    stop(pipeline);
}
