//! Clients that mean no good, or cannot help it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use sstream_testkit::pipeline::Pipeline;
use sstream_testkit::shell::Folder;
use sstream_testkit::wait_until;

use crate::support::{Intake, is_possible};

/// What comes until the other end closes.
fn rest(mut stream: &TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut text = Vec::new();
    // A reset is an end too.
    let _ = stream.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Slow loris: heads and bodies that never end, a byte now and then, from as many clients as there
/// are places. They are cut off, and somebody who means well is served.
#[test]
fn who_is_slow_is_cut_off() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let intake = Intake::start(&folder, "--batch 100ms --max-clients 20 --head-timeout 1s --body-timeout 1s");
    let address = ("127.0.0.1", intake.port);
    let began = Instant::now();
    let slow: Vec<TcpStream> = (0..20)
        .map(|n| {
            let mut stream = TcpStream::connect(address).unwrap();
            let head = if n % 2 == 0 {
                "POST / HTTP/1.1\r\nHost: x\r\nX-A: "
            } else {
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
            };
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    let mut trickle: Vec<TcpStream> = slow.iter().map(|stream| stream.try_clone().unwrap()).collect();
    let drips = std::thread::spawn(move || {
        while began.elapsed() < Duration::from_secs(20) && !trickle.is_empty() {
            trickle.retain_mut(|stream| stream.write_all(b"a").is_ok());
            std::thread::sleep(Duration::from_millis(100));
        }
        trickle.len()
    });
    intake.curl("-H 'Content-Type: text/plain' -d well $U/").exits(0).prints("{\"records\":1}\n200");
    for (n, stream) in slow.iter().enumerate() {
        let said = rest(stream);
        assert!(n % 2 == 0 || said.contains("408") && said.contains("the body took longer than 1s"), "{n}: {said}");
    }
    assert_eq!(drips.join().unwrap(), 0, "somebody is still connected");
    let (records, said) = intake.stop();
    assert_eq!(records, ["\"well\""]);
    assert!(said.contains("20 clients are connected, as --max-clients allows"), "{said}");
}

/// Who is refused before all is sent, and sends on, gets the answer and no reset.
#[test]
fn who_still_sends_is_told_why_it_is_refused() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let intake = Intake::start(&folder, "--batch 100ms --max-body 100KiB");
    for (head, wanted) in [("Content-Length: 400000", "413"), ("Content-Length: 9\r\nContent-Type: text/xml", "415")] {
        let mut stream = TcpStream::connect(("127.0.0.1", intake.port)).unwrap();
        stream.write_all(format!("POST / HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n").as_bytes()).unwrap();
        // The answer is there, and nothing of it is taken yet.
        assert!(stream.peek(&mut [0]).unwrap() == 1);
        let length = if wanted == "413" { 400_000 } else { 9 };
        for piece in vec![b'a'; length].chunks(length / 4 + 1) {
            stream.write_all(piece).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
        let said = rest(&stream);
        assert!(said.starts_with(&format!("HTTP/1.1 {wanted}")) && said.ends_with('\n'), "{wanted}: {said}");
    }
    intake.stop();
}

#[test]
fn a_body_that_breaks_off_counts_not_at_all() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let intake = Intake::start(&folder, "--batch 100ms");
    for head in ["Content-Length: 1000", "Transfer-Encoding: chunked"] {
        let mut stream = TcpStream::connect(("127.0.0.1", intake.port)).unwrap();
        let text = format!("POST / HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n");
        stream.write_all(text.as_bytes()).unwrap();
        stream.write_all(if head.starts_with('C') { b"a\nb\n" } else { b"4\r\na\nb\n\r\n" }).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        rest(&stream);
    }
    for garbage in ["\0\u{1}\u{2}\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"] {
        let mut stream = TcpStream::connect(("127.0.0.1", intake.port)).unwrap();
        stream.write_all(garbage.as_bytes()).unwrap();
        assert!(rest(&stream).starts_with("HTTP/1.1 4"), "{garbage:?}");
    }
    intake.curl("-H 'Content-Type: text/plain' -d well $U/").prints("{\"records\":1}\n200");
    assert_eq!(intake.stop().0, ["\"well\""]);
}

/// A pipeline that stands still costs no memory: clients are told to come again, and what was not
/// answered they send again.
#[test]
fn behind_a_stopped_sink_memory_is_bounded() {
    stands_still("", |folder, _| {
        wait_until("clients are told", Duration::from_secs(60), || statuses(folder) == "429");
    });
}

/// With `--spool` clients wait, and what they have sent does so on disk.
#[test]
fn behind_a_stopped_sink_bodies_wait_on_disk() {
    stands_still("--spool 1GiB", |folder, source| {
        // Three quarters of the 48 MB at least.
        let line = format!("stat -Lc %s /proc/{source}/fd/* | sort -n | tail -n 1");
        let largest = || folder.run(&line).stdout.trim().parse().unwrap_or(0);
        wait_until("they are on disk", Duration::from_secs(60), || largest() > 36_000_000);
        assert!(folder.read("err").contains("the pipeline is held up: what comes waits, 1.0 GiB at most (--spool)"));
    });
}

/// What twelve clients were answered.
fn statuses(folder: &Folder) -> String {
    folder.run("cat statuses.* 2>/dev/null | sort -u | paste -sd ' '").stdout.trim().to_owned()
}

/// Twelve clients send 4 MB each to a source with these options, of whose pipeline nothing is read until what is to be
/// `seen` of the source, a process, was seen.
fn stands_still(options: &str, seen: impl FnOnce(&Folder, i32)) {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.run("seq -f '%09.0f and some more words to make a line of it, about a hundred bytes long as it happens' 40000 >lines").exits(0);
    let line = format!(
        "sstream-source http $PORT --batch 100ms --max-body 8MiB --max-waiting 16MiB {options} 2>>err | \
         {{ while ! [ -e go ]; do sleep 0.1; done; exec sstream-sink text; }} >out"
    );
    let intake = Intake::start_line(&folder, &line);
    let source =
        intake.pipeline().processes().into_iter().find(|process| process.name.starts_with("sstream-source")).unwrap();
    let mut clients: Vec<_> = (0..12)
        .map(|n| {
            let line = format!(
                "for try in $(seq 100); do s=$(curl -sS -o /dev/null -w '%{{http_code}}' -T lines {}/); echo $s >>statuses.{n}; \
                 [ $s = 200 ] && break; sleep 0.3; done",
                intake.url
            );
            Pipeline::start(&folder.path(""), &line, &folder.path("clients.err"))
        })
        .collect();
    seen(&folder, source.pid);
    let status = std::fs::read_to_string(format!("/proc/{}/status", source.pid)).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kb: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak_kb < 64 << 10, "{peak_kb} kB");
    folder.file("go", "");
    for client in &mut clients {
        assert!(client.wait(Duration::from_secs(120)).is_some_and(|status| status.success()));
    }
    let (answers, (_, said)) = (statuses(&folder), intake.stop());
    // Bodies that come all at once may have no place in memory, with a disk behind it too.
    assert!(answers == "200 429" || (answers == "200" && !options.is_empty()), "{answers}");
    assert_eq!(said.contains("clients are told to come again (429)"), answers == "200 429", "{said}");
    assert_eq!(folder.read("out").lines().count(), 12 * 40_000);
}
