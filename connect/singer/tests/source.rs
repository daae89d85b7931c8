//! What taps give becomes records.

use std::time::Duration;

use sstream_testkit::wait_until;

use crate::world::{World, is_possible, records, stop};

#[test]
fn records_of_a_tap() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    world.run("seq 1000 >numbers").exits(0);
    let ran = world.run("sstream-source singer --batch 100ms --output text -- $tap").exits(0);
    assert_eq!(ran.stdout, records(1..=1000));
    assert!(
        ran.stderr.contains("python3: ") && ran.stderr.contains("INFO begins") && !ran.stderr.contains('\x1b'),
        "{ran}"
    );
    world.run("seq 2 >numbers; sstream-source singer --with time,stream --output text -- $tap").exits(0).prints(
        "{\"stream\":\"n\",\"time\":\"2026-01-02T03:04:05Z\",\"value\":{\"n\":1}}\n\
         {\"stream\":\"n\",\"time\":\"2026-01-02T03:04:05Z\",\"value\":{\"n\":2}}\n",
    );
}

#[test]
fn what_is_no_message_is_a_bad_record() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    world.run("seq 2 >numbers").exits(0);
    world
        .folder
        .file("extra", "Hello\n{\"type\":\"NEWS\"}\n{\"type\":\"ACTIVATE_VERSION\",\"stream\":\"n\",\"version\":1}\n");
    world.run("sstream-source singer --on-error bad --output text -- $tap").exits(0).prints(&records(1..=2));
    let bad = world.folder.read("bad");
    assert!(bad.lines().count() == 2 && bad.contains("a message of a type that Singer has not"), "{bad}");
    world.folder.file("extra", "{\"type\":\"BATCH\",\"stream\":\"n\",\"manifest\":[]}\n");
    let ran = world.run("sstream-source singer --output text -- $tap").exits(1);
    assert!(ran.stderr.contains("BATCH messages"), "{ran}");
    world.folder.file("extra", format!("{}\n", "x".repeat(5000)));
    world.run("sstream-source singer --max-line 1KiB --on-error long --output text -- $tap").exits(0);
    assert!(world.folder.read("long").contains("more than --max-line, 1024 bytes"));
}

#[test]
fn a_tap_that_fails_is_told() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    for (tap, says) in [
        ("sh -c 'echo why >&2; exit 3'", "sh ended with exit code 3"),
        ("sh -c 'kill -9 $$'", "sh was killed by signal 9"),
        ("tap-nowhere", "tap-nowhere: No such file or directory: install it"),
    ] {
        let ran = world.run(&format!("sstream-source singer --output text -- {tap}")).exits(1);
        assert!(ran.stderr.contains(says), "{ran}");
    }
    // With --every it is run again.
    world.folder.file("numbers", "1\n");
    let pipeline = world.begin("sstream-source singer --every 100ms --batch 100ms --output text -- sh -c 'if [ -e ran ]; then exec '\"$tap\"' \"$@\"; else touch ran; exit 1; fi' sh >got");
    wait_until("it came", Duration::from_secs(120), || world.folder.read("got") == records(1..=1));
    stop(pipeline);
    assert!(world.folder.read("err").contains("ended with exit code 1"), "{}", world.folder.read("err"));
}

/// The next start goes on behind the newest STATE of what is in the checkpoint, and so does the next run.
#[test]
fn a_tap_goes_on_behind_its_state() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let line =
        "sstream-source singer --every 200ms --batch 100ms --checkpoint ck -- $tap | sstream-sink files out/part";
    world.run("seq 250 >numbers").exits(0);
    let out = || world.run("cat out/part-* 2>/dev/null").stdout;
    for last in [250, 430, 431] {
        let pipeline = world.begin(line);
        world.run(&format!("seq {} {last} | awk '$1 > '$(tail -n 1 numbers) >>numbers", last - 200)).exits(0);
        wait_until("all came", Duration::from_secs(120), || out() == records(1..=last));
        let runs = world.folder.read("tap.runs").lines().count();
        wait_until("it runs again", Duration::from_secs(120), || {
            world.folder.read("tap.runs").lines().count() > runs + 1
        });
        stop(pipeline);
        assert!(world.folder.read("tap.runs").ends_with(&format!("\n{last}\n")), "{}", world.folder.read("tap.runs"));
    }
    assert_eq!(out(), records(1..=431));
}

/// A pipeline that stands still costs no memory: the tap has to wait.
#[test]
fn behind_a_stopped_sink_memory_is_bounded() {
    if !is_possible() {
        return;
    }
    for checkpoint in ["", "--checkpoint ck"] {
        let world = World::new();
        let line = "yes '{\"type\":\"RECORD\",\"stream\":\"s\",\"record\":{\"a\":\"'$(printf %0600d 1)'\"}}' | head -n 150000; echo >all-given";
        world.folder.file("tap.sh", line);
        let pipeline = world.begin(&format!(
            "sstream-source singer --batch 100ms {checkpoint} -- bash tap.sh | {{ while ! [ -e go ]; do sleep 0.1; done; exec sstream-sink text; }} >got"
        ));
        std::thread::sleep(Duration::from_secs(5));
        assert!(!world.folder.path("all-given").exists(), "the tap is to wait");
        let source =
            pipeline.processes().into_iter().find(|process| process.name.starts_with("sstream-source")).unwrap();
        let status = std::fs::read_to_string(format!("/proc/{}/status", source.pid)).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let peak_kb: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(peak_kb < 64 << 10, "{peak_kb} kB");
        world.folder.file("go", "");
        wait_until("all came", Duration::from_secs(60), || world.folder.read("got").lines().count() == 150_000);
        drop(pipeline);
    }
}
