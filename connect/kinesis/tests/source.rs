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
    ran.says_nothing();
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
    let latest = server.begin("sstream-source kinesis s $P --batch 100ms --output text >got");
    wait_until("it reads", Duration::from_secs(120), || server.requests("GetRecords", "200") >= 4);
    server.run("seq 16 18 | client put s").exits(0);
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

/// An aggregate is its records, and a batch may end within one.
#[test]
fn aggregates_are_opened() {
    if !is_possible() {
        return;
    }
    let server = Server::start(1);
    server
        .run("seq 1 100 | client aggregate s 7; seq 101 103 | client put s; seq 104 110 | client aggregate s 4")
        .exits(0);
    let all = server.run("seq 110").stdout;
    server.run("sstream-source kinesis s $E --available-now --output text").prints(&all);
    let line = "sstream-source kinesis s $E --available-now --checkpoint ck --batch 10n";
    // Five of its batches, and the source is killed.
    let ended = server.run(&format!("{line} | sstream-sink exec -- sh -c 'cat >>some; [ $(wc -l <some) -lt 50 ]'"));
    assert_ne!(ended.code(), Some(0), "{ended}");
    server.run("rm -r ck").exits(0);
    for _ in 0..4 {
        server.run(&format!("{line} --max-rate 60 --stop-file stop | sstream-sink files out/part & sleep 0.5; touch stop; wait; rm -f stop"));
    }
    server.run(&format!("{line} | sstream-sink files out/part")).exits(0);
    // Of batches by count names are numbers.
    server.run("cat $(ls -v out/part-*)").prints(&all);
    let ran = server.run("sstream-source kinesis s $E --available-now --with key,sequence --output json | sed -n 2p");
    assert!(ran.stdout.contains(":1\",\"value\":\"2\"") && ran.stdout.contains("\"key\":\"2\""), "{ran}");
}

/// What the stream does not keep any more is told, and is an error unless the user says otherwise.
#[test]
fn what_is_lost_is_told() {
    if !is_possible() {
        return;
    }
    let server = Server::start(1);
    server.run("seq 10 | client put s k").exits(0);
    let line = "sstream-source kinesis s $P --from beginning --available-now --batch 100ms --checkpoint ck";
    server.run(&format!("{line} | sstream-sink files out/part")).exits(0);
    server.run("seq 11 20 | client put s k").exits(0);
    let sequences = server.run("client read s {sequence}").stdout;
    let sequence = |number: usize| sequences.lines().nth(number - 1).unwrap();
    // Less than a day after all was read nothing of what came since can be lost.
    server.faults(&format!("trim {}\n", sequence(10)));
    server.run(&format!("{line} | sstream-sink files out/part")).exits(0);
    server.run("cat out/part-*").prints(&server.run("seq 20").stdout);
    server.run("seq 21 30 | client put s k").exits(0);
    let last = server.run("client read s {sequence} | sed -n 22p").stdout;
    server.faults(&format!("later 200000\ntrim {last}"));
    let ran = server.run(&format!("{line} | sstream-sink files out/part"));
    assert!(ran.stderr.contains("may be lost") && ran.stderr.contains("--on-loss skip"), "{ran}");
    let ran = server.run(&format!("{line} --on-loss skip | sstream-sink files out/part")).exits(0);
    assert!(ran.stderr.contains("may be lost"), "{ran}");
    server.run("cat out/part-* | tail -n 9").prints(&server.run("echo 20; seq 23 30").stdout);
}

#[test]
fn a_stream_that_was_made_anew_is_another_one() {
    if !is_possible() {
        return;
    }
    let server = Server::start(1);
    server.run("seq 10 | client put s").exits(0);
    let line = "sstream-source kinesis s $E --from beginning --available-now --checkpoint ck";
    server.run(&format!("{line} | sstream-sink files out/part")).exits(0);
    server.run("sleep 1.1; client delete s; client create s 1; seq 11 20 | client put s").exits(0);
    let ran = server.run(line).exits(5);
    assert!(ran.stderr.contains("made anew"), "{ran}");
    server.run(&format!("{line} --on-loss skip | sstream-sink files out/part")).exits(0);
    server.run("cat out/part-*").prints(&server.run("seq 20").stdout);
    let ran = server.run("sstream-source kinesis other $E").exits(1);
    assert!(ran.stderr.contains("create the stream"), "{ran}");
}

#[test]
fn a_position_reads_as_sequence_numbers() {
    if !is_possible() {
        return;
    }
    let server = Server::start(1);
    server.run("seq 10 | client put s").exits(0);
    // One batch, however long the service takes.
    server
        .run("sstream-source kinesis s $E --available-now --batch 1000n --checkpoint ck | sstream-sink null")
        .exits(0);
    let sequences = server.run("client read s {sequence}").stdout;
    let (first, last) = (sequences.lines().next().unwrap(), sequences.lines().last().unwrap());
    let shown = server.run("sstream-checkpoint show ck").exits(0);
    assert!(shown.stdout.contains(&format!("shardId-000000000000 {first} to {last}")), "{shown}");
}

/// A service that throttles, fails, breaks off and forgets iterators: each record comes once.
#[test]
fn bad_days_cost_no_record() {
    if !is_possible() {
        return;
    }
    let server = Server::start(3);
    server.run("seq 3000 | client put s").exits(0);
    server.faults(
        "throttle GetRecords 0.2\nexpire 0.2\ncut GetRecords 0.1\nerror GetShardIterator 0.2\nthrottle ListShards 0.3\n",
    );
    let line =
        "sstream-source kinesis s $P --from beginning --batch 100ms --checkpoint ck | sstream-sink files out/part";
    let pipeline = server.begin(line);
    wait_for_lines(&server, "out/part-*", 3000);
    server.run("seq 3001 6000 | client put s").exits(0);
    wait_for_lines(&server, "out/part-*", 6000);
    stop(pipeline);
    server.run("cat out/part-* | sort -n").prints(&server.run("seq 6000").stdout);
}

/// All who read a shard have five reads a second.
#[test]
fn a_shard_is_read_in_its_pace() {
    if !is_possible() {
        return;
    }
    let server = Server::start(2);
    let pipeline = server.begin("sstream-source kinesis s $P --reads 4 --batch 100ms --output text >got");
    wait_until("it reads", Duration::from_secs(60), || server.requests("GetRecords", "200") >= 40);
    stop(pipeline);
    let requests = server.folder.read("requests");
    let times: Vec<f64> = requests
        .lines()
        .filter(|line| line.contains(" GetRecords "))
        .filter_map(|line| line.split(' ').next()?.parse().ok())
        .collect();
    // Two shards have eight reads a second, and one each at once.
    let rate = (times.len() as f64 - 2.0) / (times.last().unwrap() - times[0]);
    assert!(rate < 10.0, "{rate} a second: {times:?}");
}

/// Where records come without a pause, "now" is over some time.
#[test]
fn what_is_there_now_ends() {
    if !is_possible() {
        return;
    }
    let server = Server::start(1);
    server.faults("behind\n");
    let mut pipeline = server.begin("sstream-source kinesis s $P --available-now --batch 100ms --output text >got");
    let mut sent = 0;
    wait_until("it ends", Duration::from_secs(60), || {
        sent += 1;
        server.run(&format!("echo {sent} | client put s")).exits(0);
        pipeline.wait(Duration::ZERO).is_some()
    });
    assert!(!server.folder.read("got").is_empty());
}

/// A pipeline that stands still costs no memory: nothing more is read, and the stream keeps it.
#[test]
fn behind_a_stopped_sink_memory_is_bounded() {
    if !is_possible() {
        return;
    }
    let server = Server::start(4);
    server
        .run("awk 'BEGIN { while (length(x) < 5000) x = x \"x\"; while (n++ < 16000) print n, x }' | client put s")
        .exits(0);
    let line = "sstream-source kinesis s $E --from beginning --batch 100ms | \
                { while ! [ -e go ]; do sleep 0.1; done; exec sstream-sink text; } >got";
    let pipeline = server.begin(line);
    let source = || pipeline.processes().into_iter().find(|process| process.name.starts_with("sstream-source"));
    wait_until("it has begun", Duration::from_secs(120), || source().is_some());
    // Longer than it needs for all, if it read on.
    std::thread::sleep(Duration::from_secs(5));
    let status = std::fs::read_to_string(format!("/proc/{}/status", source().unwrap().pid)).unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = most.trim().trim_end_matches(" kB").trim().parse().unwrap();
    assert!(kib < 64 << 10, "{kib} KiB");
    server.folder.file("go", "");
    wait_until("all came", Duration::from_secs(60), || server.folder.read("got").lines().count() == 16_000);
    stop(pipeline);
}
