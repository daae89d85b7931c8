//! Pipelines and servers that are killed while events go through.
//!
//! `FEED_KILLS` says how often; by default a few times.

use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::random::Random;
use sstream_testkit::wait_until;

use crate::server::{Server, is_possible};

fn rounds() -> u64 {
    std::env::var("FEED_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

/// Whatever is killed, each event, and each item behind a cursor, is in the output once, and in order.
#[test]
fn pipelines_and_servers_are_killed() {
    if !is_possible() {
        return;
    }
    for (seed, file, source) in [
        (1, "events", "http://$A/events --events"),
        (2, "items", "http://$A/items --every 100ms --value json --each '.items[]' --cursor .next"),
    ] {
        let server = Server::start();
        server.folder.file(file, "");
        let source = source.replace("$A", &format!("127.0.0.1:{}", server.port));
        let keeper = Keeper::start(
            &server.folder,
            "pipeline",
            &format!(
                "sstream-source feed {source} --checkpoint ck --batch 100ms | sstream-filter . | sstream-sink files out/part"
            ),
        );
        let mut random = Random::new(seed);
        let mut given = 0u64;
        for round in 0..rounds() {
            server.folder.run(&format!("seq {} {} >>{file}", given + 1, given + 200)).exits(0);
            given += 200;
            // When is left to chance, which is the test.
            std::thread::sleep(Duration::from_millis(random.below(1200)));
            match round % 2 {
                0 => keeper.kill_some(&mut random),
                _ => server.keeper.kill_all(),
            }
        }
        let out = || server.folder.run("cat out/part-*").stdout;
        wait_until("all is through", Duration::from_secs(90), || out().lines().count() as u64 >= given);
        keeper.finish(Duration::from_secs(60));
        let expected: String = (1..=given).map(|number| format!("{number}\n")).collect();
        assert_eq!(out(), expected, "{file}");
    }
}
