//! The kinds of sstream-source, with real clients and servers on the loopback.

use std::io::Write as _;
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::live::{self, Live, free_port, is_listening};
use crate::support::{Folder, Shell, shell};

/// A source whose output is plain lines.
fn source(arguments: &str) -> Live {
    live::start(&format!("exec sstream-source {arguments} --batch 50ms --output text --verbose"))
}

#[test]
fn tcp_connects_again_when_the_server_goes() {
    let port = free_port();
    let mut source = source(&format!("tcp 127.0.0.1:{port}"));
    // Nobody is there yet.
    source.until_holds("stderr", "Connection refused: trying again in");
    let mut server = live::start(&format!("printf 'a\\nhalf' | exec nc -lN 127.0.0.1 {port}"));
    source.until_holds("stdout", "a\nhalf\n");
    server.exits(0);
    source.until_holds("stderr", "the server has ended the connection: trying again in");
    let _server = live::start(&format!("printf 'b\\nrest' | nc -l 127.0.0.1 {port}"));
    source.until_holds("stdout", "b\n");
    source.signal(Signal::INT);
    source.exits(0);
    assert_eq!(source.stdout(), "a\nhalf\nb\n");
    assert!(source.stderr().contains("left an unfinished line of 4 bytes at the stop"), "{source}");
}

#[test]
fn listen_takes_many_clients_whose_lines_never_mix() {
    let port = free_port();
    let mut source = source(&format!("listen {port}"));
    source.until("listening", |_| is_listening(port));
    let mut clients: Vec<_> = (0..8).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    for part in 0..50 {
        for (number, client) in clients.iter_mut().enumerate() {
            write!(client, "client {number} ").unwrap();
            if part % 5 == 4 {
                writeln!(client).unwrap();
            }
        }
    }
    let mut nc = live::start(&format!("printf 'from nc\\nhalf a line' | nc -N 127.0.0.1 {port}"));
    nc.exits(0);
    source.until_holds("stdout", "half a line\n");
    source.until("80 lines", |source| source.stdout().lines().count() == 82);
    let stdout = source.stdout();
    for (number, _) in clients.iter().enumerate() {
        let line = format!("client {number} ").repeat(5);
        assert_eq!(stdout.lines().filter(|found| *found == line).count(), 10, "{source}");
    }
    // What is in the sockets at the stop is read; half a line is left.
    clients[0].write_all(b"held\nunfinished").unwrap();
    let mut late = TcpStream::connect(("127.0.0.1", port)).unwrap();
    late.write_all(b"at the door\n").unwrap();
    source.signal(Signal::TERM);
    source.exits(0);
    assert!(source.stdout().contains("held\n"), "{source}");
    assert!(source.stdout().contains("at the door\n"), "{source}");
    assert!(source.stderr().contains("left an unfinished line of 10 bytes at the stop"), "{source}");
}

#[test]
fn listen_listens_to_this_machine_unless_told() {
    let port = free_port();
    let mut source = source(&format!("listen {port}"));
    source.until_holds("stderr", &format!("listening on 127.0.0.1:{port}"));
    shell(&format!("sstream-source listen {port} --output text")).exits(1).says("Address already in use");
}

#[test]
fn a_slow_pipeline_makes_clients_wait() {
    let port = free_port();
    // The reader takes nothing until it is told to.
    let mut line = live::start(&format!(
        "sstream-source listen {port} --output text --stop-file stop | {{ until [ -e go ]; do sleep 0.02; done; cat; }}"
    ));
    line.until("listening", |_| is_listening(port));
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.set_write_timeout(Some(Duration::from_millis(700))).unwrap();
    let lines = "0123456789abcde\n".repeat(4096);
    let mut sent = 0;
    while let Ok(written) = client.write(&lines.as_bytes()[sent % 16..]) {
        sent += written;
        assert!(sent < 64 << 20, "a client was never made to wait");
    }
    drop(client);
    // Nothing of what was sent is lost.
    std::fs::write(line.path("go"), "").unwrap();
    line.until("all of it", |line| std::fs::metadata(line.path("stdout")).unwrap().len() >= sent as u64);
    std::fs::write(line.path("stop"), "").unwrap();
    line.exits(0);
    assert_eq!(line.stdout().lines().count(), sent.div_ceil(16));
}

#[test]
fn udp_datagrams_are_lines() {
    let port = free_port();
    let mut source = source(&format!("udp {port}"));
    source.until_holds("stderr", "receiving on 127.0.0.1");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for datagram in ["one\ntwo", "", "three\n"] {
        socket.send_to(datagram.as_bytes(), ("127.0.0.1", port)).unwrap();
    }
    source.until_holds("stdout", "three\n");
    socket.send_to(b"held", ("127.0.0.1", port)).unwrap();
    source.signal(Signal::INT);
    source.exits(0);
    assert_eq!(source.stdout(), "one\ntwo\nthree\nheld\n");
}

#[test]
fn unix_replaces_a_stale_socket_and_cleans_up() {
    let folder = Folder::new();
    // What a process that was killed leaves.
    drop(UnixListener::bind(folder.path("socket")).unwrap());
    let line = "exec sstream-source unix socket --batch 50ms --output text --verbose";
    let mut source = live::start_in(folder, line);
    source.until_holds("stderr", "listening");
    let socket = source.path("socket");
    let mut nc = live::start(&format!("printf 'a\\nb' | nc -NU {}", socket.display()));
    nc.exits(0);
    source.until_holds("stdout", "a\nb\n");
    let line = format!("sstream-source unix {} --output text", socket.display());
    shell(&line).exits(1).says("another process listens there");
    source.signal(Signal::INT);
    source.exits(0);
    assert!(!socket.exists(), "{source}");
}

#[test]
fn unix_leaves_other_files_alone() {
    let ran = Shell::new("sstream-source unix file --output text").file("file", "kept").run();
    let ran = ran.exits(1).says("no socket");
    assert_eq!(ran.folder.read("file"), "kept");
}

#[test]
fn exec_ends_with_its_program() {
    shell("sstream-source --output text exec -- printf 'a\\nb'").exits(0).prints("a\nb\n").says_nothing();
    shell("SSTREAM_BATCH=2s sstream-source exec --output text -- sh -c 'echo \"[$SSTREAM_BATCH]\"'").prints("[]\n");
    shell("sstream-source --input csv --output json exec -- printf 'a,b\\n1,2\\n'")
        .prints("{\"a\":\"1\",\"b\":\"2\"}\n");
}

#[test]
fn exec_starts_a_program_again_that_fails() {
    let mut source = live::start(
        "exec sstream-source --batch 20ms --output text exec -- \
         bash -c 'echo >> runs; wc -l < runs; [ $(wc -l < runs) = 3 ] || exit 7'",
    );
    source.exits(0);
    assert_eq!(source.stdout(), "1\n2\n3\n");
    assert!(source.stderr().contains("ended with exit code 7: trying again in 200ms"), "{source}");
}

#[test]
fn exec_lets_its_program_say_a_last_word() {
    let mut source = live::start(
        "exec sstream-source --batch 20ms --output text exec -- \
         bash -c 'trap \"echo last; printf unfinished; exit 0\" TERM; echo first; while :; do sleep 0.01; done'",
    );
    source.until_holds("stdout", "first\n");
    source.signal(Signal::INT);
    source.exits(0);
    assert_eq!(source.stdout(), "first\nlast\n");
    assert!(source.stderr().contains("left an unfinished line of 10 bytes"), "{source}");
}

#[test]
fn exec_ends_its_program_when_the_reader_goes() {
    let line = "sstream-source --batch 20ms --output text exec -- \
                bash -c 'echo $$ > pid; while :; do echo x; sleep 0.01; done' | head -1";
    let ran = shell(line);
    let pid = ran.folder.read("pid");
    let started = Instant::now();
    while std::path::Path::new("/proc").join(pid.trim()).exists() {
        assert!(started.elapsed() < Duration::from_secs(20), "{pid} goes on\n{ran}");
        std::thread::sleep(Duration::from_millis(5));
    }
    ran.says_nothing();
}

#[test]
fn a_program_that_is_not_there_is_wrong_usage() {
    shell("sstream-source --output text exec -- no-such-program").exits(2).says("no program no-such-program on PATH");
    shell("sstream-source --output text tpc localhost:1").exits(2).says("did you mean tcp?");
}

#[test]
fn kinds_come_from_path() {
    let line = "chmod +x sstream-source-hello; PATH=$PWD:$PATH sstream-source --output text hello --to world";
    let script = "#!/bin/sh\necho \"hello $2 from $1\"\n";
    Shell::new(line).file("sstream-source-hello", script).run().exits(0).prints("hello world from --to\n");
}

#[test]
fn rate_gives_every_batch_its_records() {
    let ran = shell("sstream-source rate 2000 --batch 50ms --stop-after 400ms --no-trace").exits(0).says_nothing();
    let ends: Vec<_> = ran.stdout.lines().filter(|line| line.starts_with("{\"end\"")).collect();
    assert!(ends.len() >= 8, "{ran}");
    let (last, whole) = ends.split_last().unwrap();
    assert!(whole.iter().all(|end| end.ends_with("\"records\":100}")), "{ran}");
    assert!(!last.contains("\"records\":100"), "{ran}");
    assert!(ran.stdout.ends_with("{\"close\":\"stop\"}\n"), "{ran}");
}

const SAVED: &str = concat!(
    r#"{"sstream":1,"interval":1000,"stages":["source stdin"],"name":"n","checkpoint":"/x","run":7,"resume":5,"new":1}"#,
    "\n",
    r#"{"batch":2000,"records":1,"bytes":4}"#,
    "\n\"a\"\n",
    r#"{"end":2000,"records":1}"#,
    "\n",
    r#"{"end":3000,"records":0,"key":1}"#,
    "\n",
    r#"{"close":"eof"}"#,
    "\n",
);

#[test]
fn replay_gives_a_saved_stream_without_its_checkpoint() {
    let want = SAVED
        .replace(r#""source stdin""#, r#""source stdin","source replay saved""#)
        .replace(r#","checkpoint":"/x","run":7,"resume":5"#, "");
    Shell::new("sstream-source replay saved").file("saved", SAVED).run().exits(0).prints(&want).says_nothing();
    let want = want.replace("replay saved", "replay -");
    Shell::new("sstream-source replay -").stdin(SAVED).run().exits(0).prints(&want);
    let cut = &SAVED[..SAVED.len() - 20];
    Shell::new("sstream-source replay saved").file("saved", cut).run().exits(3).says("saved: input, byte");
    Shell::new("sstream-source replay saved --batch 1s --output text")
        .file("saved", SAVED)
        .run()
        .exits(2)
        .says("--batch");
    Shell::new("sstream-source replay none --output text").run().exits(1).says("none: No such file");
}

#[test]
fn options_that_do_not_fit_are_wrong_usage() {
    shell("sstream-source listen 9 --input csv --output text").exits(2).says("headers and rows would mix");
    shell("sstream-source rate 9 --input json --output text").exits(2).says("leave it out");
    shell("sstream-source queue x --clock wall --start 5 --output text").exits(2).says("--start");
    shell("sstream-source tcp localhost --output text").exits(2);
}

#[test]
fn sources_stop_by_rule() {
    let port = free_port();
    shell(&format!("sstream-source listen {port} --stop-after 200ms --batch 50ms | tail -n 1"))
        .exits(0)
        .prints("{\"close\":\"stop\"}\n");
    shell(&format!("sstream-source tcp 127.0.0.1:{port} --idle-timeout 200ms --batch 50ms 2>/dev/null | tail -n 1"))
        .exits(0)
        .prints("{\"close\":\"stop\"}\n");
    // A first stage that does not know it yet stops too.
    shell("mkfifo in; exec 3<>in; sstream-filter x --stop-after 200ms < in").exits(0).says_nothing();
    // Sources of batches wait for their input too.
    let line = "mkfifo in; exec 3<>in; printf '[1]\\n[2' >&3; \
                sstream-source queue - --idle-timeout 200ms --output json < in";
    shell(line).exits(0).prints("1\n");
    let saved = &SAVED[..SAVED.find("{\"end\":3000").unwrap()];
    let line = "mkfifo in; exec 3<>in; cat saved >&3; \
                sstream-source replay - --idle-timeout 200ms --output text < in";
    Shell::new(line).file("saved", saved).run().exits(0).prints("a\n");
    let mut source = source(&format!("listen {port} --stop-file stop"));
    source.until("listening", |_| is_listening(port));
    std::fs::write(source.path("stop"), "").unwrap();
    source.exits(0);
}

#[test]
fn what_only_a_first_stage_can_do_is_refused_behind_it() {
    for option in ["--batch 2s", "--stop-after 1s", "--no-trace"] {
        let line = format!("sstream-source queue batches | sstream-filter x {option} --output text");
        let ran = Shell::new(&line).file("batches", "[1]\n").run().exits(2);
        assert!(ran.stderr.contains("were cut by its first stage, source queue batches: give --"), "{ran}");
    }
    // A wrong SSTREAM_BATCH matters to the first stage alone.
    let line = "SSTREAM_BATCH=3 sstream-filter x --output frames < saved";
    Shell::new(line).file("saved", SAVED).run().exits(0).says_nothing();
    shell("echo a | SSTREAM_BATCH=3 sstream-filter x --output text").exits(2).says("SSTREAM_BATCH=3: ");
}

#[test]
fn packed_standard_input_is_what_it_holds() {
    let folder = Folder::new();
    folder.run("{ seq 1 5000 | gzip; seq 5001 9000 | gzip; } > both.gz; head -c 15000 both.gz > cut.gz").exits(0);
    folder.run("(cat both.gz; printf 'no such thing') > damaged.gz").exits(0);
    let run = |line: &str| folder.run(&format!("{line} | sstream-reduce count --output text"));
    run("sstream-source stdin --unpack --batch 1h < both.gz").exits(0).prints("9000\n");
    run("cat both.gz | sstream-source stdin --unpack --batch 1h").exits(0).prints("9000\n");
    run("seq 7 | sstream-source stdin --unpack --batch 1h").exits(0).prints("7\n");
    // What was whole is given, and then it is said how the rest is.
    let damaged = run("sstream-source stdin --unpack --batch 1h < damaged.gz").exits(3).prints("9000\n");
    assert!(damaged.stderr.contains("stdin: packed, and damaged ("), "{damaged}");
    let line = "sstream-source stdin --unpack --batch 1h --output text < cut.gz > lines";
    let cut = folder.run(line).exits(3);
    assert!(cut.stderr.ends_with("stdin: packed, and cut off: what was whole before that is given\n"), "{cut}");
    let lines = folder.read("lines");
    assert!(lines.starts_with("1\n2\n3\n"));
    folder.run("diff <(seq $(wc -l < lines)) lines").exits(0).prints("");
}

#[test]
fn a_stop_finds_packed_input_that_is_waited_for() {
    let line = "{ printf 'a\\nb\\n' | gzip; printf 'c\\nd' | gzip | head -c 21; } > both; mkfifo pipe; \
         { cat both; exec sleep 60; } > pipe & \
         sstream-source stdin --unpack --batch 50ms --output text < pipe & echo $! > pid; wait $!; echo $? > code; kill %1";
    let mut live = live::start(line);
    live.until_holds("stdout", "a\nb\n");
    live.until_holds("pid", "\n");
    let pid = live.read("pid").trim().to_owned();
    shell(&format!("kill -TERM {pid}")).exits(0);
    live.until_holds("code", "0\n");
    assert!(live.stderr().contains("stopped inside packed input"), "{live}");
}
