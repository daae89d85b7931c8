//! What a real server has, and what becomes of what it refuses.

use std::time::Duration;

use clap::Parser as _;
use sstream::connect::{BatchTime, Block, SinkKind as _, Under, testing};
use sstream_testkit::pipeline::Pipeline;
use sstream_testkit::wait_until;

use crate::server::{Line, Server, is_possible};

/// Sinks that die after each part of a batch, and give it once more: all is there, in its first version; and what others have
/// written since stays.
#[test]
fn a_batch_that_comes_again_changes_nothing() {
    if !is_possible() {
        return;
    }
    let server = Server::shared("again");
    server.ask("CREATE TABLE KS.t (id text PRIMARY KEY, n int, seen boolean)", "r");
    let under = Under { job: "0123", stage: "a.01-sink", resume: BatchTime(0), notes: &[] };
    let records: String = (1..=5).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let (host, password) = (format!("127.0.0.1:{}", server.port), server.folder.path("password"));
    let words = ["sink", &host, "--user", "cassandra", "--password-file", password.to_str().unwrap()];
    for (time, given) in [(1000, 2), (1000, 5), (1000, 5), (2000, 3), (2000, 5)] {
        let args = Line::parse_from([&words[..], &["--table", "again.t", "--id", "id"]].concat()).args;
        let mut sink = args.open(testing::sink_parts()).unwrap();
        assert_eq!(sink.begin(&under).unwrap(), None);
        let bytes = &records.as_bytes()[..given * b"{\"n\":1}\n".len()];
        sink.block(Block { time: BatchTime(time), records: given as u64, bytes }).unwrap();
        sink.end(BatchTime(time), given as u64).unwrap();
        server.ask("UPDATE KS.t SET n = 0, seen = true WHERE id = '0123-a.01-sink-1000-2'", "r");
    }
    let found = server.ask("SELECT id, n, seen, writetime(n) AS at FROM KS.t", "[r.id, r.n, r.seen, r.seen or r.at]");
    let row = |time: u64, n: u64| match (time, n) {
        (1000, 2) => "[\"0123-a.01-sink-1000-2\", 0, true, true]\n".to_owned(),
        _ => format!("[\"0123-a.01-sink-{time}-{n}\", {n}, null, {}]\n", time * 1000),
    };
    let expected: Vec<String> = [1000, 2000].iter().flat_map(|time| (1..=5).map(|n| row(*time, n))).collect();
    assert_eq!(found, expected.concat());
}

/// Each value is what the driver reads, and none has lost a digit.
#[test]
fn values_of_every_type() {
    if !is_possible() {
        return;
    }
    let server = Server::shared("types");
    server.ask(
        "CREATE TYPE KS.place (x double, name text);\n\
         CREATE TABLE KS.t (k int PRIMARY KEY, \"As\" ascii, bi bigint, bl blob, bo boolean, da date, de decimal, \"do\" double, \
         fl float, inet4 inet, inet6 inet, li list<int>, ma map<text, frozen<list<bigint>>>, se set<timestamp>, si smallint, te text, ti time, \
         ts timestamp, tu tuple<int, text>, tim timeuuid, tiny tinyint, ud frozen<place>, uu uuid, va varint, ve vector<float, 3>, du duration)",
        "r",
    );
    let batch = concat!(
        r#"[{"k":1,"As":"az","bi":-9223372036854775808,"bl":"0x00ff","bo":true,"da":"1969-12-31","de":12345678901234567890.10,"#,
        r#""do":0.1,"fl":0.1,"inet4":"127.0.0.1","inet6":"::1","li":[3,1,3],"ma":{"é":[1,2],"":[]},"se":[0,1000],"si":-32768,"#,
        r#""te":"é\u0000\"","ti":"14:11:50.123456789","ts":"2016-07-23T14:11:50.123Z","tu":[7,null],"#,
        r#""tim":"50554d6e-29bb-11e5-b345-feff819cdc9f","tiny":-128,"ud":{"name":"home","x":1.5},"#,
        r#""uu":"00112233-4455-6677-8899-aabbccddeeff","va":123456789012345678901234567890,"ve":[0.5,1,-2]}]"#
    );
    server.write(&format!("{batch}\n"), "--table KS.t").exits(0).says_nothing();
    let found = server.ask("SELECT * FROM KS.t", "[[k, str(v)] for k, v in r._asdict().items()]");
    let parts = [
        "[\"k\", \"1\"]",
        "\"az\"]",
        "[\"bi\", \"-9223372036854775808\"]",
        "[\"bl\", \"b'\\\\x00\\\\xff'\"]",
        "[\"bo\", \"True\"]",
        "[\"da\", \"1969-12-31\"]",
        "[\"de\", \"12345678901234567890.10\"]",
        "[\"do\", \"0.1\"]",
        "[\"fl\", \"0.10000000149011612\"]",
        "[\"inet4\", \"127.0.0.1\"]",
        "[\"inet6\", \"::1\"]",
        "[\"li\", \"[3, 1, 3]\"]",
        "[\"ma\", \"{'': [], '\\u00e9': [1, 2]}\"]",
        "datetime.datetime(1970, 1, 1, 0, 0), datetime.datetime(1970, 1, 1, 0, 0, 1)",
        "[\"si\", \"-32768\"]",
        "[\"te\", \"\\u00e9\\u0000\\\"\"]",
        "[\"ti\", \"14:11:50.123456789\"]",
        "[\"ts\", \"2016-07-23 14:11:50.123000\"]",
        "[\"tu\", \"(7, None)\"]",
        "[\"tim\", \"50554d6e-29bb-11e5-b345-feff819cdc9f\"]",
        "[\"tiny\", \"-128\"]",
        "place(x=1.5, name='home')",
        "[\"uu\", \"00112233-4455-6677-8899-aabbccddeeff\"]",
        "[\"va\", \"123456789012345678901234567890\"]",
        "[\"ve\", \"[0.5, 1.0, -2.0]\"]",
        "[\"du\", \"None\"]",
    ];
    for part in parts {
        assert!(found.contains(part), "{part} is not in {found}");
    }
    // What does not fit is told, with the column.
    let bad = "[{\"k\":2,\"tiny\":128},{\"k\":2,\"du\":\"1h\"},{\"k\":2,\"zz\":1},{\"bo\":true},{\"k\":3}]\n";
    server.write(bad, "--table KS.t --on-error bad").exits(0);
    let said = server.folder.read("bad");
    for says in ["tiny: 128 is no tinyint", "du: values of duration", "no column \\\"zz\\\"", "there is no k"] {
        assert!(said.contains(says), "{says} is not in {said}");
    }
    assert_eq!(server.ask("SELECT k FROM KS.t", "r.k"), "1\n3\n");
}

#[test]
fn tables_that_are_made_and_rows_by_their_key() {
    if !is_possible() {
        return;
    }
    let server = Server::shared("made");
    let batches = "[[\"a\",1,0.5],[\"b\",2,3]]\n[[\"a\",null,null]]\n[]\n[[\"a\",7]]\n";
    let row = "--row '{word: .[0], n: .[1], share: .[2], at: $time, ok: true, more: [.[0]]} | \
               if .share == null then del(.share) else . end'";
    let options = format!("{row} --table KS.Words --create --key '(word,ok),at' --type at=timestamp --ttl 30d");
    server.write(batches, &options).exits(0).says_nothing();
    let found = server.ask(
        "SELECT word, n, share, at, ok, more, ttl(more) AS t FROM KS.\"Words\"",
        "[r.word, r.n, str(r.share), str(r.at), r.ok, r.more, 2591000 < r.t <= 2592000]",
    );
    assert_eq!(
        found,
        "[\"a\", 1, \"0.5\", \"1970-01-01 00:00:01\", true, \"[\\\"a\\\"]\", true]\n\
         [\"a\", 7, \"None\", \"1970-01-01 00:00:04\", true, \"[\\\"a\\\"]\", true]\n\
         [\"a\", null, \"None\", \"1970-01-01 00:00:02\", true, \"[\\\"a\\\"]\", true]\n\
         [\"b\", 2, \"3\", \"1970-01-01 00:00:01\", true, \"[\\\"b\\\"]\", true]\n"
    );
    let keys = "SELECT column_name, kind, position, type FROM system_schema.columns WHERE keyspace_name = 'KS' AND table_name = 'Words'";
    let keys = server.ask(keys, "[r.kind, r.position, r.column_name, r.type]");
    for part in ["[\"clustering\", 0, \"at\", \"timestamp\"]", "\"n\", \"bigint\"]", "\"share\", \"decimal\"]"] {
        assert!(keys.contains(part), "{keys}");
    }

    // A value that is null is deleted, and one that is not there stays.
    let batches = "[{\"k\":\"x\",\"a\":1,\"b\":1}]\n[{\"k\":\"x\",\"a\":null},{\"k\":\"y\",\"b\":5}]\n";
    server.write(batches, "--table KS.parts --create --key k").exits(0).says_nothing();
    let found = server.ask("SELECT k, a, b FROM KS.parts", "r");
    assert_eq!(found, "[\"x\", null, 1]\n[\"y\", null, 5]\n");

    // Rows that have no key get one, and a first batch without rows makes no table.
    let batches = "[]\n[\"l\"]\n[[\"l\"],[\"m\"]]\n";
    server.write(batches, "--table 'KS.log(line)' --id id --create").exits(0).says_nothing();
    let found = server.ask("SELECT id, line FROM KS.log", "[r.id[-7:], r.line]");
    assert_eq!(found, "[\"-2000-1\", \"l\"]\n[\"-3000-1\", \"l\"]\n[\"-3000-2\", \"m\"]\n");
    let plain = server.write("[1]\n[{\"k\":1}]\n", "--table KS.late --create --key k --on-error late").exits(0);
    assert_eq!(server.ask("SELECT k FROM KS.late", "r.k"), "1\n", "{plain}");
    assert_eq!(server.folder.read("late").lines().count(), 1);
}

/// What a server refuses alone, in the middle of a partition.
#[test]
fn a_row_that_is_refused_is_a_bad_record_and_the_others_are_written() {
    if !is_possible() {
        return;
    }
    let server = Server::shared("bad");
    server.ask("CREATE TABLE KS.t (p text, c text, v text, PRIMARY KEY (p, c))", "r");
    let (long, large) = ("c".repeat(70_000), "v".repeat(3 << 20));
    let record = |p: &str, c: &str, v: &str| format!("{{\"p\":\"{p}\",\"c\":\"{c}\",\"v\":\"{v}\"}}");
    let mut records: Vec<String> = (0..20).map(|n| record("a", &format!("{n:02}"), "fine")).collect();
    records.insert(3, record("a", &long, "long"));
    records.insert(11, record("a", "large", &large));
    records.insert(17, record("", "c", "no key"));
    records.insert(18, record(&long, "c", "long key"));
    server.write(&format!("[{}]\n", records.join(",")), "--table KS.t --on-error bad --max-line 20MB").exits(0);
    let expected: String = (0..20).map(|n| format!("[\"a\", \"{n:02}\"]\n")).collect();
    assert_eq!(server.ask("SELECT p, c FROM KS.t", "r"), expected);
    let bad = server.folder.read("bad");
    assert_eq!(bad.lines().count(), 4);
    for says in ["Key may not be empty", "longer than maximum of 65535", "oversized mutation"] {
        assert!(bad.contains(says), "{says}");
    }
}

#[test]
fn statements_of_the_users_own() {
    if !is_possible() {
        return;
    }
    let server = Server::shared("cql");
    server.ask(
        "CREATE TABLE KS.t (k text PRIMARY KEY, n int, tags set<text>);\nCREATE TABLE KS.c (k text PRIMARY KEY, n counter)",
        "r",
    );
    let batches = "[{\"k\":\"x\",\"n\":1,\"tags\":[\"a\"]},{\"k\":\"x\",\"n\":2,\"tags\":[\"b\"]},{\"k\":\"y\",\"n\":3}]\n\
                   [{\"k\":\"x\",\"n\":9,\"tags\":[\"c\"],\"other\":1},[5,[\"d\"],\"z\"]]\n";
    let update = "--cql 'UPDATE KS.t SET n = :n, tags = tags + :tags WHERE k = :k'";
    server.write(batches, update).exits(0).says_nothing();
    let all = || server.ask("SELECT k, n, tags FROM KS.t", "[r.k, r.n, sorted(r.tags or [])]");
    assert_eq!(all(), "[\"x\", 9, [\"a\", \"b\", \"c\"]]\n[\"y\", 3, []]\n[\"z\", 5, [\"d\"]]\n");
    // With names of their own parameters tell no more than the partition: the last one wins all the same.
    let named = "--cql 'INSERT INTO KS.t (k, n) VALUES (:name, :count)'";
    let rows = (1..=50).map(|n| format!("{{\"name\":\"w\",\"count\":{}}}", 1000 - n)).collect::<Vec<_>>().join(",");
    server.write(&format!("[]\n[]\n[{rows}]\n"), named).exits(0).says_nothing();
    assert_eq!(server.ask("SELECT n FROM KS.t WHERE k = 'w'", "r.n"), "950\n");
    server
        .write("[]\n[]\n[]\n[{\"k\":\"w\"},{\"k\":\"y\"}]\n", "--cql 'DELETE FROM KS.t WHERE k = :k'")
        .exits(0)
        .says_nothing();
    // The first one wins.
    let first = "--cql 'INSERT INTO KS.t (k, n) VALUES (:k, :n) IF NOT EXISTS'";
    server
        .write("[{\"k\":\"x\",\"n\":0},{\"k\":\"v\",\"n\":1},{\"k\":\"v\",\"n\":2}]\n", first)
        .exits(0)
        .says_nothing();
    assert_eq!(all(), "[\"v\", 1, []]\n[\"x\", 9, [\"a\", \"b\", \"c\"]]\n[\"z\", 5, [\"d\"]]\n");

    let counts = "--cql 'UPDATE KS.c SET n = n + :n WHERE k = :k'";
    let batches = "[{\"k\":\"x\",\"n\":1},{\"k\":\"x\",\"n\":2},{\"k\":\"y\",\"n\":3}]\n[{\"k\":\"x\",\"n\":4}]\n";
    let refused = server.write(batches, &format!("{counts} --on-error skip")).exits(1);
    assert!(refused.stderr.contains("--counter says that this may be"), "{refused}");
    server.write(batches, &format!("{counts} --counter")).exits(0).says_nothing();
    assert_eq!(server.ask("SELECT k, n FROM KS.c", "r"), "[\"x\", 7]\n[\"y\", 3]\n");
    let none = server.write(batches, &format!("{update} --counter")).exits(1);
    assert!(none.stderr.contains("leave it out"), "{none}");
}

#[test]
fn many_rows_of_one_partition_and_of_many() {
    if !is_possible() {
        return;
    }
    let server = Server::shared("many");
    server.ask(
        "CREATE TABLE KS.wide (p int, c int, v int, PRIMARY KEY (p, c));\nCREATE TABLE KS.flat (k int PRIMARY KEY, v int)",
        "r",
    );
    let words = server.words();
    for (table, row) in [("wide", "{p: (. % 3), c: ., v: .}"), ("flat", "{k: ., v: .}")] {
        let line = format!("seq 20000 | sstream-sink cassandra {words} --table many.{table} --row 'tonumber | {row}'");
        server.folder.run(&line).exits(0).says_nothing();
        assert_eq!(server.ask(&format!("SELECT count(*), sum(v) FROM KS.{table}"), "r"), "[20000, 200010000]\n");
    }
}

#[test]
fn what_does_not_pass_ends_the_stage_and_says_what_to_do() {
    if !is_possible() {
        return;
    }
    let server = Server::shared("wrong");
    server.ask("CREATE TABLE KS.t (k text PRIMARY KEY, n int)", "r");
    server.folder.file("other", "hunter3\n");
    let host = format!("127.0.0.1:{}", server.port);
    for (words, options, says) in [
        (server.words(), "--table KS.none", "there is no table wrong.none: --create makes one"),
        (server.words(), "--table none.t --create --key k", "none"),
        (server.words(), "--table 'KS.t(k,zz)'", "zz"),
        (server.words(), "--table 'KS.t(n)'", "k"),
        (server.words(), "--table KS.u --create --key z", "--key z: no record of the first batch has it"),
        (server.words(), "--cql 'INSERT INTO KS.t (k) VALUES (:k'", "expecting ')'"),
        (format!("{host} --user cassandra --password-file other"), "--table KS.t", "see --user and --password-file"),
        (host.clone(), "--table KS.t", "it lets nobody in without a login"),
    ] {
        let ran = server.write_to(&words, "[{\"k\":\"x\",\"n\":1}]\n", &format!("{options} --on-error skip")).exits(1);
        assert!(ran.stderr.contains(says) && !ran.stderr.contains("hunter"), "{says} is not in {ran}");
    }
    assert_eq!(server.ask("SELECT * FROM KS.t", "r"), "");
    // By TLS, under the name that the certificate has.
    let words = server.words().replace("127.0.0.1", "localhost");
    server.write_to(&format!("{words} --tls --ca ca.pem"), "[{\"k\":\"x\"}]\n", "--table KS.t").exits(0).says_nothing();
    assert_eq!(server.ask("SELECT k FROM KS.t", "r.k"), "\"x\"\n");
}

/// A table that gets another column makes servers forget what was prepared for it.
#[test]
fn a_table_that_is_changed_meanwhile() {
    if !is_possible() {
        return;
    }
    let server = Server::shared("changed");
    server.ask("CREATE TABLE KS.t (k int PRIMARY KEY, n int)", "r");
    let folder = &server.folder;
    let line = format!(
        "(seq 20; while [ ! -e changed ]; do sleep 0.1; done; seq 21 40) | sstream-sink cassandra {} \
         --table changed.t --row '{{k: tonumber, n: 1}}' --batch 100ms && touch over",
        server.words()
    );
    let pipeline = Pipeline::start(&folder.path(""), &line, &folder.path("err"));
    wait_until("it has begun", Duration::from_secs(30), || server.count("SELECT count(*) FROM KS.t") == 20);
    server.ask("ALTER TABLE KS.t ADD more text", "r");
    folder.file("changed", "");
    wait_until("all is written", Duration::from_secs(60), || folder.path("over").exists());
    drop(pipeline);
    assert_eq!(server.count("SELECT count(*) FROM KS.t"), 40);
}
