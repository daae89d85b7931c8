//! TLS, as agents have it by `ssl = true`.

use std::time::Duration;

use sstream_testkit::needs::free_port;
use sstream_testkit::shell::Folder;
use sstream_testkit::{certificates, wait_until};

use crate::support::{Agent, MEMORY, Source, is_secure_possible};

/// A certificate of localhost, and what an agent has in place of the PEM files.
fn stores(folder: &Folder) {
    certificates(folder);
    folder
        .run(
            "openssl pkcs12 -export -in cert.pem -inkey key.pem -name agent -passout pass:secret -out key.p12 && \
             keytool -importcert -noprompt -alias ca -file ca.pem -storetype PKCS12 -keystore ca.p12 -storepass secret",
        )
        .exits(0);
}

/// An agent that follows a file and sends over TLS.
fn sender(folder: &Folder, port: u16, more: &str) -> Agent {
    Agent::start(
        folder,
        &format!(
            "sources.s.type = exec
            sources.s.command = tail -n +1 -F log
            sinks.k.type = avro
            sinks.k.hostname = localhost
            sinks.k.port = {port}
            sinks.k.connect-timeout = 3000
            sinks.k.request-timeout = 5000
            sinks.k.ssl = true
            {more}
            {MEMORY}"
        ),
    )
}

#[test]
fn an_agents_sink_speaks_tls() {
    if !is_secure_possible() {
        return;
    }
    let folder = Folder::new();
    stores(&folder);
    folder.run("seq 5000 >log").exits(0);
    let source = Source::start(&folder, "--batch 100ms --tls-cert cert.pem --tls-key key.pem");
    let trust = "sinks.k.truststore = ca.p12
            sinks.k.truststore-password = secret
            sinks.k.truststore-type = PKCS12";
    let agent = sender(&folder, source.port, trust);
    wait_until("all came", Duration::from_secs(60), || folder.read("out").contains("\"5000\""));
    drop(agent);
    let (records, said) = source.stop();
    assert!(records.iter().eq((1..=5000).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().iter()));
    assert_eq!(said, "");
}

/// Whichever end it is that speaks TLS alone.
#[test]
fn who_speaks_tls_at_one_end_alone_is_told() {
    if !is_secure_possible() {
        return;
    }
    let folder = Folder::new();
    stores(&folder);
    folder.run("seq 10 >log").exits(0);
    let source = Source::start(&folder, "--batch 100ms");
    let agent = sender(&folder, source.port, "sinks.k.trust-all-certs = true");
    let advice = "it speaks TLS, and this server does not: give --tls-cert and --tls-key";
    wait_until("it is told", Duration::from_secs(60), || folder.read("err").contains(advice));
    drop(agent);
    assert!(source.stop().0.is_empty());

    let source = Source::start(&folder, "--batch 100ms --tls-cert cert.pem --tls-key key.pem");
    source.client("log", "connect-timeout = 2000\nrequest-timeout = 2000");
    let (records, said) = source.stop();
    assert!(records.is_empty() && said.contains("no TLS, which this server speaks"), "{said}");
}

#[test]
fn an_agents_source_speaks_tls() {
    if !is_secure_possible() {
        return;
    }
    let (folder, port) = (Folder::new(), free_port());
    stores(&folder);
    let ssl = "sources.s.ssl = true
            sources.s.keystore = key.p12
            sources.s.keystore-password = secret
            sources.s.keystore-type = PKCS12";
    let agent = Agent::collector(&folder, port, &format!("{ssl}\n{MEMORY}"));
    let send = |line: &str, options: &str| {
        let sink = format!("sstream-sink flume localhost:{port} --timeout 5s --retry-for 5s --per-call 7000 {options}");
        folder.run(&format!("{line} | {sink}"))
    };
    // One whose signature nobody knows; no TLS at all.
    let stranger = send("echo lost", "--tls").exits(1);
    assert!(stranger.stderr.to_lowercase().contains("certificate"), "{stranger}");
    send("echo lost", "").exits(1);
    send("seq 20000", "--ca ca.pem").exits(0).says_nothing();
    let numbers: String = (1..=20000).map(|n| format!("{n}\n")).collect();
    let got = || folder.run("cat got/*").stdout;
    wait_until("all came", Duration::from_secs(60), || got().len() >= numbers.len());
    assert_eq!(got(), numbers);
    drop(agent);
}
