//! The sink against a real S3 server.

use crate::server::{S3, has_s3};

#[test]
fn a_batch_is_an_object_with_the_name_that_files_gives() {
    if !has_s3() {
        return;
    }
    let server = S3::start();
    let batches = "printf '[1,\"a\"]\\n[]\\n[{\"b\":2}]\\n' | sstream-source queue --batch 1s -";
    server
        .run(&format!("{batches} | sstream-sink files s3://bkt/out/n log $E; client list bkt; client get bkt out/"))
        .exits(0)
        .prints("out/n-1000.log 4\nout/n-3000.log 8\n1\na\n{\"b\":2}\n");
    server
        .run(&format!("{batches} | sstream-sink files s3://bkt/all --json --empty $E; client list bkt all"))
        .exits(0)
        .prints("all-1000 6\nall-2000 0\nall-3000 8\n");
    // The same again finds itself; something else is replaced, as files does it, and told.
    server.run(&format!("{batches} | sstream-sink files s3://bkt/out/n log $E")).exits(0).says_nothing();
    server.run("echo else | client put bkt out/n-1000.log").exits(0);
    let ran = server.run(&format!("{batches} | sstream-sink files s3://bkt/out/n log $E")).exits(0);
    assert!(ran.stderr.contains("s3://bkt/out/n-1000.log: there was another one: replaced"), "{ran}");
    server.run("client get bkt out/n-1000").prints("1\na\n");
    for (line, code, says) in [
        ("s3://bkt/out/ $E", 2, "as in s3://bkt/out/batch"),
        ("s3://bkt $E", 2, "as in s3://bkt/batch"),
        ("s3://nosuch/x $E", 1, "bucket"),
    ] {
        let ran = server.run(&format!("{batches} | sstream-sink files {line}")).exits(code);
        assert!(ran.stderr.contains(says), "{ran}");
    }
    // A stream that is cut off leaves nothing.
    server.run(&format!("{batches} | head -n 2 | sstream-sink files s3://bkt/cut $E; client list bkt cut")).prints("");
}

#[test]
fn a_batch_that_was_put_and_not_committed_is_put_once() {
    if !has_s3() {
        return;
    }
    let server = S3::start();
    server.folder.file("in", "1\n2\n3\n");
    let line =
        "sstream-source tail in --available-now --checkpoint ck --batch 100ms | sstream-sink files s3://bkt/out/n $P";
    // The server has done it, and nobody is told: the pipeline tries again, and finds it.
    server.faults("PUT out/n 1 lose\n");
    server.run(line).exits(0);
    server.run("client get bkt out/; client list bkt | wc -l").prints("1\n2\n3\n1\n");
    // A condition is what kept the second one from being written.
    assert_eq!((server.requests("PUT /bkt/out"), server.requests("HEAD /bkt/out")), (2, 1));
    server.run(line).exits(0);
    server.run("client list bkt | wc -l").prints("1\n");
}
