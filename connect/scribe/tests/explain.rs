//! What `sstream explain` says of these kinds, and what is told of wrong options.

use sstream_testkit::shell::{explains, shell};

#[test]
fn what_holds_after_a_crash_is_told() {
    explains(
        "sstream-source scribe 1463 --checkpoint ck | sstream-sink scribe h:1463 --category .c",
        0,
        &[
            "come again from its log",
            "sends every record as a log entry",
            "guarantee: each record at least once: the entries of a call that had no answer come again",
        ],
    );
    explains("sstream-source scribe 1463 | sstream-sink print", 0, &["goes on with what clients send then"]);
}

#[test]
fn wrong_usage_is_told() {
    for (line, says) in [
        ("sstream-source scribe", "PORT"),
        ("sstream-source scribe 1463 --input json", "this source gives no lines"),
        ("sstream-source scribe 1463 --with name", "category, client"),
        ("sstream-source scribe 1463 --max-waiting 1MiB", "--max-waiting"),
        ("sstream-sink scribe h --category .c </dev/null", "which port?"),
        ("sstream-sink scribe h:1463 </dev/null", "--category"),
        ("sstream-sink scribe h:1463 --category alerts </dev/null", "one category for all is '\"alerts\"'"),
    ] {
        let ran = shell(line).exits(2);
        assert!(ran.stderr.contains(says), "{says} is not in\n{ran}");
    }
}
