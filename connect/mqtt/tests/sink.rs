//! Records become messages.

use std::time::Duration;

use sstream_testkit::wait_until;

use crate::broker::{Broker, is_possible};

#[test]
fn records_become_messages_of_every_qos_and_version() {
    if !is_possible() {
        return;
    }
    for version in ["3.1.1", "5"] {
        for qos in 0..=2 {
            let broker = Broker::start();
            let subscriber = broker.begin_subscriber("mosquitto_sub $C -q 2 -t 'out/#' -F '%t %q %p' >got");
            broker
                .run(&format!(
                    "{{ seq 3000; echo last; }} | sstream-sink mqtt $B --mqtt-version {version} --qos {qos} --topic '\"out/\" + .[0:1]'"
                ))
                .exits(0)
                .says_nothing();
            wait_until("all came", Duration::from_secs(30), || broker.folder.read("got").contains("last"));
            drop(subscriber);
            let lines = (1..=3000).map(|n| n.to_string()).chain(["last".to_owned()]);
            let expected: String = lines.map(|text| format!("out/{} {qos} {text}\n", &text[..1])).collect();
            assert_eq!(broker.folder.read("got"), expected, "{version} {qos}");
        }
    }
}

#[test]
fn values_and_what_the_broker_keeps() {
    if !is_possible() {
        return;
    }
    let broker = Broker::start();
    broker.folder.file("batches", "[[\"a\",{\"n\":1.50}],[\"b\",\"x\"],[\"b\",null],[\"c/#\",1]]\n");
    broker
        .run("sstream-source queue batches --batch 1s | sstream-sink mqtt $B --topic '\"k/\" + .[0]' --value '.[1]' --retained --on-error bad")
        .exits(0);
    broker.run("mosquitto_sub $C -t 'k/#' --retained-only -W 5 -v").prints("k/a {\"n\":1.50}\n");
    assert!(broker.folder.read("bad").contains("neither + nor #"), "{}", broker.folder.read("bad"));
}

#[test]
fn what_the_broker_refuses_are_bad_records() {
    if !is_possible() {
        return;
    }
    let broker = Broker::start_with("acl_file acl", &[("acl", "topic readwrite allowed\n")]);
    let ran = broker.run("printf 'allowed\\nforbidden\\n' | sstream-sink mqtt $B --topic .").exits(4);
    assert!(ran.stderr.contains("topic forbidden: not authorized"), "{ran}");
    broker.run("printf 'allowed\\nforbidden\\n' | sstream-sink mqtt $B --topic . --on-error bad").exits(0);
    assert!(broker.folder.read("bad").contains("\"record\":\"forbidden\""));
}

#[test]
fn what_is_too_long_for_the_broker_is_a_bad_record() {
    if !is_possible() {
        return;
    }
    let broker = Broker::start_with("max_packet_size 1000", &[]);
    for qos in 0..=2 {
        let line = "{ echo a; head -c 2000 /dev/zero | tr '\\0' x; echo; echo b; }";
        broker.run(&format!("{line} | sstream-sink mqtt $B --qos {qos} --topic '\"t\"' --on-error bad{qos}")).exits(0);
        let bad = broker.folder.read(&format!("bad{qos}"));
        assert!(bad.lines().count() == 1 && bad.contains("the broker takes 1000"), "{bad}");
    }
}

/// What will not pass is no reason to try for ever.
#[test]
fn a_broker_that_does_not_do_what_is_asked_ends_the_stage() {
    if !is_possible() {
        return;
    }
    let broker = Broker::start_with("max_qos 1\nretain_available false", &[]);
    for (options, says) in [("--qos 2", "another --qos"), ("--retained", "do without --retained")] {
        let ran = broker.run(&format!("echo x | sstream-sink mqtt $B --topic '\"t\"' {options}")).exits(1);
        assert!(ran.stderr.contains(says), "{ran}");
    }
}

#[test]
fn a_broker_that_is_away_is_waited_for() {
    if !is_possible() {
        return;
    }
    let broker = Broker::start();
    let ran = broker.run("echo x | sstream-sink mqtt mqtt://127.0.0.1:1 --topic '\"t\"' --retry-for 1s").exits(1);
    assert!(ran.stderr.contains("given up"), "{ran}");
    broker.keeper.kill_all();
    broker.run("echo x | sstream-sink mqtt $B --topic '\"t\"' --retained").exits(0);
    broker.run("mosquitto_sub $C -t t -C 1").prints("x\n");
}
