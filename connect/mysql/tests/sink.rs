//! What is in the tables, and what becomes of what the server refuses.

use crate::support::{Server, is_possible};

#[test]
fn columns_types_keys_and_statements() {
    if !is_possible() {
        return;
    }
    let server = Server::start("");
    // Types of the first batch; nothing is lost of any value.
    let batches = "[{\"i\":1,\"x\":1.50,\"s\":\"a'b\\\\c\",\"b\":true,\"j\":[1,{\"k\":\"\\\"\"}]}]\n\
                   [{\"s\":null,\"i\":-9223372036854775808},{\"x\":123456789012345678901234567890.123,\"j\":\"text\",\"s\":\"é🦀\"}]\n";
    server.write(batches, "--table t --create").exits(0).says_nothing();
    assert_eq!(
        server.ask("select i, trim(trailing '0' from x), s, b, j from t"),
        "1|1.5|a'b\\c|1|[1,{\"k\":\"\\\"\"}]\n\
         -9223372036854775808|NULL|NULL|NULL|NULL\n\
         NULL|123456789012345678901234567890.123|é🦀|NULL|\"text\"\n"
    );
    // A run without a checkpoint leaves nothing of itself.
    assert_eq!(server.ask("select count(*) from sstream_commits"), "0\n");

    // A column that no record has gets its default; a time with a zone is that time in UTC.
    server.ask(
        "create table `S t`(id int auto_increment primary key, at datetime(6), zoned timestamp, `Two words` text, n numeric(10,2), bits bit(4))",
    );
    let batches = "[{\"at\":\"2016-07-23T14:00:00.123456+02:00\",\"zoned\":\"2016-07-23 14:00:00\",\"Two words\":\"x\",\"n\":1.25,\"bits\":5}]\n";
    server.write(batches, "--table 'app.S t'").exits(0).says_nothing();
    assert_eq!(
        server.ask("set time_zone='+01:00'; select id, at, zoned, `Two words`, n, bits + 0 from `S t`"),
        "1|2016-07-23 12:00:00.123456|2016-07-23 15:00:00|x|1.25|5\n"
    );

    // Rows with a key that is there get the other values; of several in a batch the last counts.
    // Keys that differ in case, or in a space behind them, differ.
    let batches = "[[\"a\",1],[\"b\",2],[\"a\",3],[\"A\",7],[\"a \",8]]\n[{\"word\":\"b\",\"n\":5,\"other\":0}]\n[]\n[[\"c\",null]]\n";
    server.write(batches, "--table 'u(word,n)' --create --key word --type n=int").exits(0).says_nothing();
    assert_eq!(
        server.ask("select concat('<', word, '>'), n from u order by word"),
        "<A>|7\n<a>|3\n<a >|8\n<b>|5\n<c>|NULL\n"
    );
    server.write("[[\"c\"],[\"d\"]]\n", "--table 'u(word)' --key word").exits(0).says_nothing();
    assert_eq!(server.ask("select count(*) from u"), "6\n");

    server.ask("create table v(word varchar(9) primary key, n int, j json); create table log(word text)");
    let sql = "--sql 'insert into v values (:word, :n, :j) on duplicate key update n = n + :n' --sql 'insert into log values (:word)' --sql 'update v set j = null where word = \":no\"'";
    let batches = "[{\"word\":\"a\",\"n\":1,\"j\":[1]},{\"word\":\"a\",\"n\":2}]\n[{\"word\":\"b\"}]\n";
    server.write(batches, sql).exits(0).says_nothing();
    assert_eq!(server.ask("select v.*, (select count(*) from log) from v"), "a|3|[1]|3\nb|NULL|NULL|3\n");

    server.ask("create table old(n int) engine = myisam");
    for (options, says) in [
        ("--table nowhere", "there is no table nowhere: make it, or have it made by --create"),
        ("--table old", "the table old is kept by MyISAM, which has no transactions: alter table old engine = innodb"),
        ("--table log --key word", "the table log has no unique key of --key word"),
        ("--sql 'insert into nowhere values (:a)'", "'app.nowhere' doesn't exist"),
        ("--sql 'selct :a'", "error in your SQL syntax"),
    ] {
        server.write("[{\"word\":1}]\n", options).exits(1).says(says);
    }
}

#[test]
fn a_row_that_is_refused_is_a_bad_record_and_the_others_are_written() {
    if !is_possible() {
        return;
    }
    let server = Server::start("");
    server.ask(
        "create table t(n integer primary key, x integer check(x < 100), of integer, s varchar(3), j json, \
         constraint f foreign key (of) references t(n)) engine = innodb",
    );
    let rows: Vec<String> =
        (1..=500).map(|n| format!("{{\"n\":{n},\"x\":{}}}", if n % 100 == 0 { n } else { 1 })).collect();
    let batches = format!(
        "[{{\"n\":1000,\"x\":1}}]\n[{}]\n[{{\"n\":1,\"x\":2}},{{\"n\":2000,\"x\":\"many\"}},{{\"n\":2001,\"y\":1}},7,{{\"n\":2002,\"x\":1.5}},\
         {{\"n\":2003,\"of\":4000}},{{\"n\":2004,\"of\":1000}},{{\"n\":2005,\"s\":\"four\"}},{{\"n\":2006,\"of\":2004}}]\n",
        rows.join(",")
    );
    server.write(&batches, "--table t").exits(4).says("CONSTRAINT");
    // Of the batch that failed there is nothing.
    assert_eq!(server.ask("select count(*), max(n) from t"), "1|1000\n");
    for options in ["--table t", "--table t --key n"] {
        server.ask("delete from t order by n desc");
        server.folder.file("bad", "");
        server.write(&batches, &format!("{options} --on-error bad")).exits(0);
        assert_eq!(server.ask("select count(*), sum(n <= 500), max(n) from t"), "498|495|2006\n", "{options}");
        let bad = server.folder.read("bad");
        for says in [
            "Incorrect integer value: 'many'",
            "no column y",
            "it is no object",
            "column x: 1.5 is no whole number",
            "foreign key constraint fails",
            "Data too long for column",
            "\"record\":{\"n\":300",
        ] {
            assert!(bad.contains(says), "{says} is not in {bad}");
        }
        // With a key the row of 1 is not there twice.
        assert_eq!(bad.lines().count(), if options.contains("key") { 11 } else { 12 }, "{bad}");
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
    assert!(stranger.stderr.contains("ertificate") && stranger.stderr.contains("--ca"), "{stranger}");
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
    assert!(refused.stderr.contains("Access denied") && !refused.stderr.contains("wrong"), "{refused}");
}

#[test]
fn conflicts_are_tried_again() {
    if !is_possible() {
        return;
    }
    let server = Server::start("");
    server.ask("create table t(id int primary key, n int); insert into t values (1, 0), (2, 0)");
    // Two rows in one order and in the other: deadlocks.
    server.folder.file("ab", "[{\"id\":1},{\"id\":2}]\n".repeat(40)).file("ba", "[{\"id\":2},{\"id\":1}]\n".repeat(40));
    let sink = server.sink("--retry 1000 --sql 'update t set n = n + 1 where id = :id'");
    let line = format!("for way in ab ba ab; do sstream-source queue $way --batch 1s | {sink} & done; wait");
    server.folder.run(&line).exits(0).says_nothing();
    assert_eq!(server.ask("select n from t"), "120\n120\n");
}
