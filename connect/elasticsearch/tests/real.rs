//! What a real server has, and what becomes of what it refuses.

use crate::server::{Line, Server, is_possible};
use clap::Parser;
use sstream::connect::{BatchTime, Block, SinkKind as _, Under, testing};

/// Sinks that die after each part of a batch, and give it once more: all is there, in its first version.
#[test]
fn a_batch_that_comes_again_changes_nothing() {
    if !is_possible() {
        return;
    }
    let server = Server::shared();
    let under = Under { job: "0123", stage: "a.01-sink", resume: BatchTime(0), notes: &[] };
    let records: String = (1..=5).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    for (time, given) in [(1000, 2), (1000, 5), (1000, 5), (2000, 3), (2000, 5)] {
        let args = Line::parse_from(["sink", &server.url, "--index", "again", "--bulk-bytes", "150B"]).args;
        let mut sink = args.open(testing::sink_parts()).unwrap();
        assert_eq!(sink.begin(&under).unwrap(), None);
        let bytes = &records.as_bytes()[..given * b"{\"n\":1}\n".len()];
        sink.block(Block { time: BatchTime(time), records: given as u64, bytes }).unwrap();
        sink.end(BatchTime(time), given as u64).unwrap();
    }
    let found = server.documents("again", "n,_doc", "[._id, ._version, ._source.n]");
    let expected: Vec<String> =
        (1..=5).flat_map(|n| [1000, 2000].map(|time| format!("[\"0123-a.01-sink-{time}-{n}\",1,{n}]\n"))).collect();
    assert_eq!(found, expected.concat());
}

#[test]
fn documents_have_ids_of_their_batch_and_indices_of_their_day() {
    if !is_possible() {
        return;
    }
    let server = Server::shared();
    server
        .write("[\"a\",\"b\"]\n[]\n[\"c\"]\n", "--index 'plain-%Y.%m.%d' --doc '{m: ., t: $time}'")
        .exits(0)
        .says_nothing();
    let found = server.documents("plain-1970.01.01", "t,m.keyword", "[(._id | .[-6:]), ._source.m]");
    assert_eq!(found, "[\"1000-1\",\"a\"]\n[\"1000-2\",\"b\"]\n[\"3000-1\",\"c\"]\n");

    let batches =
        r#"[{"app":"shop","at":"2016-07-23T14:11:50Z"},{"app":"blog","at":1469283110000},{"app":"shop","at":null}]"#;
    let options = "--index '{.app}-%Y-%m' --time .at --routing .app --on-error bad";
    server.write(batches, options).exits(0);
    for app in ["shop", "blog"] {
        let found = server.documents(&format!("{app}-2016-07"), "_doc", "[._routing, ._source.app]");
        assert_eq!(found, format!("[\"{app}\",\"{app}\"]\n"));
    }
    assert!(server.folder.read("bad").contains("the value of --time is null"), "{}", server.folder.read("bad"));
}

#[test]
fn documents_by_their_own_key() {
    if !is_possible() {
        return;
    }
    let server = Server::shared();
    let batches = "[{\"k\":\"x\",\"n\":1},{\"k\":\"y\",\"n\":2},{\"k\":\"x\",\"m\":3}]\n[{\"k\":\"y\",\"m\":4}]\n";
    for (op, x, y) in [
        ("", r#"{"k":"x","m":3}"#, r#"{"k":"y","m":4}"#),
        ("--op update", r#"{"k":"x","m":3,"n":1}"#, r#"{"k":"y","m":4,"n":2}"#),
        ("--op create", r#"{"k":"x","n":1}"#, r#"{"k":"y","n":2}"#),
    ] {
        let index = format!("keyed{}", op.trim_start_matches("--op ").trim());
        server.write(batches, &format!("--index {index} --id .k {op} --gzip")).exits(0).says_nothing();
        let found = server.documents(&index, "k.keyword", "[._id, ._source]");
        assert_eq!(found, format!("[\"x\",{x}]\n[\"y\",{y}]\n"), "{op}");
    }
}

#[test]
fn a_document_that_is_refused_is_a_bad_record_and_the_others_are_written() {
    if !is_possible() {
        return;
    }
    let server = Server::shared();
    let batches = "[{\"i\":\"bad\",\"n\":1}]\n[{\"i\":\"bad\",\"n\":\"one\"},{\"i\":\"bad\",\"n\":2},\"a line\",{\"i\":\"BAD\"},{\"i\":\"bad\",\"n\":3}]\n";
    server.write(batches, "--index '{.i}' --on-error bad").exits(0);
    assert_eq!(server.documents("bad", "n", "._source.n"), "1\n2\n3\n");
    let bad = server.folder.read("bad");
    assert_eq!(bad.lines().count(), 3, "{bad}");
    for says in [
        "mapper_parsing_exception: failed to parse field [n] of type [long]",
        "--doc makes one",
        "invalid_index_name_exception",
    ] {
        assert!(bad.contains(says), "{says} is not in {bad}");
    }
    let failed = server.write(batches, "--index '{.i}'").exits(4);
    assert!(failed.stderr.contains("--doc makes one"), "{failed}");
}

/// Where the server takes less at a time than was thought, requests become smaller.
#[test]
fn what_is_too_large_is_halved() {
    if !is_possible() {
        return;
    }
    let server = Server::shared();
    let (line, long) = ("x".repeat(500), "y".repeat(70_000));
    let lines = (0..500).map(|n| format!("{n} {line}\n")).collect::<String>();
    server.folder.file("lines", format!("{lines}{long}\n"));
    let url = &server.url;
    server
        .folder
        .run(&format!("sstream-sink elasticsearch {url} --index large --doc '{{m: .}}' --on-error bad <lines"))
        .exits(0);
    assert_eq!(server.count("large"), 500);
    let bad = server.folder.read("bad");
    assert!(bad.lines().count() == 1 && bad.contains("413"), "{}", &bad[bad.len().saturating_sub(300)..]);
}

#[test]
fn data_streams_and_pipelines() {
    if !is_possible() {
        return;
    }
    let server = Server::shared();
    server.curl("PUT", "_index_template/ds", r#"-d '{"index_patterns":["ds-*"],"data_stream":{},"priority":1}'"#);
    let doc = "--index ds-one --doc '{m: ., \"@timestamp\": $time}'";
    server.write("[\"a\",\"b\"]\n", doc).exits(0).says_nothing();
    assert_eq!(
        server.documents("ds-one", "m.keyword", "[._source.m, ._index[:4]]"),
        "[\"a\",\".ds-\"]\n[\"b\",\".ds-\"]\n"
    );
    let refused = server.write("[\"a\"]\n", &format!("{doc} --op index --on-error skip")).exits(1);
    assert!(refused.stderr.contains("op_type of create"), "{refused}");

    let missing = server.write("[{}]\n", "--index piped --pipeline none --on-error skip").exits(1);
    assert!(missing.stderr.contains("pipeline with id [none] does not exist"), "{missing}");
    server.curl("PUT", "_ingest/pipeline/mine", r#"-d '{"processors":[]}'"#);
    server.write("[{},{}]\n", "--index piped --pipeline mine").exits(0).says_nothing();
    assert_eq!(server.count("piped"), 2);
}

#[test]
fn an_index_that_takes_nothing() {
    if !is_possible() {
        return;
    }
    let server = Server::shared();
    server.curl("PUT", "blocked", r#"-d '{"settings":{"index.blocks.write":true}}'"#);
    // As when the disk is full: it is waited for.
    let full = server.write("[{}]\n", "--index blocked --retry 2 --on-error skip").exits(1);
    assert!(full.stderr.contains("cluster_block_exception") && full.stderr.contains("tried 3 times"), "{full}");
    server.curl("PUT", "closed", "");
    server.curl("POST", "closed/_close", "");
    let closed = server.write("[{}]\n", "--index closed --on-error skip").exits(1);
    assert!(closed.stderr.contains("index_closed_exception"), "{closed}");
}
