//! Pipelines and brokers that are killed while messages go through.
//!
//! `MQTT_KILLS` says how often; by default a few times.

use std::collections::BTreeMap;
use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::random::Random;
use sstream_testkit::wait_until;

use crate::broker::{Broker, FORGETS_NOTHING, is_possible};

fn rounds() -> u64 {
    std::env::var("MQTT_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

/// How often each number is there.
fn counts(numbers: &str) -> BTreeMap<u64, usize> {
    let mut counts = BTreeMap::new();
    numbers.lines().for_each(|line| *counts.entry(line.parse().unwrap()).or_default() += 1);
    counts
}

/// From topic to topic, with the pipeline and the broker killed in turns: what was published with QoS 1
/// comes out at least once.
#[test]
fn pipelines_and_brokers_are_killed() {
    if !is_possible() {
        return;
    }
    let broker = Broker::start_with(FORGETS_NOTHING, &[]);
    let port = broker.port;
    // Who subscribes keeps its session too.
    let subscriber = broker.begin_subscriber(
        "while ! [ -e enough ]; do mosquitto_sub $C -c -i witness -q 1 -t out >>got; sleep 0.1; done",
    );
    let keeper = Keeper::start(
        &broker.folder,
        "pipeline",
        &format!(
            "sstream-source mqtt mqtt://127.0.0.1:{port} --client-id us --topic in --checkpoint ck --batch 100ms | sstream-filter . | \
             sstream-sink mqtt mqtt://127.0.0.1:{port} --topic '\"out\"' --retry-for 60s"
        ),
    );
    wait_until("it has subscribed", Duration::from_secs(30), || {
        broker.keeper.said().matches("Sending SUBACK to us").count() > 0
    });
    let mut random = Random::new(3);
    let mut sent = 0u64;
    for round in 0..rounds() {
        let line = format!("seq {} {} | mosquitto_pub $C -q 1 -t in -l", sent + 1, sent + 500);
        broker.run(&line).exits(0);
        sent += 500;
        // When is left to chance, which is the test.
        std::thread::sleep(Duration::from_millis(random.below(900)));
        if round % 2 == 0 {
            keeper.kill_some(&mut random);
        } else {
            broker.keeper.kill_all();
            let ends = round as usize / 2;
            wait_until("the broker was killed", Duration::from_secs(30), || broker.keeper.ends() > ends);
            broker.wait();
        }
    }
    let got = || counts(&broker.folder.read("got"));
    wait_until("all is through", Duration::from_secs(90), || got().len() as u64 >= sent);
    broker.folder.file("enough", "");
    keeper.finish(Duration::from_secs(60));
    drop(subscriber);
    assert!(got().keys().copied().eq(1..=sent), "others than were sent");
}
