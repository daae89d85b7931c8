//! What `sstream explain` says of these kinds, and what is told of wrong options.

use sstream_testkit::shell::{Folder, explains};

#[test]
fn what_holds_after_a_crash_is_told() {
    explains(
        "sstream-source zeromq tcp://h:1 --checkpoint ck | sstream-sink files out/t",
        0,
        &["what had not reached it when the source was killed is lost"],
    );
    explains(
        "sstream-source tail f --checkpoint ck | sstream-sink zeromq tcp://h:1",
        0,
        &["as far as the library at the other end has read it"],
    );
    explains(
        "sstream-source tail f --checkpoint ck | sstream-sink zeromq tcp://h:1 --publish",
        0,
        &["PUB promises no more"],
    );
}

#[test]
fn wrong_usage_is_told() {
    for (line, says) in [
        ("sstream-source zeromq", "ENDPOINT"),
        ("sstream-source zeromq h:1", "an endpoint is as tcp://"),
        ("sstream-source zeromq tcp://h:1 --multipart array --separator x", "--separator is for --multipart joined"),
        ("sstream-source zeromq tcp://h:1 --curve-key empty", "--curve-key: empty: it is empty"),
        ("sstream-source zeromq tcp://h:1 --curve-server-key key", "a key of 40 characters of Z85"),
        ("sstream-source zeromq tcp://h:1 --curve-clients key", "--curve-key"),
        ("sstream-sink zeromq tcp://h:1 --on-slow block </dev/null", "PUSH always waits"),
        ("sstream-sink zeromq tcp://h:1 --topic alerts </dev/null", "one topic for all is '\"alerts\"'"),
    ] {
        let folder = Folder::new();
        folder.file("empty", "").file("key", "x\n");
        let ran = folder.run(line).exits(2);
        assert!(ran.stderr.contains(says), "{says} is not in\n{ran}");
    }
}
