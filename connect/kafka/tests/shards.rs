//! Keyed state spread over shards, one of which moves to another host.

use std::collections::BTreeMap;

use crate::cluster::{Here, shared, topic};

/// Runs a shard over what is there, in the state directory of a host.
fn run_shard(here: &Here<'_>, host: &str, shard: u32, input: &str, output: &str) {
    let line = format!(
        "sstream-source kafka --checkpoint {host}/shard-{shard}/checkpoint --name shard-{shard} --brokers $BROKERS \
         --topic {input} --from beginning --shard {shard}/3 --available-now \
         | sstream-state --by . count --emit changed \
         | sstream-sink kafka --brokers $BROKERS --topic {output} --key '.[0]'"
    );
    here.run(&line).exits(0);
}

#[test]
fn a_shard_moves_with_its_state() {
    let Some(cluster) = shared() else { return };
    let (here, input, output) = (cluster.folder(), topic("by-user"), topic("counts"));
    here.create(&input, 6);
    here.create(&output, 1);
    let users: String = (0..300).map(|n| format!("user-{}\n", n % 30)).collect();
    let produce = || {
        here.run_with(&format!("sstream-sink kafka --brokers $BROKERS --topic {input} --key ."), &users).exits(0);
    };
    produce();
    here.run("mkdir -p host1/shard-{1,2,3} host2").exits(0);
    for shard in 1..=3 {
        run_shard(&here, "host1", shard, &input, &output);
    }
    // The other host is a directory; systemctl only says what it was asked.
    here.run(
        "mkdir bin; printf '#!/bin/sh\\nshift; exec sh -c \"$*\"\\n' >bin/ssh; \
         printf '#!/bin/sh\\necho \"$@\" >>asked\\n' >bin/systemctl; chmod +x bin/*",
    )
    .exits(0);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contrib/scaling/move-shard");
    let line = format!("PATH=$PWD/bin:$PATH STATE=$PWD/host1 STATE_THERE=$PWD/host2 {script} 2 there");
    let moved = here.run(&line).exits(0);
    assert!(moved.stderr.contains("sstream-shard@2 runs at there"), "{moved}");
    assert_eq!(here.folder.read("asked"), "disable --now sstream-shard@2\nenable --now sstream-shard@2\n");
    here.run(&line).exits(1).says("host1/shard-2 is not here");
    here.run(&format!("mkdir host1/shard-2; {line}")).exits(1).says("is at there already");

    produce();
    for (shard, host) in [(1, "host1"), (2, "host2"), (3, "host1")] {
        run_shard(&here, host, shard, &input, &output);
    }
    // The last word on each user, over both rounds: nothing forgotten, nothing twice.
    let mut last = BTreeMap::new();
    for line in here.kcat(&output, "%s").lines() {
        let (user, count) = line.trim_matches(['[', ']']).split_once(',').unwrap();
        last.insert(user.to_owned(), count.parse::<u32>().unwrap());
    }
    assert_eq!(last.len(), 30);
    assert!(last.values().all(|count| *count == 20), "{last:?}");
}
