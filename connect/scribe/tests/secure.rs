//! TLS, with a client and a server in another language.

use sstream_testkit::certificates;
use sstream_testkit::shell::Folder;

use crate::support::{Server, Source, is_possible};

#[test]
fn clients_speak_tls() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    certificates(&folder);
    let source = Source::start(&folder, "--batch 200ms --tls-cert cert.pem --tls-key key.pem");
    source.run("printf 'one\\ntwo\\n' | send --batch 2 --ca ca.pem").prints("OK\n");
    // Who does not speak it, or does not believe the certificate, sends nothing.
    assert!(!source.run("echo three | send").stdout.contains("OK"));
    let (records, said) = source.stop();
    assert_eq!(records, ["\"one\"", "\"two\""]);
    assert!(said.contains("no TLS, which this server speaks"), "{said}");
}

#[test]
fn who_speaks_tls_to_a_server_without_it_is_told() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    certificates(&folder);
    let source = Source::start(&folder, "--batch 200ms");
    assert!(!source.run("echo one | send --ca ca.pem").stdout.contains("OK"));
    let (records, said) = source.stop();
    assert!(records.is_empty() && said.contains("it speaks TLS, and this server does not: give --tls-cert"), "{said}");
}

#[test]
fn servers_speak_tls() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    certificates(&folder);
    folder.run("cat cert.pem key.pem >both.pem").exits(0);
    let server = Server::start_with(&folder, "--cert both.pem");
    let send = |options: &str| {
        folder.run(&format!(
            "seq 3 | sstream-sink scribe localhost:{} --category '\"t\"' --retry-for 2s {options}",
            server.port
        ))
    };
    let stranger = send("--tls").exits(1);
    assert!(stranger.stderr.to_lowercase().contains("certificate"), "{stranger}");
    send("").exits(1);
    send("--ca ca.pem").exits(0).says_nothing();
    assert_eq!(folder.read("got"), "t\t\"1\"\nt\t\"2\"\nt\t\"3\"\n");
}
