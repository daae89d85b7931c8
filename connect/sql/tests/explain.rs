//! `sstream explain` and `sstream sql`.

use sstream_testkit::shell::{Folder, explains};

#[test]
fn a_stage_in_sql_is_explained() {
    explains(
        "nc h 1 | sstream-sql \"select count(*) as n from batch\" --batch 5s | sstream-window 10s",
        0,
        &[
            "first stage: cuts its input into batches of 5s by the wall clock",
            "asks each batch: select count(*) as n from batch",
            "window: the last 10s",
        ],
    );
    explains(
        "sstream-source rate 5 | sstream sql \"select value from batch\" --output json",
        0,
        &["writes its records in the form json"],
    );
    explains(
        "sstream-source rate 5 | sstream-sql \"selec 1\"",
        2,
        &["MISTAKE: QUERY: near \"selec\": syntax error, at character 1"],
    );
    explains(
        "sstream-source rate 5 | sstream-sql \"select 1 as a\" --batch 2s",
        2,
        &["--batch behind the first stage"],
    );
    explains("nc h 1 | sstream-sink print | sstream-sql \"select 1 as a\"", 2, &["--pass"]);
}

/// What a start under a checkpoint does with the tables, and what it was told beforehand.
#[test]
fn a_restart_is_told_beforehand() {
    let folder = Folder::new();
    folder.run("mkdir in out && seq 3 > in/a").exits(0);
    let line = |sql: &str| {
        format!(
            "sstream-source dir in --available-now | sstream-sql --init \"create table seen(n)\" \"{sql}\" \
             | sstream-sink files out/part"
        )
    };
    let explained = |line: &str| folder.run(&format!("sstream explain --checkpoint ck '{line}'"));
    let sql = line("insert into seen select value from batch; select count(*) as n from seen");
    let says = |line: &str, code: i32, says: &str| {
        let ran = explained(line).exits(code);
        assert!(ran.stdout.contains(says), "{says}: {ran}");
    };
    says(&sql, 0, "begins with nothing, as dir.01-sql");
    folder.run(&sql.replace("--available-now", "--available-now --checkpoint ck")).exits(0);
    says(&sql, 0, "goes on");
    assert!(!explained(&sql).stdout.contains("not known"));
    let other = line("insert into seen select 1 from batch; select count(*) as n from seen");
    says(&other, 5, "now: ");
    folder.run(&other.replace("--available-now", "--available-now --checkpoint ck")).exits(5);
    // One that only reads has nothing to be refused for.
    let plain = "sstream-source dir in --available-now | sstream-sql \"select 1 as a\" | sstream-sink files out/plain";
    assert!(!explained(plain).stdout.contains("not known"));
}
