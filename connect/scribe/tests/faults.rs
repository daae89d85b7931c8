//! Pipelines and servers that are killed while entries go through.
//!
//! `SCRIBE_KILLS` says how often; by default a few times.

use std::collections::BTreeMap;
use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::free_port;
use sstream_testkit::random::Random;
use sstream_testkit::shell::Folder;
use sstream_testkit::wait_until;

use crate::support::{PEER, Server, is_possible};

fn rounds() -> u64 {
    std::env::var("SCRIBE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

/// How often each number is there, of lines that end with one.
fn counts(lines: &str) -> BTreeMap<u64, usize> {
    let mut counts = BTreeMap::new();
    for line in lines.lines() {
        let number = line.trim_end_matches('"').rsplit(['\t', '"']).next().unwrap();
        *counts.entry(number.parse().unwrap()).or_default() += 1;
    }
    counts
}

/// What was answered OK is in the output: never lost, and doubled only where a client had no
/// answer and sent it again.
#[test]
fn sources_are_killed() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.run("mkdir out").exits(0);
    let port = free_port();
    let line = format!(
        "sstream-source scribe {port} --checkpoint ck --batch 100ms | sstream-filter . | sstream-sink files out/part"
    );
    let keeper = Keeper::start(&folder, "source", &line);
    let mut random = Random::new(1);
    let (mut sent, mut again) = (0, 0);
    for _ in 0..rounds() {
        // A client that sends calls of 50 numbers until each is answered OK, while the source is killed.
        let line = format!("seq {} {} | {PEER} send {port} --batch 50 --retry", sent + 1, sent + 500);
        let client =
            std::thread::spawn(move || std::process::Command::new("bash").args(["-c", &line]).output().unwrap());
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
    assert!(doubled <= again * 50, "{doubled} are doubled, and {again} calls were made again");
    assert!(ends as u64 >= rounds() / 2, "it was killed {ends} times");
}

/// A server has each record at least once, whatever is killed: the pipeline, the server, or both.
#[test]
fn sinks_and_servers_are_killed() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let server = Server::start(&folder);
    folder.file("log", "");
    let line = format!(
        "sstream-source tail log --checkpoint ck --batch 100ms | sstream-filter . | \
         sstream-sink scribe 127.0.0.1:{} --category '\"t\"' --per-call 100",
        server.port
    );
    let keeper = Keeper::start(&folder, "pipeline", &line);
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
    // The last line may still be written.
    let got = || {
        let got = folder.read("got");
        counts(&got[..got.rfind('\n').map_or(0, |at| at + 1)])
    };
    wait_until("all is through", Duration::from_secs(120), || got().len() as u64 >= sent);
    keeper.finish(Duration::from_secs(60));
    assert!(got().keys().copied().eq(1..=sent), "others than were sent");
}
