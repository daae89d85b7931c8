//! Where the sinks of connectors are on a cluster, as their programs say it of their options. Those that are not built
//! are left out.

use serde_json::Value;
use sstream_testkit::bash::tools;
use sstream_testkit::shell::shell;

/// A sink and its options, and the kind of its node; or what is said where it is refused without `--on-driver`.
const SINKS: &[(&str, &str, &str)] = &[
    ("kafka", "--brokers b --topic t", "each"),
    ("kafka", "--brokers b --topic t --properties f", "--properties is a file of one machine"),
    ("mqtt", "mqtt://b --topic .", "each"),
    ("mqtt", "mqtt://b --topic . --retained", "whole"),
    ("mqtt", "mqtt://b --topic . --client-id me", "whole"),
    ("kinesis", "stream", "each"),
    ("flume", "h:1", "each"),
    ("scribe", "h:1 --category .", "each"),
    ("zeromq", "tcp://h:1", "each"),
    ("zeromq", "--bind \"tcp://*:1\"", "--bind is an address of one machine"),
    ("zeromq", "tcp://h:1 --publish", "begins anew with each batch"),
    ("http", "http://h/", "whole"),
    ("http", "http://h/ --per record", "each"),
    ("http", "http://h/ --per record --method put", "whole"),
    ("redis", "redis://h --command x", "whole"),
    ("postgres", "postgres://u@h/d --table t", "each"),
    ("postgres", "postgres://u@h/d --table t --key k", "whole"),
    ("postgres", "postgres://u@h/d --table t --create", "whole"),
    ("mysql", "mysql://u@h/d --table t", "each"),
    ("mysql", "mysql://u@h/d --sql \"delete from t\"", "whole"),
    ("sqlite", "f --table t", "a file of one machine"),
    ("mongodb", "mongodb://h/d --collection c", "each"),
    ("mongodb", "mongodb://h/d --collection c --id .k", "whole"),
    ("mongodb", "mongodb://h/d --collection c --key k", "whole"),
    ("elasticsearch", "http://h:9200 --index i", "each"),
    ("elasticsearch", "http://h:9200 --index i --id .k", "whole"),
    ("cassandra", "h --table k.t", "whole"),
    ("cassandra", "h --table k.t --id id", "each"),
    ("cassandra", "h --table k.t --id id --create", "whole"),
    ("objects", "s3://b/x", "whole"),
    ("parquet", "out", "a folder of one machine"),
    ("sequencefile", "out", "in a folder of one machine"),
    ("singer", "-- target", "a command of one machine"),
];

#[test]
fn sinks_of_connectors_are_where_their_records_may_go() {
    for (name, options, kind) in SINKS {
        if !tools().join(format!("sstream-sink-{name}")).is_file() {
            continue;
        }
        let line = |more: &str| {
            shell(&format!(
                "sstream-submit {more} --plan 'sstream-source tcp h:1 | sstream-sink --pass {name} {options} | sstream-map .'"
            ))
        };
        let is_refused = !["each", "whole"].contains(kind);
        if is_refused {
            line("").exits(2).says(kind).says("with --on-driver it runs on the driver");
        }
        let ran = line(if is_refused { "--on-driver" } else { "" }).exits(0);
        let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
        let [source, sink, _, _] = &plan["nodes"].as_array().unwrap()[..] else { panic!("{plan}") };
        assert_eq!(sink["kind"], if is_refused { "driver" } else { *kind }, "{name} {options}");
        assert_eq!(sink["of"], serde_json::json!([source["id"]]));
        assert!(sink["holds"].as_str().unwrap().starts_with("each record at least once"), "{sink}");
        assert!(sink["command"].as_str().unwrap().starts_with(&format!("sstream-sink-{name} ")), "{sink}");
    }
}
