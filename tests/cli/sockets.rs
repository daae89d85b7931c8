//! Sinks that send lines over sockets: to whoever connects, and to a server.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::net::shutdown;
use rustix::net::sockopt::set_socket_linger;
use rustix::process::{Pid, Signal, kill_process};
use sstream_testkit::keeper::Keeper;
use sstream_testkit::random::Random;
use sstream_testkit::wait_until;

use crate::live::{self, Live, free_port, is_listening};
use crate::support::{Folder, Shell};

/// A batch of this many records.
const RECORDS: usize = 100;

/// A pipeline whose source gives the batches that are put into it, and the end when it is dropped.
struct Pipeline {
    live: Live,
    batches: File,
    given: usize,
}

/// A record of a batch, as a line: it tells its batch and its place, and has so many bytes.
fn line(batch: usize, place: usize, bytes: usize) -> String {
    let name = format!("{batch}:{place}");
    let padding = " ".repeat(bytes.saturating_sub(name.len()));
    name + &padding
}

/// Starts a pipeline into `sstream-sink ARGUMENTS`, whose process is written into the file `sink`.
fn pipeline(arguments: &str) -> Pipeline {
    let mut live = live::start(&format!(
        "mkfifo batches; sstream-source queue batches | (echo $BASHPID > sink; exec sstream-sink {arguments})"
    ));
    live.until("a fifo", |live| live.path("batches").exists());
    let batches = File::options().write(true).open(live.path("batches")).unwrap();
    Pipeline { live, batches, given: 0 }
}

impl Pipeline {
    /// One batch more, of lines with so many bytes.
    fn give(&mut self, bytes: usize) {
        let records: Vec<String> =
            (0..RECORDS).map(|place| format!("\"{}\"", line(self.given, place, bytes))).collect();
        writeln!(self.batches, "[{}]", records.join(",")).unwrap();
        self.given += 1;
    }

    /// The stream's end.
    fn end(self) -> Live {
        self.live
    }

    /// Connects to the socket `s`, and waits until the sink knows it.
    fn connect(&mut self) -> UnixStream {
        let connected = |live: &Live| live.stderr().matches("connected").count();
        let before = connected(&self.live);
        let mut client = None;
        self.live.until("listening", |live| {
            client = UnixStream::connect(live.path("s")).ok();
            client.is_some()
        });
        self.live.until("connected", |live| connected(live) > before);
        client.unwrap()
    }

    /// The most memory that the sink has had, in KiB.
    fn peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.live.read("sink").trim())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

/// Reads a batch, which must be this one, whole.
#[track_caller]
fn read_batch(reader: &mut impl std::io::BufRead, batch: usize) {
    for place in 0..RECORDS {
        let mut read = String::new();
        reader.read_line(&mut read).unwrap();
        assert_eq!(read.trim_end(), format!("{batch}:{place}"), "batch {batch}");
    }
}

/// All that comes, in a thread.
fn read_all(mut stream: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut all = String::new();
        stream.read_to_string(&mut all).unwrap();
        all
    })
}

/// All of these batches, with lines of so many bytes.
fn all(batches: std::ops::Range<usize>, bytes: usize) -> String {
    batches.flat_map(|batch| (0..RECORDS).map(move |place| line(batch, place, bytes) + "\n")).collect()
}

#[test]
fn all_who_are_connected_get_each_batch_and_the_last_before_the_end() {
    let mut pipeline = pipeline("unix s --verbose");
    let (one, two) = (pipeline.connect(), pipeline.connect());
    pipeline.give(10);
    let mut one = BufReader::new(one);
    read_batch(&mut one, 0);
    let three = pipeline.connect();
    // Who says something, and who has said all there is to say, read on.
    (&three).write_all(&[b'x'; 100_000]).unwrap();
    three.shutdown(Shutdown::Write).unwrap();
    let (two, three) = (read_all(two), read_all(three));
    pipeline.give(10);
    pipeline.give(10);
    let mut live = pipeline.end();
    read_batch(&mut one, 1);
    read_batch(&mut one, 2);
    assert_eq!(two.join().unwrap(), all(0..3, 10));
    assert_eq!(three.join().unwrap(), all(1..3, 10));
    live.exits(0);
    assert!(!live.path("s").exists(), "the socket's file is removed");
}

#[test]
fn a_slow_reader_misses_whole_batches_and_is_told_so() {
    const BYTES: usize = 1000;
    const BATCHES: usize = 60;
    // About ten batches have room, and each is too large for a quarter of it: they lie on disk.
    for buffer in ["1MiB", "256KiB"] {
        let mut pipeline = pipeline(&format!("unix s --verbose --tell-dropped --buffer {buffer}"));
        let (slow, quick) = (pipeline.connect(), pipeline.connect());
        let mut quick = BufReader::new(quick);
        for batch in 0..BATCHES {
            pipeline.give(BYTES);
            read_batch(&mut quick, batch);
        }
        // The first that it is told is at once; the rest once it has all.
        pipeline.live.until_holds("stderr", "client 1: reads too slowly: dropped ");
        let slow = read_all(slow);
        let mut live = pipeline.end();
        let slow = slow.join().unwrap();
        live.exits(0);
        let (mut next, mut missed) = (0, 0);
        let mut lines = slow.lines();
        while let Some(first) = lines.next() {
            if let Some(gap) = first.strip_prefix("# dropped ") {
                let (batches, records) = gap.trim_end_matches(" records").split_once(" batches, ").unwrap();
                let batches: usize = batches.parse().unwrap();
                assert_eq!(records.parse::<usize>().unwrap(), batches * RECORDS);
                (next, missed) = (next + batches, missed + batches);
                continue;
            }
            assert_eq!(first, line(next, 0, BYTES));
            for place in 1..RECORDS {
                assert_eq!(lines.next(), Some(&line(next, place, BYTES)[..]), "whole");
            }
            next += 1;
        }
        assert_eq!(next, BATCHES, "the newest is never dropped");
        assert!(missed > BATCHES / 2, "{missed} of {BATCHES}");
        let told = live.stderr();
        let told = told
            .lines()
            .filter_map(|line| line.split_once("dropped ")?.1.split_once(" batches")?.0.parse::<usize>().ok());
        assert_eq!(told.sum::<usize>(), missed, "{live}");
    }
}

#[test]
fn a_reader_that_stands_still_costs_a_known_amount_of_memory() {
    const MEGABYTE: usize = 10_000;
    for (arguments, batches) in [("unix s --json --verbose", 120), ("unix s --json --verbose --on-slow block", 33)] {
        let mut pipeline = pipeline(arguments);
        let stopped = pipeline.connect();
        let reader = pipeline.connect();
        let read = Arc::new(Mutex::new(0));
        let count = read.clone();
        let reading = std::thread::spawn(move || {
            let mut lines = BufReader::new(reader);
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line).unwrap() > 0 {
                *count.lock().unwrap() += 1;
                line.clear();
            }
        });
        // Under block the buffer is full by the end; under drop no batch waits for the one that stands still.
        for batch in 0..batches {
            pipeline.give(MEGABYTE);
            let is_blocked = arguments.contains("block") && batch > 20;
            pipeline.live.until("a batch", |_| is_blocked || *read.lock().unwrap() == (batch + 1) * RECORDS);
        }
        let peak = pipeline.peak_kib();
        assert!(peak < 64 << 10, "{arguments}: {peak} KiB");
        drop(stopped);
        pipeline.end().exits(0);
        reading.join().unwrap();
        if arguments.contains("block") {
            assert_eq!(*read.lock().unwrap(), batches * RECORDS);
        }
    }
}

#[test]
fn a_reader_that_is_killed_or_has_enough_is_nothing_to_others() {
    let mut pipeline = pipeline("unix s --verbose");
    let mut stays = BufReader::new(pipeline.connect());
    let mut killed = std::process::Command::new("nc")
        .args(["-d", "-U"])
        .arg(pipeline.live.path("s"))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    pipeline.live.until_holds("stderr", "client 2: connected");
    let leaves = pipeline.connect();
    let pid = Pid::from_raw(killed.id().cast_signed()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    for batch in 0..5 {
        pipeline.give(1000);
        read_batch(&mut stays, batch);
    }
    kill_process(pid, Signal::KILL).unwrap();
    killed.wait().unwrap();
    // As head -1 does: not even the whole batch.
    let mut first = String::new();
    BufReader::with_capacity(1, &leaves).read_line(&mut first).unwrap();
    drop(leaves);
    pipeline.live.until("both gone", |live| {
        let stderr = live.stderr();
        stderr.contains("client 2: gone") && stderr.contains("client 3: gone")
    });
    pipeline.give(1000);
    read_batch(&mut stays, 5);
    pipeline.end().exits(0);
}

#[test]
fn where_nothing_may_be_dropped_the_pipeline_waits() {
    let mut pipeline = pipeline("unix s --verbose --on-slow block --buffer 1MiB");
    pipeline.give(1000);
    pipeline.give(1000);
    pipeline.live.until("there", |live| live.path("s").exists());
    // One that goes in the midst of a batch has had none of it; the next one gets it whole.
    let first = pipeline.connect();
    let mut some = [0; 50_000];
    (&first).read_exact(&mut some).unwrap();
    drop(first);
    pipeline.live.until_holds("stderr", "client 1: gone");
    let second = read_all(pipeline.connect());
    pipeline.give(1000);
    let mut live = pipeline.end();
    assert_eq!(second.join().unwrap(), all(0..3, 1000));
    live.exits(0);
}

#[test]
fn a_pipeline_without_clients_ends_or_waits() {
    let line = "printf '[1]\\n[]\\n[2,3]\\n' | sstream-source queue - | sstream-sink";
    let ran = Shell::new(&format!("{line} unix s")).run().exits(0);
    for message in [
        "nobody is connected: batches are dropped until somebody is (--on-slow block waits)",
        "2 batches, 3 records came while nobody was connected",
    ] {
        assert!(ran.stderr.contains(message), "{ran}");
    }
    let mut live = live::start(&format!("{line} listen 0 --on-slow block"));
    live.until_holds("stderr", "waiting, since nobody is connected");
    let stderr = live.stderr();
    let address = stderr.lines().find_map(|line| line.split_once("listening on ")).unwrap().1;
    assert_eq!(read_all(TcpStream::connect(address).unwrap()).join().unwrap(), "1\n2\n3\n");
    live.exits(0);
}

#[test]
fn more_clients_than_there_may_be_wait() {
    let mut pipeline = pipeline("unix s --verbose --max-clients 1");
    let first = pipeline.connect();
    let second = UnixStream::connect(pipeline.live.path("s")).unwrap();
    pipeline.live.until_holds("stderr", "1 clients are connected, as --max-clients allows");
    pipeline.give(10);
    read_batch(&mut BufReader::new(&first), 0);
    drop(first);
    pipeline.give(10);
    pipeline.live.until_holds("stderr", "client 2: connected");
    pipeline.give(10);
    read_batch(&mut BufReader::new(second), 2);
    pipeline.end().exits(0);
}

#[test]
fn where_nobody_can_listen_it_is_said() {
    let port = free_port();
    let _taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let line = "sstream-source queue batches | sstream-sink";
    let run = |rest: &str| Shell::new(&format!("{line} {rest}")).file("batches", "[1]\n").file("s", "").run();
    run(&format!("listen {port}")).exits(1).says(&format!("listen 127.0.0.1:{port}: Address already in use"));
    run("unix s").exits(1).says("unix s: there is a file that is no socket: give another PATH");
    run("unix s --connect --on-slow drop").exits(2);
    run("unix s --retry-for 1s").exits(2).says("--connect");
    let ran = run(&format!("tcp 127.0.0.1:{} --retry-for 1ms", free_port())).exits(1);
    assert!(ran.stderr.contains("1 batches were not delivered: Connection refused: given up after "), "{ran}");
}

#[test]
fn a_server_that_comes_late_or_goes_gets_whole_batches() {
    let port = free_port();
    let mut pipeline = pipeline(&format!("tcp 127.0.0.1:{port}"));
    pipeline.give(10);
    pipeline.live.until_holds("stderr", "Connection refused: trying again");
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let (server, _) = listener.accept().unwrap();
    read_batch(&mut BufReader::new(&server), 0);
    pipeline.live.until_holds("stderr", "connected again");
    // It has all, and goes when nothing is under way: what comes then is for the next.
    drop(server);
    pipeline.give(10);
    let (server, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(&server);
    read_batch(&mut reader, 1);
    // It goes in the midst of a large batch: with a reset, so that nothing of it counts.
    pipeline.give(200_000);
    reader.read_line(&mut String::new()).unwrap();
    set_socket_linger(&server, Some(Duration::ZERO)).unwrap();
    drop(server);
    let (server, _) = listener.accept().unwrap();
    let rest = read_all(server);
    let mut live = pipeline.end();
    live.exits(0);
    assert_eq!(rest.join().unwrap(), all(2..3, 200_000));
}

#[test]
fn it_listens_and_takes_part_in_a_longer_line() {
    let port = free_port();
    let line = format!(
        "sstream-source rate 100 --batch 50ms | sstream-sink --pass listen {port} --json | sstream-sink --pass null >out"
    );
    let mut live = live::start(&line);
    live.until("listening", |_| is_listening(port));
    let mut lines = BufReader::new(TcpStream::connect(("127.0.0.1", port)).unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("{\"n\":"));
    live.until_holds("out", "{\"end\":");
    live.signal(Signal::TERM);
    live.wait();
    assert!(lines.all(|line| line.unwrap().ends_with('}')), "only whole lines");
    live.until("told", |live| live.read("out").contains("{\"close\":\"stop\"}"));
}

/// All lines that a server has read, which goes away now and then: at once if `at_once`, and otherwise when it has
/// said so and read what was sent until then.
fn serve(
    accept: impl Fn() -> OwnedFd + Send + 'static,
    at_once: bool,
    mut random: Random,
) -> Arc<Mutex<BTreeSet<u64>>> {
    let read = Arc::new(Mutex::new(BTreeSet::new()));
    let all = read.clone();
    std::thread::spawn(move || {
        loop {
            let (mut client, mut left) = (File::from(accept()), random.between(2_000, 20_000) as usize);
            let (mut line, mut some) = (Vec::new(), [0; 1000]);
            // With nothing read that is not counted: what a reader has in a buffer when it dies is lost.
            while let Ok(bytes @ 1..) = client.read(&mut some) {
                for byte in &some[..bytes] {
                    line.push(*byte);
                    if *byte == b'\n' {
                        all.lock().unwrap().insert(String::from_utf8_lossy(&line).trim().parse().unwrap());
                        line.clear();
                    }
                }
                if left > 0 && left <= bytes {
                    if at_once {
                        break;
                    }
                    let _ = shutdown(&client, rustix::net::Shutdown::Write);
                }
                left = left.saturating_sub(bytes);
            }
        }
    });
    read
}

/// Lines of a file that grows go to a server, while pipeline and server are killed in turns.
fn gets_all(read: &Mutex<BTreeSet<u64>>, sink: &str, folder: &Folder, mut random: Random) {
    const LINES: u64 = 20_000;
    folder.file("in", (0..LINES).map(|n| format!("{n}\n")).collect::<String>());
    let line = format!("sstream-source tail in --batch 20ms --max-rate 5000 --checkpoint ck | sstream-sink {sink}");
    let keeper = Keeper::start(folder, "line", &line);
    for round in 0..20 {
        let before = read.lock().unwrap().len();
        let done = || read.lock().unwrap().len() as u64 == LINES;
        wait_until(&format!("more in round {round}"), Duration::from_secs(60), || {
            done() || read.lock().unwrap().len() > before
        });
        keeper.kill_some(&mut random);
    }
    wait_until("all", Duration::from_secs(60), || read.lock().unwrap().len() as u64 == LINES);
}

#[test]
fn a_server_gets_all_however_often_it_and_the_pipeline_are_killed() {
    let (folder, mut random) = (Folder::new(), Random::new(13));
    let listener = UnixListener::bind(folder.path("s")).unwrap();
    let read = serve(move || listener.accept().unwrap().0.into(), true, random.split());
    gets_all(&read, "unix s --connect", &folder, random);
}

/// TCP does not tell whether a program has read what its system has: such a server reads it before it goes.
#[test]
fn a_server_over_tcp_gets_all_however_often_it_goes_and_the_pipeline_is_killed() {
    let (folder, mut random) = (Folder::new(), Random::new(14));
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let read = serve(move || listener.accept().unwrap().0.into(), false, random.split());
    gets_all(&read, &format!("tcp 127.0.0.1:{port}"), &folder, random);
}
