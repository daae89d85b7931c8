//! What a server gets, and what becomes of what it refuses.

use std::time::Duration;

use sstream_testkit::shell::{Folder, Ran};
use sstream_testkit::{certificates, wait_until};

use crate::support::{Server, is_possible};

/// Two batches.
const BATCHES: &str = "sstream-source queue batches --batch 1s";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.file("batches", "[\"a\",{\"n\":1}]\n[]\n[\"c\"]\n");
    folder
}

/// What of each request that the server got jq gives.
fn got(folder: &Folder, program: &str) -> String {
    folder.run(&format!("jq -r '{program}' got")).exits(0).stdout
}

fn send(folder: &Folder, server: &Server, options: &str) -> Ran {
    folder.run(&format!("{BATCHES} | sstream-sink http {}/in {options}", server.url))
}

#[test]
fn a_batch_is_a_request() {
    if !is_possible() {
        return;
    }
    let folder = folder();
    let server = Server::start(&folder, "");
    send(&folder, &server, "").exits(0).says_nothing();
    assert_eq!(
        got(&folder, "[.method, .path, .type, .body] | tostring"),
        "[\"POST\",\"/in\",\"application/x-ndjson\",\"\\\"a\\\"\\n{\\\"n\\\":1}\\n\"]\n[\"POST\",\"/in\",\"application/x-ndjson\",\"\\\"c\\\"\\n\"]\n"
    );
    let keys = got(&folder, ".key");
    assert!(
        keys.lines().next().unwrap().ends_with("-1000-0") && keys.lines().nth(1).unwrap().ends_with("-3000-0"),
        "{keys}"
    );
}

#[test]
fn forms_templates_and_headers() {
    if !is_possible() {
        return;
    }
    for (options, program, printed) in [
        ("--form json --empty", ".body", "[\"a\",{\"n\":1}]\n[]\n[\"c\"]\n"),
        ("--form text --gzip", ".coding + \" \" + .body", "gzip a\n{\"n\":1}\n\ngzip c\n\n"),
        (
            "--per record --method put",
            ".method + \" \" + .type + \" \" + .body",
            "PUT application/json \"a\"\nPUT application/json {\"n\":1}\nPUT application/json \"c\"\n",
        ),
        ("--max-body 1", ".body", "\"a\"\n\n{\"n\":1}\n\n\"c\"\n\n"),
        (
            "--body '{text: \"\\(length) at \\($time)\"}' --header 'X-App: tests'",
            ".app + \" \" + .type + \" \" + .body",
            "tests application/json {\"text\":\"2 at 1000\"}\ntests application/json {\"text\":\"1 at 3000\"}\n",
        ),
        (
            "--per record --body 'strings' --path '\"/\" + (strings | @uri)' --header 'Content-Type: a/b'",
            ".path + \" \" + .type + \" \" + .body",
            "/in/a a/b a\n/in/c a/b c\n",
        ),
    ] {
        let folder = folder();
        let server = Server::start(&folder, "");
        send(&folder, &server, options).exits(0).says_nothing();
        assert_eq!(got(&folder, program), printed, "{options}");
    }
}

#[test]
fn what_passes_is_tried_again_with_the_same_key() {
    if !is_possible() {
        return;
    }
    let folder = folder();
    let server = Server::start(&folder, "");
    folder.file("statuses", "503\n429 Retry-After: 1\n408\nkept 500\n");
    let ran = send(&folder, &server, "").exits(0);
    assert!(ran.stderr.contains("503") && ran.stderr.contains("goes on, after"), "{ran}");
    assert_eq!(ran.stderr.lines().count(), 2, "{ran}");
    // The batch that was kept, and not answered well, came again, and was left out.
    assert_eq!(got(&folder, ".body"), "\"a\"\n{\"n\":1}\n\n\"c\"\n\n");
}

#[test]
fn what_is_refused_are_bad_records() {
    if !is_possible() {
        return;
    }
    let folder = folder();
    let server = Server::start(&folder, "");
    folder.file("statuses", "422\n");
    let ran = send(&folder, &server, "--per record").exits(4);
    assert!(ran.stderr.contains("422 Unprocessable"), "{ran}");
    folder.file("statuses", "422\n");
    send(&folder, &server, "--per record --on-error bad").exits(0);
    folder.run("jq -c .record bad").prints("\"a\"\n");
    assert_eq!(got(&folder, ".body"), "{\"n\":1}\n\"c\"\n");
    for (status, says) in [("401", "--bearer-file"), ("302 Location: http://x/", "it has moved")] {
        folder.file("statuses", format!("{status}\n"));
        let ran = send(&folder, &server, "--on-error skip").exits(1);
        assert!(ran.stderr.contains(says), "{ran}");
    }
}

#[test]
fn a_server_that_is_away_is_waited_for() {
    if !is_possible() {
        return;
    }
    let folder = folder();
    let ran = folder.run(&format!("{BATCHES} | sstream-sink http http://127.0.0.1:1/ --retry-for 1s")).exits(1);
    assert!(ran.stderr.contains("given up after") && ran.stderr.contains("was not taken"), "{ran}");
    let server = Server::start(&folder, "");
    server.keeper.kill_all();
    wait_until("it was killed", Duration::from_secs(30), || server.keeper.ends() > 0);
    send(&folder, &server, "").exits(0);
    assert_eq!(got(&folder, ".body"), "\"a\"\n{\"n\":1}\n\n\"c\"\n\n");
}

#[test]
fn tls_and_secrets() {
    if !is_possible() {
        return;
    }
    let folder = folder();
    certificates(&folder);
    folder.file("token", "hunter2\n").file("headers", "X-App: hidden\n").file("user", "ann:secret\n");
    let server = Server::start(&folder, "--cert cert.pem --key key.pem");
    let stranger = send(&folder, &server, "").exits(1);
    assert!(stranger.stderr.to_lowercase().contains("certificate"), "{stranger}");
    send(&folder, &server, "--ca ca.pem --bearer-file token --header-file headers --verbose").exits(0);
    assert_eq!(got(&folder, ".authorization + \" \" + .app"), "Bearer hunter2 hidden\nBearer hunter2 hidden\n");
    drop(server);
    folder.run("rm got");
    let server = Server::start(&folder, "--cert cert.pem --key key.pem");
    send(&folder, &server, "--ca ca.pem --basic-file user").exits(0);
    assert_eq!(got(&folder, ".authorization"), "Basic YW5uOnNlY3JldA==\nBasic YW5uOnNlY3JldA==\n");
}
