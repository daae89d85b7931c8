//! Flume's Scribe source takes what our sink sends. It answers in the form without a version, and listens
//! at every address: it runs in a network of its own, as does the sink that talks to it.

use std::process::Command;

use sstream_testkit::flume::{AGENT, is_possible};
use sstream_testkit::needs::{has_all, lacks};
use sstream_testkit::shell::Folder;

/// In a container that may be denied: then there is nothing to be done about it.
fn has_network_of_its_own() -> bool {
    let line = "unshare -rn ip link set lo up";
    has_all("", &["unshare", "ip"])
        && (Command::new("bash").args(["-c", line]).output().unwrap().status.success()
            || lacks("", "network of one's own (unshare -rn)"))
}

#[test]
fn flume_takes_what_we_send() {
    if !is_possible("SCRIBE_TESTS") || !has_network_of_its_own() {
        return;
    }
    let folder = Folder::new();
    folder.file(
        "agent.conf",
        "a.sources = s\na.channels = c\na.sinks = k\n\
         a.sources.s.type = org.apache.flume.source.scribe.ScribeSource\na.sources.s.port = 1463\na.sources.s.channels = c\n\
         a.channels.c.type = memory\na.channels.c.capacity = 10000\na.channels.c.transactionCapacity = 1000\n\
         a.sinks.k.type = file_roll\na.sinks.k.channel = c\na.sinks.k.sink.directory = got\na.sinks.k.sink.rollInterval = 0\n",
    );
    folder.file(
        "inside",
        format!(
            "ip link set lo up; mkdir got; {AGENT} run agent.conf 2>agent.log & trap 'kill -9 $!' EXIT\n\
             seq 3000 | sstream-sink scribe 127.0.0.1:1463 --category '\"numbers\"' --per-call 500\n\
             until [ \"$(cat got/* | wc -l)\" -ge 3000 ]; do sleep 0.1; done\n"
        ),
    );
    let ran = folder.run("unshare -rn bash inside").exits(0);
    assert!(ran.stderr.contains("Connection refused: trying again"), "{ran}");
    let numbers: String = (1..=3000).map(|n| format!("{n}\n")).collect();
    folder.run("cat got/*").prints(&numbers);
}
