//! Agents and pipelines that are killed while events go through.
//!
//! `FLUME_KILLS` says how often; by default a few times, since an agent takes seconds to start.

use std::collections::BTreeMap;
use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::free_port;
use sstream_testkit::random::Random;
use sstream_testkit::shell::Folder;
use sstream_testkit::wait_until;

use crate::support::{Agent, FILE, is_possible};

fn rounds() -> u64 {
    std::env::var("FLUME_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(3)
}

/// How often each number is there, of whole lines.
fn counts(lines: &str) -> BTreeMap<u64, usize> {
    let mut counts = BTreeMap::new();
    for line in lines.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        *counts.entry(line.trim_end().trim_matches('"').parse().unwrap()).or_default() += 1;
    }
    counts
}

/// Adds numbers to a log and kills, in turns: an agent, a pipeline, both. How many numbers there are then.
fn appends_and_kills(folder: &Folder, agent: &Agent, keeper: &Keeper, random: &mut Random) -> u64 {
    let mut sent = 0;
    for round in 0..rounds() {
        for _ in 0..5 {
            folder.run(&format!("seq {} {} >>log", sent + 1, sent + 400)).exits(0);
            sent += 400;
            // When is left to chance, which is the test.
            std::thread::sleep(Duration::from_millis(random.below(1500)));
        }
        if round % 3 != 1 {
            agent.keeper.kill_all();
        }
        if round % 3 != 0 {
            keeper.kill_some(random);
        }
    }
    sent
}

/// From an agent that follows a file and has a file channel: each line is in the output, though some may be there
/// twice.
#[test]
fn agents_that_send_and_pipelines_are_killed() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.run("mkdir out; touch log").exits(0);
    let port = free_port();
    let line = format!(
        "sstream-source flume {port} --checkpoint ck --batch 100ms | sstream-filter . | sstream-sink files out/part"
    );
    let keeper = Keeper::start(&folder, "source", &line);
    let path = folder.path("");
    let agent = Agent::start(
        &folder,
        &format!(
            "sources.s.type = TAILDIR
            sources.s.positionFile = {0}/position
            sources.s.filegroups = f
            sources.s.filegroups.f = {0}/log
            sinks.k.type = avro
            sinks.k.hostname = 127.0.0.1
            sinks.k.port = {port}
            sinks.k.batch-size = 100
            sinks.k.request-timeout = 5000
            {FILE}",
            path.to_str().unwrap().trim_end_matches('/')
        ),
    );
    let sent = appends_and_kills(&folder, &agent, &keeper, &mut Random::new(1));
    let got = || counts(&folder.run("cat out/part-* 2>/dev/null; true").stdout);
    wait_until("all is through", Duration::from_secs(120), || got().len() as u64 >= sent);
    assert!(agent.keeper.ends() > 0, "no agent was killed");
    drop(agent);
    keeper.finish(Duration::from_secs(60));
    assert!(got().keys().copied().eq(1..=sent), "others than were sent");
}

/// To an agent that has a file channel and writes files.
#[test]
fn agents_that_take_and_pipelines_are_killed() {
    if !is_possible() {
        return;
    }
    let (folder, port) = (Folder::new(), free_port());
    folder.file("log", "");
    let agent = Agent::collector(&folder, port, FILE);
    let line = format!(
        "sstream-source tail log --checkpoint ck --batch 100ms | sstream-filter . | \
         sstream-sink flume 127.0.0.1:{port} --per-call 100 --timeout 5s"
    );
    let keeper = Keeper::start(&folder, "pipeline", &line);
    let sent = appends_and_kills(&folder, &agent, &keeper, &mut Random::new(2));
    let got = || counts(&folder.run("cat got/*").stdout);
    wait_until("all is through", Duration::from_secs(120), || got().len() as u64 >= sent);
    keeper.finish(Duration::from_secs(60));
    assert!(agent.keeper.ends() > 0, "no agent was killed");
    assert!(got().keys().copied().eq(1..=sent), "others than were sent");
}
