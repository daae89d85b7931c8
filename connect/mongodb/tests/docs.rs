//! The man page and completions are what the command line gives, and `explain` tells the rest.

use sstream::connect::{docs, testing};
use sstream_mongodb::SinkArgs;
use sstream_testkit::shell::{explains, shell};

#[test]
fn man_pages_and_completions_match_the_command_line() {
    testing::check_sink_kind::<SinkArgs>();
    let tools = [docs::sink::<SinkArgs>()];
    sstream_testkit::docs::check_connector(env!("CARGO_MANIFEST_DIR"), &tools);
    let command = "sstream-sink-mongodb mongodb://h/db --collection c";
    sstream_testkit::promises::check_kind(&tools[0], "mongodb", command);
}

#[test]
fn what_holds_after_a_crash_is_told() {
    explains(
        "sstream-source tail log --checkpoint ck | sstream-sink mongodb mongodb://h/db --collection c",
        0,
        &["writes each record as a document, in bulk", "exactly once, by ids that"],
    );
}

#[test]
fn wrong_usage_is_told() {
    for (line, says) in [
        ("", "URL"),
        ("mongodb://h/db", "--collection"),
        ("h:27017 --collection c", "an address is as mongodb://"),
        ("mongodb://a:b@h/db --collection c", "--password-file"),
        ("mongodb://a@h/db --collection c", "a user has a password"),
        ("mongodb://h/db --collection c --password-file /dev/null", "whose?"),
        ("mongodb://h/ --collection c", "which database?"),
        ("mongodb://h/db --collection ''", "it is empty"),
        ("mongodb://h/db --collection 'a{.b'", "not closed"),
        ("mongodb://h/db --collection 'a-%!'", "--collection 'a-%!'"),
        ("mongodb://h/db --collection c --time .at", "--time is for the date in --collection"),
        ("mongodb://h/db --collection c --id '.a |'", "--id"),
        ("mongodb://h/db --collection c --id .a --key a", "--key"),
        ("mongodb://h/db --collection c --op update", "give --id EXPR, or --key"),
        ("mongodb://h/db --collection c --op insert --key a", "leave --op out"),
        ("mongodb://h/db --collection c --create", "--key"),
        ("mongodb://h/db --collection c --key a..b", "without a name"),
        ("mongodb://h/db --collection c --ca ca.pem", "?tls=true"),
        ("mongodb://h/db --collection c --write-concern 0", "0 waits for no answer"),
        ("mongodb://h/db --collection c --bulk-bytes 1GiB", "16 MiB"),
        ("mongodb://h/db?w=1 --collection c", "--write-concern"),
    ] {
        let ran = shell(&format!("sstream-sink mongodb {line} </dev/null")).exits(2);
        assert!(ran.stderr.contains(says), "{says} is not in\n{ran}");
    }
}
