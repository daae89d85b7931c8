//! Bad days, as the stand-in has them on demand.

use std::cell::Cell;
use std::net::TcpListener;
use std::time::Duration;

use clap::Parser as _;
use sstream::connect::{SinkKind as _, testing};
use sstream_testkit::pipeline::Pipeline;
use sstream_testkit::shell::Folder;
use sstream_testkit::{certificates, wait_until};

use crate::server::{Kept, Line, is_hostile_possible};

const BATCH: &str = "[{\"n\":1},{\"n\":2},{\"n\":3},{\"n\":4}]\n";

#[test]
fn a_batch_is_there_once_wherever_the_sink_dies() {
    if !is_hostile_possible() {
        return;
    }
    let kept = Kept::hostile("");
    let url = &kept.server.url;
    let args =
        |collection: &str| Line::parse_from(["sink", url, "--collection", collection, "--bulk-bytes", "150B"]).args;
    let places = Cell::new(0);
    testing::check_sink(
        &args("c").guarantee(),
        || {
            places.set(places.get() + 1);
            format!("c{}", places.get())
        },
        |collection| args(collection).open(testing::sink_parts()).unwrap(),
        // Each was written by one operation.
        |collection| {
            let program = format!("select(.[0] == \"test.{collection}\" and .[1] == 1) | .[2] | {{batch, n}}");
            let listed = kept.documents(&program);
            let mut documents: Vec<&str> = listed.split_inclusive('\n').collect();
            documents.sort();
            documents.concat().into_bytes()
        },
    );
    assert!(places.get() > 10);
}

/// Whatever happens to commands and answers: each document is there, written by one operation.
#[test]
fn what_passes_is_tried_again_and_changes_nothing() {
    if !is_hostile_possible() {
        return;
    }
    for (faults, requests, says) in [
        // Half of the documents, then a quarter, are refused.
        ("items 112\n", "4\n2\n", ""),
        ("items 112\nitems 24\n", "4\n2\n1\n", ""),
        ("refuse 91\nrefuse 11602\n", "4\n4\n4\n", "as you wished: trying again"),
        ("refuse 1 RetryableWriteError\n", "4\n4\n", "as you wished: trying again"),
        ("concern 64\n", "4\n4\n", "--write-concern: waiting for replication timed out: trying again"),
        ("cut\ncut\n", "4\n4\n4\n", "the connection was closed: trying again"),
        ("drop\n", "4\n4\n", "the connection was closed: trying again"),
        ("slow 30\n", "4\n4\n", "no answer for 2 s"),
    ] {
        let kept = Kept::hostile("");
        kept.server.folder.file("faults", faults);
        let ran = kept.server.write(BATCH, "--collection c --timeout 2s").exits(0);
        assert_eq!(kept.documents("[.[1], .[2].n]"), "[1,1]\n[1,2]\n[1,3]\n[1,4]\n", "{faults}");
        assert_eq!(kept.requests(".operations"), requests, "{faults}");
        assert!(ran.stderr.contains(says) && ran.stderr.is_empty() == says.is_empty(), "{ran}");
        assert!(says.is_empty() || ran.stderr.contains("mongodb: goes on, after"), "{ran}");
        assert_eq!(
            kept.requests("select(.fault == \"none\") | [.command, .ordered, .concern]"),
            "[\"insert\",false,{\"w\":\"majority\",\"wtimeout\":1000}]\n"
        );
    }
}

/// Documents that are found by a key are written in their order, one that was refused for now and all behind it once more.
#[test]
fn the_newest_record_of_a_key_is_the_last_one() {
    if !is_hostile_possible() {
        return;
    }
    let batch = "[{\"k\":\"x\",\"a\":1},{\"k\":\"x\",\"b\":2},{\"k\":\"y\"},{\"k\":\"z\"}]\n";
    for (options, document) in [
        ("--id .k", "{\"b\":2,\"k\":\"x\"}"),
        ("--key k", "{\"b\":2,\"k\":\"x\"}"),
        ("--key k --op update", "{\"a\":1,\"b\":2,\"k\":\"x\"}"),
    ] {
        let kept = Kept::hostile("");
        // The second one is of a key that somebody else had written meanwhile: it is there at the next try.
        kept.server.folder.file("faults", "items 112\nitems 11000\n");
        let options = format!("--collection c {options} --write-concern 2 --journal");
        kept.server.write(batch, &options).exits(0);
        assert_eq!(kept.requests(".operations"), "4\n4\n4\n");
        let documents = kept.documents(".[2] | del(._id)");
        let mut documents: Vec<&str> = documents.lines().collect();
        documents.sort();
        assert_eq!(documents, [document, "{\"k\":\"y\"}", "{\"k\":\"z\"}"]);
        let manner = kept.requests("[.command, .ordered, .concern]");
        assert!(manner.ends_with("[\"update\",true,{\"w\":2,\"wtimeout\":30000,\"j\":true}]\n"), "{manner}");
    }
    // What is in the way at each try is a bad record.
    let kept = Kept::hostile("");
    kept.server.folder.file("faults", "items 11000\nitems 11000\n");
    kept.server.write(batch, "--collection c --key k --on-error bad").exits(0);
    assert_eq!(kept.documents(".[2].k"), "x\ny\nz\n");
    let bad = kept.server.folder.read("bad");
    assert!(bad.lines().count() == 1 && bad.contains("\"a\":1"), "{bad}");
}

#[test]
fn what_does_not_pass_ends_the_stage_and_says_what_to_do() {
    if !is_hostile_possible() {
        return;
    }
    for (faults, says) in [
        ("refuse 13\n", "see the user of the address"),
        ("refuse 59\n", "as you wished"),
        ("page\n", "this is no answer of MongoDB"),
        ("items 13\n", "see the user of the address"),
        ("concern 79\n", "--write-concern: "),
    ] {
        let kept = Kept::hostile("");
        kept.server.folder.file("faults", faults);
        let ran = kept.server.write(BATCH, "--collection c --on-error skip").exits(1);
        assert!(ran.stderr.contains(says), "{says} is not in\n{ran}");
    }
    let kept = Kept::hostile("");
    kept.server.folder.file("faults", "refuse 91\n".repeat(9));
    let ran = kept.server.write(BATCH, "--collection c --retry 2").exits(1);
    assert!(ran.stderr.contains("tried 3 times: --retry allows more"), "{ran}");
    assert_eq!(kept.requests(".fault").lines().count(), 3);
    let ran = kept.server.write(BATCH, "--collection c --retry-for 1ms").exits(1);
    assert!(ran.stderr.contains("given up after"), "{ran}");
    // A command that is refused as a whole is halved until the bad one is found.
    kept.server.folder.file("faults", "refuse 2\nrefuse 2\nrefuse 2\n");
    kept.server.write(BATCH, "--collection c --on-error bad").exits(0);
    assert_eq!(kept.documents(".[2].n"), "2\n3\n4\n");
    assert!(kept.server.folder.read("bad").contains("as you wished"));
}

#[test]
fn tls_and_secrets() {
    if !is_hostile_possible() {
        return;
    }
    let folder = Folder::new();
    certificates(&folder);
    folder.file("password", "hunter2\n").file("other", "hunter3\n");
    let kept = Kept::hostile_in(&folder, 1, "--cert cert.pem --key key.pem --user ann:hunter2");
    let port = kept.ports[0];
    let of = |user: &str| format!("mongodb://{user}localhost:{port}/test?tls=true");
    let write =
        |user: &str, options: &str| kept.server.write_to(&of(user), BATCH, &format!("--collection c {options}"));
    let stranger = write("ann@", "--password-file password").exits(1);
    assert!(stranger.stderr.to_lowercase().contains("certificate"), "{stranger}");
    for (user, options, says) in [
        ("ann@", "--password-file other", "Authentication failed.: see the user of the address"),
        ("bob@", "--password-file password", "Authentication failed."),
        ("", "", "requires authentication: see the user of the address"),
    ] {
        let ran = write(user, &format!("--ca ca.pem {options}")).exits(1);
        assert!(ran.stderr.contains(says), "{ran}");
    }
    let ran = write("ann@", "--ca ca.pem --password-file password --verbose").exits(0);
    assert!(!ran.stderr.contains("hunter"), "{ran}");
    assert_eq!(kept.documents(".[2].n"), "1\n2\n3\n4\n");

    // Nowhere but in its file: neither on a command line, nor in a stream, nor in a checkpoint.
    let line = format!(
        "seq 4 >lines; sstream-source tail lines --checkpoint ck --batch 100ms --idle-timeout 300ms | \
         sstream-sink --pass mongodb '{}' --ca ca.pem --password-file password --collection d --doc '{{n: .}}' | tee stream | \
         sstream-filter . >/dev/null && ! grep -r hunter ck stream",
        of("ann@")
    );
    folder.run(&line).exits(0);
}

/// A server that takes a connection, and then nothing: a batch of 200 MB waits, most of it on disk.
#[test]
fn before_a_server_that_stands_still_memory_is_bounded() {
    let folder = Folder::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let line = format!(
        "seq -f '%0200.0f' 1000000 | sstream-filter . --batch 1h | \
         sstream-sink mongodb mongodb://127.0.0.1:{port}/test --collection c --doc '{{m: .}}' --timeout 2s"
    );
    let pipeline = Pipeline::start(&folder.path(""), &line, &folder.path("err"));
    wait_until("it waits for the server", Duration::from_secs(120), || pipeline.said().contains("trying again"));
    let sink = pipeline.processes().into_iter().find(|process| process.name.starts_with("sstream-sink-mo")).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", sink.pid)).unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = most.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 64 << 10, "{kib} KiB");
}
