//! Pipelines and peers that are killed while messages go through.
//!
//! `ZEROMQ_KILLS` says how often; by default a few times.

use std::collections::BTreeSet;
use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::random::Random;
use sstream_testkit::wait_until;

use crate::world::{World, is_possible};

fn rounds() -> u64 {
    std::env::var("ZEROMQ_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

/// What has reached the log of the checkpoint counts once, whatever is killed; what was on its way when it
/// was killed is lost, as ZeroMQ has it, and nothing else.
#[test]
fn sources_and_their_peers_are_killed() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let keeper = Keeper::start(
        &world.folder,
        "pipeline",
        &format!(
            "{}sstream-source zeromq --bind $E --checkpoint ck --batch 100ms | sstream-filter . | sstream-sink files out/part",
            world.variables()
        ),
    );
    let mut random = Random::new(7);
    let out = || world.run("cat out/part-* 2>/dev/null").stdout;
    let mut sent = 0u64;
    for round in 0..rounds() {
        world.wait_for_port();
        // A message a millisecond, so that there is a middle.
        let peer = world.begin(&format!("seq {} {} | $peer push $E --delay 0.001", sent + 1, sent + 500));
        sent += 500;
        // When is left to chance, which is the test.
        std::thread::sleep(Duration::from_millis(random.below(900)));
        match round % 2 {
            0 => keeper.kill_some(&mut random),
            _ => peer.signal_all(rustix::process::Signal::KILL),
        }
        drop(peer);
    }
    // What is sent when all is quiet comes.
    world.wait_for_port();
    let last = format!("{sent}0");
    world.run(&format!("echo {last} | $peer push $E")).exits(0);
    wait_until("the last one is there", Duration::from_secs(60), || out().lines().any(|line| line == last));
    keeper.finish(Duration::from_secs(60));
    let got: Vec<u64> = out().lines().map(|line| line.parse().unwrap()).collect();
    assert!(got.is_sorted_by(|one, next| one < next), "each once at most, and in order");
    assert!(got.len() as u64 > rounds() * 20, "{} of {sent}", got.len());
}

/// Whatever is killed, of a pipeline that pushes, its peers' libraries have read all of it, at least once.
/// Peers here write down what they read at once.
#[test]
fn sinks_are_killed() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let _peer = world.begin("$peer pull $E --bind >>got");
    let keeper = Keeper::start(
        &world.folder,
        "pipeline",
        &format!(
            "{}sstream-source tail numbers --checkpoint ck --batch 100ms | sstream-filter . | sstream-sink zeromq $E",
            world.variables()
        ),
    );
    let mut random = Random::new(8);
    let mut given = 0u64;
    for _ in 0..rounds() {
        world.folder.run(&format!("seq {} {} >>numbers", given + 1, given + 2000)).exits(0);
        given += 2000;
        std::thread::sleep(Duration::from_millis(random.below(900)));
        keeper.kill_some(&mut random);
    }
    let got = || world.folder.read("got").lines().map(|line| line.parse().unwrap()).collect::<BTreeSet<u64>>();
    wait_until("all is through", Duration::from_secs(90), || got().len() as u64 >= given);
    keeper.finish(Duration::from_secs(60));
    assert!(got().into_iter().eq(1..=given), "others than were given");
}
