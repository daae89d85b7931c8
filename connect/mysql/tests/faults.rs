//! Pipelines and servers that are killed while records go through.
//!
//! `MYSQL_KILLS` says how often; by default a few times.

use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::random::Random;
use sstream_testkit::wait_until;

use crate::support::{Server, is_possible};

fn rounds() -> u64 {
    std::env::var("MYSQL_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

/// The tables have each record once, whatever is killed: the pipeline, the server, or both. By COPY,
/// by key, and by a statement that adds up.
#[test]
fn pipelines_and_servers_are_killed() {
    if !is_possible() {
        return;
    }
    let server = Server::start("");
    server.ask(
        "create table t(n integer); create table u(n integer primary key); \
                create table total(id integer primary key, n integer)",
    );
    server.folder.file("log", "");
    let line = format!(
        "sstream-source tail log --checkpoint ck --batch 100ms | sstream-map 'tonumber | {{n: .}}' \
         | {} | {} | sstream-reduce count | sstream-map '{{n: .}}' | {}",
        server.sink("--pass --table t"),
        server.sink("--pass --table u --key n"),
        server.sink("--sql 'insert into total values (1, :n) on duplicate key update n = n + :n'"),
    );
    let keeper = Keeper::start(&server.folder, "pipeline", &line);
    let mut random = Random::new(5);
    let mut sent = 0;
    for round in 0..rounds() {
        server.folder.run(&format!("seq {} {} >>log", sent + 1, sent + 1000)).exits(0);
        sent += 1000;
        // When is left to chance, which is the test.
        std::thread::sleep(Duration::from_millis(random.below(1200)));
        if round % 3 != 0 {
            server.keeper.kill_all();
        }
        if round % 3 != 1 {
            keeper.kill_some(&mut random);
        }
    }
    let truth = format!("{sent}|{sent}|{sent}|{sent}|{sent}\n");
    let state = "select count(*), count(distinct n), max(n), (select count(*) from u), (select n from total) from t";
    wait_until("all is through", Duration::from_secs(120), || server.try_ask(state).stdout == truth);
    keeper.finish(Duration::from_secs(60));
    assert_eq!(server.ask(state), truth);
    assert_eq!(server.ask("select count(*) from sstream_commits"), "3\n");
}

/// A server that is not there yet is waited for, and one that does not come is given up where that is wanted.
#[test]
fn a_server_that_is_away_is_waited_for() {
    if !is_possible() {
        return;
    }
    let server = Server::start("");
    server.ask("create table t(n int)");
    let nobody = sstream_testkit::needs::free_port();
    server.folder.file("batches", "[{\"n\":1}]\n");
    let line = format!(
        "sstream-source queue batches --batch 1s | sstream-sink mysql mysql://app@127.0.0.1:{nobody}/app --table t --retry-for 1s"
    );
    let ran = server.folder.run(&line).exits(1);
    assert!(ran.stderr.contains("Connection refused") && ran.stderr.contains("given up after"), "{ran}");
    server.keeper.kill_all();
    let ran = server.write("[{\"n\":1}]\n", "--table t").exits(0);
    assert_eq!(server.ask("select * from t"), "1\n", "{ran}");
}
