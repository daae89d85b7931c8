//! What is in the tables, and what becomes of what the server refuses.

use crate::support::{Server, is_possible};

#[test]
fn columns_types_keys_and_statements() {
    if !is_possible() {
        return;
    }
    let server = Server::start("");
    // Types of the first batch; nothing is lost of any value.
    let batches = "[{\"i\":1,\"x\":1.50,\"s\":\"a\\tb\\\\c\\n\",\"b\":true,\"j\":[1,{\"k\":\"\\\"\"}]}]\n\
                   [{\"s\":null,\"i\":-9223372036854775808},{\"x\":123456789012345678901234567890.123,\"j\":\"text\",\"s\":\"é\"}]\n";
    server.write(batches, "--table t --create").exits(0).says_nothing();
    assert_eq!(
        server.ask("select i, x, to_json(s), b, j, pg_typeof(i), pg_typeof(x), pg_typeof(b), pg_typeof(j) from t"),
        "1|1.50|\"a\\tb\\\\c\\n\"|t|[1, {\"k\": \"\\\"\"}]|bigint|numeric|boolean|jsonb\n\
         -9223372036854775808|||||bigint|numeric|boolean|jsonb\n\
         |123456789012345678901234567890.123|\"é\"||\"text\"|bigint|numeric|boolean|jsonb\n"
    );
    // A run without a checkpoint leaves nothing of itself.
    assert_eq!(server.ask("select count(*) from sstream_commits"), "0\n");

    // A column that no record has gets its default.
    server.ask("create table \"S t\"(id serial, at timestamptz, \"Two words\" text, n numeric(10,2))");
    let batches = "[{\"at\":\"2016-07-23T14:00:00.123456+02:00\",\"Two words\":\"x\",\"n\":1.25}]\n";
    server.write(batches, "--table 'public.S t'").exits(0).says_nothing();
    assert_eq!(
        server.ask("select id, at at time zone 'utc', \"Two words\", n from \"S t\""),
        "1|2016-07-23 12:00:00.123456|x|1.25\n"
    );

    // Rows with a key that is there get the other values; of several in a batch the last counts.
    let batches = "[[\"a\",1],[\"b\",2],[\"a\",3]]\n[{\"word\":\"b\",\"n\":5,\"other\":0}]\n[]\n[[\"c\",null]]\n";
    server.write(batches, "--table 'u(word,n)' --create --key word --type n=numeric").exits(0).says_nothing();
    assert_eq!(server.ask("select * from u order by word"), "a|3\nb|5\nc|\n");

    server.ask("create table v(word text primary key, n int, j jsonb); create table log(word text)");
    let sql = "--sql 'insert into v values (:word, :n::int, :j) on conflict (word) do update set n = v.n + :n' --sql 'insert into log values (:word)'";
    let batches = "[{\"word\":\"a\",\"n\":1,\"j\":\"s\"},{\"word\":\"a\",\"n\":2}]\n[{\"word\":\"b\"}]\n";
    server.write(batches, sql).exits(0).says_nothing();
    assert_eq!(server.ask("select *, (select count(*) from log) from v"), "a|3|\"s\"|3\nb|||3\n");

    for (options, says) in [
        ("--table nowhere", "there is no table nowhere: make it, or have it made by --create"),
        ("--sql 'insert into nowhere values (:a)'", "relation \"nowhere\" does not exist"),
        ("--sql 'selct :a'", "syntax error"),
    ] {
        server.write("[{\"a\":1}]\n", options).exits(1).says(says);
    }
}

#[test]
fn a_row_that_is_refused_is_a_bad_record_and_the_others_are_written() {
    if !is_possible() {
        return;
    }
    let server = Server::start("");
    server.ask("create table t(n integer primary key, x integer check(x < 100), of integer references t deferrable initially deferred)");
    let rows: Vec<String> =
        (1..=500).map(|n| format!("{{\"n\":{n},\"x\":{}}}", if n % 100 == 0 { n } else { 1 })).collect();
    let batches = format!(
        "[{{\"n\":1000,\"x\":1}}]\n[{}]\n[{{\"n\":1,\"x\":2}},{{\"n\":2000,\"x\":\"many\"}},{{\"n\":2001,\"y\":1}},7,{{\"n\":2002,\"x\":1.5}},\
         {{\"n\":2003,\"x\":1,\"of\":4000}},{{\"n\":2004,\"x\":1,\"of\":2005}},{{\"n\":2005,\"x\":1,\"of\":1000}}]\n",
        rows.join(",")
    );
    server.write(&batches, "--table t").exits(4).says("violates check constraint");
    // Of the batch that failed there is nothing.
    assert_eq!(server.ask("select count(*), max(n) from t"), "1|1000\n");
    server.ask("delete from t");
    for options in ["--table t", "--table t --key n"] {
        server.ask("delete from t");
        server.folder.file("bad", "");
        server.write(&batches, &format!("{options} --on-error bad")).exits(0);
        assert_eq!(
            server.ask("select count(*), count(*) filter (where n <= 500), max(n) from t"),
            "498|495|2005\n",
            "{options}"
        );
        let bad = server.folder.read("bad");
        for says in [
            "invalid input syntax for type integer: \\\"many\\\"",
            "no column y",
            "it is no object",
            "is not present in table",
            "\"record\":{\"n\":300",
        ] {
            assert!(bad.contains(says), "{says} is not in {bad}");
        }
        // With a key the row of 1 is not there twice.
        assert_eq!(bad.lines().count(), if options.contains("key") { 10 } else { 11 }, "{bad}");
    }
}

#[test]
fn tls_and_secrets() {
    if !is_possible() {
        return;
    }
    let server = Server::start("ssl");
    let batches = "[{\"n\":1}]\n";
    let stranger = server.write(batches, "--table t --create").exits(1);
    assert!(stranger.stderr.contains("certificate") && stranger.stderr.contains("--ca"), "{stranger}");
    server.folder.file("checked", "");
    server.folder.file("batches", batches);
    let line = format!(
        "sstream-source queue batches --checkpoint ck --batch 1s | {} --verbose; grep -r hunter2 ck && exit 9; exit 0",
        server.sink("--ca ca.pem --table t --create")
    );
    let ran = server.folder.run(&line).exits(0);
    assert!(!ran.stderr.contains("hunter2"), "{ran}");
    assert_eq!(server.ask("select * from t"), "1\n");
    server.folder.file("pw", "wrong\n");
    let refused = server.write(batches, "--ca ca.pem --table t").exits(1);
    assert!(
        refused.stderr.contains("password authentication failed") && !refused.stderr.contains("wrong"),
        "{refused}"
    );
}

#[test]
fn conflicts_are_tried_again() {
    if !is_possible() {
        return;
    }
    let server = Server::start("");
    server.ask(
        "create table t(id int primary key, n int); insert into t values (1, 0); \
                alter role app set default_transaction_isolation = 'repeatable read'",
    );
    server.folder.file("batches", "[{\"n\":1},{\"n\":1}]\n".repeat(40));
    let sink = server.sink("--retry 1000 --sql 'update t set n = n + :n where id = 1'");
    let line = format!("for i in 1 2 3; do sstream-source queue batches --batch 1s | {sink} & done; wait");
    server.folder.run(&line).exits(0).says_nothing();
    assert_eq!(server.ask("select n from t"), "240\n");
}
