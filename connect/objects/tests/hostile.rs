//! Servers that have bad days: answers that break off, refusals, and what is no answer at all.

use std::time::Duration;

use sstream_testkit::wait_until;

use crate::server::{S3, counts, has_s3};

#[test]
fn answers_that_break_off_are_gone_on_with() {
    if !has_s3() {
        return;
    }
    let server = S3::start();
    server.run("seq 200000 | client put bkt in/plain; seq 200001 300000 | gzip | client put bkt in/packed.gz").exits(0);
    server.faults("GET in/plain 3 cut 300000\nGET in/packed 2 cut 40000\nGET list-type 2 status 503\n");
    let ran = server.run("sstream-source dir s3://bkt/in $P --available-now --output text").exits(0);
    assert!(ran.stdout.lines().count() == 300_000, "{}", ran.stdout.lines().count());
    let counts = counts(&ran.stdout);
    assert!(counts.keys().copied().eq(1..=300_000) && counts.values().all(|times| *times == 1));
    assert!(server.requests("GET /bkt/in/plain") >= 4, "a new request for each");
}

#[test]
fn hostile_listings_and_contents_are_told() {
    if !has_s3() {
        return;
    }
    let server = S3::start();
    server.run("seq 10 | client put bkt in/a; echo 'no gzip at all' | client put bkt in/b.gz; echo 11 | client put bkt in/c").exits(0);
    // What is damaged is left out, and told at the end.
    let ran = server.run("sstream-source dir s3://bkt/in $P --available-now --output text").exits(1);
    assert!(ran.stdout.lines().count() == 11 && ran.stderr.contains("in/b.gz"), "{ran}");
    let list = |keys: &str| {
        format!(
            "<ListBucketResult><Name>bkt</Name><Prefix>in/</Prefix><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys>\
             <IsTruncated>false</IsTruncated>{keys}</ListBucketResult>"
        )
    };
    let object = |key: &str, size: &str| {
        format!(
            "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;x&quot;</ETag>\
             <Size>{size}</Size></Contents>"
        )
    };
    for (content, code, says) in [
        ("no XML".to_owned(), 1, "listing s3://bkt"),
        (list(&object("in/../../etc/passwd", "3")), 1, "listing s3://bkt"),
        (list(&object("other/x", "3")), 0, ""),
        // One that is not there, and one that is another.
        (list(&object("in/none", "3")), 0, "left out"),
        (list(&object("in/a", "99999999999")), 0, "left out"),
    ] {
        server.folder.file("listing", &content);
        server.faults(&format!("GET list-type 99 say listing {}\n", content.len()));
        let line = "sstream-source dir s3://bkt/in $P --available-now --output text --retry-for 2s";
        let ran = server.run(line).exits(code);
        assert!(ran.stdout.is_empty() && ran.stderr.contains(says), "{content}: {ran}");
    }
}

#[test]
fn a_large_batch_that_fails_leaves_no_parts() {
    if !has_s3() {
        return;
    }
    let server = S3::start();
    server.folder.run("seq 3000000 >large").exits(0);
    // The second part is refused for good; then a part and the completion for now.
    let line = "sstream-sink files s3://bkt/out $P --batch 1h <large";
    server.faults("PUT partNumber=2 9 status 400\n");
    let ran = server.run(line).exits(1);
    assert!(ran.stderr.contains("400"), "{ran}");
    server.run("client uploads bkt; client list bkt").prints("");
    server.faults("PUT partNumber=3 1 status 500\nPOST uploadId 1 status 503\n");
    server.run(line).exits(0);
    server.run("client uploads bkt; client get bkt out | cmp - large && echo same").prints("same\n");
}

#[test]
fn a_server_that_goes_is_waited_for() {
    if !has_s3() {
        return;
    }
    let server = S3::start();
    let line = "sstream-source dir s3://bkt/in $E --scan 100ms --batch 100ms --timeout 2s --checkpoint ck | \
                sstream-sink files s3://bkt/out/n $E --timeout 2s";
    let mut pipeline = server.begin(line);
    server.run("seq 100 | client put bkt in/a").exits(0);
    let all = |count: usize| {
        wait_until("all came", Duration::from_secs(60), || {
            server.run("client get bkt out/").stdout.lines().count() == count
        });
    };
    all(100);
    server.keeper.kill_all();
    server.wait();
    server.run("seq 101 200 | client put bkt in/b").exits(0);
    all(200);
    pipeline.signal_sources(rustix::process::Signal::TERM);
    assert!(pipeline.wait(Duration::from_secs(30)).is_some());
    // One that stays away is given up, if somebody says so.
    let ran = server.run("sstream-source dir s3://bkt/in --endpoint http://127.0.0.1:1 --retry-for 1s").exits(1);
    assert!(ran.stderr.contains("given up"), "{ran}");
}
