//! Clients that mean no good, or cannot help it.

use std::io::Write as _;
use std::net::Shutdown;
use std::time::{Duration, Instant};

use sstream_flume::handshake::{FLUMES, push_request};
use sstream_testkit::shell::Folder;
use sstream_testkit::wait_until;

use crate::raw::{FAILED, OK, Raw, call};
use crate::support::Source;

/// Who speaks something else is cut off, and costs nobody anything.
#[test]
fn what_is_no_flume_is_cut_off() {
    let folder = Folder::new();
    let source = Source::start(&folder, "--batch 100ms --max-message 1MiB --max-waiting 2MiB");
    for garbage in [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".as_slice(),
        b"\0\0\0\x01\0\0\0\x01\0\0\0\x03abc",
        // So many buffers, and none of them.
        b"\0\0\0\x01\x7F\xFF\xFF\xFF",
        // A message of 1 MiB and a byte, in two buffers; and one that no memory has.
        b"\0\0\0\x01\0\0\0\x02\0\0\0\0\0\x10\0\x01",
        b"\0\0\0\x01\0\0\0\x01\xFF\xFF\xFF\xFF",
    ] {
        let mut raw = Raw::connect(source.port);
        raw.0.write_all(garbage).unwrap();
        assert_eq!(raw.rest(), b"", "{garbage:?}");
    }
    // Another protocol.
    let mut raw = Raw::connect(source.port);
    let mut message = vec![7; 16];
    message.extend_from_slice(b"\x02\x04{}");
    message.extend_from_slice(&FLUMES);
    message.extend_from_slice(&[0, 0, 0]);
    raw.0.write_all(&sstream_flume::avro::framed(7, &message)).unwrap();
    assert_eq!(raw.rest(), b"");
    // A client that is not known is asked for its text, and is known by it.
    let mut raw = Raw::connect(source.port);
    let mut message = vec![7; 16];
    message.push(0);
    message.extend_from_slice(&FLUMES);
    message.extend_from_slice(&[0, 0, 0]);
    assert_eq!(raw.exchange(&message)[0], 4);
    message.clear();
    push_request(true, &FLUMES, &mut message);
    message.extend_from_slice(&[0, 0]);
    assert_eq!(raw.exchange(&message), [0, 0, 0, 0]);
    // What is no event is answered so: a batch of more events than there are.
    let mut wrong = call(&["well"]);
    wrong.truncate(wrong.len() - 2);
    assert!(String::from_utf8_lossy(&raw.exchange(&wrong)).contains("a message ends too early"));
    assert_eq!(raw.exchange(&call(&["well"])), OK);
    let (records, said) = source.stop();
    assert_eq!(records, ["\"well\""]);
    // The first one is told, since somebody may have set an agent up wrongly.
    assert!(said.contains("no message of Flume's avro sink") && said.lines().count() == 1, "{said}");
}

/// A message that breaks off counts not at all.
#[test]
fn who_breaks_off_has_sent_nothing() {
    let folder = Folder::new();
    let source = Source::start(&folder, "--batch 100ms");
    let mut raw = Raw::known(source.port);
    let message = sstream_flume::avro::framed(7, &call(&["one", "two"]));
    raw.0.write_all(&message[..message.len() - 1]).unwrap();
    raw.0.shutdown(Shutdown::Write).unwrap();
    assert_eq!(raw.rest(), b"");
    assert_eq!(Raw::known(source.port).exchange(&call(&["well"])), OK);
    assert_eq!(source.stop().0, ["\"well\""]);
}

/// Slow loris, and agents of whom nothing more is heard (their machine is gone): from as many as
/// there are places. They are cut off, and somebody who means well is served.
#[test]
fn who_is_slow_or_silent_is_cut_off() {
    let folder = Folder::new();
    let source = Source::start(&folder, "--batch 100ms --max-clients 20 --message-timeout 3s --client-timeout 3s");
    let began = Instant::now();
    let mut slow: Vec<Raw> = (0..20)
        .map(|n| {
            let mut raw = Raw::known(source.port);
            if n % 2 == 0 {
                raw.0.write_all(b"\0\0\0\x01\0\0\0\x01\0\0\x10\0").unwrap();
            }
            raw
        })
        .collect();
    let mut trickle: Vec<_> = slow.iter().step_by(2).map(|raw| raw.0.try_clone().unwrap()).collect();
    let drips = std::thread::spawn(move || {
        while began.elapsed() < Duration::from_secs(20) && !trickle.is_empty() {
            trickle.retain_mut(|stream| stream.write_all(b"\0").is_ok());
            std::thread::sleep(Duration::from_millis(100));
        }
        trickle.len()
    });
    assert_eq!(Raw::known(source.port).exchange(&call(&["well"])), OK);
    for raw in &mut slow {
        assert_eq!(raw.rest(), b"");
    }
    assert_eq!(drips.join().unwrap(), 0, "somebody is still connected");
    let (records, said) = source.stop();
    assert_eq!(records, ["\"well\""]);
    assert!(said.contains("20 clients are connected, as --max-clients allows"), "{said}");
}

/// A pipeline that stands still costs no memory: agents are told FAILED, and send again.
#[test]
fn behind_a_stopped_sink_memory_is_bounded() {
    let folder = Folder::new();
    let line = "sstream-source flume $PORT --batch 100ms --max-message 8MiB --max-waiting 16MiB 2>>err | \
                { while ! [ -e go ]; do sleep 0.1; done; exec sstream-sink text; } >out";
    let source = Source::start_line(&folder, line);
    let (port, pid) = (
        source.port,
        source
            .pipeline()
            .processes()
            .into_iter()
            .find(|process| process.name.starts_with("sstream-source"))
            .unwrap()
            .pid,
    );
    let body = "x".repeat(100);
    let message = call(&vec![&*body; 40_000]);
    let clients: Vec<_> = (0..12)
        .map(|_| {
            let message = message.clone();
            std::thread::spawn(move || {
                let (mut raw, mut again) = (Raw::known(port), 0);
                loop {
                    match raw.exchange(&message) {
                        answer if answer == OK => return again,
                        answer => assert_eq!(answer, FAILED),
                    }
                    again += 1;
                    std::thread::sleep(Duration::from_millis(50));
                }
            })
        })
        .collect();
    let told = "clients are told to come again";
    wait_until("agents are told", Duration::from_secs(60), || folder.read("err").contains(told));
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kb: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak_kb < 64 << 10, "{peak_kb} kB");
    folder.file("go", "");
    let again: u32 = clients.into_iter().map(|client| client.join().unwrap()).sum();
    assert!(again > 0);
    source.stop();
    assert_eq!(folder.read("out").lines().count(), 12 * 40_000);
}
