//! Records become messages.

use std::time::Duration;

use sstream_testkit::wait_until;

use crate::world::{World, is_possible, numbers};

#[test]
fn records_are_pushed_whoever_is_bound() {
    if !is_possible() {
        return;
    }
    for (ours, theirs) in
        [("$E", "$E --bind"), ("--bind $E", "$E"), ("ipc://s", "ipc://s --bind"), ("--bind ipc://s", "ipc://s")]
    {
        let world = World::new();
        let mut peer = world.begin(&format!("$peer pull {theirs} --count 10000 >got"));
        world.run(&format!("seq 10000 | sstream-sink zeromq {ours}")).exits(0);
        assert!(peer.wait(Duration::from_secs(30)).is_some(), "the last message is not there");
        assert_eq!(world.folder.read("got"), numbers(1..=10_000), "{ours}");
    }
}

/// Each goes to one of them, and what a peer that is killed had not read goes to the other one.
#[test]
fn peers_share_the_work_and_take_it_over() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let (one, other) = (world.begin("$peer pull $E >one"), world.begin("$peer pull $E >other"));
    let mut pipeline = world.begin("seq 20000 | sstream-sink zeromq --bind $E --peers 2; echo $? >ended");
    wait_until("it ends", Duration::from_secs(60), || pipeline.wait(Duration::ZERO).is_some());
    assert_eq!(world.folder.read("ended"), "0\n");
    let count = |file: &str| world.folder.read(file).lines().count();
    wait_until("all is there", Duration::from_secs(120), || count("one") + count("other") >= 20_000);
    assert!(count("one") > 1000 && count("other") > 1000, "{} and {}", count("one"), count("other"));
    world.run("sort -n one other").prints(&numbers(1..=20_000));
    drop((one, other));

    // The one that takes a second for each is killed, and all that it has not handed out comes again.
    let world = World::new();
    let slow = world.begin("$peer pull $E --hwm 1 --delay 1000 >slow");
    let quick = world.begin("$peer pull $E >quick");
    let mut pipeline = world.begin("seq 20000 | sstream-sink zeromq --bind $E --peers 2; echo $? >ended");
    world.wait_for("slow", 1);
    std::thread::sleep(Duration::from_millis(500));
    assert!(pipeline.wait(Duration::ZERO).is_none(), "a peer has not read its part yet");
    slow.signal_all(rustix::process::Signal::KILL);
    wait_until("it ends", Duration::from_secs(60), || pipeline.wait(Duration::ZERO).is_some());
    assert_eq!(world.folder.read("ended"), "0\n");
    // What libzmq had read and its program had not is lost with it: a message or two, with --hwm 1.
    wait_until("the other one has the rest", Duration::from_secs(120), || {
        world.run("cat slow quick | sort -u | wc -l").stdout.trim().parse::<u64>().unwrap() >= 20_000 - 10
    });
    drop(quick);
}

#[test]
fn subscribers_get_what_they_have_subscribed_to() {
    if !is_possible() {
        return;
    }
    for (ours, theirs) in [("--bind $E", "$E"), ("$E", "$E --bind")] {
        let world = World::new();
        world
            .folder
            .file("in", "[\"a.x\",1]\n[\"b\",{\"n\":1.50}]\n[\"a\",\"two\\nlines\"]\n[3,\"bad\"]\n[\"a.end\",null]\n");
        let mut peer = world.begin(&format!("$peer sub {theirs} --topic a --count 3 >got"));
        world
            .run(&format!(
                "sstream-sink zeromq {ours} --input json --topic '.[0]' --value '.[1]' --peers 1 --on-error bad <in"
            ))
            .exits(0);
        assert!(peer.wait(Duration::from_secs(30)).is_some(), "the last message is not there");
        assert_eq!(world.folder.read("got"), "a.x\t1\na\ttwo\nlines\na.end\tnull\n");
        assert!(world.folder.read("bad").contains("a topic is a string"));
        let mut peer = world.begin(&format!("$peer sub {theirs} --topic '[' --count 1 >whole"));
        world
            .run(&format!(
                "sstream-sink zeromq {ours} --input json --publish --multipart --peers 1 --value '[\"[\",.]' <in"
            ))
            .exits(0);
        assert!(peer.wait(Duration::from_secs(30)).is_some());
        assert_eq!(world.folder.read("whole"), "[\t[\"a.x\",1]\n");
    }
}

/// Who reads slowly does not get everything, which is told, and keeps nobody waiting: others get all.
#[test]
fn a_slow_subscriber_misses_messages_and_that_is_told() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let slow = world.begin("$peer sub $E --topic '' --hwm 1 --delay 1000 >slow");
    let mut quick = world.begin("$peer sub $E --topic '' --hwm 0 --count 40000 >quick");
    // At a rate that the quick one keeps up with; the slow one has 20 MB before it.
    let line = "seq -f '%0500.0f' 40000 | sstream-source stdin --max-rate 5000 --batch 100ms | \
                sstream-sink zeromq --bind $E --publish --hwm 50000 --linger 5s --peers 2";
    let ran = world.run(&format!("{line}; echo >done")).exits(0);
    assert!(ran.stderr.contains("is slow: ") && ran.stderr.contains("messages were dropped for slow peers"), "{ran}");
    assert!(ran.stderr.contains("were lost on their way to peers"), "{ran}");
    assert!(quick.wait(Duration::from_secs(30)).is_some(), "the quick one has not all");
    assert_eq!(world.folder.read("quick").lines().count(), 40_000);
    drop(slow);
}

/// With --on-slow block the pipeline waits instead, in bounded memory.
#[test]
fn a_slow_subscriber_may_be_waited_for() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let mut slow =
        world.begin("while ! [ -e go ]; do sleep 0.1; done; exec $peer sub $E --topic '' --count 80000 >slow");
    let silent = world.begin("$peer sub $E --topic '' --hwm 1 --delay 1000 >silent");
    world.folder.run("seq -f '%01000.0f' 80000 >in");
    let mut pipeline =
        world.begin("sstream-sink zeromq --bind $E --publish --on-slow block --peers 2 <in; echo $? >ended");
    world.folder.file("go", "");
    world.wait_for("slow", 10);
    std::thread::sleep(Duration::from_secs(1));
    let sink = pipeline.processes().into_iter().find(|process| process.name.starts_with("sstream-sink")).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", sink.pid)).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kb: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak_kb < (64 << 10) + (80 << 10), "{peak_kb} kB beside the batch");
    assert!(pipeline.wait(Duration::ZERO).is_none(), "one of them has not read anything");
    silent.signal_all(rustix::process::Signal::KILL);
    assert!(slow.wait(Duration::from_secs(30)).is_some(), "the other one has not all");
    assert!(pipeline.wait(Duration::from_secs(30)).is_some());
    assert_eq!((world.folder.read("ended").as_str(), world.folder.read("slow").lines().count()), ("0\n", 80_000));
}

/// Who subscribes later gets what is sent from then on.
#[test]
fn late_joiners_have_missed_what_was_sent() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let pipeline = world.begin(
        "{ echo early; while ! [ -e go ]; do sleep 0.1; done; while ! [ -s got ]; do echo late; sleep 0.1; done; } | sstream-source stdin --batch 100ms | \
         sstream-sink zeromq --bind $E --publish",
    );
    world.wait_for_port();
    std::thread::sleep(Duration::from_secs(1));
    let mut peer = world.begin("$peer sub $E --topic '' --count 1 >got");
    std::thread::sleep(Duration::from_secs(1));
    world.folder.file("go", "");
    assert!(peer.wait(Duration::from_secs(30)).is_some());
    assert_eq!(world.folder.read("got"), "late\n");
    drop(pipeline);
}

#[test]
fn nobody_is_waited_for_as_long_as_was_said() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let ran = world.run("echo x | sstream-sink zeromq $E --retry-for 1s").exits(1);
    assert!(ran.stderr.contains("nobody was there for 1s: given up"), "{ran}");
    // A batch that nobody took is sent again after a restart.
    let line = "sstream-source queue batches --batch 100ms --checkpoint ck | sstream-sink zeromq $E";
    world.folder.file("batches", "[\"one\"]\n[\"two\"]\n");
    world.run(&format!("{line} --retry-for 1s")).exits(1);
    let mut peer = world.begin("$peer pull $E --bind --count 2 >got");
    world.run(line).exits(0);
    assert!(peer.wait(Duration::from_secs(30)).is_some());
    assert_eq!(world.folder.read("got"), "one\ntwo\n");
    let peer = world.begin("$peer sub $E --bind");
    world.wait_for_port();
    let ran = world.run("echo x | sstream-sink zeromq $E").exits(1);
    assert!(ran.stderr.contains("it is a SUB, and we are PUSH: with --publish or --topic we are PUB"), "{ran}");
    drop(peer);
}
