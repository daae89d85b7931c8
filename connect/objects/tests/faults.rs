//! Pipelines and servers that are killed while objects go through.
//!
//! `OBJECTS_KILLS` says how often; by default a few times.

use std::time::Duration;

use sstream_testkit::hdfs::Hdfs;
use sstream_testkit::keeper::Keeper;
use sstream_testkit::random::Random;
use sstream_testkit::wait_until;

use crate::server::{S3, counts, has_hdfs, has_s3};

fn rounds() -> u64 {
    std::env::var("OBJECTS_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(3)
}

/// Each number once, from 1 on.
fn check(found: &str, sent: u64) {
    let counts = counts(found);
    assert!(counts.keys().copied().eq(1..=sent), "others than were sent: {} of {sent}", counts.len());
    assert!(counts.values().all(|times| *times == 1), "{:?}", counts.iter().find(|(_, times)| **times > 1));
}

/// Kills some of the pipeline, or all of the server, which is started again: by turns. Whether it was the server.
fn kill_one(round: u64, pipeline: &Keeper, server: &Keeper, random: &mut Random) -> bool {
    // When is left to chance, which is the test.
    std::thread::sleep(Duration::from_millis(random.below(900)));
    let is_server = round % 2 == 1;
    if is_server {
        let ends = server.ends();
        server.kill_all();
        wait_until("the server was killed", Duration::from_secs(120), || server.ends() > ends);
    } else {
        pipeline.kill_some(random);
    }
    is_server
}

/// From objects into objects, with the pipeline and the server killed in turns: each record is there once.
#[test]
fn pipelines_and_servers_are_killed() {
    if !has_s3() {
        return;
    }
    let server = S3::start();
    let keeper = Keeper::start(
        &server.folder,
        "pipeline",
        &server.line(
            "sstream-source dir s3://bkt/in $E --scan 100ms --batch 100ms --checkpoint ck --max-rate 20000 | sstream-filter . | \
             sstream-sink files s3://bkt/out/part $E",
        ),
    );
    let mut random = Random::new(14);
    let mut sent = 0u64;
    for round in 0..rounds() {
        for packed in [false, true] {
            let (pack, ending) = if packed { ("| gzip", ".gz") } else { ("", "") };
            let line = format!("seq {} {} {pack} | client put bkt in/{sent:09}{ending}", sent + 1, sent + 3000);
            server.run(&line).exits(0);
            sent += 3000;
        }
        if kill_one(round, &keeper, &server.keeper, &mut random) {
            server.wait();
        }
    }
    let found = || server.run("client get bkt out/").stdout;
    wait_until("all is through", Duration::from_secs(120), || counts(&found()).len() as u64 >= sent);
    keeper.finish(Duration::from_secs(60));
    check(&found(), sent);
}

/// The same with HDFS, whose NameNode and DataNode are killed and started again.
#[test]
fn pipelines_and_namenodes_are_killed() {
    if !has_hdfs() {
        return;
    }
    let server = Hdfs::start();
    let keeper = Keeper::start(
        &server.folder,
        "pipeline",
        &server.line(
            "sstream-source dir $H/in --timeout 5s --scan 100ms --batch 200ms --checkpoint ck --max-rate 20000 | sstream-filter . | \
             sstream-sink files $H/out/part --timeout 5s",
        ),
    );
    let mut random = Random::new(14);
    let mut sent = 0u64;
    for round in 0..rounds() {
        for _ in 0..2 {
            server.run(&format!("seq {} {} | put {sent:09}", sent + 1, sent + 3000)).exits(0);
            sent += 3000;
        }
        if kill_one(round, &keeper, &server.keeper, &mut random) {
            server.wait();
        }
    }
    let found = || server.run("get out").stdout;
    wait_until("all is through", Duration::from_secs(120), || counts(&found()).len() as u64 >= sent);
    keeper.finish(Duration::from_secs(60));
    check(&found(), sent);
    assert!(server.run("names out").stdout.lines().all(|name| name.starts_with("part-")), "nothing else is left");
}
