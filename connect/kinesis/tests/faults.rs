//! Pipelines and services that are killed while records go through.
//!
//! `KINESIS_KILLS` says how often; by default a few times.

use std::collections::BTreeMap;
use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::random::Random;
use sstream_testkit::wait_until;

use crate::server::{Server, is_possible};

fn rounds() -> u64 {
    std::env::var("KINESIS_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

/// How often each number is there.
fn counts(numbers: &str) -> BTreeMap<u64, usize> {
    let mut counts = BTreeMap::new();
    numbers.lines().for_each(|line| *counts.entry(line.parse().unwrap()).or_default() += 1);
    counts
}

/// From stream to stream and into files, with the pipeline and the service killed in turns, and shards split
/// meanwhile: each record is in the files once, and in the other stream at least once.
#[test]
fn pipelines_and_services_are_killed() {
    if !is_possible() {
        return;
    }
    let server = Server::start_kept(2);
    server.run("client create copy 2").exits(0);
    let keeper = Keeper::start(
        &server.folder,
        "pipeline",
        &server.line(
            "sstream-source kinesis s $E --from beginning --checkpoint ck --batch 100ms | sstream-filter . | \
             sstream-sink --pass kinesis copy $E | sstream-sink files out/part",
        ),
    );
    let mut random = Random::new(3);
    let mut sent = 0u64;
    for round in 0..rounds() {
        let put = if round % 3 == 1 { "aggregate s 7" } else { "put s" };
        server.run(&format!("seq {} {} | client {put}", sent + 1, sent + 500)).exits(0);
        sent += 500;
        // When is left to chance, which is the test.
        std::thread::sleep(Duration::from_millis(random.below(900)));
        if round % 2 == 0 {
            keeper.kill_some(&mut random);
        } else {
            let ends = server.keeper.ends();
            server.keeper.kill_all();
            wait_until("the service was killed", Duration::from_secs(120), || server.keeper.ends() > ends);
            server.wait();
            // The newest shard is the lower half of another one.
            let newest = if round == 1 { 0 } else { round - 1 };
            server.run(&format!("client split s {newest}")).exits(0);
        }
    }
    let files = || counts(&server.run("cat out/part-* 2>/dev/null").stdout);
    wait_until("all is through", Duration::from_secs(120), || files().len() as u64 >= sent);
    keeper.finish(Duration::from_secs(60));
    let (files, copy) = (files(), counts(&server.run("client read copy").stdout));
    assert!(files.keys().copied().eq(1..=sent), "others than were sent");
    assert!(files.values().all(|times| *times == 1), "{:?}", files.iter().find(|(_, times)| **times > 1));
    assert!(copy.keys().copied().eq(1..=sent), "others than were sent");
}
