//! What is in the file, and what becomes of what the database refuses.

use sstream_testkit::shell::{Folder, Ran};

use crate::is_possible;

const SOURCE: &str = "sstream-source queue batches --batch 1s";

fn write(folder: &Folder, batches: &str, options: &str) -> Ran {
    folder.file("batches", batches);
    folder.run(&format!("{SOURCE} | sstream-sink sqlite db {options}"))
}

fn has(folder: &Folder, sql: &str, printed: &str) {
    folder.run(&format!("sqlite3 db '{sql}'")).exits(0).prints(printed);
}

#[test]
fn columns_are_keys_and_types_those_of_the_first_batch() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let batches = "[{\"i\":1,\"x\":1.5,\"s\":\"it'\\u0027s\\n\",\"b\":true,\"j\":[1,{\"k\":null}]}]\n\
                   [{\"s\":null,\"i\":-9223372036854775808},{\"x\":0.12345678901234567890,\"s\":\"é\"}]\n";
    write(&folder, batches, "--table t --create").exits(0).says_nothing();
    has(
        &folder,
        "select i, x, quote(s), b, j, typeof(i), typeof(x), typeof(b) from t",
        "1|1.5|'it''''s\n'|1|[1,{\"k\":null}]|integer|real|integer\n-9223372036854775808||NULL|||integer|null|null\n\
         |0.12345678901234567890|'é'|||null|text|null\n",
    );
    // A run without a checkpoint leaves nothing of itself.
    has(&folder, "select count(*) from sstream_commits", "0\n");
    has(&folder, "pragma journal_mode", "wal\n");
}

#[test]
fn a_key_replaces_and_told_columns_take_pairs() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let batches = "[[\"a\",1],[\"b\",2],[\"a\",3]]\n[{\"word\":\"b\",\"n\":5,\"other\":0}]\n[]\n";
    write(&folder, batches, "--table 't(word,n)' --create --key word").exits(0).says_nothing();
    has(&folder, "select * from t order by word", "a|3\nb|5\n");
    write(&folder, "[[\"a\",1,2]]\n", "--table 't(word,n)'").exits(4).says("it has 3 values, and there are 2 columns");
    write(&folder, "[\"a\"]\n", "--table t").exits(4).says("NAME(COLUMN");
}

#[test]
fn statements_take_named_parameters() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.run("sqlite3 db 'create table t(word primary key, n); create table log(word)'").exits(0);
    let sql = "--sql 'insert into t values (:word, :n) on conflict do update set n = n + :n' --sql 'insert into log values (:word)'";
    let batches = "[{\"word\":\"a\",\"n\":1},{\"word\":\"a\",\"n\":2}]\n[{\"word\":\"b\"}]\n";
    write(&folder, batches, sql).exits(0).says_nothing();
    has(&folder, "select *, (select count(*) from log) from t", "a|3|3\nb||3\n");
    write(&folder, batches, "--sql 'insert into nowhere values (:word)'").exits(1).says("no such table: nowhere");
}

#[test]
fn a_row_that_is_refused_is_a_bad_record_and_the_others_are_written() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.run("sqlite3 db 'create table t(n integer primary key, x real check(x < 100))'").exits(0);
    let rows: Vec<String> =
        (1..=500).map(|n| format!("{{\"n\":{n},\"x\":{}}}", if n % 100 == 0 { n } else { 1 })).collect();
    let batches = format!(
        "[{{\"n\":1000,\"x\":1}}]\n[{}]\n[{{\"n\":1,\"x\":2}},{{\"n\":2000,\"x\":9007199254740993}},{{\"n\":2001,\"y\":1}},{{\"n\":2002,\"x\":1}}]\n",
        rows.join(",")
    );
    write(&folder, &batches, "--table t").exits(4).says("CHECK constraint failed");
    // Of the batch that failed there is nothing.
    has(&folder, "select count(*), max(n) from t", "1|1000\n");
    folder.run("sqlite3 db 'delete from t'");
    write(&folder, &batches, "--table t --on-error bad").exits(0);
    has(&folder, "select count(*), sum(n <= 500), max(n) from t", "497|495|2002\n");
    let bad = folder.read("bad");
    assert_eq!(bad.lines().count(), 8, "{bad}");
    for says in ["UNIQUE constraint failed", "would lose digits", "no column y", "\"record\":{\"n\":300"] {
        assert!(bad.contains(says), "{says} is not in {bad}");
    }
}

#[test]
fn another_writer_is_waited_for() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.run("sqlite3 db 'pragma journal_mode=wal; create table t(n)'").exits(0);
    folder.file("batches", "[{\"n\":1}]\n");
    let line = format!(
        "(echo 'begin immediate; insert into t values (0);'; echo '.shell touch locked'; sleep 7; echo 'commit;') | sqlite3 db & \
         until [ -e locked ]; do sleep 0.05; done; {SOURCE} | sstream-sink sqlite db --table t"
    );
    folder.run(&line).exits(0);
    has(&folder, "select * from t", "0\n1\n");
}

#[test]
fn what_is_wrong_is_told() {
    if !is_possible() {
        return;
    }
    for (options, code, says) in [
        ("--table nowhere", 1, "there is no table nowhere: make it, or have it made by --create"),
        ("", 2, "--table"),
        ("--table t --sql 'select 1'", 2, "does not go with --sql"),
        ("--table 't(a)' --key b", 2, "--key b is none of the columns"),
        ("--table t --type a=text", 2, "--create"),
        ("--table t --create --type a", 2, "at=timestamptz"),
    ] {
        let ran = write(&Folder::new(), "[{\"n\":1}]\n", options).exits(code);
        assert!(ran.stderr.contains(says), "{says} is not in\n{ran}");
    }
    let folder = Folder::new();
    folder.file("db", "this is no database, by far, whatever it may be called; and it is long enough to be one\n");
    write(&folder, "[{\"n\":1}]\n", "--table t").exits(1).says("file is not a database");
}
