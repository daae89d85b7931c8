//! What the server has, and what becomes of what it refuses.

use std::cell::Cell;

use clap::Parser;
use sstream::connect::{SinkKind as _, testing};
use sstream_redis::SinkArgs;

use crate::support::{Server, is_possible};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: SinkArgs,
}

#[test]
fn a_batch_is_there_once_wherever_the_sink_dies() {
    testing::check_sink_kind::<SinkArgs>();
    if !is_possible() {
        return;
    }
    // Nothing is killed but the sink: a file that is synced would take a minute.
    let server = Server::start_with("--appendonly no", "");
    let url = format!("redis://127.0.0.1:{}", server.port);
    let args = || Line::parse_from(["sink", &url, "--command", "rpush all {tojson}"]).args;
    let places = Cell::new(0);
    testing::check_sink(
        &args().guarantee(),
        || {
            server.ask("flushall");
            places.set(places.get() + 1);
        },
        |()| args().open(testing::sink_parts()).unwrap(),
        |()| server.ask("lrange all 0 -1").trim_start_matches('\n').as_bytes().to_vec(),
    );
    assert!(places.get() > 10);
}

#[test]
fn each_kind_of_command_runs_in_a_transaction() {
    if !is_possible() {
        return;
    }
    let server = Server::start();
    let batches = "[{\"k\":\"a b\",\"n\":1},{\"k\":\"c\",\"n\":2.50}]\n[]\n[{\"k\":\"a b\",\"n\":3}]\n";
    let commands = "--command 'set {.k} {.n}' --command 'hset h {.k} {.}' --command 'zadd z {.n} {.k}' \
                    --command 'xadd s * {to_entries|map(.key,.value)}' --command 'publish c {.k}' --command 'lpush l t{$time}'";
    server.write(batches, commands).exits(0).says_nothing();
    assert_eq!(
        server.ask("get \"a b\"\nget c\nhget h c\nzrange z 0 -1\nlrange l 0 -1\nxlen s\ndbsize"),
        "3\n2.50\n{\"k\":\"c\",\"n\":2.50}\nc\na b\nt3000\nt1000\nt1000\n3\n6\n"
    );
    server.write("[1]\n", "--command 'set {.k} 1'").exits(4);
}

#[test]
fn a_command_that_is_refused_is_a_bad_record_and_the_others_run() {
    if !is_possible() {
        return;
    }
    let server = Server::start();
    server.ask("set text x");
    // A wrong type is seen when it runs, a wrong number of words when it is queued, null before.
    let batches = "[{\"k\":\"one\"},{\"k\":\"text\"},{\"k\":null},{\"k\":[\"two\",\"x\"]},{\"k\":[]},{\"k\":\"two\"}]\n[{\"k\":\"three\"}]\n";
    server.write(batches, "--command 'incr {.k}' --on-error bad").exits(0);
    assert_eq!(server.ask("get one\nget two\nget three\nget text"), "1\n1\n1\nx\n");
    let bad = server.folder.read("bad");
    assert_eq!(bad.lines().count(), 4, "{bad}");
    for says in ["{.k} is null", "wrong number of arguments", "not an integer"] {
        assert!(bad.contains(says), "{says} is not in {bad}");
    }
    server.ask("flushall");
    let failed = server.write(batches, "--command 'incr {.k}'").exits(4);
    assert_eq!(server.ask("dbsize"), "0\n", "{failed}");
    server.write(batches, "--command 'nosuch {.k|tojson}'").exits(4).says("unknown command");
}

#[test]
fn tls_passwords_and_what_is_wrong() {
    if !is_possible() {
        return;
    }
    let server = Server::start_with(
        "--tls-cert-file cert.pem --tls-key-file key.pem --tls-ca-cert-file ca.pem --tls-auth-clients no --requirepass hunter2",
        "--tls --cacert ca.pem --no-auth-warning -a hunter2",
    );
    server.folder.file("batches", "[1]\n").file("pw", "hunter2\n").file("wrong", "another\n");
    let run = |options: &str| {
        let address = format!("rediss://localhost:{}", server.port);
        let line = format!(
            "sstream-source queue batches --batch 1s --checkpoint ck | sstream-sink redis {address} --command 'set k {{.}}' {options}"
        );
        let ran = server.folder.run(&format!("{line}; code=$?; grep -r hunter2 ck && exit 9; exit $code"));
        assert!(!ran.stderr.contains("hunter2") && !ran.stderr.contains("another"), "{ran}");
        ran
    };
    let stranger = run("--password-file pw").exits(1);
    assert!(stranger.stderr.to_lowercase().contains("certificate"), "{stranger}");
    let refused = run("--ca ca.pem --password-file wrong").exits(1);
    assert!(refused.stderr.contains("WRONGPASS"), "{refused}");
    run("--ca ca.pem").exits(1);
    run("--ca ca.pem --password-file pw").exits(0);
    assert_eq!(server.ask("get k"), "1\n");
    for (line, says) in [
        ("redis://h", "--command"),
        ("redis://h --command 'set {.a'", "not closed"),
        ("redis://h --command x --ca ca.pem", "rediss://"),
        ("redis://a@h --command x", "--password-file"),
        ("redis://a:b@h --command x", "--password-file"),
    ] {
        let ran = server.folder.run(&format!("sstream-sink redis {line} </dev/null")).exits(2);
        assert!(ran.stderr.contains(says), "{says} is not in\n{ran}");
    }
}
