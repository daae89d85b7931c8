//! Under a checkpoint: each message in one batch, each batch in the topic once.

use std::time::{Duration, Instant};

use crate::cluster::{Here, shared, topic};

/// From topic to topic, what is there.
fn copy(here: &Here<'_>, from: &str, to: &str, more: &str) -> crate::support::Ran {
    here.run(&format!(
        "sstream-source kafka --checkpoint ck --brokers $BROKERS --topic {from} --from beginning --available-now {more} \
         | sstream-sink kafka --brokers $BROKERS --topic {to}"
    ))
}

#[test]
fn a_second_run_takes_what_is_new() {
    let Some(cluster) = shared() else { return };
    let (here, from, to) = (cluster.folder(), topic("from"), topic("to"));
    here.create(&from, 3);
    let mut expected = Vec::new();
    for round in 0..3u32 {
        let text: String = (0..100).map(|n| format!("{}\n", round * 100 + n)).collect();
        expected.extend((0..100).map(|n| round * 100 + n));
        here.run_with(&format!("sstream-sink kafka --brokers $BROKERS --topic {from} --key ."), &text).exits(0);
        copy(&here, &from, &to, "").exits(0);
        copy(&here, &from, &to, "").exits(0);
        let mut numbers: Vec<u32> = here.kcat(&to, "%s").lines().map(|line| line.parse().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, expected);
    }
}

/// The source is killed in the middle of what it reads, and begins again with a topic more.
#[test]
fn a_topic_may_be_added_at_a_restart() {
    let Some(cluster) = shared() else { return };
    let (here, one, two) = (cluster.folder(), topic("added"), topic("added"));
    let produce = |topic: &str, numbers: &str| {
        here.run(&format!("seq {numbers} | sstream-sink kafka --brokers $BROKERS --topic {topic} --key .")).exits(0);
    };
    let source = "sstream-source kafka --checkpoint ck --brokers $BROKERS --available-now --batch 50ms --topic";
    let read = |topics: &str| here.run(&format!("{source} {topics} | sstream-sink files out/part"));
    for topic in [&one, &two] {
        here.create(topic, 2);
    }
    produce(&one, "1 500");
    produce(&two, "501 900");
    let first = here.run(&format!(
        "mkdir out; {{ {{ echo $BASHPID >pid; exec {source} {one} --max-rate-per-partition 40; }} | sstream-sink files out/part; }} & \
         while ! ls out/part* >/dev/null 2>&1; do sleep 0.01; done; kill -9 $(cat pid); wait $!; cat out/part* | wc -l"
    ));
    let committed: u32 = first.stdout.trim().parse().unwrap();
    assert!(0 < committed && committed < 500, "{first}");
    produce(&one, "901 1000");
    read(&format!("{one},{two}")).exits(0);
    produce(&two, "1001 1100");
    read(&format!("{two},{one}")).exits(0);
    let mut numbers: Vec<u32> = here.run("cat out/part*").stdout.lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=1100).collect::<Vec<_>>());
    let refused = read(&two).exits(5);
    assert!(refused.stderr.contains(&one), "{refused}");
}

/// The sink is set back, but Kafka knows better.
#[test]
fn a_sink_that_lost_its_commit_finds_it_in_kafka() {
    let Some(cluster) = shared() else { return };
    let (here, from, to) = (cluster.folder(), topic("from"), topic("to"));
    here.create(&from, 1);
    here.run_with(&format!("kcat -P -b $BROKERS -t {from}"), "1\n2\n3\n").exits(0);
    here.run("mkdir ck && cp -r ck before").exits(0);
    copy(&here, &from, &to, "").exits(0);
    assert_eq!(here.kcat(&to, "%s"), "1\n2\n3\n");
    // As after a crash between the transaction's commit and the log's.
    here.run("log=$(ls ck/commits/*/00000001.log); head -c 40 $log >short && cp short $log").exits(0);
    here.run_with(&format!("kcat -P -b $BROKERS -t {from}"), "4\n").exits(0);
    let ran = copy(&here, &from, &to, "");
    assert_eq!(here.kcat(&to, "%s"), "1\n2\n3\n4\n", "{ran}");
}

/// Batches that are sent again are the same, whatever the order in which
/// partitions were read.
#[test]
fn batches_are_the_same_again() {
    let Some(cluster) = shared() else { return };
    let (here, from) = (cluster.folder(), topic("again"));
    here.create(&from, 4);
    let text: String = (0..20_000).map(|n| format!("record {n}\n")).collect();
    here.run_with(&format!("sstream-sink kafka --brokers $BROKERS --topic {from} --key ."), &text).exits(0);
    let line = |out: &str| {
        format!(
            "sstream-source kafka --checkpoint ck --retain all --batch 100ms --max-rate-per-partition 20000 \
             --brokers $BROKERS --topic {from} --from beginning --available-now --no-trace >{out} || true"
        )
    };
    here.run(&line("first")).exits(0);
    // Nobody commits, so that all comes again.
    here.run(&line("second")).exits(0);
    let batches = |name: &str| -> Vec<String> {
        let text = here.folder.read(name);
        text.lines().filter(|line| line.starts_with('"') || line.contains("\"end\"")).map(str::to_owned).collect()
    };
    let (first, second) = (batches("first"), batches("second"));
    assert_eq!(first.iter().filter(|line| line.starts_with('"')).count(), 20_000);
    assert!(first.iter().filter(|line| line.contains("\"end\"")).count() > 2, "one batch is no test");
    assert_eq!(first[..], second[..first.len()], "other batches");
    assert!(second[first.len()..].iter().all(|line| line.contains("\"records\":0")), "there was nothing new");
}

#[test]
fn what_retention_took_is_named_or_skipped() {
    let Some(cluster) = shared() else { return };
    let (here, from, to) = (cluster.folder(), topic("lossy"), topic("to"));
    here.create(&from, 1);
    let produce = |text: &str| here.run_with(&format!("kcat -P -b $BROKERS -t {from}"), text).exits(0);
    produce("1\n2\n");
    copy(&here, &from, &to, "").exits(0);
    produce("3\n4\n5\n6\n");
    here.folder.file(
        "delete.json",
        format!("{{\"version\":1,\"partitions\":[{{\"topic\":\"{from}\",\"partition\":0,\"offset\":4}}]}}"),
    );
    here.run("tool kafka-delete-records --bootstrap-server $BROKERS --offset-json-file delete.json").exits(0);
    let lost = copy(&here, &from, &to, "").exits(5);
    assert!(lost.stderr.contains(&format!("topic {from}, partition 0: offsets 2 to 3 are gone")), "{lost}");
    let skipped = copy(&here, &from, &to, "--on-loss skip").exits(0);
    assert!(skipped.stderr.contains("offsets 2 to 3 are gone"), "{skipped}");
    assert_eq!(here.kcat(&to, "%s"), "1\n2\n5\n6\n");
}

/// A transaction left open holds readers up to its timeout and no longer; a
/// restart ends it at once, and what the killed one might still send is refused.
#[test]
fn a_killed_sink_holds_nobody_up() {
    let Some(cluster) = shared() else { return };
    let (here, from, to) = (cluster.folder(), topic("from"), topic("held"));
    here.create(&from, 1);
    here.create(&to, 1);
    here.run_with(&format!("kcat -P -b $BROKERS -t {from}"), "1\n").exits(0);
    copy(&here, &from, &to, "").exits(0);
    here.run(&format!("seq 2 200000 | kcat -P -b $BROKERS -t {from}")).exits(0);
    // Killed while the transaction is open: it has begun to write.
    let killed = format!(
        "sstream-source kafka --checkpoint ck --brokers $BROKERS --topic {from} --available-now \
         | {{ sstream-sink kafka --brokers $BROKERS --topic {to} -X transaction.timeout.ms=4000 & echo $! >pid; wait; }} & \
         while ! kcat -Q -b $BROKERS -t {to}:0:-1 2>/dev/null | grep -qE 'offset ([0-9]{{3,}})'; do sleep 0.02; done; \
         kill -KILL $(cat pid); wait; true"
    );
    here.run(&killed).exits(0);
    let began = Instant::now();
    here.run(&format!("echo other | kcat -P -b $BROKERS -t {to}")).exits(0);
    while !here.kcat(&to, "%s").lines().any(|line| line == "other") {
        assert!(began.elapsed() < Duration::from_secs(15), "readers are held up");
        std::thread::sleep(Duration::from_millis(200));
    }
    copy(&here, &from, &to, "").exits(0);
    let mut numbers: Vec<u32> = here.kcat(&to, "%s").lines().filter_map(|line| line.parse().ok()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=200_000).collect::<Vec<_>>());
}
