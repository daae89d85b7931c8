//! Pipelines that are killed while others read the file.
//!
//! `SQLITE_KILLS` says how often; by default a few times.

use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::random::Random;
use sstream_testkit::shell::Folder;
use sstream_testkit::wait_until;

use crate::is_possible;

fn rounds() -> u64 {
    std::env::var("SQLITE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(5)
}

/// The file has each record once, whatever is killed, and who reads it meanwhile sees whole batches.
#[test]
fn pipelines_are_killed_while_others_read() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.file("log", "");
    folder.run("sqlite3 db 'pragma journal_mode=wal; create table t(n integer); create table total(id integer primary key, n integer)'");
    let line = "sstream-source tail log --checkpoint ck --batch 100ms | sstream-map 'tonumber | {n: .}' \
                | sstream-sink --pass sqlite db --table t | sstream-reduce count | sstream-map '{n: .}' \
                | sstream-sink sqlite db --sql 'insert into total values (1, :n) on conflict do update set n = n + :n'";
    let keeper = Keeper::start(&folder, "pipeline", line);
    let ask = |sql: &str| folder.run(&format!("sqlite3 -cmd '.timeout 20000' db '{sql}'")).exits(0).stdout;
    let mut random = Random::new(3);
    let mut sent = 0;
    for _ in 0..rounds() {
        folder.run(&format!("seq {} {} >>log", sent + 1, sent + 1000)).exits(0);
        sent += 1000;
        // When is left to chance, which is the test.
        std::thread::sleep(Duration::from_millis(random.below(900)));
        assert_eq!(ask("select count(*) - count(distinct n) from t"), "0\n");
        keeper.kill_some(&mut random);
    }
    let truth = format!("{sent}|{sent}|{sent}|{sent}\n");
    let state = "select count(*), count(distinct n), max(n), (select n from total) from t";
    wait_until("all is through", Duration::from_secs(60), || ask(state) == truth);
    keeper.finish(Duration::from_secs(60));
    assert_eq!(ask(state), truth);
    assert_eq!(ask("select count(*) from sstream_commits"), "2\n");
}
