//! TLS, and who we are.

use std::time::Duration;

use sstream_testkit::wait_until;

use crate::server::{Server, is_possible, stop, wait_for_lines};

const NOBODY: &str = "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY; export HOME=$PWD;";

/// What an endpoint of credentials gives; with these seconds to live.
fn keys(server: &Server, id: &str, secret: &str, lives_s: u64) {
    let line = format!(
        "cat >credentials.new <<END\n{{\"AccessKeyId\":\"{id}\",\"SecretAccessKey\":\"{secret}\",\"Token\":\"token-of-{id}\",\
         \"Expiration\":\"$(date -u -d '+{lives_s} seconds' +%Y-%m-%dT%H:%M:%SZ)\"}}\nEND\nmv credentials.new credentials"
    );
    server.folder.run(&line).exits(0);
}

/// So often the proxy was called with the key of this ID.
fn calls(server: &Server, id: &str) -> usize {
    server.folder.read("requests").lines().filter(|line| line.ends_with(id)).count()
}

#[test]
fn tls() {
    if !is_possible() {
        return;
    }
    let server = Server::start_in("", "cert.pem key.pem", 1);
    let port = server.proxy;
    let sink = |options: &str| {
        server.run(&format!("echo x | sstream-sink kinesis s --endpoint https://localhost:{port} {options}"))
    };
    sink("--ca ca.pem").exits(0).says_nothing();
    let stranger = sink("").exits(1);
    assert!(stranger.stderr.contains("certificate"), "{stranger}");
    let line = format!("sstream-source kinesis s --endpoint https://localhost:{port} --available-now --output text");
    server.run(&format!("{line} --ca ca.pem")).exits(0).prints("x\n");
    let stranger = server.run(&line).exits(1);
    assert!(stranger.stderr.contains("certificate"), "{stranger}");
}

/// The proxy checks each signature, by another's code.
#[test]
fn profiles_and_secrets() {
    if !is_possible() {
        return;
    }
    let server = Server::start(1);
    server.run("mkdir .aws").exits(0);
    server.folder.file(
        ".aws/credentials",
        "[default]\naws_access_key_id = AKTEST\naws_secret_access_key = wrong\n[next]\naws_access_key_id = AKNEXT\n\
         aws_secret_access_key = secret-of-others\n",
    );
    let sink = |before: &str, options: &str| {
        server.run(&format!("{NOBODY} {before} sstream-sink kinesis s $P {options} </dev/null; echo x | {before} sstream-sink kinesis s $P {options}"))
    };
    sink("", "--profile next").exits(0).says_nothing();
    sink("AWS_PROFILE=next", "").exits(0).says_nothing();
    assert_eq!(calls(&server, "AKNEXT"), 2);
    let ran = sink("", "").exits(1);
    assert!(ran.stderr.contains("is the secret right"), "{ran}");
    let ran = sink("", "--profile none").exits(1);
    assert!(ran.stderr.contains("profile none of"), "{ran}");
    let ran = sink("AWS_PROFILE=none", "").exits(1);
    assert!(ran.stderr.contains("no credentials: not in the environment"), "{ran}");
    // Nothing secret stays in a checkpoint, and nobody sees it in the list of processes, or in a message.
    let line = format!(
        "{NOBODY} export AWS_PROFILE=next; sstream-source kinesis s $P --from beginning --batch 100ms --checkpoint ck --verbose | sstream-sink files out/part"
    );
    let pipeline = server.begin(&line);
    wait_for_lines(&server, "out/part-*", 2);
    let listed = server.folder.run("ps -eo args | grep '[k]inesis s --endpoint'").exits(0);
    assert!(!listed.stdout.contains("secret-of"), "{listed}");
    server.faults("throttle GetRecords 1\n");
    wait_until("it is told", Duration::from_secs(120), || pipeline.said().contains("Exceeded"));
    assert!(!pipeline.said().contains("secret-of"));
    stop(pipeline);
    server.folder.run("grep -rq secret-of ck out").exits(1);
}

#[test]
fn endpoints_of_credentials_are_asked_again_in_time() {
    if !is_possible() {
        return;
    }
    let server = Server::start(1);
    server.run("seq 10 | client put s").exits(0);
    let base = format!("http://127.0.0.1:{}", server.proxy);
    server.folder.file("token", "token-of-tests\n");
    for (name, variables) in [
        (
            "container",
            format!("AWS_CONTAINER_CREDENTIALS_FULL_URI={base}/role AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token"),
        ),
        ("instance", format!("AWS_EC2_METADATA_DISABLED=false AWS_EC2_METADATA_SERVICE_ENDPOINT={base}")),
    ] {
        keys(&server, "AKTEST", "secret-of-tests", 3600);
        server.faults("");
        let line = format!(
            "{NOBODY} export {variables}; sstream-source kinesis s $P --from beginning --batch 100ms --output text >{name}"
        );
        let pipeline = server.begin(&line);
        wait_for_lines(&server, name, 10);
        // They are said to be good for an hour, and are not; new ones are to be had.
        keys(&server, "AKNEXT", "secret-of-others", 200);
        let before = calls(&server, "AKNEXT");
        server.faults("expired AKTEST\n");
        wait_until("new ones are fetched", Duration::from_secs(120), || calls(&server, "AKNEXT") > before + 5);
        // These last for less than five minutes: others are asked for at once.
        keys(&server, "AKTEST", "secret-of-tests", 3600);
        server.faults("expired AKNEXT\n");
        let before = calls(&server, "AKTEST");
        wait_until("others are fetched", Duration::from_secs(120), || calls(&server, "AKTEST") > before + 5);
        assert!(!pipeline.said().contains("secret-of") && !pipeline.said().contains("token-of"), "{}", pipeline.said());
        stop(pipeline);
    }
}
