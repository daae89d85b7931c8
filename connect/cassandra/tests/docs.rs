//! The man page and completions are what the command line gives, and `explain` tells the rest.

use sstream::connect::{docs, testing};
use sstream_cassandra::SinkArgs;
use sstream_testkit::shell::{explains, shell};

#[test]
fn man_pages_and_completions_match_the_command_line() {
    testing::check_sink_kind::<SinkArgs>();
    let tools = [docs::sink::<SinkArgs>()];
    sstream_testkit::docs::check_connector(env!("CARGO_MANIFEST_DIR"), &tools);
    sstream_testkit::promises::check_kind(&tools[0], "cassandra", "sstream-sink-cassandra h --table ks.t");
}

#[test]
fn what_holds_after_a_crash_is_told() {
    explains(
        "sstream-source tail log --checkpoint ck | sstream-sink cassandra h --table ks.t",
        0,
        &["writes each record as a row, by its key", "exactly once, by keys and times that"],
    );
    explains(
        "sstream-source tail log --checkpoint ck | sstream-sink cassandra h --counter \
         --cql \"UPDATE ks.t SET n = n + :n WHERE k = :k\"",
        0,
        &["at least once", "what comes again is counted again"],
    );
}

#[test]
fn wrong_usage_is_told() {
    for (line, says) in [
        ("", "HOST"),
        ("h", "--table"),
        ("h:port --table ks.t", "servers are as db1,db2:9042"),
        ("h, --table ks.t", "servers are as db1,db2:9042"),
        ("h --table t", "KEYSPACE.TABLE"),
        ("h --table ks.t --cql 'DELETE FROM ks.t WHERE k = :k'", "--cql"),
        ("h --cql 'SELECT * FROM ks.t'", "INSERT, UPDATE or DELETE"),
        ("h --cql 'DELETE FROM ks.t WHERE k = :k' --ttl 1s", "--ttl"),
        ("h --table ks.t --counter", "--cql"),
        ("h --table ks.t --create", "give --key, or --id"),
        ("h --table ks.t --key a", "--create"),
        ("h --table ks.t --create --key '(a'", "a key is as"),
        ("h --table ks.t --create --key a --type at", "as at=timestamp"),
        ("h --table 'ks.t(a,,b)'", "KEYSPACE.TABLE(path,count)"),
        ("h --table ks.t --row '.a |'", "--row"),
        ("h --table ks.t --ttl 1500ms", "whole seconds"),
        ("h --table ks.t --ttl 8000d", "20 years"),
        ("h --table ks.t --user ann", "--password-file"),
        ("h --table ks.t --password-file /dev/null", "--user"),
        ("h --table ks.t --user ann --password-file /dev/null", "it is empty"),
        ("h --table ks.t --ca ca.pem", "--tls"),
        ("h --table ks.t --bulk-bytes 1GiB", "1 MiB"),
        ("h --table ks.t --at-once 0", "--at-once"),
        ("h --table ks.t --timeout 1ms", "100 ms"),
    ] {
        let ran = shell(&format!("sstream-sink cassandra {line} </dev/null")).exits(2);
        assert!(ran.stderr.contains(says), "{says} is not in\n{ran}");
    }
}
