//! Pipelines and servers that are killed while records go through.
//!
//! `HTTP_KILLS` says how often; by default a few times.

use std::collections::BTreeMap;
use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::free_port;
use sstream_testkit::random::Random;
use sstream_testkit::shell::Folder;
use sstream_testkit::wait_until;

use crate::support::{Server, is_possible};

fn rounds() -> u64 {
    std::env::var("HTTP_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

/// How often each number from 1 on is there.
fn counts(numbers: &str) -> BTreeMap<u64, usize> {
    let mut counts = BTreeMap::new();
    numbers.lines().for_each(|line| *counts.entry(line.trim_matches('"').parse().unwrap()).or_default() += 1);
    counts
}

/// What was answered 200 is in the output, once each time that it was sent: never lost, and
/// doubled only where a client had no answer and sent it again.
#[test]
fn intakes_are_killed() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.run("mkdir out").exits(0);
    let port = free_port();
    let keeper = Keeper::start(
        &folder,
        "intake",
        &format!(
            "sstream-source http {port} --checkpoint ck --batch 100ms | sstream-filter . | sstream-sink files out/part"
        ),
    );
    let mut random = Random::new(1);
    let (mut sent, mut again) = (0, 0);
    for _ in 0..rounds() {
        // A client that sends blocks of 50 numbers until each is answered 200, while the intake is killed.
        let line = format!(
            "for n in 0 1 2 3 4 5 6 7 8 9; do f=$(({sent} + n * 50 + 1)); \
             tries=0; until [ \"$(seq $f $((f + 49)) | curl -s --max-time 10 -o /dev/null -w '%{{http_code}}' -T - http://127.0.0.1:{port}/)\" = 200 ]; \
             do echo again; [ $((tries += 1)) -lt 400 ] || exit 1; sleep 0.05; done; done"
        );
        let client = {
            let directory = folder.path("");
            std::thread::spawn(move || {
                std::process::Command::new("bash").args(["-c", &line]).current_dir(directory).output().unwrap()
            })
        };
        // When is left to chance, which is the test.
        std::thread::sleep(Duration::from_millis(random.below(1500)));
        keeper.kill_some(&mut random);
        again += String::from_utf8(client.join().unwrap().stdout).unwrap().lines().count();
        sent += 500;
    }
    let ends = keeper.ends();
    // What was answered is in the log; a pipeline that is started again has it in its batch.
    let there = || counts(&folder.run("cat out/part-*").stdout);
    wait_until("all is there", Duration::from_secs(60), || there().len() as u64 >= sent);
    keeper.finish(Duration::from_secs(60));
    let counts = there();
    assert!(counts.keys().copied().eq(1..=sent), "lost: {} of {sent} are there", counts.len());
    let doubled = counts.values().filter(|count| **count > 1).count();
    assert!(doubled <= again * 50, "{doubled} are doubled, and {again} blocks were sent again");
    assert!(ends as u64 >= rounds() / 2, "it was killed {ends} times");
}

/// A server that keeps keys has each record exactly once, whatever is killed: the pipeline, the
/// server, or both.
#[test]
fn sinks_and_servers_are_killed() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let server = Server::start(&folder, "");
    folder.file("log", "");
    let keeper = Keeper::start(
        &folder,
        "pipeline",
        &format!(
            "sstream-source tail log --checkpoint ck --batch 100ms | sstream-filter . | sstream-sink http {}/in --form text --max-body 2KiB",
            server.url
        ),
    );
    let mut random = Random::new(2);
    let mut sent = 0;
    for round in 0..rounds() {
        folder.run(&format!("seq {} {} >>log", sent + 1, sent + 1000)).exits(0);
        sent += 1000;
        // When is left to chance, which is the test.
        std::thread::sleep(Duration::from_millis(random.below(900)));
        match round % 3 {
            0 => keeper.kill_some(&mut random),
            1 => server.keeper.kill_all(),
            _ => {
                server.keeper.kill_all();
                keeper.kill_some(&mut random);
            }
        }
    }
    let body = || folder.run("jq -j .body got").stdout;
    wait_until("all is through", Duration::from_secs(120), || body().lines().count() as u64 >= sent);
    keeper.finish(Duration::from_secs(60));
    let counts = counts(&body());
    assert!(counts.keys().copied().eq(1..=sent), "lost: {} of {sent} are there", counts.len());
    assert!(counts.values().all(|count| *count == 1), "doubled");
}
