//! `sstream explain` and `sstream sql`.

use sstream_testkit::shell::explains;

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
