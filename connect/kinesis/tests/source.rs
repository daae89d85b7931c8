//! Records of a stream become records.

use std::time::Duration;

use sstream_testkit::wait_until;

use crate::server::{Server, is_possible, stop, wait_for_lines};

#[test]
fn records_of_all_shards_become_records() {
    if !is_possible() {
        return;
    }
    let server = Server::start(3);
    server.run("seq -f 'k%.0f' 0 499 | sed 's/.*/& &/' | client put s").exits(0);
    let ran = server
        .run("sstream-source kinesis s $E --available-now --with key,sequence,shard,time --output text | sort >got")
        .exits(0);
    ran.is_quiet();
    // The same as another client has it.
    let form = r#"{{"key":"{key}","sequence":"{sequence}","shard":"{shard}","time":{time:%s}000,"value":"{data}"}}"#;
    server.run(&format!("client read s '{form}' | sed 's/\"time\":[0-9.]*,//' | sort >expected")).exits(0);
    server.run("sed 's/\"time\":[0-9]*,//' got | cmp - expected").exits(0);
    assert_eq!(server.folder.read("got").lines().count(), 500);
    let time = server.folder.read("got").split("\"time\":").nth(1).unwrap()[..10].parse::<u64>().unwrap();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    assert!(time.abs_diff(now) < 120, "{time}");
}

#[test]
fn json_and_what_is_none() {
    if !is_possible() {
        return;
    }
    let server = Server::start(1);
    server.run(r#"printf '{"n" : 1.50}\n{\n[2]\n' | client put s k"#).exits(0);
    let line = "sstream-source kinesis s $E --available-now --value json --output json";
    server.run(&format!("{line} --on-error bad")).exits(0).prints("{\"n\":1.50}\n[2]\n");
    assert!(server.folder.read("bad").contains("\"record\":\"{\""));
    server.run(line).exits(4);
    server.run("sstream-source kinesis s $E --available-now --output text").prints("{\"n\" : 1.50}\n{\n[2]\n");
}

#[test]
fn where_to_begin() {
    if !is_possible() {
        return;
    }
    let server = Server::start(2);
    server.run("seq 10 | client put s").exits(0);
    server.run("sleep 1.2; date -u +%Y-%m-%dT%H:%M:%SZ >now; sleep 1.2; seq 11 15 | client put s").exits(0);
    let line =
        |from: &str| format!("sstream-source kinesis s $E --from {from} --available-now --output text | sort -n");
    server.run(&line("beginning")).prints(&server.run("seq 15").stdout);
    server.run(&line("$(cat now)")).prints("11\n12\n13\n14\n15\n");
    server.run(&line("-1h")).prints(&server.run("seq 15").stdout);
    server.run(&line("latest")).prints("");
    let ran = server.run(&line("2100-01-01T00:00:00Z")).exits(1);
    assert!(ran.stderr.contains("see --from"), "{ran}");
    let latest = server.begin("sstream-source kinesis s $E --batch 100ms --output text -v >got");
    wait_until("it reads", Duration::from_secs(30), || latest.said().matches("reading").count() == 2);
    server.run("sleep 1; seq 16 18 | client put s").exits(0);
    wait_for_lines(&server, "got", 3);
    stop(latest);
    server.run("sort -n got").prints("16\n17\n18\n");
}

/// The records of each key come in their order, though its shard is split and merged meanwhile; before a restart
/// and after it.
#[test]
fn shards_are_split_and_merged() {
    if !is_possible() {
        return;
    }
    let server = Server::start(2);
    let line =
        "sstream-source kinesis s $E --from beginning --batch 100ms --checkpoint ck | sstream-sink files out/part";
    let put = |from: u32| {
        let line =
            format!("for n in $(seq {from} {}); do for k in a b c d e f g h; do echo $k $n; done; done", from + 24);
        server.run(&format!("{{ {line}; }} | client put s")).exits(0);
    };
    let pipeline = server.begin(line);
    put(1);
    server.run("client split s 0").exits(0);
    put(26);
    server.run("client merge s 3 1").exits(0);
    put(51);
    wait_for_lines(&server, "out/part-*", 600);
    stop(pipeline);
    server.run("client split s 4").exits(0);
    put(76);
    server.run("client split s 5; client merge s 2 7").exits(0);
    put(101);
    let pipeline = server.begin(line);
    wait_for_lines(&server, "out/part-*", 1000);
    stop(pipeline);
    let all = server.run("cat out/part-*").stdout;
    for key in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let numbers: Vec<u32> = all.lines().filter_map(|line| line.strip_prefix(key)?.trim().parse().ok()).collect();
        assert!(numbers.iter().copied().eq(1..=125), "{key}: {numbers:?}");
    }
    // All of it once more, from the beginning.
    let ran = server.run("sstream-source kinesis s $E --available-now --output text").exits(0);
    for key in ["a", "h"] {
        let numbers: Vec<u32> =
            ran.stdout.lines().filter_map(|line| line.strip_prefix(key)?.trim().parse().ok()).collect();
        assert!(numbers.iter().copied().eq(1..=125), "{key}: {numbers:?}");
    }
}

#[test]
fn shards_are_dealt_to_several_pipelines() {
    if !is_possible() {
        return;
    }
    let server = Server::start(5);
    server.run("seq 300 | client put s").exits(0);
    for share in 1..=3 {
        let line = format!("sstream-source kinesis s $E --available-now --shard {share}/3 --output text >got{share}");
        server.run(&line).exits(0);
        assert!(!server.folder.read(&format!("got{share}")).is_empty());
    }
    server.run("cat got? | sort -n").prints(&server.run("seq 300").stdout);
}
