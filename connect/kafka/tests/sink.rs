//! What `sstream-sink kafka` writes, as others read it.

use crate::cluster::{shared, topic};

#[test]
fn kcat_and_the_console_consumer_read_what_was_written() {
    let Some(cluster) = shared() else { return };
    let (here, topic) = (cluster.folder(), topic("written"));
    here.create(&topic, 1);
    let line = format!("sstream-sink --input json kafka --brokers $BROKERS --topic {topic} --key .k --value .v");
    let input = "{\"k\":\"a\",\"v\":\"text\"}\n{\"k\":1.0,\"v\":{\"b\":1.50}}\n{\"k\":1,\"v\":null}\n{\"v\":2}\n";
    here.run_with(&line, input).exits(0).says_nothing();
    assert_eq!(here.kcat(&topic, "%k:%S:%s"), "a:4:text\n1:10:{\"b\":1.50}\n1:-1:\nnull:1:2\n");
    let line = format!(
        "tool kafka-console-consumer --bootstrap-server $BROKERS --topic {topic} --from-beginning --max-messages 4 \
         --formatter-property print.key=true 2>/dev/null"
    );
    here.run(&line).exits(0).prints("a\ttext\n1\t{\"b\":1.50}\n1\tnull\nnull\t2\n");
    let headers = here.kcat(&topic, "%h");
    assert!(headers.lines().all(|line| line.starts_with("sstream-batch=")), "{headers}");
}

/// Java's own client puts the same keys into the same partitions.
#[test]
fn keys_choose_partitions_as_java_does() {
    let Some(cluster) = shared() else { return };
    let (here, ours, theirs) = (cluster.folder(), topic("ours"), topic("theirs"));
    here.create(&ours, 7);
    here.create(&theirs, 7);
    let keys: Vec<String> = (0..60).map(|n| format!("{}-é-{}", "k".repeat(n % 9), n * n)).collect();
    let lines: String = keys.iter().map(|key| format!("{key}\t{key}\n")).collect();
    let line = format!(
        "tool kafka-console-producer --bootstrap-server $BROKERS --topic {theirs} --reader-property parse.key=true 2>/dev/null"
    );
    here.run_with(&line, &lines).exits(0);
    let text: String = keys.iter().map(|key| format!("{key}\n")).collect();
    let line = format!("sstream-sink kafka --brokers $BROKERS --topic {ours} --key . --compression zstd");
    here.run_with(&line, &text).exits(0).says_nothing();
    let sorted = |topic: &str| {
        let mut lines: Vec<String> = here.kcat(topic, "%p %k %s").lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(sorted(&ours), sorted(&theirs));
    assert_eq!(sorted(&ours).len(), 60);
}

#[test]
fn what_cannot_be_delivered_is_told() {
    let Some(cluster) = shared() else { return };
    let here = cluster.folder();
    let line = "sstream-sink kafka --brokers $BROKERS --topic 'no/topic' -X message.timeout.ms=3000";
    here.run_with(line, "a\nb\n").exits(1).says("topic no/topic: 2 records were not delivered");
    let line = "sstream-sink kafka --brokers $BROKERS --topic x -X linger=5";
    here.run_with(line, "").exits(2).says("-X: linger: No such configuration property");
    let bad = format!("sstream-sink kafka --brokers $BROKERS --topic {} --key .a.b", topic("bad"));
    here.run_with(&bad, "a\n").exits(4);
    let skipped =
        format!("sstream-sink --on-error skip kafka --brokers $BROKERS --topic {} --value 'tonumber'", topic("bad"));
    here.run_with(&skipped, "a\n1\n").exits(0).says("1 bad record was set aside");
}

#[test]
fn a_batch_passes_on_when_the_brokers_have_it() {
    let Some(cluster) = shared() else { return };
    let (here, topic) = (cluster.folder(), topic("passed"));
    let line = format!(
        "sstream-sink --batch 1d --pass kafka --brokers $BROKERS --topic {topic} | sstream-reduce count | sstream-sink text"
    );
    here.run_with(&line, "a\nb\nc\n").exits(0).prints("3\n");
    assert_eq!(here.kcat(&topic, "%s"), "a\nb\nc\n");
}
