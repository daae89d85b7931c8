//! Tables that live on from batch to batch.

use sstream_testkit::shell::{Folder, Ran, Shell};

const INIT: &str = "create table total(acc text primary key, amount integer check (amount >= 0))";
const ADD: &str = "insert into total select acc, sum(amount) from batch group by acc \
                   on conflict do update set amount = amount + excluded.amount";
const ALL: &str = "select acc, amount from total order by acc";

fn bank() -> String {
    format!("{ADD}; {ALL}")
}

/// SQL with tables that live on, on these batches.
fn ask(init: &str, sql: &str, batches: &str, options: &str) -> Ran {
    let line = format!(
        "sstream-source queue batches --no-trace | sstream-sql --init \"$(cat init)\" \"$(cat sql)\" --output json {options}"
    );
    Shell::new(&line).file("batches", batches).file("init", init).file("sql", sql).run()
}

#[test]
fn totals_by_account_are_kept() {
    let batches = "[{\"acc\":\"a\",\"amount\":5},{\"acc\":\"b\",\"amount\":1}]\n[]\n[{\"acc\":\"b\",\"amount\":2}]";
    let (first, last) = (
        "{\"acc\":\"a\",\"amount\":5}\n{\"acc\":\"b\",\"amount\":1}\n",
        "{\"acc\":\"a\",\"amount\":5}\n{\"acc\":\"b\",\"amount\":3}\n",
    );
    ask(INIT, &bank(), batches, "").exits(0).says_nothing().prints(&format!("{first}{first}{last}"));
    // The result of the last query comes out, wherever it stands; without one nothing does.
    ask(
        INIT,
        &format!("{ADD}; {ALL}; delete from total"),
        "[{\"acc\":\"a\",\"amount\":5}]\n[{\"acc\":\"a\",\"amount\":6}]",
        "",
    )
    .exits(0)
    .prints("{\"acc\":\"a\",\"amount\":5}\n{\"acc\":\"a\",\"amount\":6}\n");
    ask(INIT, ADD, batches, "").exits(0).says_nothing().prints("");
    ask(
        INIT,
        "insert into total select acc, amount from batch returning acc || '!' as a",
        "[{\"acc\":\"a\",\"amount\":5}]",
        "",
    )
    .exits(0)
    .prints("{\"a\":\"a!\"}\n");
    // Nothing stands for * before a record came, but the rest is done.
    ask(
        "create table n(x); insert into n values(0)",
        "update n set x = x + 1; select n.x, batch.* from n, batch",
        "[]\n[{\"a\":1}]",
        "",
    )
    .exits(0)
    .prints("{\"x\":2,\"a\":1}\n");
}

#[test]
fn a_batch_that_fails_changes_nothing() {
    let batches = "[{\"acc\":\"a\",\"amount\":5}]\n[{\"acc\":\"b\",\"amount\":9},{\"acc\":\"a\",\"amount\":-6}]\n[{\"acc\":\"c\",\"amount\":1}]";
    ask(INIT, &bank(), batches, "").exits(4).says("CHECK constraint failed: amount >= 0");
    let ran = ask(INIT, &bank(), batches, "--on-error bad").exits(0);
    let ran = ran.prints("{\"acc\":\"a\",\"amount\":5}\n{\"acc\":\"a\",\"amount\":5}\n{\"acc\":\"c\",\"amount\":1}\n");
    assert_eq!(ran.folder.read("bad").matches("its batch: CHECK constraint failed").count(), 2);
    let endless = "insert into t select n from batch; with recursive r(x) as (select 1 union all select x + 1 from r where \
                   (select n from batch) = 2) insert into t select count(*) from r; select x from t";
    let ran = ask(
        "create table t(x)",
        endless,
        "[{\"n\":1}]\n[{\"n\":2}]\n[{\"n\":3}]",
        "--query-timeout 300ms --on-error bad",
    );
    let ran = ran.exits(0).prints("{\"x\":1}\n{\"x\":1}\n{\"x\":1}\n{\"x\":1}\n{\"x\":3}\n{\"x\":1}\n");
    assert!(ran.folder.read("bad").contains("longer than --query-timeout allows"));
}

#[test]
fn what_sql_may_not_do_is_refused_before_the_first_batch() {
    for (init, says) in [
        ("creat table t(a)", "--init: near \"creat\": syntax error, at character 1"),
        ("create table t(a); insert into u values(1)", "--init: no such table: u"),
        ("select 1", "--init: it makes no table"),
        ("create table batch(a)", "batch is the stream's"),
        ("create table T(a)", "T is a table of --table, too"),
        ("attach 'x' as y", "ATTACH, DETACH and VACUUM are refused"),
        ("vacuum into 'x'", "ATTACH, DETACH and VACUUM are refused"),
        ("pragma journal_mode = delete", "PRAGMA is refused"),
        ("create temp table t(a)", "nothing temporary"),
        ("create virtual table t using fts5(a)", "nothing else"),
        ("create table t(a); drop table t", "nothing else"),
        ("create table t(a); begin", "transactions are refused"),
        ("create table t(a); select load_extension('x')", "load_extension is refused"),
    ] {
        ask(init, "select 1 as a", "[]", "--table t=<(printf 'a\\n1\\n')").exits(2).says(says);
    }
    for (sql, says) in [
        ("insert into totl select 1, 2", "SQL: no such table: totl"),
        ("insert into total values(1)", "has 2 columns but 1 values were supplied"),
        ("insert into total select * from batch", "name the columns in the place of *, or give --fields"),
        ("select 1 as a; select 2 as b", "only the rows of the last query come out"),
        ("create table x(a)", "tables are made in --init"),
        ("alter table total add column x", "tables are made in --init"),
        ("drop table total", "tables are made in --init"),
        ("commit", "transactions are refused"),
        ("vacuum into 'x'", "ATTACH, DETACH and VACUUM are refused"),
        ("pragma writable_schema = on", "PRAGMA is refused"),
        ("delete from u", "only tables of --init can be changed"),
        ("delete from sqlite_schema", "may not be modified"),
        ("delete from total; selec 1", "near \"selec\": syntax error, at character 20: selec 1"),
        ("update total set amount = amount + (select sum(amount) from batch)", "write batch.amount"),
        ("select acc, acc from total", "two columns of the result are called acc"),
    ] {
        ask(INIT, sql, "[]", "--table u=<(printf 'a\\n1\\n')").exits(2).says(says);
    }
    Shell::new("sstream-sql 'select 1 as a' --checkpoint-every 1m < /dev/null").run().exits(2).says("--init");
    Shell::new("sstream-sql < /dev/null").run().exits(2);
    Shell::new("sstream-sql --query x 'select 1' --quiet < /dev/null").run().exits(2).says("--query");
}

/// A bank in a folder, whose batches are in the file `batches`.
fn kept(options: &str) -> String {
    format!(
        "sstream-source queue batches --checkpoint ck {options} | sstream-sql --init \"$(cat init)\" \"$(cat sql)\" | \
         sstream-sink files out/totals json"
    )
}

fn folder(batches: usize) -> Folder {
    let batch = |index: usize| {
        let record = |n: usize| format!("{{\"acc\":\"acc {}\",\"amount\":{}}}", (index * 7 + n * n) % 300, index + n);
        format!("[{}]\n", (0..20).map(record).collect::<Vec<_>>().join(","))
    };
    let folder = Folder::new();
    let sql = format!("{ADD}; select count(*) as accounts, sum(amount) as amount, max(acc) as greatest from total");
    std::fs::create_dir(folder.path("out")).unwrap();
    folder.file("batches", (0..batches).map(batch).collect::<String>()).file("init", INIT).file("sql", sql);
    folder
}

#[test]
fn what_a_checkpoint_keeps_is_shown_and_gone_on_with() {
    let folder = folder(3);
    folder.file("sql", bank()).file("batches", "[{\"acc\":\"a\",\"amount\":5}]\n[{\"acc\":\"b\",\"amount\":1}]\n");
    folder.run(&kept("")).exits(0).says_nothing();
    folder
        .run("sstream-checkpoint state ck queue.01-sql")
        .exits(0)
        .prints("[[\"total\",\"a\"],{\"acc\":\"a\",\"amount\":5}]\n[[\"total\",\"b\"],{\"acc\":\"b\",\"amount\":1}]\n");
    folder
        .run("sstream-checkpoint state ck queue.01-sql 1000")
        .exits(0)
        .prints("[[\"total\",\"a\"],{\"acc\":\"a\",\"amount\":5}]\n");
    folder
        .run("sstream-checkpoint diff ck 1000 2000")
        .exits(0)
        .prints("+ [\"total\",\"b\"]\t{\"acc\":\"b\",\"amount\":1}\n");
    folder.run("sstream-checkpoint verify ck").exits(0);
    // More batches come; then all begins again after the first one.
    folder.file("batches", format!("{}[{{\"acc\":\"a\",\"amount\":7}}]\n", folder.read("batches")));
    folder.run(&kept("")).exits(0).says_nothing();
    let last = "{\"acc\":\"a\",\"amount\":12}\n{\"acc\":\"b\",\"amount\":1}\n";
    assert_eq!(folder.read("out/totals-3000.json"), last);
    folder.run("rm out/totals-3000.json && sstream-checkpoint reset ck --to 1000 --yes").exits(0);
    folder.run(&kept("")).exits(0).says_nothing();
    assert_eq!(folder.read("out/totals-3000.json"), last);
    folder.file("init", INIT.replace("integer", "int"));
    let ran = folder.run(&kept("")).exits(5);
    assert!(ran.stderr.contains("--init"), "{ran}");
}

#[test]
fn killed_at_any_time_every_batch_counts_once() {
    const BATCHES: usize = 120;
    let whole = folder(BATCHES);
    whole.run(&kept("")).exits(0).says_nothing();
    let killed = folder(BATCHES);
    let line = format!(
        "set -m; export TMPDIR=$PWD/tmp XDG_RUNTIME_DIR=$PWD/run; mkdir tmp run; chmod 700 run
        for time in 0.15 0.3 0.22 0.4 0.2 0.35; do
          {} 2>> said & sleep $time; kill -9 %% 2>> said; wait 2>> said
        done
        {}; ls tmp; find run -name '*.tables'",
        kept("--clock wall --batch 20ms"),
        kept("--clock wall --batch 20ms")
    );
    // What those left behind that were killed is gone, too.
    killed.run(&line).exits(0).prints("");
    let all = |folder: &Folder, interval: usize| {
        let times: Vec<usize> = match interval {
            1000 => (1..=BATCHES).map(|number| number * interval).collect(),
            _ => {
                let names = std::fs::read_dir(folder.path("out")).unwrap().map(|entry| entry.unwrap().file_name());
                let time = |name: &str| name.trim_start_matches("totals-").trim_end_matches(".json").parse().ok();
                let mut times: Vec<usize> = names.filter_map(|name| time(name.to_str().unwrap())).collect();
                times.sort_unstable();
                times
            }
        };
        times.iter().map(|time| folder.read(&format!("out/totals-{time}.json"))).collect::<Vec<_>>()
    };
    // Intervals that nobody worked in are empty batches, and change nothing: also before the first one.
    let mut counted = all(&killed, 20);
    counted.dedup();
    counted.retain(|totals| !totals.contains("\"accounts\":0"));
    assert_eq!(counted, all(&whole, 1000));
}

#[test]
fn a_stage_that_runs_is_asked() {
    let line = r#"export XDG_RUNTIME_DIR=$PWD/run; mkdir -m 700 run; mkfifo lines
        sstream-source stdin --input json --batch 50ms --name bank < lines |
            sstream-sql --init "$(cat init)" "$(cat sql)" > out & exec 3> lines
        ask() { sstream-sql --query "$@"; }
        until_answers() { until [ "$(ask bank "$1" 2> last)" = "$2" ]; do sleep 0.05; done; }
        echo '{"acc":"a","amount":5}' >&3
        until_answers 'select acc, amount from total' '{"acc":"a","amount":5}'
        printf '%s\n' '{"acc":"a","amount":5}' '{"acc":"b","amount":7}' >&3
        until_answers 'select sum(amount) as s from total' '{"s":17}'
        process=$(basename run/sstream/sql.*.tables .tables); ask ${process#sql.} 'select count(*) as n from total'
        for sql in 'delete from total' 'select amout from total' 'select * from batch' 'select 1; select 2' \
            "attach 'x' as y" 'with recursive r(x) as (select 9e999) select x from r'; do ask bank "$sql"; echo $?; done
        ask nobody 'select 1'; echo $?; ask bank 'select acc from total order by acc' | head -n 1
        exec 3>&-; wait; ask bank 'select 1'; echo $?; find run -name '*.tables'"#;
    let ran = Shell::new(line).file("init", INIT).file("sql", bank()).run().exits(0);
    let ran = ran.prints("{\"n\":2}\n2\n2\n2\n2\n2\n4\n1\n{\"acc\":\"a\"}\n1\n");
    for part in [
        "statements that change something are refused",
        "no such column: amout, at character 8",
        "no such table: batch",
        "one query, please",
        "ATTACH, DETACH and VACUUM are refused",
        "the result's column x is infinite",
        "nobody: no running pipeline of this user is called so",
    ] {
        assert!(ran.stderr.contains(part), "{part} is not in\n{ran}");
    }
}
