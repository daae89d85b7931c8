//! What queries answer. `cases.jsonl` has what SQLite says of an ordinary table.

use serde_json::Value;
use sstream_testkit::shell::{Ran, Shell, shell};

const CASES: &str = include_str!("cases.jsonl");

/// A query on these batches.
fn ask(query: &str, batches: &str, options: &str) -> Ran {
    let line = format!("sstream-source queue batches --no-trace | sstream-sql \"$(cat query)\" {options}");
    Shell::new(&line).file("batches", batches).file("query", query).run()
}

/// Numbers are equal by value: 3.0 is 3.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, v), (l, w))| k == l && same(v, w))
        }
        _ => a == b,
    }
}

#[test]
fn sqlite_answers_the_same_of_an_ordinary_table() {
    let (batch, cases) = CASES.split_once('\n').unwrap();
    for case in cases.lines() {
        let case: Value = serde_json::from_str(case).unwrap();
        let query = case["query"].as_str().unwrap();
        let ran = ask(query, batch, "--output json").exits(0).says_nothing();
        let rows: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let expected = case["rows"].as_array().unwrap();
        let is_same = rows.len() == expected.len() && rows.iter().zip(expected).all(|(a, b)| same(a, b));
        assert!(is_same, "{query}: expected {expected:?}\n{ran}");
    }
}

#[test]
fn what_a_query_passes_on_is_as_it_was() {
    let batch = r#"[{"n":1.50,"id":12345678901234567890123,"user":{"a":[1,"x"]},"ok":true,"t":"{\"a\":1}"},{"n":1.0,"id":-7,"user":[],"ok":null,"t":"5"}]"#;
    ask("select n, id, user, ok, t from batch", batch, "--output json").exits(0).prints(
        "{\"n\":1.50,\"id\":12345678901234567890123,\"user\":{\"a\":[1,\"x\"]},\"ok\":true,\"t\":\"{\\\"a\\\":1}\"}\n\
         {\"n\":1.0,\"id\":-7,\"user\":[],\"ok\":null,\"t\":\"5\"}\n",
    );
    ask("select record from batch where id < 0", batch, "--output json")
        .exits(0)
        .prints("{\"record\":{\"n\":1.0,\"id\":-7,\"user\":[],\"ok\":null,\"t\":\"5\"}}\n");
    ask("select user ->> '$.a[1]' as a, n + 1 as m, ok + 1 as o from batch limit 1", batch, "--output json")
        .exits(0)
        .prints("{\"a\":\"x\",\"m\":2.5,\"o\":2}\n");
}

#[test]
fn pairs_and_plain_values_have_columns_of_their_own() {
    ask("select key, value, batch_time as t from batch", "[[\"a\",1],\"line\",7,[1,2,3]]", "--output json")
        .exits(0)
        .prints(
            "{\"key\":\"a\",\"value\":1,\"t\":1000}\n{\"key\":null,\"value\":\"line\",\"t\":1000}\n\
             {\"key\":null,\"value\":7,\"t\":1000}\n{\"key\":null,\"value\":[1,2,3],\"t\":1000}\n",
        );
}

#[test]
fn a_new_key_is_a_new_column_and_an_empty_batch_is_asked_too() {
    let batches = "[{\"a\":1}]\n[]\n[{\"b\":2}]";
    ask("select * from batch", batches, "").exits(0).prints(
        "{\"sstream\":1,\"interval\":1000,\"stages\":[\"source queue batches --no-trace\",\"sql 'select * from batch'\"]}\n\
         {\"batch\":1000,\"records\":1,\"bytes\":8}\n{\"a\":1}\n{\"end\":1000,\"records\":1}\n{\"end\":2000,\"records\":0}\n\
         {\"batch\":3000,\"records\":1,\"bytes\":17}\n{\"a\":null,\"b\":2}\n{\"end\":3000,\"records\":1}\n{\"close\":\"eof\"}\n",
    );
    ask("select count(*) as n, sum(a) as s from batch", "[]\n[{\"a\":5}]", "--output json")
        .exits(0)
        .prints("{\"n\":0,\"s\":null}\n{\"n\":1,\"s\":5}\n");
    ask("select * from batch", "[{\"b\":1,\"c\":2}]", "--fields a,b --output json")
        .exits(0)
        .prints("{\"a\":null,\"b\":1}\n");
}

#[test]
fn a_column_that_no_record_has_is_told_with_those_there_are() {
    let batches = "[]\n[{\"level\":\"x\",\"n\":1}]";
    for query in ["select levl from batch", "select b.levl from batch b", "select *, levl from batch"] {
        ask(query, batches, "--output json")
            .exits(4)
            .says("no such column: levl: did you mean level? there are level, n");
    }
    ask("select levl from batch", "[]", "--fields level,n --output json").exits(2).says("did you mean level?");
    ask("select \"user.id\" as u from batch", "[{\"user.id\":5}]", "--output json").exits(0).prints("{\"u\":5}\n");
}

#[test]
fn a_wrong_query_is_told_before_the_first_batch() {
    for (query, says) in [
        ("selec 1", "QUERY: near \"selec\": syntax error, at character 1: selec 1"),
        ("select level\nfrom batch wher x", "syntax error, at line 2, character 17: x"),
        ("select foo(a) from batch", "no such function: foo, at character 8"),
        ("select a from nosuch", "no such table: nosuch"),
        ("select a as x, b as x from batch", "two columns of the result are called x"),
        ("select 1; select 2", "one query"),
        ("select ?", "a parameter"),
        ("explain select 1", "this is no query"),
        ("", "SQL is empty"),
        ("attach 'x' as y", "ATTACH, DETACH and VACUUM are refused"),
        ("select load_extension('x')", "load_extension is refused"),
        ("pragma user_version", "PRAGMA is refused"),
        ("delete from batch", "batch may not be modified"),
        ("create table t(a)", "statements that change something are refused"),
        ("begin", "transactions are refused"),
        ("select writefile('x', 'y')", "no such function: writefile"),
    ] {
        ask(query, "[]", "--output json").exits(2).says(says);
    }
}

#[test]
fn a_batch_whose_query_fails_is_set_aside() {
    let batches = "[{\"n\":-9223372036854775808},{\"n\":1}]\n[{\"n\":1},{\"n\":2}]";
    let query = "select sum(abs(n)) as s from batch";
    ask(query, batches, "--output json").exits(4).says("its batch: integer overflow");
    let ran = ask(query, batches, "--output json --on-error bad").exits(0);
    assert_eq!(ran.stdout, "{\"s\":3}\n", "{ran}");
    let bad = ran.folder.read("bad");
    assert_eq!((bad.lines().count(), bad.matches("its batch: integer overflow").count()), (2, 2), "{bad}");
    ask("select n, x'00' as b from batch", "[{\"n\":1}]", "--output json").exits(4).says("column b is a BLOB");
    ask("select 9e999 as i", "[]", "--output json").exits(4).says("column i is infinite");
}

#[test]
fn a_query_without_an_end_is_stopped() {
    let query = "with recursive r(x) as (select 1 union all select x + 1 from r) select count(*) as n from r";
    ask(query, "[]", "--query-timeout 50ms --output json").exits(4).says("longer than --query-timeout allows");
}

#[test]
fn raw_lines_are_a_first_stage_and_a_pattern_is_searched() {
    Shell::new("sstream-sql --input json \"select count(*) as n from batch where level regexp '^E'\" --output json | grep -v '\"n\":0'")
        .stdin("{\"level\":\"ERROR\"}\n{\"level\":\"INFO\"}\n{\"level\":\"EXTRA\"}\n")
        .run()
        .exits(0)
        .prints("{\"n\":2}\n");
    shell("sstream-source queue <(echo '[\"a b\",\"c\"]') | sstream-sql \"select value from batch where value regexp '('\" --output json")
        .exits(4)
        .says("unclosed group");
}

#[test]
fn columns_that_a_table_cannot_have_are_told() {
    for (fields, says) in [
        ("a,A", "a and A are one column to SQL"),
        ("a,record", "record is there anyway"),
        ("a,,b", "a column without a name"),
    ] {
        ask("select * from batch", "[]", &format!("--fields {fields}")).exits(2).says(says);
    }
    let keys = |count: usize| (0..count).map(|key| format!("\"k{key}\":1")).collect::<Vec<_>>().join(",");
    ask("select * from batch", &format!("[{{{}}}]", keys(1998)), "--output json").exits(0).says_nothing();
    ask("select * from batch", &format!("[{{{}}}]", keys(1999)), "--output json")
        .exits(4)
        .says("more than 1998 columns");
    ask("select k1998 from batch", &format!("[{{{}}}]", keys(1999)), "--output json")
        .exits(0)
        .prints("{\"k1998\":1}\n");
}
