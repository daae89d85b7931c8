//! Records become records of a stream.

use sstream_testkit::wait_until;
use std::time::Duration;

use crate::server::{Server, is_possible};

#[test]
fn keys_and_values() {
    if !is_possible() {
        return;
    }
    let server = Server::start(2);
    let records = r#"["a",{"n":1.50}]
["b","x y"]
["a",null]
[1.0,2]"#;
    server.folder.file("in", records);
    let line = "sstream-source stdin --input json <in | sstream-sink kinesis s $E";
    server.run(&format!("{line} --key '.[0]' --value '.[1]'")).exits(0).says_nothing();
    server.run("client read s '{key} {data}' | sort").prints("1 2\na null\na {\"n\":1.50}\nb x y\n");
    // Those of a key are in one shard, in their order.
    server.run("client read s '{key} {data}' | grep ^a").prints("a {\"n\":1.50}\na null\n");
    let server = Server::start(4);
    server.run("seq 2000 | sstream-sink kinesis s $E").exits(0).says_nothing();
    server.run("client read s | sort -n").prints(&server.run("seq 2000").stdout);
    let spread = server.run("client read s {shard} | sort | uniq -c | awk '{ print $1 }'").stdout;
    assert!(spread.lines().count() == 4 && spread.lines().all(|n| n.parse::<u32>().unwrap() > 300), "{spread}");
}

#[test]
fn limits() {
    if !is_possible() {
        return;
    }
    let server = Server::start(1);
    // A call takes five of these, and the next one the rest; one that is too long is in none.
    let line = "{ for n in 1 2 3 4 5 6 7 8 9; do head -c 1048000 /dev/zero | tr '\\0' $n; echo; done; \
                head -c 1048577 /dev/zero | tr '\\0' x; echo; echo last; }";
    let sink = "sstream-source stdin --batch 1000n --max-line 2MiB | sstream-sink kinesis s $P --key '\"k\"'";
    server.run(&format!("{line} | {sink} --on-error bad")).exits(0);
    server.run("client read s | cut -c1-4 | tr '\\n' ' '").prints("1111 2222 3333 4444 5555 6666 7777 8888 9999 last ");
    assert!(server.folder.read("bad").contains("1 MiB at most"));
    assert_eq!(server.requests("PutRecords", "200"), 2);
    let ran = server.run("echo x | sstream-sink kinesis s $E --key '\"\"'").exits(4);
    assert!(ran.stderr.contains("a partition key has 1 to 256"), "{ran}");
}

/// What the service refuses for good is a bad record, and the others are taken.
#[test]
fn what_is_refused_is_a_bad_record() {
    if !is_possible() {
        return;
    }
    let server = Server::start(1);
    server.faults("refuse PutRecords ValidationException\n");
    server.run("seq 3 | sstream-sink kinesis s $P --on-error bad").exits(0);
    assert_eq!(server.folder.read("bad").matches("ValidationException").count(), 3);
    for (name, says) in
        [("AccessDeniedException", "what they are allowed to"), ("InvalidSignatureException", "is the secret right")]
    {
        server.faults(&format!("refuse PutRecords {name}\n"));
        let ran = server.run("seq 3 | sstream-sink kinesis s $P").exits(1);
        assert!(ran.stderr.contains(says), "{ran}");
    }
    let ran = server.run("seq 3 | sstream-sink kinesis other $E").exits(1);
    assert!(ran.stderr.contains("create the stream"), "{ran}");
}

/// Each record comes at least once, and where nothing broke off just once.
#[test]
fn bad_days_cost_no_record() {
    if !is_possible() {
        return;
    }
    let server = Server::start(2);
    server.faults("partial 0.3\nthrottle PutRecords 0.2\nerror PutRecords 0.1\n");
    server.run("seq 3000 | sstream-sink kinesis s $P").exits(0);
    server.run("client read s | sort -n").prints(&server.run("seq 3000").stdout);
    server.faults("cut PutRecords 0.4\n");
    server.run("seq 3001 8000 | sstream-sink kinesis s $P").exits(0);
    server.run("client read s | sort -nu").prints(&server.run("seq 8000").stdout);
    assert!(server.requests("PutRecords", "cut") > 0);
}

#[test]
fn a_service_that_is_away_is_waited_for() {
    if !is_possible() {
        return;
    }
    let server = Server::start(1);
    let ran = server.run("echo x | sstream-sink kinesis s --endpoint http://127.0.0.1:1 --retry-for 1s").exits(1);
    assert!(ran.stderr.contains("given up"), "{ran}");
    server.faults("error PutRecords 1\n");
    let pipeline = server.begin("echo x | sstream-sink kinesis s $P");
    wait_until("it is told", Duration::from_secs(120), || pipeline.said().contains("trying again"));
    server.faults("");
    wait_until("it came", Duration::from_secs(120), || pipeline.said().contains("goes on, after"));
    server.run("client read s").prints("x\n");
}
