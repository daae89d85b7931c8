//! Pipelines and servers that are killed while records go through.
//!
//! `REDIS_KILLS` says how often; by default a few times.

use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::random::Random;
use sstream_testkit::wait_until;

use crate::support::{Server, is_possible};

fn rounds() -> u64 {
    std::env::var("REDIS_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

/// A list, a stream and a sum have each record once, whatever is killed: the pipeline, the server, or both.
#[test]
fn pipelines_and_servers_are_killed() {
    if !is_possible() {
        return;
    }
    let server = Server::start();
    server.folder.file("log", "");
    let line = format!(
        "sstream-source tail log --checkpoint ck --batch 100ms | sstream-filter . | {}",
        server.sink("--command 'rpush all {.}' --command 'xadd s * n {.}' --command 'incrby sum {.}'")
    );
    let keeper = Keeper::start(&server.folder, "pipeline", &line);
    let mut random = Random::new(9);
    let mut sent = 0;
    for round in 0..rounds() {
        server.folder.run(&format!("seq {} {} >>log", sent + 1, sent + 1000)).exits(0);
        sent += 1000;
        // When is left to chance, which is the test.
        std::thread::sleep(Duration::from_millis(random.below(900)));
        if round % 3 != 0 {
            server.keeper.kill_all();
        }
        if round % 3 != 1 {
            keeper.kill_some(&mut random);
        }
    }
    let truth = format!("{sent}\n{sent}\n{}\n", sent * (sent + 1) / 2);
    let state = || server.ask("llen all\nxlen s\nget sum");
    wait_until("all is through", Duration::from_secs(120), || state() == truth);
    keeper.finish(Duration::from_secs(60));
    assert_eq!(state(), truth);
    let all = server.ask("lrange all 0 -1");
    let expected: String = (1..=sent).map(|n| format!("{n}\n")).collect();
    assert!(all == expected, "in order, and each once");
}

/// A server that is away is waited for, and given up where that is wanted.
#[test]
fn a_server_that_is_away_is_waited_for() {
    if !is_possible() {
        return;
    }
    let server = Server::start();
    let nobody = sstream_testkit::needs::free_port();
    server.folder.file("batches", "[1]\n");
    let line = format!(
        "sstream-source queue batches --batch 1s | sstream-sink redis redis://127.0.0.1:{nobody} --command 'set k {{.}}' --retry-for 1s"
    );
    let ran = server.folder.run(&line).exits(1);
    assert!(ran.stderr.contains("Connection refused") && ran.stderr.contains("given up after"), "{ran}");
    server.keeper.kill_all();
    server.write("[1]\n", "--command 'set k {.}'").exits(0);
    assert_eq!(server.ask("get k"), "1\n");
}
