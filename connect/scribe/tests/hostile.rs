//! Clients that mean no good, or cannot help it.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use sstream_testkit::pipeline::Pipeline;
use sstream_testkit::shell::Folder;
use sstream_testkit::wait_until;

use crate::support::{PEER, Source, is_possible};

/// What comes until the other end closes.
fn rest(mut stream: &TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut bytes = Vec::new();
    // A reset is an end too.
    let _ = stream.read_to_end(&mut bytes);
    bytes
}

fn connect(source: &Source) -> TcpStream {
    TcpStream::connect(("127.0.0.1", source.port)).unwrap()
}

/// Who speaks something else is cut off, and costs nobody anything.
#[test]
fn what_is_no_scribe_is_cut_off() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let source = Source::start(&folder, "--batch 100ms --max-message 1MiB --max-waiting 2MiB");
    let unframed = b"\x80\x01\0\x01\0\0\0\x03Log\0\0\0\x01\x0F\0\x01\x0C\0\0\0\0\0".as_slice();
    for garbage in [
        unframed,
        b"GET / HTTP/1.1\r\n\r\n",
        b"\0\0\0\x04\0\0\0\0",
        b"\0\0\0\x0C\0\0\0\x03Log\x02\0\0\0\x01",
        b"\0\0\0\x0B\x80\x09\0\x01\0\0\0\x03Log",
        // A message of 1 MiB and a byte, which is not even begun.
        b"\0\x10\0\x01",
    ] {
        let mut stream = connect(&source);
        stream.write_all(garbage).unwrap();
        assert_eq!(rest(&stream), b"", "{garbage:?}");
    }
    // A call that is Thrift's and not Scribe's is answered so: a list of numbers.
    let mut stream = connect(&source);
    stream.write_all(b"\0\0\0\x18\x80\x01\0\x01\0\0\0\x03Log\0\0\0\x01\x0F\0\x01\x08\0\0\0\0\0").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert!(String::from_utf8_lossy(&rest(&stream)).contains("Log takes a list of structs"));
    source.run("echo well | send").prints("OK\n");
    let (records, said) = source.stop();
    assert_eq!(records, ["\"well\""]);
    // The first one is told, since somebody may have set a client up wrongly.
    assert!(said.contains("its transport is to be Thrift's framed one") && said.lines().count() == 1, "{said}");
}

/// A message that breaks off counts not at all.
#[test]
fn who_breaks_off_has_sent_nothing() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let source = Source::start(&folder, "--batch 100ms");
    let mut stream = connect(&source);
    stream
        .write_all(b"\0\0\x10\0\x80\x01\0\x01\0\0\0\x03Log\0\0\0\x01\x0F\0\x01\x0C\0\0\0\x01\x0B\0\x01\0\0\0\x01a")
        .unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rest(&stream), b"");
    source.run("echo well | send").prints("OK\n");
    assert_eq!(source.stop().0, ["\"well\""]);
}

/// Slow loris, and clients of whom nothing more is heard (their machine is gone): from as many as
/// there are places. They are cut off, and somebody who means well is served.
#[test]
fn who_is_slow_or_silent_is_cut_off() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let source = Source::start(&folder, "--batch 100ms --max-clients 20 --message-timeout 3s --client-timeout 3s");
    let began = Instant::now();
    let slow: Vec<TcpStream> = (0..20)
        .map(|n| {
            let mut stream = connect(&source);
            if n % 2 == 0 {
                stream.write_all(b"\0\0\x10\0\x80\x01").unwrap();
            }
            stream
        })
        .collect();
    let mut trickle: Vec<TcpStream> = slow.iter().step_by(2).map(|stream| stream.try_clone().unwrap()).collect();
    let drips = std::thread::spawn(move || {
        while began.elapsed() < Duration::from_secs(20) && !trickle.is_empty() {
            trickle.retain_mut(|stream| stream.write_all(b"\0").is_ok());
            std::thread::sleep(Duration::from_millis(100));
        }
        trickle.len()
    });
    source.run("echo well | send").prints("OK\n");
    for stream in &slow {
        assert_eq!(rest(stream), b"");
    }
    assert_eq!(drips.join().unwrap(), 0, "somebody is still connected");
    let (records, said) = source.stop();
    assert_eq!(records, ["\"well\""]);
    assert!(said.contains("20 clients are connected, as --max-clients allows"), "{said}");
}

/// A pipeline that stands still costs no memory: clients are told TRY_LATER, and send again.
#[test]
fn behind_a_stopped_sink_memory_is_bounded() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.run("seq -f '%0100.0f' 40000 >lines").exits(0);
    let line = "sstream-source scribe $PORT --batch 100ms --max-message 8MiB --max-waiting 16MiB 2>>err | \
                { while ! [ -e go ]; do sleep 0.1; done; exec sstream-sink text; } >out";
    let source = Source::start_line(&folder, line);
    let pid = source
        .pipeline()
        .processes()
        .into_iter()
        .find(|process| process.name.starts_with("sstream-source"))
        .unwrap()
        .pid;
    let mut clients: Vec<_> = (0..12)
        .map(|n| {
            let line = format!("{PEER} send {} --batch 40000 --retry <lines >again.{n}", source.port);
            Pipeline::start(&folder.path(""), &line, &folder.path("clients.err"))
        })
        .collect();
    wait_until("clients are told", Duration::from_secs(60), || !folder.run("cat again.*").stdout.is_empty());
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kb: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak_kb < 64 << 10, "{peak_kb} kB");
    folder.file("go", "");
    for client in &mut clients {
        assert!(client.wait(Duration::from_secs(120)).is_some_and(|status| status.success()));
    }
    let (_, said) = source.stop();
    assert!(said.contains("clients are told to come again"), "{said}");
    assert_eq!(folder.read("out").lines().count(), 12 * 40_000);
}
