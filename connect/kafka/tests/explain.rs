//! What `sstream explain` says of these kinds, without any broker.

use crate::support::{explains, shell};

#[test]
fn what_holds_after_a_crash_is_told() {
    explains(
        "sstream-source kafka --batch 2s --brokers h:1 --topic t --checkpoint ck | sstream-sink kafka --brokers h:1 --topic u",
        0,
        &[
            "batches of 2s by the wall clock",
            "are read again from the topic, by their offsets",
            "sends every record to a topic",
            "guarantee: each record counts exactly once, for readers with isolation.level=read_committed",
        ],
    );
    explains(
        "sstream-source kafka --brokers h:1 --topic t --assign group --group g --checkpoint ck | sstream-sink files out/t",
        0,
        &["guarantee: each record at least once: the source may be given one twice"],
    );
    explains(
        "SSTREAM_CHECKPOINT=ck sstream-source-kafka --brokers h:1 --topic t | sstream-sink --pass kafka --brokers h:1 --topic u",
        0,
        &["checkpoint: ck", "passes the stream on"],
    );
}

#[test]
fn wrong_usage_is_a_mistake() {
    explains("sstream-source kafka --topic t | sstream-sink print", 2, &["MISTAKE: --brokers is missing"]);
    explains(
        "sstream-source kafka --brokers h:1 --topic t --assign group | sstream-sink print",
        2,
        &["MISTAKE: --assign group: among whom?"],
    );
    explains("nc h 1 | sstream-source kafka --brokers h:1 --topic t | sstream-sink print", 2, &["is lost"]);
}

#[test]
fn options_may_stand_in_front_of_the_kind() {
    let ran = shell("sstream-source --batch 1s kafka --topic t").exits(2);
    assert!(ran.stderr.starts_with("sstream-source-kafka: --brokers"), "{ran}");
    let help = shell("sstream-sink kafka --help").exits(0);
    assert!(help.stdout.contains("--no-batch-header"), "{help}");
}
