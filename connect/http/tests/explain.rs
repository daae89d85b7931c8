//! What `sstream explain` says of these kinds, and what is told of wrong options.

use sstream_testkit::shell::{Folder, explains};

#[test]
fn what_holds_after_a_crash_is_told() {
    explains(
        "sstream-source http 8080 --checkpoint ck | sstream-sink http http://h/in",
        0,
        &[
            "come again from its log",
            "sends each batch, or each record, as a request",
            "guarantee: each record at least once: a request may come again, with the same Idempotency-Key",
        ],
    );
    explains("sstream-source http 8080 | sstream-sink print", 0, &["goes on with what clients send then"]);
}

#[test]
fn wrong_usage_is_told() {
    for (line, says) in [
        ("sstream-source http", "PORT"),
        ("sstream-source http 8080 --input json", "this source gives no lines"),
        ("sstream-source http 8080 --path in", "a path begins with /"),
        ("sstream-source http 8080 --with clients", "client, path, query, user, time or header:NAME"),
        ("sstream-source http 8080 --max-waiting 1MiB", "--max-waiting"),
        ("sstream-source http 8080 --bearer-file nowhere", "--bearer-file: nowhere: No such file"),
        ("sstream-source http 8080 --bearer-file empty", "--bearer-file: empty: it is empty"),
        ("sstream-source http 8080 --tls-cert empty --tls-key empty", "--tls-cert: empty: there is no certificate"),
        ("sstream-sink http host:80 </dev/null", "http://"),
        ("sstream-sink http http://ann:secret@host/ </dev/null", "--basic-file"),
        ("sstream-sink http http://h/ --header 'Authorization: Bearer x' </dev/null", "--bearer-file"),
        ("sstream-sink http http://h/ --body '.a |' </dev/null", "--body: "),
        ("sstream-sink http http://h/ --ca empty </dev/null", "--ca: empty: there is no certificate"),
    ] {
        let folder = Folder::new();
        folder.file("empty", "");
        let ran = folder.run(line).exits(2);
        assert!(ran.stderr.contains(says), "{says} is not in\n{ran}");
    }
}
