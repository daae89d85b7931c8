//! Peers that do not do as they should.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use sstream_testkit::random::Random;
use sstream_testkit::wait_until;

use crate::world::{World, is_possible, stop};

/// The greeting of a PUSH with no security.
fn greeting() -> Vec<u8> {
    let mut bytes = vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0];
    bytes.extend_from_slice(b"NULL");
    bytes.resize(64, 0);
    bytes.extend_from_slice(b"\x04\x1a\x05READY\x0bSocket-Type\x00\x00\x00\x04PUSH");
    bytes
}

/// What every answer begins with.
const GREETED: &[u8] = b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL";

/// Sends bytes, and reads until there is what is wanted and then for a moment, or until it is hung up on.
fn say(port: u16, bytes: &[u8], wanted: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // It may be hung up on before all is said.
    let _ = stream.write_all(bytes);
    let (mut answer, mut byte) = (Vec::new(), [0]);
    while !answer.ends_with(wanted) && stream.read(&mut byte).is_ok_and(|count| count > 0) {
        answer.push(byte[0]);
    }
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let _ = stream.read_to_end(&mut answer);
    answer
}

#[test]
fn what_is_no_zmtp_harms_nobody() {
    let world = World::new();
    let pipeline = world.begin("sstream-source zeromq --bind $E --batch 100ms --output text --on-error bad >got");
    world.wait_for_port();
    let mut random = Random::new(5);
    let mut after_greeting = |length: u64| {
        let noise = (0..length).map(|_| random.number() as u8);
        greeting().into_iter().chain(noise).collect::<Vec<u8>>()
    };
    let mut huge = greeting();
    huge.extend([2, 0x7F, 255, 255, 255, 255, 255, 255, 255]);
    let mut said =
        vec![b"GET / HTTP/1.1\r\n\r\n".to_vec(), vec![0xFF; 200], vec![0; 64], greeting()[..70].to_vec(), huge];
    said.extend((0..20).map(&mut after_greeting));
    for bytes in said {
        let answer = say(world.port, &bytes, GREETED);
        assert!(answer.starts_with(GREETED));
    }
    // A ping is answered in the midst of messages.
    let mut message = greeting();
    message.extend_from_slice(b"\x01\x01a\x04\x07\x04PING\x00\x00\x00\x01b");
    let answer = say(world.port, &message, b"\x04\x05\x04PONG");
    assert!(answer.ends_with(b"\x04\x05\x04PONG"), "{answer:?}");
    wait_until("the message came", Duration::from_secs(120), || world.folder.read("got").contains("a b\n"));
    stop(pipeline);
    let said = world.folder.read("err");
    assert_eq!(said.matches("not let in").count(), 1, "{said}");
    assert!(world.folder.read("bad").contains("--max-message is 16777216"), "{}", world.folder.read("bad"));
}

#[test]
fn a_message_that_is_too_long_is_a_bad_record() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let pipeline =
        world.begin("sstream-source zeromq $E --max-message 1000 --batch 100ms --on-error bad --output text >got");
    let long = "x".repeat(2000);
    let parts = vec!["y"; 500].join("\t");
    world.folder.file("sent", format!("before\n{long}\nbetween\n{parts}\nafter\n"));
    // Behind a long one the connection begins anew, and has what was not sent by then.
    let peer = world.begin(
        "n=0; while read -r line; do n=$((n + 1)); echo \"$line\"; \
         until [ $(cat got bad 2>/dev/null | wc -l) -ge $n ]; do sleep 0.1; done; sleep 1; done <sent | $peer push $E --bind",
    );
    world.wait_for("got", 3);
    stop(pipeline);
    drop(peer);
    assert_eq!(world.folder.read("got"), "before\nbetween\nafter\n");
    assert_eq!(world.folder.read("bad").matches("--max-message is 1000").count(), 2, "{}", world.folder.read("bad"));
}

#[test]
fn another_type_of_socket_is_told() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let peer = world.begin("echo x | $peer xpub $E --bind");
    world.wait_for_port();
    let ran = world.run("sstream-source zeromq $E --output text").exits(1);
    assert!(ran.stderr.contains("it is a XPUB, and we are PULL: with --subscribe we are SUB"), "{ran}");
    let ran = world.run("sstream-source zeromq --bind $E --output text").exits(1);
    assert!(ran.stderr.contains("Address already in use"), "{ran}");
    drop(peer);
}

/// A peer that says nothing takes a place for a while only.
#[test]
fn places_are_given_back() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let pipeline =
        world.begin("sstream-source zeromq --bind $E --max-peers 2 --timeout 1s --batch 100ms --output text >got");
    world.wait_for_port();
    let silent = [
        TcpStream::connect(("127.0.0.1", world.port)).unwrap(),
        TcpStream::connect(("127.0.0.1", world.port)).unwrap(),
    ];
    world.run("echo 1 | $peer push $E").exits(0);
    world.wait_for("got", 1);
    drop(silent);
    stop(pipeline);
    assert!(world.folder.read("err").contains("2 peers are connected, as --max-peers allows"));
}
