//! What `sstream explain` says of these kinds, and what is told of wrong options.

use sstream_testkit::shell::{explains, shell};

#[test]
fn what_holds_after_a_crash_is_told() {
    explains(
        "sstream-source kinesis s --checkpoint ck | sstream-sink files out/s",
        0,
        &["are read again from the stream, by their sequence numbers", "exactly once"],
    );
    explains(
        "sstream-source rate 5 --checkpoint ck | sstream-sink kinesis s",
        0,
        &["at least once: the records of the last batch may come again"],
    );
}

#[test]
fn wrong_usage_is_told() {
    for (line, says) in [
        ("sstream-source kinesis", "STREAM"),
        ("sstream-source kinesis a/b", "letters, digits"),
        ("sstream-source kinesis s --endpoint http://ann:secret@h", "credentials come from the environment"),
        ("sstream-source kinesis s --from end", "beginning, latest, an age"),
        ("sstream-source kinesis s --shard 3/2", "a shard is I/N"),
        ("sstream-source kinesis s --input json", "--value"),
        ("unset AWS_REGION AWS_DEFAULT_REGION; HOME=/nowhere sstream-source kinesis s", "give --region"),
        ("sstream-source kinesis s --endpoint https://h --ca /dev/null", "--ca: /dev/null: there is no certificate"),
        ("sstream-sink kinesis s --region r --key . --value '{' </dev/null", "--value"),
    ] {
        let ran = shell(line).exits(2);
        assert!(ran.stderr.contains(says), "{says} is not in\n{ran}");
    }
}
