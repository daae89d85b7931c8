//! Pipelines, taps and targets that are killed.
//!
//! `SINGER_KILLS` says how often; by default a few times.

use std::collections::BTreeSet;
use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::random::Random;
use sstream_testkit::wait_until;

use crate::world::{World, is_possible};

fn rounds() -> u64 {
    std::env::var("SINGER_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

/// From a tap to a target, with all of it killed at random: each record is there, once at least.
#[test]
fn pipelines_taps_and_targets_are_killed() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    world.folder.file("numbers", "").file("follow", "");
    let keeper = Keeper::start(
        &world.folder,
        "pipeline",
        &format!(
            "{}sstream-source singer --batch 200ms --checkpoint ck -- $tap --lines 30 | sstream-filter . | sstream-sink singer -- $target got",
            world.variables()
        ),
    );
    let mut random = Random::new(9);
    let mut given = 0u64;
    for round in 0..rounds() {
        world.folder.run(&format!("seq {} {} >>numbers", given + 1, given + 300)).exits(0);
        given += 300;
        // When is left to chance, which is the test.
        std::thread::sleep(Duration::from_millis(random.below(1500)));
        match round % 3 {
            0 | 1 => keeper.kill_some(&mut random),
            // Taps and targets are in groups of their own.
            _ => {
                let script = ["tap.py", "target.py"][random.below(2) as usize];
                let folder = world.folder.path("").display().to_string();
                world.folder.run(&format!(
                    "for pid in $(pgrep -f tests/{script}); do [ /proc/$pid/cwd -ef {folder} ] && kill -9 $pid; done; true"
                ));
            }
        }
    }
    let got = || {
        let lines = world.folder.read("got").replace("{\"n\": ", "").replace('}', "");
        // A target that was killed may have left half a line.
        lines.lines().filter_map(|line| line.parse().ok()).collect::<BTreeSet<u64>>()
    };
    wait_until("all is through", Duration::from_secs(90), || (1..=given).all(|number| got().contains(&number)));
    keeper.finish(Duration::from_secs(60));
}
