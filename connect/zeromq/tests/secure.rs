//! CURVE: who may come in, and keys that nobody sees.

use crate::world::{World, is_possible, numbers, stop};

/// Certificates of a server, a client and a stranger, as pyzmq makes them; `known` has the client's key.
fn certificates(world: &World) {
    let script =
        "import zmq.auth\nfor name in ('server', 'client', 'stranger'): zmq.auth.create_certificates('.', name)";
    world.folder.file("make.py", script);
    world.run("/usr/bin/python3 make.py; sed -n 's/ *public-key = \"\\(.*\\)\"/\\1/p' client.key >known").exits(0);
}

#[test]
fn curve_both_ways_round() {
    if !is_possible() {
        return;
    }
    for (ours, theirs) in [
        (
            "--bind $E --curve-key server.key_secret --curve-clients known",
            "$E --certificate client.key_secret --server-key server.key",
        ),
        ("$E --curve-key client.key_secret --curve-server-key server.key", "$E --bind --certificate server.key_secret"),
        ("$E --curve-server-key server.key", "$E --bind --certificate server.key_secret"),
        // Who is the server has nothing to do with who is bound.
        ("$E --curve-key server.key_secret", "$E --bind --certificate client.key_secret --server-key server.key"),
    ] {
        let world = World::new();
        certificates(&world);
        for (sub, role) in [("", "push"), ("--subscribe ''", "xpub")] {
            let pipeline = world.begin(&format!(
                "sstream-source zeromq {ours} {sub} --batch 100ms --checkpoint ck{role} | sstream-sink files out/{role}"
            ));
            world.run(&format!("seq 3000 | $peer {role} {theirs} --hwm 0")).exits(0);
            sstream_testkit::wait_until(ours, std::time::Duration::from_secs(120), || {
                world.run(&format!("cat out/{role}-*")).stdout == numbers(1..=3000)
            });
            // Nothing secret stays in a checkpoint, and nobody sees it in the list of processes.
            let secret = world.run("sed -n 's/ *secret-key = \"\\(.*\\)\"/\\1/p' *.key_secret").stdout;
            let listed = world.run("ps -eo args").stdout;
            for key in secret.lines() {
                assert!(key.len() == 40 && !listed.contains(key), "{listed}");
                world.folder.file("wanted", key).run(&format!("grep -rqFf wanted ck{role} err")).exits(1);
            }
            stop(pipeline);
        }
    }
}

#[test]
fn strangers_are_not_let_in() {
    if !is_possible() {
        return;
    }
    for (theirs, says) in [
        (
            "--certificate stranger.key_secret --server-key server.key",
            "a client has a key that is not in --curve-clients",
        ),
        ("--certificate client.key_secret --server-key stranger.key", "a client does not know our public key"),
        ("", "does it want CURVE, and know our public key?"),
    ] {
        let world = World::new();
        certificates(&world);
        let pipeline = world.begin(
            "sstream-source zeromq --bind $E --curve-key server.key_secret --curve-clients known --batch 100ms --output text >got",
        );
        let peer = world.begin(&format!("echo secret | $peer push $E {theirs}"));
        sstream_testkit::wait_until(says, std::time::Duration::from_secs(120), || pipeline.said().contains(says));
        drop(peer);
        // Who may come in is none the worse for it.
        world.run("echo 1 | $peer push $E --certificate client.key_secret --server-key server.key").exits(0);
        world.wait_for("got", 1);
        stop(pipeline);
        assert_eq!(world.folder.read("got"), "1\n");
        assert_eq!(world.folder.read("err").matches("not let in").count(), 1, "{}", world.folder.read("err"));
    }
}

/// A server that is another one than we were told is not spoken with.
#[test]
fn a_server_has_to_have_its_key() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    certificates(&world);
    let peer = world.begin("seq 10 | $peer push $E --bind --certificate server.key_secret");
    world.wait_for_port();
    let pipeline = world.begin("sstream-source zeromq $E --curve-server-key stranger.key --output text >got");
    sstream_testkit::wait_until("it is told", std::time::Duration::from_secs(120), || {
        pipeline.said().contains("is --curve-server-key its key")
    });
    let open = world.begin("sstream-source zeromq $E --output text >>got");
    sstream_testkit::wait_until("it is told", std::time::Duration::from_secs(120), || {
        open.said().contains("does it want CURVE?")
    });
    drop(peer);
    stop(pipeline);
    stop(open);
    assert_eq!(world.folder.read("got"), "");
}
