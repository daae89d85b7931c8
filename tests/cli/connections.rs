//! Connections and programs that end in the middle of something, or do not end at all.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use rustix::process::Signal;

use crate::live::{self, Live, free_port, is_listening};
use crate::support::shell;

/// A source whose output is plain lines, and whose bad records go to the file `bad`.
fn source(arguments: &str) -> Live {
    live::start(&format!("exec sstream-source {arguments} --batch 50ms --output text --on-error bad --verbose"))
}

/// Breaks a connection off, so that the other side has an error.
fn reset(connection: TcpStream) {
    set_socket_linger(&connection, Some(Duration::ZERO)).unwrap();
}

#[test]
fn half_a_line_of_a_server_that_was_lost_is_a_bad_record() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut source = source(&format!("tcp {}", listener.local_addr().unwrap()));
    let (mut server, _) = listener.accept().unwrap();
    server.write_all(b"a\nhalf").unwrap();
    source.until_holds("stdout", "a\n");
    reset(server);
    source.until_holds("bad", r#"ended inside a line: Connection reset by peer","record":"half"}"#);
    // One that ends the connection has said what it had to say.
    let (mut server, _) = listener.accept().unwrap();
    server.write_all(b"b\nlast").unwrap();
    drop(server);
    source.until_holds("stdout", "a\nb\nlast\n");
}

#[test]
fn half_a_line_of_a_client_that_was_lost_is_a_bad_record() {
    let port = free_port();
    let mut source = source(&format!("listen {port}"));
    source.until("listening", |_| is_listening(port));
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.write_all(b"a\nhalf").unwrap();
    source.until_holds("stdout", "a\n");
    reset(client);
    source.until_holds("bad", r#""record":"half"}"#);
    assert_eq!(source.stdout(), "a\n");
}

#[test]
fn half_a_line_of_a_program_that_failed_is_a_bad_record() {
    let program = r"if [ -e again ]; then printf 'c\nlast'; else touch again; printf 'a\nhalf'; exit 3; fi";
    let ran = shell(&format!(
        r#"sstream-source exec --batch 50ms --output text --on-error bad -- sh -c "{program}" 2> /dev/null; cat bad"#
    ));
    let ran = ran.exits(0);
    assert!(ran.stdout.starts_with("a\nc\nlast\n"), "{ran}");
    assert!(ran.stdout.contains(r#"ended inside a line: ended with exit code 3","record":"half"}"#), "{ran}");
    shell("sstream-source exec --output text -- sh -c 'printf half; kill -9 $$'").exits(4);
}

#[test]
fn rows_of_one_run_of_a_program_do_not_go_on_in_the_next() {
    let program = r#"echo a,b; if [ -e again ]; then echo 3,4; else touch again; echo 1,2; echo 5,\"6; exit 3; fi"#;
    let ran = shell(&format!(
        "sstream-source exec --batch 50ms --input csv --output json --on-error bad -- sh -c '{program}' 2> /dev/null; \
         cat bad"
    ));
    let ran = ran.exits(0);
    assert!(ran.stdout.starts_with("{\"a\":\"1\",\"b\":\"2\"}\n{\"a\":\"3\",\"b\":\"4\"}\n{"), "{ran}");
    assert!(ran.stdout.contains(r#"a quote is not closed: all that came behind it is one field","record":"5,\"6\n"}"#));
}

#[test]
fn clients_that_hold_too_much_together_are_cut_off() {
    let port = free_port();
    let mut source = source(&format!("listen {port} --max-unfinished 100KiB"));
    source.until("listening", |_| is_listening(port));
    let connect = || TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (mut small, mut one, mut two) = (connect(), connect(), connect());
    small.write_all(b"small").unwrap();
    one.write_all(&[b'1'; 90 << 10]).unwrap();
    two.write_all(&[b'2'; 90 << 10]).unwrap();
    source.until_holds("bad", "--max-unfinished 102400 together");
    small.write_all(b" enough\n").unwrap();
    source.until_holds("stdout", "small enough\n");
}

#[test]
fn what_comes_while_the_pipeline_is_held_up_waits_on_disk() {
    let port = free_port();
    let mut pipeline = live::start(&format!(
        "mkfifo gate; sstream-source listen {port} --spool 64MiB --batch 50ms --output text --stop-file stop |
         {{ cat gate; cat; }} > lines"
    ));
    pipeline.until("listening", |_| is_listening(port));
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
    let lines: String = (0..200_000).map(|number| format!("{number:0>100}\n")).collect();
    // Nobody reads them, and there is no room for so many in any buffer.
    client.write_all(lines.as_bytes()).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    assert_eq!(client.read(&mut [0; 1]).unwrap(), 0, "the source has read to the end");
    pipeline.until_holds("stderr", "the pipeline is held up: what comes waits, 64.0 MiB at most (--spool)");
    std::fs::write(pipeline.path("stop"), "").unwrap();
    std::fs::write(pipeline.path("gate"), "").unwrap();
    pipeline.exits(0);
    let got = pipeline.read("lines");
    assert!(got == lines, "{} of {} bytes, {}", got.len(), lines.len(), pipeline.stderr());
}

#[test]
fn more_clients_than_there_may_be_wait() {
    let mut source = source("unix socket --max-clients 1");
    // The socket is there a moment before it takes clients.
    let mut first = None;
    source.until("listening", |source| {
        first = UnixStream::connect(source.path("socket")).ok();
        first.is_some()
    });
    let mut first = first.unwrap();
    first.write_all(b"first\n").unwrap();
    source.until_holds("stdout", "first\n");
    let mut second = UnixStream::connect(source.path("socket")).unwrap();
    second.write_all(b"second\n").unwrap();
    source.until_holds("stderr", "1 clients are connected, as --max-clients allows");
    first.write_all(b"first again\n").unwrap();
    source.until_holds("stdout", "first again\n");
    drop(first);
    source.until_holds("stdout", "second\n");
    // At a stop those who wait are heard.
    let mut third = UnixStream::connect(source.path("socket")).unwrap();
    third.write_all(b"third\n").unwrap();
    source.signal(Signal::TERM);
    source.exits(0);
    assert_eq!(source.stdout(), "first\nfirst again\nsecond\nthird\n");
}

#[test]
fn clients_that_vanish_are_found_out() {
    let port = free_port();
    let mut source = source(&format!("listen {port}"));
    source.until("listening", |_| is_listening(port));
    let _client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    source.until_holds("stderr", "connected");
    // A keepalive timer on the accepted connection, which is established (01).
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let mut accepted = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let port = format!(":{port:04X}");
    assert!(
        accepted.any(|words| words[1].ends_with(&port) && words[3] == "01" && words[5].starts_with("02:")),
        "{table}"
    );
}
