//! Replica sets, as the stand-in plays them: the primary is found, and found again after an election.

use std::time::Duration;

use sstream_testkit::needs::free_port;
use sstream_testkit::pipeline::Pipeline;
use sstream_testkit::shell::Folder;
use sstream_testkit::wait_until;

use crate::server::{Kept, is_hostile_possible};

const BATCH: &str = "[{\"n\":1},{\"n\":2}]\n[{\"n\":3},{\"n\":4}]\n[{\"n\":5}]\n";

#[test]
fn the_primary_is_found_from_any_member() {
    if !is_hostile_possible() {
        return;
    }
    let kept = Kept::hostile_in(&Folder::new(), 3, "--set rs");
    let [first, second, third] = kept.ports[..] else { panic!() };
    for (url, port) in [
        (format!("mongodb://localhost:{third}/test"), first),
        (format!("mongodb://localhost:{},localhost:{second}/test?replicaSet=rs", free_port()), first),
    ] {
        kept.server.folder.file("requests", "");
        kept.server.write_to(&url, BATCH, "--collection c").exits(0).says_nothing();
        assert_eq!(kept.requests(".port"), format!("{port}\n").repeat(3));
    }
    // A member that is named is taken as it is.
    let direct = format!("mongodb://localhost:{third}/test?directConnection=true");
    let ran = kept.server.write_to(&direct, BATCH, "--collection c --retry 1").exits(1);
    assert!(ran.stderr.contains(&format!("localhost:{third}: not the primary: tried 2 times")), "{ran}");
    let other = format!("mongodb://localhost:{first}/test?replicaSet=other");
    let ran = kept.server.write_to(&other, BATCH, "--collection c").exits(1);
    assert!(ran.stderr.contains("it belongs to the replica set rs, and other is wanted"), "{ran}");
}

#[test]
fn the_new_primary_is_found_after_an_election() {
    if !is_hostile_possible() {
        return;
    }
    let kept = Kept::hostile_in(&Folder::new(), 3, "--set rs");
    let [first, second, third] = kept.ports[..] else { panic!() };
    kept.server.folder.file("faults", format!("none\nstep {third}\nnone\nstep {second}\n"));
    let ran = kept.server.write(BATCH, "--collection c").exits(0);
    assert_eq!(kept.documents("[.[1], .[2].n]"), "[1,1]\n[1,2]\n[1,3]\n[1,4]\n[1,5]\n");
    assert_eq!(kept.requests(".port"), format!("{first}\n{first}\n{third}\n{third}\n{second}\n"));
    assert!(
        ran.stderr.contains("not primary: trying again") && ran.stderr.contains("mongodb: goes on, after"),
        "{ran}"
    );
}

/// The server goes in the middle of a batch, is away for a while, and comes back.
#[test]
fn a_server_that_is_away_is_waited_for() {
    if !is_hostile_possible() {
        return;
    }
    let kept = Kept::hostile("");
    let (folder, url) = (&kept.server.folder, &kept.server.url);
    folder.file("faults", "none\ndrop\nrefuse 91\n");
    let line = format!(
        "for n in $(seq 40); do echo $n; sleep 0.05; done | \
         sstream-sink mongodb {url} --collection c --doc '{{n: tonumber}}' --bulk-bytes 100B --batch 100ms && touch over"
    );
    let pipeline = Pipeline::start(&folder.path(""), &line, &folder.path("err"));
    wait_until("it has begun", Duration::from_secs(30), || folder.read("requests").lines().count() > 3);
    kept.keeper.kill_all();
    wait_until("all is written", Duration::from_secs(60), || folder.path("over").exists());
    drop(pipeline);
    let said = folder.read("err");
    assert!(said.contains("trying again") && said.contains("goes on, after"), "{said}");
}
