//! What `sstream-source kafka` reads, as others wrote it.

use std::time::Duration;

use crate::cluster::{shared, topic, wait_until};

/// The lines of a source of what is there.
const READ: &str = "sstream-source kafka --brokers $BROKERS --available-now --output text";

#[test]
fn the_console_producer_and_kcat_are_read() {
    let Some(cluster) = shared() else { return };
    let (here, topic) = (cluster.folder(), topic("read"));
    let line = format!("tool kafka-console-producer --bootstrap-server $BROKERS --topic {topic} 2>/dev/null");
    here.run_with(&line, "from java\n\u{e9}\n").exits(0);
    let line = format!("kcat -P -b $BROKERS -t {topic} -k key -H a=1 -H a=2 -z lz4");
    here.run_with(&line, "from kcat\n").exits(0);
    here.run(&format!("{READ} --topic {topic}")).exits(0).says_nothing().prints("from java\né\nfrom kcat\n");
    let line = format!(
        "sstream-source kafka --brokers $BROKERS --available-now --topic {topic} --from 0:2 --output json \
         --with offset,key,partition,headers,topic"
    );
    let record = format!(
        "{{\"key\":\"key\",\"headers\":[[\"a\",\"1\"],[\"a\",\"2\"]],\"topic\":\"{topic}\",\"partition\":0,\"offset\":2,\
         \"value\":\"from kcat\"}}\n"
    );
    here.run(&line).exits(0).prints(&record);
}

/// Messages that fastavro made (tests/fixtures/messages), as Confluent's serializers frame them.
#[test]
fn avro_by_schemas_that_messages_name() {
    let Some(cluster) = shared() else { return };
    let (here, topic) = (cluster.folder(), topic("avro"));
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/messages");
    let files = format!("{fixtures}/messages/one.confluent {fixtures}/messages/two.object {fixtures}/wanted.avsc");
    here.run(&format!("kcat -P -b $BROKERS -t {topic} {files}")).exits(0);
    let read = |options: &str| {
        let line = "sstream-source kafka --brokers $BROKERS --available-now --output json --value avro";
        here.run(&format!("{line} --topic {topic} --schema {fixtures}/schemas --on-error bad {options}"))
            .exits(0)
            .stdout
    };
    let one = "\"city\":\"Zürich\",";
    let two = "{\"offset\":1,\"value\":{\"id\":2,\"city\":null,\"price\":-0.05,\"kind\":\"PAID\"}}";
    let first = format!("{{\"offset\":0,\"value\":{{\"id\":1,{one}\"price\":12.30,\"at\":\"2024-01-05T10:00:00Z\"}}}}");
    assert_eq!(read("--with offset"), format!("{first}\n{two}\n"));
    assert!(here.folder.read("bad").contains("names no schema"));
    // Of the other message the reader's schema has nothing.
    assert_eq!(read(&format!("--reader-schema {fixtures}/wanted.avsc")), format!("{{\"id\":1,{one}\"kind\":\"?\"}}\n"));
}

#[test]
fn shards_and_partitions_share_a_topic() {
    let Some(cluster) = shared() else { return };
    let (here, topic) = (cluster.folder(), topic("shares"));
    here.create(&topic, 5);
    let numbers: String = (0..500).map(|n| format!("{n}\n")).collect();
    here.run_with(&format!("sstream-sink kafka --brokers $BROKERS --topic {topic} --key ."), &numbers).exits(0);
    let read = |more: &str| -> Vec<u32> {
        let ran = here.run(&format!("{READ} --topic {topic} {more}")).exits(0);
        ran.stdout.lines().map(|line| line.parse().unwrap()).collect()
    };
    for shares in [["--shard 1/2", "--shard 2/2"], ["--partitions 0,3", "--partitions 1-2,4"]] {
        let mut all: Vec<u32> = shares.iter().flat_map(|share| read(share)).collect();
        all.sort_unstable();
        assert_eq!(all, (0..500).collect::<Vec<_>>(), "{shares:?}");
    }
    let mut slow = read("--max-rate-per-partition 1000");
    slow.sort_unstable();
    assert_eq!(slow.len(), 500);
    let none = here.run(&format!("{READ} --topic {topic} --from 2100-01-01T00:00:00Z")).exits(0);
    assert_eq!(none.stdout, "");
    assert_eq!(read("--from -1h").len(), 500);
}

#[test]
fn new_partitions_and_topics_are_taken_up() {
    let Some(cluster) = shared() else { return };
    let (here, topic) = (cluster.folder(), topic("grows"));
    here.create(&topic, 1);
    here.run_with(&format!("kcat -P -b $BROKERS -t {topic}"), "0\n").exits(0);
    // The first comes when the source knows what there is.
    let line = format!(
        "sstream-source kafka --brokers $BROKERS --topic '/{topic}.*/' -X topic.metadata.refresh.interval.ms=200 \
         --from beginning --stop-file stop --output text --batch 100ms >out & \
         for try in $(seq 300); do [ -s out ] && break; sleep 0.2; done; tool kafka-topics --bootstrap-server $BROKERS --alter --topic {topic} --partitions 3 2>/dev/null >/dev/null; \
         seq 1 90 | sstream-sink kafka --brokers $BROKERS --topic {topic} --key .; \
         seq 91 99 | sstream-sink kafka --brokers $BROKERS --topic {topic}-too; \
         for try in $(seq 100); do [ $(wc -l <out) -ge 100 ] && break; sleep 0.2; done; touch stop; wait %1"
    );
    here.run(&line).exits(0);
    let mut lines: Vec<u32> = here.folder.read("out").lines().map(|line| line.parse().unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(lines, (0..=99).collect::<Vec<_>>());
}

#[test]
fn a_stop_still_reads_what_the_brokers_hold() {
    let Some(cluster) = shared() else { return };
    let (here, topic) = (cluster.folder(), topic("stops"));
    here.create(&topic, 1);
    let line = format!(
        "seq 1 50000 | sstream-sink kafka --brokers $BROKERS --topic {topic}; \
         sstream-source kafka --brokers $BROKERS --topic {topic} --from beginning --output text >out & \
         while [ ! -s out ]; do sleep 0.01; done; kill -TERM $!; wait $!"
    );
    here.run(&line).exits(0);
    assert_eq!(here.folder.read("out").lines().count(), 50_000);
}

#[test]
fn the_group_is_told_the_progress() {
    let Some(cluster) = shared() else { return };
    let (here, topic) = (cluster.folder(), topic("watched"));
    here.run_with(&format!("kcat -P -b $BROKERS -t {topic}"), "1\n2\n3\n").exits(0);
    here.run(&format!("{READ} --topic {topic} --group {topic}-group")).exits(0).prints("1\n2\n3\n");
    let line =
        format!("tool kafka-consumer-groups --bootstrap-server $BROKERS --describe --group {topic}-group 2>/dev/null");
    let said = here.run(&line).exits(0).stdout;
    let row: Vec<&str> = said.lines().find(|line| line.contains(&topic)).unwrap().split_whitespace().collect();
    assert_eq!(&row[2..6], ["0", "3", "3", "0"], "{said}");
}

#[test]
fn transactions_that_were_given_up_are_not_read() {
    let Some(cluster) = shared() else { return };
    let (here, topic) = (cluster.folder(), topic("aborted"));
    here.create(&topic, 1);
    // kcat ends a transaction with its input, and gives one up when it is killed.
    here.run_with(&format!("kcat -P -b $BROKERS -t {topic} -X transactional.id={topic}"), "yes\n").exits(0);
    let line = format!(
        "{{ yes no | head -n 60000; while ! [ -e killed ]; do sleep 0.1; done; }} | kcat -P -b $BROKERS -t {topic} -X transactional.id={topic} \
         -X transaction.timeout.ms=2500 -X linger.ms=0 & kcat=$!; \
         while ! kcat -Q -b $BROKERS -t {topic}:0:-1 | grep -qE 'offset [0-9]{{3}}'; do sleep 0.1; done; kill -KILL $kcat; touch killed; wait"
    );
    here.run(&format!("{line}; true")).exits(0);
    let read = format!("{READ} --topic {topic}");
    wait_until("the transaction ends with its timeout", Duration::from_secs(20), || {
        here.run(&format!("echo after | kcat -P -b $BROKERS -t {topic}")).exits(0);
        let stdout = here.run(&read).exits(0).stdout;
        assert!(!stdout.contains("no"));
        stdout.contains("after")
    });
    let all = here.run(&format!("{read} --isolation read_uncommitted")).exits(0).stdout;
    assert!(all.starts_with("yes\nno\nno\n") && all.contains("after"), "{}", all.len());
}

#[test]
fn what_is_not_there_is_told() {
    let Some(cluster) = shared() else { return };
    let here = cluster.folder();
    here.run(&format!("{READ} --topic nowhere")).exits(1).says("there is no topic nowhere");
    here.run("sstream-source kafka --brokers 127.0.0.1:1 --topic t --stop-after 2s --output text")
        .exits(0)
        .says("127.0.0.1:1 does not answer, waiting for it");
    here.run(&format!("{READ} --topic t --input json")).exits(2).says("give --value text, json");
    here.run(&format!("{READ} --topic t --shard 0/3")).exits(2);
}

#[test]
fn the_brokers_deal_partitions_out_to_a_group() {
    let Some(cluster) = shared() else { return };
    let (here, topic) = (cluster.folder(), topic("dealt"));
    here.create(&topic, 4);
    let numbers: String = (0..1000).map(|n| format!("{n}\n")).collect();
    here.run_with(&format!("sstream-sink kafka --brokers $BROKERS --topic {topic} --key ."), &numbers).exits(0);
    let member = format!(
        "sstream-source kafka --brokers $BROKERS --topic {topic} --from beginning --assign group --group {topic} \
         --checkpoint ck-$1 --output text --stop-file stop-$1"
    );
    here.folder.file("member.sh", here.line(&member));
    let both = "bash member.sh 1 >out-1 & bash member.sh 2 >out-2 & \
                for try in $(seq 150); do [ $(cat out-1 out-2 | sort -u | wc -l) -ge 1000 ] && break; sleep 0.2; done; \
                touch stop-1 stop-2; wait";
    here.run(both).exits(0);
    // What the one had taken before the other joined may be there twice.
    let all = here.run("sort -nu out-1 out-2").exits(0);
    assert_eq!(all.stdout, numbers);
    // Everything was committed: the next member gets what is new.
    here.run_with(&format!("kcat -P -b $BROKERS -t {topic}"), "new\n").exits(0);
    let next = "bash member.sh 3 >out-3 & for try in $(seq 300); do [ -s out-3 ] && break; sleep 0.2; done; touch stop-3; wait; cat out-3";
    here.run(next).exits(0).prints("new\n");
    here.run(&format!("{READ} --topic {topic} --assign group")).exits(2).says("add --group");
}
