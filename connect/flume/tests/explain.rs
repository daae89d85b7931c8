//! What `sstream explain` says of these kinds, and what is told of wrong options.

use sstream_testkit::shell::{explains, shell};

#[test]
fn what_holds_after_a_crash_is_told() {
    explains(
        "sstream-source flume 4141 --checkpoint ck | sstream-sink flume h:4141",
        0,
        &[
            "come again from its log",
            "sends every record as an event",
            "guarantee: each record at least once: the events of a call that had no answer come again",
        ],
    );
    explains("sstream-source flume 4141 | sstream-sink print", 0, &["goes on with what agents send then"]);
}

#[test]
fn wrong_usage_is_told() {
    for (line, says) in [
        ("sstream-source flume", "PORT"),
        ("sstream-source flume 4141 --input json", "this source gives no lines"),
        ("sstream-source flume 4141 --with header", "headers, client"),
        ("sstream-source flume 4141 --max-waiting 1MiB", "--max-waiting"),
        ("sstream-source flume 4141 --tls-cert cert.pem", "--tls-key"),
        (
            "sstream-source flume 4141 --tls-cert /dev/null --tls-key /dev/null",
            "--tls-cert: /dev/null: there is no certificate",
        ),
        ("sstream-source flume 4141 --tls-cert c --tls-key k --compression deflate", "not with TLS"),
        ("sstream-sink flume h:4141 --ca /dev/null </dev/null", "--ca: /dev/null: there is no certificate"),
        ("sstream-sink flume h:4141 --tls --compression deflate </dev/null", "not with TLS"),
        ("sstream-sink flume h </dev/null", "which port?"),
        ("sstream-sink flume h:4141 --header host </dev/null", "NAME=EXPR"),
        ("sstream-sink flume h:4141 --header host=.a --header host=.b </dev/null", "each header once"),
        ("sstream-sink flume h:4141 --header 'host=.a |' </dev/null", "--header host: "),
    ] {
        let ran = shell(line).exits(2);
        assert!(ran.stderr.contains(says), "{says} is not in\n{ran}");
    }
}
