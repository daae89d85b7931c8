//! Pipelines and servers that are killed while records go through.
//!
//! `MONGODB_KILLS` says how often; by default a few times.

use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::random::Random;
use sstream_testkit::wait_until;

use crate::server::{Kept, is_possible};

fn rounds() -> u64 {
    std::env::var("MONGODB_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(3)
}

/// Each record is there once, whatever is killed: the pipeline, the server, or both.
#[test]
fn pipelines_and_servers_are_killed() {
    killed("--bulk-bytes 8KiB", 300, 14);
}

/// The same of documents that are found by their id or key. FerretDB has an index for ids that are texts alone, reads all documents for
/// another key, and goes on with a command that nobody waits for any more: so there are few of them, and short commands.
#[test]
fn who_replaces_is_killed() {
    killed("--bulk-bytes 4KiB --id . --op replace", 100, 15);
}

#[test]
fn who_updates_is_killed() {
    killed("--bulk-bytes 1KiB --key n --create --op update", 30, 16);
}

/// Kills what writes with these options, and who takes it, while so many records are added at a time.
fn killed(options: &str, added: u64, seed: u64) {
    if !is_possible() {
        return;
    }
    let Kept { server, keeper: kept, .. } = Kept::real();
    server.folder.file("log", "");
    let url = &server.url;
    let line = format!(
        "sstream-source tail log --checkpoint ck --batch 100ms | sstream-filter . | \
         sstream-sink mongodb {url} --collection all --timeout 20s --doc '{{n: tonumber}}' {options}"
    );
    let keeper = Keeper::start(&server.folder, "pipeline", &line);
    let mut random = Random::new(seed);
    let mut sent = 0;
    for round in 0..rounds() {
        for _ in 0..3 {
            server.folder.run(&format!("seq {} {} >>log", sent + 1, sent + added)).exits(0);
            sent += added;
            // When is left to chance, which is the test.
            std::thread::sleep(Duration::from_millis(random.below(1500)));
        }
        if round % 3 != 1 {
            kept.kill_all();
        }
        if round % 3 != 0 {
            keeper.kill_some(&mut random);
        }
    }
    wait_until("all is through", Duration::from_secs(120), || server.count("all") >= sent);
    keeper.finish(Duration::from_secs(120));
    assert!(kept.ends() > 0, "no server was killed");
    let all = server.documents("all", "n", "d[\"n\"]");
    let expected: String = (1..=sent).map(|n| format!("{n}\n")).collect();
    assert!(all == expected, "each once: there are {} of {sent}", all.lines().count());
}
