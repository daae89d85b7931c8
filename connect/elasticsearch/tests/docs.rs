//! The man page and completions are what the command line gives, and `explain` tells the rest.

use sstream::connect::{docs, testing};
use sstream_elasticsearch::SinkArgs;
use sstream_testkit::shell::{explains, shell};

#[test]
fn man_pages_and_completions_match_the_command_line() {
    testing::check_sink_kind::<SinkArgs>();
    let tools = [docs::sink::<SinkArgs>()];
    sstream_testkit::docs::check_connector(env!("CARGO_MANIFEST_DIR"), &tools);
    let command = "sstream-sink-elasticsearch http://h:9200 --index i";
    sstream_testkit::promises::check_kind(&tools[0], "elasticsearch", command);
}

#[test]
fn what_holds_after_a_crash_is_told() {
    explains(
        "sstream-source tail log --checkpoint ck | sstream-sink elasticsearch http://h:9200 --index i",
        0,
        &["writes each record as a document, in bulk", "exactly once, by ids that"],
    );
}

#[test]
fn wrong_usage_is_told() {
    for (line, says) in [
        ("", "URL"),
        ("http://h:9200", "--index"),
        ("h:9200 --index i", "begins with http"),
        ("http://a:b@h:9200 --index i", "--basic-file"),
        ("http://h:9200 --index ''", "it is empty"),
        ("http://h:9200 --index 'a{.b'", "not closed"),
        ("http://h:9200 --index 'a-%!'", "--index 'a-%!'"),
        ("http://h:9200 --index i --time .at", "--time is for the date in --index"),
        ("http://h:9200 --index i --id '.a |'", "--id"),
        ("http://h:9200 --index i --op update", "give --id EXPR"),
        ("http://h:9200 --index i --ca ca.pem", "https://"),
        ("http://h:9200 --index i --bulk-bytes 1GiB", "64 MiB"),
        ("http://h:9200 --index i --api-key-file a --basic-file b", "--api-key-file does not go with --basic-file"),
        ("http://h:9200 --index i --basic-file /dev/null", "it is empty"),
    ] {
        let ran = shell(&format!("sstream-sink elasticsearch {line} </dev/null")).exits(2);
        assert!(ran.stderr.contains(says), "{says} is not in\n{ran}");
    }
}
