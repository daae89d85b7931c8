//! Processes and brokers killed while messages go through: every input message is
//! in the output exactly once for who reads with read_committed.
//!
//! `KAFKA_KILLS` and `KAFKA_BROKER_KILLS` say how often; by default a few times.

use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::random::Random;

use crate::cluster::{Cluster, Here, topic};

fn rounds(variable: &str, default: u32) -> u32 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The pipeline, in a process group of its own that is started again as often as
/// it ends: filter and map between two topics, one batch a transaction.
fn pipeline(from: &str, to: &str) -> String {
    format!(
        "sstream-source kafka --checkpoint ck --batch 100ms --brokers $BROKERS --topic {from} --from beginning \
         | sstream-filter '[0-9]' \
         | sstream-map '\"got \" + .' \
         | sstream-sink kafka --brokers $BROKERS --topic {to} --compression lz4"
    )
}

fn check(here: &Here<'_>, to: &str, sent: u32, said: &str) {
    let mut numbers: Vec<u32> =
        here.kcat(to, "%s").lines().map(|line| line.strip_prefix("got ").unwrap().parse().unwrap()).collect();
    numbers.sort_unstable();
    let doubled = numbers.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert_eq!((doubled, numbers.len() as u32), (0, sent), "doubled, and how many; stderr was:\n{said}");
    assert!(numbers.iter().copied().eq(1..=sent), "others than were sent");
}

/// Keeps the pipeline running.
fn keeper(here: &Here<'_>, from: &str, to: &str) -> Keeper {
    Keeper::start(&here.folder, "pipeline", &here.line(&pipeline(from, to)))
}

/// Sends so many numbers more.
fn produce(here: &Here<'_>, from: &str, sent: &mut u32, more: u32) {
    let line = format!(
        "seq {} {} | kcat -P -b $BROKERS -t {from} -X acks=all -X enable.idempotence=true",
        *sent + 1,
        *sent + more
    );
    here.run(&line).exits(0);
    *sent += more;
}

/// Waits until all is through, and ends the pipeline; what it said.
fn drain(here: &Here<'_>, keeper: Keeper, to: &str, sent: u32) -> String {
    let count = || here.kcat(to, "%s").lines().count() as u32;
    crate::cluster::wait_until("all is through", Duration::from_secs(120), || count() >= sent);
    let said = keeper.said();
    keeper.finish(Duration::from_secs(60));
    said
}

#[test]
fn processes_are_killed() {
    let Some(cluster) = Cluster::start(1) else { return };
    let (here, from, to) = (cluster.folder(), topic("from"), topic("to"));
    here.create(&from, 3);
    here.create(&to, 2);
    let mut random = Random::new(rounds("KAFKA_SEED", 1).into());
    let mut sent = 0;
    let keeper = keeper(&here, &from, &to);
    for _ in 0..rounds("KAFKA_KILLS", 8) {
        produce(&here, &from, &mut sent, 500);
        // When is left to chance, which is the test.
        std::thread::sleep(Duration::from_millis(random.below(900)));
        keeper.kill_some(&mut random);
    }
    let said = drain(&here, keeper, &to, sent);
    check(&here, &to, sent, &said);
}

#[test]
fn brokers_are_killed() {
    let Some(cluster) = Cluster::start(3) else { return };
    let (here, from, to) = (cluster.folder(), topic("from"), topic("to"));
    here.create(&from, 3);
    here.create(&to, 3);
    let mut random = Random::new(rounds("KAFKA_SEED", 1).into());
    let mut sent = 0;
    let keeper = keeper(&here, &from, &to);
    for _ in 0..rounds("KAFKA_BROKER_KILLS", 2) {
        produce(&here, &from, &mut sent, 2000);
        std::thread::sleep(Duration::from_millis(random.below(500)));
        let broker = 1 + random.below(3) as u32;
        cluster.kill(broker);
        produce(&here, &from, &mut sent, 2000);
        std::thread::sleep(Duration::from_millis(random.below(2000)));
        cluster.restart(broker);
        // Two of the three are to be in step again before the next one goes.
        let line = "tool kafka-topics --bootstrap-server $BROKERS --describe --under-replicated-partitions 2>/dev/null";
        crate::cluster::wait_until("replicas are in step", Duration::from_secs(60), || {
            here.run(line).stdout.trim().is_empty()
        });
    }
    let said = drain(&here, keeper, &to, sent);
    check(&here, &to, sent, &said);
}
