//! Bad days, as the stand-in has them on demand.

use std::cell::Cell;
use std::net::TcpListener;
use std::time::Duration;

use clap::Parser as _;
use sstream::connect::{SinkKind as _, testing};
use sstream_testkit::needs::free_port;
use sstream_testkit::pipeline::Pipeline;
use sstream_testkit::shell::Folder;
use sstream_testkit::{certificates, wait_until};

use crate::server::{Kept, Line, is_hostile_possible};

/// Four rows in two partitions.
const BATCH: &str = "[{\"p\":\"1\",\"k\":\"a\",\"n\":1},{\"p\":\"1\",\"k\":\"b\",\"n\":2},\
                      {\"p\":\"2\",\"k\":\"c\",\"n\":3},{\"p\":\"2\",\"k\":\"d\",\"n\":4}]\n";

const ALL: &str = "[\"a\",1,1000000]\n[\"b\",2,1000000]\n[\"c\",3,1000000]\n[\"d\",4,1000000]\n";

#[test]
fn a_batch_is_there_once_wherever_the_sink_dies() {
    if !is_hostile_possible() {
        return;
    }
    let kept = Kept::hostile("");
    let host = format!("127.0.0.1:{}", kept.server.port);
    let places = Cell::new(0);
    let args = |place: &str| {
        let row = format!("{{p: \"\\(.n % 2)\", k: \"{place}-\\(.batch)-\\(.n)\", v: tojson}}");
        Line::parse_from(["sink", &host, "--table", "ks.t", "--row", &row, "--at-once", "3"]).args
    };
    testing::check_sink(
        &args("c").guarantee(),
        || {
            places.set(places.get() + 1);
            format!("c{}", places.get())
        },
        |place| args(place).open(testing::sink_parts()).unwrap(),
        |place| {
            let listed = kept.rows(&format!("select(.k | startswith(\"{place}-\")) | .v | fromjson | [.batch, .n]"));
            let mut listed: Vec<(u64, u64)> = listed
                .lines()
                .map(|line| line.trim_matches(['[', ']']).split_once(',').unwrap())
                .map(|(batch, n)| (batch.parse().unwrap(), n.parse().unwrap()))
                .collect();
            listed.sort();
            listed
                .iter()
                .map(|(batch, n)| format!("{{\"batch\":{batch},\"n\":{n}}}\n"))
                .collect::<String>()
                .into_bytes()
        },
    );
    assert!(places.get() > 10);
}

/// Whatever happens to requests and answers: each row is there, with its batch's time.
#[test]
fn what_passes_is_tried_again_and_changes_nothing() {
    if !is_hostile_possible() {
        return;
    }
    let refused = "as you wished: trying again";
    for (faults, says) in [
        // Unavailable; overloaded, too late for the replicas; and what was done in part, or whole, all the same.
        ("refuse 1000\n", ""),
        ("refuse 1001\nrefuse 1100\n", refused),
        (&"refuse 1001\n".repeat(8), refused),
        ("done 1100\n", ""),
        ("half 1100\nhalf 1000\n", refused),
        // A replica that failed, and the server itself.
        ("done 1500\ndone 0000\n", refused),
        ("forget\n", "the server has forgotten the statement: trying again"),
        ("cut\ncut\n", "the connection was closed: trying again"),
        ("drop\n", "the connection was closed: trying again"),
        ("none\ndrop\n", "the connection was closed: trying again"),
        ("slow 30\n", "no answer for 2 s"),
        // Answers in another order than requests.
        ("late\n", ""),
    ] {
        let kept = Kept::hostile("");
        kept.server.folder.file("faults", faults);
        let ran = kept.write(BATCH, "--timeout 2s").exits(0);
        assert_eq!(kept.rows("[.k, .n, .at]"), ALL, "{faults}");
        assert_eq!(kept.server.folder.read("faults"), "", "{faults}");
        assert!(ran.stderr.contains(says) && ran.stderr.is_empty() == says.is_empty(), "{faults}: {ran}");
        assert!(says.is_empty() || ran.stderr.contains("cassandra: goes on, after"), "{ran}");
        // Unless told, most of the replicas nearby.
        assert!(kept.requests(".consistency").lines().all(|code| code == "6"));
    }
}

/// Of a key the newest record is the last one, whatever the order in which requests are answered; a batch that comes again
/// late does not take back what a later one has written.
#[test]
fn the_newest_record_of_a_key_wins() {
    if !is_hostile_possible() {
        return;
    }
    let kept = Kept::hostile("");
    let batches = "[{\"p\":\"1\",\"k\":\"x\",\"n\":9,\"v\":\"one\"},{\"p\":\"1\",\"k\":\"x\",\"n\":1}]\n\
                   [{\"p\":\"1\",\"k\":\"x\",\"n\":5}]\n[]\n\
                   [{\"p\":\"1\",\"k\":\"y\",\"n\":1},{\"p\":\"1\",\"k\":\"y\",\"n\":null}]\n";
    kept.write(batches, "--consistency all").exits(0).says_nothing();
    assert_eq!(kept.rows("[.k, .n, .v, .at, .writes]"), "[\"x\",5,\"one\",2000000,2]\n[\"y\",null,null,4000000,1]\n");
    assert_eq!(kept.requests(".consistency"), "5\n5\n5\n");
    let first = batches.split_inclusive('\n').next().unwrap();
    kept.write(first, "").exits(0).says_nothing();
    assert_eq!(kept.rows("select(.k == \"x\") | [.n, .v, .writes]"), "[5,\"one\",3]\n");
}

#[test]
fn a_row_that_is_refused_is_a_bad_record_and_the_others_are_written() {
    if !is_hostile_possible() {
        return;
    }
    let kept = Kept::hostile("");
    kept.server.folder.file("faults", "bad 3\n");
    kept.write(BATCH, "--on-error bad").exits(0);
    assert_eq!(kept.rows(".n"), "1\n2\n4\n");
    let bad = kept.server.folder.read("bad");
    assert!(bad.lines().count() == 1 && bad.contains("it is invalid") && bad.contains("\"n\":3"), "{bad}");
    // A row that is made of two records has both of them refused.
    let two = "[{\"p\":\"1\",\"k\":\"z\",\"n\":3},{\"p\":\"1\",\"k\":\"z\",\"v\":\"more\"}]\n";
    kept.write(two, "--on-error two").exits(0);
    assert_eq!(kept.server.folder.read("two").lines().count(), 2);
    let failed = kept.write(BATCH, "").exits(4);
    assert!(failed.stderr.contains("it is invalid"), "{failed}");
}

#[test]
fn what_does_not_pass_ends_the_stage_and_says_what_to_do() {
    if !is_hostile_possible() {
        return;
    }
    let no_answer = "this is no answer of Cassandra's native protocol";
    for (faults, says) in [
        ("refuse 2100\n", "as you wished: see --user"),
        ("refuse 000A\n", "as you wished"),
        ("page\n", no_answer),
        ("long\n", no_answer),
        ("stranger\n", no_answer),
        ("junk 1\n", no_answer),
        ("junk 2\n", no_answer),
    ] {
        let kept = Kept::hostile("");
        kept.server.folder.file("faults", faults);
        let ran = kept.write(BATCH, "--on-error skip").exits(1);
        assert!(
            ran.stderr.contains(says) && ran.stderr.contains(&format!(":{}: ", kept.server.port)),
            "{faults}: {ran}"
        );
    }
    let kept = Kept::hostile("");
    kept.server.folder.file("faults", "refuse 1001\n".repeat(99));
    let ran = kept.write(BATCH, "--retry 2").exits(1);
    assert!(ran.stderr.contains("tried 3 times: --retry allows more"), "{ran}");
    let ran = kept.write(BATCH, "--retry-for 1ms").exits(1);
    assert!(ran.stderr.contains("given up after"), "{ran}");
}

/// The first host is nobody's; the second one goes in the middle of a batch, is away for a while, and comes back.
#[test]
fn servers_that_are_away_are_passed_over_and_waited_for() {
    if !is_hostile_possible() {
        return;
    }
    let kept = Kept::hostile("");
    let (folder, port) = (&kept.server.folder, kept.server.port);
    let line = format!(
        "for n in $(seq 40); do echo $n; sleep 0.05; done | sstream-sink cassandra 127.0.0.1:{},localhost:{port} \
         --table ks.t --row '{{p: \"1\", k: ., n: tonumber}}' --at-once 2 --batch 100ms && touch over",
        free_port()
    );
    let pipeline = Pipeline::start(&folder.path(""), &line, &folder.path("err"));
    wait_until("it has begun", Duration::from_secs(30), || folder.read("requests").lines().count() > 3);
    // Its rows are in its memory alone: what is there afterwards is what came since.
    kept.keeper.kill_all();
    wait_until("all is written", Duration::from_secs(60), || folder.path("over").exists());
    drop(pipeline);
    let said = folder.read("err");
    assert!(said.contains("trying again") && said.contains("goes on, after"), "{said}");
    assert!(kept.rows(".n").lines().any(|n| n == "40"));
}

#[test]
fn tls_and_secrets() {
    if !is_hostile_possible() {
        return;
    }
    let folder = Folder::new();
    certificates(&folder);
    folder.file("password", "hunter2\n").file("other", "hunter3\n");
    let kept = Kept::hostile_in(&folder, "--cert cert.pem --key key.pem --user ann:hunter2");
    let stranger = kept.write(BATCH, "--tls --user ann --password-file password").exits(1);
    assert!(stranger.stderr.to_lowercase().contains("certificate"), "{stranger}");
    for (options, says) in [
        ("--user ann --password-file other", "password are incorrect: see --user and --password-file"),
        ("", "it lets nobody in without a login: see --user and --password-file"),
    ] {
        let ran = kept.write(BATCH, &format!("--tls --ca ca.pem {options}")).exits(1);
        assert!(ran.stderr.contains(says), "{ran}");
    }
    let words = "--tls --ca ca.pem --user ann --password-file password";
    let ran = kept.write(BATCH, &format!("{words} --verbose")).exits(0);
    assert!(!ran.stderr.contains("hunter"), "{ran}");
    assert_eq!(kept.rows("[.k, .n, .at]"), ALL);

    // Nowhere but in its file: neither on a command line, nor in a stream, nor in a checkpoint.
    let line = format!(
        "seq 4 >lines; sstream-source tail lines --checkpoint ck --batch 100ms --idle-timeout 300ms | \
         sstream-sink --pass cassandra localhost:{} {words} --table ks.t --row '{{p: .[-1:], k: .}}' | tee stream | \
         sstream-filter . >/dev/null && ! grep -r hunter ck stream",
        kept.server.port
    );
    folder.run(&line).exits(0);
}

/// A server that takes a connection, and then nothing: a batch of 200 MB waits, most of it on disk.
#[test]
fn before_a_server_that_stands_still_memory_is_bounded() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    memory_is_bounded(silent.local_addr().unwrap().port(), "1000000", "trying again");
}

/// The same where it stands still in the middle of a batch.
#[test]
fn in_the_middle_of_a_batch_memory_is_bounded() {
    if !is_hostile_possible() {
        return;
    }
    let kept = Kept::hostile("");
    kept.server.folder.file("faults", format!("{}{}", "none\n".repeat(300), "slow 100\n".repeat(300)));
    memory_is_bounded(kept.server.port, "100000", "no answer for 2 s");
}

fn memory_is_bounded(port: u16, lines: &str, says: &str) {
    let folder = Folder::new();
    let line = format!(
        "seq -f '%0200.0f' {lines} | sstream-filter . --batch 1h | \
         sstream-sink cassandra 127.0.0.1:{port} --table ks.t --row '{{p: .[-1:], k: .}}' --timeout 2s"
    );
    let pipeline = Pipeline::start(&folder.path(""), &line, &folder.path("err"));
    wait_until("it waits for the server", Duration::from_secs(120), || pipeline.said().contains(says));
    let sink = pipeline.processes().into_iter().find(|process| process.name.starts_with("sstream-sink-ca")).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", sink.pid)).unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = most.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 64 << 10, "{kib} KiB");
}
