//! Pipelines and servers that are killed while records go through.
//!
//! `CASSANDRA_KILLS` says how often; by default a few times, since a server takes seconds to start.

use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::random::Random;
use sstream_testkit::wait_until;

use crate::server::{Kept, is_possible};

fn rounds() -> u64 {
    std::env::var("CASSANDRA_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(3)
}

/// One table has each record once, another one the newest of each key, whatever is killed: the pipeline, the server,
/// or both.
#[test]
fn pipelines_and_servers_are_killed() {
    if !is_possible() {
        return;
    }
    let Kept { server, keeper: kept } = Kept::real();
    server.folder.file("log", "");
    server.ask(
        "CREATE TABLE KS.all (id text PRIMARY KEY, n bigint);\nCREATE TABLE KS.newest (k bigint, l bigint, n bigint, PRIMARY KEY (k, l))",
        "r",
    );
    let words = server.words();
    let line = format!(
        "sstream-source tail log --checkpoint ck --batch 100ms | sstream-filter . | \
         sstream-sink --pass cassandra {words} --timeout 5s --table ks.all --row '{{n: tonumber}}' --id id --at-once 16 | \
         sstream-sink cassandra {words} --timeout 5s --table ks.newest \
         --row 'tonumber | {{k: (. % 3), l: (. % 10), n: .}}' --bulk-bytes 100B"
    );
    let keeper = Keeper::start(&server.folder, "pipeline", &line);
    let mut random = Random::new(14);
    let mut sent = 0;
    for round in 0..rounds() {
        // A server takes its time to start: what is killed is to be at work again.
        let through = sent;
        for _ in 0..3 {
            server.folder.run(&format!("seq {} {} >>log", sent + 1, sent + 300)).exits(0);
            sent += 300;
            // When is left to chance, which is the test.
            std::thread::sleep(Duration::from_millis(random.below(700)));
        }
        wait_until("rows go through", Duration::from_secs(120), || {
            server.count("SELECT count(*) FROM KS.all") > through
        });
        server.folder.run(&format!("seq {} {} >>log", sent + 1, sent + 3000)).exits(0);
        sent += 3000;
        std::thread::sleep(Duration::from_millis(random.below(700)));
        if round % 3 != 1 {
            kept.kill_all();
        }
        if round % 3 != 0 {
            keeper.kill_some(&mut random);
        }
    }
    wait_until("all is through", Duration::from_secs(180), || {
        server.count("SELECT count(*) FROM KS.all") >= sent
            && server.count(&format!("SELECT count(*) FROM KS.newest WHERE n > {} ALLOW FILTERING", sent - 30)) == 30
    });
    keeper.finish(Duration::from_secs(120));
    assert!(kept.ends() > 0, "no server was killed");
    let all = server.ask("SELECT n FROM KS.all", "\"%09d\" % r.n");
    let expected: String = (1..=sent).map(|n| format!("\"{n:09}\"\n")).collect();
    assert!(all == expected, "each once: there are {} of {sent}", all.lines().count());
    let newest = server.ask("SELECT k, l, n FROM KS.newest", "[\"%09d\" % r.n, r.k, r.l]");
    let expected: String = (sent - 29..=sent).map(|n| format!("[\"{n:09}\", {}, {}]\n", n % 3, n % 10)).collect();
    assert_eq!(newest, expected);
}
