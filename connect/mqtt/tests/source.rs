//! Messages become records.

use std::time::Duration;

use sstream_testkit::shell::Folder;
use sstream_testkit::wait_until;

use crate::broker::{Broker, is_possible, stop};

#[test]
fn messages_of_every_qos_and_version_become_records() {
    if !is_possible() {
        return;
    }
    for version in ["3.1.1", "5"] {
        for qos in 0..=2 {
            let broker = Broker::start();
            let pipeline = broker.begin_subscriber(&format!(
                "sstream-source mqtt $B --mqtt-version {version} --topic 'a/+' --topic b --qos {qos} --batch 100ms --with topic,qos --output text >got"
            ));
            let other = if version == "5" { "311" } else { "5" };
            broker.run(&format!("seq 100 | mosquitto_pub $C -V {other} -q {qos} -t a/x -l; mosquitto_pub $C -t c -m no; mosquitto_pub $C -q 2 -t b -m last")).exits(0);
            wait_until("all came", Duration::from_secs(30), || broker.folder.read("got").contains("last"));
            stop(pipeline);
            let got = broker.folder.read("got");
            let expected: String =
                (1..=100).map(|n| format!("{{\"topic\":\"a/x\",\"qos\":{qos},\"value\":\"{n}\"}}\n")).collect();
            assert_eq!(got, format!("{expected}{{\"topic\":\"b\",\"qos\":{qos},\"value\":\"last\"}}\n"));
        }
    }
}

#[test]
fn json_properties_and_what_the_broker_had_kept() {
    if !is_possible() {
        return;
    }
    let broker = Broker::start();
    broker.run("mosquitto_pub $C -V 5 -D publish user-property unit C -r -q 1 -t t -m '{ \"n\": 1.50 }'").exits(0);
    let pipeline =
        broker.begin_subscriber("sstream-source mqtt $B --topic t --value json --with retain,properties --batch 100ms --on-error bad --output json >got");
    broker.run("mosquitto_pub $C -q 1 -t t -m '{'; mosquitto_pub $C -q 1 -t t -m 2").exits(0);
    wait_until("all came", Duration::from_secs(30), || broker.folder.read("got").lines().count() == 2);
    stop(pipeline);
    assert_eq!(
        broker.folder.read("got"),
        "{\"retain\":true,\"properties\":[[\"unit\",\"C\"]],\"value\":{\"n\":1.50}}\n{\"retain\":false,\"properties\":[],\"value\":2}\n"
    );
    assert!(broker.folder.read("bad").contains("\"record\":\"{\""));
}

/// Messages that fastavro made (tests/fixtures/messages).
#[test]
fn avro_by_one_schema_or_by_those_that_messages_name() {
    if !is_possible() {
        return;
    }
    let broker = Broker::start();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/messages");
    let (one, two) = (
        r#"{"id":1,"city":"Zürich","price":12.30,"at":"2024-01-05T10:00:00Z"}"#,
        r#"{"id":2,"city":null,"price":-0.05,"kind":"PAID"}"#,
    );
    let read = |schema: &str, files: &[&str]| {
        let line = format!("sstream-source mqtt $B --topic t --value avro --schema {fixtures}/{schema}");
        let line = format!("{line} --batch 100ms --on-error bad --output json >got");
        let pipeline = broker.begin_subscriber(&line);
        for file in files {
            broker.run(&format!("mosquitto_pub $C -q 1 -t t -f {fixtures}/messages/{file}")).exits(0);
        }
        wait_until("all came", Duration::from_secs(30), || broker.folder.read("got").lines().count() == 2);
        stop(pipeline);
        broker.folder.read("got")
    };
    assert_eq!(read("schemas/1.avsc", &["one.datum", "two.confluent", "one.object"]), format!("{one}\n{one}\n"));
    assert!(broker.folder.read("bad").contains("schema 70000: is --schema to be a folder?"));
    assert_eq!(read("schemas", &["one.confluent", "two.object"]), format!("{one}\n{two}\n"));
    for (options, says) in [
        ("--value avro", "by which schema were messages written?"),
        ("--schema a", "--schema is for --value avro"),
        ("--value avro --schema none.avsc", "--schema: none.avsc: No such file"),
    ] {
        broker.run(&format!("sstream-source mqtt $B --topic t {options} --output json")).exits(2).says(says);
    }
}

/// The broker keeps the session while nobody is there.
#[test]
fn what_comes_while_we_are_away_is_there_afterwards() {
    if !is_possible() {
        return;
    }
    for version in ["3.1.1", "5"] {
        let broker = Broker::start();
        let line = format!(
            "sstream-source mqtt $B --mqtt-version {version} --client-id us --topic t --batch 100ms --checkpoint ck | sstream-sink files out/part"
        );
        let pipeline = broker.begin_subscriber(&line);
        broker.run("mosquitto_pub $C -q 1 -t t -m one").exits(0);
        wait_until("one came", Duration::from_secs(30), || broker.run("cat out/part-*").stdout == "one\n");
        stop(pipeline);
        broker.run("mosquitto_pub $C -q 1 -t t -m two; mosquitto_pub $C -q 2 -t t -m three").exits(0);
        let pipeline = broker.begin(&line);
        wait_until("all came", Duration::from_secs(30), || broker.run("cat out/part-*").stdout.lines().count() >= 3);
        stop(pipeline);
        // What was acknowledged comes no more.
        assert_eq!(broker.run("cat out/part-*").stdout, "one\ntwo\nthree\n", "{version}");
    }
}

/// The session goes on with the filters that it had, and with one more.
#[test]
fn a_topic_may_be_added_at_a_restart() {
    if !is_possible() {
        return;
    }
    let broker = Broker::start();
    let line = |topics: &str| {
        format!(
            "sstream-source mqtt $B --client-id us {topics} --batch 100ms --checkpoint ck | sstream-sink files out/part"
        )
    };
    let publish = |topic: &str, numbers: &str| {
        broker.run(&format!("seq {numbers} | mosquitto_pub $C -q 1 -t {topic} -l")).exits(0);
    };
    let came = || broker.run("cat out/part-*").stdout;
    let all_came = |count: usize| wait_until("all came", Duration::from_secs(30), || came().lines().count() >= count);
    let pipeline = broker.begin_subscriber(&line("--topic a"));
    publish("a", "1 100");
    all_came(100);
    stop(pipeline);
    publish("a", "101 200");
    let pipeline = broker.begin_subscriber(&line("--topic a --topic b/+"));
    publish("b/x", "201 300");
    publish("a", "301 400");
    all_came(400);
    stop(pipeline);
    publish("b/x", "401 500");
    let pipeline = broker.begin(&line("--topic b/+ --topic a"));
    all_came(500);
    stop(pipeline);
    let mut numbers: Vec<u32> = came().lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=500).collect::<Vec<_>>());
    let refused = broker.run(&line("--topic b/+")).exits(5);
    assert!(refused.stderr.contains("--topic a"), "{refused}");
}

/// Not before a message is on disk is it acknowledged, and then at once: the batch's end is a
/// minute away.
#[test]
fn a_message_is_acknowledged_when_it_is_safe() {
    if !is_possible() {
        return;
    }
    let broker = Broker::start();
    let pipeline = broker
        .begin_subscriber("sstream-source mqtt $B --client-id us --topic t --qos 2 --batch 1m --checkpoint ck | sstream-sink files out/part");
    broker.run("mosquitto_pub $C -q 2 -t t -m one").exits(0);
    wait_until("it is acknowledged", Duration::from_secs(30), || {
        broker.keeper.said().contains("Received PUBCOMP from us")
    });
    pipeline.signal_all(rustix::process::Signal::KILL);
    drop(pipeline);
    let again = broker.begin("sstream-source mqtt $B --client-id us --topic t --qos 2 --batch 1m --checkpoint ck | sstream-sink files out/part");
    broker.run("mosquitto_pub $C -q 2 -t t -m two").exits(0);
    let completed = || broker.keeper.said().matches("Received PUBCOMP from us").count();
    wait_until("it is acknowledged", Duration::from_secs(30), || completed() == 2);
    stop(again);
    broker.run("cat out/part-*").prints("one\ntwo\n");
}

/// The last will of a pipeline that was killed is a record of another one; a stop leaves none.
#[test]
fn a_last_will_is_a_record_for_others() {
    if !is_possible() {
        return;
    }
    for version in ["3.1.1", "5"] {
        let broker = Broker::start();
        let heir =
            broker.begin_subscriber("sstream-source mqtt $B --topic ends --with qos --batch 100ms --output text >got");
        let testator = |will: &str| {
            broker.begin_subscriber(&format!(
                "sstream-source mqtt $B --mqtt-version {version} --topic t --will-topic ends --will {will} --will-retained | sstream-sink null"
            ))
        };
        stop(testator("stopped"));
        testator("killed").signal_all(rustix::process::Signal::KILL);
        wait_until("it came", Duration::from_secs(30), || broker.folder.read("got").contains("killed"));
        stop(heir);
        assert_eq!(broker.folder.read("got"), "{\"qos\":1,\"value\":\"killed\"}\n", "{version}");
        broker.run("mosquitto_sub $C -t ends -C 1").prints("killed\n");
    }
}

/// A broker that answers nothing, as behind a cut line, is found out and waited for.
#[test]
fn a_broker_that_falls_silent_is_waited_for() {
    if !is_possible() {
        return;
    }
    let broker = Broker::start();
    let pipeline = broker.begin_subscriber(
        "sstream-source mqtt $B --client-id us --topic t --timeout 1s --batch 100ms --output text >got",
    );
    broker.run("kill -STOP -- -$(cat broker.group)").exits(0);
    wait_until("it is missed", Duration::from_secs(30), || pipeline.said().contains("no answer"));
    broker.run("kill -CONT -- -$(cat broker.group); mosquitto_pub $C -q 1 -t t -m one").exits(0);
    wait_until("it came", Duration::from_secs(60), || broker.folder.read("got") == "one\n");
    stop(pipeline);
    assert!(broker.folder.read("err").contains("goes on, after"), "{}", broker.folder.read("err"));
}

/// Two take one session from each other, which mosquitto does not tell them: later and later, with a
/// word on what it may be.
#[test]
fn a_second_client_of_the_same_id_is_suspected() {
    if !is_possible() {
        return;
    }
    let broker = Broker::start();
    let line = "sstream-source mqtt $B --client-id us --topic t | sstream-sink null";
    let (first, second) = (broker.begin_subscriber(line), broker.begin_subscriber(line));
    wait_until("it is suspected", Duration::from_secs(30), || {
        first.said().contains("does another client have this --client-id?")
    });
    stop(first);
    stop(second);
}

#[test]
fn shared_subscriptions() {
    if !is_possible() {
        return;
    }
    let broker = Broker::start();
    let line = |name: &str| format!("sstream-source mqtt $B --topic '$share/us/t' --batch 100ms --output text >{name}");
    let (one, other) = (broker.begin_subscriber(&line("one")), broker.begin_subscriber(&line("other")));
    broker.run("seq 200 | mosquitto_pub $C -q 1 -t t -l").exits(0);
    let read = |name: &str| broker.folder.read(name);
    wait_until("all came", Duration::from_secs(30), || (read("one") + &read("other")).lines().count() >= 200);
    stop(one);
    stop(other);
    broker.run("sort -n one other").prints(&(1..=200).map(|n| format!("{n}\n")).collect::<String>());
    assert!(!read("one").is_empty() && !read("other").is_empty());
}

/// A pipeline that stands still costs no memory: nothing more is read, the broker keeps it, and
/// does not take us for dead.
#[test]
fn behind_a_stopped_sink_memory_is_bounded() {
    stands_still("", |_, _| std::thread::sleep(Duration::from_secs(1)));
}

/// With `--spool` it is read all the same, and waits on disk.
#[test]
fn behind_a_stopped_sink_messages_wait_on_disk() {
    stands_still("--spool 1GiB", |folder, source| {
        let line = format!("stat -Lc %s /proc/{source}/fd/* | sort -n | tail -n 1");
        let largest = || folder.run(&line).stdout.trim().parse().unwrap_or(0);
        // Of 60 MB 16 MiB are in memory.
        wait_until("they are on disk", Duration::from_secs(60), || largest() > 30_000_000);
    });
}

/// 60 MB for a source with these options, of whose pipeline nothing is read until what is to be `seen` of the source, a
/// process, was seen.
fn stands_still(options: &str, seen: impl FnOnce(&Folder, i32)) {
    if !is_possible() {
        return;
    }
    let broker = Broker::start();
    let pipeline = broker.begin_subscriber(&format!(
        "sstream-source mqtt $B --client-id us --topic t --batch 100ms {options} | \
         {{ while ! [ -e go ]; do sleep 0.1; done; exec sstream-sink text; }} >got"
    ));
    broker
        .run("seq -f '%0600.0f' 100000 | mosquitto_pub $C -q 0 -t t -l; echo 1 | mosquitto_pub $C -q 1 -t t -l")
        .exits(0);
    let source = pipeline.processes().into_iter().find(|process| process.name.starts_with("sstream-source")).unwrap();
    seen(&broker.folder, source.pid);
    let status = std::fs::read_to_string(format!("/proc/{}/status", source.pid)).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kb: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak_kb < 64 << 10, "{peak_kb} kB");
    broker.folder.file("go", "");
    wait_until("all came", Duration::from_secs(60), || broker.folder.read("got").lines().count() == 100_001);
    stop(pipeline);
}
