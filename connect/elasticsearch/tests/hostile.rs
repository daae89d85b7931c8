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

const BATCH: &str = "[{\"n\":1},{\"n\":2},{\"n\":3},{\"n\":4}]\n";

#[test]
fn a_batch_is_there_once_wherever_the_sink_dies() {
    if !is_hostile_possible() {
        return;
    }
    let kept = Kept::hostile("");
    let url = &kept.server.url;
    let args = || Line::parse_from(["sink", url, "--index", "i", "--bulk-bytes", "150B"]).args;
    let places = Cell::new(0);
    testing::check_sink(
        &args().guarantee(),
        || {
            kept.server.curl("DELETE", "", "");
            places.set(places.get() + 1);
        },
        |()| args().open(testing::sink_parts()).unwrap(),
        // Each was written by one operation.
        |()| {
            let listed = kept.hostile_documents("select(.[1] == 1) | .[2]");
            let mut documents: Vec<&str> = listed.split_inclusive('\n').collect();
            documents.sort();
            documents.concat().into_bytes()
        },
    );
    assert!(places.get() > 10);
}

/// Whatever happens to requests and answers: each document is there, written by one operation.
#[test]
fn what_passes_is_tried_again_and_changes_nothing() {
    if !is_hostile_possible() {
        return;
    }
    for (faults, requests, says) in [
        // Half of the documents, then a quarter, are refused.
        ("items 429 es_rejected_execution_exception\n", "4\n2\n", ""),
        ("items 503 unavailable_shards_exception\n".repeat(2).as_str(), "4\n2\n1\n", ""),
        ("status 503\nstatus 429\n", "4\n4\n4\n", "503: made_up_exception: as you wished: trying again"),
        ("cut\ncut\n", "4\n4\n4\n", "trying again"),
        ("drop\n", "4\n4\n", "trying again"),
        ("slow 30\n", "4\n4\n", "timeout"),
    ] {
        let kept = Kept::hostile("");
        kept.server.folder.file("faults", faults);
        let ran = kept.server.write(BATCH, "--index i --timeout 3s").exits(0);
        assert_eq!(kept.hostile_documents("[.[1], .[2].n]"), "[1,1]\n[1,2]\n[1,3]\n[1,4]\n", "{faults}");
        assert_eq!(kept.requests(".operations"), requests, "{faults}");
        assert!(ran.stderr.contains(says) && ran.stderr.is_empty() == says.is_empty(), "{ran}");
        assert!(says.is_empty() || ran.stderr.contains("elasticsearch: goes on, after"), "{ran}");
    }
}

/// Where the first of two of the same key is refused for now, the second one goes behind it once more.
#[test]
fn the_newest_record_of_a_key_is_the_last_one() {
    if !is_hostile_possible() {
        return;
    }
    for (op, fault, document) in [
        ("index", "429 es_rejected_execution_exception", "{\"b\":2,\"k\":\"x\"}"),
        ("update", "409 version_conflict_engine_exception", "{\"a\":1,\"b\":2,\"k\":\"x\"}"),
    ] {
        let kept = Kept::hostile("");
        kept.server.folder.file("faults", format!("items {fault}\n"));
        let batch = "[{\"k\":\"x\",\"a\":1},{\"k\":\"x\",\"b\":2},{\"k\":\"y\"},{\"k\":\"z\"}]\n";
        kept.server.write(batch, &format!("--index i --id .k --op {op}")).exits(0).says_nothing();
        assert_eq!(kept.requests(".operations"), "4\n3\n");
        assert_eq!(kept.hostile_documents(".[2]"), format!("{document}\n{{\"k\":\"y\"}}\n{{\"k\":\"z\"}}\n"));
    }
}

#[test]
fn what_does_not_pass_ends_the_stage_and_says_what_to_do() {
    if !is_hostile_possible() {
        return;
    }
    for (faults, says) in [
        ("status 401\n", "see --api-key-file"),
        ("status 301\n", "it has moved"),
        ("status 404\n", "is this an Elasticsearch or OpenSearch?"),
        ("page\n", "the answer is none of _bulk"),
        ("items 403 security_exception\n", "see --api-key-file"),
        ("items 404 index_not_found_exception\n", "create the index"),
        ("items 500 null_pointer_exception\n", "500: null_pointer_exception"),
    ] {
        let kept = Kept::hostile("");
        kept.server.folder.file("faults", faults);
        let ran = kept.server.write(BATCH, "--index i --on-error skip").exits(1);
        assert!(ran.stderr.contains(says), "{says} is not in\n{ran}");
    }
    let kept = Kept::hostile("");
    kept.server.folder.file("faults", "status 503\n".repeat(9));
    let ran = kept.server.write(BATCH, "--index i --retry 2").exits(1);
    assert!(ran.stderr.contains("tried 3 times: --retry allows more"), "{ran}");
    assert_eq!(kept.requests(".fault").lines().count(), 3);
    let ran = kept.server.write(BATCH, "--index i --retry-for 1ms").exits(1);
    assert!(ran.stderr.contains("given up after"), "{ran}");
    // A request that is refused as a whole is halved until the bad one is found.
    kept.server.folder.file("faults", "status 400\nstatus 400\nstatus 400\n");
    kept.server.write(BATCH, "--index i --on-error bad").exits(0);
    assert_eq!(kept.hostile_documents(".[2].n"), "2\n3\n4\n");
    assert!(kept.server.folder.read("bad").contains("400: made_up_exception"));
}

#[test]
fn nodes_are_tried_in_turn() {
    if !is_hostile_possible() {
        return;
    }
    let folder = Folder::new();
    let kept = Kept::hostile_in(&folder, "");
    let nobody = format!("http://127.0.0.1:{}", free_port());
    folder.file("batches", BATCH);
    let sink = |urls: &str, options: &str| {
        let batches = "sstream-source queue batches --batch 1s";
        folder.run(&format!("{batches} | sstream-sink elasticsearch {urls} --index i {options}"))
    };
    sink(&format!("{nobody} {}", kept.server.url), "--pipeline 'a b'").exits(0).says_nothing();
    assert_eq!(kept.hostile_documents(".[2].n"), "1\n2\n3\n4\n");
    assert!(kept.requests(".path").trim_end().ends_with("&pipeline=a%20b"), "{}", kept.requests(".path"));
    let ran = sink(&format!("{nobody} {nobody}/es"), "--retry 0").exits(1);
    assert!(ran.stderr.contains(&format!("{nobody}/es: ")) && ran.stderr.contains("refused"), "{ran}");
}

#[test]
fn tls_and_secrets() {
    if !is_hostile_possible() {
        return;
    }
    let folder = Folder::new();
    certificates(&folder);
    folder
        .file("key", "hunter2\n")
        .file("pair", "id:hunter2\n")
        .file("token", "hunter2\n")
        .file("user", "ann:hunter2\n");
    let kept = Kept::hostile_in(&folder, "--cert cert.pem --key key.pem");
    let stranger = kept.server.write(BATCH, "--index i").exits(1);
    assert!(stranger.stderr.to_lowercase().contains("certificate"), "{stranger}");
    for options in ["--api-key-file key", "--api-key-file pair", "--bearer-file token", "--basic-file user"] {
        let ran = kept.server.write(BATCH, &format!("--index i --ca ca.pem --gzip --verbose {options}")).exits(0);
        assert!(!ran.stderr.contains("hunter2"), "{ran}");
    }
    assert_eq!(
        kept.requests(".authorization + \" \" + .coding"),
        "ApiKey hunter2 gzip\nApiKey aWQ6aHVudGVyMg== gzip\nBearer hunter2 gzip\nBasic YW5uOmh1bnRlcjI= gzip\n"
    );
}

/// A server that takes a connection, and then nothing: a batch of 200 MB waits, most of it on disk.
#[test]
fn before_a_server_that_stands_still_memory_is_bounded() {
    let folder = Folder::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let line = format!(
        "seq -f '%0200.0f' 1000000 | sstream-filter . --batch 1h | \
         sstream-sink elasticsearch http://127.0.0.1:{port} --index i --doc '{{m: .}}' --timeout 2s"
    );
    let pipeline = Pipeline::start(&folder.path(""), &line, &folder.path("err"));
    wait_until("it waits for the server", Duration::from_secs(120), || pipeline.said().contains("trying again"));
    let sink = pipeline.processes().into_iter().find(|process| process.name.starts_with("sstream-sink-el")).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", sink.pid)).unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = most.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 64 << 10, "{kib} KiB");
}
